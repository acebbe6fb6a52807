"""XLSX: read by python-calamine, written by xlsxwriter. The first sheet with a title column is the programme."""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.exchange import table
from bot.exchange.out import Going
from bot.exchange.rows import Aim, Missed, NotUnderstood, Read

LARGEST = 200_000_000  # unpacked: a file of a few KB can hold gigabytes of zeros


def read(data: bytes, aim: Aim) -> Read:
    """The rows of the file. Raises NotUnderstood where it is no workbook."""
    from python_calamine import CalamineError

    book = _book(data)
    out, why = None, "has no sheet"
    others: list[Missed] = []
    for name in book.sheet_names:
        made = Read()
        try:
            sheet = book.get_sheet_by_name(name)
            if out is not None:
                if sheet.height:
                    others.append(Missed(f"sheet “{name}”", "is not read: another one is the programme"))
                continue
            table.read(_filled(sheet, made), aim, made)
            out = made
        except NotUnderstood as error:
            others.append(Missed(f"sheet “{name}”", str(error)))
            why = f"sheet “{name}” {error}"
        except CalamineError as error:
            others.append(Missed(f"sheet “{name}”", f"cannot be read: {error}"))
    if out is None:
        raise NotUnderstood(why)
    out.missed += [each for each in others if each.what != "is empty"]
    return out


def sheets(data: bytes) -> Iterator[tuple[str, list[tuple[int, Sequence[Any]]]]]:
    """(name, rows) of each sheet that can be read. Raises NotUnderstood where it is no workbook."""
    from python_calamine import CalamineError

    book = _book(data)
    for name in book.sheet_names:
        try:
            yield name, list(_filled(book.get_sheet_by_name(name), Read()))
        except CalamineError:
            continue


def _book(data: bytes) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as pack:
            if sum(each.file_size for each in pack.infolist()) > LARGEST:
                raise NotUnderstood(f"unpacks to more than {LARGEST // 1_000_000} MB")
        return CalamineWorkbook.from_filelike(io.BytesIO(data))
    except (zipfile.BadZipFile, CalamineError, OSError) as error:
        raise NotUnderstood(f"is no workbook: {error}") from error


def _filled(sheet: Any, out: Read) -> Iterator[tuple[int, Sequence[Any]]]:
    """Its rows. A cell merged over rows holds its value for each of them; one merged over columns for the first."""
    cells = [list(row) for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top >= len(cells):
            continue
        value = cells[top][left] if left < len(cells[top]) else ""
        out.notes.append(
            f"cells merged from row {top + 1} to {bottom + 1}, column {left + 1} to {right + 1}: "
            f"“{value}” is read for each row of column {left + 1}"
        )
        for row in range(top + 1, min(bottom + 1, len(cells))):
            cells[row][left] = value
    yield from enumerate(cells, 1)


def write(going: Going) -> bytes:
    return lines(table.written(going), "programme")


def lines(rows: Iterable[Iterable[str]], name: str) -> bytes:
    """Rows of texts as one sheet. A cell is text, whatever it holds: nothing is computed from it."""
    from xlsxwriter import Workbook  # slow to import

    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell:
                sheet.write_string(number, column, cell)
    book.close()
    return out.getvalue()
