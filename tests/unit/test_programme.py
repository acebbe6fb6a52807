"""The programme's rules: order without hours, what certainly overlaps, now and next, calendars, differences."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.event.model import Event, Part, Session, in_order
from bot.event.texts import Texts
from bot.programme import calendar, clashes, difference, queries
from bot.programme.revisions import Revision
from bot.text.words import Words

DAYS = (date(2014, 11, 6), date(2014, 11, 7))
FIRST = Revision(0, datetime(2014, 11, 1, tzinfo=UTC))
hours = st.builds(time, hour=st.integers(8, 20), minute=st.sampled_from([0, 15, 30, 45]))


@st.composite
def sessions(draw: st.DrawFn, id_: str = "s") -> Session:
    day = draw(st.sampled_from([None, *DAYS]))
    start = draw(st.none() | hours) if day else None
    later = st.integers(1, 180).map(
        lambda m: (datetime.combine(DAYS[0], start or time()) + timedelta(minutes=m)).time()
    )
    end = draw(st.none() | later) if start else None
    if start and end and end <= start:
        end = None
    part = draw(st.none() | st.sampled_from(Part)) if day and not start else None
    return Session(id=id_, title=Texts({"fr": id_}), day=day, part=part, start=start, end=end, zone="Europe/Paris")


def event(*made: Session) -> Event:
    ordered = in_order(made)
    return Event.model_validate(
        {
            "details": {
                "id": "x", "name": {"fr": "x"}, "short_name": {"fr": "x"}, "city": {"fr": "x"}, "starts": DAYS[0],
                "ends": DAYS[1], "time_zone": "Europe/Paris", "languages": ["fr"],
                "privacy": {"controller": {"fr": "x"}, "basis": {"fr": "x"}},
            },
            "sessions": ordered,
        }
    )  # fmt: skip


@given(sessions("a"), sessions("b"))
def test_a_clash_is_symmetric_and_certain(one: Session, other: Session) -> None:
    found = clashes.overlap(one, other)
    assert found == clashes.overlap(other, one)
    if found:
        assert one.day == other.day
        assert one.start is not None
        assert other.start is not None
    if one.start is None or other.start is None:
        assert not found, "an hour that is not known overlaps nothing"


@given(st.lists(sessions(), max_size=8))
def test_every_session_has_its_place_in_the_order(made: list[Session]) -> None:
    named = [s.model_copy(update={"id": f"s{n}"}) for n, s in enumerate(made)]
    ordered = event(*named).sessions
    assert len(ordered) == len(named)
    days = [s.day or date.max for s in ordered]
    assert days == sorted(days)
    for day in set(days):
        starts = [s.start for s in ordered if (s.day or date.max) == day and s.start]
        assert starts == sorted(starts)


MOMENTS = st.integers(0, 72 * 60).map(lambda minutes: datetime(2014, 11, 5, tzinfo=UTC) + timedelta(minutes=minutes))


@given(st.lists(sessions(), max_size=8), MOMENTS)
def test_now_and_next_never_show_what_is_over_or_twice(made: list[Session], now: datetime) -> None:
    named = [s.model_copy(update={"id": f"s{n}"}) for n, s in enumerate(made)]
    whole = event(*named)
    moment = queries.at(whole, now)
    shown = [s.id for s in (*moment.on, *moment.perhaps, *moment.next)]
    assert len(shown) == len(set(shown))
    assert not any(queries.is_over(s, now, whole) for s in (*moment.on, *moment.perhaps, *moment.next))


def test_an_afternoon_without_an_hour_stands_between_noon_and_evening() -> None:
    def one(id_: str, **known: object) -> Session:
        return Session.model_validate(
            {"id": id_, "title": {"fr": id_}, "day": DAYS[0], "zone": "Europe/Paris", **known}
        )

    made = event(
        one("evening", part="evening"), one("unknown"), one("late", start="16:00"), one("afternoon", part="afternoon"),
        one("early", start="09:00"), Session(id="undated", title=Texts({"fr": "x"})),
    )  # fmt: skip
    assert [s.id for s in made.sessions] == ["early", "afternoon", "late", "evening", "unknown", "undated"]
    perhaps = queries.at(made, datetime(2014, 11, 6, 14, tzinfo=UTC))
    assert [s.id for s in perhaps.perhaps] == ["afternoon", "unknown"]


def test_a_bare_day_stands_where_it_was_written_and_may_come_next() -> None:
    def one(id_: str, **known: object) -> Session:
        return Session.model_validate(
            {"id": id_, "title": {"fr": id_}, "day": DAYS[0], "zone": "Europe/Paris", **known}
        )

    made = event(
        one("z-opening"), one("dinner", part="evening"), one("workshop", start="14:00"), one("visit"),
        one("closing", day=DAYS[1]), one("a-plenary", start="14:00"),
    )  # fmt: skip
    in_turn = ["z-opening", "workshop", "visit", "a-plenary", "dinner", "closing"]
    assert [s.id for s in made.sessions] == in_turn
    the_day_before = queries.at(made, datetime(2014, 11, 5, 9, tzinfo=UTC))
    assert [s.id for s in the_day_before.next] == in_turn[:4]


@pytest.mark.parametrize("language", ["fr", "zh", "en"])
def test_a_calendar_keeps_the_zone_and_says_what_is_not_known(language: str) -> None:
    sure = Session.model_validate(
        {
            "id": "sure", "title": {"fr": "Atelier, 研讨; «x»"}, "day": DAYS[0], "start": "14:30", "end": "16:00",
            "zone": "Europe/Paris",
        }
    )  # fmt: skip
    vague = Session.model_validate({"id": "vague", "title": {"fr": "x"}, "day": DAYS[0], "part": "afternoon"})
    undated = Session.model_validate({"id": "undated", "title": {"fr": "x"}})
    say = Words(language, ZoneInfo("Europe/Paris"))
    text = calendar.calendar(
        event(sure, vague, undated), (sure, vague, undated), say, dict.fromkeys(("sure", "vague"), FIRST), name="x"
    )
    entries = {str(e["uid"]).split("@")[0]: e for e in icalendar.Calendar.from_ical(text).walk("VEVENT")}
    assert set(entries) == {"sure", "vague"}
    assert entries["sure"]["dtstart"].dt == datetime(2014, 11, 6, 14, 30, tzinfo=ZoneInfo("Europe/Paris"))
    assert entries["sure"]["status"] == "CONFIRMED"
    assert entries["vague"]["dtstart"].dt == DAYS[0]
    assert entries["vague"]["status"] == "TENTATIVE"
    assert any(word in entries["vague"]["summary"] for word in ("confirm", "待确认"))
    assert "BEGIN:VTIMEZONE" in text


@given(st.lists(sessions(), max_size=5), st.lists(sessions(), max_size=5))
def test_the_difference_of_two_programmes_accounts_for_every_session(
    before: list[Session], after: list[Session]
) -> None:
    old = event(*(s.model_copy(update={"id": f"s{n}"}) for n, s in enumerate(before)))
    new = event(*(s.model_copy(update={"id": f"s{n + 1}"}) for n, s in enumerate(after)))
    changes = {c.id: c.what for c in difference.between(old, new) if c.kind == "session"}
    for id_ in old.session.keys() | new.session.keys():
        if id_ not in new.session:
            assert changes[id_] == "removed"
        elif id_ not in old.session:
            assert changes[id_] == "added"
        else:
            assert (changes.get(id_) == "changed") == (old.session[id_] != new.session[id_])
