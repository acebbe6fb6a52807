"""The bot in a terminal: a line in, the replies out, numbers for buttons. Reads a pipe as well as a keyboard."""

import asyncio
import os
import secrets
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from bot.chat.action import as_choice
from bot.chat.channel import Abilities, Failed, Parcel, Receive, Sent, Verdict
from bot.chat.reply import Link, Reply
from bot.chat.update import Start, Text, Update
from bot.clock import Clock
from bot.text.words import Words

MARK = "› "
QUIT = ("/quit", "/exit")  # the terminal's own: other channels are left by putting the phone away


def greeting(say: Words, today: str) -> str:
    """The first lines: how to leave, and what day it is taken to be ("" for the real one)."""
    lines = [say.text("To leave: /quit or Ctrl-D.")]
    if today:
        lines.append(say.text("Trial run: today is taken to be {date}.", date=today))
    return "\n".join(lines)


class TerminalChannel:
    """One person at one terminal. `settled` is awaited between lines, so that a pipe's answers stay in order."""

    name = "terminal"
    abilities = Abilities(buttons=False, pushes=False, text_limit=100_000)

    def __init__(
        self,
        *,
        address: str,
        language: str,
        clock: Clock,
        base_url: str,
        files: Path,
        greeting: str = "",
        out: TextIO | None = None,
    ) -> None:
        """files: the folder in which a folder a person holds what they are handed. greeting: its first lines."""
        self._address = address
        self._files = files.resolve() / quote(address, safe="").replace(".", "%2E")  # whatever the name, in there
        self._greeting = greeting
        self._language = language
        self._clock = clock
        self._base_url = base_url
        self._out = out or sys.stdout

    def render(self, replies: Sequence[Reply], say: Words, *, replacing: str = "") -> list[Parcel]:
        """One parcel a reply; buttons numbered through all replies of the turn."""
        parcels, number = [], 0
        for reply in replies:
            lines = [reply.text.plain()]
            if reply.place:
                lines.append(_labelled(say, say.p("button", "Open the map"), reply.place.map_url))
            if reply.large:
                lines += ["", *(f"    {line.upper()}" for line in reply.large.splitlines())]
            choices = []
            for button in reply.buttons:
                if isinstance(button.action, Link):
                    url = button.action.url
                    address = self._base_url + url if url.startswith("/") else url
                    lines.append(f"    {_labelled(say, button.label, address)}")
                    continue
                number += 1
                lines.append(f"  [{number}] {button.label}")
                choices.append(as_choice(button.action, button.label))
            body: dict[str, object] = {"text": "\n".join(lines)}
            if reply.file:
                body["file"] = {"name": reply.file.name, "content": reply.file.content}
                body["saved"] = say.text("Saved as {file}", file=str(self._target(reply.file.name)))
            if reply.forgets:
                body["forgets"] = say.text(
                    "The files saved from this chat are erased too: {folder}", folder=str(self._files)
                )
            parcels.append(Parcel(body, choices=tuple(choices)))
        return parcels

    async def admit(self, address: str) -> None:
        return None

    async def reserve(self, address: str) -> float:
        return 0.0

    async def correct(self, address: str, message_id: str, parcel: Parcel) -> Verdict:
        return Failed("what is printed stays")

    async def withdraw(self, address: str, message_id: str) -> Verdict:
        return Failed("what is printed stays")

    async def send(self, address: str, parcel: Parcel, *, because: str, sequence: int) -> Verdict:
        text = str(parcel.body["text"])
        file = parcel.body.get("file")
        if file:
            await asyncio.to_thread(_save, self._target(str(file["name"])), str(file["content"]))
            text += f"\n{parcel.body['saved']}"
        if parcel.body.get("forgets") and self._files.is_dir():
            await asyncio.to_thread(shutil.rmtree, self._files)
            text += f"\n{parcel.body['forgets']}"
        print(text + "\n", file=self._out, flush=True)
        return Sent()

    async def run(self, receive: Receive) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to shut."""

    async def converse(self, receive: Receive, settled: Callable[[], Awaitable[None]]) -> None:
        """Read lines until the end of input, or one that quits; each is one update."""
        if self._greeting:
            print(self._greeting + "\n", file=self._out, flush=True)
        await receive(self._update(Start(), "start"))
        await settled()
        while True:
            if sys.stdin.isatty():
                print(MARK, end="", file=self._out, flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line or line.strip().lower() in QUIT:
                return
            if not line.strip() and sys.stdin.isatty():
                continue
            if not sys.stdin.isatty():
                print(MARK + line.rstrip("\n"), file=self._out, flush=True)
            await receive(self._update(Text(line.rstrip("\n")), ""))
            await settled()

    def _target(self, name: str) -> Path:
        return self._files / Path(name).name  # never outside the folder, whatever the name

    def _update(self, content: Text | Start, prefix: str) -> Update:
        return Update(
            channel=self.name,
            key=f"{prefix}{secrets.token_hex(12)}",
            address=self._address,
            author=self._address,
            at=self._clock.now(),
            content=content,
            language=self._language,
        )


def _labelled(say: Words, label: str, url: str) -> str:
    # Translators: what a button would open, where no button can: its label, then the address.
    return say.text("{label}: {url}", label=label, url=url)


def _save(target: Path, content: str) -> None:
    """Write what may be personal for its owner's eyes alone."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with os.fdopen(
        os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
    ) as file:
        file.write(content)
