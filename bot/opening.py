"""Opens the database with the event in it, and finds the clock that both run by: for the bot and every command."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.errors import BadInput, Fault, StoreUnreachable
from bot.event import load
from bot.event.model import Event
from bot.exchange import people
from bot.people import participants
from bot.people.participants import Participant
from bot.programme import rehearsal, versions
from bot.programme.versions import Published, Versions
from bot.settings import Settings
from bot.store import engine, migrate
from bot.store.threads import Store
from bot.store.transaction import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Opened:
    """The database with an event published in it, and the clock that it runs by."""

    store: Store
    versions: Versions
    published: Published
    clock: Clock
    changed_folder: str = ""  # the event's folder, where it says something else than what is published

    @property
    def newest(self) -> Published:
        """The newest version that this process has seen, without asking the database."""
        return self.versions.last or self.published


def open_store(settings: Settings) -> Opened:
    """Migrate the database, publish the event on first start, set the clock. Raises BadInput, NoSuchEvent,
    StoreUnreachable."""
    folder = load.find(settings.event)
    digest = load.digest(folder)
    store = Store(settings.database)
    store.write_now(migrate.to_newest)
    found = store.read_now(versions.newest)
    if found is None:
        event = load.load(folder)
        listed = people.of_folder(folder, event)
        store.write_now(_publish_first, event, digest, settings.clock, listed.people if listed else {})
    known = Versions()
    published = store.read_now(known.current)
    assert published is not None
    if found is not None and published.event.details.id != _id_of(folder):
        fault = f"holds the event {published.event.details.id!r}, and {settings.event!r} is another"
        raise BadInput([Fault("PASSERELLE_DATABASE_URL", 0, fault, "give each event a database of its own")])
    clock = _clock(store, settings.clock, published.event)
    changed = str(folder) if found is not None and found[1] != digest else ""
    return Opened(store, known, published, clock, changed)


def _publish_first(
    tx: Transaction, event: Event, digest: str, wanted: datetime | None, listed: Mapping[str, Participant]
) -> None:
    # Of replicas that start together one publishes, and the others find it done.
    migrate.alone(tx)
    if versions.newest(tx) is None:
        versions.publish(tx, Published(1, datetime.now(UTC), digest, event))
        if listed:
            participants.apply(tx, listed, seen=participants.digest(participants.every(tx)))
        # In one transaction with it: who finds the event published finds its clock set.
        if wanted is None and event.details.clock is not None:
            rehearsal.stand_at(tx, event.details.clock, event.zone)


def _id_of(folder: Path) -> str:
    from bot.event import yaml

    value = yaml.read(folder / "event.yaml", "event.yaml").value
    return str(value.get("id")) if isinstance(value, dict) else ""


def _clock(store: Store, wanted: datetime | None, event: Event) -> Clock:
    """The clock that the database runs by: moved to `wanted` (local) at its first start, else to the event's own
    where it has one, and kept there for every later one, whatever that is told. Two processes at two moments would
    erase each other's delegates."""
    if wanted is None:
        found = store.read_now(rehearsal.moved)
    else:
        found = store.write_now(rehearsal.stand_at, wanted, event.zone)
        if found.stood_at != rehearsal.written(wanted):
            log.warning(
                "clock.kept",
                stood_at=found.stood_at,
                do="PASSERELLE_CLOCK moves a database's clock once: for another moment, give another database",
            )
    return Clock(found.shift) if found else Clock()


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a command that needs no database finds in one. published: None where no version of the event is."""

    published: Published | None
    clock: Clock


def look_up(settings: Settings, event: Event) -> LookedUp:
    """The published version of `event` and the kept clock, where there is a database of it; else none, and the
    clock as the setting or the event says. Changes nothing."""
    if engine.exists(settings.database):
        store = Store(settings.database)
        try:
            published = store.read_now(Versions().current)
            found = store.read_now(rehearsal.moved)
            if published is not None and published.event.details.id == event.details.id:
                return LookedUp(published, Clock(found.shift) if found else _standing_at(settings.clock, event))
        except (DBAPIError, StoreUnreachable):  # it does not answer, or no bot has started on it yet
            pass
        finally:
            store.close()
    return LookedUp(None, _standing_at(settings.clock or event.details.clock, event))


def _standing_at(wanted: datetime | None, event: Event) -> Clock:
    """A clock at `wanted` (local), at real time where it is None."""
    clock = Clock()
    if wanted is not None:
        clock.stand_at(wanted.replace(tzinfo=event.zone))
    return clock
