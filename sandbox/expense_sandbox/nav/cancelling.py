"""Cancels posted purchase documents: the opposite document is posted, both say what they are now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expense_sandbox.nav import posting, records
from expense_sandbox.nav.company import new_id
from expense_sandbox.nav.errors import NavError, dialog

if TYPE_CHECKING:
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company

CANCELED = "Canceled"
CORRECTIVE = "Corrective"
OPPOSITE = {records.INVOICE: records.CREDIT_MEMO, records.CREDIT_MEMO: records.INVOICE}


def cancel_invoice(books: Books, company: Company, invoice: records.Document) -> None:
    """What the Cancel button of a posted invoice does; the API has no such action.

    The invoice's entry stays as it is, so its vendor invoice number is used up for good.

    Raises:
        NavError: When it is not posted, or canceled or corrective already.
    """
    if not invoice.posted:
        raise dialog("The action can be applied to a posted invoice only.")
    if invoice.status == CANCELED:
        raise dialog(
            "You cannot cancel this posted purchase invoice because it has already been canceled."
        )
    if invoice.status == CORRECTIVE:
        raise dialog(
            "You cannot cancel this posted purchase invoice because it represents a correction of "
            "a credit memo."
        )
    _reverse(books, company, invoice)


def cancel_credit_memo(books: Books, company: Company, credit_memo: records.Document) -> None:
    """The action `Microsoft.NAV.cancel`: only for what canceling an invoice made.

    Raises:
        NavError: As NAV refuses it.
    """
    if not credit_memo.posted:
        raise dialog("The action can be applied to a posted credit memo only.")
    if credit_memo.status == CANCELED:
        raise dialog("The credit memo cannot be cancelled because it has already been canceled.")
    if credit_memo.status != CORRECTIVE:
        raise dialog(
            "You cannot cancel this posted purchase credit memo because it is not a corrective "
            "document."
        )
    try:
        _reverse(books, company, credit_memo)
    except NavError as error:
        raise dialog(
            "Canceling the credit memo failed because of the following error: "
            f"\\\\{error.message}\\\\An invoice is created but not posted."
        ) from error


def _reverse(books: Books, company: Company, document: records.Document) -> None:
    kind = OPPOSITE[document.kind]
    number = company.next_number(kind, "draft")
    opposite = company.documents.put(
        replace(
            document,
            id=new_id(),
            kind=kind,
            number=number,
            draft_number=number,
            reserved_number="",
            status="Draft",
            external_number=document.number,
            applies_to_number=document.number,
        )
    )
    for line in company.lines_of(document.id):
        company.document_lines.put(replace(line, id=new_id(), document_id=opposite.id))
    posting.post(books, company, opposite)
    posted = company.documents.get(opposite.id)
    if posted is None:
        raise AssertionError("posting keeps ids")
    company.documents.put(replace(posted, status=CORRECTIVE))
    company.documents.put(replace(document, status=CANCELED))
