"""What a rule gets to talk to the database with: statements, a savepoint, and a promise for after."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Executable, RowMapping
from sqlalchemy.dialects import postgresql, sqlite

Heard = Callable[[str, int], None]  # the subject's name, the id of its row; in the database thread


def inserts(table: Any, finish: Callable[[Any], Any]) -> Mapping[bool, Any]:
    """An INSERT for each database, built once and `finish`ed, which knows ON CONFLICT; by `tx.is_postgresql`."""
    return {False: finish(sqlite.insert(table)), True: finish(postgresql.insert(table))}


class Transaction:
    """One open transaction. Committed by the edge that opened it, never by a rule."""

    __slots__ = ("_heard", "_savepoints", "_signals", "_unopened", "connection")

    def __init__(self, connection: Connection, heard: "Heard | None" = None) -> None:
        """heard: told of each signal once the transaction holds."""
        self.connection = connection
        self._heard = heard
        self._signals: set[tuple[str, int]] = set()
        self._savepoints = 0
        self._unopened: list[str] = []  # savepoints in which nothing was written yet, the outermost first

    def execute(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        if self._unopened and not statement.is_select:
            self._open()
        return self.connection.execute(statement, values)

    def one(self, statement: Executable, values: Any = None) -> RowMapping | None:
        """The first row as a mapping, or None."""
        return self.execute(statement, values).mappings().first()

    def all(self, statement: Executable) -> Sequence[RowMapping]:
        return self.execute(statement).mappings().all()

    def scalar(self, statement: Executable, values: Any = None) -> Any:
        return self.execute(statement, values).scalar()

    def insert(self, table: Any) -> Any:
        """An INSERT of this database's dialect, which knows ON CONFLICT."""
        return postgresql.insert(table) if self.is_postgresql else sqlite.insert(table)

    @property
    def is_postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is done inside is undone when it raises; the exception goes on. On SQLite one in which nothing is
        written, as in most turns, costs no statement; on PostgreSQL a refused SELECT, too, breaks off what it is in."""
        self._savepoints += 1
        name = f"step_{self._savepoints}"
        self._unopened.append(name)
        if self.is_postgresql:
            self._open()
        try:
            yield
        except BaseException:
            if not self._was_unopened(name) and not self.connection.invalidated:
                self.connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {name}")
                self.connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")
            raise
        if not self._was_unopened(name):
            self.connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")

    def _open(self) -> None:
        for name in self._unopened:
            self.connection.exec_driver_sql(f"SAVEPOINT {name}")
        self._unopened.clear()

    def _was_unopened(self, name: str) -> bool:
        """Whether nothing was written in it; it is forgotten then."""
        if name in self._unopened:
            self._unopened.remove(name)
            return True
        return False

    def signal(self, subject: str, row_id: int) -> None:
        """Once this transaction holds, whoever listens in this process hears that there is something to do."""
        self._signals.add((subject, row_id))

    def committed(self) -> None:
        """For the edge: the commit held; keep the promise."""
        if self._heard is not None:
            for subject, row_id in self._signals:
                self._heard(subject, row_id)
