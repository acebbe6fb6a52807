"""How what is kept of a person changes hands when two persons become one, and when that is undone.

Each subject that keeps something of a person registers a `Merger`, as it does for privacy: `rows` makes one for most
tables. A test compares the registered tables with all that have a person_id.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, RowMapping, Table, delete, insert, select, update

from bot.event.model import Event
from bot.people.tables import feed, link, link_try
from bot.store.schema import Moment
from bot.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Move:
    """What goes from one person to another. At a merge all that is `source`'s goes to `target`; when it is undone, what
    was brought in goes back from `source` to `target`, who has just been made.

    accounts: that change hands. freed: a bot.programme.offers.Passed of each place that came free and went on.
    """

    source: int
    target: int
    accounts: tuple[int, ...]
    event: Event
    now: datetime
    freed: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Merger:
    """How a subject's rows change persons. tables: those with a person_id. merge: makes the target's of the source's
    and returns what `part` needs to bring them back, as JSON. part: with that, the other way.

    Both run under the locks of both persons and of all their accounts, and lock sessions and notices in the order of
    their ids.
    """

    tables: tuple[str, ...]
    merge: Callable[[Transaction, Move], Any]
    part: Callable[[Transaction, Move, Any], None]

    @property
    def name(self) -> str:
        """Under which what it returned is kept."""
        return "+".join(self.tables)


_mergers: list[Merger] = []


def register(merger: Merger) -> None:
    _mergers.append(merger)


def registered() -> tuple[Merger, ...]:
    return tuple(_mergers)


Wins = Callable[[RowMapping, RowMapping], bool]


def newer(column: str) -> Wins:
    """The row with the later moment in `column` wins."""
    return lambda kept, come: bool(come[column] > kept[column])


def rows(table: Table, *key: str, wins: Wins | None = None) -> Merger:
    """For a table whose rows are of one person each.

    key: the columns that are unique beside person_id; none for rows with an `id` of their own, which all change hands.
    wins: of two rows with one key, whether the second, which is brought in, takes the place of the first; else the
    first stays. When it is undone, rows that were the target's alone go back as they are by then; of two that met, each
    has one again, as it was brought in.
    """
    columns, person = table.c, table.c.person_id

    def merge_all(tx: Transaction, move: Move) -> list[int]:
        moved = update(table).where(person == move.source).values(person_id=move.target)
        return sorted(tx.execute(moved.returning(columns.id)).scalars())

    def part_all(tx: Transaction, move: Move, ids: list[int]) -> None:
        back = update(table).where(columns.id.in_(ids), person == move.source)
        tx.execute(back.values(person_id=move.target))

    def merge(tx: Transaction, move: Move) -> list[dict[str, Any]]:
        there = {_key(row): row for row in tx.all(select(table).where(person == move.target))}
        brought = []
        for row in tx.all(select(table).where(person == move.source)):
            met = there.get(_key(row))
            if met is not None and wins is not None and wins(met, row):
                tx.execute(update(table).where(*_same(met)).values(_rest(row)))
            elif met is None:
                tx.execute(update(table).where(*_same(row)).values(person_id=move.target))
            brought.append({"row": {name: _plain(value) for name, value in row.items()}, "met": met is not None})
        tx.execute(delete(table).where(person == move.source))
        return brought

    def part(tx: Transaction, move: Move, brought: list[dict[str, Any]]) -> None:
        for each in brought:
            row = {name: _value(columns[name].type, value) for name, value in each["row"].items() if name in columns}
            if each["met"]:
                tx.execute(insert(table).values({**row, "person_id": move.target}))
            else:
                mine = {**row, "person_id": move.source}
                tx.execute(update(table).where(*_same(mine)).values(person_id=move.target))

    def _key(row: RowMapping) -> tuple[Any, ...]:
        return tuple(row[name] for name in key)

    def _same(row: Any) -> list[Any]:
        return [person == row["person_id"], *(columns[name] == row[name] for name in key)]

    def _rest(row: RowMapping) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name not in ("person_id", *key)}

    return Merger((table.name,), merge, part) if key else Merger((table.name,), merge_all, part_all)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value  # a moment is a date too


def _value(kind: Any, value: Any) -> Any:
    """A value as the database takes it, of one that was kept as JSON."""
    if value is None or not isinstance(kind, Moment | Date):
        return value
    return datetime.fromisoformat(value) if isinstance(kind, Moment) else date.fromisoformat(value)


register(rows(feed, "token"))
register(rows(link))
register(rows(link_try))
