"""Searching the event from another chat: what is found while somebody types "@bot word" there. Nothing is kept."""

from collections.abc import Callable

from bot.answers import titles
from bot.chat.search import LIMIT, Found, Results
from bot.clock import Clock
from bot.conversation.receive import words_for
from bot.conversation.router import Register
from bot.people import accounts
from bot.programme import queries
from bot.programme.versions import Published
from bot.store.threads import Store
from bot.store.transaction import Transaction

LONGEST = 200  # characters of what is typed that are looked at


class Searching:
    """newest: the version to search, whichever it is now."""

    def __init__(self, store: Store, clock: Clock, newest: Callable[[], Published], register: Register) -> None:
        self._store, self._clock, self._newest, self._register = store, clock, newest, register

    async def search(self, channel: str, address: str, text: str, hint: str) -> Results:
        """What `text` finds; where it is empty, what is on and what comes next. In the language that this account uses
        with us, else the nearest to `hint`, a language tag."""
        return await self._store.read(self._find, channel, address, text[:LONGEST], hint)

    def _find(self, tx: Transaction, channel: str, address: str, text: str, hint: str) -> Results:
        published, now = self._newest(), self._clock.now()
        event = published.event
        known, _, _ = accounts.last_of(tx, channel, address)
        language = known or accounts.nearest(hint, event.details.languages, event.default_language)
        say = words_for(published, language)
        if text.strip():
            sessions = titles.of(event).find(text, LIMIT)
        else:
            moment = queries.at(event, now)
            sessions = [*moment.on, *moment.perhaps, *moment.next][:LIMIT]
        show, more = self._register.find("search", "session"), self._register.find("search", "more")
        assert show is not None
        assert more is not None
        found: list[Found] = [show(event, each, say, now) for each in sessions]  # type: ignore[misc]
        return Results(found, language, more(event, bool(text.strip()) and not found, say, now))  # type: ignore[arg-type]
