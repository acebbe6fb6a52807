"""The calendar feeds: one delegate's agenda behind a secret address, and the whole programme."""

from collections.abc import Iterable

from aiohttp import web

from bot.clock import Clock
from bot.conversation.receive import words_for
from bot.event.model import Session
from bot.people import accounts
from bot.programme import calendar, seats
from bot.programme.versions import Published, Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction

TOKEN_LENGTH = 43


class Calendars:
    def __init__(self, store: Store, versions: Versions, clock: Clock) -> None:
        self._store, self._versions, self._clock = store, versions, clock

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/calendar/{token}.ics", self.agenda)
        app.router.add_get("/programme.ics", self.programme)

    async def agenda(self, request: web.Request) -> web.Response:
        """The person's sessions, in their language. Whoever has the address can read it: it is a secret."""
        token = request.match_info["token"]
        content = await self._store.read(self._agenda, token) if len(token) == TOKEN_LENGTH else None
        if content is None:
            raise web.HTTPNotFound(text="No such calendar.")
        return _calendar(content, "agenda.ics", private=True)

    async def programme(self, request: web.Request) -> web.Response:
        content = await self._store.read(self._programme, request.query.get("lang", ""))
        return _calendar(content, "programme.ics")

    def _agenda(self, tx: Transaction, token: str) -> str | None:
        person = accounts.by_calendar_token(tx, token)
        published = self._versions.current(tx)
        if person is None or published is None:
            return None
        chosen = seats.going_to(tx, published.event, person.id)
        return self._write(published, chosen, person.language)

    def _programme(self, tx: Transaction, wanted: str) -> str:
        published = self._versions.current(tx)
        assert published is not None
        details = published.event.details
        language = accounts.nearest(wanted, details.languages, published.event.default_language)
        return self._write(published, published.event.sessions, language)

    def _write(self, published: Published, sessions: Iterable[Session], language: str) -> str:
        say = words_for(published, language)
        name = published.event.details.short_name.in_(language)
        return calendar.calendar(published.event, sessions, say, stamp=published.published_at, name=name)


def _calendar(content: str, name: str, *, private: bool = False) -> web.Response:
    headers = {
        "Content-Disposition": f'inline; filename="{name}"',
        "Cache-Control": "private, no-cache" if private else "public, max-age=300",
        "X-Robots-Tag": "noindex",
    }
    return web.Response(text=content, content_type="text/calendar", charset="utf-8", headers=headers)
