"""The accountant's columns: one table of documents, one of their lines. Pure: no I/O.

Values are exact: Decimal for money, date for days; how a file writes them is its own matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.audit import words
from target_dynamics_nav.audit.views import hide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_dynamics_nav.ledger.overviews import Kept

Cell = str | int | Decimal | date | None
"""What a column holds."""


@dataclass(frozen=True)
class Table:
    """A table for a file: title, headers, rows."""

    title: str
    headers: Sequence[str]
    rows: Iterable[Sequence[Cell]]


DOCUMENT_HEADERS = (
    *("Company", "Status", "Report", "Report number", "Document", "Kind", "Part", "Policy"),
    *("Vendor", "Approved", "Document date", "Posting date", "Currency", "Total", "NAV number"),
    *("Reason code", "Reason", "What to do", "Waiting since", "Runs tried", "First seen"),
    *("Waived by", "Waived because"),
)
NAMES_HEADERS = ("Submitter", "Report name")
LINE_HEADERS = (
    *("Company", "Status", "Document", "Report", "NAV number", "Posting date", "Line", "Account"),
    *("Amount", "Currency", "Tax code", "Expense"),
)
TEXT_HEADERS = ("Description",)


def documents_table(kept: Iterable[Kept], *, with_names: bool) -> Table:
    """One row a document; the totals of credit memos are negative."""
    headers = (*DOCUMENT_HEADERS, *(NAMES_HEADERS if with_names else ()))
    return Table(
        "Documents", headers, (_document(item.document, with_names=with_names) for item in kept)
    )


def lines_table(kept: Iterable[Kept], *, with_names: bool) -> Table:
    """One row a line of what is posted, or else of what was read; a column for each dimension."""
    items = list(kept)
    codes = sorted({code for item in items for line in _lines(item) for code in line["dimensions"]})
    headers = (*LINE_HEADERS, *codes, *(TEXT_HEADERS if with_names else ()))
    return Table("Lines", headers, _line_rows(items, codes, with_names=with_names))


def _document(row: dict[str, Any], *, with_names: bool) -> Sequence[Cell]:
    reasons = row["reasons"] or [{}]
    waived = row["status"] == "waived"
    cells: tuple[Cell, ...] = (
        row["company"],
        row["status"],
        row["source_id"],
        row["source_number"],
        row["document_key"],
        words.KIND_WORDS.get(row["kind"], row["kind"]),
        row["part"],
        row["policy_name"] or row["policy_id"],
        row["vendor_number"],
        _day(row["approved_at"]),
        _day(row["document_date"]),
        _day(row["posting_date"]),
        row["currency_code"],
        _signed(row),
        row["nav_number"],
        row["reason_code"],
        " ".join(str(reason["message"]) for reason in reasons if reason.get("message")) or None,
        " ".join(dict.fromkeys(str(reason["hint"]) for reason in reasons if reason.get("hint")))
        or None,
        _day(row["held_since"]),
        row["attempts"],
        _day(row["first_seen_at"]),
        row["waived_by"] if waived else None,
        row["waived_reason"] if waived else None,
    )
    if with_names:
        return (*cells, row["submitter"], (row["source"] or {}).get("name"))
    return tuple(hide(cell, with_names=False) for cell in cells)


def _signed(row: dict[str, Any]) -> Decimal | None:
    if row["total"] is None:
        return None
    sign = -1 if row["kind"] == "purchase_credit_memos" else 1
    return sign * Decimal(row["total"])


def _day(text: str | None) -> date | str | None:
    """A day or a time as a day; what is neither stays as it is."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return text


def _content(item: Kept) -> dict[str, Any] | None:
    return item.posted or item.current


def _lines(item: Kept) -> list[dict[str, Any]]:
    """The lines in their order, each with the dimensions that it ends up with."""
    version = _content(item)
    if version is None:
        return []
    told = version["document"] or {}
    if "lines" not in told:
        return list(version["content"]["lines"])
    shared = told.get("dimensions") or {}
    return [{**line, "dimensions": {**shared, **line["dimensions"]}} for line in told["lines"]]


def _line_rows(
    items: Iterable[Kept], codes: Sequence[str], *, with_names: bool
) -> Iterator[Sequence[Cell]]:
    for item in items:
        row = item.document
        sign = -1 if row["kind"] == "purchase_credit_memos" else 1
        for number, line in enumerate(_lines(item), start=1):
            yield (
                row["company"],
                row["status"],
                row["document_key"],
                row["source_id"],
                row["nav_number"],
                _day(row["posting_date"]),
                number,
                line["account_number"],
                sign * Decimal(line["amount"]),
                row["currency_code"],
                line["tax_code"],
                line.get("source_id"),
                *(line["dimensions"].get(code) for code in codes),
                *((line.get("description"),) if with_names else ()),
            )
