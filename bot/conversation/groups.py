"""What is said in a group, where others read along: what anybody may know, and for the rest a chat of one's own.

Handlers that may answer there are named by `on.allow_in_groups`; all others are personal.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.chat.action import Action
from bot.chat.reply import Button, Reply
from bot.conversation.router import Register


def public(replies: Sequence[Reply], register: Register) -> list[Reply]:
    """`replies` without the buttons that only make sense to one person."""
    return [replace(each, buttons=tuple(b for b in each.buttons if _is_public(b, register))) for each in replies]


def _is_public(button: Button, register: Register) -> bool:
    if not isinstance(button.action, Action):
        return not button.action.is_feed
    handler = register.find("press", button.action.name)
    return handler is not None and handler in register.public
