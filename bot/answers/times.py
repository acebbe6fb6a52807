"""Which time a programme question asks for: now, next, today, tomorrow, a day of the event."""

import re
from datetime import date
from functools import lru_cache

from bot.answers.normalise import HAN
from bot.event.model import Event

# Over folded text. What stands first wins: "what is on after lunch today" asks for today.
NOW = re.compile(
    r"\b(?:maintenant|en ce moment|en cours|actuellement|now|right now|currently|at the moment|xianzai)\b"
    r"|现在|正在|目前|此刻|这会儿"
)
NEXT = re.compile(
    r"\b(?:ensuite|prochaine?s?|juste apres|la suite|tout a l heure|next|up next|coming up|after this|upcoming)\b"
    r"|接下来|下一[场个项节]|之后|随后|马上要|待会|等会|等下"
)
TODAY = re.compile(
    r"\b(?:aujourd hui|ce matin|cet apres midi|cet aprem|ce soir|today|this (?:morning|afternoon|evening)|tonight)\b"
    r"|今天|今日|今早|今晚|今儿"
)
TOMORROW = re.compile(r"\b(?:demain|tomorrow)\b|明天|明日|明早|明晚|明儿")
PARTS = (
    ("morning", re.compile(r"\b(?:matin|matinee|morning)\b|上午|早上|今早|明早")),
    ("afternoon", re.compile(r"\b(?:apres midi|aprem|aprems|afternoon)\b|下午")),
    ("evening", re.compile(r"\b(?:soir|soiree|evening|tonight)\b|晚上|今晚|明晚|傍晚")),
)
HOUR = re.compile(r"\b(\d{1,2}) ?(?:h|heures?|点|時|时)|\bat (\d{1,2}) ?(am|pm)?\b")
# Words that say nothing beside a time, those for a programme among them.
SMALL = re.compile(
    r"\b(?:et|le|la|the|and|on|du|de|day|jour|pour|for|matin|morning|afternoon|apres midi|soir|evening"
    r"|programme|program|planning|schedule|timetable)\b"
    r"|日程|安排|议程|活动|节目|有什么|有哪些|是什么|[呢上下午晚的有]"
)
WEEKDAYS = (
    ("lundi", "monday", "mon", "一"),
    ("mardi", "tuesday", "tue", "二"),
    ("mercredi", "wednesday", "wed", "三"),
    ("jeudi", "thursday", "thu", "四"),
    ("vendredi", "friday", "fri", "五"),
    ("samedi", "saturday", "sat", "六"),
    ("dimanche", "sunday", "sun", "日天"),
)
MONTHS = (
    "janvier january jan", "fevrier february feb", "mars march mar", "avril april apr", "mai may", "juin june jun",
    "juillet july jul", "aout august aug", "septembre september sep", "octobre october oct",
    "novembre november nov", "decembre december dec",
)  # fmt: skip
ORDINALS = (
    r"(?:1er|1re|premier|premiere|first|1st|第一|第1|头一)",
    r"(?:2e|2eme|deuxieme|second|seconde|2nd|第二|第2)",
    r"(?:3e|3eme|troisieme|third|3rd|第三|第3)",
    r"(?:4e|4eme|quatrieme|fourth|4th|第四|第4)",
)
HAN_BEFORE = rf"(?:(?<=[{HAN}])|\b)"


class Times:
    """Time words of one event: its days by name, date and number."""

    def __init__(self, event: Event) -> None:
        first, last = event.details.starts, event.details.ends
        days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)][:14]
        self._days = [(day, _pattern(day, n, days)) for n, day in enumerate(days)]

    def asked(self, folded: str) -> str:
        """The live entry of the time that a folded text names, as `live:now`; "" where it names none."""
        part = next((f"/{part}" for part, pattern in PARTS if pattern.search(folded)), "") or _part_of_hour(folded)
        for day, pattern in self._days:
            if pattern.search(folded):
                return f"live:day/{day.isoformat()}{part}"
        for pattern, live in ((NOW, "now"), (TOMORROW, "tomorrow"), (TODAY, "today"), (NEXT, "next")):
            if pattern.search(folded):
                return f"live:{live}{part if live in ('today', 'tomorrow') else ''}"
        return f"live:today{part}" if part else ""

    def alone(self, folded: str) -> str:
        """The live entry of a text that is little more than a time: "demain ?", "7/11/2014"."""
        asked = self.asked(folded)
        if not asked:
            return ""
        rest = folded
        for pattern in (*(pattern for _, pattern in self._days), NOW, NEXT, TODAY, TOMORROW):
            rest = pattern.sub(" ", rest)
        return "" if len(SMALL.sub("", rest).replace(" ", "")) > 1 else asked


def _part_of_hour(folded: str) -> str:
    """The part of the day of an hour that is written in figures: "/afternoon"."""
    found = HOUR.search(folded)
    if found is None:
        return ""
    hour = int(found[1] or found[2]) + (12 if found[3] == "pm" else 0)
    return "/morning" if hour < 12 else "/afternoon" if hour < 18 else "/evening"


@lru_cache(maxsize=64)
def _day_words(day: date) -> str:
    french, english, short, chinese = WEEKDAYS[day.weekday()]
    han = f"(?:周|星期|礼拜)[{chinese}]"
    return rf"\b(?:{french}|{english}|{short})\b|{han}"


def _pattern(day: date, number: int, days: list[date]) -> re.Pattern[str]:
    months = MONTHS[day.month - 1].replace(" ", "|")
    options = [
        rf"\b{day.day}(?:er|st|nd|rd|th)? (?:{months})\b",
        rf"\b(?:{months}) {day.day}(?:st|nd|rd|th)?\b",
        rf"\b{day.month} 月 ?{day.day} [日号]|\b{day.day} [日号]",
        rf"\b{day.year} 0?{day.month} 0?{day.day}\b|\b0?{day.day} 0?{day.month} {day.year}\b",
        rf"\b{day.day} {day.month:02}\b",
        rf"\b(?:le|du|au|the) {day.day}(?:th)?\b(?! (?:h|heures|euros|min|rue|quai|avenue|place))",
        rf"\b(?:jour|day) {number + 1}\b",
    ]
    if sum(other.weekday() == day.weekday() for other in days) == 1:
        options.append(_day_words(day))
    if number < len(ORDINALS):
        options.append(rf"{ORDINALS[number]} ?(?:jour|journee|day|天)")
    if number == len(days) - 1 and number:
        options.append(r"\b(?:dernier jour|derniere journee|last day)\b|最后一天")
    return re.compile("|".join(options))
