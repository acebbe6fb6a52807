"""What in a programme can hardly be meant, in an organizer's words."""

from bot.event.model import Event
from bot.programme import walks
from bot.programme.doubts import Doubt, Why


def line(doubt: Doubt, event: Event) -> str:
    """One line: which sessions, when, and what is twice or too much."""
    first, second = doubt.first, doubt.second
    if doubt.why == Why.CHAIRS:
        name = event.place[doubt.of].name.in_("en")
        return f"{first.id} has {first.capacity} seats, and {doubt.of} “{name}” {doubt.chairs} chairs"
    pair = f"{first.id} ({first.start:%H:%M}) and {second.id} ({second.start:%H:%M})"
    match doubt.why:
        case Why.ROOM:
            what = f"are both in {doubt.of} “{event.place[doubt.of].name.in_('en')}”"
        case Why.PERSON:
            person = event.person.get(doubt.of)
            what = f"both have {doubt.of}" + (f" “{person.name.in_('en')}”" if person else "")
        case Why.WALK:
            minutes = walks.minutes_between(event, first.place or "", second.place or "")
            person = event.person.get(doubt.of)
            who = doubt.of + (f" “{person.name.in_('en')}”" if person else "")
            what = f"leave {who} no time for a walk of {minutes} minutes"
        case Why.MEAL:
            what = f"overlap: {doubt.of} is a meal"
    return f"{first.day:%Y-%m-%d}: {pair} {what}"
