"""Which handler a turn goes to. Handlers register themselves on import with `on`; nothing changes after.

`@on.command("now", "What is on now")` also makes the platforms' menus and docs/commands.md; its
description is a message id of the catalogues.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.chat.action import Action
from bot.conversation.context import Handler

H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    description: str
    in_menu: bool
    for_organizers: bool = False


class Register:
    """Handlers by what they answer. Names are unique; a second registration is a defect."""

    def __init__(self) -> None:
        self.commands: dict[str, Command] = {}
        self._handlers: dict[tuple[str, str], Handler] = {}
        self._verbatim: set[str] = set()

    def command(
        self, name: str, description: str, *, in_menu: bool = True, for_organizers: bool = False
    ) -> Callable[[H], H]:
        """`/name`, and the plain words that mean it in any language. Called with (ctx, *words after it).

        for_organizers: nobody else hears of it; the handler itself sees to who uses it.
        """
        self.commands[name] = Command(name, description, in_menu and not for_organizers, for_organizers)
        return self._at("command", name)

    def press(self, name: str) -> Callable[[H], H]:
        """A button `Action(name, args)`. Called with (ctx, *args)."""
        return self._at("press", name)

    def reply_to(self, name: str, *, verbatim: bool = False) -> Callable[[H], H]:
        """The free text after a reply that `expects` an Action of this name. Called with (ctx, text, *args).

        verbatim: the text is wanted as it is, whatever it says: it is not read for its language or as a command.
        """
        if verbatim:
            self._verbatim.add(name)
        return self._at("reply", name)

    def is_verbatim(self, expects: str) -> bool:
        """Whether the text that `expects` (a packed Action) waits for is wanted as it is."""
        return Action.unpack(expects).name in self._verbatim

    def notice(self, kind: str) -> Callable[[H], H]:
        """The wording of a kind of notice. Called with (notice, say, silent, the sessions that the reader goes to)."""
        return self._at("notice", kind)

    def content(self, name: str) -> Callable[[H], H]:
        """Everything else by its kind: "text", "start", "media", "position", "unknown button"…"""
        return self._at("content", name)

    def find(self, kind: str, name: str) -> Handler | None:
        return self._handlers.get((kind, name))

    def _at(self, kind: str, name: str) -> Callable[[H], H]:
        def keep(handler: H) -> H:
            if (kind, name) in self._handlers:
                raise ValueError(f"two handlers for {kind} {name!r}")
            self._handlers[kind, name] = handler
            return handler

        return keep


on = Register()
