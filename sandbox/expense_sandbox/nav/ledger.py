"""Entries of the general ledger and the vendor ledger, as postings write them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from expense_sandbox.nav import records
from expense_sandbox.nav.amounts import ZERO, rounded
from expense_sandbox.nav.company import Company, new_id
from expense_sandbox.nav.errors import NavError, dialog

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date


CENT = Decimal("0.01")


@dataclass(frozen=True)
class Voucher:
    """What all entries of one posted document share."""

    posting_date: date
    document_type: str
    document_number: str
    external_document_number: str
    currency_code: str = ""


@dataclass(frozen=True)
class Movement:
    """One amount on one G/L account; positive is debit."""

    account_number: str
    description: str
    source_amount: Decimal
    local_amount: Decimal
    dimensions: records.Dimensions


def enter(company: Company, entries: Sequence[tuple[Voucher, Movement]]) -> None:
    """Write G/L entries.

    Raises:
        NavError: When they don't add up to nothing, which is a bug of this posting engine.
    """
    total = sum((movement.local_amount for _, movement in entries), ZERO)
    if total != ZERO:
        raise NavError("Internal_ServerError", f"The transaction is out by {total}.", 500)
    for voucher, movement in entries:
        if movement.source_amount == ZERO and movement.local_amount == ZERO:
            continue
        company.ledger_entries.put(
            records.LedgerEntry(
                id=new_id(),
                entry_number=len(company.ledger_entries) + 1,
                posting_date=voucher.posting_date,
                document_number=voucher.document_number,
                document_type=voucher.document_type,
                external_document_number=voucher.external_document_number,
                account_number=movement.account_number,
                description=movement.description,
                amount=rounded(movement.local_amount, CENT),
                source_currency_code=voucher.currency_code,
                source_amount=rounded(movement.source_amount, CENT),
                dimensions=movement.dimensions,
            )
        )


def enter_vendor(
    company: Company, voucher: Voucher, vendor: records.Vendor, movement: Movement
) -> None:
    """Write the vendor ledger entry that goes with a movement on the payables account."""
    company.vendor_entries.put(
        records.VendorEntry(
            id=new_id(),
            entry_number=len(company.vendor_entries) + 1,
            vendor_number=vendor.number,
            posting_date=voucher.posting_date,
            document_type=voucher.document_type,
            document_number=voucher.document_number,
            external_document_number=voucher.external_document_number,
            description=movement.description,
            currency_code=voucher.currency_code,
            amount=rounded(movement.source_amount, CENT),
            local_amount=rounded(movement.local_amount, CENT),
            dimensions=movement.dimensions,
        )
    )


def refuse_duplicate(
    company: Company, document_type: str, external_number: str, vendor_number: str
) -> None:
    """Refuse an external number the vendor has already used for this type of document.

    Raises:
        NavError: When it has.
    """
    if not external_number:
        return
    key = (document_type, external_number, vendor_number)
    if company.vendor_entries.first("external", key) is not None:
        raise dialog(f"Purchase {document_type} {external_number} already exists for this vendor.")


def account_sums(company: Company) -> dict[str, Decimal]:
    """Net change of every account that moved, by number."""
    sums: dict[str, Decimal] = {}
    entries: Iterable[records.LedgerEntry] = company.ledger_entries
    for entry in entries:
        sums[entry.account_number] = sums.get(entry.account_number, ZERO) + entry.amount
    return sums
