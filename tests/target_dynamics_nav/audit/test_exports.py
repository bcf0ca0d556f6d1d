"""Files for accountants: what is in them, exact and harmless."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_dynamics_nav.audit.exports.columns import Table
from target_dynamics_nav.audit.exports.csv_file import write_csv
from target_dynamics_nav.audit.exports.harmless import harmless
from target_dynamics_nav.audit.exports.xlsx_file import write_xlsx
from target_dynamics_nav.document import Problem
from target_dynamics_nav.settlement import Status

from .conftest import ANNA, EUROPE, Console, document

FORMULAS = (
    "=1+1",
    "+1",
    "-1+cmd|'/c calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    "＝1",
    "%0A=1",
)


def csv_rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:]), delimiter=delimiter))


def test_csv_has_a_row_a_document(console: Console) -> None:
    rows = {row["Document"]: row for row in csv_rows(console.text("export"))}
    assert sorted(rows) == [f"E{number}-R" for number in range(1, 7)]
    held = rows["E2-R"]
    assert held["Reason"] == "G/L account 8320 is blocked in NAV."
    assert held["What to do"] == "Unblock the account in NAV."
    assert held["Waiting since"] == date.fromisoformat(held["Waiting since"]).isoformat()
    assert (rows["E1-R"]["NAV number"], rows["E1-R"]["Total"]) == ("108001", "130.00")
    assert (rows["E6-R"]["Currency"], rows["E6-R"]["Total"]) == ("USD", "-130.00")
    assert (rows["E1-R"]["Approved"], rows["E1-R"]["Posting date"]) == ("2026-03-30", "2026-03-31")
    assert not any(ANNA in "".join(row.values()) for row in rows.values())
    named = csv_rows(console.text("export", "--with-names", "--status", "skipped"))
    assert [row["Submitter"] for row in named] == [ANNA]


def test_csv_has_a_row_a_line(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "lines.csv"
    console.text(
        *("export", "--lines", "--output", str(file), "--delimiter", ";", "--status", "posted")
    )
    rows = csv_rows(file.read_text(encoding="utf-8"), ";")
    first = next(row for row in rows if row["Document"] == "E1-R")
    assert (first["Line"], first["Account"], first["Amount"]) == ("1", "8430", "120.00")
    assert (first["DEPARTMENT"], first["PROJECT"], first["Expense"]) == ("SALES", "P-1", "1001")
    # Sums by document are the documents' totals.
    memo = [Decimal(row["Amount"]) for row in rows if row["Document"] == "E6-R"]
    assert sum(memo) == Decimal(-130)


def test_what_is_exported_of_a_changed_document_is_what_is_posted(console: Console) -> None:
    rows = csv_rows(console.text("export", "--lines", "--status", "changed"))
    assert [row["Amount"] for row in rows] == ["120.00", "10.00"]


def test_xlsx_has_real_numbers_and_dates(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "all.xlsx"
    assert "6 documents written" in console.text("export", "--output", str(file))
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["Documents", "Lines"]
    headers, *rows = book["Documents"].iter_rows()
    column = {cell.value: number for number, cell in enumerate(headers)}
    first = next(row for row in rows if row[column["Document"]].value == "E1-R")
    total, posted = first[column["Total"]], first[column["Posting date"]]
    assert (total.data_type, total.value) == ("n", 130)
    assert (posted.data_type, posted.value) == ("d", datetime(2026, 3, 31))  # noqa: DTZ001 - a day
    assert first[column["NAV number"]].data_type == "s"
    assert console.run("export", "--format", "xlsx").exit_code == 2
    nowhere = console.run("export", "--output", str(tmp_path / "none" / "a.xlsx"))
    assert (nowhere.exit_code, "file_unwritable" in nowhere.output) == (78, True)


def test_no_amount_is_rounded(tmp_path: Path) -> None:
    amounts = [Decimal("0.10"), Decimal("-9999999999999.99"), Decimal("123456789012345.67891")]
    table = Table("T", ["A", "B", "C"], [amounts])
    file = tmp_path / "exact.xlsx"
    with file.open("wb") as opened:
        write_xlsx([table], opened)
    cells = list(openpyxl.load_workbook(file)["T"].iter_rows())[1]
    assert [cell.data_type for cell in cells] == ["n", "n", "s"]
    assert [Decimal(str(cell.value)) for cell in cells] == amounts
    text = io.StringIO()
    write_csv(table, text)
    assert text.getvalue().splitlines()[1] == "0.10,-9999999999999.99,123456789012345.67891"


def test_json_has_everything(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    console.text("export", "--output", str(file), "--month", "2026-02")
    [item] = json.loads(file.read_text(encoding="utf-8"))
    assert item["read"]["lines"][0]["amount"] == "120.00"
    assert item["nav_documents"][0]["nav_number"] == "200001"


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_like_a_formula_becomes_text(
    console: Console, tmp_path: Path, text: str
) -> None:
    ledger = console.ledger()
    evil = document(
        9,
        source={"id": "R9", "number": text, "policy_name": text, "name": text, "submitter": text},
        description=text,
    )
    ledger.record_standing(EUROPE, evil, Status.HELD, [Problem(text, text, None, text, text)])
    ledger.close()
    shown = console.text("export", "--with-names", "--status", "held")
    for row in csv.reader(io.StringIO(shown[1:])):
        for cell in row:
            assert is_harmless(cell), cell
    file = tmp_path / "evil.xlsx"
    console.text("export", "--with-names", "--output", str(file))
    assert not formulas_in(file)
    for sheet in openpyxl.load_workbook(file):
        for cells in sheet.iter_rows():
            assert all(is_harmless(cell.value) for cell in cells if cell.data_type == "s")


def is_harmless(cell: str) -> bool:
    """A cell that no spreadsheet computes: a number, or a text that begins with nothing that starts a formula."""
    try:
        Decimal(cell)
    except ArithmeticError:
        return not cell.strip().startswith(("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠"))
    return cell.strip() == cell and not cell.startswith("+")


def formulas_in(file: Path) -> list[str]:
    with ZipFile(file) as parts:
        return [
            name
            for name in parts.namelist()
            if name.startswith("xl/worksheets/sheet") and b"<f" in parts.read(name)
        ]


@given(st.text(max_size=30))
def test_harmless_for_any_text(text: str) -> None:
    made = harmless(text)
    assert not made.strip(" \t\r\n").startswith(("=", "+", "-", "@"))
    assert made[:1] not in {"\t", "\r", "\n"}
    kept: Any = made.removeprefix("'")
    assert harmless(made) == made or kept


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
def test_any_text_comes_back_from_xlsx_as_text(texts: list[str]) -> None:
    file = io.BytesIO()
    write_xlsx([Table("T", ["A"] * len(texts), [texts])], file)
    sheet = openpyxl.load_workbook(file)["T"]
    cells = list(sheet.iter_rows())[1] if sheet.max_row > 1 else ()
    for cell in cells:
        assert cell.data_type in {"s", "n", "inlineStr"}
        assert cell.value is None or isinstance(cell.value, str)
