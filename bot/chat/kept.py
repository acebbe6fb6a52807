"""Replies as JSON and back: what a platform shows only when it is asked to go on."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.action import Action
from bot.chat.reply import Button, Link, Reply
from bot.text.markup import Markup, Paragraph, Span


def pack(replies: Sequence[Reply]) -> list[dict[str, Any]]:
    """Text and buttons of each; the rest of a reply goes with its first page."""
    return [
        {
            "text": [[p.is_item, [[s.text, s.bold, s.href] for s in p.spans]] for p in reply.text.paragraphs],
            "buttons": [[b.label, *_target(b), b.command] for b in reply.buttons],
        }
        for reply in replies
    ]


def unpack(packed: Sequence[Mapping[str, Any]]) -> list[Reply]:
    return [
        Reply(
            text=Markup(tuple(Paragraph(tuple(Span(*s) for s in spans), item) for item, spans in each["text"])),
            buttons=tuple(_button(*button) for button in each["buttons"]),
        )
        for each in packed
    ]


def _target(button: Button) -> tuple[str, str]:
    if isinstance(button.action, Link):
        return ("feed" if button.action.is_feed else "link"), button.action.url
    return "press", button.action.pack()


def _button(label: str, kind: str, target: str, command: str = "") -> Button:
    action = Action.unpack(target) if kind == "press" else Link(target, is_feed=kind == "feed")
    return Button(label, action, command)
