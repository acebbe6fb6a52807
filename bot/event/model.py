"""The parts of an event, typed. What is not known is None (or empty), and stays so everywhere.

Times: `day` and the local hours are as the organizer wrote them; `Session.starts_at` and `.ends_at`
are aware UTC, or None while the hour is not known.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bot.event.texts import Texts

NIGHT_ENDS = time(6)  # an end before it, of what began after noon, is of the next day

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]


def _local(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is not None:
        raise ValueError("local to the event: write it without a zone")
    return value


Local = Annotated[datetime | None, AfterValidator(_local)]  # on the event's wall clock, naive


class Strict(BaseModel):
    """Frozen; a field we do not know is a fault, since it is a misspelt one more often than not."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


class Part(StrEnum):
    """The part of a day, known where the hour may not be."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class Status(StrEnum):
    CONFIRMED = "confirmed"
    PROVISIONAL = "provisional"
    CANCELLED = "cancelled"


class Registration(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    NONE = "none"


class Confidence(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class EntryStatus(StrEnum):
    KNOWN = "known"
    UNKNOWN = "unknown"  # the answer only says "to be confirmed"


class Sourced(Strict):
    """Where a fact comes from, and when it was true."""

    as_of: date | None = None
    source: str = ""
    confidence: Confidence = Confidence.HIGH
    ages: bool = False


class Theme(Strict):
    id: Slug
    name: Texts


class Organizer(Strict):
    id: Slug
    name: Texts
    role: Texts | None = None


class Contact(Strict):
    id: Slug
    name: Texts
    phone: str = ""
    email: str = ""


class NamedLink(Strict):
    id: Slug
    name: Texts
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class Edition(Strict):
    edition: int | None = None
    name: Texts
    when: Texts
    note: Texts | None = None


class Privacy(Strict):
    controller: Texts
    basis: Texts
    contact: Texts | None = None


class Person(Strict):
    id: Slug
    name: Texts
    role: Texts | None = None
    aliases: tuple[str, ...] = ()


class Place(Sourced):
    id: Slug
    kind: Annotated[
        str,
        StringConstraints(pattern="^(venue|room|station|airport|hotel|hospital|consulate|sight|worship|stand|other)$"),
    ]
    name: Texts
    address: str = ""
    city: str = ""
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    directions: Texts | None = None
    within: Slug | None = None
    seats: Annotated[int, Field(ge=1)] | None = None  # chairs
    walk: dict[Slug, int] = Field(default_factory=dict)  # minutes on foot to another place, and back
    aliases: tuple[str, ...] = ()


class Role(Strict):
    person: Slug
    role: Annotated[str, StringConstraints(pattern="^(moderator|speaker|chair)$")] = "speaker"


class Session(Sourced):
    """A slot of the programme. `zone` is the event's, set on loading."""

    id: Slug
    day: date | None = None
    part: Part | None = None
    start: time | None = None
    end: time | None = None
    place: Slug | None = None
    theme: Slug | None = None
    kind: Annotated[str, StringConstraints(pattern="^(ceremony|workshop|plenary|meal|forum|visit|other)$")] = "other"
    title: Texts
    abstract: Texts | None = None
    people: tuple[Role, ...] = ()
    languages: tuple[str, ...] = ()
    interpretation: tuple[str, ...] = ()
    capacity: Annotated[int, Field(ge=0)] | None = None
    registration: Registration = Registration.NONE
    opens: Local = None  # when sign-up does, and when it closes; without them it is open until the session is over
    closes: Local = None
    status: Status = Status.CONFIRMED
    aliases: tuple[str, ...] = ()
    zone: str = "UTC"

    @cached_property
    def starts_at(self) -> datetime | None:
        return self._utc(self.start)

    @cached_property
    def ends_at(self) -> datetime | None:
        return self._utc(self.end, next_day=self.ends_next_day)

    @cached_property
    def opens_at(self) -> datetime | None:
        """When sign-up opens, aware UTC; None where nothing says so."""
        return self.opens.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC) if self.opens else None

    @cached_property
    def closes_at(self) -> datetime | None:
        """When sign-up closes, aware UTC; None where nothing says so."""
        return self.closes.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC) if self.closes else None

    @property
    def ends_next_day(self) -> bool:
        """Whether it begins after noon and ends before the next morning: 23:30 to 00:30 is an hour."""
        return bool(
            self.start and self.end and self.end < self.start and self.start.hour >= 12 and self.end < NIGHT_ENDS
        )

    @property
    def known_part(self) -> Part | None:
        """The part of the day: as written, or read off the hour (noon begins the afternoon, 18:00 the evening)."""
        if self.part or self.start is None:
            return self.part
        if self.start.hour < 12:
            return Part.MORNING
        return Part.AFTERNOON if self.start.hour < 18 else Part.EVENING

    def _utc(self, local: time | None, *, next_day: bool = False) -> datetime | None:
        if self.day is None or local is None:
            return None
        day = self.day + timedelta(days=1) if next_day else self.day
        return datetime.combine(day, local, ZoneInfo(self.zone)).astimezone(UTC)


PART_BEGINS = {Part.MORNING: time(8), Part.AFTERNOON: time(12), Part.EVENING: time(18)}


def in_order(written: Iterable[Session]) -> tuple[Session, ...]:
    """Days in order, those without one last; within a day by hour or part of day. What has neither follows the
    session after which the organizer wrote it, or opens the day: an opening ceremony is not listed after dinner."""
    before: dict[date | None, time] = {}
    keyed = []
    for number, session in enumerate(written):
        hour = session.start or (PART_BEGINS[session.known_part] if session.known_part else None)
        if hour is not None:
            before[session.day] = hour
        keyed.append((session.day or date.max, hour or before.get(session.day, time.min), number, session))
    return tuple(session for *_, session in sorted(keyed, key=lambda each: each[:3]))


class Entry(Sourced):
    """A curated question and answer."""

    id: Slug
    topic: Slug
    answer: Texts
    questions: dict[str, tuple[str, ...]]
    asks: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    related: tuple[Slug, ...] = ()
    place: Slug | None = None
    status: EntryStatus = EntryStatus.KNOWN


class Topic(Strict):
    id: Slug
    name: Texts
    description: str = ""


class SeatRules(Strict):
    """How seats are given to those who wait.

    confirm_minutes: how long a seat that comes free is held for the next on the list; 0: they go at once.
    still_coming_minutes: how long before a full session those who go are asked; 0: nobody is.
    give_up_minutes: how long before it the seat of whoever did not answer is given along; None: never.
    """

    confirm_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = 30
    still_coming_minutes: Annotated[int, Field(ge=0, le=240)] = 20
    give_up_minutes: Annotated[int | None, Field(ge=1)] = None


class WeChatTemplate(Strict):
    """A short notice of WeChat's for whoever has not written for two days. fields: WeChat's name of each value -> what
    of the notice it holds. subscribed: sent by consent to a single one (订阅通知), else 模板消息."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    fields: dict[str, Annotated[str, StringConstraints(pattern="^(what|where|when)$")]]
    subscribed: bool = False


class WeChat(Strict):
    """What the event's Official Account may. templates: kind of notice -> its template. sign_in: web pages may ask
    WeChat who opens them. menu_messages: choices may be pressed."""

    templates: dict[
        Annotated[str, StringConstraints(pattern="^(announcements|changes|reminders|digest|places|feedback|slots)$")],
        WeChatTemplate,
    ] = Field(default_factory=dict)
    sign_in: bool = False
    menu_messages: bool = True


class Details(Strict):
    """`event.yaml`."""

    id: Slug
    name: Texts
    short_name: Texts
    theme: Texts | None = None
    city: Texts
    starts: date
    ends: date
    time_zone: str
    clock: Local = None  # where a new database's clock stands
    second_zone: dict[str, str] = Field(default_factory=dict)
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    include: tuple[str, ...] = ()
    seats: SeatRules = SeatRules()
    themes: tuple[Theme, ...] = ()
    organizers: tuple[Organizer, ...] = ()
    contacts: tuple[Contact, ...] = ()
    links: tuple[NamedLink, ...] = ()
    history: tuple[Edition, ...] = ()
    privacy: Privacy
    people: tuple[Person, ...] = ()
    wechat: WeChat | None = None

    @property
    def scripts(self) -> tuple[str, ...]:
        """What its texts can be read in: its languages, and Traditional beside Simplified Chinese."""
        return (*self.languages, *(("zh-Hant",) if "zh" in self.languages else ()))


class Event(Strict):
    """A whole event folder, validated. Immutable; lookups by id are dictionaries."""

    details: Details
    places: tuple[Place, ...] = ()
    sessions: Annotated[tuple[Session, ...], AfterValidator(in_order)] = ()  # whatever was moved in chat
    entries: tuple[Entry, ...] = ()
    topics: tuple[Topic, ...] = ()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.details.time_zone)

    @cached_property
    def place(self) -> dict[str, Place]:
        return {place.id: place for place in self.places}

    @cached_property
    def session(self) -> dict[str, Session]:
        return {session.id: session for session in self.sessions}

    @cached_property
    def entry(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.entries}

    @cached_property
    def topic(self) -> dict[str, Topic]:
        return {topic.id: topic for topic in self.topics}

    @cached_property
    def person(self) -> dict[str, Person]:
        return {person.id: person for person in self.details.people}

    @cached_property
    def theme(self) -> dict[str, Theme]:
        return {theme.id: theme for theme in self.details.themes}

    @property
    def default_language(self) -> str:
        return self.details.languages[0]
