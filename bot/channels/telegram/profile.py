"""What Telegram shows of the bot itself: its commands, its description, its name, in each language.

Written only where it changed (Telegram limits these calls sharply). A failure is logged, never fatal.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

import structlog
import telegram
from telegram.error import TelegramError

from bot.chat.channel import Readers
from bot.text.words import Words

log = structlog.get_logger()

# Telegram's two-letter codes; "" is for readers of every other language.
LANGUAGES = {"": "en", "fr": "fr", "zh": "zh"}
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
COMMANDS_LIMIT, DESCRIPTION_LIMIT = 100, 256
APP = "App"  # one label for readers of all languages: Telegram asks for no other
NAME_LIMIT, ABOUT_LIMIT, WELCOME_LIMIT = 64, 120, 512

Commands = Callable[[str, Readers], Sequence[tuple[str, str]]]  # language, who reads -> (command, what it does)


async def publish(
    bot: telegram.Bot,
    words: Callable[[str], Words],
    commands: Commands,
    names: Mapping[str, str],
    organizers: Collection[int] = (),
    app_url: str = "",
) -> None:
    """Bring the bot's profile to what we say now. names: language -> the event's name; may be empty. organizers: the
    chats whose menu has the organizers' commands too; one that has not written to us yet gets it at the next start.
    app_url: what the menu button opens, "" for the list of commands."""
    try:
        await _menu_button(bot, app_url)
    except TelegramError as error:
        log.warning("telegram.no_menu_button", error=type(error).__name__)
    for code, language in LANGUAGES.items():
        try:
            await _commands(bot, code, commands(language, "person"))
            await _commands(bot, code, commands(language, "group"), telegram.BotCommandScopeAllGroupChats())
            await _texts(bot, code, words(language), names.get(language, ""))
        except TelegramError as error:
            log.warning("telegram.profile_failed", language=language, error=type(error).__name__)
    for chat in organizers:
        try:
            for code, language in LANGUAGES.items():
                await _commands(bot, code, commands(language, "organizer"), telegram.BotCommandScopeChat(chat))
        except TelegramError as error:
            log.info("telegram.organizer_without_menu", chat=chat, error=type(error).__name__)


async def _commands(
    bot: telegram.Bot, code: str, wanted: Sequence[tuple[str, str]], scope: telegram.BotCommandScope | None = None
) -> None:
    listed = [
        (command, " ".join(what.split())[:DESCRIPTION_LIMIT])
        for command, what in ((command.removeprefix("/"), what) for command, what in wanted)
        if COMMAND.fullmatch(command) and what.strip()
    ][:COMMANDS_LIMIT]
    if not listed:
        return
    shown = await bot.get_my_commands(scope, language_code=code or None)
    if [(one.command, one.description) for one in shown] != listed:
        await bot.set_my_commands(listed, scope, language_code=code or None)
        readers = scope.type if scope else "default"
        log.info("telegram.commands_set", language=code, readers=readers, count=len(listed))


async def _menu_button(bot: telegram.Bot, app_url: str) -> None:
    shown = await bot.get_chat_menu_button()
    current = shown.web_app.url if isinstance(shown, telegram.MenuButtonWebApp) else ""
    if current != app_url:
        app = telegram.MenuButtonWebApp(APP, telegram.WebAppInfo(app_url)) if app_url else None
        await bot.set_chat_menu_button(menu_button=app or telegram.MenuButtonDefault())


async def _texts(bot: telegram.Bot, code: str, say: Words, event: str) -> None:
    if not event:
        return
    language = code or None
    # Translators: shown on the bot's page in Telegram, at most 120 characters.
    about = say.text("Questions, programme and agenda: {event}", event=event)[:ABOUT_LIMIT]
    # Translators: shown in Telegram to somebody who opens the bot for the first time, at most 512 characters.
    welcome = say.text(
        "Ask about {event} in your own words, look through the programme, keep your agenda.", event=event
    )[:WELCOME_LIMIT]
    if (await bot.get_my_short_description(language_code=language)).short_description != about:
        await bot.set_my_short_description(about, language_code=language)
    if (await bot.get_my_description(language_code=language)).description != welcome:
        await bot.set_my_description(welcome, language_code=language)
    name = event[:NAME_LIMIT]
    if (await bot.get_my_name(language_code=language)).name != name:
        await bot.set_my_name(name, language_code=language)
