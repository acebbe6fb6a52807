"""The database, its migrations, and the event: in the folder and as it is served."""

import asyncio

from bot.errors import BadInput, NoSuchEvent, StoreUnreachable
from bot.event import load
from bot.findings import Finding, fault, ok, warning
from bot.programme import difference, versions
from bot.programme.versions import Published, Versions
from bot.settings import Settings
from bot.store import engine, migrate
from bot.store.threads import Store
from bot.store.transaction import Transaction

START = "passerelle run brings it there"


async def check(settings: Settings) -> list[Finding]:
    """Whether it answers, and how its schema stands to this version."""
    return await asyncio.to_thread(_check, settings)


def _check(settings: Settings) -> list[Finding]:
    about = "database"
    kind = settings.database.partition(":")[0]
    if not engine.exists(settings.database):
        return [ok(about, "not there yet: the first start makes it")]
    store = Store(settings.database)
    try:
        current = store.read_now(migrate.current)
        writes = "" if not store.is_sqlite else _unwritable(store)
    except StoreUnreachable as error:
        return [fault(about, str(error), "start it, or mend PASSERELLE_DATABASE_URL")]
    except Exception as error:  # noqa: BLE001 (whatever the driver says of it)
        return [fault(about, f"{kind} does not answer: {type(error).__name__}", "mend PASSERELLE_DATABASE_URL")]
    finally:
        store.close()
    if writes:
        return [fault(about, f"cannot be written: {writes}", "give the bot's user the right to write there")]
    return [ok(about, f"{kind} answers"), *_schema(current)]


def _unwritable(store: Store) -> str:
    try:
        store.write_now(lambda _: None)
    except Exception as error:  # noqa: BLE001
        return type(error).__name__
    return ""


def _schema(current: str | None) -> list[Finding]:
    about, newest = "migrations", migrate.newest()
    if current == newest:
        return [ok(about, f"at {newest}, the newest")]
    if current is None:
        return [ok(about, "an empty database: the first start fills it")]
    if current not in migrate.known():
        do = "install the newer version that it was used with, or give this one another database"
        return [fault(about, f"at {current}, which this version does not know", do)]
    return [warning(about, f"at {current}, the newest is {newest}", START)]


async def data(settings: Settings) -> list[Finding]:
    """The event's folder, and whether it is what is served."""
    return await asyncio.to_thread(_data, settings)


def _data(settings: Settings) -> list[Finding]:
    about = "data"
    try:
        folder = load.find(settings.event)
    except (NoSuchEvent, BadInput) as error:
        return [fault(about, str(error), "name a folder in PASSERELLE_EVENT")]
    event, faults = load.read(folder)
    if faults or event is None:
        return [fault(about, f"{folder} holds {len(faults)} faults", f"passerelle check {folder}")]
    found = [ok(about, f"{folder}: no fault")]
    published = _published(settings)
    if published is None:
        return found
    if published.event.details.id != event.details.id:
        do = "give each event a database of its own (PASSERELLE_DATABASE_URL)"
        what = f"the database serves {published.event.details.id!r}, the folder is {event.details.id!r}"
        return [*found, fault(about, what, do)]
    if count := len(difference.between(published.event, event)):
        what = f"version {published.number} is served, and the folder differs from it in {count}"
        return [*found, warning(about, what, f"passerelle publish {folder}")]
    return [*found, ok(about, f"version {published.number} is served, as the folder says")]


def _published(settings: Settings) -> Published | None:
    """What the database serves, None where that cannot be known; `check` says why."""
    if not engine.exists(settings.database):
        return None
    store = Store(settings.database)

    def newest(tx: Transaction) -> Published | None:
        return Versions().current(tx) if versions.newest(tx) else None

    try:
        return store.read_now(newest)
    except Exception:  # noqa: BLE001
        return None
    finally:
        store.close()
