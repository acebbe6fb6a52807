"""notice: something to tell many. delivery: one notice to one person, on one account at a time. preference: what a
person wants to be told. heard: which facts they were told of late."""

from enum import StrEnum

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from bot.store.schema import Moment, RowId, metadata


class NoticeState(StrEnum):
    """Where a notice stands. From DRAFT or SCHEDULED to SENDING it goes once, by a compare-and-set."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"  # nothing is open any more
    CANCELLED = "cancelled"
    RECALLED = "recalled"


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"  # overtakes, knows no quiet hours and no preference, is sent again where in doubt


class Level(StrEnum):
    """How a person wants a kind of message."""

    ON = "on"
    OFF = "off"
    SILENT = "silent"


LONGEST_AUDIENCE = 400  # characters, as an organizer writes it
KINDS = ("announcements", "changes", "reminders", "digest", "feedback")
# What readers call a kind of notice.
KIND_OF = {
    "broadcast": "announcements",
    "correction": "announcements",  # one that was corrected in place, told again
    "changes": "changes",
    "answers": "changes",  # what somebody was told of a session that they do not go to
    "reminders": "reminders",
    "digest": "digest",
    "new": "changes",  # a session more in a theme that they follow
    "full": "changes",  # a session of such a theme has no place left
    "places": "places",  # a place that came free, of which everybody wants to hear
    "feedback": "feedback",
    # To whoever speaks, of their own slot: it changed, it comes, are they there? Nobody turns that off.
    "slot changed": "slots",
    "slot soon": "slots",
    "slot now": "slots",
    "offers": "places",  # one that is held for them
    "offers-now": "places",  # and not until morning
    "lapsed": "places",  # and that they did not take in time
    "still": "places",  # whether they still come
    "released": "places",  # and that they lost their place by not saying so
}
BY_ORGANIZERS = ("broadcast", "correction")  # kinds whose texts an organizer wrote, and may correct
OF_A_PUBLICATION = ("slot changed", "changes", "answers", "new")
OF_SLOTS = ("slot changed", "slot soon", "slot now")
BY_THE_CLOCK = ("reminders", "digest", "slot soon", "slot now")  # kinds that come at their hour, by night too
ABOUT_TO_BEGIN = ("still", "released", "offers-now")  # kinds that cannot wait until morning: the session does not
ALIKE = ("places", "offers", "lapsed", "full", "feedback", *ABOUT_TO_BEGIN)  # kinds that all their readers get alike

notice = Table(
    "notice",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", String(20), nullable=False),  # a key of KIND_OF; who words it is registered under it
    Column("state", String(12), nullable=False),
    Column("urgency", String(8), nullable=False),
    Column("texts", JSON, nullable=False),  # language -> text, as an organizer wrote it
    Column("audience", Text, nullable=False),  # as written, see audience.py; "" is everyone
    Column("parts", JSON(none_as_null=True)),  # by session, of what is put together for each reader
    Column("since", Integer),  # of changes: the version that its readers know
    Column("both", Boolean, nullable=False),  # whoever's language is missing gets all texts, by explicit choice
    Column("receipt", Boolean, nullable=False),  # asks to be confirmed as read
    Column("pending", JSON, nullable=False, default=dict),  # a correction that its organizer has not agreed to yet
    Column("declined", Integer, nullable=False, default=0),  # who is in the audience and wants no announcements
    Column("card", JSON(none_as_null=True)),  # channel, address, message: where its organizer sees how far it is
    Column("version", Integer, nullable=False),  # counts up with each edit, so that nobody sends what they did not see
    Column("author", String(160), nullable=False),  # "telegram:123", "shell"
    Column("due_at", Moment),  # of a schedule
    Column("fanned_to", RowId, nullable=False),  # persons up to this id have their deliveries
    Column("is_fanned", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    Index(None, "state"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("notice_id", RowId, ForeignKey("notice.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("account_id", RowId, ForeignKey("account.id", ondelete="CASCADE")),  # NULL: they have none to write to
    Column("channel", String(16), nullable=False, default=""),  # the account's, so that a claim looks at its own alone
    Column("turn", Integer, nullable=False),  # 1; 2 for the second try on another account
    Column("state", String(12), nullable=False),  # bot.delivery.tables.State
    Column("silent", Boolean, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Column("lease_owner", String(40), nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("message_id", String(64), nullable=False, default=""),
    Column("version", Integer, nullable=False, default=0),  # of the text that the message shows
    Column("why", Text, nullable=False, default=""),
    Column("closed_at", Moment),
    Column("read_at", Moment),
    UniqueConstraint("notice_id", "person_id", "turn"),
    Index("ix_delivery_notice_state", "notice_id", "state", "channel", "due_at"),
    Index(
        "ix_delivery_sending",
        "lease_until",
        sqlite_where=text("state = 'sending'"),
        postgresql_where=text("state = 'sending'"),
    ),
)

preference = Table(
    "preference",
    metadata,
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("level", String(8), nullable=False),
    Index(None, "kind", "level", sqlite_where=text("level <> 'on'"), postgresql_where=text("level <> 'on'")),
)

heard = Table(
    "heard",
    metadata,
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True),
    Column("key", String(64), primary_key=True),  # see heard.py
    Column("at", Moment, nullable=False),
    Index(None, "key"),
)
