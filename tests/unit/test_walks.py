"""Minutes on foot: as written, inside a building, over several legs, and not known."""

import pytest

from bot.event import load
from bot.event.model import Event, Place
from bot.event.texts import Texts
from bot.programme.walks import minutes_between, too_short


def place(id_: str, within: str | None = None, **walk: int) -> Place:
    return Place(
        id=id_, kind="room" if within else "venue", name=Texts({"fr": id_}), within=within, walk={**walk}
    )  # fmt: skip


@pytest.fixture
def event() -> Event:
    places = (
        place("palais", hall=5, station=20),
        place("blue", "palais"),
        place("green", "palais"),
        place("attic", "palais", blue=6),
        place("hall"),
        place("red", "hall"),
        place("station", hall=9),
        place("island"),
    )
    return load.load(load.find("demo")).model_copy(update={"places": places})


@pytest.mark.parametrize(
    ("a", "b", "minutes"),
    [
        ("blue", "blue", 0),
        ("blue", "palais", 1),
        ("blue", "green", 2),
        ("palais", "hall", 5),
        ("blue", "red", 7),  # 1 to the door, 5 across, 1 inside
        ("attic", "blue", 6),  # written: not the 2 of any two rooms
        ("hall", "station", 9),
        ("palais", "station", 20),  # written: not the 14 by way of the hall
        ("green", "station", 15),
        ("blue", "island", 0),
        ("blue", "nowhere", 0),
        ("nowhere", "blue", 0),
    ],
)
def test_a_walk_takes_as_long_either_way(event: Event, a: str, b: str, minutes: int) -> None:
    assert minutes_between(event, a, b) == minutes_between(event, b, a) == minutes


def test_places_within_each_other_end_nowhere() -> None:
    places = (place("a", "b"), place("b", "a"), place("c"))
    event = load.load(load.find("demo")).model_copy(update={"places": places})
    assert minutes_between(event, "a", "c") == 0


def test_the_demo_event_has_a_way_between_any_two_places_where_something_happens() -> None:
    event = load.load(load.find("demo"))
    used = sorted({session.place for session in event.sessions if session.place})
    for a in used:
        for b in used:
            assert (minutes_between(event, a, b) > 0) == (a != b), (a, b)


@pytest.mark.parametrize(
    ("end", "start", "places", "minutes"),
    [
        ("10:00", "10:06", ("blue", "red"), 7),
        ("10:00", "10:07", ("blue", "red"), 0),  # just in time
        ("10:00", "10:00", ("blue", "green"), 0),  # from room to room of one building nobody counts
        ("10:10", "10:00", ("blue", "red"), 0),  # they overlap, which is another matter
        ("10:00", "10:00", ("blue", "island"), 0),  # a way that is not known
        ("10:00", "13:00", ("blue", "station"), 0),
    ],
)
def test_time_to_walk(event: Event, end: str, start: str, places: tuple[str, str], minutes: int) -> None:
    like = next(session for session in event.sessions if session.start)
    hours = [{"start": "09:00", "end": end}, {"start": start, "end": "14:00"}]
    one, other = (
        type(like).model_validate(
            {**like.model_dump(mode="json"), "id": f"s{n}", "place": where, "status": "confirmed", **at}
        )
        for n, (where, at) in enumerate(zip(places, hours, strict=True))
    )
    assert too_short(event, one, other) == too_short(event, other, one) == minutes
