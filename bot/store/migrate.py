"""Brings a database to the newest schema, one linear history, the same on both databases."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.store.transaction import Transaction

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_240_114  # PostgreSQL advisory lock: of many replicas that start together one takes the first steps


def to_newest(tx: Transaction) -> None:
    """Run what is missing, in the caller's transaction. Safe under a race: an advisory lock on PostgreSQL,
    the single writer on SQLite."""
    alone(tx)
    if current(tx) == newest():
        return
    command.upgrade(_config(tx), "head")


def alone(tx: Transaction) -> None:
    """Wait until no other process is at the first steps of a database, and keep them out until the commit."""
    if tx.is_postgresql:
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def current(tx: Transaction) -> str | None:
    """The revision the database is at, None for an empty one."""
    return MigrationContext.configure(tx.connection).get_current_revision()


@cache
def newest() -> str:
    return str(ScriptDirectory(str(FOLDER)).get_current_head())


def known() -> set[str]:
    """Every revision of this version."""
    return {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}


def _config(tx: Transaction) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = tx.connection
    return config
