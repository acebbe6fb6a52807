"""The broker that processes share, and the clock that all moments come from."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp

from bot.event import load
from bot.findings import Finding, fault, ok, warning
from bot.opening import look_up
from bot.settings import Settings

WITNESSES = ("https://api.telegram.org/", "https://pypi.org/")  # whose clocks are right
SECONDS = 3.0
APART = 5.0  # seconds between clocks that are worth a word; Telegram's sign-in lasts an hour


async def broker(settings: Settings) -> list[Finding]:
    about = "broker"
    if settings.broker_url is None:
        return [ok(about, "none: one process does everything")]
    import nats

    try:
        async with asyncio.timeout(SECONDS):  # it would try for half a minute
            connection = await nats.connect(
                settings.broker_url.get_secret_value(), allow_reconnect=False, error_cb=_silent
            )
    except Exception as error:  # noqa: BLE001 (nats raises many kinds)
        do = "start NATS there, or mend PASSERELLE_BROKER_URL; until then workers look by themselves"
        return [fault(about, f"does not answer: {type(error).__name__}", do)]
    try:
        await connection.jetstream().account_info()
    except Exception:  # noqa: BLE001
        return [fault(about, "NATS answers without JetStream", "start nats-server with -js")]
    finally:
        await connection.close()
    return [ok(about, "NATS answers, with JetStream")]


async def _silent(_: Exception) -> None:
    pass


async def clock(settings: Settings) -> list[Finding]:
    """The machine's, beside others'; and whether the bot lives at another moment."""
    about, found = "clock", []
    witness = [settings.telegram_api_url + "/"] if settings.telegram_api_url else WITNESSES
    apart = await _apart(witness)
    if apart is None:
        found.append(warning(about, "no other clock could be asked", "set the machine to keep time by NTP"))
    elif abs(apart) > APART:
        found.append(
            fault(about, f"this machine is {abs(apart):.0f} s {'ahead' if apart > 0 else 'behind'}", "use NTP")
        )
    else:
        found.append(ok(about, f"right within {APART:.0f} s"))
    try:
        event, _ = await asyncio.to_thread(load.read, load.find(settings.event))
        looked = await asyncio.to_thread(look_up, settings, event) if event else None
    except Exception:  # noqa: BLE001 (told by the checks of the data and the database)
        return found
    if looked is not None and looked.clock.is_moved:
        what = f"the bot's own is moved: there it is {looked.clock.now():%Y-%m-%d %H:%M} UTC"
        found.append(warning(about, what, "for the real time: a new database without PASSERELLE_CLOCK"))
    return found


async def _apart(addresses: "list[str] | tuple[str, ...]") -> float | None:
    """How many seconds we are ahead of the first of them that answers."""
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as http:
        for address in addresses:
            try:
                async with http.head(address, allow_redirects=False) as answer:
                    theirs = parsedate_to_datetime(answer.headers["Date"])
            except (aiohttp.ClientError, TimeoutError, KeyError, ValueError):
                continue
            return (datetime.now(UTC) - theirs).total_seconds()
    return None
