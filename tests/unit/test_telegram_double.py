"""The double of the Bot API is as strict as Telegram: what it must refuse, and in which words."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.doubles.telegram import TelegramDouble


@pytest.fixture
async def double() -> AsyncIterator[TelegramDouble]:
    async with TelegramDouble() as made:
        made.person(7)
        yield made


async def call(double: TelegramDouble, method: str, **parameters: Any) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{double.url}/bot{double.token}/{method}", json=parameters) as answer,
    ):
        return answer.status, (await answer.json()).get("description", "")


def keyboard(**button: str) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"text": "<p>x</p>"}, 'can\'t parse entities: Unsupported start tag "p" at byte offset 0'),
        ({"text": "é<b>x"}, "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ({"text": "é</b>"}, "can't parse entities: Unexpected end tag at byte offset 2"),
        ({"text": "a < b"}, 'can\'t parse entities: Unsupported start tag "" at byte offset 2'),
        ({"text": "<b> </b>"}, "message text is empty"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "x", "reply_markup": keyboard(text="x", callback_data="é" * 33)}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x", "reply_markup": keyboard(text="x")},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": keyboard(text="x", url="http://localhost/")},
            "inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
        ),
        (
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 9]}},
            "reply markup is too long",
        ),
        ({"text": "x", "chat_id": 99}, "chat not found"),
    ],
)
async def test_a_message_over_a_limit_is_refused_and_counts_as_a_fault(
    double: TelegramDouble, parameters: dict[str, Any], refusal: str
) -> None:
    refused = await call(double, "sendMessage", **{"chat_id": 7, "parse_mode": "HTML", **parameters})
    assert refused == (400, f"Bad Request: {refusal}")
    assert double.faults == [f"sendmessage: Bad Request: {refusal}"]


async def test_a_message_at_its_limit_is_taken(double: TelegramDouble) -> None:
    text = "&lt;<b>" + "😀" * 2047 + "x</b>"
    assert await call(double, "sendMessage", chat_id=7, parse_mode="HTML", text=text) == (200, "")
    (seen,) = double.sent(7)
    assert (seen.text[0], seen.marked("bold"), double.faults) == ("<", ["😀" * 2047 + "x"], [])


async def test_more_than_the_rate_is_refused_and_held(double: TelegramDouble) -> None:
    for chat in range(100, 140):
        double.person(chat)
    done = await asyncio.gather(*(call(double, "sendMessage", chat_id=chat, text="x") for chat in range(100, 140)))
    assert [status for status, _ in done].count(200) == 33
    assert (429, "Too Many Requests: retry after 3") in done
    assert await call(double, "sendMessage", chat_id=7, text="x") == (429, "Too Many Requests: retry after 3")


async def test_a_burst_to_one_chat_is_refused(double: TelegramDouble) -> None:
    done = [(await call(double, "sendMessage", chat_id=7, text="x"))[0] for _ in range(7)]
    assert done == [200] * 5 + [429] * 2


async def test_a_press_is_answered_once(double: TelegramDouble) -> None:
    update = double.press_old(7, "x")
    query = update["callback_query"]["id"]
    assert double.unanswered() == [query]
    assert await call(double, "answerCallbackQuery", callback_query_id=query) == (200, "")
    assert (await call(double, "answerCallbackQuery", callback_query_id=query))[0] == 400
    assert (double.unanswered(), len(double.faults)) == ([], 1)


async def test_tokens_and_methods_are_told_apart(double: TelegramDouble) -> None:
    assert await call(double, "sendBanana") == (404, "Not Found")
    double.token = "7000000001:another_token_of_the_tests_35_chars"
    wrong = TelegramDouble(token="7000000001:a_third_token_of_the_tests_35_characters", port=double.port)
    assert await call(wrong, "getMe") == (401, "Unauthorized")
    assert await call(TelegramDouble(token="nonsense", port=double.port), "getMe") == (404, "Not Found")


async def test_polling_knows_webhooks_offsets_and_rivals(double: TelegramDouble) -> None:
    double.webhook_url = "https://example.org/x"
    assert (await call(double, "getUpdates"))[1].startswith("Conflict: can't use getUpdates method while webhook")
    await call(double, "deleteWebhook")
    first = asyncio.create_task(call(double, "getUpdates", timeout=5))
    await double.wait_until(lambda: double.calls["getupdates"] == 2)
    update = double.message(7, "x")
    assert await first == (200, "")
    assert (double.pending(), double.delivered[update["update_id"]]) == (1, 1)
    rival = asyncio.create_task(call(double, "getUpdates", timeout=5, offset=update["update_id"] + 1))
    await double.wait_until(lambda: double.pending() == 0)
    await call(double, "getUpdates", timeout=0)
    assert (await rival)[1].startswith("Conflict: terminated by other getUpdates request")
