"""The bot in a terminal: a line in, the replies out, numbers for buttons. Reads a pipe as well as a keyboard."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TextIO

from bot.chat.channel import Abilities, Parcel, Receive, Sent, Verdict
from bot.chat.reply import Link, Reply
from bot.chat.update import Start, Text, Update
from bot.clock import Clock
from bot.text.words import Words

MARK = "› "


class TerminalChannel:
    """One person at one terminal. `settled` is awaited between lines, so that a pipe's answers stay in order."""

    name = "terminal"
    abilities = Abilities(buttons=False, pushes=True, text_limit=100_000)

    def __init__(self, *, address: str, language: str, clock: Clock, base_url: str, out: TextIO | None = None) -> None:
        self._address = address
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
                lines.append(f"geo:{reply.place.lat},{reply.place.lon}")
            if reply.large:
                lines += ["", *(f"    {line.upper()}" for line in reply.large.splitlines())]
            choices = []
            for button in reply.buttons:
                if isinstance(button.action, Link):
                    url = button.action.url
                    lines.append(f"    {button.label}: {self._base_url + url if url.startswith('/') else url}")
                    continue
                number += 1
                lines.append(f"  [{number}] {button.label}")
                choices.append(button.action.pack())
            body: dict[str, object] = {"text": "\n".join(lines)}
            if reply.file:
                body["file"] = {"name": reply.file.name, "content": reply.file.content}
                body["saved"] = say.text("Saved as {file}", file=reply.file.name)
            parcels.append(Parcel(body, choices=tuple(choices)))
        return parcels

    async def send(self, address: str, parcel: Parcel, *, because: str, sequence: int) -> Verdict:
        text = str(parcel.body["text"])
        file = parcel.body.get("file")
        if file:
            target = Path(str(file["name"])).name  # never outside this folder, whatever the name
            await asyncio.to_thread(Path(target).write_text, str(file["content"]), encoding="utf-8", newline="")
            text += f"\n{parcel.body['saved']}"
        print(text + "\n", file=self._out, flush=True)
        return Sent()

    async def run(self, receive: Receive) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to shut."""

    async def converse(self, receive: Receive, settled: Callable[[], Awaitable[None]]) -> None:
        """Read lines until the end of input; each is one update."""
        await receive(self._update(Start(), "start"))
        await settled()
        while True:
            if sys.stdin.isatty():
                print(MARK, end="", file=self._out, flush=True)
            line = await asyncio.to_thread(sys.stdin.readline)
            if not line:
                return
            if not line.strip() and sys.stdin.isatty():
                continue
            if not sys.stdin.isatty():
                print(MARK + line.rstrip("\n"), file=self._out, flush=True)
            await receive(self._update(Text(line.rstrip("\n")), ""))
            await settled()

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
