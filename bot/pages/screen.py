"""The hall's screen: the hour, what is on, what comes next and what changed today, in two languages side by side.

Read from ten metres by people who walk past: few things, very large, nothing to scroll or to press. The page keeps
itself up to date, and goes on showing what it has while the network is away.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib import resources
from math import ceil
from unicodedata import east_asian_width

from aiohttp import web

from bot.clock import Clock
from bot.event.model import Event, Session
from bot.pages import common
from bot.people import accounts
from bot.programme import facts, queries, worded
from bot.programme.history import History
from bot.programme.versions import Published, Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction
from bot.text.formats import capital
from bot.text.words import Words

LANGUAGES = 2  # more would be too small to read
SHOWN = 4  # sessions under one heading
CHANGES = 3
READABLE = 0.7  # the least size to write in: smaller, and fewer things are shown instead
ROOM = 79.0  # height under the clock, in hundredths of the screen's
LETTERS = {"title": 70, "text": 96}  # of a line over the whole width at size 1; a Chinese sign takes two
LEAST = {"changes": 1, "next": 2, "on": 2}  # rows that stay; in the order in which they give way
REFRESH_SECONDS = 20

_FILES = resources.files("bot.pages")
SCRIPT = (_FILES / "static" / "screen.js").read_text(encoding="utf-8").strip()
# A screen that runs for days takes up a new page of ours by this.
BUILD = hashlib.sha256(((_FILES / "templates" / "screen.html").read_text("utf-8") + SCRIPT).encode()).hexdigest()[:12]
_ALLOWED = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'sha256-{_ALLOWED}'; style-src 'unsafe-inline'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
}


@dataclass(frozen=True, slots=True)
class Side:
    """A row in one language. note: hour and place over the title. lines: what changed, under it."""

    note: str
    title: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """headings, and each row of `rows`: one a language. kind: "on", "next" or "changes", for its looks. more: how many
    there was no room for."""

    kind: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Side]]
    more: int = 0


class Screen:
    def __init__(self, store: Store, versions: Versions, history: History, clock: Clock) -> None:
        self._store, self._versions, self._history, self._clock = store, versions, history, clock

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/screen", self.page)

    async def page(self, request: web.Request) -> web.Response:
        """`?place=ID`: that place alone, with what lies in it. `?lang=fr,zh`: the languages, by default the event's
        first two."""
        wanted = request.query.get("lang", "").split(",")
        body = await self._store.read(self._page, wanted, request.query.get("place", ""))
        if body is None:
            raise web.HTTPNotFound(text="No such place.")
        return common.answer(request, body, "text/html", HEADERS)

    def _page(self, tx: Transaction, wanted: Sequence[str], place_id: str) -> str | None:
        published = self._versions.current(tx)
        assert published is not None
        whole, now = published.event, self._clock.now()
        if place_id and place_id not in whole.place:
            return None
        here = _within(whole, place_id) if place_id else frozenset()
        event = _only(whole, here) if here else whole
        says = [_words(published, language) for language in _languages(wanted, whole)]
        name = whole.place[place_id].name if place_id else whole.details.short_name
        sections = _programme(event, now, says)
        shown, size = _fitting([*sections, *self._changes(tx, event, now, says, here)], len(says))
        return common.TEMPLATES.get_template("screen.html").render(
            tags=[common.tag(say.language) for say in says],
            title=name.in_(says[0].language),
            heads=[
                {
                    "name": capital(name.in_(say.language)),
                    "date": say.date(now),
                    "time": say.time(now),
                    "as_of": say.text("No network: as of {time}", time=say.time(now)),
                }
                for say in says
            ],
            sections=shown,
            nothing=[say.text("Nothing more is announced with a date.") for say in says],
            size=size,
            script=SCRIPT,
            build=BUILD,
            seconds=REFRESH_SECONDS,
        )

    def _changes(
        self, tx: Transaction, event: Event, now: datetime, says: Sequence[Words], here: frozenset[str]
    ) -> Sequence[Section]:
        """What was published today and is not over: each session once, as it changed last."""
        latest: dict[str, Sequence[Side]] = {}
        today = now.astimezone(event.zone).date()
        for each in self._history.newest(tx):
            if each.published_at.astimezone(event.zone).date() != today:
                continue
            for sides in zip(*(worded.publication(each, say) for say in says), strict=True):
                session, before = sides[0].session, sides[0].before
                is_here = not here or session.place in here or (before is not None and before.place in here)
                if is_here and not queries.is_over(event.session.get(session.id, session), now, event):
                    row = [_changed(said, each.new, today, say) for said, say in zip(sides, says, strict=True)]
                    latest.setdefault(session.id, row)
        if not latest:
            return []
        headings = [say.p("heading", "Changed today") for say in says]
        return [Section("changes", headings, [*latest.values()][:CHANGES], max(len(latest) - CHANGES, 0))]


def _programme(event: Event, now: datetime, says: Sequence[Words]) -> list[Section]:
    moment, today = queries.at(event, now), now.astimezone(event.zone).date()
    sections = []
    if moment.on:
        sections.append(_section("on", [say.p("heading", "On now") for say in says], moment.on, event, says))
    if moment.perhaps:
        headings = [say.text("Today, time to be confirmed") for say in says]
        sections.append(
            _section("on", headings, moment.perhaps, event, says, room=max(SHOWN - len(moment.on[:SHOWN]), 1))
        )
    if moment.next:
        day = moment.next[0].day
        assert day
        headings = [
            say.p("heading", "Up next") if day == today else say.text("Up next: {day}", day=say.date(day))
            for say in says
        ]
        sections.append(_section("next", headings, moment.next, event, says))
    return sections


def _section(
    kind: str,
    headings: Sequence[str],
    sessions: Sequence[Session],
    event: Event,
    says: Sequence[Words],
    room: int = SHOWN,
) -> Section:
    rows = [[_side(event, session, say) for say in says] for session in sessions[:room]]
    return Section(kind, headings, rows, max(len(sessions) - room, 0))


def _side(event: Event, session: Session, say: Words) -> Side:
    return Side(_note(facts.hour(session, say), event, session, say), session.title.in_(say.language))


def _changed(said: worded.Said, event: Event, today: date, say: Words) -> Side:
    session, title = said.session, said.session.title.in_(say.language)
    if said.before is not None:
        return Side(say.date(session.day) if session.day and session.day != today else "", title, said.lines)
    when = facts.hour(session, say) if session.day == today else facts.when(session, say)
    return Side(_note(when, event, session, say), title, said.lines[:1])  # the others say when and where


def _note(when: str, event: Event, session: Session, say: Words) -> str:
    return " · ".join([when, *([facts.place_name(event, session, say)] if session.place in event.place else [])])


def _words(published: Published, language: str) -> Words:
    """Without the hour in the reader's home zone: whoever stands before the screen is here."""
    return Words(language, published.event.zone)


def _within(event: Event, place_id: str) -> frozenset[str]:
    """The ids of a place and of all that lies in it."""
    here = {place_id}
    while more := {place.id for place in event.places if place.within in here} - here:
        here |= more
    return frozenset(here)


def _only(event: Event, here: frozenset[str]) -> Event:
    """The event with nothing but what happens in these places."""
    sessions = tuple(session for session in event.sessions if session.place in here)
    return Event(details=event.details, places=event.places, sessions=sessions)


def _languages(wanted: Sequence[str], event: Event) -> Sequence[str]:
    spoken = event.details.languages
    found = dict.fromkeys(language for tag in wanted if (language := accounts.nearest(tag.strip(), spoken)))
    return [*found][:LANGUAGES] or spoken[:LANGUAGES]


def _fitting(sections: Sequence[Section], columns: int) -> tuple[Sequence[Section], float]:
    """The sections with as many rows as can be read from afar, the last ones giving way first; how large to write
    them. Where scripts run, the page then takes the size that really fits."""
    fitting = list(sections)
    for kind, least in LEAST.items():
        for n, section in reversed([*enumerate(fitting)]):
            while section.kind == kind and len(section.rows) > least and _size(fitting, columns) < READABLE:
                section = replace(section, rows=section.rows[:-1], more=section.more + 1)
                fitting[n] = section
    return fitting, _size(fitting, columns)


def _size(sections: Sequence[Section], columns: int) -> float:
    sizes = (hundredths / 100 for hundredths in range(170, 50, -5))
    return next((size for size in sizes if _height(sections, columns, size) <= ROOM), 0.5)


def _height(sections: Sequence[Section], columns: int, size: float) -> float:
    """About how high they are, by the measures of the template."""

    def high(side: Side) -> float:
        texts = sum(_lines(text, "text", columns, size) for text in (side.note, *side.lines) if text)
        return 3.8 * texts + 4.9 * _lines(side.title, "title", columns, size) + 1.3

    rows = sum(max(map(high, row)) for section in sections for row in section.rows)
    return size * (rows + 7 * len(sections))


def _lines(text: str, kind: str, columns: int, size: float) -> int:
    letters = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
    return ceil(letters * columns * size / LETTERS[kind])
