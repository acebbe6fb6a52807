"""What `passerelle doctor` says of WeChat."""

from pathlib import Path

import pytest

from bot.channels.wechat import checkup
from bot.doctor import checks
from bot.findings import Level
from bot.settings import Settings
from bot.store import engine
from tests.doubles.wechat import WeChatDouble

CASES = {
    "good": ({}, [], ""),
    "wrong secret": ({"wechat_app_secret": "x"}, [], "is not the AppSecret that WeChat has"),
    "wrong app": ({"wechat_app_id": "wx000"}, [], "is no AppID that WeChat knows"),
    "not on the list": ({}, [40164], "IP白名单"),
    "not verified": ({}, [48001], "微信认证"),
    "no key": ({"wechat_aes_key": ""}, [], "unencrypted"),
    "no address": ({"public_url": ""}, [], "no https address"),
    "nobody there": ({"wechat_api_url": "http://127.0.0.1:9"}, [], "does not answer"),
}


@pytest.mark.parametrize("case", CASES)
async def test_each_fault_is_said_with_what_to_do(tmp_path: Path, case: str) -> None:
    more, refused, expected = CASES[case]
    async with WeChatDouble() as double:
        double.refuse["/cgi-bin/menu/get"] = list(refused)
        given = {
            "event": "demo", "database_url": f"sqlite:///{tmp_path}/new.db", "public_url": "https://bot.example",
            "wechat_api_url": double.url,
            "wechat_app_id": double.app_id, "wechat_app_secret": double.secret, "wechat_token": double.token,
            "wechat_aes_key": double.aes_key, "secret_key": "k" * 40, **more,
        }  # fmt: skip
        settings = Settings(_env_file=None, **given)  # type: ignore[arg-type]
        found = [
            finding
            async for finding in checks.examine(settings, [each for each in checks.CHECKS if each[0] == "wechat"])
        ]
        faults = [finding for finding in found if finding.level != Level.OK]
        said = "\n".join(map(str, faults))
        assert {finding.about for finding in found} == {"wechat"}
        assert not engine.exists(settings.database), "the bot's own database is left alone"
        assert expected in said
        assert bool(faults) == bool(expected)
        assert all(fault.do for fault in faults)
        assert double.secret not in said
        assert double.aes_key not in said


def test_nothing_is_said_of_a_channel_that_is_off() -> None:
    assert checkup.settings_faults(Settings(_env_file=None)) == []  # type: ignore[call-arg]
