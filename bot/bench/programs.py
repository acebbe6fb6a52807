"""The processes of a measurement: a bot, and the double of the Bot API that it talks to."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bot.bench.double import TOKEN
from bot.errors import PasserelleError

PEERS = Path(__file__).parent / "peers"
START_SECONDS = 120.0  # an engine may be fitted at the first start
ANSWER_SECONDS = 90.0  # beyond what a measurement itself takes
STOP_SECONDS = 10.0
TAIL = 12  # lines of a failed bot's log that are shown
PIP_SECONDS = 300


class BenchFailed(PasserelleError):
    """The person who benches meets it: a process did not start or did not answer."""


@dataclass(frozen=True, slots=True)
class Program:
    """How to start a bot. command: may hold {url}, {token}, {folder} and {port}, a free one; so may the values of
    `environment`."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


class Running:
    """A bot's process with its own double. `start` it, `order` measurements, `stop` it."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self._log = folder / "log"
        self._bot: subprocess.Popen[bytes] | None = None
        self._double = subprocess.Popen(
            [sys.executable, "-m", "bot.bench.measuring"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def launch(self) -> float:
        """Start the bot; when, as monotonic time. Raises BenchFailed."""
        url = f"http://127.0.0.1:{self._heard(START_SECONDS)['port']}"
        names = {"url": url, "token": TOKEN, "folder": str(self.folder), "port": str(free_port())}
        inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("PASSERELLE_")}
        given = {name: value.format(**names) for name, value in self.program.environment.items()}
        begun = time.monotonic()
        with self._log.open("ab") as log:
            self._bot = subprocess.Popen(  # noqa: S603
                [part.format(**names) for part in self.program.command],
                cwd=self.folder,
                env={**inherited, **given},
                stdout=log,
                stderr=log,
            )
        return begun

    def start(self, order: Mapping[str, Any]) -> float:
        """Start the bot with one update waiting; seconds until its answer. Raises BenchFailed."""
        begun = self.launch()
        seen = self.order({**order, "mode": "each", "chats": 1, "users": 1, "patience": START_SECONDS})
        if not seen["answered"]:
            raise BenchFailed(f"{self.program.name} did not answer in {START_SECONDS:.0f} s:\n{self._tail()}")
        return time.monotonic() - begun

    def order(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """One measurement by the double (`measuring.take` says how); what it saw. Raises BenchFailed."""
        assert self._bot is not None
        assert self._double.stdin is not None
        self._double.stdin.write(json.dumps({**order, "pid": self._bot.pid}) + "\n")
        self._double.stdin.flush()
        waits = order.get("lead", 0.0) + order.get("seconds", 0.0) + order.get("patience", 0.0) + ANSWER_SECONDS
        return self._heard(waits)

    def settle(self) -> None:
        """Wait until all answers are ready and kept: until then a process beside the bot, which is not measured, takes
        its caches and its memory's time. Raises BenchFailed."""
        deadline = time.monotonic() + START_SECONDS
        while '"answers.ready"' not in self._log.read_text(encoding="utf-8", errors="replace"):
            if time.monotonic() > deadline:
                raise BenchFailed(f"{self.program.name} had no answers in {START_SECONDS:.0f} s:\n{self._tail()}")
            time.sleep(0.25)

    def peak_megabytes(self) -> float:
        """The most memory that the bot has held so far."""
        assert self._bot is not None
        status = Path(f"/proc/{self._bot.pid}/status").read_text(encoding="ascii", errors="replace")
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))

    def complaints(self) -> list[str]:
        """Warnings and errors in the bot's log, each event once, with how often."""
        found: dict[str, int] = {}
        for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines():
            if '"level": "warning"' in line or '"level": "error"' in line:
                event = str(json.loads(line).get("event", ""))
                found[event] = found.get(event, 0) + 1
        return [f"{event} ({count})" for event, count in sorted(found.items())]

    def stop(self) -> None:
        """End the bot as an operator would, then its double."""
        if self._bot is not None and self._bot.poll() is None:
            self._bot.send_signal(signal.SIGTERM)
            try:
                self._bot.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._bot.kill()
                self._bot.wait()
        if self._double.poll() is None:
            assert self._double.stdin is not None
            self._double.stdin.close()
            try:
                self._double.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._double.kill()
                self._double.wait()

    def _heard(self, seconds: float) -> dict[str, Any]:
        """The double's next line."""
        assert self._double.stdout is not None
        deadline = time.monotonic() + seconds
        while not select.select([self._double.stdout], [], [], 0.25)[0]:
            if self._double.poll() is not None:
                raise BenchFailed("the double of the Bot API ended by itself")
            if self._bot is not None and self._bot.poll() is not None:
                raise BenchFailed(f"{self.program.name} ended with {self._bot.returncode}:\n{self._tail()}")
            if time.monotonic() > deadline:
                raise BenchFailed(f"{self.program.name} did not answer in {seconds:.0f} s:\n{self._tail()}")
        heard: dict[str, Any] = json.loads(self._double.stdout.readline() or "{}")
        if not heard:
            raise BenchFailed("the double of the Bot API ended by itself")
        return heard

    def _tail(self) -> str:
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def passerelle(event: str, clock: str, *, rate: int = 1_000_000, by_webhook: bool = False) -> Program:
    """The real thing: Telegram by polling or by webhook, SQLite, no embedder; by default a pace that bounds nothing but
    single chats."""
    webhook = {"PASSERELLE_TELEGRAM_MODE": "webhook", "PASSERELLE_PUBLIC_URL": "https://127.0.0.1:{port}"}
    return Program(
        "Passerelle, webhook" if by_webhook else "Passerelle",
        (sys.executable, "-m", "bot", "run"),
        {
            "PASSERELLE_EVENT": event,
            "PASSERELLE_CLOCK": clock,
            "PASSERELLE_EMBEDDER": "none",
            "PASSERELLE_DATABASE_URL": "sqlite:///var/passerelle.db",
            "PASSERELLE_HOST": "127.0.0.1",
            "PASSERELLE_PORT": "{port}" if by_webhook else "0",
            "PASSERELLE_LOG_FORMAT": "json",
            "PASSERELLE_TELEGRAM_TOKEN": "{token}",
            "PASSERELLE_TELEGRAM_API_URL": "{url}",
            "PASSERELLE_TELEGRAM_RATE": str(rate),
            **(webhook if by_webhook else {}),
        },
    )


@dataclass(frozen=True, slots=True)
class Peer:
    """A bare program on another library, in an environment of its own. arguments: after the double's address."""

    name: str
    script: str
    packages: tuple[str, ...]  # name==version
    arguments: tuple[str, ...] = ("{folder}/echo.db",)

    def prepare(self, home: Path) -> Program:
        """How to start it; what is missing in the environment `home` is installed. Raises BenchFailed."""
        python = home / "bin" / "python"
        if not python.exists():
            _run([sys.executable, "-m", "venv", str(home)], self.name)
        wanted = dict(package.split("==") for package in self.packages)
        check = f"from importlib.metadata import version as v; assert all(v(n) == x for n, x in {wanted!r}.items())"
        if subprocess.run([python, "-c", check], capture_output=True, check=False).returncode:  # noqa: S603
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run([*pip, *self.packages], self.name)
        return Program(self.name, (str(python), str(PEERS / self.script), "{url}", "{token}", *self.arguments), {})


# httpcore looks for sniffio, in vain four times a send where it is missing (speed.md).
PTB_PACKAGES = ("python-telegram-bot==22.8", "httpx==0.28.1", "sniffio==1.3.1")
PTB = Peer("python-telegram-bot echo", "ptb_echo.py", PTB_PACKAGES)
PTB_WEBHOOK = Peer(
    "python-telegram-bot echo, webhook", "ptb_echo.py", (*PTB_PACKAGES, "tornado==6.6.1"),
    ("{folder}/echo.db", "{port}"),
)  # fmt: skip
AIOGRAM = Peer("aiogram echo", "aiogram_echo.py", ("aiogram==3.31.0",))


def _run(command: Sequence[str], name: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PIP_SECONDS)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchFailed(f"{name} cannot be installed: {type(error).__name__}") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise BenchFailed(f"{name} cannot be installed: {last[-1]}")
