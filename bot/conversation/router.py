"""Which handler a turn goes to. Handlers register themselves on import with `on`; nothing changes after.

`@on.command("now", "What is on now")` also makes the platforms' menus and docs/commands.md; its
description is a message id of the catalogues.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.chat.action import Action
from bot.conversation import choices
from bot.conversation.context import Handler

H = TypeVar("H", bound=Callable[..., Any])


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
        self._verbatim: dict[str, Callable[[str], bool]] = {}
        self._numbers: set[str] = set()
        self._only: set[str] = set()
        self.public: set[Handler] = set()

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

    def reply_to(
        self,
        name: str,
        *,
        verbatim: bool | Callable[[str], bool] = False,
        numbers: bool = False,
        only: bool = False,
    ) -> Callable[[H], H]:
        """The free text after a reply that `expects` an Action of this name. Called with (ctx, text, *args).

        verbatim: the text is wanted as it is, whatever it says: it is not read for its language or as a command; of
        each text, or of those that it says so of. only: of those alone; any other text is a question. numbers: a bare
        number is the text that is wanted, and none of the buttons.
        """
        if numbers:
            self._numbers.add(name)
        if only:
            self._only.add(name)
        if verbatim:
            self._verbatim[name] = verbatim if callable(verbatim) else lambda _: True
        return self._at("reply", name)

    def wants_numbers(self, expects: str) -> bool:
        """Whether a bare number is the text that `expects` (a packed Action) waits for."""
        return Action.unpack(expects).name in self._numbers

    def takes(self, expects: str, text: str) -> bool:
        """Whether `text` is for what `expects` it (a packed Action), rather than a question of its own."""
        name = Action.unpack(expects).name
        if name in self._verbatim and choices.cries(text):
            return False
        return name not in self._only or self.is_verbatim(expects, text)

    def is_verbatim(self, expects: str, text: str) -> bool:
        """Whether `text` is wanted as it is by what `expects` it (a packed Action)."""
        wants = self._verbatim.get(Action.unpack(expects).name)
        return wants is not None and not choices.cries(text) and wants(text)

    def notice(self, kind: str) -> Callable[[H], H]:
        """The wording of a kind of notice. Called with (notice, say, silent, the sessions that the reader goes to)."""
        return self._at("notice", kind)

    def team(self, name: str) -> Callable[[H], H]:
        """What the team does in its room: "text", "media", "moved", "left", "joined", or "press NAME" of a button.
        Called with (turn, *args); returns nothing, since cards follow what is in the database."""
        return self._at("team", name)

    def shown(self, kind: str) -> Callable[[H], H]:
        """The wording of what the team is shown. Called with (event, ticket, args, say, now)."""
        return self._at("shown", kind)

    def search(self, name: str) -> Callable[[H], H]:
        """How what was found, of this name, is shown to whoever searches from elsewhere. Called with (event, what, say,
        now); returns a bot.chat.search.Found."""
        return self._at("search", name)

    def content(self, name: str) -> Callable[[H], H]:
        """Everything else by its kind: "text", "start", "media", "position", "unknown button"…"""
        return self._at("content", name)

    def allow_in_groups(self, *handlers: Handler) -> None:
        """These may answer in a group: what they say is for everybody."""
        self.public.update(handlers)

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
