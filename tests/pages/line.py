"""A network line to a server, which can be cut at any moment and mended."""

import asyncio
from types import TracebackType
from urllib.parse import urlsplit

CHUNK = 65536


class Line:
    """Listens on a port of its own and carries bytes to `target`.

    cut(): what is open breaks, what comes is refused. swallow(): what is asked arrives, what is answered is lost.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self._port = 0
        self._swallows = False
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Line":
        await self.mend()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def mend(self) -> None:
        self._swallows = False
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]
            self.url = f"http://127.0.0.1:{self._port}"

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in [*self._writers]:
            writer.transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def swallow(self) -> None:
        self._swallows = True

    async def _carry(self, near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(to_near)
        to_far = None
        try:
            where = urlsplit(self.target)
            far, to_far = await asyncio.open_connection(where.hostname, where.port)
            self._writers.add(to_far)
            await asyncio.gather(self._pump(near, to_far), self._pump(far, to_near, answers=True))
        except OSError:
            pass  # either end is gone, which is what lines are for
        finally:
            for writer in (to_near, to_far):
                if writer is not None:
                    writer.transport.abort()
                    self._writers.discard(writer)
            self._tasks.discard(task)

    async def _pump(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, answers: bool = False) -> None:
        while piece := await source.read(CHUNK):
            if answers and self._swallows:
                raise ConnectionResetError
            to.write(piece)
            await to.drain()
        raise ConnectionResetError
