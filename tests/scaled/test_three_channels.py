"""One notice in three languages to people on Telegram, WeChat and the web: each gets it once, in theirs, and the rate
that Telegram allows is held to the last."""

import asyncio
import gc
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import insert, select, text

from bot.delivery.tables import State, outbox, window
from bot.notices import broadcast
from bot.notices.tables import NoticeState, Urgency
from bot.people.tables import account, person
from bot.store.threads import Store
from bot.store.transaction import Transaction
from tests import databases
from tests.doubles.telegram import TelegramDouble
from tests.doubles.wechat import WeChatDouble
from tests.races.test_broadcast_kills import NOW, TEXTS, begun, states
from tests.scaled.topology import Topology, nats

CHANNELS = ("telegram", "wechat", "web")
LANGUAGES = ("fr", "zh", "en")


def language(n: int) -> str:
    return LANGUAGES[n // len(CHANNELS) % len(LANGUAGES)]


def addresses(channel: str, many: int) -> dict[int, str]:
    """Person -> where they are, of those on that channel."""
    shape = {"telegram": "{}", "wechat": "oPerson{:08}", "web": "page{:028}"}[channel]
    first = CHANNELS.index(channel) + 1
    return {n: shape.format(n) for n in range(first, many + 1, len(CHANNELS))}


def mixed(tx: Transaction, many: int) -> None:
    """Persons 1…many, a third of them on each channel, in three languages; who is on WeChat has just written."""
    who = {"language_chosen": False, "created_at": NOW, "last_seen_at": NOW, "side": "", "role": ""}
    tx.execute(insert(person), [{"id": n, "language": language(n), **who} for n in range(1, many + 1)])
    where = {"created_at": NOW, "used_at": NOW, "choices": [], "reachable": True}
    for channel in CHANNELS:
        rows = [{"id": n, "person_id": n, "address": at} for n, at in addresses(channel, many).items()]
        tx.execute(insert(account), [{**row, "channel": channel, **where} for row in rows])
    opened = {"until": NOW + timedelta(hours=48), "left": 5, "brief_until": NOW, "brief_left": 0}
    tx.execute(insert(window), [{"account_id": n, **opened} for n in addresses("wechat", many)])
    if tx.is_postgresql:  # whoever comes by themselves gets the next number
        for table in ("person", "account"):
            tx.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), :many)"), {"many": many})


def on_pages(tx: Transaction) -> dict[str, list[str]]:
    """Address -> what its page was given."""
    rows = tx.execute(
        select(account.c.address, outbox.c.body).join_from(outbox, account).where(account.c.channel == "web")
    )
    found: dict[str, list[str]] = {}
    for at, body in rows:
        found.setdefault(at, []).append(str(body))
    return found


def settings_of(wechat: WeChatDouble) -> Mapping[str, str]:
    return {
        "PASSERELLE_WECHAT_APP_ID": wechat.app_id, "PASSERELLE_WECHAT_APP_SECRET": wechat.secret,
        "PASSERELLE_WECHAT_TOKEN": wechat.token, "PASSERELLE_WECHAT_AES_KEY": wechat.aes_key,
        "PASSERELLE_WECHAT_API_URL": wechat.url, "PASSERELLE_PUBLIC_URL": "https://bot.example",
    }  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "rate"), [("one process on SQLite", 1_000), ("four workers on PostgreSQL", 300)])
async def test_10000_on_three_channels_at_the_allowed_rate(
    kind: str, rate: int, tmp_path: Path, sqlite_url: str, request: pytest.FixtureRequest
) -> None:
    await told_once(
        request.getfixturevalue("postgresql") if "four" in kind else sqlite_url, tmp_path, 10_000, rate, kind
    )


@pytest.mark.parametrize("kind", ["one process on SQLite", "two workers on PostgreSQL"])
async def test_each_is_told_once_on_their_channel_in_their_language(
    kind: str, tmp_path: Path, sqlite_url: str, request: pytest.FixtureRequest
) -> None:
    await told_once(request.getfixturevalue("postgresql") if "two" in kind else sqlite_url, tmp_path, 300, 60, kind)


async def told_once(server: str, folder: Path, many: int, rate: int, kind: str) -> None:
    """server: an SQLite database, or a PostgreSQL that may be filled with one."""
    is_long, is_alone = many > 1_000, server.startswith("sqlite")
    began = monotonic()
    async with AsyncExitStack() as stack:
        url, broker = server, ""
        if not is_alone:
            url = stack.enter_context(databases.database(server))
            broker = (await stack.enter_async_context(nats(folder / "nats"))).url
        store = Store(url)
        stack.callback(store.close)
        store.write_now(mixed, many)
        wechat = WeChatDouble(now=lambda: NOW + timedelta(seconds=monotonic() - began))
        await stack.enter_async_context(wechat)
        for at in addresses("wechat", many).values():
            who = wechat.follower(at)
            who.left, who.until = 5, NOW + timedelta(hours=48)
        # In short, beside other tests: where the machine stalls, what was sent in time comes in a heap.
        telegram = await stack.enter_async_context(TelegramDouble(rate=rate if is_long else rate * 1.5))
        for at in addresses("telegram", many).values():
            telegram.person(int(at))
        settings = {
            "PASSERELLE_CLOCK": "2014-11-06T10:00", "PASSERELLE_EMBEDDER": "none",
            "PASSERELLE_TELEGRAM_RATE": str(rate), **settings_of(wechat),
        }  # fmt: skip
        bot = Topology(
            url, broker, folder / "bot", telegram=telegram, settings=settings,
            web=0 if is_alone else 2, workers=0 if is_alone else 4 if is_long else 2, alone=is_alone,
        )  # fmt: skip
        await stack.enter_async_context(bot)
        if is_long:
            await bot.is_warm()
        gc.disable()  # the doubles': a pause of a tenth of a second would be measured as a burst
        stack.callback(gc.enable)
        notice = await store.write(begun, Urgency.NORMAL)
        async with asyncio.timeout(300):
            while (await store.read(broadcast.get, notice.id)).state != NoticeState.SENT:
                await asyncio.sleep(0.1)
        pages = await store.read(on_pages)
        assert Counter((await store.read(states, notice.id)).values()) == {State.SENT: many}
    for n, at in addresses("telegram", many).items():
        assert [TEXTS[language(n)] in seen.text for seen in telegram.sent(int(at))] == [True], n
    for n, at in addresses("wechat", many).items():
        assert [TEXTS[language(n)] in seen.text for seen in wechat.follower(at).seen] == [True], n
    for n, at in addresses("web", many).items():
        assert [TEXTS[language(n)] in body for body in pages[at]] == [True], n
    assert telegram.faults == wechat.faults == []
    assert [each for each in telegram.refusals if each[1] == 429] == [], "the pace held"
    times = sorted(when for when, method, _ in telegram.log if method == "sendmessage")
    held = (len(times) - 1) / (times[-1] - times[0])
    told = [seen.at for at in addresses("wechat", many).values() for seen in wechat.follower(at).seen if seen.at]
    seconds = (max(told) - min(told)).total_seconds()
    if is_long:
        print(
            f"{many} in three languages on three channels, {kind}: Telegram {held:.1f}/s of {rate}, at most"
            f" {telegram.busiest_second()} in a second, none refused; WeChat {len(told) / seconds:.0f}/s"
        )
