"""Puts the parts together, starts them in order and stops them in the opposite one. The only module that
knows all of them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import structlog
from aiohttp import web

import handlers  # noqa: F401  fills the register
from bot import memory
from bot.answers import warming
from bot.answers.choice import Choice
from bot.answers.engine import Engine
from bot.channels.web.channel import WebChannel
from bot.channels.web.site import Site
from bot.channels.web.stream import Line, Stored
from bot.chat.channel import Channel
from bot.chat.reply import Reply
from bot.clock import Clock
from bot.conversation.following import Following
from bot.conversation.reading import Reader
from bot.conversation.receive import Conversation, Parts, words_for
from bot.conversation.router import on
from bot.delivery import duties, outbox
from bot.delivery.sender import Sender
from bot.desk import unanswered
from bot.errors import PortTaken
from bot.event.model import Event
from bot.jobs import Jobs
from bot.notices import preferences  # noqa: F401  registers what it holds
from bot.notices.broadcast import Notice
from bot.notices.courier import Courier
from bot.notices.tables import NoticeState
from bot.opening import Opened
from bot.pages.calendars import Calendars
from bot.pages.health import Health
from bot.pages.offline import Offline
from bot.pages.sessions import SessionPages
from bot.people import privacy
from bot.programme.versions import Published
from bot.settings import Settings
from bot.text.words import Words

# What a process does: all of it, the doors that people come in by, or what is sent without being asked.
Role = Literal["all", "web", "worker"]
VAR = Path("var")
VECTORS = VAR / "vectors"
WATCH_SECONDS = 1.0  # how soon a `publish` in another shell is answered from
PURGE_SECONDS = 300.0

log = structlog.get_logger()


def secret_key(settings: Settings) -> str:
    """The key that signs cookies and links: given, or made at first start and kept for its owner's eyes."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = VAR / "secret.key"
    VAR.mkdir(exist_ok=True)
    with suppress(FileExistsError), path.open("x", encoding="ascii") as file:
        path.chmod(0o600)
        file.write(secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii")


def worded(notice: Notice, say: Words, silent: bool, goes: Sequence[str] = ()) -> Reply:
    """A notice as its readers get it, by whoever words its kind; once recalled, what stands in its place. goes: the
    sessions that the reader goes to, of a notice that is put together from them."""
    kind = "recalled" if notice.state == NoticeState.RECALLED else notice.kind
    handler = on.find("notice", kind)
    assert handler is not None, f"nobody words {kind}"
    reply = handler(notice, say, silent, goes)
    assert isinstance(reply, Reply)
    return reply


def choice(settings: Settings) -> Choice | None:
    """The language model that may choose among entries, where one is set."""
    if not settings.llm_url:
        return None
    return Choice(settings.llm_url, settings.llm_key.get_secret_value() if settings.llm_key else "", settings.llm_model)


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
        self.choice = choice(settings)
        self.reader = Reader(engine, self.choice)
        # A PostgreSQL database may have other processes on it; an SQLite file has this one.
        self.sender = Sender(opened.store, self.channels, opened.clock, alone=opened.store.is_sqlite)
        self.courier = Courier(
            opened.store,
            self.channels,
            opened.clock,
            owner=self.sender.owner,
            event=lambda: (opened.versions.last or opened.published).event,
            words=lambda language: words_for(opened.versions.last or opened.published, language),
            wording=worded,
            alone=opened.store.is_sqlite,
            is_woken=bool(settings.broker_url),
        )
        chat = self.channels.get("web")
        self.jobs = Jobs(
            settings.broker_url.get_secret_value() if settings.broker_url else "",
            secret_key(settings) if settings.broker_url else "",
            look=lambda _: self.courier.wake(),
            hear=chat.hear if isinstance(chat, WebChannel) and role != "worker" else None,
            works=role != "web",
        )
        if isinstance(chat, WebChannel):
            chat.tell_others = self.jobs.tell
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

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything started; on leaving, doors close first, then what is in flight ends, then the database."""
        async with self.choice or nullcontext(), self._started():
            yield

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()

        def heard(_: str, notice_id: int) -> None:
            loop.call_soon_threadsafe(self.jobs.kick, notice_id)

        self.opened.store.heard = heard
        work = {"jobs": self.jobs.run, "sender": self.sender.run, "watch": self._watch}
        if self.role != "web":
            work["courier"] = self.courier.run
            work["cards"] = self._follow
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
            async for engine in warming.engines(event, self.settings.embedder, VECTORS, self.reader.engine):
                self.reader.use(engine)
            memory.settle()
        except Exception:
            log.exception("answers.failed", do="what was known before still answers")
            return
        if warming.is_warm(event, self.settings.embedder, VECTORS):
            log.info("answers.ready", embedder=self.settings.embedder, entries=len(event.entries))

    async def _purge(self) -> None:
        """Erase what is past its time."""
        while True:
            try:
                details = self.opened.published.event.details
                ends = datetime.combine(details.ends, datetime.max.time(), self.opened.published.event.zone)
                now, retention = self.opened.clock.now(), timedelta(days=self.settings.retention_days)
                gone = await self.opened.store.write(privacy.purge, now, event_ends=ends, retention=retention)
                await self.opened.store.write(unanswered.purge, now, event_ends=ends, retention=retention)
                if gone:
                    log.info("privacy.purged", persons=gone)
            except Exception:
                log.exception("purge.failed")
            await asyncio.sleep(PURGE_SECONDS)


def web_channel(settings: Settings, opened: Opened) -> WebChannel:
    """The web chat, reading its messages from the outbox."""
    store, known = opened.store, opened.versions

    async def backlog(address: str, after: int) -> Line:
        line = await store.read(outbox.since, "web", address, after, 100)
        language = line.language if line.language in site().words else ""  # the event may speak it no longer
        return Line([Stored(*each) for each in line.messages], language, line.is_leaving)

    sites: dict[int, Site] = {}

    def site() -> Site:
        published = known.last or opened.published
        if published.number not in sites:
            sites[published.number] = _site(published, opened.clock)
        return sites[published.number]

    return WebChannel(
        secret_key=secret_key(settings),
        backlog=backlog,
        site=site,
        clock=opened.clock,
        secure=settings.public_url.startswith("https://"),
    )


def _site(published: Published, clock: Clock) -> Site:
    """What the web page needs of the event."""
    details = published.event.details
    return Site(
        languages=details.languages,
        words={language: words_for(published, language) for language in details.scripts},
        names={language: details.name.in_(language) for language in details.scripts},
        short_names={language: details.short_name.in_(language) for language in details.scripts},
        default_language=published.event.default_language,
        clock_notice=clock.is_moved,
    )


@asynccontextmanager
async def serving(app: App, *, host: str, port: int) -> AsyncIterator[int]:
    """The web server: chat, feeds, health; the port it listens on. Raises PortTaken."""
    opened = app.opened
    server = web.Application(client_max_size=64 * 1024)
    chat = app.channels.get("web")
    if isinstance(chat, WebChannel):
        chat.add_routes(server, app.conversation.receive)
    for pages in (
        Calendars(opened.store, opened.versions, opened.clock),
        Offline(opened.store, opened.versions, opened.clock),
        SessionPages(opened.store, opened.versions),
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


def commands(say: Words) -> Sequence[tuple[str, str]]:
    """(name, what it does in the reader's language) of every command that platforms show in a menu."""
    return [(command.name, say.text(command.description)) for command in on.commands.values() if command.in_menu]
