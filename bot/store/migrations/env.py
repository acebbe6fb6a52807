"""Alembic's entry: runs on the connection that bot.store.migrate hands it."""

from alembic import context

connection = context.config.attributes["connection"]
# Batch mode is how SQLite changes a table; the transaction is the caller's.
context.configure(connection=connection, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
