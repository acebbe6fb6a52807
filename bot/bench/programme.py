"""What a change of the programme costs as the event grows: publishing one that touches many people, the whole programme
as a feed, a day's view. A time an item that stays the same from small to large is what is looked for.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, update

from bot.conversation.receive import words_for
from bot.event import load
from bot.event.model import Event
from bot.notices import broadcast, ledger, publishing
from bot.notices.tables import NoticeState
from bot.people.tables import account, person
from bot.programme import calendar, edits, queries, versions
from bot.programme.revisions import Revision
from bot.programme.tables import Interest, interest, seat
from bot.programme.versions import Published
from bot.store import migrate
from bot.store.threads import Store
from bot.store.transaction import Transaction
from handlers import cards, changes

NOW = datetime(2027, 5, 20, 6, tzinfo=UTC)
LANGUAGES = ("fr", "zh", "en")
SESSION = "atelier-eau"
PEOPLE = (100, 1_000, 10_000)
SESSIONS = (50, 500, 5_000)
A_DAY = 40  # sessions of one day of the made-up programme
Progress = Callable[[str], None]


@dataclass(slots=True)
class Row:
    """One measurement at one size, a median. seconds: in all; each: microseconds an item."""

    what: str
    size: int
    seconds: float

    @property
    def each(self) -> float:
        return self.seconds / self.size * 1e6


@dataclass(slots=True)
class Report:
    repeat: int
    rows: list[Row] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        rows = [{**asdict(row), "microseconds_each": row.each} for row in self.rows]
        return {"repeat": self.repeat, "rows": rows}


def measure(url: str = "", *, repeat: int, progress: Progress, steps: Callable[[int], None]) -> Report:
    """url: of an empty database; "" for an SQLite file of its own."""
    report = Report(repeat)
    steps(len(PEOPLE) + len(SESSIONS))
    for people in PEOPLE:
        progress(f"a change that touches {people:,} people")
        with tempfile.TemporaryDirectory() as folder:
            store = Store(url or f"sqlite:///{Path(folder) / 'bench.db'}")
            try:
                report.rows += _publishing(store, people, repeat)
            finally:
                store.close()
    for count in SESSIONS:
        progress(f"a programme of {count:,} sessions")
        report.rows += _viewing(count, repeat)
    return report


def _publishing(store: Store, people: int, repeat: int) -> list[Row]:
    store.write_now(migrate.to_newest)
    event = load.load(load.find("demo"))
    store.write_now(versions.publish, Published(1, NOW, "bench", event))
    store.write_now(_crowd, people)
    published, fanned = [], []
    for n in range(repeat):
        current = store.read_now(versions.Versions().current)
        assert current is not None
        start = hour(14 + n % 4, 10).isoformat()
        changed, kept = edits.change(current.event, current.edits, SESSION, {"start": start, "end": None})
        new = Published(0, NOW + timedelta(minutes=n), "bench", changed, {}, kept)
        wording = changes.wording(partial(words_for, new))
        begun = time.perf_counter()
        done = store.write_now(publishing.publish, current.number, new, wording, author="bench")
        published.append(time.perf_counter() - begun)
        assert done is not None
        assert done.people == people, "not everybody is told"
        begun = time.perf_counter()
        for seen in store.read_now(ledger.active):
            while store.write_now(ledger.fan_out, seen.id, changed, NOW):
                pass
            store.write_now(_over, seen.id)
        fanned.append(time.perf_counter() - begun)
    return [
        Row("published, who is told counted", people, median(published)),
        Row("a delivery for each", people, median(fanned)),
    ]


def _crowd(tx: Transaction, people: int) -> None:
    """All of them reachable, in three languages, going to one session."""
    who = [
        {"language": LANGUAGES[n % 3], "language_chosen": True, "created_at": NOW, "last_seen_at": NOW}
        for n in range(people)
    ]
    ids = list(tx.execute(insert(person).values(who[0]).returning(person.c.id)).scalars())
    if who[1:]:
        tx.execute(insert(person), who[1:])
    first = ids[0]
    rows = range(first, first + people)
    accounts_ = [
        {"person_id": id_, "channel": "telegram", "address": str(id_), "reachable": True, "created_at": NOW}
        for id_ in rows
    ]
    tx.execute(insert(account), accounts_)
    going = [
        {"person_id": id_, "session_id": SESSION, "state": Interest.GOING, "place": 0, "changed_at": NOW}
        for id_ in rows
    ]
    tx.execute(insert(interest), going)
    tx.execute(update(seat).where(seat.c.session_id == SESSION).values(taken=people, capacity=None))


def _over(tx: Transaction, notice_id: int) -> None:
    """Nothing of it is sent: that is what `bench broadcast` measures."""
    broadcast.cancel(tx, notice_id, NOW)
    assert broadcast.get(tx, notice_id).state == NoticeState.CANCELLED


def _viewing(count: int, repeat: int) -> list[Row]:
    event = grown(load.load(load.find("demo")), count)
    published = Published(1, NOW, "bench", event)
    say = words_for(published, "zh")
    day = event.sessions[0].day
    shown = queries.on_day(event, day)

    known = {session.id: Revision(0, NOW) for session in event.sessions}

    def feed() -> None:
        calendar.calendar(event, event.sessions, say, known, name="x")

    def view() -> None:
        cards.sessions(event, queries.on_day(event, day), say, heading=say.plain(""))

    return [
        Row("the whole programme as a feed", count, _timed(feed, repeat)),
        Row(f"a day’s view ({len(shown)} sessions of it)", count, _timed(view, repeat)),
    ]


def grown(event: Event, count: int) -> Event:
    """The event with `count` sessions, A_DAY a day, as many days as that takes."""
    like = [session for session in event.sessions if session.start and session.end]
    first = event.details.starts
    sessions = tuple(
        like[n % len(like)].model_copy(update={"id": f"s{n}", "day": first + timedelta(days=n // A_DAY), "aliases": ()})
        for n in range(count)
    )
    last: date = first + timedelta(days=(count - 1) // A_DAY)
    details = event.details.model_copy(update={"ends": last})
    parts = {name: getattr(event, name) for name in Event.model_fields}
    return Event(**{**parts, "details": details, "sessions": sessions})


def _timed(work: Callable[[], None], repeat: int) -> float:
    """The median of `repeat` runs, after one that warms up."""
    work()
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return median(times)


def show(report: Report, console: Console) -> None:
    table = Table(title="The programme as it grows")
    table.add_column("")
    for column in ("items", "ms in all", "µs an item", "the smallest = 1"):
        table.add_column(column, justify="right")
    for row in _by_what(report.rows):
        smallest = min((each for each in report.rows if each.what == row.what), key=lambda each: each.size)
        ratio = row.each / smallest.each
        table.add_row(row.what, f"{row.size:,}", f"{row.seconds * 1000:.1f}", f"{row.each:.1f}", f"{ratio:.2f}")
    console.print(table)
    console.print(f"{report.repeat} repetitions, medians; only ratios of one run count.", style="dim")


def _by_what(rows: Sequence[Row]) -> list[Row]:
    order = list(dict.fromkeys(row.what for row in rows))
    return sorted(rows, key=lambda row: (order.index(row.what), row.size))
