"""What is sent to NAV for a document. Pure: no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.errors import DocumentError
from target_dynamics_nav.nav.port import DraftDocument, DraftLine

if TYPE_CHECKING:
    from target_dynamics_nav.document import Document


def as_draft(document: Document, local_currency_code: str) -> DraftDocument:
    """The draft to create for a validated document.

    Args:
        document: The document.
        local_currency_code: The company's own currency, which is sent as blank, as NAV stores it.

    Raises:
        DocumentError: If something is missing that validation let through.
    """
    if document.posting_date is None or document.document_date is None or document.total is None:
        raise DocumentError("The document is incomplete.", code="field_missing")
    currency_code = (document.currency_code or "").upper()
    return DraftDocument(
        kind=document.kind,
        key=document.key,
        vendor_number=document.vendor_number.upper() if document.vendor_number else None,
        balancing_account=document.balancing_account,
        posting_date=document.posting_date,
        document_date=document.document_date,
        due_date=document.due_date,
        currency_code=None if currency_code in {"", local_currency_code} else currency_code,
        prices_include_tax=document.prices_include_tax,
        total=document.total,
        description=document.description,
        dimensions=dict(document.dimensions),
        lines=[
            DraftLine(
                account_type=line.account_type,
                account_number=line.account_number,
                description=line.description,
                amount=line.amount,
                tax_code=line.tax_code,
                dimensions=dict(line.dimensions),
            )
            for line in document.lines
        ],
    )
