"""Purchase invoices and credit memos on NAV's pages: field names, bodies to create, and what rows say. Pure.

Fields of a body stand in the order in which NAV has to validate them: the vendor before what the vendor card would
overwrite, the line's type before its account, the account before price and dimensions that it brings along.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote

from target_dynamics_nav.errors import ProtocolError
from target_dynamics_nav.nav.odata import Json, code, day, decimal, literal, text
from target_dynamics_nav.nav.odata_v4_services import KEY_FIELD_CREDIT_MEMO, KEY_FIELD_INVOICE
from target_dynamics_nav.nav.port import DocumentKind, FoundDocument, FoundLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.nav.odata_v4_metadata import Page
    from target_dynamics_nav.nav.odata_v4_settings import Captions
    from target_dynamics_nav.nav.port import DraftDocument, DraftLine

GL_ACCOUNT = "G/L Account"
LINE_NUMBER_STEP = 10000

Dimensions = dict[str, str]


@dataclass(frozen=True)
class PurchaseNames:
    """The names of one of the two purchase documents."""

    kind: DocumentKind
    drafts: str
    posted: str
    totals: str
    key_field: str


INVOICE = PurchaseNames(
    DocumentKind.PURCHASE_INVOICE,
    "purchase_invoices",
    "posted_purchase_invoices",
    "posted_purchase_invoice_totals",
    KEY_FIELD_INVOICE,
)
CREDIT_MEMO = PurchaseNames(
    DocumentKind.PURCHASE_CREDIT_MEMO,
    "purchase_credit_memos",
    "posted_purchase_credit_memos",
    "posted_purchase_credit_memo_totals",
    KEY_FIELD_CREDIT_MEMO,
)
PURCHASE_NAMES = {names.kind: names for names in (INVOICE, CREDIT_MEMO)}


@dataclass(frozen=True)
class Shortcuts:
    """The dimensions of a company that a page has a field for: {dimension code: field}."""

    fields: Mapping[str, str]

    @classmethod
    def of(cls, page: Page, by_position: Mapping[int, str]) -> Shortcuts:
        """Those of a page.

        Args:
            page: The page.
            by_position: The company's shortcut dimensions, 1 to 8.
        """
        return cls(
            {
                by_position[position]: name
                for position, name in page.dimension_fields.items()
                if position in by_position
            }
        )

    def body(self, dimensions: Mapping[str, str]) -> Json:
        """The fields to send for those of the dimensions that have one."""
        return {
            self.fields[dimension]: value
            for dimension, value in dimensions.items()
            if dimension in self.fields
        }

    def without_field(self, dimensions: Mapping[str, str]) -> Dimensions:
        """Those of the dimensions that have none."""
        return {name: value for name, value in dimensions.items() if name not in self.fields}

    def read(self, row: Json) -> Dimensions:
        """What a row says."""
        return {
            dimension: code(row.get(name))
            for dimension, name in self.fields.items()
            if row.get(name)
        }


def entity(page: Page, row: Json) -> str:
    """Address of a row: its primary key, strings quoted, numbers bare.

    Raises:
        ProtocolError: The row lacks a field of the key.
    """
    try:
        pairs = [f"{name}={_key_value(row[name])}" for name in page.key]
    except KeyError as error:
        raise ProtocolError(
            f"A row of {page.entity_set} lacks {error}.", code="answer_garbled"
        ) from error
    return f"{page.entity_set}({','.join(pairs)})"


def _key_value(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    # the quotes stay as they are; what is between them may hold anything
    return "'" + quote(str(value).replace("'", "''"), safe="'") + "'"


def header_body(
    names: PurchaseNames, page: Page, draft: DraftDocument, shortcuts: Shortcuts
) -> Json:
    """The header of a draft. The currency is always sent, blank for the company's own: the vendor's would be taken."""
    body: Json = {
        "Buy_from_Vendor_No": draft.vendor_number,
        "Posting_Date": draft.posting_date,
        "Document_Date": draft.document_date,
        names.key_field: draft.key,
        "Currency_Code": draft.currency_code or "",
    }
    if page.has("Prices_Including_VAT"):
        body["Prices_Including_VAT"] = draft.prices_include_tax
    if draft.due_date is not None:
        body["Due_Date"] = draft.due_date
    if page.has("Posting_Description") and draft.description:
        body["Posting_Description"] = page.fitting("Posting_Description", draft.description)
    return {**body, **shortcuts.body(draft.dimensions)}


def line_key(header: Json, number: int) -> Json:
    """What makes a line one of this document; `number` from 1."""
    return {
        "Document_Type": header.get("Document_Type"),
        "Document_No": header.get("No"),
        "Line_No": number * LINE_NUMBER_STEP,
    }


def line_account(line: DraftLine, captions: Captions) -> Json:
    """A line's type and account; the type comes first, as NAV decides by it what may be written."""
    return {"Type": captions.local(line.account_type), "No": line.account_number}


def line_content(
    page: Page, line: DraftLine, dimensions: Mapping[str, str], shortcuts: Shortcuts
) -> Json:
    """The rest of a line. A negative amount is a quantity of −1, the way NAV itself writes returned things."""
    body: Json = {
        "Description": page.fitting("Description", line.description),
        "Quantity": -1 if line.amount < 0 else 1,
        "Direct_Unit_Cost": abs(line.amount),
    }
    if line.tax_code is not None:
        body["VAT_Prod_Posting_Group"] = line.tax_code
    return {**body, **shortcuts.body(dimensions)}


def lines_filter(page: Page, header: Json) -> str:
    """Condition for the lines of a document."""
    number = f"Document_No eq {literal(text(header.get('No')))}"
    if page.has("Document_Type") and header.get("Document_Type"):
        return f"Document_Type eq {literal(text(header['Document_Type']))} and {number}"
    return number


def is_line(row: Json) -> bool:
    """Whether a row is more than a comment or an empty line that NAV put there by itself."""
    return bool(text(row.get("No")).strip()) or bool(row.get("Line_Amount"))


@dataclass(frozen=True)
class Rows:
    """What was read of one document.

    Attributes:
        header: Row of its page.
        lines: Rows of its lines, comments left out.
        total: Total with tax, where the header's list told it; None where the lines tell it.
        cancelled: Whether somebody took the posting back.
        dimensions: Every dimension by line number, 0 for the header; None where only fields tell.
    """

    header: Json
    lines: Sequence[Json]
    total: Decimal | None = None
    cancelled: bool = False
    dimensions: Mapping[int, Dimensions] | None = None


def found_document(
    names: PurchaseNames,
    page: Page,
    rows: Rows,
    *,
    posted: bool,
    local_currency: str,
    captions: Captions,
    header_shortcuts: Shortcuts,
    line_shortcuts: Shortcuts,
) -> FoundDocument:
    """What was read, in the domain's words.

    Raises:
        ProtocolError: A row lacks something, or holds what is no number or date.
    """
    header = rows.header
    everything = rows.dimensions is not None
    try:
        currency = code(header.get("Currency_Code"))
        return FoundDocument(
            kind=names.kind,
            id=f"{page.entity_set}/{text(header['No'])}",
            number=text(header["No"]),
            key=code(header.get(names.key_field)),
            posted=posted,
            status="Posted" if posted else text(header.get("Status")) or "Open",
            etag=text(header.get("@odata.etag")) or None,
            vendor_number=code(header.get("Buy_from_Vendor_No")),
            posting_date=day(header.get("Posting_Date")),
            currency_code=None if currency in {"", local_currency} else currency,
            total=_total(rows),
            dimensions=(rows.dimensions or {}).get(0, {})
            if everything
            else header_shortcuts.read(header),
            lines=[
                _found_line(number, row, rows, captions, line_shortcuts)
                for number, row in enumerate(rows.lines, start=1)
            ],
            cancelled=rows.cancelled,
            readable_header_dimensions=None if everything else frozenset(header_shortcuts.fields),
            readable_line_dimensions=None if everything else frozenset(line_shortcuts.fields),
        )
    except (KeyError, ValueError) as error:
        raise ProtocolError(
            f"NAV's answer for {page.entity_set} lacks or garbles a field: {error}.",
            code="answer_garbled",
        ) from error


def _found_line(
    number: int, row: Json, rows: Rows, captions: Captions, shortcuts: Shortcuts
) -> FoundLine:
    line_type = text(row.get("Type")).strip()
    known = rows.dimensions
    return FoundLine(
        line_number=number,
        account_type=GL_ACCOUNT if line_type == captions.local(GL_ACCOUNT) else line_type,
        account_number=code(row.get("No")),
        description=text(row.get("Description")),
        amount=decimal(row["Line_Amount"]),
        dimensions=known.get(int(row["Line_No"]), {}) if known is not None else shortcuts.read(row),
    )


def _total(rows: Rows) -> Decimal:
    """With tax. A draft's lines all show the total of the document; a draft without lines has none."""
    if rows.total is not None:
        return rows.total
    return decimal(rows.lines[0]["Total_Amount_Incl_VAT"]) if rows.lines else Decimal(0)
