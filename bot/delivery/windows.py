"""What may be sent to an account unasked, on a platform that counts it: so many messages until then.

What makes it safe: `take` is one UPDATE that names what must be left, so two processes never spend the same message;
`renew` is an upsert in the turn's own transaction, so an update that is delivered twice renews once.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from bot.chat.update import Opening
from bot.delivery.tables import quota, window
from bot.people import privacy
from bot.people.tables import account
from bot.store.transaction import Transaction

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
OUTSIDE = "outside the window"  # why a delivery is unreachable until its person writes
KEPT = 1  # of the messages for having written: for what is urgent


def renew(tx: Transaction, account_id: int, opening: Opening, now: datetime) -> None:
    """What the person just did opens: an allowance is whole again, never more."""
    until = now + timedelta(seconds=opening.seconds)
    of = ("brief_until", "brief_left") if opening.is_brief else ("until", "left")
    values = dict(zip(of, (until, opening.messages), strict=True))
    shut = {"until": NEVER, "left": 0, "brief_until": NEVER, "brief_left": 0}
    made = tx.insert(window).values(**{"account_id": account_id, **shut, **values})
    tx.execute(made.on_conflict_do_update(index_elements=["account_id"], set_=values))


def is_open(now: datetime, *, keep: int = KEPT) -> ColumnElement[bool]:
    """Whether a message may be sent that leaves `keep`."""
    brief = and_(window.c.brief_until > now, window.c.brief_left > 0)
    return or_(brief, and_(window.c.until > now, window.c.left > keep))


def take(tx: Transaction, channel: str, address: str, now: datetime, *, keep: int = KEPT) -> bool:
    """One message of the account's allowance, the brief one first, since it is soon over; whether there was one."""
    ours = window.c.account_id == _id_of(channel, address)
    brief = update(window).where(ours, window.c.brief_until > now, window.c.brief_left > 0)
    if tx.execute(brief.values(brief_left=window.c.brief_left - 1).returning(window.c.left)).first():
        return True
    long = update(window).where(ours, window.c.until > now, window.c.left > keep)
    return tx.execute(long.values(left=window.c.left - 1).returning(window.c.left)).first() is not None


def give_back(tx: Transaction, channel: str, address: str, now: datetime) -> None:
    """A message that was taken never reached the platform."""
    ours = update(window).where(window.c.account_id == _id_of(channel, address), window.c.until > now)
    tx.execute(ours.values(left=window.c.left + 1))


def shut(tx: Transaction, channel: str, address: str) -> None:
    """The platform says that there is nothing left: it knows better."""
    ours = window.c.account_id == _id_of(channel, address)
    tx.execute(update(window).where(ours).values(left=0, brief_left=0))


def count(tx: Transaction, name: str, day: str, limit: int) -> bool:
    """One call of a daily quota; whether there was one left. day: in the platform's zone."""
    made = tx.insert(quota).values(name=name, day=day, used=1)
    another = made.on_conflict_do_update(
        index_elements=["name"],
        set_={"day": day, "used": quota.c.used + 1},
        where=and_(quota.c.day == day, quota.c.used < limit),
    ).returning(quota.c.used)
    if tx.execute(another).first():
        return True
    first = update(quota).where(quota.c.name == name, quota.c.day != day).values(day=day, used=1)
    return tx.execute(first.returning(quota.c.used)).first() is not None


def spend(tx: Transaction, name: str, day: str, limit: int) -> None:
    """The platform says that the day's quota is used up."""
    made = tx.insert(quota).values(name=name, day=day, used=limit)
    tx.execute(made.on_conflict_do_update(index_elements=["name"], set_={"day": day, "used": limit}))


def _id_of(channel: str, address: str) -> Any:
    wanted = select(account.c.id).where(account.c.channel == channel, account.c.address == address)
    return wanted.scalar_subquery()


def _show(tx: Transaction, person_id: int) -> Any:
    rows = tx.all(
        select(window.c.until, window.c.left).join_from(window, account).where(account.c.person_id == person_id)
    )
    return [privacy.plain(row) for row in rows]


def _erase(tx: Transaction, person_id: int) -> None:
    theirs = select(account.c.id).where(account.c.person_id == person_id)
    tx.execute(delete(window).where(window.c.account_id.in_(theirs)))


privacy.register(privacy.Subject("windows", ("window",), _show, _erase))
