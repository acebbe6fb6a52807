"""person: one human. account: somebody's address on a channel. update_seen: what was handled."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from bot.store.schema import Moment, RowId, metadata

person = Table(
    "person",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("language", String(16), nullable=False),
    Column("language_chosen", Boolean, nullable=False, default=False),  # said so, rather than guessed
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("leaving_at", Moment),  # asked to be forgotten; the row only carries the goodbye
    # From the participants' list, "" where it is not known: french, chinese, other; delegate, speaker, press…
    Column("side", String(12), nullable=False, default="", server_default=""),
    Column("role", String(40), nullable=False, default="", server_default=""),
    Column("calendar_token", String(43), unique=True),  # 256 bits, opens the agenda's feed
    Index(None, "last_seen_at"),
)

account = Table(
    "account",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("channel", String(16), nullable=False),
    Column("address", String(128), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("reachable", Boolean, nullable=False, default=True),
    Column("used_at", Moment),  # when its person last wrote from it; as exact as `accounts.SEEN_EVERY`
    Column("sequence", Integer, nullable=False, default=0),  # of its newest message; counts up under the row's lock
    Column("expects", String(32), nullable=False, default=""),  # handler of the next free text
    Column("choices", JSON, nullable=False, default=list),  # packed actions last shown, for "2"
    Column("last_entry", String(64), nullable=False, default=""),
    UniqueConstraint("channel", "address"),
)

update_seen = Table(
    "update_seen",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("key", String(160), primary_key=True),
    Column("at", Moment, nullable=False),
    Index(None, "at"),
)
