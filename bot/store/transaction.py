"""What a rule gets to talk to the database with: statements, a savepoint, and a promise for after."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, RowMapping
from sqlalchemy.dialects import postgresql, sqlite


class Transaction:
    """One open transaction. Committed by the edge that opened it, never by a rule."""

    __slots__ = ("_after", "_savepoints", "connection")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._after: list[Callable[[], None]] = []
        self._savepoints = 0

    def execute(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        return self.connection.execute(statement, values)

    def one(self, statement: Executable, values: Any = None) -> RowMapping | None:
        """The first row as a mapping, or None."""
        return self.connection.execute(statement, values).mappings().first()

    def all(self, statement: Executable) -> Sequence[RowMapping]:
        return self.connection.execute(statement).mappings().all()

    def scalar(self, statement: Executable, values: Any = None) -> Any:
        return self.connection.execute(statement, values).scalar()

    def insert(self, table: Any) -> Any:
        """An INSERT of this database's dialect, which knows ON CONFLICT."""
        return postgresql.insert(table) if self.is_postgresql else sqlite.insert(table)

    @property
    def is_postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is done inside is undone when it raises; the exception goes on."""
        self._savepoints += 1
        name = f"step_{self._savepoints}"
        self.connection.exec_driver_sql(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            if not self.connection.invalidated:
                self.connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {name}")
                self.connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")
            raise
        self.connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")

    def after_commit(self, call: Callable[[], None]) -> None:
        """Do `call` once this transaction holds (wake a stream, kick a job); in the database thread."""
        self._after.append(call)

    def committed(self) -> None:
        """For the edge: the commit held; keep the promises."""
        for call in self._after:
            call()
