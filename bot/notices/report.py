"""What became of a notice, as figures: for the card in chat, the shell and the console."""

from dataclasses import dataclass

from sqlalchemy import case, func, select

from bot.delivery.tables import State
from bot.notices.tables import NoticeState, delivery, notice
from bot.store.transaction import Transaction

OVER = (NoticeState.CANCELLED, NoticeState.RECALLED)


@dataclass(frozen=True, slots=True)
class Counts:
    """by: state -> deliveries. confirmed: how many readers have said that they read it."""

    by: dict[State, int]
    confirmed: int

    @property
    def total(self) -> int:
        return sum(self.by.values())


def counts(tx: Transaction, notice_id: int) -> Counts:
    """How many deliveries are in which state; those that a cancelled or recalled notice still holds queued will never
    be sent, and are cancelled."""
    waits_in_vain = (delivery.c.state == State.QUEUED) & notice.c.state.in_(OVER)
    became = case((waits_in_vain, State.CANCELLED.value), else_=delivery.c.state).label("became")
    rows = tx.all(
        select(became, func.count().label("n"), func.count(delivery.c.read_at).label("confirmed"))
        .join_from(delivery, notice)
        .where(delivery.c.notice_id == notice_id)
        .group_by("became")
    )
    return Counts({State(row["became"]): row["n"] for row in rows}, sum(row["confirmed"] for row in rows))
