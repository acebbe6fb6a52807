"""The WeChat Official Account as a channel. Who calls us and how: door.py; what may be sent and when: here; how an
answer rides in WeChat's own call: waiting.py; what we call: api.py, with the token of token.py."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web

from bot.channels.wechat import menu, verdicts
from bot.channels.wechat.api import Answer, Api
from bot.channels.wechat.crypto import Envelope
from bot.channels.wechat.door import Door
from bot.channels.wechat.files import Files
from bot.channels.wechat.render import TEXT_LIMIT, filled, render
from bot.channels.wechat.scenes import Scenes
from bot.channels.wechat.sign_in import SignIn
from bot.channels.wechat.token import Tokens
from bot.channels.wechat.waiting import Ride, Rides, Timing
from bot.chat.channel import Abilities, Failed, Later, Parcel, Receive, Sent, Unreachable, Verdict
from bot.chat.reply import Reply
from bot.chat.update import Update
from bot.clock import Clock
from bot.delivery import outbox, windows
from bot.delivery.pace import Allowance, Limits, LocalPace
from bot.people import accounts
from bot.store.threads import Store
from bot.store.transaction import Transaction
from bot.text.words import Words

SEND, TEMPLATE, SUBSCRIBED = (
    "/cgi-bin/message/custom/send", "/cgi-bin/message/template/send", "/cgi-bin/message/subscribe/bizsend",
)  # fmt: skip
PASSIVE, CUSTOMER = "passive", "customer"
CUSTOMER_DAY, TEMPLATE_DAY = 500_000, 100_000  # calls a day of the whole account
LOCAL_SECONDS = 0.3  # how soon the sender of this process offers an answer, if it is the one
MENU_SECONDS, MENU_SECONDS_AT_MOST = 10.0, 3600.0
RATE = 30.0  # notices a second of a process: WeChat names no limit, and answers share the machine
NO_ALLOWANCE = Allowance(0.0, 1)  # of a chat: what it may be sent is counted in its window
RIDING = Later(3, "chat", "it rides in another process's call")
SPENT = Later(60, "bot", "the day's quota is used up")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Template:
    """A message that reaches whoever has not written for two days. fields: WeChat's name of each -> what, where, when.
    subscribed: by consent to a single one (订阅通知), else a template message (模板消息)."""

    id: str
    fields: Mapping[str, str]
    subscribed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The Official Account as an operator configures it. templates: kind of notice -> its template."""

    app_id: str
    secret: str
    token: str
    aes_keys: tuple[str, ...] = ()
    api_url: str = ""
    templates: Mapping[str, Template] = field(default_factory=dict)
    has_menu_messages: bool = True
    may_sign_in: bool = False


class WeChatChannel:
    name = "wechat"
    abilities = Abilities(buttons=False, counts=True, window=16, text_limit=TEXT_LIMIT, text_unit="bytes")

    def __init__(
        self, account: Account, store: Store, clock: Clock, *, secret_key: str, words: Callable[[str], Words],
        commands: menu.Commands, languages: Sequence[str], scenes: Callable[[], Collection[str]] = tuple,
        base_url: str = "", timing: Timing | None = None, rate: float = RATE,
    ) -> None:  # fmt: skip
        """secret_key: signs the addresses of files. words: language -> its Words. commands: language -> (command, what
        it does). languages: those of the event, for the menu. scenes: what anybody may have a QR code of. base_url: our
        public address. timing: WeChat's, but in tests. rate: notices a second, 0 for no pace."""
        timing = timing or Timing()
        self.account = account
        self.api = Api(Tokens(store, clock, app_id=account.app_id, secret=account.secret), api_url=account.api_url)
        self._store, self._clock, self._base_url = store, clock, base_url
        self._words, self._commands = words, commands
        self._languages = sorted(languages, key=lambda language: language != "zh")  # Chinese first, then the event's
        self._rides = Rides(timing)
        self._pace = LocalPace(Limits(rate, lambda _: NO_ALLOWANCE))
        self._files = Files(store, secret_key=secret_key, base_url=base_url)
        self.scenes = Scenes(self.api, store, clock, app_id=account.app_id, known=scenes)
        self._sign_in = SignIn(
            self.api, store, clock, app_id=account.app_id, secret=account.secret, secret_key=secret_key,
            base_url=base_url, may=account.may_sign_in,
        )  # fmt: skip
        self._has_menu_messages = account.has_menu_messages
        self._door = Door(
            token=account.token, envelopes=[Envelope(key, account.app_id) for key in account.aes_keys],
            rides=self._rides, fetch=self._fetch, clock=clock, timing=timing,
        )  # fmt: skip

    def add_routes(self, app: web.Application, receive: Receive) -> None:
        self._door.add_routes(app, receive)
        self._files.add_routes(app)
        self._sign_in.add_routes(app)
        self.scenes.add_routes(app)

    def render(self, replies: Sequence[Reply], say: Words, *, replacing: str = "") -> list[Parcel]:
        return render(replies, say, base_url=self._base_url)

    async def admit(self, address: str) -> None:
        return None

    async def reserve(self, address: str) -> Later | float:
        return await self._pace.reserve(address)

    async def run(self, receive: Receive) -> None:
        """Updates come by the door; here the account's menu and codes are made, as soon as WeChat can be reached."""
        pause = MENU_SECONDS
        while not await self._menu_is_set():
            await asyncio.sleep(pause)
            pause = min(pause * 3, MENU_SECONDS_AT_MOST)
        try:
            await self.scenes.fetch()
        except Exception:
            log.exception("wechat.scenes_failed")
        await asyncio.Event().wait()

    async def _menu_is_set(self) -> bool:
        try:
            return await menu.publish(self.api, self._words, self._commands, self._languages, self._base_url)
        except Exception:
            log.exception("wechat.menu_failed")
            return False

    async def close(self) -> None:
        await self._door.finish()
        await self.api.close()

    # --- messages
    async def send(self, address: str, parcel: Parcel, *, because: str, sequence: int) -> Verdict:
        """An answer rides in the call that it answers, where one is open; what else is sent is a customer message."""
        if not parcel.kind:
            ride = self._rides.get(because)
            if ride is not None and await ride.offer(self._text(address, parcel.body, sequence)):
                return Sent(PASSIVE)
        return await self._push(address, parcel, because, sequence)

    async def correct(self, address: str, message_id: str, parcel: Parcel) -> Verdict:
        """What was sent stays; the new text comes as a message of its own."""
        return await self._push(address, parcel, "", 0)

    async def withdraw(self, address: str, message_id: str) -> Verdict:
        return Failed("WeChat takes no message back")

    async def _push(self, address: str, parcel: Parcel, because: str, sequence: int) -> Verdict:
        now = self._clock.now()
        may = await self._store.write(self._spend, address, parcel, because)
        if may == "riding":
            return RIDING
        if may == "quota":
            return Later(verdicts.until_midnight(now), "bot", SPENT.why)
        if may == "shut":
            return await self._by_template(address, parcel)
        answer = await self._customer_message(address, self._text(address, parcel.body, sequence), parcel)
        return await self._became(address, answer)

    def _spend(self, tx: Transaction, address: str, parcel: Parcel, because: str) -> str:
        """All that must be left before a customer message, taken in one transaction; or what is not."""
        now = self._clock.now()
        is_answer = not parcel.kind and bool(because)
        if is_answer and outbox.ride(tx, self.name, address, because, CUSTOMER, now) is None:
            return "riding"
        keep = 0 if is_answer or parcel.is_urgent else windows.KEPT
        if not windows.take(tx, self.name, address, now, keep=keep):
            return "shut"
        if not windows.count(tx, self._quota("customer"), verdicts.day(now), CUSTOMER_DAY):
            windows.give_back(tx, self.name, address, now)
            return "quota"
        if parcel.kind and parcel.choices:
            accounts.set_choices(tx, self.name, address, parcel.choices)
        return ""

    async def _customer_message(self, address: str, text: str, parcel: Parcel) -> Answer:
        """As a menu that can be pressed where the account may and it is an answer; else numbered lines. A notice's
        reader is to write back: pressing opens a minute, writing two days."""
        asked = parcel.body.get("menu")
        if asked and asked["head"] and self._has_menu_messages and not parcel.kind:
            content = {"head_content": asked["head"], "list": asked["items"], "tail_content": ""}
            answer = await self.api.call(SEND, {"touser": address, "msgtype": "msgmenu", "msgmenu": content})
            if answer.code not in verdicts.NO_RIGHT:
                return answer
            self._has_menu_messages = False
            log.info("wechat.no_menu_messages", code=answer.code)
        return await self.api.call(SEND, {"touser": address, "msgtype": "text", "text": {"content": text}})

    async def _by_template(self, address: str, parcel: Parcel) -> Verdict:
        """Outside the window: a template, where one is configured for that kind of notice."""
        template = self.account.templates.get(parcel.kind)
        if template is None:
            return Unreachable(windows.OUTSIDE, lasts=False)
        now = self._clock.now()
        if not await self._store.write(windows.count, self._quota("template"), verdicts.day(now), TEMPLATE_DAY):
            return Later(verdicts.until_midnight(now), "bot", SPENT.why)
        told = parcel.body.get("brief") or {"what": _first_line(parcel.body["text"])}
        data = {
            name: {"value": _fitted(name, str(told.get(what, "")) or "-")} for name, what in template.fields.items()
        }
        body = {"touser": address, "template_id": template.id, "data": data}
        if self._base_url:
            body["page" if template.subscribed else "url"] = f"{self._base_url}/wechat/enter"
        answer = await self.api.call(SUBSCRIBED if template.subscribed else TEMPLATE, body)
        verdict = verdicts.verdict(answer, now)
        return Sent(f"template:{verdict.message_id}"[:64]) if isinstance(verdict, Sent) else verdict

    async def _became(self, address: str, answer: Answer) -> Verdict:
        now = self._clock.now()
        verdict = verdicts.verdict(answer, now)
        if answer.code in (verdicts.SHUT, verdicts.SPENT):
            await self._store.write(windows.shut, self.name, address)
        elif answer.code == verdicts.DAY_SPENT:
            await self._store.write(windows.spend, self._quota("customer"), verdicts.day(now), CUSTOMER_DAY)
        if isinstance(verdict, Later):
            await self._store.write(windows.give_back, self.name, address, now)
        return verdict

    def _quota(self, name: str) -> str:
        return f"wechat:{self.account.app_id}:{name}"[:64]

    def _text(self, address: str, body: Mapping[str, Any], sequence: int) -> str:
        text = str(body["text"])
        return filled(text, self._files.address(address, sequence)) if "file" in body else text

    async def _fetch(self, update: Update, ride: Ride) -> None:
        """Let ride what is owed to an update whose turn is over, where no sender here offers it: it ran in another
        process, or something older goes first there."""
        await asyncio.sleep(LOCAL_SECONDS)
        if ride.text is not None or ride.is_over:
            return
        who = self.name, update.address, update.key
        owed = await self._store.write(outbox.ride, *who, PASSIVE, self._clock.now())
        if owed is not None:
            arrived = await ride.offer(self._text(update.address, *owed))
            await self._store.write(outbox.rode, *who, PASSIVE, self._clock.now(), arrived=arrived)
            return
        again = await self._store.read(outbox.sent, *who, PASSIVE)  # WeChat asks again: it has not got it
        if again is None or not await ride.offer(self._text(update.address, *again)):
            ride.end()


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), text)


def _fitted(name: str, value: str) -> str:
    """A template's value within what its type allows (platform rules, Template values)."""
    longest = {"thing": 20, "phrase": 5, "character": 32, "time": 20, "date": 20, "const": 20}
    most = longest.get(name.rstrip("0123456789"), 20)
    return value if len(value) <= most else value[: most - 1] + "…"
