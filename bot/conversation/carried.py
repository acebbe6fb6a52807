"""A button goes on in the language of the message that carries it, until its reader changes theirs.

Someone who reads French and asks once in Chinese is answered in Chinese; so are the buttons under that answer.
What a button needs for this travels on it, which is the same on every platform and costs no look-up.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.chat.action import Action
from bot.chat.reply import Button, Reply
from bot.people.accounts import Person, nearest

CHOSEN = "!"  # the reader's own language was their choice, not our guess


def marked(replies: Sequence[Reply], reader: Person, spoken: str) -> list[Reply]:
    """`replies`, worded in `spoken`, with buttons that remember it where it is not the reader's own language."""
    if spoken == reader.language:
        return list(replies)
    aside = f"{spoken}<{_own(reader)}"
    return [replace(reply, buttons=tuple(_marked(button, aside) for button in reply.buttons)) for reply in replies]


def language(pressed: Action | None, reader: Person, languages: Sequence[str]) -> str:
    """The language to go on in after this press, "" for the reader's own."""
    spoken, _, own = pressed.aside.partition("<") if pressed else ("", "", "")
    return nearest(spoken, languages) if own == _own(reader) else ""


def _own(reader: Person) -> str:
    return reader.language + (CHOSEN if reader.language_chosen else "")


def _marked(button: Button, aside: str) -> Button:
    if not isinstance(button.action, Action):
        return button
    action = replace(button.action, aside=aside)
    return replace(button, action=action) if action.fits else button
