"""Inline mode: "@our_bot word" in any chat offers sessions, whose cards lead into a chat with us.

Asked at each letter: what cannot be answered at once is not worth an answer, and what fails is left to the next letter.
"""

from collections.abc import Callable, Sequence

import structlog
import telegram
from telegram.error import TelegramError

from bot.channels.telegram import updates
from bot.chat.channel import Parcel
from bot.chat.reply import Link, Reply
from bot.chat.search import Found, Search
from bot.text.words import Words

log = structlog.get_logger()

AT_ONCE = 16  # queries in hand; more are let go, since each is followed by the next letter's
CACHED_SECONDS = 30  # by Telegram, for the same person and the same words
TITLE, ABOUT = 128, 256  # characters

Render = Callable[[Sequence[Reply], Words], list[Parcel]]


class Inline:
    """words: language -> its Words. render: as the channel renders an answer."""

    def __init__(self, bot: telegram.Bot, words: Callable[[str], Words], render: Render) -> None:
        self._bot, self._words, self._render = bot, words, render
        self._in_hand = 0

    async def answer(self, query: telegram.InlineQuery, search: Search) -> None:
        """Offer what is found. Nothing that Telegram or the network can do is raised."""
        asked = updates.searched(query)
        if asked is None or self._in_hand >= AT_ONCE:
            return
        query_id, who, text, language = asked
        self._in_hand += 1
        try:
            results = await search(updates.CHANNEL, who, text, language)
            say, more = self._words(results.language), results.more
            assert isinstance(more.action, Link)
            await self._bot.answer_inline_query(
                query_id,
                [self._article(each, say) for each in results.found],
                cache_time=CACHED_SECONDS,
                is_personal=True,  # it is in one person's language
                button=telegram.InlineQueryResultsButton(more.label, start_parameter=more.action.url),
            )
        except TelegramError as error:
            log.debug("telegram.inline_unanswered", error=type(error).__name__)
        finally:
            self._in_hand -= 1

    def _article(self, found: Found, say: Words) -> telegram.InlineQueryResultArticle:
        """The first message of a card: what is shared is one message."""
        body = self._render([found.reply], say)[0].body
        content = telegram.InputTextMessageContent(
            body["text"],
            parse_mode=body.get("parse_mode"),
            link_preview_options=telegram.LinkPreviewOptions.de_json(body["link_preview_options"], self._bot),
        )
        return telegram.InlineQueryResultArticle(
            found.id,
            found.title[:TITLE],
            content,
            reply_markup=telegram.InlineKeyboardMarkup.de_json(body["reply_markup"], self._bot),
            description=found.about[:ABOUT],
        )
