"""What the double is made of: chats, messages and buttons as persons see them, refusals, and values as they come."""

import json
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """An answer that is not ok. is_fault: the client should never have asked."""

    def __init__(
        self, code: int, text: str, *, is_fault: bool = False, parameters: dict[str, Any] | None = None
    ) -> None:
        names = {400: "Bad Request: ", 403: "Forbidden: ", 409: "Conflict: ", 429: "Too Many Requests: "}
        super().__init__(names.get(code, "") + text)
        self.code, self.is_fault, self.parameters = code, is_fault, parameters


def bad(text: str, *, is_fault: bool = True) -> Refused:
    return Refused(400, text, is_fault=is_fault)


@dataclass(frozen=True, slots=True)
class Shown:
    """A button as a person sees it."""

    label: str
    data: str = ""
    url: str = ""


@dataclass(slots=True)
class Seen:
    """A message as a person sees it. change: grows with every message sent or edited."""

    message_id: int
    chat_id: int
    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)
    rows: list[list[Shown]] = field(default_factory=list)
    venue: dict[str, Any] | None = None
    location: dict[str, float] | None = None
    document: tuple[str, str, bytes] | None = None  # name, media type, content
    preview: bool = True
    edited: int = 0
    change: int = 0
    is_frozen: bool = False  # can't be edited any more
    markup: Any = None
    sent_at: float = 0.0  # by the double's clock

    @property
    def buttons(self) -> list[Shown]:
        return [button for row in self.rows for button in row]

    @property
    def labels(self) -> list[str]:
        return [button.label for button in self.buttons]

    def marked(self, kind: str) -> list[str]:
        """The parts of the text under an entity of `kind`."""
        raw = self.text.encode("utf-16-le", "surrogatepass")
        return [
            raw[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le")
            for one in self.entities
            if one["type"] == kind
        ]


@dataclass(slots=True)
class Chat:
    chat_id: int
    language: str
    first_name: str
    is_blocked: bool = False
    is_deactivated: bool = False
    messages: dict[int, Seen] = field(default_factory=dict)
    allowance: float = 0.0  # of the pace
    counted_at: float = 0.0
    held_until: float = 0.0

    @property
    def is_group(self) -> bool:
        return self.chat_id < 0

    def as_chat(self) -> dict[str, Any]:
        if self.is_group:
            return {"id": self.chat_id, "type": "supergroup", "title": self.first_name}
        return {"id": self.chat_id, "type": "private", "first_name": self.first_name}


def parsed(value: Any) -> Any:
    """Nested values come as JSON in a string, or as themselves in a JSON body."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad("can't parse JSON object") from None


def integer(parameters: dict[str, Any], name: str) -> int:
    try:
        return int(parameters.get(name) or 0)
    except ValueError:
        return 0


def true(parameters: dict[str, Any], name: str) -> bool:
    return str(parameters.get(name, "")).lower() in ("true", "1")


def language(parameters: dict[str, Any]) -> str:
    code = str(parameters.get("language_code") or "")
    if code and not (len(code) == 2 and code.isalpha() and code.islower()):
        raise bad("invalid language code specified")
    return code
