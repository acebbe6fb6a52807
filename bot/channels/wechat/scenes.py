"""QR codes that open the account with something in hand: a session, an account to be linked. WeChat hands out the
address of each; we draw it, and keep it, since only so many lasting ones are given."""

import secrets
from collections.abc import Callable, Collection
from datetime import timedelta

import structlog
from aiohttp import web

from bot import qr
from bot.channels.wechat.api import Api
from bot.clock import Clock
from bot.delivery import credentials
from bot.store.threads import Store
from bot.store.transaction import Transaction

PATH = "/cgi-bin/qrcode/create"
LONGEST_SCENE = 64
LONGEST_SECONDS = 2_592_000
LASTING = timedelta(days=3650)

log = structlog.get_logger()


class Scenes:
    """known: the scenes that anybody may have drawn; each costs one of the account's lasting codes, once."""

    def __init__(
        self, api: Api, store: Store, clock: Clock, *, app_id: str, known: Callable[[], Collection[str]]
    ) -> None:
        self._api, self._store, self._clock, self._app_id, self._known = api, store, clock, app_id, known

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/wechat/qr/{scene}.svg", self._drawn)

    async def address(self, scene: str, seconds: int = 0) -> str:
        """What the code of that scene leads to, "" where the account may have none. seconds: of a temporary one, at
        most 30 days; 0 for a lasting one, which is made once and kept."""
        if not 1 <= len(scene) <= LONGEST_SCENE:
            raise ValueError(f"a scene has 1 to {LONGEST_SCENE} characters")
        now, name = self._clock.now(), self._name(scene)
        if not seconds and (kept := await self._store.read(credentials.get, name)).value:
            return kept.value
        body: dict[str, object] = {
            "action_name": "QR_STR_SCENE" if seconds else "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        if seconds:
            body["expire_seconds"] = min(seconds, LONGEST_SECONDS)
        answer = await self._api.call(PATH, body)
        url = answer.data.get("url")
        if not answer.is_done or not isinstance(url, str):
            log.warning("wechat.no_qr", code=answer.code)
            return ""
        if not seconds:
            owner = secrets.token_hex(12)
            if await self._store.write(credentials.fetch, name, owner, now, seen=""):
                await self._store.write(credentials.keep, name, owner, url, now + LASTING)
        return url

    async def fetch(self) -> None:
        """Have the lasting code of everything known, as far as the account may."""
        for scene in self._known():
            if not await self.address(scene):
                return

    def path(self, tx: Transaction, scene: str) -> str:
        """Where the code of that scene is drawn, "" where there is none."""
        return f"/wechat/qr/{scene}.svg" if credentials.get(tx, self._name(scene)).value else ""

    def _name(self, scene: str) -> str:
        return f"wechat:{self._app_id}:{scene}"[:96]

    async def _drawn(self, request: web.Request) -> web.Response:
        scene = request.match_info["scene"]
        if scene not in self._known():
            raise web.HTTPNotFound
        url = await self.address(scene)
        if not url:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "public, max-age=86400", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=qr.svg(url), content_type="image/svg+xml", headers=headers)
