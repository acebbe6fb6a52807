"""What every writer of a programme needs: how things are called in the file, and what a file cannot hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.event.model import Event, Session, Status
from bot.exchange import names


@dataclass(slots=True)
class Going:
    """A programme on its way out. stamp: aware UTC, when it was published; left_out: what this format cannot hold."""

    event: Event
    language: str
    stamp: datetime
    left_out: list[str] = field(default_factory=list)

    def place(self, id_: str | None) -> str:
        places = self.event.places
        return (
            names.called(id_, {p.id: p.name for p in places}, {p.id: p.aliases for p in places}, self.language)
            if id_
            else ""
        )

    def theme(self, id_: str | None) -> str:
        return names.called(id_, {t.id: t.name for t in self.event.details.themes}, {}, self.language) if id_ else ""

    def person(self, id_: str) -> str:
        people = self.event.details.people
        return names.called(id_, {p.id: p.name for p in people}, {p.id: p.aliases for p in people}, self.language)

    def with_hours(self) -> Iterable[Session]:
        """The sessions that a grid of hours can hold; the others are said to be left out."""
        for session in self.event.sessions:
            if session.starts_at is None:
                self.left_out.append(f"{session.id}: its day or hour is not known")
            elif session.status == Status.CANCELLED:
                # The format has no word for it, and whoever reads the file would go there.
                self.left_out.append(f"{session.id}: it is cancelled")
            else:
                yield session

    def duration(self, session: Session) -> str:
        """HH:MM; 00:00 where the end is not known."""
        if session.starts_at is None or session.ends_at is None:
            return "00:00"
        minutes = int((session.ends_at - session.starts_at).total_seconds() // 60)
        return f"{minutes // 60:02}:{minutes % 60:02}"

    def number(self, thing: str) -> int:
        """frab's numeric id of a session or person: from the guid, so that it stays the same."""
        return int(names.guid(self.event.details.id, thing)[:7], 16) + 1

    @property
    def acronym(self) -> str:
        """As both schemas of the C3VOC want it: small letters, digits, '_', four or more."""
        return self.event.details.id.replace("-", "_").ljust(4, "_")

    def abstract(self, session: Session) -> str:
        return session.abstract.in_(self.language) if session.abstract else ""
