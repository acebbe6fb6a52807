"""What is wrong with the Official Account's settings, for `passerelle doctor`: each fault with what to do about it."""

import asyncio
import re
import socket
from urllib.parse import urlsplit

from bot.channels.wechat.channel import WeChatChannel
from bot.errors import Fault
from bot.settings import PREFIX, Settings

NOT_LISTED = "add the address by which this machine goes out (curl -4 ifconfig.me) under 开发接口管理 → IP白名单"
RESET = "reset it under 开发接口管理 and copy it here"
TOKEN_FAULTS = {
    40013: ("WECHAT_APP_ID", "is no AppID that WeChat knows", "copy the AppID from 设置与开发 → 开发接口管理"),
    40001: (
        "WECHAT_APP_SECRET",
        "is not the AppSecret that WeChat has",
        "reset it under 开发接口管理 and copy it here",
    ),
    40125: (
        "WECHAT_APP_SECRET",
        "is not the AppSecret that WeChat has",
        "reset it under 开发接口管理 and copy it here",
    ),
    40164: ("", "does not let this machine's address call it", NOT_LISTED),
    61004: ("", "does not let this machine's address call it", NOT_LISTED),
    40243: (
        "WECHAT_APP_SECRET",
        "is frozen at WeChat",
        "unfreeze it (解冻) under 开发接口管理",
    ),
    48004: (
        "WECHAT_APP_ID",
        "belongs to an account whose interface WeChat has blocked",
        "see the message in 公众平台; appeal there",
    ),
    50002: ("WECHAT_APP_ID", "belongs to an account that WeChat has limited", "see the message in 公众平台"),
}
RIGHTS = {  # a call that changes nothing -> what is missing where the account may not
    "/cgi-bin/menu/get": "lets this account set no menu by interface: it needs 微信认证 (verification)",
}
NO_RIGHT, NO_MENU = 48001, 46003
TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")


def settings_faults(settings: Settings) -> list[Fault]:
    """What can be seen without WeChat. None where the channel is off altogether."""
    given = {
        "WECHAT_APP_ID": settings.wechat_app_id, "WECHAT_APP_SECRET": settings.wechat_app_secret,
        "WECHAT_TOKEN": settings.wechat_token, "WECHAT_AES_KEY": settings.wechat_aes_key,
    }  # fmt: skip
    if not any(given.values()):
        return []
    faults: list[Fault] = []
    if settings.wechat_aes_key is None or not settings.wechat_aes_key.get_secret_value():
        do = "choose 安全模式 at WeChat and copy the EncodingAESKey here"
        faults.append(Fault(PREFIX + "WECHAT_AES_KEY", 0, "is not set: messages come unencrypted", do))
    if settings.wechat_token is not None and not TOKEN.fullmatch(settings.wechat_token.get_secret_value()):
        do = "make up 3 to 32 letters and digits, and write the same at WeChat (基本配置 → 服务器配置)"
        faults.append(Fault(PREFIX + "WECHAT_TOKEN", 0, "has other signs than letters and digits", do))
    if settings.public_url.rstrip("/").endswith("/wechat"):
        do = "leave out /wechat: WeChat is given this address with /wechat after it"
        faults.append(Fault(PREFIX + "PUBLIC_URL", 0, "ends in /wechat", do))
    if not settings.public_url.startswith("https://"):
        do = "set it to the https address whose domain is filed (ICP备案) where WeChat asks for that"
        faults.append(Fault(PREFIX + "PUBLIC_URL", 0, "is no https address: WeChat calls it at /wechat", do))
    return faults


async def checked(settings: Settings, channel: WeChatChannel | None) -> list[Fault]:
    """Everything that can be found out, WeChat's own answer included. Changes nothing there; never raises for what a
    network can do. channel: as `bot.doors.wechat_channel` makes it, None where the settings do not allow it."""
    faults = settings_faults(settings)
    if channel is None:
        return faults
    server = urlsplit(settings.wechat_api_url or "https://api.weixin.qq.com")
    try:
        await asyncio.get_running_loop().getaddrinfo(server.hostname or "", server.port or 443)
    except socket.gaierror:
        return [*faults, Fault(server.hostname or "", 0, "has no address here", "check this machine's name servers")]
    for path, missing in RIGHTS.items():
        answer = await channel.api.call(path)
        if answer.reached is not True:
            faults.append(_unreached(channel.api.last_token_code))
            return faults
        if answer.code in TOKEN_FAULTS:
            faults.append(_token_fault(answer.code))
        elif answer.code == NO_RIGHT:
            faults.append(Fault("WeChat", 0, missing, "verify it (a week or two), or do without"))
        elif answer.code not in (0, NO_MENU):
            faults.append(Fault("WeChat", 0, f"answers {path} with {answer.code}", "look the code up in WeChat's list"))
    return faults


def _unreached(code: int) -> Fault:
    if code in TOKEN_FAULTS:
        return _token_fault(code)
    if code > 0:
        return Fault("WeChat", 0, f"gives no access token: code {code}", "look the code up in WeChat's list")
    return Fault("WeChat", 0, "does not answer", "check the way out of this machine to api.weixin.qq.com, port 443")


def _token_fault(code: int) -> Fault:
    name, what, do = TOKEN_FAULTS[code]
    return Fault(PREFIX + name if name else "WeChat", 0, what, do)
