"""`passerelle chat`: one person in the terminal, with the same database, agenda and answers."""

import argparse
import asyncio

from bot import app as app_
from bot.app import App, Opened
from bot.channels.terminal.channel import TerminalChannel
from bot.settings import Settings


def main(options: argparse.Namespace, settings: Settings) -> int:
    opened = app_.open_store(settings)
    try:
        return asyncio.run(_chat(options, settings, opened))
    finally:
        opened.store.close()


async def _chat(options: argparse.Namespace, settings: Settings, opened: Opened) -> int:
    base_url = settings.public_url or f"http://localhost:{settings.port}"
    channel = TerminalChannel(address=options.name, language=options.lang, clock=opened.clock, base_url=base_url)
    app = App(settings, opened, {"terminal": channel})
    async with app.running():
        await channel.converse(app.conversation.receive, app.sender.idle)
    return 0
