"""`passerelle chat`: one person in the terminal, with the same database, agenda and answers."""

import argparse
import asyncio
import sys

from bot import doors, opening
from bot.answers import warming
from bot.answers.engine import Engine
from bot.app import App
from bot.channels.terminal.channel import TerminalChannel, greeting
from bot.chat.channel import Channel
from bot.conversation.receive import words_for
from bot.opening import Opened
from bot.people import accounts
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    opened = opening.open_store(settings)
    try:
        spoken = opened.published.event.details.languages
        if options.lang and not accounts.nearest(options.lang, spoken):
            print(f"This event does not speak {options.lang!r}: --lang {' or '.join(spoken)}", file=sys.stderr)
            return 2
        return asyncio.run(_chat(options, settings, opened))
    finally:
        opened.store.close()


async def _chat(options: argparse.Namespace, settings: Settings, opened: Opened) -> int:
    base_url = settings.public_url or f"http://localhost:{settings.port}"
    channel = TerminalChannel(
        address=options.name,
        language=options.lang,
        clock=opened.clock,
        base_url=base_url,
        files=doors.VAR / "files",
        greeting=_greeting(options, opened),
    )
    # The web chat reads what it is told from the database: what is done here may be told there.
    channels: dict[str, Channel] = {"terminal": channel, "web": doors.web_channel(settings, opened)}
    app = App(settings, opened, channels, _engine(settings, opened))
    async with app.running():
        await channel.converse(app.conversation.receive, app.sender.idle)
    return 0


def _engine(settings: Settings, opened: Opened) -> Engine | None:
    """All answers, where they were prepared before: a pipe asks its first question at once, and would be answered by
    words alone. None where preparing takes long: the words answer meanwhile."""
    event = opened.published.event
    if settings.embedder == "none" or not warming.is_warm(event, settings.embedder, warming.VECTORS):
        return None
    return warming.full(event, settings.embedder, warming.VECTORS)


def _greeting(options: argparse.Namespace, opened: Opened) -> str:
    """How to leave and what day it is taken to be, in the language that the bot will answer in."""
    event = opened.published.event
    known, *_ = opened.store.read_now(accounts.last_of, TerminalChannel.name, options.name)
    hinted = accounts.nearest(options.lang, event.details.languages, event.default_language)
    say = words_for(opened.published, known or hinted)
    return greeting(say, say.date(opened.clock.now(), year=True) if opened.clock.is_moved else "")
