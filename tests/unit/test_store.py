"""The schema, migrations and privacy's register, on both databases."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot import settings as settings_
from bot.people import privacy
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
