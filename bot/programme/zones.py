"""A VTIMEZONE that every calendar understands: two rules where a zone's clocks change every year by the same ones.

`icalendar` can write one too, as lists of dates of seventy years, with the change to summer time an hour late (7.3).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def vtimezone(zone: ZoneInfo, first: date, last: date) -> Timezone:
    """The zone from the year before `first` until the end of the year after `last`, or for ever after where its rules
    are the same in those years."""
    start = datetime(first.year - 1, 1, 1, tzinfo=UTC)
    found = list(_changes(zone, start, datetime(last.year + 2, 1, 1, tzinfo=UTC)))
    out = Timezone()
    out.add("tzid", zone.key)
    if not found:
        out.add_component(_observance(zone, start, start))
        return out
    rules = {at: _rule(at, zone) for at in found}
    years = last.year - first.year + 3
    for rule in dict.fromkeys(rules.values()):
        of_rule = [at for at in found if rules[at] == rule]
        yearly = [int(at.year) for at in of_rule] == list(range(first.year - 1, last.year + 2)) and years > 1
        for at in of_rule[:1] if yearly else of_rule:
            made = _observance(zone, at - timedelta(seconds=1), at)
            if yearly:
                made.add("rrule", vRecur({"FREQ": "YEARLY", "BYMONTH": rule[0], "BYDAY": rule[1]}))
            out.add_component(made)
    return out


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """The moments (UTC) at which the offset is another than before."""
    for day in range((end - start).days):
        low, high = (int(start.timestamp()) + 86_400 * n for n in (day, day + 1))
        before = _offset(zone, datetime.fromtimestamp(low, UTC))
        if before == _offset(zone, datetime.fromtimestamp(high, UTC)):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            is_before = _offset(zone, datetime.fromtimestamp(middle, UTC)) == before
            low, high = (middle, high) if is_before else (low, middle)
        yield datetime.fromtimestamp(high, UTC)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _wall(zone: ZoneInfo, before: datetime, at: datetime) -> datetime:
    """A change on the clock that was right until then: RFC 5545, 3.6.5."""
    return (at + _offset(zone, before)).replace(tzinfo=None)


def _rule(at: datetime, zone: ZoneInfo) -> tuple[int, str, str]:
    """(month, weekday in it, hour) of a change."""
    wall = _wall(zone, at - timedelta(seconds=1), at)
    is_last = (wall + timedelta(days=7)).month != wall.month
    return wall.month, f"{-1 if is_last else (wall.day + 6) // 7}{WEEKDAYS[wall.weekday()]}", f"{wall:%H%M%S}"


def _observance(zone: ZoneInfo, before: datetime, at: datetime) -> TimezoneStandard | TimezoneDaylight:
    local = at.astimezone(zone)
    made = TimezoneDaylight() if local.dst() else TimezoneStandard()
    made.add("dtstart", _wall(zone, before, at))
    made.add("tzoffsetfrom", _offset(zone, before))
    made.add("tzoffsetto", _offset(zone, at))
    made.add("tzname", local.tzname())
    return made
