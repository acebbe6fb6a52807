"""How a notice would fare where what may be sent depends on when its reader last wrote: told before it is sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, select

from bot.delivery.tables import window
from bot.delivery.windows import KEPT, is_open
from bot.event.model import Event
from bot.notices import audience as audiences
from bot.notices.broadcast import Notice, audience_of
from bot.notices.tables import KIND_OF, Urgency
from bot.store.transaction import Transaction

COUNTING = ("wechat",)  # platforms with a window
SOON = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Persons on such a platform. now: reached when it goes out; by_template: the others, by a short notice of the
    platform's, where there is one for this kind; later: when they next write. closing: whose window, open now, closes
    before `by` (aware UTC)."""

    now: int
    by_template: int
    later: int
    closing: int
    by: datetime

    @property
    def total(self) -> int:
        return self.now + self.by_template + self.later


def of(tx: Transaction, seen: Notice, event: Event, now: datetime) -> Forecast:
    """As of now; of one that is scheduled, as of the moment it goes out. Raises BadInput for an audience that is
    none."""
    at = seen.due_at or now
    by = seen.due_at or now + SOON
    keep = 0 if seen.urgency == Urgency.URGENT else KEPT
    to = audiences.selected(audience_of(seen, event), event, seen.urgency, kind=seen.kind).subquery("to")
    open_then, open_now = is_open(at, keep=keep), is_open(now, keep=keep)
    row = tx.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((open_then, 1), else_=0)), 0),
            func.coalesce(func.sum(case((and_(open_now, window.c.until <= by), 1), else_=0)), 0),
        )
        .select_from(to.outerjoin(window, window.c.account_id == to.c.account_id))
        .where(to.c.channel.in_(COUNTING), to.c.account_id.is_not(None))
    ).one()
    total, reached, closing = (int(each) for each in row)
    has_template = event.details.wechat is not None and KIND_OF[seen.kind] in event.details.wechat.templates
    rest = total - reached
    return Forecast(reached, rest if has_template else 0, 0 if has_template else rest, closing, by)
