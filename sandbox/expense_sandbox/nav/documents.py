"""Draft purchase invoices and credit memos: created, changed, deleted, added up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import attachments, dimensions, records
from expense_sandbox.nav.amounts import ZERO, LineValue, rounded, taxed
from expense_sandbox.nav.company import Company, new_id
from expense_sandbox.nav.errors import dialog, must_be, not_in_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

NO_ID = "00000000-0000-0000-0000-000000000000"
PLAIN_HEADER_FIELDS = (
    "external_number", "purchaser", "prices_include_tax", "discount_amount",
)  # fmt: skip
NO_INVOICE_DISCOUNT = (
    "You cannot apply an invoice discount because the document does not include lines where the "
    "Allow Invoice Disc. field is selected."
)
"""Lines for G/L accounts, the only ones there are here, never allow it."""
BLOCKING = "You cannot {verb} this type of document when Vendor {number} is blocked with type All"


def noun(kind: str) -> str:
    """What NAV's messages call the kind of document."""
    return "invoice" if kind == records.INVOICE else "credit memo"


def create(company: Company, kind: str, fields: Mapping[str, Any]) -> records.Document:
    """A draft without lines.

    Args:
        company: Whose document.
        kind: `records.INVOICE` or `records.CREDIT_MEMO`.
        fields: Values of `records.Document` by name, with `vendor_id`, `currency_id`,
            `pay_to_vendor_id` and `shortcut_dimension1_code` beside them, as far as given.

    Raises:
        NavError: As NAV refuses the header.
    """
    if not _given(fields, "vendor_id") and not fields.get("vendor_number"):
        raise dialog('A "vendorNumber" or a "vendorID" must be provided.')
    number = company.next_number(kind, "draft")
    vendor = _vendor(company, fields, "vendor", "The vendor cannot be found.")
    pay_to = (
        _vendor(company, fields, "pay_to_vendor", "The pay-to vendor cannot be found.")
        if _given(fields, "pay_to_vendor_id") or fields.get("pay_to_vendor_number")
        else vendor
    )
    posting_date = fields.get("posting_date") or fields.get("document_date") or company.today()
    document_date = fields.get("document_date") or posting_date
    document = records.Document(
        id=new_id(),
        kind=kind,
        number=number,
        draft_number=number,
        vendor_number=vendor.number,
        vendor_name=vendor.name,
        pay_to_vendor_number=pay_to.number,
        pay_to_name=pay_to.name,
        posting_date=posting_date,
        document_date=document_date,
        due_date=fields.get("due_date")
        or due_on(company, pay_to.payment_terms_code, document_date),
        currency_code=vendor.currency_code,
        payment_terms_code=pay_to.payment_terms_code,
        prices_include_tax=vendor.prices_include_tax,
        dimensions=dimensions.inherited(company, {}, [("Vendor", pay_to.number)]),
    )
    document = _with_fields(company, document, fields)
    if "due_date" not in fields and document.payment_terms_code != pay_to.payment_terms_code:
        document = replace(
            document, due_date=due_on(company, document.payment_terms_code, document_date)
        )
    company.exchange_rate(document.currency_code, posting_date)
    return company.documents.put(document)


def change(
    company: Company, document: records.Document, fields: Mapping[str, Any]
) -> records.Document:
    """The draft with other header fields.

    Raises:
        NavError: As NAV refuses the change, always for posted documents.
    """
    require_draft(document)
    if fields.get("vendor_number") or _given(fields, "vendor_id"):
        vendor = _vendor(company, fields, "vendor", "The vendor cannot be found.")
        if vendor.number != document.vendor_number:
            document = replace(
                document,
                vendor_number=vendor.number,
                vendor_name=vendor.name,
                pay_to_vendor_number=vendor.number,
                pay_to_name=vendor.name,
                dimensions=dimensions.inherited(
                    company, document.dimensions, [("Vendor", vendor.number)]
                ),
            )
    if fields.get("pay_to_vendor_number") or _given(fields, "pay_to_vendor_id"):
        pay_to = _vendor(company, fields, "pay_to_vendor", "The pay-to vendor cannot be found.")
        document = replace(document, pay_to_vendor_number=pay_to.number, pay_to_name=pay_to.name)
    given_dates = {
        name: fields[name]
        for name in ("posting_date", "document_date", "due_date")
        if name in fields
    }
    document = _with_fields(company, replace(document, **given_dates), fields)
    if document.posting_date is not None:
        company.exchange_rate(document.currency_code, document.posting_date)
    company.touched[document.id] = None
    return company.documents.put(document)


def delete(company: Company, document: records.Document) -> None:
    """Remove a draft with its lines.

    Raises:
        NavError: When it is posted.
    """
    require_draft(document)
    for line in company.lines_of(document.id):
        company.document_lines.delete(line.id)
    company.touched.pop(document.id, None)
    attachments.remove_all(company, document.id)
    company.documents.delete(document.id)


def require_draft(document: records.Document) -> None:
    """Refuse to touch what is posted.

    Raises:
        NavError: When it is.
    """
    if document.posted:
        raise dialog(f"The {noun(document.kind)} has been posted and can no longer be modified.")


def settle(company: Company) -> None:
    """Work out tax and totals of the documents written to since the last call."""
    for document_id in list(company.touched):
        document = company.documents.get(document_id)
        if document is not None:
            _add_up(company, document)
    company.touched.clear()


def _add_up(company: Company, document: records.Document) -> None:
    precision = company.precision_of(document.currency_code)
    lines = company.lines_of(document.id)
    values = [
        LineValue(
            rounded(line.quantity * line.unit_cost, precision) - line.discount_amount,
            line.tax_code,
            line.tax_percent,
        )
        for line in lines
    ]
    amounts = taxed(values, prices_include_tax=document.prices_include_tax, precision=precision)
    for line, amount in zip(lines, amounts, strict=True):
        computed = (amount.excluding_tax, amount.tax, amount.including_tax)
        if computed != (line.amount_excluding_tax, line.tax_amount, line.amount_including_tax):
            company.document_lines.put(
                replace(
                    line,
                    amount_excluding_tax=amount.excluding_tax,
                    tax_amount=amount.tax,
                    amount_including_tax=amount.including_tax,
                )
            )
    excluding = sum((amount.excluding_tax for amount in amounts), ZERO)
    tax = sum((amount.tax for amount in amounts), ZERO)
    company.documents.put(
        replace(
            document,
            total_excluding_tax=excluding,
            total_tax=tax,
            total_including_tax=excluding + tax,
        )
    )


def _with_fields(
    company: Company, document: records.Document, fields: Mapping[str, Any]
) -> records.Document:
    plain = {name: fields[name] for name in PLAIN_HEADER_FIELDS if name in fields}
    if plain.get("discount_amount", ZERO) != ZERO:
        raise dialog(NO_INVOICE_DISCOUNT)
    texts = {**document.texts, **fields.get("texts", {})}
    currency: dict[str, Any] = {}
    if _given(fields, "currency_id") or "currency_code" in fields:
        currency = {"currency_code": _currency(company, fields)}
    if _given(fields, "payment_terms_id"):
        terms = company.payment_terms.get(fields["payment_terms_id"])
        if terms is None:
            raise dialog('The "paymentTermsId" does not match to a Payment Terms.')
        plain["payment_terms_code"] = terms.code
    return replace(
        document,
        **plain,
        **currency,
        texts=texts,
        dimensions=dimensions.shortcuts(company, document.dimensions, fields),
    )


def _given(fields: Mapping[str, Any], name: str) -> bool:
    return fields.get(name, NO_ID) not in {NO_ID, ""}


def _vendor(
    company: Company, fields: Mapping[str, Any], prefix: str, missing: str
) -> records.Vendor:
    number = fields.get(f"{prefix}_number", "")
    vendor = (
        company.vendors.get(fields[f"{prefix}_id"])
        if _given(fields, f"{prefix}_id")
        else company.vendors.first("number", number)
    )
    if vendor is None or (number and vendor.number != number):
        raise dialog(missing)
    if vendor.blocked == "All":
        raise dialog(BLOCKING.format(verb="create", number=vendor.number))
    return vendor


def _currency(company: Company, fields: Mapping[str, Any]) -> str:
    code = fields.get("currency_code", "")
    if code == company.setup.local_currency_code:
        code = ""
    if _given(fields, "currency_id"):
        currency = company.currencies.get(fields["currency_id"])
        if currency is None:
            raise dialog('The "currencyId" does not match to a Currency.')
        if code and currency.code != code:
            raise dialog("The currency values do not match to a specific Currency.")
        return currency.code
    if code and company.currencies.first("code", code) is None:
        raise dialog('The "currencyCode" does not match to a Currency.')
    return str(code)


def due_on(company: Company, terms_code: str, document_date: date) -> date:
    """When a document of this date is due by its payment terms."""
    terms = company.payment_terms.first("code", terms_code)
    return document_date + timedelta(days=terms.days if terms is not None else 0)


def require_usable(account: records.Account) -> None:
    """Refuse accounts nothing may be booked to directly.

    Raises:
        NavError: With the first field that stands in the way.
    """
    record = f"G/L Account: No.={account.number}"
    if account.account_type != "Posting":
        raise must_be("Account Type", "Posting", record, account.account_type)
    if account.blocked:
        raise must_be("Blocked", "No", record, "Yes")
    if not account.direct_posting:
        raise must_be("Direct Posting", "Yes", record, "No")


def tax_percent(company: Company, tax_code: str, table: str) -> Decimal:
    """The rate of a tax code.

    Raises:
        NavError: When the company has no such code.
    """
    if not tax_code:
        return ZERO
    rate = company.setup.tax_rates.get(tax_code)
    if rate is None:
        raise not_in_table("VAT Prod. Posting Group", table, tax_code, "VAT Product Posting Group")
    return rate
