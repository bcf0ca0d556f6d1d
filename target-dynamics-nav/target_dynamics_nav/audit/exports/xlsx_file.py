"""XLSX: a sheet for each table, with real numbers and dates, and texts that are never computed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from target_dynamics_nav.audit.exports.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_dynamics_nav.audit.exports.columns import Cell, Table

_MONEY = "#,##0.00;[Red]-#,##0.00"
_DAY = "yyyy-mm-dd"
_WIDTH = 16
_DIGITS = 15
"""Significant digits that spreadsheets keep of a number."""


def write_xlsx(tables: Iterable[Table], file: IO[bytes]) -> int:
    """Write tables; gives the number of their rows.

    Args:
        tables: A sheet each.
        file: A binary file.
    """
    book: Any = Workbook(write_only=True)
    rows = 0
    for table in tables:
        sheet = book.create_sheet(table.title)
        sheet.freeze_panes = "A2"
        for number in range(1, len(table.headers) + 1):
            sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
        sheet.append([_header(sheet, header) for header in table.headers])
        for row in table.rows:
            sheet.append([_cell(sheet, cell) for cell in row])
            rows += 1
    book.save(file)
    return rows


def _header(sheet: Any, text: str) -> Any:  # noqa: ANN401 - openpyxl's classes are untyped here
    cell = _as_text(sheet, text)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Cell) -> Any:  # noqa: ANN401 - as above
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        return _as_text(sheet, value)
    if isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) > _DIGITS:
        # A spreadsheet would round it without a word; as text it stays what it is.
        return _as_text(sheet, format(value, "f"))
    exact: Any = value
    cell = WriteOnlyCell(sheet, value=exact)
    cell.number_format = _DAY if isinstance(value, date) else _MONEY
    return cell


def _as_text(sheet: Any, text: str) -> Any:  # noqa: ANN401 - as above
    cell = WriteOnlyCell(sheet, value=harmless(text))
    # Whatever the text is, the cell's type says that it is text.
    cell.data_type = "s"
    return cell
