"""Faults of token, mode and address on Telegram's side, for `passerelle doctor`. Takes no update away."""

import time
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.channels.telegram import updates
from bot.channels.telegram.webhook import PATH
from bot.findings import Finding, fault, ok, warning
from bot.settings import Settings

ABOUT, WEBHOOK = "telegram", "telegram webhook"
SERVER = "https://api.telegram.org"
SECONDS = 10.0
PORTS = (443, 80, 88, 8443)  # that Telegram posts to
RECENT_SECONDS = 3600
MANY_WAITING = 50
ANEW = "copy it anew from @BotFather into PASSERELLE_TELEGRAM_TOKEN"
# What Telegram says of its last try, and what mends it.
REMEDIES = {
    "certificate": "serve a certificate of a known authority, with its chain",
    "ssl": "serve a certificate of a known authority, with its chain",
    "refused": "start the bot, and let the proxy pass on to it",
    "timed out": "open the port in the firewall; look whether the bot is overloaded",
    "timeout": "open the port in the firewall; look whether the bot is overloaded",
    "resolve": "add the address's name to the DNS",
    "403": "give every process the same PASSERELLE_SECRET_KEY, and restart one to set the webhook again",
    "404": "let the proxy pass on /telegram/webhook; set PASSERELLE_TELEGRAM_MODE=webhook in every process",
    "502": "start the bot, and let the proxy pass on to it",
    "503": "look into the bot's log: it could not record the update",
}


async def check(settings: Settings) -> list[Finding]:
    if settings.telegram_token is None:
        return [ok(ABOUT, "no token: the channel is off")]
    server = settings.telegram_api_url or SERVER
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as http:

        async def call(method: str) -> tuple[int, Any]:
            assert settings.telegram_token is not None
            address = f"{server}/bot{settings.telegram_token.get_secret_value()}/{method}"
            async with http.get(address) as answer:
                body = await answer.json(content_type=None)
            return answer.status, body.get("result") if isinstance(body, dict) else None

        try:
            status, me = await call("getMe")
            found = _me(status, me)
            if not isinstance(me, dict):
                return found
            _, info = await call("getWebhookInfo")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            do = "let this machine reach it, or set PASSERELLE_TELEGRAM_API_URL to a server that it reaches"
            return [fault(ABOUT, f"{server} cannot be reached: {type(error).__name__}", do)]
        if settings.telegram_mode == "polling":
            return [*found, *_polling(info)]
        return [*found, *_webhook(info, settings.public_url + PATH), await _posted(http, settings.public_url + PATH)]


def _me(status: int, me: Any) -> list[Finding]:
    if status == 401:
        return [fault(ABOUT, "the token is refused: it was revoked, or is another's", ANEW)]
    if status == 404:
        return [fault(ABOUT, "what the token holds is no token", ANEW)]
    if not isinstance(me, dict):
        return [fault(ABOUT, f"getMe is answered {status}", "try again in a few minutes")]
    found = [ok(ABOUT, f"the token is @{me.get('username')}’s")]
    if not me.get("supports_inline_queries"):
        found.append(warning(ABOUT, "sessions cannot be shared by @name in other chats", "@BotFather: /setinline"))
    if me.get("can_read_all_group_messages"):
        found.append(warning(ABOUT, "in groups it is sent all that people write", "@BotFather: /setprivacy, Enable"))
    return found


def _polling(info: Any) -> list[Finding]:
    url = str(info.get("url", "")) if isinstance(info, dict) else ""
    if url:
        what = f"the mode is polling, and a webhook is set at {urlsplit(url).hostname}"
        return [warning(WEBHOOK, what, "passerelle run removes it; if another program uses this token, stop that one")]
    return [ok(WEBHOOK, "none, as polling wants it"), *_waiting(info)]


def _webhook(info: Any, wanted: str) -> list[Finding]:
    if not isinstance(info, dict):
        return [fault(WEBHOOK, "Telegram does not say how it stands", "try again in a few minutes")]
    found: list[Finding] = []
    port = urlsplit(wanted).port or 443
    if port not in PORTS:
        found.append(fault(WEBHOOK, f"Telegram does not post to port {port}", "serve the address on 443 or 8443"))
    url = str(info.get("url", ""))
    if url != wanted:
        what = f"set to {urlsplit(url).hostname}{urlsplit(url).path}" if url else "not set"
        do = "start passerelle run, which sets it; if another program uses this token, stop that one"
        found.append(fault(WEBHOOK, f"{what}, and should be {wanted}", do))
    else:
        found.append(ok(WEBHOOK, f"set to {wanted}"))
        missing = set(updates.ALLOWED) - set(info.get("allowed_updates") or updates.ALLOWED)
        if missing:
            found.append(warning(WEBHOOK, f"not asked for: {', '.join(sorted(missing))}", "restart passerelle run"))
    if time.time() - float(info.get("last_error_date") or 0) < RECENT_SECONDS:
        text = str(info.get("last_error_message", ""))[:200]
        remedy = next((do for sign, do in REMEDIES.items() if sign in text.lower()), "look at the proxy's log")
        found.append(fault(WEBHOOK, f"Telegram’s last try failed: {text}", remedy))
    return [*found, *_waiting(info)]


def _waiting(info: Any) -> list[Finding]:
    count = int(info.get("pending_update_count") or 0) if isinstance(info, dict) else 0
    if count < MANY_WAITING:
        return []
    return [
        warning(WEBHOOK, f"{count} updates wait to be taken", "start passerelle run; Telegram keeps them for a day")
    ]


async def _posted(http: aiohttp.ClientSession, url: str) -> Finding:
    """What a stranger's post meets there: a refusal, where it reaches us."""
    try:
        async with http.post(url, json={}, allow_redirects=False) as answer:
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        return fault(WEBHOOK, f"{url} cannot be reached: {type(error).__name__}", "see the public address")
    if status == 403:
        return ok(WEBHOOK, "the address takes posts, with the secret alone")
    do = "let the proxy pass POST on as it comes; set PASSERELLE_TELEGRAM_MODE=webhook in every process"
    return fault(WEBHOOK, f"{url} answers a post with {status}", do)
