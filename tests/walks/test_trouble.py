"""A handler that fails: the person is told in their language, with a number that finds the log; nothing sticks."""

import re

from sqlalchemy import func, select

from bot.chat.action import Action
from bot.chat.reply import Reply
from bot.chat.update import Press, Update
from bot.conversation.context import Context
from bot.conversation.receive import Conversation, Parts
from bot.conversation.router import Register, on
from bot.programme import seats
from bot.programme.tables import interest
from tests.delegate import Bot


async def test_a_failed_handler_tells_the_person_and_undoes_what_it_did(bot: Bot, capsys) -> None:  # type: ignore[no-untyped-def]
    register = Register()

    @register.press("join")
    def broken(ctx: Context, session_id: str) -> Reply:
        seats.register(ctx.tx, ctx.event, ctx.person.id, session_id, now=ctx.now)
        raise RuntimeError("a defect")

    for name in ("notice", "text", "unknown button"):
        handler = on.find("content", name)
        assert handler is not None
        register.content(name)(handler)
    app = bot.app
    parts = Parts(
        store=app.opened.store, clock=app.opened.clock, versions=app.opened.versions, reader=app.reader,
        channels=app.channels, register=register, submit=app.sender.submit, owner=app.sender.owner,
    )  # fmt: skip
    bot.telegram.person(9)
    update = Update(
        channel="telegram", key="k", address="9", author="9", at=app.opened.clock.now(),
        content=Press(Action("join", ("atelier-3",))), language="zh",
    )  # fmt: skip
    await Conversation(parts).receive(update)
    told = await bot.telegram.wait_for(9)
    number = re.search(r"[0-9a-f]{6}", told.text)
    assert number, told.text
    assert "会务组" in told.text or "主办方" in told.text
    assert await app.opened.store.read(lambda tx: tx.scalar(select(func.count()).select_from(interest))) == 0
    logged = capsys.readouterr()
    assert number[0] in logged.out + logged.err
    assert "a defect" in logged.out + logged.err
