"""One update, one transaction: who wrote, what they mean, what is answered, what is owed; committed
together. Sending begins after the commit.

What makes it safe: (channel, key) is a primary key, so an update is handled once however often it is
delivered; the account's row is locked for the turn, so one person's turns run one after the other on
any replica; replies are outbox rows of the same transaction, so a kill at any line loses none of them
and repeats no effect.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from bot.chat.action import Action
from bot.chat.channel import Channel, Parcel
from bot.chat.reply import Button, Reply
from bot.chat.update import Joined, Left, Media, Moved, Position, Press, Start, Text, Update
from bot.clock import Clock
from bot.conversation import carried, catching_up, choices, groups, team, trouble, ways
from bot.conversation.context import Context, Handler, Reading, Told, Turn
from bot.conversation.reading import Reader
from bot.conversation.router import Register
from bot.delivery import outbox, windows
from bot.delivery.outbox import Delivery
from bot.notices import audience, heard
from bot.people import accounts
from bot.people.accounts import Account
from bot.programme.versions import Published, Versions
from bot.store.threads import Store
from bot.store.transaction import Transaction
from bot.text.formats import base, own_name
from bot.text.words import Words

REMEMBERED = 10_000  # accounts whose language and last answer are kept in memory, to read their next text with
REMEMBERED_TEXT = 400  # characters of a last text, for whom its answer does not help
FADES = timedelta(hours=1)  # what is written later is a question again, unless it is wanted word for word
KEY_LENGTH = 160
ENTRY_LENGTH = 56  # of what was answered; with `entry:` or `session:` before it, a key of `heard`

log = structlog.get_logger()


class Last(NamedTuple):
    """What is remembered of an account in memory. asked: the last text, "" where it is not known here or was learnt
    from. expects: what its next text is to be. said: the last text."""

    language: str
    entry: str
    asked: str = ""
    expects: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a conversation is made of, put together by bot.app. words_of: (event, language) -> Words, kept."""

    store: Store
    clock: Clock
    versions: Versions
    reader: Reader
    channels: Mapping[str, Channel]
    register: Register
    submit: Callable[[Sequence[Delivery]], None]
    owner: str
    public_url: str = ""
    retention_days: int = 90
    reads_along: str = ""
    organizers: frozenset[tuple[str, str]] = frozenset()  # (channel, address)


class Conversation:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lines: dict[tuple[str, ...], tuple[asyncio.Lock, int]] = {}
        self._last: OrderedDict[tuple[str, str], Last] = OrderedDict()
        self._words: dict[tuple[int, str], Words] = {}

    async def receive(self, update: Update) -> bool:
        """Handle the update; returns once what it did and what it owes are committed. False where nothing was done,
        since the person has gone on: see Update.only_at.

        One person's updates run in the order they came; different people's side by side. Raises what the
        database raises: the channel then lets the platform deliver again.
        """
        async with self._line(update.channel, update.address):
            reading = await self._read(update)
            deliveries = await self._parts.store.write(self._turn, update, reading)
            if deliveries is None:
                return False
            self._parts.submit(deliveries)
            return True

    @asynccontextmanager
    async def _line(self, *who: str) -> AsyncIterator[None]:
        """One person's updates one after the other; the lock lives as long as somebody waits for it."""
        lock, waiting = self._lines.get(who, (asyncio.Lock(), 0))
        self._lines[who] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._lines.pop(who)
            if waiting > 1:
                self._lines[who] = (lock, waiting - 1)

    async def _read(self, update: Update) -> Reading:
        who = (update.channel, update.address)
        last = self._last.get(who)
        asked, said = (last.asked, last.said) if last else ("", "")
        text = update.content.text.strip() if isinstance(update.content, Text) and update.room is None else ""
        if not text or text.startswith("/"):
            return Reading(asked=asked, said=said)
        is_verbatim = self._parts.register.is_verbatim
        if last is None or is_verbatim(last.expects, text):  # looked up, since another replica may have answered since
            language, entry, expects = await self._parts.store.read(accounts.last_of, *who)
            last = Last(language, entry, asked, expects)
        if is_verbatim(last.expects, text):
            return Reading(asked=asked, said=said)
        outcome = await self._parts.reader.ask(text, hint=last.language or update.language, before=last.entry)
        return Reading(outcome.language, outcome, asked, said) if outcome else Reading(asked=asked, said=said)

    # --- the turn: runs in a database thread, again when PostgreSQL breaks the transaction off
    def _turn(self, tx: Transaction, update: Update, reading: Reading) -> list[Delivery] | None:
        parts = self._parts
        now = parts.clock.now()
        if not accounts.first_time(tx, update.channel, update.key[:KEY_LENGTH], now):
            return []
        if isinstance(update.content, Joined | Left) and update.room is None:
            accounts.set_reachable(tx, update.channel, update.address, isinstance(update.content, Joined))
            return []
        if isinstance(update.content, Moved) and update.room is None:
            accounts.move(tx, update.channel, update.address, update.content.to)
            return []
        published = parts.versions.current(tx)
        assert published is not None, "bot.app publishes before it starts a channel"
        if update.room is not None:
            return self._team(tx, update, published, now)
        languages = published.event.details.languages
        hinted = accounts.nearest(update.language, languages, published.event.default_language)
        account = accounts.lock(
            tx, update.channel, update.address,
            language=reading.language or hinted, now=now, is_group=update.is_in_group,
        )  # fmt: skip
        if update.only_at is not None and account.sequence != update.only_at:  # under the account's lock
            return None
        if update.opens:
            windows.renew(tx, account.id, update.opens, now)
        text = update.content.text if isinstance(update.content, Text) else ""
        if account.away > FADES and not parts.register.is_verbatim(account.expects, text):
            account = replace(account, expects="")
        if parts.register.is_verbatim(account.expects, text):
            reading = Reading(asked=reading.asked, said=reading.said)
            text = ""
        pressed = _pressed(update, account, numbers=not parts.register.wants_numbers(account.expects))
        language = carried.language(pressed, account.person, languages) or self._language(account, reading)
        ctx = Context(
            update=update,
            account=account,
            person=account.person,
            say=self.words(published, language),
            words=lambda other: self.words(published, other),
            tx=tx,
            now=now,
            published=published,
            reading=reading,
            public_url=parts.public_url,
            retention_days=parts.retention_days,
            organizers=parts.organizers,
            is_organizer={(update.channel, update.address), (update.channel, update.author)} <= parts.organizers,
            reads_along=parts.reads_along,
        )
        replies, parcels = self._answer(ctx, pressed)
        spoken = ctx.notes.get("language") or account.person.language
        said = update.content.text if isinstance(update.content, Text) and pressed is None else reading.asked
        asked = ctx.notes.get("asked", "" if said.startswith("/") else said)[:REMEMBERED_TEXT]
        heard.keep(tx, ctx.event, account.person.id, (ctx.notes.get(name, "") for name in ("entry", "heard")), now)
        entry = ctx.notes.get("entry", account.last_entry)
        is_plain = pressed is None and not text.startswith("/") and not (reading.outcome and reading.outcome.command)
        is_plain = is_plain and choices.number(text) is None and not choices.lets_go(text)
        last = ctx.notes.get("said", text if text and is_plain else reading.said)[:REMEMBERED_TEXT]
        self._last[update.channel, update.address] = Last(spoken, entry, asked, _expected(replies), last)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return self._owe(ctx, replies, parcels)

    def _team(self, tx: Transaction, update: Update, published: Published, now: datetime) -> list[Delivery]:
        """What the team did in its room, and what others are owed for it."""
        turn = Turn(
            update=update,
            say=self.words(published, published.event.default_language),
            words=lambda other: self.words(published, other),
            tx=tx,
            now=now,
            published=published,
            organizers=self._parts.organizers,
        )
        team.turn(self._parts.register, turn)
        return [delivery for told in turn.told for delivery in self._tell(turn, told)]

    def _answer(self, ctx: Context, pressed: Action | None) -> tuple[list[Reply], list[Parcel]]:
        """The handler's replies as the platform gets them, or trouble's; what a failed handler did is undone."""
        handler, args = self._route(ctx, pressed)
        if ctx.update.is_in_group and handler not in self._parts.register.public:
            handler = self._parts.register.find("content", "in a group") or handler
        replacing = ctx.update.content.message_id if isinstance(ctx.update.content, Press) else ""
        channel = self._parts.channels[ctx.update.channel]
        try:
            with ctx.tx.savepoint():
                replies = handler(ctx, *args)
                replies = [replies] if isinstance(replies, Reply) else list(replies)
                if ctx.account.is_new and not ctx.update.is_in_group and "noticed" not in ctx.notes:
                    replies.append(self._notice(ctx))
                replies = self._offering_language(ctx, replies)
                if ctx.update.is_in_group:
                    replies = groups.public(replies, self._parts.register)
                if channel.abilities.counts and not ctx.account.is_new and not any(each.forgets for each in replies):
                    replies = [*catching_up.replies(ctx, self._parts.register), *replies]
                # Rendered in here, so that what cannot be rendered is a failed handler and not a lost turn.
                changed = ctx.notes.get("language")
                say = ctx.words(changed) if changed else ctx.say
                if channel.abilities.footer:
                    replies = ways.with_ways(replies, say)
                if not changed:
                    replies = carried.marked(replies, ctx.person, say.language)
                return replies, channel.render(replies, say, replacing=replacing)
        except Exception as error:
            if trouble.is_the_database(error):
                raise
            ctx.told.clear()
            ctx.notes.clear()
            replies = carried.marked([trouble.reply(ctx, error)], ctx.person, ctx.say.language)
            return replies, channel.render(replies, ctx.say)
        finally:
            for name in ("entry", "heard"):  # a forged button's names nothing, and no column takes it
                if len(ctx.notes.get(name, "")) > ENTRY_LENGTH:
                    del ctx.notes[name]

    def _notice(self, ctx: Context) -> Reply:
        """The notice of privacy that follows the first answer."""
        notice = self._parts.register.find("content", "notice")
        assert notice is not None, "no handler for notice"
        reply = notice(ctx)
        assert isinstance(reply, Reply)
        return reply

    def _route(self, ctx: Context, pressed: Action | None) -> tuple[Handler, tuple[str, ...]]:
        on = self._parts.register

        def content(name: str, *args: str) -> tuple[Handler, tuple[str, ...]]:
            handler = on.find("content", name)
            assert handler is not None, f"no handler for {name}"
            return handler, args

        if pressed is not None:
            press = on.find("press", pressed.name)
            return (press, pressed.args) if press else content("unknown button")
        match ctx.update.content:
            case Start(payload):
                return content("start", payload)
            case Position():
                return content("position")
            case Media(kind):
                return content("media", kind)
            case Text(text):
                text = text.strip()
        if text.startswith("/"):
            name, *words = text[1:].split() or [""]
            command = on.find("command", name.lower())
            known = on.commands.get(name.lower())
            given = words if known is not None and known.for_organizers else words[:1]
            return (command, tuple(given)) if command else content("unknown command", name)
        if ctx.account.expects and choices.lets_go(text):
            return content("let go")
        outcome = ctx.reading.outcome
        if outcome is not None and outcome.command:
            name, _, argument = outcome.command.partition(":")
            command = on.find("command", name)
            if command:
                return command, (argument,) if argument else ()
        wanted = Action.unpack(ctx.account.expects)
        expected = on.find("reply", wanted.name)
        takes = expected is not None and on.takes(ctx.account.expects, text)
        return (expected, (text, *wanted.args)) if expected and takes else content("text", text)

    def _owe(self, ctx: Context, replies: Sequence[Reply], parcels: Sequence[Parcel]) -> list[Delivery]:
        """Outbox rows for the replies and for what others are told, and the account as the next turn finds it."""
        parts, account, update = self._parts, ctx.account, ctx.update
        deliveries = outbox.add(
            ctx.tx, account.id, update.channel, update.address, parcels,
            first_sequence=account.sequence + 1, because=update.key[:KEY_LENGTH], now=ctx.now, owner=parts.owner,
        )  # fmt: skip
        shown = [choice for parcel in parcels for choice in parcel.choices]
        accounts.remember(
            ctx.tx, account,
            sequence=account.sequence + len(parcels),
            expects=_expected(replies),
            choices=shown or None,
            last_entry=ctx.notes.get("entry", account.last_entry),
        )  # fmt: skip
        for told in ctx.told:
            deliveries += self._tell(ctx, told)
        return deliveries

    def _tell(self, ctx: Turn, told: Told) -> list[Delivery]:
        deliveries: list[Delivery] = []
        known = [row for row in accounts.reachable(ctx.tx, told.person) if row[1] in self._parts.channels]
        wanted = [id_ for id_, _ in known if id_ in told.accounts]
        if not wanted:
            # Where nobody sits when it arrives comes last.
            known.sort(key=lambda row: row[1] in audience.NEVER_PUSHED)
            if told.accounts:  # a warning to others is not for whoever it warns of
                known = [row for row in known if row[0] != ctx.acting]
            wanted = [id_ for id_, _ in known[: None if told.everywhere else 1]]
        for to in accounts.next_in_line(ctx.tx, wanted, 1):
            channel = self._parts.channels[to.channel]
            say = ctx.words(to.language)
            reply = told.wording(say)
            parcels = channel.render([reply], say)[:1]
            if reply.expects:
                accounts.expect(ctx.tx, to.account_id, reply.expects)
            deliveries += outbox.add(
                ctx.tx, to.account_id, to.channel, to.address, parcels,
                first_sequence=to.sequence, because=told.because, now=ctx.now, owner=self._parts.owner,
            )  # fmt: skip
        return deliveries

    # --- languages
    def words(self, published: Published, language: str) -> Words:
        """Words for readers of `language` of this event; kept, since a catalogue is dear to open."""
        key = (published.number, language)
        if key not in self._words:
            self._words[key] = words_for(published, language)
        return self._words[key]

    def _language(self, account: Account, reading: Reading) -> str:
        """The language of this answer: the text's own, else the person's. A text alike in both Chinese scripts
        was read as the person's; who chose one of the two is answered in it, whichever they type."""
        own = account.person.language
        if account.person.language_chosen and base(reading.language) == base(own):
            return own
        return reading.language or own

    def _offering_language(self, ctx: Context, replies: list[Reply]) -> list[Reply]:
        """Answered in another language than the person's own: offer to go on in it."""
        own, spoken = ctx.person.language, ctx.say.language
        if own == spoken or not replies or ctx.account.is_new or ctx.notes.get("language"):
            return replies
        offer = Button(_always(ctx.say, own), Action("language", (spoken,)))
        return [*replies[:-1], replace(replies[-1], buttons=(*replies[-1].buttons, offer))]


def _expected(replies: Sequence[Reply]) -> str:
    """What the next text of the account is to be, after these."""
    return next((reply.expects for reply in replies if reply.expects), "")


def _pressed(update: Update, account: Account, *, numbers: bool) -> Action | None:
    """The button that was pressed, or that a bare number stands for. numbers: whether it does."""
    match update.content:
        case Press(action):
            return action
        case Text(text) if numbers and not text.startswith("/"):
            return choices.chosen(text, account.choices)
    return None


def words_for(published: Published, language: str) -> Words:
    """Words for readers of `language`, in the event's zone, with their second zone where it has one."""
    details = published.event.details
    second = details.second_zone.get(language) or details.second_zone.get(base(language))
    return Words(language, published.event.zone, ZoneInfo(second) if second else None)


def _always(say: Words, own: str) -> str:
    """The label of the offer to go on in the language of `say`; between two scripts, it names the script."""
    if not say.has_catalogue:
        return own_name(say.language)
    if base(own) != base(say.language):
        # Translators: a button under an answer given in another language than the reader's usual one.
        return say.p("button", "Always in English")
    if say.language == "zh-Hant":
        return say.p("button", "Always in Traditional Chinese")
    return say.p("button", "Always in Simplified Chinese")
