"""What a file makes of an event: its rows become sessions, rooms, people and themes, or are listed with the reason.

A row comes in whole or not at all. What the file does not say stays as the folder has it: other languages, seats,
roles, sessions that it does not have. A cancelled session stays cancelled, whatever an old file says.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError
from rapidfuzz import fuzz

from bot.answers.normalise import plain
from bot.event.model import Event, Person, Place, Session, Status, Theme, in_order
from bot.event.texts import Texts
from bot.exchange import names
from bot.exchange.rows import Aim, Missed, NotUnderstood, Read, Row

LIKE = 45  # of 100: below it, a title under a known id is hardly the same session
# Curly brackets open a reference in our texts; a foreign file knows none.
BRACKETS = str.maketrans("{}", "()")


@dataclass(slots=True)
class Import:
    """sessions, places, people, themes: of the event as it becomes, new and old. not_understood: rows and fields.
    notes: what an organizer should know. stay: ids of sessions that only the folder has."""

    event: Event
    sessions: list[Session] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    themes: list[Theme] = field(default_factory=list)
    not_understood: list[Missed] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stay: list[str] = field(default_factory=list)


def merged(read: Read, aim: Aim, cancelled: Collection[str] = (), *, fill: bool = False) -> Import:
    """The event of `aim` with what was read. cancelled: ids that are so in the live programme. fill: give a text in
    one language to those that have none."""
    return _Merge(aim, set(cancelled), fill=fill).run(read)


class _Merge:
    def __init__(self, aim: Aim, cancelled: set[str], *, fill: bool) -> None:
        self.aim, self.cancelled, self.fill = aim, cancelled, fill
        event = aim.event
        self.known = names.Known(event)
        self.out = Import(event)
        self.sessions = dict(event.session)
        self.places, self.people, self.themes = dict(event.place), dict(event.person), dict(event.theme)
        self.seen: dict[str, str] = {}  # id -> where in this file
        self._by_plain: dict[str, list[str]] = {}
        self.bracketed = 0

    def run(self, read: Read) -> Import:
        out, event = self.out, self.aim.event
        out.not_understood += read.missed
        self._tell_apart(read.rows)
        for row in read.rows:
            before = (self.places.copy(), self.people.copy(), self.themes.copy())
            try:
                session = self._session(row)
            except NotUnderstood as error:
                self.places, self.people, self.themes = before  # nothing of it comes in
                title = _title(row)
                out.not_understood.append(Missed(f"{row.where} “{title}”" if title else row.where, str(error)))
                continue
            self.sessions[session.id] = session
        for name, count in sorted(Counter(read.fields).items()):
            if count:
                out.not_understood.append(Missed("", f"{name}: {count} times, which we have no place for"))
        out.notes += read.notes
        if self.bracketed:
            out.notes.append(f"{self.bracketed} texts have curly brackets, which open a reference here: written as ( )")
        details = event.details.model_copy(
            update={"people": tuple(self.people.values()), "themes": tuple(self.themes.values())}
        )
        out.sessions, out.places = list(in_order(self.sessions.values())), list(self.places.values())
        out.people, out.themes = list(self.people.values()), list(self.themes.values())
        out.event = Event(
            details=details, places=tuple(out.places), sessions=tuple(out.sessions), entries=event.entries,
            topics=event.topics,
        )  # fmt: skip
        out.stay = [id_ for id_ in event.session if id_ not in self.seen]
        return out

    def _tell_apart(self, rows: Sequence[Row]) -> None:
        """Events that share their name in the file are known by their titles besides, and by day and hour where these
        are the same too; but for the one that an earlier file had alone under it."""
        shared = defaultdict(list)
        for row in rows:
            if row.key and not row.id:
                shared[row.key].append(row)
        for key, alike in shared.items():
            if len(alike) == 1:
                continue
            before = self.aim.event.session.get(self.known.id_of(key, ""))
            titles = Counter(_title(row) for row in alike)
            for row in alike:
                title = _title(row)
                if before and (before.day, before.start) == (row.day, row.start) and _is_called(before, title):
                    continue
                row.key = f"{key}|{title}" + (f"|{row.day}|{row.start}" if titles[title] > 1 else "")
            self.out.notes.append(
                f"{len(alike)} events of the file have the one id “{key}”: each is known by its title instead, "
                "and by its day and hour where two have the same"
            )

    def _session(self, row: Row) -> Session:
        title = _title(row)
        id_ = row.id or (self.known.id_of(row.key, title) if row.key else "")
        if not id_:
            id_ = self._by_title(row, title)
        elif row.id and row.id not in self.sessions and names.slug(row.id) != row.id:
            id_ = self.known.id_of(row.id, title)  # a code of another tool
        if id_ in self.seen:
            raise NotUnderstood(f"is called {id_!r}, as is {self.seen[id_]} of this file")
        self.seen[id_] = row.where
        old = self.sessions.get(id_)
        if not title and old is None:
            raise NotUnderstood("has no title")
        values: dict[str, Any] = {"id": id_}
        if old:
            values = {name: getattr(old, name) for name in Session.model_fields}
        values["zone"] = self.aim.event.details.time_zone
        values["title"] = self._texts(row.title, old.title if old else None)
        if row.abstract:
            values["abstract"] = self._texts(row.abstract, old.abstract if old else None)
        self._when(row, values)
        for name in ("part", "kind", "languages", "interpretation", "capacity", "registration", "status", "aliases"):
            if (said := getattr(row, name)) is not None:
                values[name] = said
        # A file that tells one language of a session that has two does not mean that the other is gone.
        if old and row.languages and len(row.languages) == 1 and row.languages[0] in old.languages and not row.id:
            values["languages"] = old.languages
        if row.place:
            values["place"] = self._place(row.place)
        if row.theme:
            values["theme"] = self._theme(row.theme)
        if row.people is not None:
            roles = {role.person: role.role for role in old.people} if old else {}
            made = [(self._person(name), role) for name, role in row.people]
            values["people"] = [
                {"person": p, "role": role or roles.get(p, "speaker")} for p, role in dict(made).items()
            ]
        self._stays_cancelled(row, old, values)
        try:
            session = Session.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            raise NotUnderstood(
                f"{first['loc'][0]}: {first['input']!r} is not allowed here ({first['msg']})"
            ) from error
        self._doubts(row, old, session, title)
        return session

    def _by_title(self, row: Row, title: str) -> str:
        """A table without ids: the session of that title, else a new id made of title and day."""
        if not title:
            raise NotUnderstood("has no title and no id")
        hits = [s for s in self.sessions.values() if _is_called(s, title)] or self._typed(title)
        same_day = [s for s in hits if s.day == row.day and s.start == row.start] or [
            s for s in hits if s.day == row.day
        ]
        hits = same_day if len(hits) > 1 else hits
        if len(hits) > 1:
            raise NotUnderstood("several sessions have that title: add a column 'id'")
        return hits[0].id if hits else self.known.id_of(f"{title}|{row.day or ''}", title)

    def _typed(self, title: str) -> list[Session]:
        """Those of that title as a keyboard types it: another apostrophe or kind of space makes no other session."""
        if not self._by_plain:
            for session in self.aim.event.sessions:
                for text in {plain(text) for _, text in session.title.items()}:
                    self._by_plain.setdefault(text, []).append(session.id)
        return [self.sessions[id_] for id_ in self._by_plain.get(plain(title), ())]

    def _when(self, row: Row, values: dict[str, Any]) -> None:
        details = self.aim.event.details
        if row.day is not None:
            if not details.starts <= row.day <= details.ends:
                raise NotUnderstood(f"{row.day} is no day of the event ({details.starts} to {details.ends})")
            values["day"] = row.day
        if row.start is not None:
            values["start"] = row.start
            if row.end is None and values.get("end") is not None and values["end"] <= row.start:
                self.out.notes.append(
                    f"{values['id']} begins at {row.start:%H:%M} now: its old end, {values['end']:%H:%M}, is taken out"
                )
                values["end"] = None
        if row.end is not None:
            values["end"] = row.end
        start, end = values.get("start"), values.get("end")
        probe = Session.model_construct(start=start, end=end)
        if start and end and end <= start and not probe.ends_next_day:
            raise NotUnderstood(f"ends ({end:%H:%M}) before it begins ({start:%H:%M})")

    def _texts(self, given: Any, old: Texts | None) -> Texts:
        written = {language: text.translate(BRACKETS) if not self._refers(text, old) else text
                   for language, text in given.items() if text}  # fmt: skip
        self.bracketed += sum(given[language] != text for language, text in written.items())
        out = {**(old.as_dict() if old else {}), **written}
        if self.fill and out:
            first = next(iter(out.values()))
            out = {**dict.fromkeys(self.aim.event.details.languages, first), **out}
        return Texts(out)

    @staticmethod
    def _refers(text: str, old: Texts | None) -> bool:
        """Whether it is a text of ours with its references, on its way back."""
        return old is not None and any(text == each for _, each in old.items())

    def _name(self, text: str) -> Texts:
        # A proper name is the same in every language until somebody translates it.
        return Texts(dict.fromkeys(self.aim.event.details.languages, text.translate(BRACKETS)))

    def _place(self, text: str) -> str:
        hit = names.found(
            text, {p.id: p.name for p in self.places.values()}, {p.id: p.aliases for p in self.places.values()}
        )
        if hit is None:
            hit = names.new(text, self.places, "room")
            self.places[hit] = Place(id=hit, kind="room", name=self._name(text))
        return hit

    def _theme(self, text: str) -> str:
        hit = names.found(text, {t.id: t.name for t in self.themes.values()}, {})
        if hit is None:
            hit = names.new(text, self.themes, "theme")
            self.themes[hit] = Theme(id=hit, name=self._name(text))
        return hit

    def _person(self, text: str) -> str:
        people = self.people.values()
        hit = names.found(text, {p.id: p.name for p in people}, {p.id: p.aliases for p in people})
        if hit is None:
            hit = names.new(text, self.people, "person")
            self.people[hit] = Person(id=hit, name=self._name(text))
        return hit

    def _stays_cancelled(self, row: Row, old: Session | None, values: dict[str, Any]) -> None:
        if old is None or row.status == Status.CANCELLED:
            return
        in_folder = old.status == Status.CANCELLED
        if in_folder or old.id in self.cancelled:
            values["status"] = Status.CANCELLED
            where = "in the folder" if in_folder else "in the live programme"
            self.out.notes.append(f"{old.id} is cancelled {where}, and stays so ({row.where} has it)")

    def _doubts(self, row: Row, old: Session | None, session: Session, title: str) -> None:
        if old and title and max(fuzz.WRatio(title, text) for _, text in old.title.items()) < LIKE:
            before = next(iter(old.title.items()))[1]
            self.out.notes.append(f"{session.id} was “{before}”; {row.where} calls it “{title}”: is it the same?")


def _title(row: Row) -> str:
    return next(iter(row.title.values()), "")


def _is_called(session: Session, title: str) -> bool:
    return any(title == text for _, text in session.title.items())
