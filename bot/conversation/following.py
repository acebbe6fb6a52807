"""Keeps the card of an announcement under way up to date in its organizer's chat: Refresh is pressed for them, until
they do something else there. Once it is over they are told, where they are by then.

What makes it safe: a press of ours holds only for the newest message that was seen here (Update.only_at), which the
turn compares under the account's lock. So it never takes the place of what the organizer has just opened, nor of the
text that they are about to write: that is looked at again a second later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update

from bot.chat.action import Action
from bot.chat.channel import Channel
from bot.chat.update import Press, Update
from bot.clock import Clock
from bot.notices import broadcast
from bot.notices.broadcast import Notice
from bot.notices.tables import NoticeState, notice
from bot.people.tables import account
from bot.store.threads import Store
from bot.store.transaction import Transaction

LOOK_SECONDS = 1.0
FIRST_SECONDS = 3.0  # between two refreshes; then a tenth of the time that it has taken so far

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Card:
    """message_id: the platform's, of the message that shows it. sequence: of the account's newest message. expects:
    what the organizer is about to write, "" for nothing."""

    notice: Notice
    channel: str
    address: str
    message_id: str
    sequence: int
    expects: str


def cards(tx: Transaction) -> list[Card]:
    """The cards that are followed."""
    found = broadcast.found(tx, select(notice).where(notice.c.card.is_not(None)))
    out = []
    for seen in found:
        assert seen.card is not None
        channel, address, message_id = seen.card
        where = account.c.channel == channel, account.c.address == address
        row = tx.one(select(account.c.sequence, account.c.expects).where(*where))
        if row is None:  # forgotten
            leave(tx, seen.id)
        else:
            out.append(Card(seen, channel, address, message_id, row["sequence"], row["expects"]))
    return out


def leave(tx: Transaction, notice_id: int) -> None:
    tx.execute(update(notice).where(notice.c.id == notice_id).values(card=None))


class Following:
    """Of one process at a time."""

    def __init__(
        self, store: Store, channels: Mapping[str, Channel], clock: Clock, receive: Callable[[Update], Awaitable[bool]]
    ) -> None:
        self._store, self._channels, self._clock, self._receive = store, channels, clock, receive
        self._sequence: dict[int, int] = {}  # notice -> the organizer's newest message, as we left it
        self._shown_at: dict[int, datetime] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                for card in await self._store.write(cards):
                    await self._look(card)
            except Exception:
                log.exception("cards.failed")
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, card: Card) -> None:
        if card.channel not in self._channels:  # of `passerelle chat`, which looks for itself
            await self._store.write(leave, card.notice.id)
            return
        seen, now = card.notice, self._clock.now()
        has_moved = self._sequence.setdefault(seen.id, card.sequence) != card.sequence
        if seen.state in (NoticeState.SENDING, NoticeState.PAUSED):
            channel = self._channels[card.channel]
            begun = seen.started_at or now
            since = now - self._shown_at.setdefault(seen.id, begun)
            is_due = since.total_seconds() >= max(FIRST_SECONDS, (now - begun).total_seconds() / 10)
            can = channel.abilities.edits
            if has_moved or card.expects or not can or not is_due or seen.state == NoticeState.PAUSED:
                return
            if await self._press(card, card.message_id, now):
                self._shown_at[seen.id] = now
                self._sequence[seen.id] = card.sequence + 1
        elif not card.expects and await self._press(card, "" if has_moved else card.message_id, now):
            await self._store.write(leave, seen.id)

    async def _press(self, card: Card, message_id: str, now: datetime) -> bool:
        """Whether it held: the organizer may have gone on."""
        action = Action("notice", (str(card.notice.id),))
        return await self._receive(
            Update(
                channel=card.channel, key=f"card:{card.notice.id}:{now.timestamp():.3f}", address=card.address,
                author=card.address, at=now, content=Press(action, message_id), only_at=card.sequence,
            )
        )  # fmt: skip
