"""A proxy in front of the web processes, as the operator's own: connections go round, past whoever does not answer."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

CHUNK = 65536


class Balancer:
    """Listens on `port` (0: any) and carries bytes to one of `targets`, host and port."""

    def __init__(self, targets: Sequence[tuple[str, int]], port: int = 0) -> None:
        self._targets = list(targets)
        self._turn = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self.port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> "Balancer":
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in [*self._open]:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _carry(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        to_far: asyncio.StreamWriter | None = None
        try:
            far, to_far = await self._connect()
            await asyncio.gather(_pump(near, to_far), _pump(far, to_near))
        except (OSError, asyncio.CancelledError):
            pass  # an end is gone, or we are
        finally:
            for writer in (to_near, to_far):
                if writer is not None:
                    writer.transport.abort()
            self._open.discard(task)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The next that answers. Raises ConnectionError where none does."""
        for _ in self._targets:
            self._turn += 1
            with suppress(OSError):
                return await asyncio.open_connection(*self._targets[self._turn % len(self._targets)])
        raise ConnectionRefusedError


async def _pump(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    while piece := await source.read(CHUNK):
        to.write(piece)
        await to.drain()
    raise ConnectionResetError
