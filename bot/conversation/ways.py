"""The ways that every screen has: back to the start, and to help in an emergency."""

from collections.abc import Sequence
from dataclasses import replace

from bot.chat.action import Action
from bot.chat.reply import Button, Reply
from bot.text.words import Words

MENU, EMERGENCY = "menu", "emergency"


def with_ways(replies: Sequence[Reply], say: Words) -> list[Reply]:
    """`replies`, the last of them with the buttons that it has not yet. Nothing where the person is forgotten."""
    if not replies or any(reply.forgets for reply in replies):
        return list(replies)
    *before, last = replies
    has = {button.action.name for button in last.buttons if isinstance(button.action, Action)}
    ways = [Button(say.p("button", "Menu"), Action(MENU)), Button(say.p("button", "Emergency"), Action(EMERGENCY))]
    more = tuple(way for way in ways if isinstance(way.action, Action) and way.action.name not in has)
    return [*before, replace(last, buttons=(*last.buttons, *more))]
