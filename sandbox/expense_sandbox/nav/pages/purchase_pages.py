"""Pages 51, 52, 9308 and 9309: drafts of purchase invoices and credit memos."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import records
from expense_sandbox.nav.amounts import rounded
from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.pages import purchase_headers, purchase_lines, shortcut_dimensions
from expense_sandbox.nav.pages.model import Control, Page, Part, external_name

if TYPE_CHECKING:
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.pages.model import Look, Read

DOCUMENT_TYPES = (
    "Quote", "Order", "Invoice", "Credit Memo", "Blanket Order", "Return Order",
)  # fmt: skip
STATUSES = ("Open", "Released", "Pending Approval", "Pending Prepayment")
ZERO = Decimal(0)


def loose(name: str, length: int, kind: Kind = Kind.TEXT, *, editable: bool = True) -> Control:
    """A control nothing here depends on: what is written to it is kept."""
    key = external_name(name)

    def read(_company: Company, row: Any) -> str:  # noqa: ANN401 - any row with texts
        return str(row.texts.get(key, ""))

    return Control(name, kind, length, editable=editable, read=read)


def always(value: Any) -> Read:  # noqa: ANN401 - any value
    """Reads the same from every row."""
    return lambda _company, _row: value


DOCUMENT_TYPE = Control(
    "Document Type", Kind.OPTION, 0, DOCUMENT_TYPES, attribute="kind", on_page=False
)


def _header_controls(kind: str) -> tuple[Control, ...]:
    external = "Vendor Invoice No." if kind == records.INVOICE else "Vendor Cr. Memo No."
    return (
        DOCUMENT_TYPE,
        Control("No.", Kind.CODE, 20, editable=True, attribute="number"),
        Control("Buy-from Vendor No.", Kind.CODE, 20, editable=True, attribute="vendor_number"),
        Control("Buy-from Vendor Name", Kind.TEXT, 50, attribute="vendor_name"),
        loose("Buy-from Address", 50),
        loose("Buy-from Address 2", 50),
        loose("Buy-from Post Code", 20, Kind.CODE),
        loose("Buy-from City", 30),
        loose("Buy-from Contact No.", 20, Kind.CODE),
        loose("Buy-from Contact", 50),
        Control("Document Date", Kind.DATE, editable=True),
        Control("Posting Date", Kind.DATE, editable=True),
        Control("Due Date", Kind.DATE, editable=True, attribute="due_date"),
        Control(external, Kind.CODE, 35, editable=True, attribute="external_number"),
        Control("Purchaser Code", Kind.CODE, 10, editable=True, attribute="purchaser"),
        loose("Campaign No.", 20, Kind.CODE),
        loose("Responsibility Center", 10, Kind.CODE),
        loose("Assigned User ID", 50, Kind.CODE),
        Control("Status", Kind.OPTION, 0, STATUSES, read=always("Open")),
        Control("Currency Code", Kind.CODE, 10, editable=True),
        Control(
            "Prices Including VAT", Kind.BOOLEAN, editable=True, attribute="prices_include_tax"
        ),
        loose("VAT Bus. Posting Group", 10, Kind.CODE),
        Control("Payment Terms Code", Kind.CODE, 10, editable=True),
        loose("Payment Method Code", 10, Kind.CODE),
        loose("Transaction Type", 10, Kind.CODE),
        *shortcut_dimensions.controls(through=2),
        loose("Payment Reference", 50),
        loose("Creditor No.", 20, Kind.CODE),
        loose("On Hold", 3, Kind.CODE),
        loose("Location Code", 10, Kind.CODE),
        Control("Pay-to Name", Kind.TEXT, 50, attribute="pay_to_name"),
    )


def _type_caption(_company: Company, line: records.DocumentLine) -> str:
    return {"Comment": "", "Account": "G/L Account"}.get(line.line_type, line.line_type)


def _document_type(company: Company, line: records.DocumentLine) -> str:
    return purchase_lines.header_of(company, line).kind


def _document_number(company: Company, line: records.DocumentLine) -> str:
    return purchase_lines.header_of(company, line).number


def _line_amount(company: Company, line: records.DocumentLine) -> Decimal:
    precision = company.precision_of(purchase_lines.header_of(company, line).currency_code)
    return rounded(line.quantity * line.unit_cost, precision) - line.discount_amount


def _total(attribute: str) -> Read:
    def read(company: Company, line: records.DocumentLine) -> Decimal:
        total: Decimal = getattr(purchase_lines.header_of(company, line), attribute)
        return total

    return read


LINE_CONTROLS = (
    replace(DOCUMENT_TYPE, attribute="", read=_document_type),
    Control("Document No.", Kind.CODE, 20, read=_document_number),
    Control("Line No.", Kind.INTEGER, attribute="sequence"),
    Control("Type", Kind.OPTION, 0, purchase_lines.TYPES, editable=True, read=_type_caption),
    Control("No.", Kind.CODE, 20, editable=True, attribute="account_number"),
    Control("VAT Prod. Posting Group", Kind.CODE, 10, editable=True, attribute="tax_code"),
    Control("Description", Kind.TEXT, 50, editable=True, attribute="description"),
    Control("Location Code", Kind.CODE, 10, editable=True, read=always("")),
    Control("Quantity", Kind.DECIMAL, editable=True),
    Control("Unit of Measure Code", Kind.CODE, 10, editable=True, read=always("")),
    Control("Direct Unit Cost", Kind.DECIMAL, editable=True, attribute="unit_cost"),
    Control("Line Discount %", Kind.DECIMAL, editable=True, attribute="discount_percent"),
    Control("Line Amount", Kind.DECIMAL, editable=True, read=_line_amount),
    Control("Line Discount Amount", Kind.DECIMAL, attribute="discount_amount"),
    *shortcut_dimensions.controls(through=shortcut_dimensions.LAST_POSITION),
    Control("AmountBeforeDiscount", Kind.DECIMAL, read=_total("total_excluding_tax")),
    Control("Invoice Disc. Pct.", Kind.DECIMAL, read=always(ZERO)),
    Control("Total Amount Excl. VAT", Kind.DECIMAL, read=_total("total_excluding_tax")),
    Control("Total VAT Amount", Kind.DECIMAL, read=_total("total_tax")),
    Control("Total Amount Incl. VAT", Kind.DECIMAL, read=_total("total_including_tax")),
)


def drafts(company: Company, kind: str) -> list[records.Document]:
    """Drafts of a kind, by number."""
    found = company.documents.find("status", (kind, "Draft"))
    return sorted(found, key=lambda document: document.number)


def _look_ups(kind: str, index_of: dict[str, str]) -> dict[str, Look]:
    def by(index: str) -> Look:
        def look(company: Company, value: Any) -> list[records.Document]:  # noqa: ANN401
            found = company.documents.find(index, (kind, value))
            return sorted((item for item in found if not item.posted), key=lambda item: item.number)

        return look

    return {name: by(index) for name, index in index_of.items()}


def _card(object_id: int, name: str, kind: str, line_page: Page) -> Page:
    controls = _header_controls(kind)
    external = next(item.name for item in controls if item.attribute == "external_number")

    def lines(company: Company, document: records.Document) -> list[records.DocumentLine]:
        return company.lines_of(document.id)

    return Page(
        object_id,
        name,
        purchase_headers.TABLE,
        controls,
        ("Document Type", "No."),
        lambda company: drafts(company, kind),
        purchase_headers.writes(kind),
        (Part("PurchLines", line_page, lines),),
        _look_ups(
            kind,
            {
                "No.": "number",
                external: "external_number",
                "Buy-from Vendor No.": "vendor_number",
            },
        ),
        {"Document Type": kind},
    )


def _subform(object_id: int, name: str, kind: str, line_type: str) -> Page:
    def rows(company: Company) -> list[records.DocumentLine]:
        return [line for draft in drafts(company, kind) for line in company.lines_of(draft.id)]

    def lines_of(company: Company, number: Any) -> list[records.DocumentLine]:  # noqa: ANN401
        found = company.documents.find("number", (kind, number))
        return [line for item in found if not item.posted for line in company.lines_of(item.id)]

    return Page(
        object_id,
        name,
        purchase_lines.TABLE,
        LINE_CONTROLS,
        ("Document Type", "Document No.", "Line No."),
        rows,
        purchase_lines.WRITES,
        look_ups={"Document No.": lines_of},
        key_fixed={"Document Type": kind},
        line_type=line_type,
    )


def _list(object_id: int, name: str, card: Page, kind: str) -> Page:
    names = {
        "Document Type", "No.", "Buy-from Vendor No.", "Buy-from Vendor Name", "Document Date",
        "Posting Date", "Due Date", "Vendor Invoice No.", "Vendor Cr. Memo No.", "Currency Code",
        "Status", "Location Code",
    }  # fmt: skip
    amount = Control("Amount", Kind.DECIMAL, attribute="total_excluding_tax")
    shown = [control for control in card.controls if control.name in names]
    read_only = tuple(replace(control, editable=False) for control in shown)
    return Page(
        object_id,
        name,
        card.table,
        (*read_only, amount),
        card.key,
        lambda company: drafts(company, kind),
        look_ups=card.look_ups,
        key_fixed=card.key_fixed,
    )


INVOICE_LINES = _subform(55, "Purch. Invoice Subform", records.INVOICE, "Purch_Invoice_Line")
CREDIT_MEMO_LINES = _subform(
    98, "Purch. Cr. Memo Subform", records.CREDIT_MEMO, "Purch_Cr_Memo_Line"
)
INVOICE = _card(51, "Purchase Invoice", records.INVOICE, INVOICE_LINES)
CREDIT_MEMO = _card(52, "Purchase Credit Memo", records.CREDIT_MEMO, CREDIT_MEMO_LINES)
PAGES = (
    INVOICE,
    CREDIT_MEMO,
    INVOICE_LINES,
    CREDIT_MEMO_LINES,
    _list(9308, "Purchase Invoices", INVOICE, records.INVOICE),
    _list(9309, "Purchase Credit Memos", CREDIT_MEMO, records.CREDIT_MEMO),
)
