"""The database: one engine, threads for it, transactions, migrations."""
