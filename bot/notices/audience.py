"""Whom a notice is for: written as words, checked against the event, counted before anything is sent.

`language:zh channel:telegram session:atelier-3,atelier-4 unregistered` - all of the terms must hold, of the values
after a colon any one. "" is everyone.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.sql.selectable import Subquery

from bot.errors import BadInput, Fault
from bot.event.model import Event
from bot.notices.preferences import chose_lead
from bot.notices.tables import ABOUT_TO_BEGIN, BY_THE_CLOCK, KIND_OF, Level, Urgency, delivery, heard, preference
from bot.people.tables import account, participant, person
from bot.programme import queries
from bot.programme.tables import Interest, feedback_asked, follow, guest, interest
from bot.store.transaction import Transaction

NEVER_PUSHED = ("terminal",)  # nobody sits there when a notice goes out
SIDES = ("french", "chinese", "other")
ALONE = "unregistered"
WRITE = "language:zh, channel:telegram, side:chinese, role:speaker, theme:ID, session:ID, day:YYYY-MM-DD, unregistered"


@dataclass(frozen=True, slots=True)
class Audience:
    """terms: (name, values), all of which must hold; a name may stand there twice ("session:a session:b": both)."""

    terms: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        return next((values for term, values in self.terms if term == name), ())

    def __str__(self) -> str:
        return " ".join(f"{name}:{','.join(values)}" if values else name for name, values in self.terms)


@dataclass(frozen=True, slots=True)
class Count:
    """by: (channel, language) -> persons to be written to there. unreachable: no account can be written to;
    declined: want no announcements. Neither of those two is in `total`."""

    by: dict[tuple[str, str], int]
    unreachable: int
    declined: int

    @property
    def total(self) -> int:
        return sum(self.by.values())

    @property
    def languages(self) -> set[str]:
        return {language for _, language in self.by}


def parse(text: str, event: Event) -> Audience:
    """The audience that `text` names. Raises BadInput with every term that names nobody, and the nearest that does."""
    terms: list[tuple[str, tuple[str, ...]]] = []
    faults: list[Fault] = []
    for term in text.replace("，", ",").replace("：", ":").split():
        name, colon, rest = term.partition(":")
        values = tuple(dict.fromkeys(value for value in rest.split(",") if value))
        if name == ALONE and not colon:
            terms.append((name, ()))
            continue
        known = _known(name, event)
        if known is None or not values:
            faults.append(Fault(term, 0, "names no audience", f"write {WRITE}", ("term", term, WRITE)))
            continue
        for value in values:
            if name == "notice" and not (value.isascii() and value.isdigit() and len(value) < 19):
                faults.append(Fault(term, 0, f"{value!r} is no announcement’s number", "see passerelle broadcast list"))
            if known and value not in known:
                near = difflib.get_close_matches(value, known, n=1, cutoff=0.5)
                do = f"did you mean {near[0]}?" if near else f"one of {', '.join(sorted(known)[:12])}"
                faults.append(Fault(term, 0, f"there is no {name} {value!r}", do, ("value", f"{name}:{value}", *near)))
        terms.append((name, values))
    if faults:
        raise BadInput(faults)
    return Audience(tuple(dict.fromkeys(terms)))


def touched(sessions: Iterable[str], but: Sequence[str] = ()) -> Audience:
    """Whoever goes to, or waits for, one of these sessions, which may be gone from the programme. but: people of
    event.yaml who are told by themselves."""
    others = (("listener", tuple(but)),) if but else ()
    return Audience((("touched", tuple(sessions)), *others))


def speakers(people: Iterable[str]) -> Audience:
    """These people of event.yaml, as far as they have given their code."""
    return Audience((("speaker", tuple(people)),))


def _known(name: str, event: Event) -> set[str] | None:
    """The values that a term may have, an empty set for any; None for no term."""
    match name:
        case "language":
            return set(event.details.scripts)
        case "channel":
            return {"telegram", "wechat", "web"}
        case "side":
            return set(SIDES)
        case (
            "role"
            | "notice"
            | "touched"
            | "going"
            | "lead"
            | "person"
            | "heard"
            | "untouched"
            | "speaker"
            | "listener"
            | "asked"
            | "follows"
        ):  # of sessions that may be gone by then
            return set()
        case "theme":
            return set(event.theme)
        case "session":
            return set(event.session)
        case "day":
            return {session.day.isoformat() for session in event.sessions if session.day}
    return None


def can_be_written(of: FromClause) -> ColumnElement[bool]:
    """Whether an account can be written to unasked. of: the table of accounts, or an alias of it."""
    return and_(of.c.reachable, of.c.channel.not_in(NEVER_PUSHED))


def last_used(of: FromClause) -> ColumnElement[datetime]:
    return func.coalesce(of.c.used_at, of.c.created_at)


def chosen(after: int | None = None, upto: int | None = None) -> Subquery:
    """The account that each person is written to on: of those that can be, the one they last used.

    after, upto: of persons with these ids alone (exclusive, inclusive).
    """
    rank = func.row_number().over(
        partition_by=account.c.person_id,
        order_by=(
            account.c.reachable.desc(),
            last_used(account).desc(),
            account.c.id,
        ),
    )
    ranked = select(
        account.c.id, account.c.person_id, account.c.channel, account.c.reachable, rank.label("rank")
    ).where(account.c.channel.not_in(NEVER_PUSHED))
    if after is not None:
        ranked = ranked.where(account.c.person_id > after)
    if upto is not None:
        ranked = ranked.where(account.c.person_id <= upto)
    return ranked.subquery("chosen")


def selected(
    audience: Audience,
    event: Event,
    urgency: Urgency,
    *,
    kind: str = "broadcast",
    after: int | None = None,
    upto: int | None = None,
) -> Select[tuple[int, int | None, bool, str, str, str | None]]:
    """Everybody in the audience who wants that kind of notice: person_id, account_id (NULL: none can be written to),
    silent, language, channel."""
    where, pref, account_of = _where(audience, event, kind, after, upto)
    silent = pref.c.level == Level.SILENT if urgency != Urgency.URGENT else literal(value=False)
    reached = case((account_of.c.reachable, account_of.c.id), else_=null())
    wants = [] if urgency == Urgency.URGENT else [or_(pref.c.level.is_(None), pref.c.level != Level.OFF)]
    return (
        select(
            person.c.id.label("person_id"), reached.label("account_id"),
            func.coalesce(silent, literal(value=False)).label("silent"), person.c.language,
            func.coalesce(account_of.c.channel, "").label("channel"),
        )
        .select_from(_from(pref, account_of))
        .where(*where, *wants)
    )  # fmt: skip


def count(tx: Transaction, audience: Audience, event: Event, urgency: Urgency, *, kind: str = "broadcast") -> Count:
    """How many a notice of that kind would reach, on which channel and in which language, and how many not, and why."""
    where, pref, account_of = _where(audience, event, kind, None, None)
    declines = (
        literal(value=False)
        if urgency == Urgency.URGENT
        else func.coalesce(pref.c.level == Level.OFF, literal(value=False))
    )
    rows = tx.execute(
        select(
            account_of.c.channel, person.c.language, account_of.c.reachable, declines.label("declines"), func.count()
        )
        .select_from(_from(pref, account_of))
        .where(*where)
        .group_by(account_of.c.channel, person.c.language, account_of.c.reachable, declines)
    ).all()
    by: dict[tuple[str, str], int] = {}
    unreachable = declined = 0
    for row in rows:
        channel, language, reachable, declines_it, n = tuple(row)
        if declines_it:
            declined += n
        elif not reachable:
            unreachable += n
        else:
            by[channel, language] = by.get((channel, language), 0) + n
    return Count(by, unreachable, declined)


def declined(tx: Transaction, audience: Audience, event: Event, urgency: Urgency, *, kind: str = "broadcast") -> int:
    """How many are in the audience and want none of that kind; of an urgent one nobody is asked."""
    if urgency == Urgency.URGENT:
        return 0
    where, pref, account_of = _where(audience, event, kind, None, None)
    found = select(func.count()).select_from(_from(pref, account_of)).where(*where, pref.c.level == Level.OFF)
    return int(tx.scalar(found))


def _from(pref: Subquery, account_of: Subquery) -> FromClause:
    first = and_(account_of.c.person_id == person.c.id, account_of.c.rank == 1)
    return person.outerjoin(account_of, first).outerjoin(pref, pref.c.person_id == person.c.id)


def _where(
    audience: Audience, event: Event, kind: str, after: int | None, upto: int | None
) -> tuple[list[ColumnElement[bool]], Subquery, Subquery]:
    pref = select(preference).where(preference.c.kind == KIND_OF[kind]).subquery("pref")
    account_of = chosen(after, upto)
    where: list[ColumnElement[bool]] = [person.c.leaving_at.is_(None), ~person.c.is_group]
    if after is not None:
        where.append(person.c.id > after)
    if upto is not None:
        where.append(person.c.id <= upto)
    for name, values in audience.terms:
        where.append(_term(name, values, event, account_of))
    return where, pref, account_of


def _term(name: str, values: Sequence[str], event: Event, account_of: Subquery) -> ColumnElement[bool]:
    match name:
        case "language":
            return person.c.language.in_([*values, *(["zh-Hant"] if "zh" in values else [])])
        case "channel":
            return account_of.c.channel.in_(values)
        case "side":
            return person.c.side.in_(values)
        case "role":
            return person.c.role.in_(values)
        case "notice":
            return exists().where(
                delivery.c.person_id == person.c.id,
                delivery.c.notice_id.in_([int(value) for value in values if value.isdigit()]),
                delivery.c.message_id != "",
            )
        case "unregistered":
            return ~_interested(None)
        case "session" | "touched":
            return _interested(values)
        case "heard":
            return exists().where(heard.c.person_id == person.c.id, heard.c.key.in_(values))
        case "untouched":
            return ~_interested(values, *Interest)  # whoever left is left in peace
        case "speaker":
            return _speaks(values)
        case "listener":
            return ~_speaks(values)
        case "asked":
            return exists().where(feedback_asked.c.person_id == person.c.id, feedback_asked.c.session_id.in_(values))
        case "follows":
            return exists().where(follow.c.person_id == person.c.id, follow.c.theme.in_(values))
        case "person":
            return person.c.id.in_([int(value) for value in values if value.isdigit()])
        case "going":
            return _interested(values, Interest.GOING)
        case "lead":
            return chose_lead(person.c.id, int(values[0]))
        case "theme":
            return _interested([session.id for session in event.sessions if session.theme in values])
        case "day":
            return _interested([s.id for s in event.sessions if s.day and s.day.isoformat() in values])
    raise ValueError(name)


def _speaks(people: Sequence[str]) -> ColumnElement[bool]:
    """Is one of these people of event.yaml, by their code."""
    return exists().where(participant.c.person_id == person.c.id, participant.c.speaker.in_(people))


def _interested(sessions: Sequence[str] | None, *states: Interest) -> ColumnElement[bool]:
    """Goes to or waits for one of `sessions`, of any where None, or has signed somebody up for it. states: where it is
    one of these alone."""
    wanted = [
        interest.c.person_id == person.c.id,
        interest.c.state.in_(states or (Interest.GOING, Interest.WAITLISTED)),
    ]
    others = [guest.c.person_id == person.c.id]
    if sessions is not None:
        wanted.append(interest.c.session_id.in_(sessions))
        others.append(guest.c.session_id.in_(sessions))
    return or_(exists().where(*wanted), exists().where(*others))


def next_ids(tx: Transaction, after: int, many: int) -> int | None:
    """The id of the person `many` further than `after`, or the last there is; None where there is none."""
    ids = select(person.c.id).where(person.c.id > after).order_by(person.c.id).limit(many).subquery()
    found = tx.scalar(select(func.max(ids.c.id)))
    return int(found) if found is not None else None


def quiet_until(now: datetime, event: Event, urgency: Urgency, *, kind: str = "broadcast") -> datetime | None:
    """When the night is over in which nothing is sent but what is urgent or comes by the clock; None by day, and for
    those. now: aware UTC; the hours of the night are local to the event."""
    at_once = urgency == Urgency.URGENT or kind in BY_THE_CLOCK or kind in ABOUT_TO_BEGIN
    return None if at_once else queries.morning(now, event)
