"""version: what was published, whole. begun: what happens once. revision: how often a session changed. seat: how many
places it has and gave. interest: who. guest: whom somebody signed up by name. own_note: what somebody wrote to
themselves. follow: a theme. presence: whether a speaker is in the room. feedback: what a session was worth.
feedback_asked: who was asked for it."""

from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from bot.store.schema import Moment, RowId, metadata


class Interest(StrEnum):
    GOING = "going"
    WAITLISTED = "waitlisted"
    WITHDRAWN = "withdrawn"


version = Table(
    "version",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("published_at", Moment, nullable=False),
    Column("digest", String(64), nullable=False),  # of the content, to know an unchanged folder
    Column("content", Text, nullable=False),  # the Event as JSON
    Column("reason", JSON(none_as_null=True)),  # language -> why, in the organizer's words
    Column("edits", JSON(none_as_null=True)),  # what was changed in chat, see edits.py
)

begun = Table(
    "begun",  # what is begun once, however many processes run: a reminder, a morning's digest
    metadata,
    Column("key", String(120), primary_key=True),
    Column("at", Moment, nullable=False),
)

revision = Table(
    "revision",  # what calendars know of a session, see revisions.py
    metadata,
    Column("session_id", String(40), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("digest", String(32), nullable=False),  # of what a calendar shows; "" where it was not kept yet
)

seat = Table(
    "seat",
    metadata,
    Column("session_id", String(40), primary_key=True),
    Column("capacity", Integer),  # NULL: no limit known
    Column("taken", Integer, nullable=False, default=0),  # by who goes, by guests, and held for offers
    Column("last_place", Integer, nullable=False, default=0),  # numbers the waiting list, never reused
    # The last word against a 51st person for 50 seats. A capacity cut below what was given stays honest:
    # nobody is put out, `taken` may then exceed it but never grow.
    CheckConstraint("taken >= 0", name="taken"),
)

interest = Table(
    "interest",
    metadata,
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("session_id", String(40), ForeignKey("seat.session_id"), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("place", Integer, nullable=False, default=0),  # on the waiting list
    Column("changed_at", Moment, nullable=False),
    # Of one who waits: a seat is held for them until then, and counted in `taken`.
    Column("offered_until", Moment),
    # Of one who goes: they were asked whether they still come to this start, and have not said so.
    Column("asked_for", Moment),
    Index(None, "session_id", "state", "place"),
    Index(
        "ix_interest_offered_until", "offered_until",
        sqlite_where=text("offered_until IS NOT NULL"), postgresql_where=text("offered_until IS NOT NULL"),
    ),
)  # fmt: skip

guest = Table(
    "guest",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("session_id", String(40), ForeignKey("seat.session_id"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("added_at", Moment, nullable=False),
    UniqueConstraint("person_id", "session_id", "name"),
)

own_note = Table(
    "own_note",
    metadata,
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("session_id", String(40), primary_key=True),
    Column("text", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
)

follow = Table(
    "follow",
    metadata,
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("theme", String(40), primary_key=True),
    Column("since", Moment, nullable=False),
    Index(None, "theme"),
)

presence = Table(
    "presence",
    metadata,
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("session_id", String(40), primary_key=True),
    Column("speaker", String(40), nullable=False),  # the person of event.yaml that they are
    Column("state", String(8), nullable=False),  # bot.programme.speaking.Presence
    Column("at", Moment, nullable=False),
    Index(None, "session_id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("session_id", String(40), nullable=False),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="SET NULL")),  # NULL once they are forgotten
    Column("stars", Integer, nullable=False),
    Column("line", Text, nullable=False, default=""),
    Column("at", Moment, nullable=False),
    UniqueConstraint("session_id", "person_id"),
    CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
    Index(None, "person_id"),
)

feedback_asked = Table(
    "feedback_asked",
    metadata,
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("half_day", String(16), primary_key=True),  # "2027-05-20/am": at most one message in each
    Column("session_id", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "session_id"),
)

kept = Table(
    "kept",  # small facts of the installation: the clock's shift, the secret key's check
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
