"""All checks, in the order in which their findings are told. A check that fails is itself a finding."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from bot.channels.telegram import doctor as telegram
from bot.doctor import address, database, machine, wechat
from bot.findings import Check, Finding, fault, ok, warning
from bot.settings import Settings

LONGEST_SECONDS = 30.0


async def settings_(_: Settings) -> list[Finding]:
    return [ok("settings", "every value can be used")]  # else no command would have started


async def team(settings: Settings) -> list[Finding]:
    """Whether anybody gets what delegates ask a person: a terminal is no place to be written to."""
    about = "the team"
    if settings.telegram_desk_chat or any(channel != "terminal" for channel, _ in settings.organizer_accounts):
        return [ok(about, "questions for a person have somebody to go to")]
    what = "nobody gets what delegates ask a person: they are shown the event's contacts"
    return [warning(about, what, "set PASSERELLE_TELEGRAM_DESK_CHAT or PASSERELLE_ORGANIZERS")]


CHECKS: Sequence[tuple[str, Check]] = (
    ("settings", settings_),
    ("database", database.check),
    ("data", database.data),
    ("broker", machine.broker),
    ("clock", machine.clock),
    ("public address", address.check),
    ("telegram", telegram.check),
    ("wechat", wechat.check),
    ("team", team),
)


async def examine(settings: Settings, checks: Sequence[tuple[str, Check]] = CHECKS) -> AsyncIterator[Finding]:
    """Every finding, as it comes, in the order of the checks; these run side by side."""
    tasks = [
        (about, asyncio.ensure_future(asyncio.wait_for(each(settings), LONGEST_SECONDS))) for about, each in checks
    ]
    for about, task in tasks:
        try:
            found = await task
        except TimeoutError:
            found = [
                fault(about, f"no answer in {LONGEST_SECONDS:.0f} seconds", "look whether it is reachable from here")
            ]
        except Exception as error:  # noqa: BLE001 (one check must not hide the others)
            found = [fault(about, f"the check itself failed: {type(error).__name__}: {error}", "report this")]
        for finding in found:
            yield finding
