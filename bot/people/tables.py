"""person: one human. account: somebody's address on a channel. update_seen: what was handled. participant: a row of the
organizers' list, and whose it is. code_try: a code that was wrong. link, link_code, link_try, feed: how two persons
become one (linking.py)."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, false

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
    # A group of a platform, in which several write: what is personal is not said there, nor anything unasked.
    Column("is_group", Boolean, nullable=False, default=False, server_default=false()),
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
    # When its person last wrote from it, as exact as `accounts.SEEN_EVERY`; empty once they left, until they write.
    Column("used_at", Moment),
    Column("sequence", Integer, nullable=False, default=0),  # of its newest message; counts up under the row's lock
    Column("expects", String(64), nullable=False, default=""),  # handler of the next free text
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

participant = Table(
    "participant",
    metadata,
    Column("code", String(40), primary_key=True),  # folded, see participants.folded
    Column("name", String(120), nullable=False),
    Column("organisation", String(200), nullable=False, default=""),
    Column("side", String(12), nullable=False, default=""),
    Column("role", String(40), nullable=False, default=""),
    Column("delegation", String(200), nullable=False, default=""),
    Column("language", String(16), nullable=False, default=""),
    Column("email", String(200), nullable=False, default=""),
    Column("hotel", String(300), nullable=False, default=""),
    Column("shuttle", String(300), nullable=False, default=""),
    Column("seating", String(300), nullable=False, default=""),  # the column "table" of the list, a word of SQL's own
    Column("interpreter", String(300), nullable=False, default=""),
    Column("speaker", String(40), unique=True),  # a person of event.yaml, NULL for none
    # Whose code it is: one person's at a time, and of no person two.
    Column("person_id", RowId, ForeignKey("person.id", ondelete="SET NULL"), unique=True),
    Column("linked_at", Moment),
)

code_try = Table(
    "code_try",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "person_id", "at"),
)

link_code = Table(
    "link_code",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("account_id", RowId, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the code, which stands nowhere
    Column("entered_by", RowId, ForeignKey("person.id", ondelete="CASCADE")),  # who typed it, and is to confirm
    Column("expires_at", Moment, nullable=False),
)

link_try = Table(
    "link_try",  # a wrong code
    metadata,
    Column("id", RowId, primary_key=True),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
)

link = Table(
    "link",  # two persons that became one, with what undoes it
    metadata,
    Column("id", RowId, primary_key=True),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("accounts", JSON, nullable=False),  # ids: those of the person that is no more
    Column("brought", JSON, nullable=False),  # what each subject needs to give back what that person had
    Column("at", Moment, nullable=False),
)

feed = Table(
    "feed",  # a further address of a person's calendar: of somebody whom they were joined with
    metadata,
    Column("token", String(43), primary_key=True),
    Column("person_id", RowId, ForeignKey("person.id", ondelete="CASCADE"), nullable=False, index=True),
)
