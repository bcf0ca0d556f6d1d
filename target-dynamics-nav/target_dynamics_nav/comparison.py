"""Is what NAV holds the document that was meant? Pure: no I/O.

The same comparison decides whether a draft may be posted and whether a posted document is the one of this report.
Dimensions that NAV added by default (from the vendor or the account) and that the document does not mention are not
a difference; they are reported as notes. A dimension the document does mention must be exactly as it says.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING

from target_dynamics_nav.document import Note
from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.document import Document, Line
    from target_dynamics_nav.nav.port import FoundDocument, FoundLine

_LineContent = tuple[str, str, Decimal, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Difference:
    """One way in which NAV's document is not the one meant; `wanted` and `found` as a person reads them."""

    field: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.field}: {self.wanted} in the report, {self.found} in NAV"


def differences(
    document: Document, found: FoundDocument, *, local_currency_code: str, with_dates: bool
) -> list[Difference]:
    """Compare a document with what NAV holds under its key.

    Args:
        document: The document as meant; its total must be known.
        found: The document as NAV holds it, with lines.
        local_currency_code: The company's own currency, which NAV leaves blank.
        with_dates: Whether the posting date counts: for drafts yes, for posted documents no.

    Returns:
        Every difference; none means that it is the same posting.
    """
    result: list[Difference] = []

    def compare(field: str, wanted: object, actual: object) -> None:
        if wanted != actual:
            result.append(Difference(field, _show(wanted), _show(actual)))

    compare("kind of document", _KIND_NAMES[document.kind], _KIND_NAMES[found.kind])
    if document.kind is not DocumentKind.JOURNAL_ENTRY:
        compare("vendor", _upper(document.vendor_number), _upper(found.vendor_number))
        compare(
            "currency",
            _currency(document.currency_code, local_currency_code),
            _currency(found.currency_code, local_currency_code),
        )
    compare("total", document.total, found.total)
    if with_dates:
        compare("posting date", document.posting_date, found.posting_date)
    if found.lines is None:
        result.append(Difference("lines", f"{len(document.lines)} lines", "not readable"))
        return result
    compare("number of lines", len(document.lines), len(found.lines))
    result.extend(_line_differences(document, found.lines))
    return result


def inherited_dimensions(document: Document, found: FoundDocument) -> list[Note]:
    """Dimensions that NAV added by itself, for the record."""
    notes: set[tuple[str, str]] = set()
    mentioned = _mentioned_dimensions(document)
    for line in found.lines or []:
        notes.update(
            (code, value) for code, value in line.dimensions.items() if code not in mentioned
        )
    return [
        Note(
            code="dimension_inherited",
            field=code,
            value=value,
            message=f"NAV added the default dimension {code} = {value}.",
        )
        for code, value in sorted(notes)
    ]


_KIND_NAMES = {
    DocumentKind.PURCHASE_INVOICE: "purchase invoice",
    DocumentKind.PURCHASE_CREDIT_MEMO: "purchase credit memo",
    DocumentKind.JOURNAL_ENTRY: "journal entry",
}


def _line_differences(document: Document, found_lines: Sequence[FoundLine]) -> list[Difference]:
    """Lines are compared as a multiset: NAV may number them in another order."""
    mentioned = _mentioned_dimensions(document)
    wanted = Counter(_wanted(document, line) for line in document.lines)
    actual = Counter(_found(line, mentioned) for line in found_lines)
    missing = sorted((wanted - actual).elements(), key=repr)
    surplus = sorted((actual - wanted).elements(), key=repr)
    return [
        Difference(
            "line",
            _describe(wanted_line) if wanted_line else "no such line",
            _describe(found_line) if found_line else "no such line",
        )
        for wanted_line, found_line in zip_longest(missing, surplus)
    ]


def _mentioned_dimensions(document: Document) -> set[str]:
    codes = set(document.dimensions)
    for line in document.lines:
        codes.update(line.dimensions)
    return codes


def _wanted(document: Document, line: Line) -> _LineContent:
    dimensions = {**document.dimensions, **line.dimensions}
    return (
        line.account_type,
        line.account_number.upper(),
        line.amount,
        tuple(sorted(dimensions.items())),
    )


def _found(line: FoundLine, mentioned: set[str]) -> _LineContent:
    kept = {code: value for code, value in line.dimensions.items() if code in mentioned}
    return (
        line.account_type,
        line.account_number.upper(),
        line.amount,
        tuple(sorted(kept.items())),
    )


def _describe(line: _LineContent) -> str:
    _, account, amount, dimensions = line
    shown = ", ".join(f"{code} {value}" for code, value in dimensions) or "no dimensions"
    return f"{amount} on account {account} ({shown})"


def _upper(text: str | None) -> str | None:
    return text.upper() if text is not None else None


def _currency(code: str | None, local_currency_code: str) -> str:
    return (code or local_currency_code).upper()


def _show(value: object) -> str:
    return "nothing" if value is None or value == "" else str(value)
