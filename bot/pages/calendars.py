"""The calendar feeds: one delegate's agenda behind a secret address, and the whole programme or some of its themes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from bot.conversation.receive import words_for
from bot.event.model import Session
from bot.notices import preferences
from bot.notices.tables import Level
from bot.pages import common
from bot.people import accounts
from bot.programme import calendar, revisions, seats
from bot.programme.versions import Published, Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction

TOKEN_LENGTH = 43
THEMES = 20  # read of an address at most


@dataclass(frozen=True, slots=True)
class Feed:
    """modified: aware UTC, when it last changed. status: 404 of a feed that is none, which says why."""

    content: str
    modified: datetime
    status: int = 200


class Calendars:
    def __init__(self, store: Store, versions: Versions, public_url: str = "") -> None:
        """public_url: the address that links to sessions begin with, "" for none."""
        self._store, self._versions, self._public_url = store, versions, public_url
        self._began = datetime.now(UTC)  # another build may write the same programme otherwise

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/calendar/{token}.ics", self.agenda)
        app.router.add_get("/programme.ics", self.programme)

    async def agenda(self, request: web.Request) -> web.Response:
        """The person's sessions, in their language. Whoever has the address can read it: it is a secret."""
        token = request.match_info["token"]
        feed = await self._store.read(self._agenda, token) if len(token) == TOKEN_LENGTH else None
        if feed is None:
            raise web.HTTPNotFound(text="No such calendar.")
        return _answer(request, feed, "agenda.ics", {"Cache-Control": "private, no-cache"})

    async def programme(self, request: web.Request) -> web.Response:
        """`?theme=ID`: the sessions of that theme alone; again for another. `?lang=` or the reader's language."""
        themes = request.query.getall("theme", [])[:THEMES]
        feed = await self._store.read(self._programme, common.asked(request), themes)
        if feed.status != 200:
            return web.Response(text=feed.content, status=feed.status, headers={"Cache-Control": "no-cache"})
        headers = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
        since = request.if_modified_since
        if since is not None and request.if_none_match is None and feed.modified <= since:
            return web.Response(status=304, headers=headers)
        return _answer(request, feed, "programme.ics", headers)

    def _agenda(self, tx: Transaction, token: str) -> Feed | None:
        person = accounts.by_calendar_token(tx, token)
        published = self._versions.current(tx)
        if person is None or published is None:
            return None
        is_reminded = preferences.of(tx, person.id)["reminders"] != Level.OFF
        alarm = preferences.lead(tx, person.id) if is_reminded else None
        chosen = seats.going_to(tx, published.event, person.id)
        return self._write(tx, published, chosen, person.language, alarm=alarm)

    def _programme(self, tx: Transaction, wanted: Sequence[str], themes: Sequence[str]) -> Feed:
        published = self._versions.current(tx)
        assert published is not None
        event = published.event
        language = common.language(wanted, event)
        say = words_for(published, language)
        if not set(themes) <= event.theme.keys():
            known = [f"{theme.id} – {theme.name.in_(language)}" for theme in event.details.themes]
            return Feed(
                "\n".join([say.text("The programme has no such theme. Its themes are:"), *known]),
                published.published_at,
                404,
            )
        chosen = [session for session in event.sessions if not themes or session.theme in themes]
        name = " – ".join(event.theme[id_].name.in_(language) for id_ in dict.fromkeys(themes))
        return self._write(tx, published, chosen, language, name)

    def _write(
        self, tx: Transaction, published: Published, sessions: Iterable[Session], language: str, of: str = "",
        alarm: int | None = None,
    ) -> Feed:  # fmt: skip
        event, say, known = published.event, words_for(published, language), revisions.of(tx)
        name = " – ".join(filter(None, (event.details.short_name.in_(language), of)))
        content = calendar.calendar(event, sessions, say, known, name=name, public_url=self._public_url, alarm=alarm)
        # Whole seconds, not before it happened: HTTP knows no smaller ones.
        modified = max(published.published_at, self._began).replace(microsecond=0) + timedelta(seconds=1)
        return Feed(content, modified)


def _answer(request: web.Request, feed: Feed, name: str, headers: dict[str, str]) -> web.Response:
    """304 to whoever has these bytes. An agenda is known by nothing else: what one goes to, and how one is reminded,
    changes it at no moment that the programme knows of."""
    about = {"Content-Disposition": f'inline; filename="{name}"', "X-Robots-Tag": "noindex"}
    response = common.answer(request, feed.content, "text/calendar", headers | about)
    # No later than now: a rehearsal's clock may stand ahead, and this second may see another publication.
    response.last_modified = min(feed.modified, datetime.now(UTC)).replace(microsecond=0)
    return response
