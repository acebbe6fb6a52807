"""What is not WeChat's, or not now, is refused with the right status; nothing of it is logged or kept."""

import base64
import secrets
import time
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from bot.people.tables import update_seen
from tests.delegate import Bot, running
from tests.doubles.wechat import WeChatDouble
from tests.doubles.wechat_xml import signed, written

PRIVATE = "我叫李伟护照G12345678"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))
    + "]><xml><Encrypt>&i;</Encrypt><Content>&i;</Content></xml>"
)
OUTSIDE = '<!DOCTYPE xml [<!ENTITY x SYSTEM "file:///etc/passwd">]><xml><Encrypt>&x;</Encrypt></xml>'


@pytest.fixture(params=["safe", "plain"])
async def wechat_bot(request: pytest.FixtureRequest, sqlite_url: str) -> AsyncIterator[Bot]:
    async with running(sqlite_url, wechat=WeChatDouble(mode=request.param)) as made:
        yield made


def message(**fields: str) -> dict[str, str]:
    return {
        "ToUserName": "gh_x", "FromUserName": "oPersonLi", "CreateTime": str(int(time.time())), "MsgType": "text",
        "MsgId": str(secrets.randbits(60)), "Content": PRIVATE, **fields,
    }  # fmt: skip


async def test_the_handshake(wechat_bot: Bot) -> None:
    double, at = wechat_bot.wechat, str(int(time.time()))
    query = {"signature": signed(double.token, at, "n"), "timestamp": at, "nonce": "n", "echostr": "12345<x>"}
    async with double.http.get(wechat_bot.url + "/wechat", params=query) as answer:
        assert (answer.status, await answer.text()) == (200, "12345<x>")
        assert answer.content_type == "text/plain"
    async with double.http.get(wechat_bot.url + "/wechat", params={**query, "signature": "0" * 40}) as answer:
        assert answer.status == 403
    async with double.http.get(wechat_bot.url + "/wechat") as answer:
        assert answer.status == 403


async def test_what_is_refused(wechat_bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    double, old = wechat_bot.wechat, str(int(time.time()) - 301)
    safe = double.mode == "safe"
    query, body = double.request(message())
    forged = {**query, "signature": "0" * 40, "msg_signature": "0" * 40}
    stale = {**query, "timestamp": old}
    sealed = body.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    stale |= {"signature": signed(double.token, old, query["nonce"])}
    stale |= {"msg_signature": signed(double.token, old, query["nonce"], sealed)}
    cases: list[tuple[str, int, dict[str, str], bytes]] = [
        ("forged", 403, forged, body.encode()),
        ("unsigned", 403, {}, body.encode()),
        ("a name in another script", 403, {**query, "signature": "签名", "msg_signature": "签名"}, body.encode()),
        ("a replay older than the window", 403, stale, body.encode()),
        ("a timestamp that is none", 403, {**query, "timestamp": "1e9"}, body.encode()),
        ("a bomb", 400, query, BOMB.encode()),
        ("an entity from outside", 400, query, OUTSIDE.encode()),
        ("no XML", 400, query, b"\xff\xfe" + PRIVATE.encode()),
        ("nothing", 400, query, b""),
        ("an unknown encoding", 400, query, b'<?xml version="1.0" encoding="x-nope"?><xml/>'),
        ("a megabyte", 413, query, b"<xml>" + b"x" * 1_000_000 + b"</xml>"),
    ]
    if safe:

        def signed_for(text: str) -> tuple[dict[str, str], bytes]:
            at = query["timestamp"]
            return {**query, "msg_signature": signed(double.token, at, query["nonce"], text)}, written(
                {"Encrypt": text}
            ).encode()

        other = WeChatDouble(app_id="wx0000000000000000", aes_key=double.aes_key)
        other.token = double.token
        raw = base64.b64decode(sealed)
        flipped = base64.b64encode(raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]).decode()
        cases += [
            ("another body under the same signature", 403, query, written({"Encrypt": flipped}).encode()),
            ("truncated base64", 400, *signed_for(sealed[:-3])),
            ("no whole blocks", 400, *signed_for(base64.b64encode(raw[:-5]).decode())),
            ("no base64", 400, *signed_for("不是密文")),
            ("plain text in safe mode", 400, query, written(message()).encode()),
        ]
        theirs, wrong = other.request(message())
        cases.append(("another AppID", 403, theirs, wrong.encode()))
    for what, status, given, raw_body in cases:
        async with double.http.post(wechat_bot.url + "/wechat", params=given, data=raw_body) as answer:
            assert answer.status == status, what
            assert await answer.text() in ("", f"{status}: {answer.reason}"), what
    assert (
        await wechat_bot.app.opened.store.read(lambda tx: tx.scalar(select(func.count()).select_from(update_seen))) == 0
    )
    logged = "".join(capsys.readouterr())
    assert "wechat.call_refused" in logged
    for secret in (PRIVATE, "oPersonLi", double.token, double.secret, double.aes_key, sealed or PRIVATE):
        assert secret not in logged


async def test_memory_stays_flat_under_refused_bodies(wechat_bot: Bot) -> None:
    double = wechat_bot.wechat
    query, _ = double.request(message())

    async def many(count: int) -> None:
        for n in range(count):
            body = BOMB.encode() if n % 2 else b"<xml>" + b"x" * 1_000_000
            async with double.http.post(wechat_bot.url + "/wechat", params=query, data=body) as answer:
                assert answer.status in (400, 413)

    await many(10)
    tracemalloc.start()
    try:
        await many(10)
        before = tracemalloc.get_traced_memory()[0]
        await many(60)
        assert tracemalloc.get_traced_memory()[0] - before < 1_000_000
    finally:
        tracemalloc.stop()


async def test_a_replay_within_the_window_makes_nothing_twice(wechat_bot: Bot) -> None:
    double = wechat_bot.wechat
    await double.event("oPersonLi", "subscribe")
    query, body = double.request(message(Content="/help"))
    texts = set()
    for _ in range(3):
        async with double.http.post(wechat_bot.url + "/wechat", params=query, data=body.encode()) as answer:
            texts.add(len(await answer.text()))
    assert len(texts) == 1
    assert (
        await wechat_bot.app.opened.store.read(lambda tx: tx.scalar(select(func.count()).select_from(update_seen))) == 2
    )
