"""What can hardly be meant in a change of the programme, in the organizer's language."""

from collections.abc import Sequence

from bot.conversation.context import Context
from bot.event.model import Event
from bot.programme import doubts, seats
from bot.programme.doubts import Doubt, Why


def lines(ctx: Context, event: Event) -> Sequence[str]:
    """What can hardly be meant in `event` and is not so now; each with how many people it hurts, if any."""
    known = {doubt.key for doubt in doubts.found(ctx.event)}
    told = []
    for doubt in doubts.found(event):
        if doubt.key not in known:
            told.append(_line(ctx, doubt, event))
            told += _hurt(ctx, doubt)
    return told


def _line(ctx: Context, doubt: Doubt, event: Event) -> str:
    say = ctx.say
    first, second = (say.quoted(each.title.in_(say.language)) for each in (doubt.first, doubt.second))
    match doubt.why:
        case Why.ROOM:
            return say.text("{first} and {second} are in one room at once.", first=first, second=second)
        case Why.PERSON:
            who = event.person[doubt.of].name.in_(say.language)
            return say.text("{who} is in {first} and {second} at once.", who=who, first=first, second=second)
        case Why.WALK:
            who = event.person[doubt.of].name.in_(say.language)
            return say.text("{who} has no time to walk from {first} to {second}.", who=who, first=first, second=second)
        case Why.MEAL:
            return say.text("{first} and {second} overlap: one is a meal.", first=first, second=second)
        case Why.CHAIRS:
            place = event.place[doubt.of].name.in_(say.language)
            seats_, chairs = str(doubt.first.capacity), str(doubt.chairs)
            return say.text(
                "{session} has {seats} seats; {place} has {chairs} chairs.",
                session=first, seats=seats_, place=place, chairs=chairs,
            )  # fmt: skip


def _hurt(ctx: Context, doubt: Doubt) -> Sequence[str]:
    people = seats.going_to_both(ctx.tx, doubt.first.id, doubt.second.id)
    if not people:
        return ()
    if doubt.why == Why.CHAIRS:
        return (str(ctx.say.n("{n} person is signed up for it.", "{n} persons are signed up for it.", people)),)
    return (str(ctx.say.n("{n} person is signed up for both.", "{n} persons are signed up for both.", people)),)
