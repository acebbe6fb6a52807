"""The life of an organizer’s notice: draft, scheduled, sending, paused, sent; cancelled, corrected, recalled.

Every step is one UPDATE that names the states it may be taken from (and, before sending, the version that was seen):
two organizers, or one who clicks twice, make one step.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, case, insert, select, update

from bot.delivery.tables import State
from bot.errors import Fault
from bot.event.model import Event
from bot.event.texts import Texts
from bot.notices import audience as audiences
from bot.notices.audience import Audience, Count
from bot.notices.tables import BY_ORGANIZERS, NoticeState, Urgency, delivery, notice
from bot.people.tables import person
from bot.store.transaction import Transaction
from bot.text import splitting
from bot.text.formats import base
from bot.text.markup import SPAN

LONGEST = 3000  # UTF-16 units: with its buttons and notes in one message of Telegram (4096)
LONGEST_BYTES = 1800  # of UTF-8, where WeChat (2048) is among the channels
LATEST = timedelta(days=31)  # after the event, or today where it is over: later is a slip of the pen
BEFORE_SENDING = (NoticeState.DRAFT, NoticeState.SCHEDULED)
CORRECTABLE = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT)
LEFT_OVER = re.compile(r"\*\*|\]\(|\{(?:session|place|contact|link):[^{}\s]*\}|\{event\.[a-z_]+\}")
REMEDIES = {  # the first character of what is left over -> what it is, what to write, its code
    "*": ("a ** without its other", "**bold**, [label](https://…)", "bold"),
    "]": ("a link that leads nowhere", "**bold**, [label](https://…)", "link"),
    "{": ("a reference, which is filled in answers alone", "write the room, the hour or the name itself", "reference"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """texts: language -> text. audience: as written. due_at, created_at, started_at, ended_at: aware UTC."""

    id: int
    kind: str
    state: NoticeState
    urgency: Urgency
    texts: Mapping[str, str]
    audience: str
    both: bool
    receipt: bool
    version: int
    author: str
    due_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    is_fanned: bool = False
    # Texts of a correction that is not agreed to yet; of a draft of changes, what an organizer would change.
    pending: Mapping[str, Any] = field(default_factory=dict)
    card: tuple[str, str, str] | None = None  # channel, address, message: where its organizer sees how far it is
    parts: Mapping[str, Any] | None = None  # by session, of what is put together for each reader
    since: int = 0  # of changes: the version that its readers know
    declined: int = 0  # who would be in the audience and wants no announcements; known once all others are listed

    def in_(self, language: str) -> str:
        """What a reader of `language` gets; all texts where theirs is missing and that was chosen; "" where not."""
        if language in self.texts or base(language) in self.texts:
            return Texts(self.texts).in_(language)
        return "\n\n".join(self.texts.values()) if self.both else ""


def draft(tx: Transaction, *, author: str, now: datetime, kind: str = "broadcast") -> Notice:
    """An empty draft of `author`."""
    values = {
        "kind": kind, "state": NoticeState.DRAFT, "urgency": Urgency.NORMAL, "texts": {}, "audience": "", "both": False,
        "receipt": False, "version": 1, "author": author, "fanned_to": 0, "is_fanned": False, "created_at": now,
    }  # fmt: skip
    made = tx.execute(insert(notice).values(**values).returning(notice.c.id)).scalar_one()
    return get(tx, made)


def get(tx: Transaction, notice_id: int) -> Notice:
    """Raises LookupError for an id that never was."""
    notice_ = find(tx, notice_id)
    if notice_ is None:
        raise LookupError(f"no notice {notice_id}")
    return notice_


def find(tx: Transaction, notice_id: int) -> Notice | None:
    return next(iter(found(tx, select(notice).where(notice.c.id == notice_id))), None)


def every(tx: Transaction, *, limit: int = 50) -> list[Notice]:
    """The newest first."""
    return found(tx, select(notice).order_by(notice.c.id.desc()).limit(limit))


def draft_of(tx: Transaction, author: str) -> Notice | None:
    """The newest draft of an author that is not sent yet."""
    drafts = notice.c.state == NoticeState.DRAFT, notice.c.kind == "broadcast"
    wanted = select(notice).where(notice.c.author == author, *drafts)
    return next(iter(found(tx, wanted.order_by(notice.c.id.desc()).limit(1))), None)


def edit(tx: Transaction, seen: Notice, **changes: Any) -> Notice | None:
    """`seen` with `changes` (texts, audience, urgency, both, receipt, due_at: the moment wanted, which a draft only
    keeps); None where somebody else has changed or sent it since."""
    changed = (
        update(notice)
        .where(notice.c.id == seen.id, notice.c.version == seen.version, notice.c.state.in_(BEFORE_SENDING))
        .values(version=seen.version + 1, state=NoticeState.DRAFT, **{"due_at": None, **changes})
        .returning(notice.c.id)
    )
    return get(tx, seen.id) if tx.execute(changed).first() else None


def faults(seen: Notice, counted: Count) -> list[Fault]:
    """What must be mended before it is sent: each with its place and the remedy; nothing of the draft is lost."""
    out: list[Fault] = []
    texts = {language: text for language, text in seen.texts.items() if text.strip()}
    if not texts:
        out.append(Fault("text", 0, "is empty", "write it in every language that is read", ("empty",)))
    for language, text in texts.items():
        code: tuple[str, ...]
        size = splitting.size(text, "utf16")
        if size > LONGEST:
            most = f"at most {LONGEST} fit into one message"
            code = ("long", language, str(size), str(LONGEST))
            out.append(Fault(f"text.{language}", 0, f"has {size} characters", most, code))
        elif "wechat" in {channel for channel, _ in counted.by} and len(text.encode()) > LONGEST_BYTES:
            most = f"at most {LONGEST_BYTES // 3} characters"
            code = ("long for wechat", language, str(LONGEST_BYTES // 3))
            out.append(Fault(f"text.{language}", 0, "is too long for WeChat", most, code))
        for number, line in enumerate(text.splitlines(), 1):
            if broken := LEFT_OVER.search(SPAN.sub("", line)):
                what, do, kind = REMEDIES[broken[0][0]]
                code = (kind, language, str(number), broken[0])
                out.append(Fault(f"text.{language}", number, f"holds {what}", do, code))
    together = splitting.size("\n\n".join(texts.values()), "utf16")
    if seen.both and together > LONGEST:
        most = f"at most {LONGEST} fit into one message"
        code = ("long together", str(together), str(LONGEST))
        out.append(Fault("text", 0, f"has {together} characters in all its languages together", most, code))
    missing = sorted({base(language) for language in counted.languages if texts and not seen.in_(language)})
    if missing:
        write = f"write it in {', '.join(missing)}, or send every text to those readers (both)"
        lacks = f"is missing in {', '.join(missing)}, which its audience reads"
        out.append(Fault("text", 0, lacks, write, ("missing", *missing)))
    if not counted.total:
        wanted = "nobody in it wants announcements" if counted.declined else "is nobody"
        reason = "nobody in it can be written to" if counted.unreachable else wanted
        out.append(Fault("audience", 0, reason, audiences.WRITE, (reason,)))
    return out


def moment(local: datetime, event: Event, now: datetime) -> datetime | Fault:
    """The aware UTC moment of a local time of the event, or why nothing can be scheduled then."""
    zone, last = event.zone, max(event.details.ends, now.date()) + LATEST
    aware = local.replace(tzinfo=zone)
    utc = aware.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) != local:
        skipped = f"{local:%H:%M} does not exist that night: the clocks skip it"
        return Fault("at", 0, skipped, "an hour later or earlier", ("skipped", f"{local:%H:%M}"))
    if local.date() > last:
        far = f"{local:%Y-%m-%d} is long after the event"
        return Fault("at", 0, far, f"a day until {last}", ("far", local.isoformat(), last.isoformat()))
    if utc <= now:
        here = now.astimezone(zone)
        past = f"is past: it is {here:%Y-%m-%d %H:%M} there"
        return Fault("at", 0, past, "a moment to come, or send it now", ("past", here.isoformat()))
    return utc


def send(tx: Transaction, seen: Notice, now: datetime) -> bool:
    """Begin to send; False where it was edited, sent or cancelled since it was seen. The caller has looked at
    `faults`."""
    going = {"state": NoticeState.SENDING, "started_at": now, "due_at": None}
    return _step(tx, seen.id, BEFORE_SENDING, version=seen.version, **going)


def tell(
    tx: Transaction, kind: str, audience: Audience, parts: Mapping[str, Any], texts: Mapping[str, str], event: Event,
    *, author: str, now: datetime,
) -> int:  # fmt: skip
    """Begin a notice that nobody drafts; to how many. Nothing is made where that is nobody.

    parts: session id -> what `on.notice(kind)` words for whoever goes there; texts: the whole of it by language, for
    lists and reports.
    """
    to = str(audience)
    return _sent(tx, event, now, author=author, kind=kind, audience=to, texts=texts, parts=dict(parts))


def _sent(
    tx: Transaction, event: Event, now: datetime, *, author: str, kind: str = "broadcast", audience: str, **values: Any
) -> int:
    """Begin a notice that is whole; to how many. None is made where that is nobody."""
    urgency = values.get("urgency", Urgency.NORMAL)
    total = audiences.count(tx, audiences.parse(audience, event), event, urgency, kind=kind).total
    if total:
        made = edit(tx, draft(tx, author=author, now=now, kind=kind), audience=audience, **values)
        assert made is not None
        send(tx, made, now)
    return total


def follow(tx: Transaction, notice_id: int, channel: str, address: str, message_id: str) -> None:
    """That message is to show how far the notice is, as it goes."""
    card = [channel, address, message_id]
    tx.execute(update(notice).where(notice.c.id == notice_id).values(card=card))


def schedule(tx: Transaction, seen: Notice, due_at: datetime) -> bool:
    """As `send`, at `due_at` (aware UTC)."""
    return _step(tx, seen.id, BEFORE_SENDING, version=seen.version, state=NoticeState.SCHEDULED, due_at=due_at)


def pause(tx: Transaction, notice_id: int) -> bool:
    """Nothing more is sent, what is in flight ends; False where it was not being sent."""
    return _step(tx, notice_id, (NoticeState.SENDING,), state=NoticeState.PAUSED)


def resume(tx: Transaction, notice_id: int) -> bool:
    return _step(tx, notice_id, (NoticeState.PAUSED,), state=NoticeState.SENDING)


def cancel(tx: Transaction, notice_id: int, now: datetime) -> bool:
    """Whoever has not got it will not; False where it is over or was never begun."""
    open_ = (*BEFORE_SENDING, NoticeState.SENDING, NoticeState.PAUSED)
    return _step(tx, notice_id, open_, state=NoticeState.CANCELLED, ended_at=now)


def recall(tx: Transaction, notice_id: int, now: datetime) -> bool:
    """Take it back from whoever got it, where the platform can; nobody else gets it."""
    begun = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT, NoticeState.CANCELLED)
    return _step(tx, notice_id, begun, state=NoticeState.RECALLED, ended_at=now)


def correct(tx: Transaction, seen: Notice, texts: Mapping[str, str]) -> bool:
    """Put other texts in its place: with those who have it and for those who have not; False where another
    correction came first. Whoever's text stays as it was is left in peace."""
    # A notice that is over is begun again; a pause stays one.
    state = case((notice.c.state == NoticeState.PAUSED, NoticeState.PAUSED.value), else_=NoticeState.SENDING.value)
    values = {"texts": {**seen.texts, **texts}, "state": state, "ended_at": None, "pending": {}}
    if not _step(tx, seen.id, CORRECTABLE, version=seen.version, **values):
        return False
    same = [language for language, text in seen.texts.items() if texts.get(language, text) == text]
    if "zh" in same and "zh-Hant" not in seen.texts:
        same.append("zh-Hant")
    theirs = select(person.c.id).where(person.c.language.in_(same))
    have = update(delivery).where(delivery.c.notice_id == seen.id, delivery.c.state == State.SENT)
    tx.execute(have.where(delivery.c.person_id.in_(theirs)).values(version=seen.version + 1))
    return True


def propose(tx: Transaction, seen: Notice, texts: Mapping[str, str]) -> bool:
    """Keep a correction until it is agreed to; False where another came first. A later one takes its place."""
    kept = update(notice).where(notice.c.id == seen.id, notice.c.version == seen.version)
    return tx.execute(kept.values(pending=dict(texts)).returning(notice.c.id)).first() is not None


def tell_again(
    tx: Transaction, seen: Notice, languages: Sequence[str], event: Event, *, author: str, now: datetime
) -> int:
    """Send the texts of `seen` in these languages once more, as a correction, to whoever had it and reads them; how
    many these are. For what was corrected in place, which rings nobody."""
    texts = seen.texts if seen.both else {language: seen.texts[language] for language in languages}
    to = f"notice:{seen.id}" + ("" if seen.both else f" language:{','.join(languages)}")
    alike: dict[str, Any] = {"urgency": seen.urgency, "both": seen.both, "receipt": seen.receipt}
    return _sent(tx, event, now, author=author, kind="correction", texts=texts, audience=to, **alike)


def _step(tx: Transaction, notice_id: int, from_: Sequence[NoticeState], *, version: int = 0, **values: Any) -> bool:
    changed = update(notice).where(notice.c.id == notice_id, notice.c.state.in_(from_))
    if version:
        changed = changed.where(notice.c.version == version)
        values.setdefault("version", version + 1)
    if tx.execute(changed.values(**values).returning(notice.c.id)).first() is None:
        return False
    tx.signal("notice", notice_id)
    return True


def confirm(tx: Transaction, notice_id: int, person_id: int, now: datetime) -> bool:
    """The person says that they have read it; False where it never went to them."""
    theirs = delivery.c.notice_id == notice_id, delivery.c.person_id == person_id
    read = update(delivery).where(*theirs, delivery.c.read_at.is_(None)).values(read_at=now)
    tx.execute(read)
    return tx.one(select(delivery.c.id).where(*theirs)) is not None


def still_true(tx: Transaction, person_id: int, *, limit: int = 5) -> list[Notice]:
    """What was announced and not taken back, newest first: to everyone, or to this person."""
    theirs = select(delivery.c.notice_id).where(delivery.c.person_id == person_id, delivery.c.message_id != "")
    told = (NoticeState.SENDING, NoticeState.PAUSED, NoticeState.SENT)
    wanted = (
        select(notice)
        .where(notice.c.kind.in_(BY_ORGANIZERS), notice.c.state.in_(told))
        .where((notice.c.audience == "") | notice.c.id.in_(theirs))
        .order_by(notice.c.id.desc())
        .limit(limit)
    )
    return found(tx, wanted)


def count(tx: Transaction, seen: Notice, event: Event) -> Count:
    """Whom it would reach now. Raises BadInput for an audience that is none."""
    return audiences.count(tx, audience_of(seen, event), event, seen.urgency, kind=seen.kind)


def audience_of(seen: Notice, event: Event) -> Audience:
    return audiences.parse(seen.audience, event)


def found(tx: Transaction, wanted: Select[Any]) -> list[Notice]:
    """The notices that a SELECT of the whole table finds."""
    return [
        Notice(
            id=row["id"], kind=row["kind"], state=NoticeState(row["state"]), urgency=Urgency(row["urgency"]),
            texts=row["texts"], audience=row["audience"], both=row["both"], receipt=row["receipt"],
            version=row["version"], author=row["author"], due_at=row["due_at"], created_at=row["created_at"],
            started_at=row["started_at"], ended_at=row["ended_at"], is_fanned=row["is_fanned"], pending=row["pending"],
            declined=row["declined"], parts=row["parts"], since=row["since"] or 0,
            card=tuple(row["card"]) if row["card"] else None,
        )
        for row in tx.all(wanted)
    ]  # fmt: skip
