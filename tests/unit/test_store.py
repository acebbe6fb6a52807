"""The schema, migrations and privacy's register, on both databases."""

from contextlib import suppress
from datetime import UTC, datetime

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from bot import settings as settings_
from bot.delivery import outbox
from bot.notices import ledger
from bot.people import privacy
from bot.people.tables import update_seen
from bot.store import migrate
from bot.store.schema import metadata
from bot.store.threads import Store
from bot.store.transaction import Transaction


def test_migrations_lead_to_the_tables_of_the_code(new_url: str) -> None:
    store = Store(new_url)
    store.write_now(migrate.to_newest)
    store.write_now(migrate.to_newest)  # again: nothing to do

    def differences(tx: Transaction) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(tx.connection, opts={"compare_type": False}), metadata))

    assert store.read_now(differences) == []
    store.close()


def test_every_table_that_leads_to_a_person_is_shown_and_erased() -> None:
    import bot.app  # noqa: F401  registers every subject

    def leads(table: str, seen: frozenset[str] = frozenset()) -> bool:
        targets = {key.column.table.name for key in metadata.tables[table].foreign_keys} - seen
        return "person" in targets or any(leads(target, seen | {table}) for target in targets)

    personal = {name for name in metadata.tables if name == "person" or leads(name)}
    assert personal == {table for subject in privacy.subjects() for table in subject.tables}


def test_an_unknown_setting_names_the_nearest(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    import pytest

    from bot.errors import BadInput

    monkeypatch.setenv("PASSERELLE_TELEGRAM_TOKN", "x")
    monkeypatch.setenv("PASSERELLE_PORT", "web")
    with pytest.raises(BadInput) as caught:
        settings_.load()
    text = str(caught.value)
    assert "did you mean PASSERELLE_TELEGRAM_TOKEN?" in text
    assert "PASSERELLE_PORT" in text


def test_every_table_with_a_person_says_how_two_become_one() -> None:
    import bot.app  # noqa: F401  registers every merger
    from bot.people import mergers

    owned = {
        name
        for name, table in metadata.tables.items()
        if any(key.column.table.name == "person" for key in table.foreign_keys)
    }
    registered = [table for merger in mergers.registered() for table in merger.tables]
    assert sorted(registered) == sorted(owned - {"account"}), "see bot/people/mergers.py"


def test_what_fails_inside_a_savepoint_is_undone_and_what_comes_after_holds(database_url: str) -> None:
    """A statement that the database refuses, a SELECT with a forged value among them, takes no turn with it."""
    store = Store(database_url)

    def turn(tx: Transaction) -> None:
        def first_time(key: str) -> None:
            tx.execute(tx.insert(update_seen).values(channel="web", key=key, at=datetime.now(UTC)))

        first_time("before")
        with suppress(DBAPIError), tx.savepoint():
            with tx.savepoint():
                tx.scalar(select(update_seen.c.key))
            tx.execute(select(text("key")).select_from(text("nothing_of_ours")))
        with suppress(RuntimeError), tx.savepoint():
            with tx.savepoint():
                first_time("inside")
            raise RuntimeError
        with tx.savepoint():
            first_time("after")

    store.write_now(turn)
    keys = store.read_now(
        lambda tx: [row["key"] for row in tx.all(select(update_seen.c.key).order_by(update_seen.c.key))]
    )
    assert keys == ["after", "before"]
    store.close()


def test_what_looks_every_second_begins_with_the_few_that_are_open(sqlite_url: str) -> None:
    """However much was sent before: by the partial indexes, and by no scan."""
    store, ran, now = Store(sqlite_url), [], datetime.now(UTC)
    event.listen(store._engine, "before_cursor_execute", lambda *call: ran.append(call[2:4]))

    def swept(tx: Transaction) -> list[str]:
        outbox.claim(tx, owner="one", channels=["telegram", "web"], limit=200, now=now)
        ledger.sweep(tx, now)
        plans = [tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all() for sql, values in [*ran]]
        return [step[3] for plan in plans for step in plan]

    steps = store.write_now(swept)
    store.close()
    assert [step for step in steps if "ix_outbox_open " in step] != []
    assert [step for step in steps if "ix_delivery_sending" in step] != []
    assert [step for step in steps if step.startswith("SCAN")] == []
