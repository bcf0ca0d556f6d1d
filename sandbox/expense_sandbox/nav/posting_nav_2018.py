"""Codeunit 90 of NAV 2018: the checks before posting, in its order and in its words.

They come before a posting number is taken, unlike some of Business Central's: a document that
fails one of them can still be deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expense_sandbox.nav import dimensions, posting, records
from expense_sandbox.nav.amounts import ZERO
from expense_sandbox.nav.errors import NavError, dialog, must_have_value

if TYPE_CHECKING:
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company

NOTHING_TO_POST = "There is nothing to post."
NO_EXTERNAL_NUMBER = (
    "You need to enter the document number of the document from the vendor in the {field} field, "
    "so that this document stays linked to the original."
)


def post(books: Books, company: Company, document: records.Document) -> None:
    """Post a draft, or leave it a draft; its posting number is taken once the checks are passed.

    Raises:
        NavError: With the first reason NAV finds.
    """
    _check(company, document)
    try:
        posting.post(books, company, document)
    except NavError as error:
        # Business Central tells every reason as a message of its own; NAV lets it through.
        if isinstance(error.__cause__, NavError):
            raise error.__cause__ from None
        raise


def _check(company: Company, document: records.Document) -> None:
    record = f"Purchase Header: Document Type={document.kind}, No.={document.number}"
    required = {
        "Buy-from Vendor No.": document.vendor_number,
        "Pay-to Vendor No.": document.pay_to_vendor_number,
        "Posting Date": document.posting_date,
        "Document Date": document.document_date,
    }
    for field, value in required.items():
        if not value:
            raise must_have_value(field, record)
    if document.posting_date is not None and not company.posting_is_allowed(document.posting_date):
        raise dialog(
            "Posting Date is not within your range of allowed posting dates in Purchase Header "
            f"Document Type='{document.kind}',No.='{document.number}'."
        )
    _check_dimensions(company, document)
    if document.due_date is None:
        raise must_have_value("Due Date", record)
    if all(line.quantity == ZERO for line in company.lines_of(document.id)):
        raise dialog(NOTHING_TO_POST)
    if not document.external_number and company.quirks.require_vendor_document_number:
        invoice = document.kind == records.INVOICE
        field = "Vendor Invoice No." if invoice else "Vendor Cr. Memo No."
        raise dialog(NO_EXTERNAL_NUMBER.format(field=field))


def _check_dimensions(company: Company, document: records.Document) -> None:
    place = f"{document.kind} {document.number}"
    owner = ("Vendor", document.pay_to_vendor_number)
    _check_set(company, document.dimensions, place, owner)
    for line in company.lines_of(document.id):
        if line.quantity != ZERO:
            owner = (records.GL_ACCOUNT, line.account_number)
            _check_set(company, line.dimensions, f"{place}, line no. {line.sequence}", owner)


def _check_set(
    company: Company, dimension_set: records.Dimensions, place: str, owner: tuple[str, str]
) -> None:
    problem = dimensions.problem_of_values(company, dimension_set)
    if problem is not None:
        raise dialog(
            f"The combination of dimensions used in {place} is blocked (Error: {problem})."
        )
    for default in company.defaults_of(*owner):
        problem = _broken_rule(default, dimension_set.get(default.dimension_code, ""))
        if problem is not None:
            raise dialog(f"The dimensions used in {place} are invalid (Error: {problem}).")


def _broken_rule(default: records.DefaultDimension, current: str) -> str | None:
    code, wanted = default.dimension_code, default.value_code
    owner = f"{default.parent_type} {default.parent_number}"
    if default.posting_rule == "Code Mandatory" and not current:
        return f"Select a Dimension Value Code for the Dimension Code {code} for {owner}."
    if default.posting_rule == "Same Code" and wanted and current != wanted:
        return f"Select Dimension Value Code {wanted} for the Dimension Code {code} for {owner}."
    forbidden = default.posting_rule == "No Code" or (
        default.posting_rule == "Same Code" and not wanted
    )
    if forbidden and current:
        return f"Dimension Code {code} must not be mentioned for {owner}."
    return None
