"""Pages of what is posted: 20, 29, 138, 140, 146 and 147."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import records
from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.pages import shortcut_dimensions
from expense_sandbox.nav.pages.model import Control, Page, Part
from expense_sandbox.nav.pages.purchase_pages import LINE_CONTROLS, always

if TYPE_CHECKING:
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.pages.model import Look, Read

DOCUMENT_TYPES = (
    "", "Payment", "Invoice", "Credit Memo", "Finance Charge Memo", "Reminder", "Refund",
)  # fmt: skip
POSTED_TABLES = {records.INVOICE: "Purch. Inv.", records.CREDIT_MEMO: "Purch. Cr. Memo"}


def _posted(company: Company, kind: str) -> list[records.Document]:
    found = (item for item in company.documents.find("kind", kind) if item.posted)
    return sorted(found, key=lambda document: document.number)


def _posted_look_ups(kind: str, external: str) -> dict[str, Look]:
    def by(index: str) -> Look:
        def look(company: Company, value: Any) -> list[records.Document]:  # noqa: ANN401
            found = company.documents.find(index, (kind, value))
            return sorted((item for item in found if item.posted), key=lambda item: item.number)

        return look

    return {
        "No.": by("number"),
        external: by("external_number"),
        "Buy-from Vendor No.": by("vendor_number"),
    }


def _posted_page(
    object_id: int, name: str, kind: str, *, card: bool, parts: tuple[Part, ...] = ()
) -> Page:
    invoice = kind == records.INVOICE
    external = "Vendor Invoice No." if invoice else "Vendor Cr. Memo No."
    controls = [
        Control("No.", Kind.CODE, 20, attribute="number"),
        Control("Buy-from Vendor No.", Kind.CODE, 20, attribute="vendor_number"),
        Control("Buy-from Vendor Name", Kind.TEXT, 50, attribute="vendor_name"),
        Control("Document Date", Kind.DATE),
        Control("Posting Date", Kind.DATE),
        Control("Due Date", Kind.DATE),
        Control(external, Kind.CODE, 35, attribute="external_number"),
        Control("Currency Code", Kind.CODE, 10),
    ]
    if card:
        controls += [
            Control("Pre-Assigned No.", Kind.CODE, 20, attribute="draft_number"),
            *shortcut_dimensions.controls(through=2, editable=False),
        ]
    else:
        controls += [
            Control("Order No.", Kind.CODE, 20, read=always("")),
            Control("Amount", Kind.DECIMAL, attribute="total_excluding_tax"),
            Control("Amount Including VAT", Kind.DECIMAL, attribute="total_including_tax"),
            Control("Remaining Amount", Kind.DECIMAL, attribute="total_including_tax"),
            Control("Closed", Kind.BOOLEAN, read=always(value=False)),
            Control("Cancelled", Kind.BOOLEAN, read=always(value=False)),
        ]
    return Page(
        object_id,
        name,
        f"{POSTED_TABLES[kind]} Header" if invoice else f"{POSTED_TABLES[kind]} Hdr.",
        tuple(controls),
        ("No.",),
        lambda company: _posted(company, kind),
        parts=parts,
        look_ups=_posted_look_ups(kind, external),
    )


_HIDDEN_FROM_POSTED = {
    "Document Type", "Line Amount", "AmountBeforeDiscount", "Invoice Disc. Pct.",
    "Total Amount Excl. VAT", "Total VAT Amount", "Total Amount Incl. VAT",
}  # fmt: skip


def _posted_lines(object_id: int, name: str, kind: str, line_type: str) -> Part:
    kept = [control for control in LINE_CONTROLS if control.name not in _HIDDEN_FROM_POSTED]
    controls = (
        *(replace(control, editable=False) for control in kept),
        Control("Line Amount", Kind.DECIMAL, attribute="amount_excluding_tax"),
    )

    def all_rows(company: Company) -> list[records.DocumentLine]:
        posted = _posted(company, kind)
        return [line for document in posted for line in company.lines_of(document.id)]

    page = Page(
        object_id,
        name,
        f"{POSTED_TABLES[kind]} Line",
        controls,
        ("Document No.", "Line No."),
        all_rows,
        line_type=line_type,
    )
    part_name = "PurchInvLines" if kind == records.INVOICE else "PurchCrMemoLines"
    return Part(part_name, page, lambda company, document: company.lines_of(document.id))


def _entries(table: str) -> Any:  # noqa: ANN401 - rows of any ledger
    def rows(company: Company) -> list[Any]:
        return sorted(getattr(company, table), key=lambda row: row.entry_number)

    return rows


def _by(table: str, index: str) -> Look:
    def look(company: Company, value: Any) -> list[Any]:  # noqa: ANN401 - any filter value
        return list(getattr(company, table).find(index, value))

    return look


def _entry_type(_company: Company, row: Any) -> str:  # noqa: ANN401 - either ledger's rows
    return str(row.document_type).strip()


def _debit(_company: Company, row: records.LedgerEntry) -> Decimal:
    return max(row.amount, Decimal(0))


def _credit(_company: Company, row: records.LedgerEntry) -> Decimal:
    return max(-row.amount, Decimal(0))


def _global_dimension(position: int) -> Read:
    def read(company: Company, row: records.LedgerEntry) -> str:
        codes = company.setup.shortcut_dimensions
        return row.dimensions.get(codes[position - 1], "") if position <= len(codes) else ""

    return read


def _open_amount(_company: Company, row: records.VendorEntry) -> Decimal:
    return row.amount if row.open else Decimal(0)


GENERAL_LEDGER_ENTRIES = Page(
    20,
    "General Ledger Entries",
    "G/L Entry",
    (
        Control("Entry No.", Kind.INTEGER, attribute="entry_number"),
        Control("Posting Date", Kind.DATE),
        Control("Document Type", Kind.OPTION, 0, DOCUMENT_TYPES, read=_entry_type),
        Control("Document No.", Kind.CODE, 20, attribute="document_number"),
        Control("External Document No.", Kind.CODE, 35, attribute="external_document_number"),
        Control("G/L Account No.", Kind.CODE, 20, attribute="account_number"),
        Control("Description", Kind.TEXT, 50),
        Control("Global Dimension 1 Code", Kind.CODE, 20, read=_global_dimension(1)),
        Control("Global Dimension 2 Code", Kind.CODE, 20, read=_global_dimension(2)),
        Control("Amount", Kind.DECIMAL),
        Control("Debit Amount", Kind.DECIMAL, read=_debit),
        Control("Credit Amount", Kind.DECIMAL, read=_credit),
    ),
    ("Entry No.",),
    _entries("ledger_entries"),
    look_ups={
        "Document No.": _by("ledger_entries", "document_number"),
        "External Document No.": _by("ledger_entries", "external_document_number"),
        "G/L Account No.": _by("ledger_entries", "account_number"),
    },
)
VENDOR_LEDGER_ENTRIES = Page(
    29,
    "Vendor Ledger Entries",
    "Vendor Ledger Entry",
    (
        Control("Entry No.", Kind.INTEGER, attribute="entry_number"),
        Control("Posting Date", Kind.DATE),
        Control("Document Type", Kind.OPTION, 0, DOCUMENT_TYPES, read=_entry_type),
        Control("Document No.", Kind.CODE, 20, attribute="document_number"),
        Control("External Document No.", Kind.CODE, 35, attribute="external_document_number"),
        Control("Vendor No.", Kind.CODE, 20, attribute="vendor_number"),
        Control("Description", Kind.TEXT, 50),
        Control("Currency Code", Kind.CODE, 10),
        Control("Amount", Kind.DECIMAL),
        Control("Amount (LCY)", Kind.DECIMAL, attribute="local_amount"),
        Control("Remaining Amount", Kind.DECIMAL, read=_open_amount),
        Control("Open", Kind.BOOLEAN),
        Control("Reversed", Kind.BOOLEAN, read=always(value=False)),
        Control("Dimension Set ID", Kind.INTEGER, read=always(0)),
    ),
    ("Entry No.",),
    _entries("vendor_entries"),
    look_ups={
        # The first that a filter names is taken: a vendor may have very many entries.
        "External Document No.": _by("vendor_entries", "external_document_number"),
        "Document No.": _by("vendor_entries", "document_number"),
        "Vendor No.": _by("vendor_entries", "vendor_number"),
    },
)
_INVOICE_LINES = _posted_lines(
    139, "Posted Purch. Invoice Subform", records.INVOICE, "Posted_Purch_Invoice_Line"
)
_CREDIT_MEMO_LINES = _posted_lines(
    141, "Posted Purch. Cr. Memo Subform", records.CREDIT_MEMO, "Posted_Purch_Cr_Memo_Line"
)
PAGES = (
    GENERAL_LEDGER_ENTRIES,
    VENDOR_LEDGER_ENTRIES,
    _posted_page(
        138, "Posted Purchase Invoice", records.INVOICE, card=True, parts=(_INVOICE_LINES,)
    ),
    _posted_page(
        140,
        "Posted Purchase Credit Memo",
        records.CREDIT_MEMO,
        card=True,
        parts=(_CREDIT_MEMO_LINES,),
    ),
    _INVOICE_LINES.page,
    _CREDIT_MEMO_LINES.page,
    _posted_page(146, "Posted Purchase Invoices", records.INVOICE, card=False),
    _posted_page(147, "Posted Purchase Credit Memos", records.CREDIT_MEMO, card=False),
)
