"""The same update again and again, at once: one effect, one reply."""

import asyncio

from sqlalchemy import func, select

from bot.chat.action import Action
from bot.chat.update import Press, Text, Update
from bot.delivery.tables import outbox
from bot.programme.tables import seat
from bot.store.transaction import Transaction
from tests.delegate import Bot


def counts(tx: Transaction) -> tuple[int, int]:
    return int(tx.scalar(select(func.count()).select_from(outbox))), int(
        tx.scalar(select(seat.c.taken).where(seat.c.session_id == "atelier-3"))
    )


async def test_an_update_delivered_5_times_at_once_has_one_effect_and_one_reply(bot: Bot) -> None:
    app = bot.app
    bot.telegram.person(5)

    def update(key: str, content: Text | Press) -> Update:
        return Update(
            channel="telegram", key=key, address="5", author="5", at=app.opened.clock.now(), content=content,
            language="fr",
        )  # fmt: skip

    first = update("1", Text("/help"))
    await asyncio.gather(*(app.conversation.receive(first) for _ in range(5)))
    join = update("2", Press(Action("join", ("atelier-3",))))
    await asyncio.gather(*(app.conversation.receive(join) for _ in range(5)))
    await app.sender.idle()
    messages, taken = await app.opened.store.read(counts)
    assert taken == 1
    assert messages == 3, "help, the notice of first contact, the card: each once"
    assert len(bot.telegram.sent(5)) == 3


async def test_one_persons_updates_are_answered_in_order_and_all(bot: Bot) -> None:
    app = bot.app
    bot.telegram.person(6)
    keys = [str(n) for n in range(30)]

    def update(key: str) -> Update:
        return Update(
            channel="telegram", key=key, address="6", author="6", at=app.opened.clock.now(),
            content=Text(f"/nothing{key}"), language="fr",
        )  # fmt: skip

    await asyncio.gather(*(app.conversation.receive(update(key)) for key in keys))
    await app.sender.idle()

    def order(tx: Transaction) -> list[str]:
        return list(tx.execute(select(outbox.c.because).order_by(outbox.c.sequence)).scalars())

    seen = await app.opened.store.read(order)
    assert list(dict.fromkeys(seen)) == keys
