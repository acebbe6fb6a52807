"""The Official Account, as WeChat sees it, asked with a database of its own: the bot's stays as it is."""

import asyncio
import tempfile
from pathlib import Path

from pydantic import SecretStr

from bot import doors, opening
from bot.channels.wechat import checkup
from bot.errors import BadInput, NoSuchEvent
from bot.findings import Finding, fault, ok, warning
from bot.settings import Settings

ABOUT = "wechat"


async def check(settings: Settings) -> list[Finding]:
    if not settings.wechat_app_id:
        return [ok(ABOUT, "no account: the channel is off")]
    with tempfile.TemporaryDirectory() as folder:
        other = {"database_url": SecretStr(f"sqlite:///{Path(folder) / 'doctor.db'}"), "secret_key": SecretStr(ABOUT)}
        apart = settings.model_copy(update=other)
        try:
            opened = await asyncio.to_thread(opening.open_store, apart)
        except (BadInput, NoSuchEvent):
            return [warning(ABOUT, "not asked, since the event's folder cannot be read", "mend the folder first")]
        channel = doors.wechat_channel(apart, opened)
        try:
            faults = await checkup.checked(settings, channel)
        finally:
            if channel is not None:
                await channel.close()
            opened.store.close()
    return [fault(ABOUT, f"{each.file} {each.what}", each.do) for each in faults] or [ok(ABOUT, "the account answers")]
