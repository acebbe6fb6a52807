"""Every exception of ours. Each docstring says who meets it.

Expected outcomes (full, closed, outside the window) are return values, not exceptions; faults in
what people write (event data, settings) are collected as `Fault` and shown all at once.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong in somebody's input. file, line: where; what: the fault; do: what to write instead.

    code: for who words it in another language: which fault it is, then what is particular to this one.
    """

    file: str
    line: int
    what: str
    do: str = ""
    code: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.what}" + (f" → {self.do}" if self.do else "")


class PasserelleError(Exception):
    """The root of ours; never raised itself."""


class BadInput(PasserelleError):
    """The operator or organizer meets it: settings or event data hold faults, all of them listed."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class BadSettings(BadInput):
    """The operator meets it: a setting is misspelt or cannot be used."""


class NoSuchEvent(PasserelleError):
    """The operator meets it: the named event is neither a folder nor shipped."""

    def __init__(self, name: str, shipped: list[str]) -> None:
        super().__init__(f"no event {name!r}: give a folder, or one of {', '.join(shipped)}")


class PortTaken(PasserelleError):
    """The operator meets it: another program listens on the wanted port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"port {port} on {host} is taken: choose another with --port or PASSERELLE_PORT")


class StoreUnreachable(PasserelleError):
    """The operator meets it: the database does not answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the database of PASSERELLE_DATABASE_URL cannot be used: {reason}")


class UnknownSession(PasserelleError):
    """A handler meets it: no such session was ever published."""


class MissingData(PasserelleError):
    """The developer meets it: a file that ships with the product is not there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing from the installation")
