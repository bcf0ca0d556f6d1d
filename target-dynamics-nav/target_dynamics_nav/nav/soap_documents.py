"""Purchase invoices and credit memos on NAV's pages: records to create, and what a record says. Pure.

The kinds differ in names only; `PurchaseKind` holds those.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ProtocolError
from target_dynamics_nav.nav.odata import code, text
from target_dynamics_nav.nav.port import DocumentKind, FoundDocument, FoundLine
from target_dynamics_nav.nav.soap_services import CREDIT_MEMO_KEY, INVOICE_KEY
from target_dynamics_nav.nav.soap_values import amount, caption, day, option_name, sendable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from target_dynamics_nav.nav.port import DraftDocument, DraftLine
    from target_dynamics_nav.nav.soap_pages import SoapPage
    from target_dynamics_nav.nav.soap_values import Row

HEADER = 0
"""Line number that stands for the header where dimensions are told by line number."""
LINE_NUMBER_STEP = 10000
LINE_FIELDS = ("Type", "No", "Description", "Quantity", "Direct_Unit_Cost")
DRAFT_LINE_FIELDS = (*LINE_FIELDS, "Line_Amount", "Total_Amount_Incl_VAT")
_SHORTCUT = re.compile(
    r"Shortcut_Dimension_(?P<global>[12])_Code|ShortcutDimCode(?:_x005B_)?(?P<other>[3-8])(?:_x005D_)?"
)
_OPEN = "Open"

Dimensions = dict[str, str]
AllDimensions = dict[int, Dimensions]
"""Dimensions of a whole document: {line number: {dimension code: value code}}, the header at `HEADER`."""


@dataclass(frozen=True)
class PurchaseKind:
    """The names of one of the two purchase documents."""

    kind: DocumentKind
    drafts: str
    posted: str
    totals: str
    key_field: str
    document_type: int
    post: str


PURCHASE_KINDS = {
    kind.kind: kind
    for kind in (
        PurchaseKind(
            DocumentKind.PURCHASE_INVOICE,
            "purchase_invoices",
            "posted_purchase_invoices",
            "posted_purchase_invoice_totals",
            INVOICE_KEY,
            2,
            "PostPurchaseInvoice",
        ),
        PurchaseKind(
            DocumentKind.PURCHASE_CREDIT_MEMO,
            "purchase_credit_memos",
            "posted_purchase_credit_memos",
            "posted_purchase_credit_memo_totals",
            CREDIT_MEMO_KEY,
            3,
            "PostPurchaseCreditMemo",
        ),
    )
}


def shortcut_fields(fields: Collection[str], positions: Mapping[str, int]) -> dict[str, str]:
    """The fields of a page that hold dimensions: {dimension code: field}."""
    by_position = {}
    for field in fields:
        hit = _SHORTCUT.fullmatch(field)
        if hit:
            by_position[int(hit["global"] or hit["other"])] = field
    return {
        dimension: by_position[position]
        for dimension, position in positions.items()
        if position in by_position
    }


def parsed_dimensions(told: object) -> AllDimensions:
    """What the codeunit tells of a document's dimensions: rows of line number, dimension and value.

    Raises:
        ProtocolError: It is something else.
    """
    found: AllDimensions = {}
    for row in str(told or "").splitlines():
        parts = row.split("\t")
        try:
            number, dimension, value = int(parts[0]), code(parts[1]), code(parts[2])
        except (ValueError, IndexError) as error:
            raise ProtocolError(
                "The codeunit that shows dimensions answers something else.", code="answer_garbled"
            ) from error
        found.setdefault(number, {})[dimension] = value
    return found


def header_record(
    names: PurchaseKind, page: SoapPage, draft: DraftDocument, shortcuts: Mapping[str, str]
) -> Row:
    """The header to create. A blank currency is sent too: without it the vendor's would be taken."""
    record: Row = {
        "Buy_from_Vendor_No": draft.vendor_number,
        "Document_Date": draft.document_date,
        "Posting_Date": draft.posting_date,
        names.key_field: draft.key,
        "Currency_Code": draft.currency_code or "",
    }
    if draft.due_date is not None:
        record["Due_Date"] = draft.due_date
    if "Prices_Including_VAT" in page.fields:
        record["Prices_Including_VAT"] = draft.prices_include_tax
    for dimension, value in draft.dimensions.items():
        if dimension in shortcuts:
            record[shortcuts[dimension]] = value
    return record


def line_record(
    line: DraftLine, dimensions: Mapping[str, str], shortcuts: Mapping[str, str], longest: int
) -> Row:
    """A line to create. A negative amount is a quantity of −1 at a positive cost, the way NAV itself writes it.

    Args:
        line: The line.
        dimensions: What it has to end up with.
        shortcuts: Fields for dimensions on lines.
        longest: How many characters of a description NAV keeps.
    """
    record: Row = {
        "Type": option_name("G/L Account"),
        "No": line.account_number,
        "Description": sendable(line.description)[:longest],
        "Quantity": Decimal(-1 if line.amount < 0 else 1),
        "Direct_Unit_Cost": abs(line.amount),
    }
    if line.tax_code is not None:
        record["VAT_Prod_Posting_Group"] = line.tax_code
    for dimension, value in dimensions.items():
        if dimension in shortcuts:
            record[shortcuts[dimension]] = value
    return record


def lines_of(page: SoapPage, row: Row) -> list[Row]:
    """The lines within a document's record; comments, which are no postings, are left out."""
    if page.part is None:
        return []
    inner = row.get(page.part.name)
    lines = inner.get(page.part.line) if isinstance(inner, dict) else None
    return [line for line in lines or [] if caption(line.get("Type")) or line.get("Line_Amount")]


def line_number(line: Row, index: int) -> int:
    """NAV's number of a line; where the page does not show it, as NAV numbers lines that are created together."""
    given = line.get("Line_No")
    return given if isinstance(given, int) else (index + 1) * LINE_NUMBER_STEP


@dataclass(frozen=True)
class DimensionsSeen:
    """Dimensions of a document, and which ones would have been seen at all: None means all."""

    found: AllDimensions
    on_header: frozenset[str] | None = None
    on_lines: frozenset[str] | None = None


def shown_dimensions(page: SoapPage, row: Row, positions: Mapping[str, int]) -> DimensionsSeen:
    """The dimensions that the page itself shows."""
    on_header = shortcut_fields(page.fields, positions)
    on_lines = shortcut_fields(page.part.fields if page.part else (), positions)
    lines = {
        line_number(line, index): _values(line, on_lines)
        for index, line in enumerate(lines_of(page, row))
    }
    return DimensionsSeen(
        {HEADER: _values(row, on_header), **lines}, frozenset(on_header), frozenset(on_lines)
    )


def _values(row: Row, fields: Mapping[str, str]) -> Dimensions:
    return {
        dimension: code(row.get(field)) for dimension, field in fields.items() if row.get(field)
    }


def found_draft(
    names: PurchaseKind,
    page: SoapPage,
    row: Row,
    dimensions: DimensionsSeen,
    local_currency: str,
) -> FoundDocument:
    """A draft, from its record.

    Raises:
        ProtocolError: The record lacks something.
    """
    lines = lines_of(page, row)
    status = caption(row.get("Status"))
    try:
        return FoundDocument(
            kind=names.kind,
            id=code(row.get("No")),
            number=code(row.get("No")),
            key=code(row.get(names.key_field)),
            posted=False,
            status="Draft" if status in {"", _OPEN} else status,
            etag=text(row.get("Key")) or None,
            vendor_number=code(row.get("Buy_from_Vendor_No")),
            posting_date=day(row.get("Posting_Date")),
            currency_code=_currency(row, local_currency),
            total=amount(lines[0].get("Total_Amount_Incl_VAT")) if lines else Decimal(0),
            dimensions=dimensions.found.get(HEADER, {}),
            lines=[
                _found_line(index, line, amount(line.get("Line_Amount")), dimensions.found)
                for index, line in enumerate(lines)
            ],
            readable_header_dimensions=dimensions.on_header,
            readable_line_dimensions=dimensions.on_lines,
        )
    except ValueError as error:
        raise _garbled(page, error) from error


def found_posted(
    names: PurchaseKind,
    page: SoapPage,
    row: Row,
    *,
    totals: Row,
    dimensions: DimensionsSeen,
    local_currency: str,
) -> FoundDocument:
    """A posted document, from its record and the row of the list that shows its total.

    Raises:
        ProtocolError: A record lacks something.
    """
    try:
        return FoundDocument(
            kind=names.kind,
            id=code(row.get("No")),
            number=code(row.get("No")),
            key=code(row.get(names.key_field)),
            posted=True,
            status="Cancelled" if totals.get("Cancelled") else "Posted",
            etag=None,
            vendor_number=code(row.get("Buy_from_Vendor_No")),
            posting_date=day(row.get("Posting_Date")),
            currency_code=_currency(row, local_currency),
            total=amount(totals.get("Amount_Including_VAT")),
            dimensions=dimensions.found.get(HEADER, {}),
            lines=[
                _found_line(index, line, _price(line), dimensions.found)
                for index, line in enumerate(lines_of(page, row))
            ],
            cancelled=bool(totals.get("Cancelled")),
            readable_header_dimensions=dimensions.on_header,
            readable_line_dimensions=dimensions.on_lines,
        )
    except ValueError as error:
        raise _garbled(page, error) from error


def _price(line: Row) -> Decimal:
    """What a posted line's price stands for, with tax when the document's prices include it."""
    discount = line.get("Line_Discount_Amount")
    price = amount(line.get("Quantity")) * amount(line.get("Direct_Unit_Cost"))
    return price - discount if isinstance(discount, Decimal) else price


def _found_line(
    index: int, line: Row, line_amount: Decimal, dimensions: AllDimensions
) -> FoundLine:
    return FoundLine(
        line_number=index + 1,
        account_type=caption(line.get("Type")),
        account_number=code(line.get("No")),
        description=text(line.get("Description")),
        amount=line_amount,
        dimensions=dimensions.get(line_number(line, index), {}),
    )


def _currency(row: Row, local_currency: str) -> str | None:
    currency = code(row.get("Currency_Code"))
    return None if currency in {"", local_currency} else currency


def _garbled(page: SoapPage, error: ValueError) -> ProtocolError:
    return ProtocolError(
        f"A record of {page.name} lacks or garbles a field: {error}.", code="answer_garbled"
    )
