"""The web chat inside WeChat's browser knows who it is by WeChat's own sign-in (OAuth2, `snsapi_base`: no question is
asked), where the account may; else it opens as anybody's."""

import hmac
import secrets
from urllib.parse import urlencode

import structlog
from aiohttp import web
from itsdangerous import BadSignature, URLSafeTimedSerializer

from bot.channels.web.identity import Identity, address_of
from bot.channels.wechat.api import Api
from bot.channels.wechat.files import IN_WECHAT
from bot.clock import Clock
from bot.people import accounts
from bot.store.threads import Store

AUTHORIZE = "https://open.weixin.qq.com/connect/oauth2/authorize"
COOKIE, SALT = "wechat", "passerelle.wechat.sign-in"
MINUTES = 10

log = structlog.get_logger()


class SignIn:
    def __init__(
        self,
        api: Api,
        store: Store,
        clock: Clock,
        *,
        app_id: str,
        secret: str,
        secret_key: str,
        base_url: str,
        may: bool,
    ) -> None:
        """may: the account has the right, and its domain is registered with WeChat for this."""
        self._api, self._store, self._clock = api, store, clock
        self._app_id, self._secret, self._key = app_id, secret, secret_key
        self._base_url, self._may = base_url, may
        self._signer = URLSafeTimedSerializer(secret_key, salt=SALT)
        self._identity = Identity(secret_key, secure=base_url.startswith("https://"))

    def add_routes(self, app: web.Application) -> None:
        app.router.add_get("/wechat/enter", self._enter)
        app.router.add_get("/wechat/oauth", self._back)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """Where the account's menu leads: to WeChat's sign-in and back, or straight to the chat."""
        agent = request.headers.get("User-Agent", "")
        if not self._may or not self._base_url or IN_WECHAT not in agent:
            return _led("/")
        nonce = secrets.token_urlsafe(16)
        query = urlencode(
            {
                "appid": self._app_id, "redirect_uri": f"{self._base_url}/wechat/oauth", "response_type": "code",
                "scope": "snsapi_base", "state": self._signer.dumps(nonce),
            }
        )  # fmt: skip
        response = _led(f"{AUTHORIZE}?{query}#wechat_redirect")
        secure = self._base_url.startswith("https://")
        response.set_cookie(
            COOKIE, nonce, max_age=MINUTES * 60, httponly=True, secure=secure, samesite="Lax", path="/wechat"
        )
        return response

    async def _back(self, request: web.Request) -> web.StreamResponse:
        """What WeChat sends the browser back with. Whatever is wrong with it, the chat opens, as anybody's."""
        response = _led("/")
        response.del_cookie(COOKIE, path="/wechat")
        try:
            nonce = self._signer.loads(request.query.get("state", ""), max_age=MINUTES * 60)
        except BadSignature:
            return response
        if not hmac.compare_digest(str(nonce).encode(), request.cookies.get(COOKIE, "").encode()):
            return response  # begun in another browser: nobody is signed in as somebody else
        query = {
            "appid": self._app_id, "secret": self._secret, "code": request.query.get("code", "")[:64],
            "grant_type": "authorization_code",
        }  # fmt: skip
        answer = await self._api.plain("/sns/oauth2/access_token", None, query)
        openid = answer.data.get("openid")
        if not answer.is_done or not isinstance(openid, str) or not openid:
            log.warning("wechat.no_sign_in", code=answer.code)
            return response
        address = address_of(self._key, "wechat web", self._app_id, openid)
        await self._store.write(accounts.join, ("wechat", openid), ("web", address), self._clock.now())
        self._identity.write(response, address)
        return response


def _led(where: str) -> web.Response:
    return web.Response(status=302, headers={"Location": where, "Cache-Control": "no-store"})
