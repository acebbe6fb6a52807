"""Puts the parts together, starts them in order and stops them in the opposite one. The only module that
knows all of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, Protocol, runtime_checkable

import structlog
from aiohttp import web

from bot import doors, memory, wording
from bot.answers import warming
from bot.answers.choice import Choice
from bot.answers.engine import Engine
from bot.channels.web.channel import WebChannel
from bot.channels.wechat.channel import WeChatChannel
from bot.chat.channel import Channel, Receive
from bot.chat.desk import Desk
from bot.chat.links import Link
from bot.chat.search import Search
from bot.conversation.following import Following
from bot.conversation.reading import Reader
from bot.conversation.receive import Conversation, Parts, words_for
from bot.conversation.router import on
from bot.conversation.searching import Searching
from bot.delivery import duties
from bot.delivery.sender import Sender
from bot.desk import room as rooms
from bot.desk import shown as desk_shown
from bot.desk import unanswered
from bot.desk.posting import Posting
from bot.errors import PortTaken
from bot.event.model import Event
from bot.jobs import Jobs
from bot.notices import heard, seated, timers
from bot.notices import joining as _notices_joining  # noqa: F401  registers how deliveries are joined
from bot.notices.courier import Courier
from bot.opening import Opened
from bot.pages.calendars import Calendars
from bot.pages.changes import Changes
from bot.pages.health import Health
from bot.pages.offline import Offline
from bot.pages.screen import Screen
from bot.pages.sessions import SessionPages
from bot.people import linking, participants, privacy
from bot.programme import joining as _sessions_joining  # noqa: F401
from bot.programme.history import History
from bot.programme.versions import Published
from bot.settings import Settings
from bot.store.transaction import Transaction
from handlers import reminders  # and with the package all others: it fills the register

# What a process does: all of it, the doors that people come in by, or what is sent without being asked.
Role = Literal["all", "web", "worker"]
WATCH_SECONDS = 1.0  # how soon a `publish` in another shell is answered from
PURGE_SECONDS = 300.0
REMIND_SECONDS = 2.0
STARTING_SECONDS = 5.0  # that a question waits for the first answers after a start

log = structlog.get_logger()


@runtime_checkable
class Searched(Protocol):
    """A channel from which the event is searched without writing to us."""

    search: Search | None


@runtime_checkable
class Posted(Protocol):
    """A channel to which the platform posts its updates over HTTP."""

    def add_routes(self, app: web.Application, receive: Receive) -> None: ...


def _begin(tx: Transaction, due: timers.Due, published: Published, now: datetime) -> None:
    """Begin a notice by the clock, worded from the programme as it is now."""
    event = published.event
    sessions = [session for each in due.sessions.values() for session in each]
    told = reminders.parts(event, sessions, partial(words_for, published))
    timers.begin(tx, due, told, reminders.texts(told, event.details.scripts), event, now)


class App:
    """A running bot: channels, conversation, delivery, jobs."""

    def __init__(
        self,
        settings: Settings,
        opened: Opened,
        channels: Mapping[str, Channel],
        engine: Engine | None = None,
        *,
        purges: bool = False,
        role: Role = "all",
    ) -> None:
        """engine: None builds one in the background: doors and buttons do not wait for it, and the full one
        takes its place once its vectors are made. purges: erase what is past its time, which is for the one
        that serves the event and not for whoever looks in. role: which part of the work is done here."""
        self._builds = engine is None and role != "worker"
        self._purges = purges and role != "web"
        self.role = role
        self.settings = settings
        self.opened = opened
        self.channels = dict(channels)
        self.choice = Choice.of(settings)
        # On a phone whoever asks is told rather than kept waiting; a terminal's text may have come through a pipe.
        patience = None if "terminal" in self.channels else STARTING_SECONDS
        self.reader = Reader(engine, self.choice, patience=patience)
        # A PostgreSQL database may have other processes on it; an SQLite file has this one.
        self.sender = Sender(opened.store, self.channels, opened.clock, alone=opened.store.is_sqlite)
        self.courier = Courier(
            opened.store,
            self.channels,
            opened.clock,
            owner=self.sender.owner,
            event=lambda: opened.newest.event,
            words=lambda language: words_for(opened.newest, language),
            wording=wording.worded,
            alone=opened.store.is_sqlite,
            is_woken=bool(settings.broker_url),
        )
        chat = self.channels.get("web")
        self.jobs = Jobs(
            settings.broker_url.get_secret_value() if settings.broker_url else "",
            doors.secret_key(settings) if settings.broker_url else "",
            look=lambda _: self.courier.wake(),
            hear=chat.hear if isinstance(chat, WebChannel) and role != "worker" else None,
            works=role != "web",
        )
        if isinstance(chat, WebChannel):
            chat.tell_others = self.jobs.tell
        self.desk = self._desk_of(self.channels)
        self.conversation = Conversation(
            Parts(
                store=opened.store,
                clock=opened.clock,
                versions=opened.versions,
                reader=self.reader,
                channels=self.channels,
                register=on,
                submit=self.sender.submit,
                owner=self.sender.owner,
                public_url=settings.public_url,
                retention_days=settings.retention_days,
                reads_along=self.choice.host if self.choice else "",
                organizers=settings.organizer_accounts,
            )
        )

        self.posting = Posting(
            opened.store,
            opened.clock,
            desk=self.desk[0],
            channel=self.desk[1],
            event=lambda: opened.newest.event,
            words=lambda language: words_for(opened.newest, language),
            wording=wording.shown,
            receive=self.conversation.receive,
        )

        searching = Searching(opened.store, opened.clock, lambda: opened.newest, on)
        for each in self.channels.values():
            if isinstance(each, Searched):
                each.search = searching.search

    @staticmethod
    def _desk_of(channels: Mapping[str, Channel]) -> tuple[Desk, Channel] | tuple[None, None]:
        """The channel that can show a team its questions, where there is one."""
        for channel in channels.values():
            desk = getattr(channel, "desk", None)
            if desk is not None:
                return desk, channel
        return None, None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything started; on leaving, doors close first, then what is in flight ends, then the database."""
        async with self.choice or nullcontext(), self._started():
            yield

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()

        def heard(subject: str, row_id: int) -> None:
            if subject == "desk":
                loop.call_soon_threadsafe(self.posting.wake)
            else:
                loop.call_soon_threadsafe(self.jobs.kick, row_id)

        self.opened.store.heard = heard
        work = {"jobs": self.jobs.run, "sender": self.sender.run, "watch": self._watch}
        if self.role != "web":
            work["courier"] = self.courier.run
            work["cards"] = self._follow
            # Who has no room to show anything in must not keep out who has.
            work["desk"] = partial(self._alone, "desk" if self.desk[0] else "answers", self.posting.run)
            work["clock"] = self._remind
        if self.desk[0] is not None or self._purges:  # whoever looks in leaves it as it is
            await self._know_room()
            work["room"] = self._follow_room
        if self._purges:
            work["purge"] = self._purge
        jobs = [asyncio.create_task(run(), name=name) for name, run in work.items()]
        doors = (
            [] if self.role == "worker" else [asyncio.create_task(self._door(each)) for each in self.channels.values()]
        )
        try:
            yield
        finally:
            self.opened.store.heard = None
            for group in (doors, jobs):
                for task in group:
                    task.cancel()
                await asyncio.gather(*group, return_exceptions=True)
            for channel in self.channels.values():
                await channel.close()
            self.reader.close()

    async def _follow(self) -> None:
        """Keep organizers' cards up to date, in one process at a time."""
        opened = self.opened
        following = Following(opened.store, self.channels, opened.clock, self.conversation.receive)
        await self._alone("cards", following.run)

    async def _know_room(self) -> None:
        """What is said in the team's room is the team's, from the first update on."""
        desk, channel = self.desk
        name = channel.name if channel else ""
        chat = self.settings.telegram_desk_chat if name == "telegram" else ""
        found = await self.opened.store.write(rooms.configure, name, chat)
        if found is not None and desk is not None:
            desk.rooms |= {found.configured, found.address}

    async def _follow_room(self) -> None:
        """Another process may have learnt that the room has moved."""
        desk, _ = self.desk
        while desk is not None:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                found = await self.opened.store.read(rooms.of)
            except Exception:
                log.exception("room.failed")
                continue
            if found is not None:
                desk.rooms.add(found.address)

    async def _remind(self) -> None:
        """Begin what is due by the clock. Any number of processes may look: each thing begins once."""
        opened, begun = self.opened, set[str]()
        while True:
            try:
                published = await opened.store.read(opened.versions.current)
                if published is not None:
                    now = opened.clock.now()
                    due = timers.due(published.event, now)
                    for step in await opened.store.read(seated.due, published.event, now):
                        await self._do(step, published.event, now)
                    for one in [one for one in due if not begun.issuperset(one.sessions)]:
                        await opened.store.write(_begin, one, published, now)
                        begun.update(one.sessions)
            except Exception:
                log.exception("clock.failed")
            await asyncio.sleep(REMIND_SECONDS)

    async def _do(self, step: seated.Step, event: Event, now: datetime) -> None:
        """One that fails must not hold up the others."""
        try:
            await self.opened.store.write(seated.do, step, event, now)
        except Exception:
            log.exception("clock.failed", what=step.what, session=step.session_id)

    async def _alone(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do what only one process on this database may at a time."""
        opened = self.opened
        if opened.store.is_sqlite:
            await work()
        else:
            await duties.perform(opened.store, opened.clock, name, self.sender.owner, work)

    async def _door(self, channel: Channel) -> None:
        """Take a channel's updates; where only one process may, in turn with the others on this database."""
        run = partial(channel.run, self.conversation.receive)
        await (self._alone(f"{channel.name}.door", run) if channel.abilities.lone else run())

    async def _watch(self) -> None:
        """Answer from a newer version as soon as one is published, here or in another process."""
        number = self.opened.published.number
        learning = asyncio.create_task(self._use_newest(self.opened.published.event)) if self._builds else None
        try:
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                try:
                    published = await self.opened.store.read(self.opened.versions.current)
                except Exception:
                    log.exception("watch.failed")
                    continue
                if published is not None and published.number != number:
                    number = published.number
                    log.info("event.published", version=number)
                    if learning is not None:
                        learning.cancel()  # what it would end with is out of date
                    learning = asyncio.create_task(self._use_newest(published.event))
        finally:
            if learning is not None:
                learning.cancel()
                await asyncio.gather(learning, return_exceptions=True)

    async def _use_newest(self, event: Event) -> None:
        """Answer from `event`: at once by what was known of it, or by words alone, and then by all."""
        try:
            async for engine in warming.engines(event, self.settings.embedder, warming.VECTORS, self.reader.engine):
                self.reader.use(engine)
            memory.settle()
        except Exception:
            log.exception("answers.failed", do="what was known before still answers")
            return
        if warming.is_warm(event, self.settings.embedder, warming.VECTORS):
            log.info("answers.ready", embedder=self.settings.embedder, entries=len(event.entries))

    async def _purge(self) -> None:
        """Erase what is past its time."""
        while True:
            try:
                details = self.opened.published.event.details
                ends = datetime.combine(details.ends, datetime.max.time(), self.opened.published.event.zone)
                now, retention = self.opened.clock.now(), timedelta(days=self.settings.retention_days)
                gone = await self.opened.store.write(privacy.purge, now, event_ends=ends, retention=retention)
                await self.opened.store.write(participants.purge, now, event_ends=ends, retention=retention)
                await self.opened.store.write(heard.forget, now)
                await self.opened.store.write(linking.purge, now)
                await self.opened.store.write(desk_shown.purge, now)
                await self.opened.store.write(unanswered.purge, now, event_ends=ends, retention=retention)
                if gone:
                    log.info("privacy.purged", persons=gone)
            except Exception:
                log.exception("purge.failed")
            await asyncio.sleep(PURGE_SECONDS)


@asynccontextmanager
async def serving(app: App, *, host: str, port: int) -> AsyncIterator[int]:
    """The web server: chat, feeds, health; the port it listens on. Raises PortTaken."""
    opened = app.opened
    server = web.Application(client_max_size=64 * 1024)
    for channel in app.channels.values():
        if isinstance(channel, Posted):
            channel.add_routes(server, app.conversation.receive)
    history = History()
    for pages in (
        Calendars(opened.store, opened.versions, app.settings.public_url),
        Offline(opened.store, opened.versions, opened.clock),
        SessionPages(
            opened.store,
            opened.versions,
            app.settings.public_url,
            code=_code(app.channels.get("wechat")),
            telegram=partial(getattr, app.channels.get("telegram"), "chat_url", ""),
        ),
        Changes(opened.store, opened.versions, history, app.settings.public_url),
        Screen(opened.store, opened.versions, history, opened.clock),
    ):
        pages.add_routes(server)
    Health(opened.store, opened.clock).add_routes(server)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        listener = web.TCPSite(runner, host, port)
        try:
            await listener.start()
        except OSError as error:
            raise PortTaken(host, port) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _code(channel: Channel | None) -> Callable[[Transaction, str], str] | None:
    """Where a session's code for WeChat is drawn, where there is such a channel."""
    if not isinstance(channel, WeChatChannel):
        return None
    return lambda tx, session_id: channel.scenes.path(tx, Link(session=session_id).pack())
