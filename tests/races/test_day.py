"""A day of the demo event at random: sessions move, fill, fall away and come back while people sign up and leave; each
is told just what touches them, seats are never oversold, agendas say what the programme says.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from sqlalchemy import func, select

from bot.conversation.receive import words_for
from bot.event import load
from bot.event.model import Event, Registration, SeatRules, Session, Status
from bot.notices import broadcast, ledger, publishing, seated
from bot.notices.tables import NoticeState, delivery, notice
from bot.people import accounts
from bot.programme import calendar, edits, facts, offers, queries, revisions, seats, versions
from bot.programme.tables import Interest, interest, seat
from bot.programme.versions import Published
from bot.store.threads import Store
from bot.store.transaction import Transaction
from handlers import changes

MORNING = datetime(2027, 5, 20, 6, tzinfo=UTC)
PUBLICATIONS, CHANGES = 40, 150
LANGUAGES = ("fr", "zh", "en")


@dataclass
class Day:
    store: Store
    random: random.Random
    people: int
    now: datetime = MORNING
    known: dict[str, Any] = field(default_factory=dict)  # session -> what its reader saw when last told of changes
    persons: list[int] = field(default_factory=list)

    def begin(self) -> None:
        demo = load.load(load.find("demo"))
        rules = demo.details.model_copy(update={"seats": SeatRules(give_up_minutes=10)})
        event = Event(**{**{name: getattr(demo, name) for name in Event.model_fields}, "details": rules})
        self.store.write_now(versions.publish, Published(1, MORNING, "folder", event))
        for n in range(self.people):
            account = self.store.write_now(
                accounts.lock, "web", f"person{n:05d}" * 2, language=LANGUAGES[n % 3], now=MORNING
            )
            self.persons.append(account.person.id)
        self.known = shown(event)

    @property
    def current(self) -> Published:
        return self.store.read_now(lambda tx: versions.Versions().current(tx))  # type: ignore[return-value]

    def people_decide(self, published: Published, many: int) -> None:
        event = published.event
        small = [s for s in event.sessions if s.capacity in range(1, 13) and seats.is_open(s, self.now)]
        for _ in range(many):
            among = small if small and self.random.random() < 0.5 else event.sessions
            person, session = self.random.choice(self.persons), self.random.choice(among)
            if self.random.random() < 0.75:
                self.store.write_now(seats.register, event, person, session.id, now=self.now, despite_clash=True)
            else:
                self.store.write_now(seats.withdraw, event, person, session.id, now=self.now)

    def clock_looks(self, published: Published) -> Counter[str]:
        """What the clock does; of those who are offered a seat some take it, some say no, some stay silent."""
        event, done = published.event, Counter[str]()
        for step in self.store.read_now(seated.due, event, self.now):
            self.store.write_now(seated.do, step, event, self.now)
            done[step.what] += 1
        for person, session in self.store.read_now(_offered):
            match self.random.randrange(3):
                case 0 if session in event.session:
                    taken = self.store.write_now(offers.accept, event.session[session], person, self.now)
                    done["taken" if taken else "too late"] += 1
                case 1 if session in event.session:
                    self.store.write_now(seats.withdraw, event, person, session, now=self.now)
                    done["refused"] += 1
        return done

    def changed(self, published: Published, many: int) -> Published:
        """The event with some sessions otherwise, as an organizer in chat would have it."""
        event, kept = published.event, published.edits
        rooms = [place.id for place in event.places if place.kind == "room"]
        for _ in range(many):
            session = self.random.choice(event.sessions)
            hour = f"{self.random.randint(8, 18):02d}:{self.random.choice('0134')}0"
            values: Mapping[str, Any] = self.random.choice([
                {"start": hour, "end": None},
                {"place": self.random.choice(rooms)},
                {"status": self.random.choice([Status.CANCELLED, Status.CONFIRMED, Status.PROVISIONAL])},
                {"capacity": self.random.choice([None, 0, 1, 2, 5, 30])},
                {"registration": self.random.choice([Registration.OPEN, Registration.CLOSED])},
            ])  # fmt: skip
            event, kept = edits.change(event, kept, session.id, values)
        return Published(0, self.now, published.digest, event, {}, kept)

    def publish(self, published: Published, new: Published, settles: timedelta) -> publishing.Done:
        wording = changes.wording(lambda language: words_for(new, language))
        done = self.store.write_now(publishing.publish, published.number, new, wording, author="test", settles=settles)
        assert done is not None
        return done

    def told(self, event: Event) -> Iterator[tuple[broadcast.Notice, int]]:
        """(notice, person) of every notice of changes that is being sent, which is then over."""
        self.store.write_now(ledger.begin_due, self.now)
        for seen in self.store.read_now(ledger.active):
            while self.store.write_now(ledger.fan_out, seen.id, event, self.now):
                pass
            rows = self.store.read_now(_people_of, seen.id)
            assert all(count == 1 for count in Counter(rows).values())
            self.store.write_now(_is_over, seen.id, self.now)
            if seen.kind == "changes":
                yield from ((seen, person) for person in rows)

    def going(self, person: int) -> set[str]:
        chosen = self.store.read_now(seats.states, person)
        return {id_ for id_, state in chosen.items() if state != Interest.WITHDRAWN}


def _offered(tx: Transaction) -> list[tuple[int, str]]:
    held = select(interest.c.person_id, interest.c.session_id).where(interest.c.offered_until.is_not(None))
    return [(row.person_id, row.session_id) for row in tx.execute(held.order_by(*held.selected_columns))]


def nothing_is_held_too_long(tx: Transaction, event: Event, now: datetime) -> None:
    """After the clock's look no seat is held past its time, or past the start, or of what falls away."""
    for row in tx.execute(select(interest).where(interest.c.offered_until.is_not(None))):
        session = event.session[row.session_id]
        assert row.state == Interest.WAITLISTED, row
        assert row.offered_until > now, row
        assert session.starts_at is None or now < session.starts_at, row
        assert session.status != Status.CANCELLED, row


def _people_of(tx: Transaction, notice_id: int) -> list[int]:
    wanted = select(delivery.c.person_id).where(delivery.c.notice_id == notice_id)
    return [row.person_id for row in tx.execute(wanted)]


def _is_over(tx: Transaction, notice_id: int, now: datetime) -> None:
    tx.execute(notice.update().where(notice.c.id == notice_id).values(state=NoticeState.SENT, ended_at=now))


def shown(event: Event) -> dict[str, Any]:
    """What a reader sees of each session that would make them act: as words, by no code that decides whom to tell."""
    say = words_for(Published(0, MORNING, "", event), "fr")
    return {
        session.id: "cancelled"
        if session.status == Status.CANCELLED
        else (
            say.span(session.starts_at, session.ends_at) if session.starts_at else facts.when(session, say),
            str(session.day),
            facts.place_name(event, session, say),
            facts.people(event, session, say),
        )
        for session in event.sessions
    }


def seats_hold(tx: Transaction, event: Event, before: Mapping[str, int]) -> dict[str, int]:
    """Nobody beyond the seats, unless the capacity was cut under them; what is counted is what is there; nobody waits
    where there is room. How many each session has."""
    rows = {row["session_id"]: row for row in tx.all(select(seat))}
    counted = tx.execute(
        select(interest.c.session_id, interest.c.state, func.count()).group_by(interest.c.session_id, interest.c.state)
    ).all()
    by = {(row[0], row[1]): row[2] for row in counted}
    held = Counter(session for _, session in _offered(tx))
    for session in event.sessions:
        row, going = rows[session.id], by.get((session.id, Interest.GOING), 0) + held.get(session.id, 0)
        assert row["taken"] == going, session.id
        if row["capacity"] is not None:
            assert going <= max(row["capacity"], before.get(session.id, 0)), session.id
    return {id_: row["taken"] for id_, row in rows.items()}


def nobody_waits_in_vain(tx: Transaction, event: Event, now: datetime) -> None:
    """Where there is room and the session has not begun, nobody waits who could be there in time, unless a change of
    it is yet to be told."""
    later = seated.settling(tx)
    rows = {row["session_id"]: row for row in tx.all(select(seat))}
    waiting: Sequence[str] = [row.session_id for row in tx.execute(select(interest.c.session_id).where(*offers.WAITS))]
    for id_ in set(waiting):
        session, row = event.session[id_], rows[id_]
        free = row["capacity"] is None or row["taken"] < row["capacity"]
        has_begun = session.starts_at is not None and now >= session.starts_at
        if id_ not in later and free and not has_begun and session.status != Status.CANCELLED:
            assert not offers.wanted(tx, event, session, now), id_


def agenda_says_the_programme(day: Day, published: Published, person: int) -> None:
    going = day.store.read_now(seats.going_to, published.event, person)
    say = words_for(published, "zh")
    known = day.store.read_now(revisions.of)
    feed = calendar.calendar(published.event, going, say, known, name="x")
    entries = {str(entry["UID"]).split("@")[0]: entry for entry in icalendar.Calendar.from_ical(feed).walk("VEVENT")}
    dated = [session for session in going if session.day]
    assert len(entries) == len(dated)
    for session in dated:
        entry = next(entry for uid, entry in entries.items() if session.id in uid)
        if session.starts_at:
            assert entry["DTSTART"].dt == session.starts_at
        cancelled = str(entry.get("STATUS", "")) == "CANCELLED"
        assert cancelled == (session.status == Status.CANCELLED), session.id


def calendars_see_it(day: Day, before: Mapping[str, revisions.Revision], old: Event, new: Event) -> None:
    """What a reader sees otherwise has one more in its SEQUENCE, and nothing ever has less or two more."""
    after, was, becomes = day.store.read_now(revisions.of), shown(old), shown(new)
    for id_, revision in after.items():
        more = revision.number - before[id_].number
        assert more in ((1,) if was[id_] != becomes[id_] else (0, 1)), id_
        assert revision.changed_at == (day.now if more else before[id_].changed_at), id_


def replay(url: str, seed: int, people: int, publications: int = PUBLICATIONS) -> Counter[str]:
    day = Day(Store(url), random.Random(seed), people)
    day.begin()
    taken: dict[str, int] = {}
    counts: Counter[str] = Counter()
    changes_left = CHANGES
    pending_since: dict[str, Any] | None = None
    for n in range(publications):
        published = day.current
        day.people_decide(published, max(people // 4, 40))
        counts += day.clock_looks(published)
        taken = day.store.read_now(seats_hold, published.event, taken)
        day.store.read_now(nothing_is_held_too_long, published.event, day.now)
        many = min(changes_left, day.random.randint(1, 2 * CHANGES // PUBLICATIONS))
        changes_left -= many
        new = day.changed(published, many)
        settles = day.random.choice([timedelta(0), timedelta(seconds=60)])
        before = pending_since if pending_since is not None else shown(published.event)
        expected = expected_by(day, before, new.event, published.event)
        counted = day.store.read_now(revisions.of)
        done = day.publish(published, new, settles)
        calendars_see_it(day, counted, published.event, new.event)
        counts["publications"] += 1
        taken = day.store.read_now(seats_hold, new.event, taken)
        day.store.read_now(nobody_waits_in_vain, new.event, day.now)
        if settles and done.due_at:
            pending_since = before
            assert list(day.told(new.event)) == [], "it settles first"
            if day.random.random() < 0.5:
                day.now += timedelta(seconds=20)  # the next one comes within the minute
                continue
            day.now += timedelta(seconds=61)
        pending_since = None
        got: dict[int, set[str]] = {}
        for seen, person in day.told(new.event):
            assert person not in got, "one message a person a publication"
            got[person] = set(seen.parts or {}) & day.going(person)
        # Of those who changed their mind since, nothing is expected here: nobody did between the two.
        assert got == expected, (seed, n)
        counts["told"] += len(got)
        for person in day.random.sample(day.persons, 3):
            agenda_says_the_programme(day, day.current, person)
        day.now += timedelta(minutes=day.random.randint(1, 20))
    event = day.current.event
    for _ in range(12):  # nobody answers any more: each offer is passed on until nobody waits for what is free
        day.now += timedelta(minutes=31)
        for step in day.store.read_now(seated.due, event, day.now):
            day.store.write_now(seated.do, step, event, day.now)
            counts[step.what] += 1
        day.store.read_now(nothing_is_held_too_long, event, day.now)
        day.store.read_now(nobody_waits_in_vain, event, day.now)
        day.store.read_now(seats_hold, event, taken)
    day.store.close()
    return counts


def expected_by(day: Day, before: Mapping[str, Any], new: Event, old: Event) -> dict[int, set[str]]:
    """person -> the sessions of theirs that they see otherwise."""
    after = shown(new)
    differ = {
        id_ for id_ in after
        if before.get(id_) != after[id_] and not _over_in_both(old.session[id_], new.session[id_], old, new, day.now)
    }  # fmt: skip
    mine = {person: day.going(person) & differ for person in day.persons}
    return {person: sessions for person, sessions in mine.items() if sessions}


def _over_in_both(was: Session, becomes: Session, old: Event, new: Event, now: datetime) -> bool:
    return queries.is_over(was, now, old) and queries.is_over(becomes, now, new)


def test_each_is_told_what_touches_them_and_nothing_else(database_url: str) -> None:
    counts = replay(database_url, seed=13, people=40, publications=12)
    assert counts["told"] > 30, counts
    assert min(counts["taken"], counts["refused"], counts["settle"]) > 0, counts


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 14))
def test_a_day_of_eight_hundred(database_url: str, seed: int) -> None:
    print(database_url.split(":", 1)[0], seed, dict(replay(database_url, seed, people=800)))
