"""Places: the list by kind, one place's card, the nearest to where somebody is."""

from math import asin, cos, radians, sin, sqrt

from bot.chat.reply import Button, Reply
from bot.chat.update import Position
from bot.conversation.context import Context
from bot.conversation.router import on
from bot.event.model import Place
from handlers import cards

EARTH_METRES = 6_371_000
NEAREST = 3
KINDS = ("venue", "room", "stand", "station", "airport", "hotel", "hospital", "consulate", "sight", "worship", "other")
FEW = 8  # places that are listed at once rather than by kind


@on.press("places")
@on.command("places", "Places and maps")
def places(ctx: Context, *_: str) -> Reply:
    """The kinds of places, or all of them where they are few."""
    if len(ctx.event.places) <= FEW:
        return Reply(
            text=ctx.say("Which place?"), buttons=tuple(_button(ctx, p) for p in ctx.event.places), replaces=True
        )
    kinds = [kind for kind in KINDS if any(place.kind == kind for place in ctx.event.places)]
    buttons = [cards.button(_kind_name(ctx, kind), "kind", kind) for kind in kinds]
    return Reply(text=ctx.say("Which kind of place?"), buttons=tuple(buttons), replaces=True)


@on.press("kind")
def kind(ctx: Context, wanted: str) -> Reply:
    chosen = [place for place in ctx.event.places if place.kind == wanted]
    if not chosen:
        return places(ctx)
    if len(chosen) == 1:
        return cards.place(chosen[0], ctx.say)
    text = ctx.say("**{kind}**", kind=_kind_name(ctx, wanted))
    return Reply(text=text, buttons=tuple(_button(ctx, p) for p in chosen), replaces=True)


@on.press("place")
def place(ctx: Context, place_id: str) -> Reply:
    """One place's card; an old button of a place that is gone leads back to the list."""
    found = ctx.event.place.get(place_id)
    if found is None:
        return places(ctx)
    ctx.notes["entry"] = f"live:place/{place_id}"
    return cards.place(found, ctx.say)


@on.content("position")
def position(ctx: Context) -> Reply:
    """The places nearest to where the person is."""
    here = ctx.update.content
    assert isinstance(here, Position)
    known = [p for p in ctx.event.places if p.lat is not None and p.lon is not None]
    nearest = sorted(known, key=lambda p: metres(here.lat, here.lon, p.lat or 0, p.lon or 0))[:NEAREST]
    if not nearest:
        return places(ctx)
    text = ctx.say("Nearest to you, as the crow flies:")
    for one in nearest:
        away = metres(here.lat, here.lon, one.lat or 0, one.lon or 0)
        distance = (
            ctx.say.text("{n} m", n=round(away, -1)) if away < 1000 else ctx.say.text("{n} km", n=f"{away / 1000:.0f}")
        )
        text += ctx.say("{place} – {distance}", place=one.name.in_(ctx.say.language), distance=distance)
    return Reply(text=text, buttons=tuple(_button(ctx, p) for p in nearest))


def metres(lat1: float, lon1: float, lat2: float, lon2: float) -> int:
    """Great-circle distance (haversine), in metres; degrees in."""
    a, b = radians(lat1), radians(lat2)
    h = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(lon2 - lon1) / 2) ** 2
    return round(2 * EARTH_METRES * asin(sqrt(h)))


def _button(ctx: Context, place: Place) -> Button:
    return cards.button(place.name.in_(ctx.say.language), "place", place.id)


def _kind_name(ctx: Context, kind: str) -> str:
    say = ctx.say
    names = {
        "venue": say.p("places", "Venue"),
        "room": say.p("places", "Rooms"),
        "stand": say.p("places", "Stands"),
        "station": say.p("places", "Stations and stops"),
        "airport": say.p("places", "Airports"),
        "hotel": say.p("places", "Hotels"),
        "hospital": say.p("places", "Hospitals"),
        "consulate": say.p("places", "Consulate"),
        "sight": say.p("places", "Sights"),
        "worship": say.p("places", "Places of worship"),
        "other": say.p("places", "Other places"),
    }
    return names[kind]
