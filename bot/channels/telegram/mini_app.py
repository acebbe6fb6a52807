"""The web chat as Telegram's Mini App: the menu button opens it, and it knows whose it is by what Telegram signs.

How that is checked: https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
"""

import hashlib
import hmac
import json
import time
from pathlib import Path
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from bot.channels.telegram.updates import CHANNEL
from bot.channels.web.identity import Identity, address_of, is_from_our_page
from bot.clock import Clock
from bot.people import accounts
from bot.store.threads import Store

PATH = "/telegram/app"
VALID_SECONDS = 3600  # since the app was opened, by the real time
LIMIT_BYTES = 8192
SCRIPT = Path(__file__).parent / "static" / "app.js"
PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Passerelle · 桥</title><link rel="icon" href="/static/page/icon.svg" type="image/svg+xml">
<style>a{font:1.25rem/3 system-ui,sans-serif;display:block;text-align:center}</style>
<a hidden href="/" target="_blank" rel="noopener">Passerelle · 桥</a>
<script src="/telegram/app.js"></script>"""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors https://web.telegram.org"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

log = structlog.get_logger()


def user_of(signed: str, token: str, now: float) -> str:
    """The id of whoever opened the app, "" where Telegram has not signed that, for this bot and of late. now: seconds
    since 1970."""
    fields = dict(parse_qsl(signed, keep_blank_values=True))
    given = fields.pop("hash", "")
    checked = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    right = hmac.new(key, checked.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), given.encode("utf-8", "surrogateescape")):
        return ""
    try:
        age, user = now - int(fields["auth_date"]), json.loads(fields["user"])["id"]
    except (KeyError, TypeError, ValueError):
        return ""
    return str(user) if type(user) is int and -60 <= age <= VALID_SECONDS else ""


class MiniApp:
    """url: what the menu button opens."""

    def __init__(self, token: str, store: Store, clock: Clock, *, secret_key: str, base_url: str) -> None:
        self.url = base_url.rstrip("/") + PATH
        self._token, self._store, self._clock, self._key = token, store, clock, secret_key
        self._identity = Identity(secret_key, secure=base_url.startswith("https://"))

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get(PATH, self._page)
        app.router.add_get(PATH + ".js", self._script)
        app.router.add_post(PATH, self._enter)

    async def _page(self, _: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html", headers=HEADERS)

    async def _script(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(SCRIPT, headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"})

    async def _enter(self, request: web.Request) -> web.Response:
        """204 and the cookie of the person's web account; 403 where nobody can be told from what is sent."""
        if not is_from_our_page(request) or (request.content_length or 0) > LIMIT_BYTES:
            return web.Response(status=403)
        signed = (await request.content.read(LIMIT_BYTES)).decode("utf-8", "replace")
        user = user_of(signed, self._token, time.time())
        if not user:
            log.warning("telegram.app_refused", do="were it Telegram: is the clock of this machine right?")
            return web.Response(status=403)
        bot = self._token.partition(":")[0]
        address = address_of(self._key, "telegram web", bot, user)
        await self._store.write(accounts.join, (CHANNEL, user), ("web", address), self._clock.now())
        response = web.Response(status=204, headers={"Cache-Control": "no-store"})
        self._identity.write(response, address)
        return response
