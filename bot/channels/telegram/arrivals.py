"""An update as Telegram wrote it, read as ours: the same for polling and for the webhook.

One that the library cannot read must not hide the others, nor go without an answer.
"""

from collections.abc import Callable, Container
from traceback import extract_tb
from typing import Any

import structlog
import telegram
from telegram.ext import ExtBot

from bot.channels.telegram import team, updates
from bot.chat.update import Update
from bot.clock import Clock

log = structlog.get_logger()


class Arrivals:
    """Of one bot. Its name must be known (`bot.initialize`) before commands in groups are read. rooms: the chats where
    the team answers."""

    def __init__(
        self,
        bot: ExtBot[None],
        clock: Clock,
        rooms: Container[str] = (),
        *,
        on_search: Callable[[telegram.InlineQuery], None],
    ) -> None:
        """on_search: called with each inline query, which is no update of ours: nobody writes to us."""
        self._bot = bot
        self._clock = clock
        self._rooms = rooms
        self._on_search = on_search

    def read(self, raw: dict[str, Any]) -> Update | None:
        """Ours, or None for what asks no answer."""
        at = self._clock.now()
        try:
            if (plain := updates.plain(raw, at=at)) is not None and plain.address not in self._rooms:
                return plain
            update = telegram.Update.de_json(raw, self._bot)
            if update.inline_query is not None:
                self._on_search(update.inline_query)
                return None
            if (said := team.read(update, self._rooms, at)) is not None:
                return said
            return updates.read(update, at=at, bot_name=self._bot.username, bot_id=self._bot.id)
        except Exception as error:  # noqa: BLE001 (a newer Bot API, a gap in the library)
            log.warning("telegram.update_unreadable", update=raw.get("update_id"), error=type(error).__name__)
            return updates.unreadable(raw, at=at)


def press_of(raw: dict[str, Any]) -> str:
    """The id of the press that an update is, "" where it is none."""
    press = raw.get("callback_query")
    return str(press.get("id", "")) if isinstance(press, dict) else ""


def where(error: BaseException) -> str:
    """The innermost lines of code, without their values, which may be what a person wrote."""
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(extract_tb(error.__traceback__)[-3:]))
