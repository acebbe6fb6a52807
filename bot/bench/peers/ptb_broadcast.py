"""A plain python-telegram-bot loop, one message at a time, with the library's own rate limiter and its limits off.

python ptb_broadcast.py URL TOKEN RECIPIENTS TEXT
"""

import asyncio
import sys

from telegram.ext import AIORateLimiter, ApplicationBuilder

URL, TOKEN, RECIPIENTS, TEXT = sys.argv[1:]


async def main() -> None:
    limiter = AIORateLimiter(overall_max_rate=0, overall_time_period=0, group_max_rate=0, group_time_period=0)
    application = ApplicationBuilder().token(TOKEN).base_url(f"{URL}/bot").rate_limiter(limiter).build()
    async with application:
        for chat in range(1, int(RECIPIENTS) + 1):
            await application.bot.send_message(chat, TEXT, parse_mode="HTML")
        await asyncio.Event().wait()


asyncio.run(main())
