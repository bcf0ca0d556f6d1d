"""Posts purchase invoices and credit memos."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from expense_sandbox.nav import dimensions, ledger, records
from expense_sandbox.nav.amounts import ZERO, shown, to_local
from expense_sandbox.nav.documents import BLOCKING, noun, require_usable
from expense_sandbox.nav.errors import NavError, dialog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company

NOTHING_TO_POST = (
    "There is nothing to post because the document does not contain a quantity or amount."
)
LOCAL_PRECISION = Decimal("0.01")


def post(books: Books, company: Company, document: records.Document) -> None:
    """Post a draft, or leave it a draft with its posting number reserved.

    Raises:
        NavError: With the first reason NAV finds, always as `Application_DialogException`:
            purchase posting collects its errors and reports one.
    """
    if document.posted:
        raise dialog(f"The action can be applied to a draft {noun(document.kind)} only.")
    if document.kind == records.CREDIT_MEMO and not company.lines_of(document.id):
        raise dialog("Please add at least one line item to the credit memo.")
    if company.posting_setup.approval_required and document.applies_to_number == "":
        raise dialog(
            f"Purchase {document.kind} {document.number} must be approved and released before you "
            "can perform this action."
        )
    # NAV commits before the posting routine starts: what a batch wrote so far stays.
    books.commit()
    try:
        _post_checked(books, company, document)
    except NavError as error:
        raise dialog(error.message) from error


def _post_checked(books: Books, company: Company, document: records.Document) -> None:
    lines = [line for line in company.lines_of(document.id) if line.quantity != ZERO]
    _check_header(company, document)
    if not lines:
        raise dialog(NOTHING_TO_POST)
    if not document.reserved_number:
        number = company.next_number(document.kind, "posted")
        document = company.documents.put(replace(document, reserved_number=number))
        books.commit()
    _check_dimensions(company, document, lines)
    for line in lines:
        account = company.accounts.first("number", line.account_number)
        if account is None:
            raise dialog(f"The G/L Account does not exist. No.='{line.account_number}'")
        require_usable(account)
    ledger.refuse_duplicate(
        company, document.kind, document.external_number, document.pay_to_vendor_number
    )
    _refuse_wrong_sign(document)
    _enter(company, document, lines)
    company.documents.put(replace(document, number=document.reserved_number, status="Open"))


def _check_header(company: Company, document: records.Document) -> None:
    for number in (document.vendor_number, document.pay_to_vendor_number):
        vendor = company.vendors.first("number", number)
        if vendor is None:
            raise dialog(f"The Vendor does not exist. No.='{number}'")
        if vendor.blocked == "All":
            raise dialog(BLOCKING.format(verb="post", number=number))
    record = f"Purchase Header: Document Type={document.kind}, No.={document.number}"
    if document.posting_date is None or document.due_date is None:
        field = "Posting Date" if document.posting_date is None else "Due Date"
        raise dialog(f"{field} must have a value in {record}. It cannot be zero or empty.")
    if not company.posting_is_allowed(document.posting_date):
        raise dialog("Posting Date is not within your range of allowed posting dates.")
    if not document.external_number and company.quirks.require_vendor_document_number:
        field = "Vendor Invoice No." if document.kind == records.INVOICE else "Vendor Cr. Memo No."
        raise dialog(
            "You need to enter the document number of the document from the vendor in the "
            f"{field} field, so that this document stays linked to the original."
        )
    company.exchange_rate(document.currency_code, document.posting_date)


def _check_dimensions(
    company: Company, document: records.Document, lines: Sequence[records.DocumentLine]
) -> None:
    places = [(f"{document.kind} {document.number}", document.dimensions)]
    places += [
        (f"{document.kind} {document.number}, line no. {line.sequence}", line.dimensions)
        for line in lines
    ]
    for place, dimension_set in places:
        problem = dimensions.problem_of_values(company, dimension_set)
        if problem is not None:
            lead = f"The combination of dimensions used in {place} is blocked."
            raise dialog(lead if company.quirks.invoice_dimension_lead else problem)
    problem = dimensions.problem_of_rules(
        company, document.dimensions, "Vendor", document.pay_to_vendor_number
    )
    for line in lines:
        problem = problem or dimensions.problem_of_rules(
            company, line.dimensions, records.GL_ACCOUNT, line.account_number
        )
    if problem is not None:
        raise dialog(problem)


def _refuse_wrong_sign(document: records.Document) -> None:
    if document.total_including_tax < ZERO:
        sign = "negative" if document.kind == records.INVOICE else "positive"
        raise dialog(
            f"Amount must be {sign} in Gen. Journal Line: Journal Template Name=, "
            f"Journal Batch Name=, Line No.=0. Current value is "
            f"{shown(abs(document.total_including_tax))}."
        )


def _enter(
    company: Company, document: records.Document, lines: Sequence[records.DocumentLine]
) -> None:
    posting_date = document.posting_date
    vendor = company.vendors.first("number", document.pay_to_vendor_number)
    if posting_date is None or vendor is None:
        raise AssertionError("checked before")
    voucher = ledger.Voucher(
        posting_date,
        document.kind,
        document.reserved_number,
        document.external_number,
        document.currency_code,
    )
    sign = 1 if document.kind == records.INVOICE else -1
    setup = company.setup
    posted = [
        (line.account_number, line.description, sign * line.amount_excluding_tax, line.dimensions)
        for line in lines
    ]
    title = f"{document.kind} {document.draft_number}"
    posted += [
        (setup.input_tax_account, title, sign * line.tax_amount, line.dimensions)
        for line in lines
        if line.tax_amount != ZERO
    ]
    local, foreign = company.exchange_rate(document.currency_code, posting_date)
    local_amounts = to_local((row[2] for row in posted), local, foreign, LOCAL_PRECISION)
    movements = [
        ledger.Movement(account, text, amount, local_amount, dimension_set)
        for (account, text, amount, dimension_set), local_amount in zip(
            posted, local_amounts, strict=True
        )
    ]
    payable = ledger.Movement(
        setup.payables_account,
        title,
        -sum((movement.source_amount for movement in movements), ZERO),
        -sum((movement.local_amount for movement in movements), ZERO),
        document.dimensions,
    )
    ledger.enter(company, [(voucher, movement) for movement in (*movements, payable)])
    ledger.enter_vendor(company, voucher, vendor, payable)
