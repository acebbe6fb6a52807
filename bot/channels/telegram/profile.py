"""What Telegram shows of the bot itself: its commands, its description, its name, in each language.

Written only where it changed (Telegram limits these calls sharply). A failure is logged, never fatal.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import structlog
import telegram
from telegram.error import TelegramError

from bot.text.words import Words

log = structlog.get_logger()

# Telegram's two-letter codes; "" is for readers of every other language.
LANGUAGES = {"": "en", "fr": "fr", "zh": "zh"}
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
COMMANDS_LIMIT, DESCRIPTION_LIMIT = 100, 256
NAME_LIMIT, ABOUT_LIMIT, WELCOME_LIMIT = 64, 120, 512

Commands = Callable[[str], Sequence[tuple[str, str]]]  # language -> (command, what it does)


async def publish(
    bot: telegram.Bot, words: Callable[[str], Words], commands: Commands, names: Mapping[str, str]
) -> None:
    """Bring the bot's profile to what we say now. names: language -> the event's name; may be empty."""
    for code, language in LANGUAGES.items():
        try:
            await _commands(bot, code, commands(language))
            await _texts(bot, code, words(language), names.get(language, ""))
        except TelegramError as error:
            log.warning("telegram.profile_failed", language=language, error=type(error).__name__)


async def _commands(bot: telegram.Bot, code: str, wanted: Sequence[tuple[str, str]]) -> None:
    listed = [
        (command, " ".join(what.split())[:DESCRIPTION_LIMIT])
        for command, what in ((command.removeprefix("/"), what) for command, what in wanted)
        if COMMAND.fullmatch(command) and what.strip()
    ][:COMMANDS_LIMIT]
    if not listed:
        return
    shown = await bot.get_my_commands(language_code=code or None)
    if [(one.command, one.description) for one in shown] != listed:
        await bot.set_my_commands(listed, language_code=code or None)
        log.info("telegram.commands_set", language=code, count=len(listed))


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
