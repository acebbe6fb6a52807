"""What `passerelle doctor` finds: one line each, with what to do about it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.settings import Settings


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, and something is worth a look
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """about: one of the subjects of a check. do: what mends it; none where all is well. No secrets in either."""

    about: str
    level: Level
    what: str
    do: str = ""


# Looks at one subject and changes nothing. What it cannot reach is a finding, not an exception.
Check = Callable[[Settings], Awaitable[list[Finding]]]


def ok(about: str, what: str) -> Finding:
    return Finding(about, Level.OK, what)


def warning(about: str, what: str, do: str) -> Finding:
    return Finding(about, Level.WARNING, what, do)


def fault(about: str, what: str, do: str) -> Finding:
    return Finding(about, Level.FAULT, what, do)
