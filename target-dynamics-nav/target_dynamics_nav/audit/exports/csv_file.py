"""CSV as spreadsheets read it: UTF-8 with its mark, quoted where needed, texts made harmless."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from typing import IO, TYPE_CHECKING

from target_dynamics_nav.audit.exports.harmless import harmless

if TYPE_CHECKING:
    from target_dynamics_nav.audit.exports.columns import Cell, Table

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes the file for one of the machine's old code page."""


def write_csv(table: Table, file: IO[str], *, delimiter: str = ",") -> int:
    """Write one table; gives the number of its rows.

    Args:
        table: What to write.
        file: A text file, UTF-8, opened with `newline=""`.
        delimiter: A comma, or a semicolon where Excel expects one.
    """
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow([harmless(header) for header in table.headers])
    rows = 0
    for row in table.rows:
        writer.writerow([_text(cell) for cell in row])
        rows += 1
    return rows


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        # A number may begin with a minus sign; it is only ever digits after that.
        return format(cell, "f")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, int) else harmless(cell)
