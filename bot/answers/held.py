"""What is worked out of a whole event, once for each that is in use: the one before and after a publication."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from bot.event.model import Event

T = TypeVar("T")
HELD = 2


def once(make: Callable[[Event], T]) -> Callable[[Event], T]:
    """`make`, which is called once for the same event (the same object: an event never changes). Two threads that ask
    for it at once may both make it, which does no harm."""
    held: dict[int, tuple[Event, T]] = {}  # the event itself too, so that its number stays its own

    @wraps(make)
    def made(event: Event) -> T:
        found = held.get(id(event))
        if found is None:
            found = event, make(event)
            for old in [*held][: len(held) + 1 - HELD]:
                held.pop(old, None)
            held[id(event)] = found
        return found[1]

    return made
