"""A notice’s report as files: CSV and XLSX with a row a person, and the list of whom to call.

Rows are taken one by one, so that memory does not grow with the audience. A cell is text, whatever it holds: a
spreadsheet computes nothing from it.
"""

import csv
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.notices.reporting import Row

HEADINGS = (
    "person", "channel", "language", "state", "reason", "sent at", "read at",
    "second channel", "second state", "second reason", "second sent at", "name", "organisation",
)  # fmt: skip
CALL_HEADINGS = ("person", "language", "side", "role", "channel", "state", "reason", "name", "organisation", "e-mail")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so is computed by a spreadsheet


def write_csv(path: Path, rows: Iterable[Row], zone: ZoneInfo) -> int:
    """How many were written. Raises OSError. For its owner’s eyes alone, as every file here."""
    return _write_csv(path, HEADINGS, (cells(row, zone) for row in rows))


def write_call_list(path: Path, rows: Iterable[Row], *, receipt: bool) -> int:
    """Who may not know of it and has no other account to be told on: to be called, or sought."""
    missing = (row for row in rows if row.is_missing(receipt=receipt) and not row.has_other)
    return _write_csv(path, CALL_HEADINGS, map(_call_cells, missing))


def write_xlsx(path: Path, rows: Iterable[Row], zone: ZoneInfo) -> int:
    from xlsxwriter import Workbook  # slow to import, and most reports are read on the screen

    n = 0
    with os.fdopen(_private(path), "wb") as file:
        # Rows go to disk as they come; a text stays a text.
        book = Workbook(
            file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )  # fmt: skip
        sheet = book.add_worksheet("deliveries")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(HEADINGS) - 1, 16)
        for column, heading in enumerate(HEADINGS):
            sheet.write_string(0, column, heading)
        for n, row in enumerate(rows, 1):
            number, *texts = cells(row, zone)
            sheet.write_number(n, 0, int(number))
            for column, text in enumerate(texts, 1):
                if text:
                    sheet.write_string(n, column, text)
        book.close()
    return n


def cells(row: Row, zone: ZoneInfo) -> tuple[str, ...]:
    """As under HEADINGS; moments as ISO 8601 in `zone`."""
    return (
        str(row.person), row.channel, row.language, row.state, row.why, local(row.sent_at, zone),
        local(row.read_at, zone), row.second_channel, row.second_state, row.second_why,
        local(row.second_sent_at, zone), row.name, row.organisation,
    )  # fmt: skip


def _call_cells(row: Row) -> tuple[str, ...]:
    return (
        str(row.person), row.language, row.side, row.role, row.channel, row.state, row.why, row.name, row.organisation,
        row.email,
    )  # fmt: skip


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """ISO 8601 in `zone`, "" for none."""
    return moment.astimezone(zone).isoformat(timespec="seconds") if moment else ""


def _write_csv(path: Path, headings: Iterable[str], rows: Iterable[Iterable[str]]) -> int:
    n = 0
    with os.fdopen(_private(path), "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headings)
        for n, row in enumerate(rows, 1):  # noqa: B007  counted
            writer.writerow(_harmless(row))
    return n


def _harmless(row: Iterable[str]) -> Iterator[str]:
    for cell in row:
        yield f"'{cell}" if cell.startswith(FORMULA) else cell


def _private(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
