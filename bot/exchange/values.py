"""Days, hours, durations and words as people and spreadsheets write them; NotUnderstood says the value."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta

from bot.event.model import Details
from bot.exchange.rows import NotUnderstood

# Day 0 of a spreadsheet: its 1900 was a leap year, so that serials from March 1900 count from here
# (ECMA-376 part 1, 18.17.4.1).
SERIAL_ZERO = date(1899, 12, 30)
SERIALS = (20_000, 80_000)  # 1954 to 2119: no year, and no clock time, is taken for one
DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
YEAR_FIRST = re.compile(r"(\d{4})\s*[./年-]\s*(\d{1,2})\s*[./月-]\s*(\d{1,2})\s*日?")
HOUR = re.compile(
    r"(?P<zh>上午|早上|中午|下午|晚上)?\s*(?P<h>\d{1,2})\s*(?:[:.hH：点时]\s*(?P<m>\d{2})?\s*分?(?::\d{2})?)?\s*(?P<ap>[aApP]\.?[mM]\.?)?"
)
KINDS = {
    "workshop": "workshop atelier 分论坛 工作坊 tutorial training",
    "plenary": "plenary keynote plénière 全体会议 主旨演讲 pleniere",
    "meal": "meal lunch dinner breakfast repas déjeuner dîner 午餐 晚宴 晚餐 banquet",
    "ceremony": "ceremony cérémonie opening closing ouverture clôture 开幕式 闭幕式 仪式",
    "forum": "forum panel table-ronde 论坛",
    "visit": "visit visite excursion 参观",
    "other": "other autre 其他",
}


def day(value: object, details: Details) -> date:
    """A day: a date, ISO, 2014年11月6日, 06/11/2014, or a spreadsheet's serial.

    Of 06/11/2014 the reading that is a day of the event is meant; where both or neither are, that is not understood.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and SERIALS[0] <= float(text) < SERIALS[1]:
        return SERIAL_ZERO + timedelta(days=int(float(text)))
    if found := YEAR_FIRST.match(text):
        return _date(text, *found.groups())
    if found := DAY_FIRST.fullmatch(text):
        first, second, year = found.groups()
        readings = {_date(text, year, m, d) for m, d in ((second, first), (first, second)) if 1 <= int(m) <= 12}
        inside = [each for each in readings if details.starts <= each <= details.ends]
        if len(inside) == 1:
            return inside[0]
        if len(readings) == 1:
            return readings.pop()
        raise NotUnderstood(f"{text!r} may be either of two days: write it as 2014-11-06")
    raise NotUnderstood(f"{text!r} is no day")


def moment(value: object) -> datetime | None:
    """A day and an hour in one value, with or without an offset; None where it is no such thing."""
    if isinstance(value, datetime):
        return value
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}", text):
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise NotUnderstood(f"{text!r} is no moment") from error
    if re.fullmatch(r"\d{5}\.\d+", text) and SERIALS[0] <= float(text) < SERIALS[1]:
        minutes = round((float(text) % 1) * 24 * 60)
        return datetime.combine(SERIAL_ZERO, time()) + timedelta(days=int(float(text)), minutes=minutes)
    return None


def hour(value: object) -> time:
    """An hour: 14:30, 14h30, 2:30 PM, 下午2:30, 14点30分, or a spreadsheet's part of a day."""
    if isinstance(value, datetime):
        return value.time().replace(second=0, microsecond=0)
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0, tzinfo=None)
    if isinstance(value, timedelta):
        return _of_minutes(round(value.total_seconds() / 60), str(value))
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if re.fullmatch(r"0?\.\d+", text):
        return _of_minutes(round(float(text) * 24 * 60), text)
    found = HOUR.fullmatch(text)
    if found is None:
        raise NotUnderstood(f"{text!r} is no hour")
    h, m = int(found["h"]), int(found["m"] or 0)
    half = (found["ap"] or "")[:1].lower() or {"下午": "p", "晚上": "p", "上午": "a", "早上": "a"}.get(
        found["zh"] or "", ""
    )
    if half == "p" and h < 12:
        h += 12
    elif half == "a" and h == 12:
        h = 0
    return _of_minutes(h * 60 + m, text) if m < 60 else _of_minutes(-1, text)


def duration(value: object) -> timedelta:
    """A duration: minutes, HH:MM, HH:MM:SS (frab, Pentabarf), DD:HH:MM:SS."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute)
    text = str(value).strip()
    try:
        parts = [int(float(part)) for part in text.split(":")]
        match parts:
            case [minutes]:
                return timedelta(minutes=minutes)
            case [hours, minutes]:
                return timedelta(hours=hours, minutes=minutes)
            case [hours, minutes, seconds]:
                return timedelta(hours=hours, minutes=minutes, seconds=seconds)
            case [days, hours, minutes, seconds]:
                return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        pass
    raise NotUnderstood(f"{text!r} is no duration")


def kind(text: str) -> str | None:
    """Our kind of session for a type as other tools call it; None where none is meant."""
    words = set(re.split(r"[\s_/,()-]+", text.casefold()))
    return next((ours for ours, known in KINDS.items() if words & set(known.split())), None)


def _date(text: str, *parts: str) -> date:
    try:
        year, month, number = (int(part) for part in parts)
        return date(year, month, number)
    except ValueError as error:
        raise NotUnderstood(f"{text!r} is no day") from error


def _of_minutes(minutes: int, text: str) -> time:
    if not 0 <= minutes < 24 * 60:
        raise NotUnderstood(f"{text!r} is no hour of a day")
    return time(minutes // 60, minutes % 60)
