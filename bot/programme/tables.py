"""version: what was published, whole. seat: how many places a session has and gave. interest: who."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

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
)

seat = Table(
    "seat",
    metadata,
    Column("session_id", String(40), primary_key=True),
    Column("capacity", Integer),  # NULL: no limit known
    Column("taken", Integer, nullable=False, default=0),
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
    Index(None, "session_id", "state", "place"),
)

kept = Table(
    "kept",  # small facts of the installation: the clock's shift, the secret key's check
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)
