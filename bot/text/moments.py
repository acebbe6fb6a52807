"""A day and an hour as people write them."""

import re
import unicodedata
from datetime import datetime, time

MOMENT = re.compile(
    r"(?:(?P<year>2[01]\d{2})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?[ T,]*)?"
    r"(?P<hour>\d{1,2})\s?[:h时時点點]\s?(?P<minute>\d{2})?分?",
    re.IGNORECASE,
)


def read(text: str, here: datetime) -> datetime | None:
    """A local time without a zone, None where the text is none: 2014-11-06 14:30, 14:30, 14 h 30, 14点30分.

    here: the local time now, whose day it is where none is written.
    """
    found = MOMENT.fullmatch(unicodedata.normalize("NFKC", text).strip().replace("\u00a0", " "))
    if found is None:
        return None
    try:
        at = time(int(found["hour"]), int(found["minute"] or 0))
        day = here.date()
        if found["year"]:
            day = day.replace(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None
    return datetime.combine(day, at)
