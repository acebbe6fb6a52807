"""`passerelle run`: every configured channel, delivery, the web server, until told to stop."""

import argparse
import asyncio
import signal
import socket
import sys
from contextlib import AsyncExitStack

import structlog

from bot import app as app_
from bot import doors, memory, opening
from bot.app import App, Role
from bot.chat.channel import Channel
from bot.errors import BadSettings, Fault
from bot.event import load
from bot.opening import Opened
from bot.programme import difference
from bot.settings import Settings

log = structlog.get_logger()


def main(options: argparse.Namespace, settings: Settings) -> int:
    given = {name: value for name in ("host", "port") if (value := getattr(options, name)) is not None}
    settings = settings.model_copy(update=given)
    if options.role != "all" and settings.broker_url is None:
        do = "set it to nats://host:4222, the engine that processes share, or run without --role"
        raise BadSettings([Fault("PASSERELLE_BROKER_URL", 0, f"is missing beside --role {options.role}", do)])
    opened = opening.open_store(settings)
    try:
        return asyncio.run(serve(settings, opened, _standing(settings, opened), options.role))
    finally:
        opened.store.close()


async def serve(settings: Settings, opened: Opened, standing: str, role: Role = "all") -> int:
    """Run until SIGINT or SIGTERM. standing: a line on what is served, shown at the start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    channels = doors.every(settings, opened)
    app = App(settings, opened, channels, purges=True, role=role)
    async with AsyncExitStack() as stack:
        port = 0  # a worker has no door of its own
        if role != "worker":
            port = await stack.enter_async_context(app_.serving(app, host=settings.host, port=settings.port))
        await stack.enter_async_context(app.running())
        memory.settle()
        _announce(settings, opened, standing, port, channels)
        await stop.wait()
        log.info("run.stopping")
    return 0


def _standing(settings: Settings, opened: Opened) -> str:
    """How the event's folder stands to what is published, which is what is served."""
    folder, number = load.find(settings.event), opened.published.number
    if not opened.changed_folder:
        return f"Serving version {number}, which is what {folder} says."
    event, faults = load.read(folder)
    if faults or event is None:
        return f"Serving version {number}; {folder} has changed since, and holds faults: passerelle check {folder}"
    count = len(difference.between(opened.published.event, event))
    if not count:
        return f"Serving version {number}; nothing that is read in {folder} has changed since."
    differences = "1 difference" if count == 1 else f"{count} differences"
    return f"Serving version {number}; {folder} has {differences} from it, to bring in: passerelle publish {folder}"


def _announce(settings: Settings, opened: Opened, standing: str, port: int, channels: dict[str, Channel]) -> None:
    """The address, on stdout; a QR code where a phone can reach it."""
    event = opened.published.event
    print(f"{event.details.name.in_('en')}")
    if opened.clock.is_moved:
        local = opened.clock.now().astimezone(event.zone)
        print(f"The clock is moved: it is {local:%A %d %B %Y, %H:%M} in {event.details.city.in_('en')}.")
    print(standing)
    local_url = f"http://{'localhost' if settings.host in ('127.0.0.1', '0.0.0.0', '::') else settings.host}:{port}/"  # noqa: S104
    if not port:
        print("A worker: it sends announcements, and has no pages of its own.")
        print("Stop with Ctrl-C.", flush=True)
        return
    print(f"Web chat: {settings.public_url or local_url}")
    print(f"Channels: {', '.join(channels)}")
    reachable = settings.public_url or _on_the_network(settings.host, port)
    if reachable and sys.stdout.isatty():
        import segno

        print(f"From a phone: {reachable}")
        if not reachable.startswith("https://"):
            print("  (without https a browser does not install the page nor keep it for reading offline)")
        segno.make(reachable).terminal(compact=True)
    print("Stop with Ctrl-C.", flush=True)


def _on_the_network(host: str, port: int) -> str:
    """The address of this machine on the local network, "" while we listen to this machine alone."""
    if host in ("127.0.0.1", "localhost", "::1"):
        return ""
    if host not in ("0.0.0.0", "::"):  # noqa: S104
        return f"http://{host}:{port}/"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: nothing is sent, the system only picks a way out
        except OSError:
            return ""
        return f"http://{probe.getsockname()[0]}:{port}/"
