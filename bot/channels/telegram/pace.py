"""Telegram's rates, as numbers for the pace (platform rules, Rates)."""

from bot.delivery.pace import Allowance, Limits

RATE = 30.0  # messages a second over all chats
PERSON = Allowance(seconds=1.0, burst=3)
GROUP = Allowance(seconds=3.0, burst=1)  # 20 a minute


def limits(rate: float = RATE) -> Limits:
    """rate: messages a second, up to 1,000 with paid broadcasts."""
    return Limits(rate, lambda chat: GROUP if chat.startswith("-") else PERSON)
