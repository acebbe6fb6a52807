"""A strict double of WeChat's side: it calls the bot as WeChat does, and answers the bot's calls within its law.

    async with WeChatDouble() as wechat:
        wechat.bots.append("http://127.0.0.1:8080")  # where a bot's /wechat is
        shown = await wechat.says("oLi", "你好")  # what that person then sees
    assert wechat.faults == []                   # what a bot must never do

Safe mode is on unless `aes_key` is "". Its cryptography is wechatpy's, not ours; nothing here imports the project.
"""

import asyncio
import itertools
import json
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from xml.etree import ElementTree

import aiohttp
from aiohttp import web
from wechatpy.crypto import WeChatCrypto

from tests.doubles.wechat_xml import signed, written

UNAVAILABLE = "该公众号暂时无法提供服务，请稍后再试"
TEXT_BYTES = 2048
WROTE, WINDOW = 5, timedelta(hours=48)
TAPPED, MINUTE = 3, timedelta(minutes=1)
GRACE = timedelta(minutes=5)  # a token's: the next is handed out, the old one stays good


@dataclass(frozen=True)
class Seen:
    """A message as a person sees it. way: passive, customer, template, or none (WeChat's own excuse)."""

    text: str
    way: str
    items: tuple[tuple[str, str], ...] = ()  # of a menu message: id, content
    at: datetime | None = None  # by the double's clock


@dataclass
class Follower:
    """One person's side. left, until: what the bot may send for their having written; brief: for a press."""

    seen: list[Seen] = field(default_factory=list)
    follows: bool = True
    left: int = 0
    until: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    brief_left: int = 0
    brief_until: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    consents: int = 0
    prompts: list[datetime] = field(default_factory=list)


class WeChatDouble:
    def __init__(
        self, *, app_id: str = "wx0123456789abcdef", aes_key: str | None = None, mode: str = "safe", scale: float = 1.0,
        now: Callable[[], datetime] | None = None, is_verified: bool = True, token_seconds: int = 7200, seed: int = 7,
    ) -> None:  # fmt: skip
        """mode: plain, compatible, safe. scale: of WeChat's five seconds. now: the time of windows and tokens."""
        self.app_id, self.secret, self.token = app_id, secrets.token_hex(16), "verify" + secrets.token_hex(6)
        self.aes_key = secrets.token_hex(22)[:43] if aes_key is None else aes_key
        self.mode, self.scale, self.is_verified, self.token_seconds = mode, scale, is_verified, token_seconds
        self.now = now or (lambda: datetime.now(UTC))
        self.bots: list[str] = []  # where its calls go, in turn
        self.url = ""
        self._entered = 0
        self.followers: dict[str, Follower] = {}
        self.faults: list[str] = []
        self.calls: Counter[str] = Counter()
        self.codes: Counter[int] = Counter()  # what the bot's calls were answered
        self.repeats: Counter[int] = Counter()  # which of the three calls was answered
        self.cut = 0  # calls that were cut before an answer
        self.menus: list[Any] = []
        self.conditional: list[Any] = []
        self.scenes: dict[str, str] = {}
        self.codes_of_sign_in: dict[str, str] = {}
        self.tokens: list[tuple[str, datetime]] = []
        self.refuse: dict[str, list[int]] = {}  # path -> codes that its next calls are answered
        self.customer_day, self.template_day = 500_000, 100_000
        self.may_conditional, self.may_sign_in = False, True  # menus by language have ended for most accounts
        self._random = random.Random(seed)
        self._numbers = itertools.count(24_000_000_000_000)
        self._turns = itertools.count()
        self._bodies: Counter[str] = Counter()
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Once for all processes of a bot that use it."""
        self._entered += 1
        if self._entered > 1:
            return self
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._called)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._entered -= 1
        if self._entered:
            return
        await self.http.close()
        await self._runner.cleanup()

    # --- what people do
    def follower(self, openid: str) -> Follower:
        return self.followers.setdefault(openid, Follower())

    async def says(self, openid: str, text: str, *, number: int | None = None, **more: str) -> list[Seen]:
        """A text; what is seen for it, passively or as customer messages until then."""
        return await self.sends(openid, "text", number=number, Content=text, **more)

    async def sends(self, openid: str, kind: str, *, number: int | None = None, **fields: str) -> list[Seen]:
        """A message of that kind, such as image or location."""
        who = self.follower(openid)
        pressed = "bizmsgmenuid" in fields
        self._opens(who, brief=pressed)
        return await self._deliver(openid, {"MsgType": kind, "MsgId": str(number or next(self._numbers)), **fields})

    async def event(self, openid: str, name: str, key: str = "", **more: str) -> list[Seen]:
        """subscribe, unsubscribe, SCAN, CLICK, VIEW, LOCATION…"""
        who = self.follower(openid)
        if name == "unsubscribe":
            who.follows, who.left, who.brief_left = False, 0, 0
        elif name in ("subscribe", "SCAN", "CLICK"):
            who.follows = True
            self._opens(who, brief=True)
        return await self._deliver(openid, {"MsgType": "event", "Event": name, "EventKey": key, **more})

    async def presses(self, openid: str, label: str) -> list[Seen]:
        """An item of the newest menu message."""
        for seen in reversed(self.follower(openid).seen):
            for id_, content in seen.items:
                if content.startswith(label):
                    return await self.says(openid, content, bizmsgmenuid=id_)
        raise AssertionError(f"no menu item {label!r}")

    def _opens(self, who: Follower, *, brief: bool) -> None:
        if brief:
            who.brief_left, who.brief_until = TAPPED, self.now() + MINUTE
        else:
            who.left, who.until = WROTE, self.now() + WINDOW

    async def wait_for(self, openid: str, count: int, seconds: float = 30) -> list[Seen]:
        """Once that person has seen so many messages in all."""
        who = self.follower(openid)
        async with asyncio.timeout(seconds):
            while len(who.seen) < count:
                self._changed.clear()
                await self._changed.wait()
        return who.seen

    # --- WeChat's calls of the bot
    async def _deliver(self, openid: str, fields: dict[str, str]) -> list[Seen]:
        who = self.follower(openid)
        before = len(who.seen)
        fields = {
            "ToUserName": "gh_passerelle", "FromUserName": openid, "CreateTime": str(int(time.time())), **fields
        }  # fmt: skip
        for number in (1, 2, 3):
            answer = await self._call(fields)
            if answer is None:
                self.cut += 1
                continue
            self.repeats[number] += 1
            if answer not in ("", "success"):
                self._see(who, self._read(openid, answer, fields))
            return who.seen[before:]
        self._see(who, Seen(UNAVAILABLE, "none"))
        self.faults.append("three calls without an answer")
        return who.seen[before:]

    async def _call(self, fields: dict[str, str]) -> str | None:
        query, body = self.request(fields)
        try:
            async with asyncio.timeout(5 * self.scale):
                bot = self.bots[next(self._turns) % len(self.bots)]
                async with self.http.post(bot + "/wechat", params=query, data=body.encode()) as answer:
                    text = await answer.text()
                    if answer.status != 200:
                        self.faults.append(f"status {answer.status}")
                        return None
                    return text
        except (TimeoutError, aiohttp.ClientError):
            return None

    def request(self, fields: dict[str, str]) -> tuple[dict[str, str], str]:
        """The query and the body of one call."""
        timestamp, nonce = str(int(time.time())), secrets.token_hex(5)
        query = {
            "signature": signed(self.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce,
            "openid": fields.get("FromUserName", ""),
        }  # fmt: skip
        plain = written(fields)
        if self.mode == "plain":
            return query, plain
        crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
        # In WeChat's order: as a reply is sealed, a message is.
        sealed = ElementTree.fromstring(crypto.encrypt_message(plain, nonce, timestamp)).findtext("Encrypt") or ""
        query |= {"encrypt_type": "aes", "msg_signature": signed(self.token, timestamp, nonce, sealed)}
        shown = fields if self.mode == "compatible" else {"ToUserName": fields.get("ToUserName", "")}
        return query, written({**shown, "Encrypt": sealed})

    def _read(self, openid: str, answer: str, fields: dict[str, str]) -> Seen:
        try:
            root = ElementTree.fromstring(answer)
            if self.mode != "plain" and root.findtext("Encrypt"):
                given = {name: root.findtext(name) or "" for name in ("MsgSignature", "TimeStamp", "Nonce")}
                crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
                opened = crypto.decrypt_message(answer, given["MsgSignature"], given["TimeStamp"], given["Nonce"])
                root = ElementTree.fromstring(opened)
            elif self.mode == "safe":
                self.faults.append("an answer in plain text in safe mode")
        except Exception as error:  # noqa: BLE001
            self.faults.append(f"an answer that WeChat cannot read: {type(error).__name__}")
            return Seen(UNAVAILABLE, "none")
        text = root.findtext("Content") or ""
        if root.findtext("ToUserName") != openid or root.findtext("FromUserName") != fields["ToUserName"]:
            self.faults.append("an answer to somebody else")
        if root.findtext("MsgType") != "text" or not text.strip():
            self.faults.append("an answer without a text")
        if len(text.encode()) > TEXT_BYTES:
            self.faults.append(f"an answer of {len(text.encode())} bytes")
        return Seen(text, "passive")

    def _see(self, who: Follower, seen: Seen) -> None:
        who.seen.append(replace(seen, at=self.now()))
        self._changed.set()

    # --- the bot's calls of WeChat
    async def _called(self, request: web.Request) -> web.Response:
        path = "/" + request.match_info["path"]
        self.calls[path] += 1
        raw = await request.read()
        body = json.loads(raw) if raw else {}
        if rb"\u" in raw:
            self.faults.append("escapes, which readers see as they are")
        answer = self._answer(path, body, request)
        self.codes[int(answer.get("errcode", 0))] += 1
        return web.json_response(answer)

    def _answer(self, path: str, body: dict[str, Any], request: web.Request) -> dict[str, Any]:
        if self.refuse.get(path):
            return _error(self.refuse[path].pop(0))
        if path == "/cgi-bin/stable_token":
            return self._stable_token(body)
        if path == "/sns/oauth2/access_token":
            return self._signed_in(request.query)
        if fault := self._token_fault(request.query.get("access_token", "")):
            return _error(fault)
        match path:
            case "/cgi-bin/message/custom/send":
                return self._customer(body)
            case "/cgi-bin/message/template/send" | "/cgi-bin/message/subscribe/bizsend":
                return self._template(path, body)
            case "/cgi-bin/menu/create":
                self.menus.append(body)
                return self._menu_fault(body) or _error(0)
            case "/cgi-bin/menu/get":
                if not self.menus:
                    return _error(46003)
                return {"menu": self.menus[-1], "conditionalmenu": self.conditional}
            case "/cgi-bin/menu/addconditional":
                if not self.may_conditional:
                    return _error(65320)
                self.conditional.append(body)
                return self._menu_fault(body) or {"menuid": str(len(self.conditional))}
            case "/cgi-bin/menu/delete":
                self.menus, self.conditional = [], []
                return _error(0)
            case "/cgi-bin/qrcode/create":
                return self._scene(body)
            case "/cgi-bin/get_api_domain_ip":
                return {"ip_list": ["101.89.47.18"]}
        self.faults.append(f"no such call: {path}")
        return _error(40066)

    def _stable_token(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("appid") != self.app_id:
            return _error(40013)
        if body.get("secret") != self.secret:
            return _error(40125)
        if body.get("force_refresh"):
            self.faults.append("a forced refresh")
        now = self.now()
        if not self.tokens or now >= self.tokens[-1][1] - GRACE:
            self.tokens.append((secrets.token_hex(60), now + timedelta(seconds=self.token_seconds)))
        value, until = self.tokens[-1]
        return {"access_token": value, "expires_in": int((until - now).total_seconds())}

    def _token_fault(self, given: str) -> int:
        now = self.now()
        for n, (value, until) in enumerate(reversed(self.tokens)):
            if value == given:
                grace = until if n == 0 else until + timedelta(0)
                return 0 if now < grace else 42001
        return 40001

    def revoke(self) -> None:
        """The token is no longer good, as after a reset of the secret."""
        self.tokens.clear()

    def _customer(self, body: dict[str, Any]) -> dict[str, Any]:
        openid = body.get("touser", "")
        who = self.followers.get(openid)
        if who is None:
            return _error(40003)
        if not who.follows:
            return _error(43004)
        text, items = "", ()
        match body.get("msgtype"):
            case "text":
                text = body["text"]["content"]
            case "msgmenu":
                if not self.is_verified:
                    return _error(40200)
                menu = body["msgmenu"]
                text = menu["head_content"]
                items = tuple((item["id"], item["content"]) for item in menu["list"])
                if not items or not all(id_ and content for id_, content in items):
                    return _error(47001)
        if not text.strip() or len(text.encode()) > TEXT_BYTES:
            self.faults.append("a customer message that is empty or too long")
            return _error(45002)
        now = self.now()
        is_brief = who.brief_left > 0 and who.brief_until > now
        if not is_brief and who.until <= now:
            return self._over(45015)
        if not is_brief and who.left <= 0:
            return self._over(45047)
        if self._bodies["customer"] >= self.customer_day:
            return self._over(45009)
        self._bodies["customer"] += 1
        if is_brief:
            who.brief_left -= 1
        else:
            who.left -= 1
        self._see(who, Seen(text, "customer", items))
        return _error(0)

    def _over(self, code: int) -> dict[str, Any]:
        """A quota that the bot ran into: it should have known."""
        self.faults.append(f"over a quota: {code}")
        return _error(code)

    def _template(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        who = self.followers.get(body.get("touser", ""))
        if who is None:
            return _error(40003)
        if path.endswith("bizsend"):
            if who.consents <= 0:
                return _error(43101)
            who.consents -= 1
        elif not self.is_verified:
            return _error(48001)
        elif not who.follows:
            return _error(43004)
        for name, value in body["data"].items():
            if name.startswith("thing") and len(value["value"]) > 20:
                self.faults.append("a template value that is too long")
                return _error(47003)
        if self._bodies["template"] >= self.template_day:
            return self._over(45009)
        self._bodies["template"] += 1
        self._see(who, Seen(" · ".join(value["value"] for value in body["data"].values()), "template"))
        return {"errcode": 0, "errmsg": "ok", "msgid": next(self._numbers)}

    def _menu_fault(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """The account menu's limits: 3 columns of 5, labels by bytes."""
        columns = body.get("button", [])
        if not 1 <= len(columns) <= 3:
            return self._wrong(40016)
        for column in columns:
            under = column.get("sub_button", [])
            if len(column["name"].encode()) > 16 or len(under) > 5:
                return self._wrong(40018)
            for item in under or [column]:
                if len(item["name"].encode()) > 60 or len(item.get("key", "").encode()) > 128:
                    return self._wrong(40019)
                if item["type"] not in ("click", "view") or (item["type"] == "view" and not item.get("url")):
                    return self._wrong(40020)
        return None

    def _wrong(self, code: int) -> dict[str, Any]:
        self.faults.append(f"a menu that WeChat refuses: {code}")
        return _error(code)

    def _scene(self, body: dict[str, Any]) -> dict[str, Any]:
        scene = body["action_info"]["scene"]["scene_str"]
        if body["action_name"] not in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE") or not 1 <= len(scene) <= 64:
            return _error(40053)
        if body["action_name"] == "QR_STR_SCENE" and not 1 <= int(body["expire_seconds"]) <= 2_592_000:
            return _error(40053)
        self.scenes[scene] = f"http://weixin.qq.com/q/{secrets.token_hex(8)}"
        return {"ticket": secrets.token_hex(20), "expire_seconds": 2_592_000, "url": self.scenes[scene]}

    def _signed_in(self, query: Any) -> dict[str, Any]:
        if query.get("appid") != self.app_id or query.get("secret") != self.secret:
            return _error(40125)
        openid = self.codes_of_sign_in.pop(query.get("code", ""), "")
        return {"openid": openid, "scope": "snsapi_base", "access_token": "x"} if openid else _error(40029)

    def sign_in_code(self, openid: str) -> str:
        """What WeChat's page puts into its redirection for that person."""
        code = secrets.token_hex(8)
        self.codes_of_sign_in[code] = openid
        return code


def _error(code: int) -> dict[str, Any]:
    return {"errcode": code, "errmsg": f"{'ok' if not code else 'refused'} rid: {secrets.token_hex(4)}"}
