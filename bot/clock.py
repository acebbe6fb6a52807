"""What time it is. The only caller of `datetime.now`, so that a rehearsal or a test can move time.

The shift is set at a database's first start (`PASSERELLE_CLOCK`, else the event's own `clock`), kept in it, and read
from it ever after.
"""

from datetime import UTC, datetime, timedelta


class Clock:
    """now() is aware UTC, moved by `shift` (zero: real time)."""

    def __init__(self, shift: timedelta = timedelta(0)) -> None:
        self.shift = shift

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def stand_at(self, moment: datetime) -> None:
        """Let the clock read `moment` (aware) now and run on from there."""
        self.shift = moment.astimezone(UTC) - datetime.now(UTC)

    @property
    def is_moved(self) -> bool:
        return bool(self.shift)
