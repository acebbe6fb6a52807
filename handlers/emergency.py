"""Help in an emergency: one tap from every screen."""

from bot.chat.reply import Reply
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.programme.facts import Facts
from handlers import cards

TOPIC = "emergency"
NEAR = ("hospital", "consulate")  # kinds of places that help


@on.press(TOPIC)
def emergency(ctx: Context, *_: str) -> Reply:
    """The number to call, as the event's own entry says it; where help is near; a person."""
    say, event = ctx.say, ctx.event
    entry = next((each for each in event.entries if each.topic == TOPIC), None)
    text = say.markup_with(entry.answer.in_(say.language), Facts(event, say)) if entry else None
    if entry:
        ctx.notes["entry"] = entry.id
    places = [place for kind in NEAR for place in event.places if place.kind == kind][:3]
    buttons = [cards.button(place.name.in_(say.language), "place", place.id) for place in places]
    human = cards.button(say.p("button", "Talk to a person"), "human")
    return Reply(text=text or say("In an emergency, call 112."), buttons=(*buttons, human))
