"""Makes the channels that the settings ask for, each on the opened event."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bot.channels.web.channel import WebChannel
from bot.channels.web.site import Site
from bot.channels.web.stream import Line, Stored
from bot.channels.wechat.channel import RATE, Account, Template, WeChatChannel
from bot.channels.wechat.waiting import Timing
from bot.chat.channel import Channel, Readers
from bot.chat.links import Link
from bot.clock import Clock
from bot.conversation.receive import words_for
from bot.conversation.router import on
from bot.delivery import outbox
from bot.delivery.pace import Pace
from bot.delivery.shared_pace import SharedPace
from bot.event.model import Event, WeChat
from bot.opening import Opened
from bot.programme.versions import Published
from bot.settings import Settings
from bot.text.words import Words

if TYPE_CHECKING:
    from bot.channels.telegram.mini_app import MiniApp

VAR = Path("var")  # what is made at a first start and kept


def every(settings: Settings, opened: Opened) -> dict[str, Channel]:
    """The channels of `passerelle run` by their names."""
    made = {
        "web": web_channel(settings, opened),
        "telegram": telegram_channel(settings, opened),
        "wechat": wechat_channel(settings, opened),
    }
    return {name: channel for name, channel in made.items() if channel is not None}


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


def commands(say: Words, readers: Readers = "person") -> Sequence[tuple[str, str]]:
    """(name, what it does in the reader's language) of every command that a platform shows in a menu: in a group those
    that are answered there, to organizers theirs too."""
    return [
        (command.name, say.text(command.description))
        for command in on.commands.values()
        if (readers == "organizer" and command.for_organizers)
        or (command.in_menu and (readers != "group" or on.find("command", command.name) in on.public))
    ]


def telegram_channel(settings: Settings, opened: Opened) -> Channel | None:
    """The Telegram channel, where a token is set."""
    if settings.telegram_token is None:
        return None
    # Imported where it is used: a start without Telegram does not pay for its library.
    from bot.channels.telegram import webhook
    from bot.channels.telegram.channel import TelegramChannel

    token = settings.telegram_token.get_secret_value()
    event = opened.published.event
    return TelegramChannel(
        token=token,
        api_url=settings.telegram_api_url,
        words=lambda language: words_for(opened.newest, language),
        commands=lambda language, readers: commands(words_for(opened.published, language), readers),
        names={language: event.details.name.in_(language) for language in event.details.languages},
        base_url=settings.public_url,
        rate=settings.telegram_rate,
        pace=_shared_pace(settings, opened),
        clock=opened.clock,
        webhook_secret=webhook.secret(secret_key(settings), token) if settings.telegram_mode == "webhook" else "",
        mini_app=mini_app(settings, opened),
        organizers=[int(chat) for name, chat in sorted(settings.organizer_accounts) if name == "telegram"],
    )


def mini_app(settings: Settings, opened: Opened) -> "MiniApp | None":
    """The web chat inside Telegram, which opens nothing but https."""
    from bot.channels.telegram.mini_app import MiniApp

    if settings.telegram_token is None or not settings.public_url.startswith("https://"):
        return None
    token, key = settings.telegram_token.get_secret_value(), secret_key(settings)
    return MiniApp(token, opened.store, opened.clock, secret_key=key, base_url=settings.public_url)


def _shared_pace(settings: Settings, opened: Opened) -> Pace | None:
    """The bot's pace over all processes on this database; None where there can be no other."""
    from bot.channels.telegram.pace import limits

    if opened.store.is_sqlite or settings.telegram_token is None:
        return None
    number, _, _ = settings.telegram_token.get_secret_value().partition(":")
    return SharedPace(opened.store, f"telegram:{number}", limits(settings.telegram_rate))


def web_channel(settings: Settings, opened: Opened) -> WebChannel:
    """The web chat, reading its messages from the outbox."""
    store = opened.store

    async def backlog(address: str, after: int) -> Line:
        line = await store.read(outbox.since, "web", address, after, 100)
        language = line.language if line.language in site().words else ""  # the event may speak it no longer
        return Line([Stored(*each) for each in line.messages], language, line.is_leaving)

    sites: dict[int, Site] = {}

    def site() -> Site:
        published = opened.newest
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


def wechat_account(settings: Settings, event: Event) -> Account | None:
    """The Official Account of the settings, with what the event says of it; None where none is set."""
    if not settings.wechat_app_id or settings.wechat_token is None or settings.wechat_app_secret is None:
        return None
    may = event.details.wechat or WeChat()
    keys = settings.wechat_aes_key.get_secret_value() if settings.wechat_aes_key else ""
    return Account(
        app_id=settings.wechat_app_id,
        secret=settings.wechat_app_secret.get_secret_value(),
        token=settings.wechat_token.get_secret_value(),
        aes_keys=tuple(key for key in keys.split(",") if key),
        api_url=settings.wechat_api_url,
        templates={
            kind: Template(each.id, each.fields, subscribed=each.subscribed) for kind, each in may.templates.items()
        },
        has_menu_messages=may.menu_messages,
        may_sign_in=may.sign_in,
    )


def wechat_channel(
    settings: Settings, opened: Opened, timing: Timing | None = None, rate: float = RATE
) -> WeChatChannel | None:
    """The WeChat channel, where an account is set. timing: WeChat's, but in tests. rate: notices a second."""
    account = wechat_account(settings, opened.published.event)
    if account is None:
        return None
    key = secret_key(settings)
    event = opened.published.event
    return WeChatChannel(
        account,
        opened.store,
        opened.clock,
        secret_key=key,
        words=lambda language: words_for(opened.newest, language),
        commands=lambda language: commands(words_for(opened.published, language)),
        languages=event.details.languages,
        scenes=lambda: [Link(session=session.id).pack() for session in opened.newest.event.sessions],
        base_url=settings.public_url,
        timing=timing,
        rate=rate,
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
