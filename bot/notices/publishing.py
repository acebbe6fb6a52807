"""A version is published and whoever it touches is told of it: one way for the shell and for chat, in one transaction.

What is changed in chat settles for a while, so that a slip that is put right is told to nobody, and what changed twice
is told once, as it stands in the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from bot.event.model import Event, Session
from bot.notices import audience as audiences
from bot.notices import broadcast, heard, seated
from bot.notices.audience import Audience, Count
from bot.notices.broadcast import Notice
from bot.notices.tables import OF_A_PUBLICATION, NoticeState, Urgency, notice
from bot.programme import offers, speaking, touched, versions
from bot.programme.touched import Touched
from bot.programme.versions import Published
from bot.store.transaction import Transaction

SETTLES = timedelta(seconds=60)
HEAD_START = timedelta(seconds=3)  # of the people of a session before whoever goes there
Told = tuple[Mapping[str, Any], Mapping[str, str]]  # parts by session, whole texts by language


class Wording(NamedTuple):
    """changes: from the sessions touched, the events before and after and the reason by language. answers: parts, by
    the keys of `heard`, of the answers that say something else after than before, those sessions' cards among them.
    added: from the sessions that are new in a theme, and the event."""

    changes: Callable[[Sequence[Touched], Event, Event, Mapping[str, str]], Told]
    answers: Callable[[Event, Event, Mapping[str, Any]], Told]
    added: Callable[[Sequence[Session], Event], Told]


@dataclass(frozen=True, slots=True)
class Done:
    """number: of the new version; people: who is being told, or will be at `due_at` (aware UTC; None: at once);
    corrected: how many besides, who go to none of it and were told of it in the last day; followers: who hear of what
    is new in a theme that they follow."""

    number: int
    people: int
    corrected: int = 0
    due_at: datetime | None = None
    followers: int = 0


def publish(
    tx: Transaction, seen: int, new: Published, wording: Wording, *, author: str, tells: bool = True,
    settles: timedelta = timedelta(0),
) -> Done | None:  # fmt: skip
    """Publish `new` (whose number is not looked at) and begin to tell, after it has settled; None where version `seen`
    is no longer the newest.

    A notice of changes that still settles is put together anew: from what its readers know to what is so now, or
    dropped where that is the same. Safe under a race: the row of version `seen` is locked, and one publisher at a
    time looks for such a notice.
    """
    number = versions.publish_after(tx, seen, new)
    if number is None:
        return None
    waiting = _waiting(tx)
    done = _told(tx, seen, number, new, wording, waiting, author, settles) if tells or waiting else Done(number, 0)
    settling = seated.settling(tx)
    for session in new.event.sessions:
        if session.id not in settling:  # first what changed, then the seats that this freed
            passed = offers.pass_on(tx, new.event, session, new.published_at)
            seated.tell_passed(tx, new.event, passed, new.published_at)
    return done


def _told(
    tx: Transaction, seen: int, number: int, new: Published, wording: Wording, waiting: Sequence[Notice], author: str,
    settles: timedelta,
) -> Done:  # fmt: skip
    """Begin to tell of what is new since version `seen`, and of what is in the notices that wait, which are dropped."""
    since = min((each.since for each in waiting), default=seen)
    tx.execute(delete(notice).where(notice.c.id.in_([each.id for each in waiting])))  # what they say is out of date
    before, after = versions.at(tx, since).event, new.event
    found = touched.between(before, after, new.published_at)
    parts, texts = wording.changes(found, before, after, _reason(tx, since))
    # Whoever speaks there is told first, and once.
    slots = {id_: {**parts[id_], "people": speak} for id_, speak in speakers(found).items()}
    speak = sorted({id_ for part in slots.values() for id_ in part["people"]})
    to = audiences.speakers(speak)
    first = _begin(tx, "slot changed", to, slots, texts, new, author, since, settles) if slots else 0
    rest = settles + (HEAD_START if first else timedelta(0))
    to = audiences.touched(parts, but=speak)
    people = first + (_begin(tx, "changes", to, parts, texts, new, author, since, rest) if parts else 0)
    heard.forget(tx, new.published_at)
    answers, wholes = wording.answers(before, after, parts)
    who = Audience((
        ("heard", tuple(answers)),
        *((("untouched", tuple(parts)),) if parts else ()), *((("listener", tuple(speak)),) if speak else ()),
    ))  # fmt: skip
    corrected = _begin(tx, "answers", who, answers, wholes, new, author, since, rest) if answers else 0
    fresh, told = wording.added(touched.added(before, after, new.published_at), after)
    themes = dict.fromkeys(part["theme"] for part in fresh.values())
    to = Audience((("follows", tuple(themes)),))
    followers = _begin(tx, "new", to, fresh, told, new, author, since, settles) if fresh else 0
    due_at = new.published_at + settles if settles and (people or corrected or followers) else None
    return Done(number, people, corrected, due_at, followers)


def speakers(found: Sequence[Touched]) -> dict[str, list[str]]:
    """session id -> the people of event.yaml who speak there, or did until now; sessions without any left out."""
    people = {
        each.after.id: sorted({*speaking.people(each.before), *speaking.people(each.after)}) for each in found
    }  # fmt: skip
    return {id_: speak for id_, speak in people.items() if speak}


def reach(tx: Transaction, found: Sequence[Touched], event: Event) -> Count:
    """Whom a publication of these changes reaches: speakers, and whoever goes there, each once."""
    speak = sorted({id_ for ids in speakers(found).values() for id_ in ids})
    kinds = (("slot changed", audiences.speakers(speak)), ("changes", audiences.touched(_ids(found), but=speak)))
    total = Count({}, 0, 0)
    for kind, to in kinds if speak else kinds[1:]:
        one = audiences.count(tx, to, event, Urgency.NORMAL, kind=kind)
        by = {key: total.by.get(key, 0) + one.by.get(key, 0) for key in {*total.by, *one.by}}
        total = Count(by, total.unreachable + one.unreachable, total.declined + one.declined)
    return total


def _ids(found: Sequence[Touched]) -> list[str]:
    return [each.after.id for each in found]


def _begin(
    tx: Transaction, kind: str, to: Audience, parts: Mapping[str, Any], texts: Mapping[str, str], new: Published,
    author: str, since: int, settles: timedelta,
) -> int:  # fmt: skip
    """Begin a notice, or let it settle; to how many. None is made where that is nobody."""
    people = audiences.count(tx, to, new.event, Urgency.NORMAL, kind=kind).total
    if not people:
        return 0
    made = broadcast.draft(tx, author=author, now=new.published_at, kind=kind)
    edited = broadcast.edit(tx, made, texts=texts, parts=dict(parts), audience=str(to), since=since)
    assert edited is not None
    if settles:
        broadcast.schedule(tx, edited, new.published_at + settles)
    else:
        broadcast.send(tx, edited, new.published_at)
    return people


def tell_now(tx: Transaction, now: datetime) -> bool:
    """What settles is told at once; False where nothing does."""
    told = [broadcast.send(tx, waiting, now) for waiting in _waiting(tx)]
    return any(told)


def before(tx: Transaction, published: Published) -> Published | None:
    """The version before this one, to be published again: with what was edited then; None where there is none."""
    return versions.at(tx, published.number - 1) if published.number > 1 else None


def _waiting(tx: Transaction) -> list[Notice]:
    """The notices of a publication that has not settled yet, locked."""
    wanted = select(notice).where(notice.c.kind.in_(OF_A_PUBLICATION), notice.c.state == NoticeState.SCHEDULED)
    return broadcast.found(tx, wanted.order_by(notice.c.id).with_for_update())


def _reason(tx: Transaction, since: int) -> Mapping[str, str]:
    """The last reason that was given after version `since`."""
    return next((reason for reason in versions.reasons(tx, since) if reason), {})
