"""`passerelle doctor` from outside: what is well, and each fault of token, mode and address with its remedy."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.channels.telegram import doctor
from bot.doctor import checks, database
from bot.findings import Finding, Level
from bot.opening import open_store
from bot.settings import Settings
from tests.delegate import folder
from tests.doubles.telegram import TelegramDouble


@pytest.fixture
async def double() -> AsyncIterator[TelegramDouble]:
    async with TelegramDouble() as made:
        yield made


def settings(double: TelegramDouble, **given: object) -> Settings:
    values = {"telegram_token": double.token, "telegram_api_url": double.url, "event": str(folder("tiny-event"))}
    return Settings(_env_file=None, **{**values, **given})  # type: ignore[arg-type]


async def told(made: Settings) -> list[Finding]:
    return [finding async for finding in checks.examine(made)]


def faults(found: list[Finding]) -> str:
    assert all(each.do for each in found if each.level != Level.OK)
    return "\n".join(f"{each.about}: {each.what} → {each.do}" for each in found if each.level != Level.OK)


async def test_a_bot_that_is_well_has_nothing_to_mend(double: TelegramDouble, sqlite_url: str) -> None:
    made = settings(double, database_url=sqlite_url)
    assert not any(each.level == Level.FAULT for each in await told(made))
    open_store(made).store.close()
    found = await told(made)
    assert {each.about for each in found} >= {
        "settings", "database", "migrations", "data", "broker", "clock", "telegram", "telegram webhook",
    }  # fmt: skip
    assert not any(each.level == Level.FAULT for each in found), faults(found)
    assert double.token.partition(":")[2] not in str(found)
    assert double.calls["getupdates"] == 0, "a look takes no update away"


@pytest.mark.parametrize(
    ("token", "what"),
    [("7000000001:another_token_of_the_tests_35_chars", "refused"), ("70000:short_but_of_the_shape", "no token")],
)
async def test_a_token_that_is_refused(double: TelegramDouble, token: str, what: str) -> None:
    said = faults(await doctor.check(settings(double, telegram_token=token)))
    assert what in said
    assert "@BotFather" in said
    assert token not in said


async def test_modes_that_do_not_match_are_named(double: TelegramDouble) -> None:
    double.webhook_url = "https://elsewhere.example.org/hook"
    assert "a webhook is set at elsewhere.example.org" in faults(await doctor.check(settings(double)))
    other = settings(double, telegram_mode="webhook", public_url="https://127.0.0.1:444")
    said = faults(await doctor.check(other))
    assert "port 444" in said
    assert "and should be https://127.0.0.1:444/telegram/webhook" in said
    double.webhook_url = ""
    assert "not set" in faults(await doctor.check(other))


@pytest.mark.parametrize(
    ("why", "do"),
    [
        ("SSL error {error:0A000086}", "certificate"),
        ("Connection refused", "start the bot"),
        ("Wrong response from the webhook: 403 Forbidden", "SECRET_KEY"),
        ("Wrong response from the webhook: 404 Not Found", "/telegram/webhook"),
        ("Connection timed out", "firewall"),
    ],
)
async def test_what_telegram_met_last_is_told_with_its_remedy(double: TelegramDouble, why: str, do: str) -> None:
    made = settings(double, telegram_mode="webhook", public_url="https://127.0.0.1")
    double.webhook_url = "https://127.0.0.1/telegram/webhook"
    double.last_error = (int(double.now()), why)
    double._updates.extend({"update_id": n, "message": {}} for n in range(60))
    said = faults(await doctor.check(made))
    assert do in next(line for line in said.splitlines() if why in line)
    assert "60 updates wait" in said


@pytest.mark.parametrize(("status", "body", "what"), [(200, "hello", "answers 200"), (502, "", "start the bot")])
async def test_an_address_that_leads_elsewhere(double: TelegramDouble, status: int, body: str, what: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        assert what in faults(await told(settings(double, public_url=url)))
    finally:
        await runner.cleanup()
    assert "cannot be reached" in faults(await told(settings(double, public_url=url)))


async def test_a_database_of_a_newer_version_and_one_that_is_away(double: TelegramDouble, sqlite_url: str) -> None:
    made = settings(double, database_url=sqlite_url)
    store = open_store(made).store
    store.write_now(lambda tx: tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    assert "does not know" in faults(await database.check(made))
    away = settings(double, database_url="postgresql://nobody:secret_word@127.0.0.1:1/none")
    said = faults(await database.check(away))
    assert "PASSERELLE_DATABASE_URL" in said
    assert "secret_word" not in said
    assert "broker" in faults(await told(settings(double, broker_url="nats://127.0.0.1:1")))
