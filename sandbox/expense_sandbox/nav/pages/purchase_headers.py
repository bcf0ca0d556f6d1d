"""What happens when the header of a purchase invoice or credit memo is written through its page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import dimensions, documents, records
from expense_sandbox.nav.company import new_id
from expense_sandbox.nav.errors import callback, dialog, not_in_table
from expense_sandbox.nav.pages import shortcut_dimensions
from expense_sandbox.nav.pages.model import Control, Writes, external_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company

TABLE = "Purchase Header"
MANUAL_NUMBER = (
    "You may not enter numbers manually. If you want to enter numbers manually, please activate "
    "Manual Nos. in No. Series {series}."
)
SERIES = {records.INVOICE: "P-INV", records.CREDIT_MEMO: "P-CR"}


def writes(kind: str) -> Writes:
    """How pages of this kind of document write their headers."""

    def start(company: Company, _parent: Any) -> records.Document:  # noqa: ANN401 - no part
        today = company.today()
        return records.Document(
            id=new_id(),
            kind=kind,
            number="",
            vendor_number="",
            vendor_name="",
            pay_to_vendor_number="",
            pay_to_name="",
            posting_date=today,
            document_date=today,
            due_date=today,
        )

    return Writes(start, validate, insert, change, delete)


def validate(
    company: Company,
    document: records.Document,
    control: Control,
    value: Any,  # noqa: ANN401 - of the control's type
) -> records.Document:
    """The header after one control got a value.

    Raises:
        NavError: As NAV refuses the value.
    """
    position = shortcut_dimensions.position_of(control)
    if position is not None:
        return _with_dimension(company, document, position, value)
    handler = _HANDLERS.get(control.name)
    if handler is not None:
        return handler(company, document, value)
    if control.attribute:
        return replace(document, **{control.attribute: value})
    texts = {**document.texts, external_name(control.name): str(value)}
    return replace(document, texts=texts)


def _with_number(company: Company, document: records.Document, number: str) -> records.Document:
    if number == document.number:
        return document
    if number and not company.quirks.pages.number_series_allow_manual:
        raise dialog(MANUAL_NUMBER.format(series=SERIES[document.kind]))
    return replace(document, number=number)


def _with_vendor(company: Company, document: records.Document, number: str) -> records.Document:
    if number == document.vendor_number:
        return document
    if document.vendor_number:
        raise callback()  # Do you want to change Buy-from Vendor?
    vendor = company.vendors.first("number", number)
    if vendor is None:
        raise not_in_table("Buy-from Vendor No.", TABLE, number, "Vendor")
    if vendor.blocked == "All":
        raise dialog(documents.BLOCKING.format(verb="create", number=number))
    return replace(
        document,
        vendor_number=vendor.number,
        vendor_name=vendor.name,
        pay_to_vendor_number=vendor.number,
        pay_to_name=vendor.name,
        currency_code=vendor.currency_code,
        payment_terms_code=vendor.payment_terms_code,
        prices_include_tax=vendor.prices_include_tax,
        due_date=_due(company, vendor.payment_terms_code, document),
        dimensions=dimensions.inherited(company, {}, [("Vendor", vendor.number)]),
    )


def _due(company: Company, terms_code: str, document: records.Document) -> Any:  # noqa: ANN401
    if document.document_date is None:
        return None
    return documents.due_on(company, terms_code, document.document_date)


def _with_document_date(
    company: Company,
    document: records.Document,
    value: Any,  # noqa: ANN401 - a date or None
) -> records.Document:
    document = replace(document, document_date=value)
    return replace(document, due_date=_due(company, document.payment_terms_code, document))


def _with_posting_date(
    company: Company,
    document: records.Document,
    value: Any,  # noqa: ANN401 - a date or None
) -> records.Document:
    document = replace(document, posting_date=value)
    if company.quirks.pages.posting_date_sets_document_date:
        document = _with_document_date(company, document, value)
    if value is not None:
        company.exchange_rate(document.currency_code, value)
    return document


def _with_currency(company: Company, document: records.Document, code: str) -> records.Document:
    if code and company.currencies.first("code", code) is None:
        raise not_in_table("Currency Code", TABLE, code, "Currency")
    if document.posting_date is not None:
        company.exchange_rate(code, document.posting_date)
    return replace(document, currency_code=code)


def _with_terms(company: Company, document: records.Document, code: str) -> records.Document:
    if code and company.payment_terms.first("code", code) is None:
        raise not_in_table("Payment Terms Code", TABLE, code, "Payment Terms")
    return replace(document, payment_terms_code=code, due_date=_due(company, code, document))


def _with_dimension(
    company: Company, document: records.Document, position: int, value: str
) -> records.Document:
    changed = shortcut_dimensions.written(company, document.dimensions, position, value, TABLE)
    if changed != dict(document.dimensions) and company.lines_of(document.id):
        raise callback()  # Do you want to update the lines?
    return replace(document, dimensions=changed)


_HANDLERS: dict[str, Callable[[Company, records.Document, Any], records.Document]] = {
    "No.": _with_number,
    "Buy-from Vendor No.": _with_vendor,
    "Document Date": _with_document_date,
    "Posting Date": _with_posting_date,
    "Currency Code": _with_currency,
    "Payment Terms Code": _with_terms,
}


def insert(company: Company, document: records.Document) -> records.Document:
    """The new draft as it is in the table, numbered by NAV unless it brings a number.

    Raises:
        NavError: When a number it brings is taken.
    """
    number = document.number or company.next_number(document.kind, "draft")
    return company.documents.put(replace(document, number=number, draft_number=number))


def change(
    company: Company, _before: records.Document, document: records.Document
) -> records.Document:
    """The changed draft as it is in the table; its totals are worked out afterwards."""
    documents.require_draft(document)
    company.touched[document.id] = None
    return company.documents.put(document)


def delete(_books: Books, company: Company, document: records.Document) -> None:
    """Remove a draft with its lines.

    Raises:
        NavError: When a failed posting reserved a number for it: somebody would have to agree.
    """
    if document.reserved_number or company.quirks.pages.shared_number_series:
        raise callback()  # An empty posted document will be created to fill the gap.
    documents.delete(company, document)
