"""Purchase invoices and credit memos over API v2.0: address, body to create, and what a row says.

The two entity sets differ in names only; `PurchaseKind` holds those. Keys of a body stand in the order of NAV's pages,
since NAV may validate them in the order they come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ProtocolError
from target_dynamics_nav.nav.api_v2_dimensions import dimensions_of, set_lines
from target_dynamics_nav.nav.odata import Json, caption, code, day, decimal, query, text
from target_dynamics_nav.nav.parts import LookUp, Read
from target_dynamics_nav.nav.port import DocumentKind, FoundDocument, FoundLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.nav.port import DraftDocument, DraftLine

_ACCOUNT_TYPES = {"Account": "G/L Account"}
_DRAFT = "Draft"
_UNDONE = frozenset({"Canceled", "Corrective"})


@dataclass(frozen=True)
class PurchaseKind:
    """The names of one of the two purchase documents."""

    kind: DocumentKind
    entity_set: str
    lines: str
    key_field: str
    document_date_first: bool
    attachment_parent: str

    @property
    def expand(self) -> str:
        """`$expand` that reads a document whole."""
        return f"dimensionSetLines,{self.lines}($expand=dimensionSetLines)"

    def look_up(self, company: str, key: str) -> LookUp:
        """Whole documents that carry the key, drafts and posted ones."""
        return LookUp(f"{company}/{self.entity_set}", self.key_field, key, self.expand)

    def read(self, company: str, document_id: str) -> Read:
        """A whole document; asked as a list, so that "not there" is no rows and never a 404 of some other origin."""
        return Read(
            f"{company}/{self.entity_set}"
            + query(filter=f"id eq {document_id}", expand=self.expand)
        )


INVOICE = PurchaseKind(
    kind=DocumentKind.PURCHASE_INVOICE,
    entity_set="purchaseInvoices",
    lines="purchaseInvoiceLines",
    key_field="vendorInvoiceNumber",
    document_date_first=False,
    attachment_parent="Purchase Invoice",
)
CREDIT_MEMO = PurchaseKind(
    kind=DocumentKind.PURCHASE_CREDIT_MEMO,
    entity_set="purchaseCreditMemos",
    lines="purchaseCreditMemoLines",
    key_field="vendorCreditMemoNumber",
    document_date_first=True,
    attachment_parent="Purchase Credit Memo",
)
PURCHASE_KINDS = {kind.kind: kind for kind in (INVOICE, CREDIT_MEMO)}


def draft_body(
    names: PurchaseKind,
    draft: DraftDocument,
    *,
    currency_code: str,
    prices_include_tax: bool | None,
    header_dimensions: Mapping[str, str],
    line_dimensions: Sequence[Mapping[str, str]],
) -> Json:
    """The deep insert of a draft.

    Args:
        names: Invoice or credit memo.
        draft: The document.
        currency_code: Always sent, also the company's own: without it the vendor's would be taken.
        prices_include_tax: None leaves the vendor's setting.
        header_dimensions: Dimensions to send with the header.
        line_dimensions: Dimensions to send with each line.
    """
    document_date = draft.document_date
    body: Json = (
        {"creditMemoDate": document_date, "postingDate": draft.posting_date}
        if names.document_date_first
        else {"postingDate": draft.posting_date, "invoiceDate": document_date}
    )
    if draft.due_date is not None:
        body["dueDate"] = draft.due_date
    if names is INVOICE:
        body |= {names.key_field: draft.key, "vendorNumber": draft.vendor_number}
    else:
        body |= {"vendorNumber": draft.vendor_number, names.key_field: draft.key}
    body["currencyCode"] = currency_code
    if prices_include_tax is not None:
        body["pricesIncludeTax"] = prices_include_tax
    if header_dimensions:
        body["dimensionSetLines"] = set_lines(header_dimensions)
    body[names.lines] = [
        _line_body(line, dimensions)
        for line, dimensions in zip(draft.lines, line_dimensions, strict=True)
    ]
    return body


def _line_body(line: DraftLine, dimensions: Mapping[str, str]) -> Json:
    """One line. A negative amount is a quantity of −1 at a positive cost, the way NAV itself writes returned things."""
    body: Json = {
        "lineType": "Account",
        "lineObjectNumber": line.account_number,
        "description": line.description,
        "unitCost": abs(line.amount),
        "quantity": -1 if line.amount < 0 else 1,
    }
    if line.tax_code is not None:
        body["taxCode"] = line.tax_code
    if dimensions:
        body["dimensionSetLines"] = set_lines(dimensions)
    return body


def lines_of(names: PurchaseKind, row: Json) -> list[Json]:
    """The lines of a document as read whole, in their order.

    Raises:
        ProtocolError: NAV did not send them all, so nothing can be said about the document.
    """
    lines = row.get(names.lines)
    if not isinstance(lines, list) or f"{names.lines}@odata.nextLink" in row:
        raise ProtocolError(f"NAV did not send all lines of {names.entity_set} {row.get('id')}.")
    return sorted(lines, key=lambda line: int(line.get("sequence") or 0))


def found_document(names: PurchaseKind, row: Json, local_currency: str) -> FoundDocument:
    """A row, read whole, in the domain's words.

    Raises:
        ProtocolError: The row lacks something, or holds what is no number or date.
    """
    status = caption(row.get("status"))
    currency = code(row.get("currencyCode"))
    includes_tax = bool(row.get("pricesIncludeTax"))
    try:
        return FoundDocument(
            kind=names.kind,
            id=text(row["id"]),
            number=text(row.get("number")),
            key=code(row.get(names.key_field)),
            posted=status != _DRAFT,
            status=status,
            etag=text(row.get("@odata.etag")) or None,
            vendor_number=code(row.get("vendorNumber")),
            posting_date=day(row.get("postingDate")),
            currency_code=None if currency in {"", local_currency} else currency,
            total=decimal(row["totalAmountIncludingTax"]),
            dimensions=dimensions_of(row),
            lines=[
                _found_line(number, line, includes_tax=includes_tax)
                for number, line in enumerate(lines_of(names, row), start=1)
            ],
            cancelled=status in _UNDONE,
        )
    except (KeyError, ValueError) as error:
        raise ProtocolError(
            f"NAV's answer for {names.entity_set} lacks or garbles a field: {error}.",
            code="answer_garbled",
        ) from error


def _found_line(number: int, line: Json, *, includes_tax: bool) -> FoundLine:
    """A line; its amount is the one its price stands for, with tax when the document's prices include it."""
    line_type = caption(line.get("lineType"))
    amount = line.get("amountIncludingTax" if includes_tax else "amountExcludingTax")
    return FoundLine(
        line_number=number,
        account_type=_ACCOUNT_TYPES.get(line_type, line_type),
        account_number=code(line.get("lineObjectNumber")),
        description=text(line.get("description")),
        amount=Decimal(0) if amount is None else decimal(amount),
        dimensions=dimensions_of(line),
        tax_code=code(line.get("taxCode")) or None,
    )
