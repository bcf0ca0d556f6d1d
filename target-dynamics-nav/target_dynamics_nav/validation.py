"""Document × master data → problems. Pure: no I/O.

Everything that can be known before the first write is checked here, and all problems of a document are collected.
What NAV does not tell in advance (mandatory dimensions of an account, blocked combinations, the posting window of the
user) is learnt from NAV's answer to the posting.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from target_dynamics_nav.document import Document, Line, Problem
from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_dynamics_nav.nav.port import MasterData

MAXIMUM_DESCRIPTION_LENGTH = 100
POSTABLE_DIMENSION_VALUE_TYPES = {"Standard", "Begin-Total"}


def validate(document: Document, master_data: MasterData) -> list[Problem]:
    """All problems of a document against what its company knows.

    Args:
        document: A document without upstream problems and without a skip.
        master_data: The company's master data.

    Returns:
        Problems in reading order; empty when the document may be written.
    """
    problems = [*document.problems]
    problems.extend(_dates(document, master_data))
    problems.extend(_vendor(document, master_data))
    problems.extend(_balancing_account(document, master_data))
    problems.extend(_currency(document, master_data))
    problems.extend(_total(document))
    for index, line in enumerate(document.lines):
        problems.extend(_line(index, line, master_data))
    problems.extend(_dimensions(document, master_data))
    return _without_repetition(problems)


def _dates(document: Document, master_data: MasterData) -> Iterator[Problem]:
    posting_date = document.posting_date
    if posting_date is None:
        return
    too_early = master_data.posting_from is not None and posting_date < master_data.posting_from
    too_late = master_data.posting_to is not None and posting_date > master_data.posting_to
    if too_early or too_late:
        yield Problem(
            code="posting_date_outside_window",
            field="posting_date",
            value=posting_date.isoformat(),
            message=(
                f"NAV allows posting from {master_data.posting_from or 'any date'} to "
                f"{master_data.posting_to or 'any date'}; this document is dated {posting_date}."
            ),
            hint="Open the period in NAV (General Ledger Setup), or choose another posting date in the rules.",
        )


def _vendor(document: Document, master_data: MasterData) -> Iterator[Problem]:
    number = document.vendor_number
    if document.kind is DocumentKind.JOURNAL_ENTRY or number is None:
        return
    yield from _vendor_problems("vendor_number", number, master_data)


def _vendor_problems(field: str, number: str, master_data: MasterData) -> Iterator[Problem]:
    vendor = master_data.vendors.get(number.upper())
    if vendor is None:
        yield Problem(
            code="vendor_missing",
            field=field,
            value=number,
            message=f"NAV has no vendor {number}.",
            hint="Create the vendor in NAV, or correct the vendor in the mapping rules.",
        )
    elif vendor.blocked == "All":
        yield Problem(
            code="vendor_blocked",
            field=field,
            value=number,
            message=f"Vendor {number} is blocked in NAV.",
            hint="Unblock the vendor in NAV (field Blocked), or map the report to another vendor.",
        )


def _balancing_account(document: Document, master_data: MasterData) -> Iterator[Problem]:
    if document.kind is not DocumentKind.JOURNAL_ENTRY or document.balancing_account is None:
        return
    account_type, number = document.balancing_account
    field = "balancing_account"
    if account_type == "G/L Account":
        yield from _account_problems(field, number, master_data)
    elif account_type == "Vendor":
        yield from _vendor_problems(field, number, master_data)
    elif account_type == "Bank Account":
        if master_data.bank_accounts is not None and number not in master_data.bank_accounts:
            yield Problem(
                code="bank_account_missing",
                field=field,
                value=number,
                message=f"NAV has no bank account {number}.",
                hint="Create the bank account in NAV, or correct the balancing account in the rules.",
            )
    else:
        yield Problem(
            code="account_type_unsupported",
            field=field,
            value=account_type,
            message=f"A journal cannot be balanced against an account of type {account_type}.",
            hint="Use G/L Account, Vendor or Bank Account in the mapping rules.",
        )


def _currency(document: Document, master_data: MasterData) -> Iterator[Problem]:
    code = (document.currency_code or "").upper()
    if not code or code == master_data.local_currency_code:
        return
    if document.kind is DocumentKind.JOURNAL_ENTRY:
        yield Problem(
            code="journal_currency",
            field="currency_code",
            value=code,
            message=f"Journals are posted in {master_data.local_currency_code} only; this one is in {code}.",
            hint="Map these expenses to purchase invoices, which can be in any currency.",
        )
        return
    if master_data.exchange_rates is None:  # the server does not list them, and judges itself
        return
    rates = master_data.exchange_rates.get(code)
    if rates is None:
        yield Problem(
            code="currency_unknown",
            field="currency_code",
            value=code,
            message=f"NAV does not know the currency {code}.",
            hint="Set the currency up in NAV (Currencies) with an exchange rate.",
        )
    elif document.posting_date and not any(start <= document.posting_date for start in rates):
        yield Problem(
            code="exchange_rate_missing",
            field="currency_code",
            value=code,
            message=f"NAV has no exchange rate for {code} on or before {document.posting_date}.",
            hint="Add the exchange rate in NAV (Currencies, Exchange Rates).",
        )


def _total(document: Document) -> Iterator[Problem]:
    if document.total is None or not document.lines:
        return
    lines_total = sum((line.amount for line in document.lines), Decimal(0))
    adds_up = lines_total == document.total
    if not adds_up and (document.prices_include_tax or not _taxed(document)):
        yield Problem(
            code="total_mismatch",
            field="total",
            value=str(document.total),
            message=f"The lines add up to {lines_total}, but the report's total is {document.total}.",
            hint="Look at the report in Expensify: an expense may have been changed after approval.",
        )
    if document.total < 0 and document.kind is not DocumentKind.JOURNAL_ENTRY:
        yield Problem(
            code="negative_total",
            field="total",
            value=str(document.total),
            message="NAV does not post a document with a negative total.",
            hint="Correct the mapper: a negative invoice is a credit memo, and the other way round.",
        )


def _taxed(document: Document) -> bool:
    """Line amounts without tax do not add up to the total with tax; NAV's own sum is checked on the draft."""
    return any(line.tax_code for line in document.lines)


def _line(index: int, line: Line, master_data: MasterData) -> Iterator[Problem]:
    path = f"lines[{index}]"
    if line.account_type != "G/L Account":
        yield Problem(
            code="account_type_unsupported",
            field=f"{path}.account_type",
            value=line.account_type,
            message=f"Line {index + 1} is for an account of type {line.account_type}; only G/L accounts are posted to.",
            hint="Correct the mapping rules.",
        )
    elif line.account_number:
        yield from _account_problems(f"{path}.account_number", line.account_number, master_data)
    if len(line.description) > MAXIMUM_DESCRIPTION_LENGTH:
        yield Problem(
            code="text_too_long",
            field=f"{path}.description",
            value=f"{len(line.description)} characters",
            message=(
                f"The description of line {index + 1} has {len(line.description)} characters; "
                f"NAV takes {MAXIMUM_DESCRIPTION_LENGTH}."
            ),
            hint="Shorten the description template in the mapping rules.",
        )
    if line.amount == 0:
        yield Problem(
            code="zero_line",
            field=f"{path}.amount",
            value="0",
            message=f"Line {index + 1} has the amount zero, which NAV does not post.",
            hint="Correct the mapper: lines of zero are left out, with a note.",
        )


def _account_problems(field: str, number: str, master_data: MasterData) -> Iterator[Problem]:
    account = master_data.accounts.get(number.upper())
    if account is None:
        yield Problem(
            code="account_missing",
            field=field,
            value=number,
            message=f"NAV has no G/L account {number}.",
            hint="Create the account in NAV, or correct it in the rules or as GL code of the category in Expensify.",
        )
    elif account.account_type != "Posting":
        yield Problem(
            code="account_not_posting_type",
            field=field,
            value=number,
            message=f"G/L account {number} is a {account.account_type} account; nothing can be posted to it.",
            hint="Choose a posting account in the mapping rules.",
        )
    elif account.blocked:
        yield Problem(
            code="account_blocked",
            field=field,
            value=number,
            message=f"G/L account {number} ({account.name}) is blocked in NAV.",
            hint="Unblock the account in NAV, or map the category to another account.",
        )
    elif not account.direct_posting:
        yield Problem(
            code="account_not_direct_posting",
            field=field,
            value=number,
            message=f"G/L account {number} ({account.name}) does not allow direct posting.",
            hint="Allow direct posting on the account in NAV, or map the category to another account.",
        )


def _dimensions(document: Document, master_data: MasterData) -> Iterator[Problem]:
    yield from _dimension_set("dimensions", dict(document.dimensions), master_data)
    for index, line in enumerate(document.lines):
        yield from _dimension_set(f"lines[{index}].dimensions", dict(line.dimensions), master_data)


def _dimension_set(
    field: str, dimensions: dict[str, str], master_data: MasterData
) -> Iterator[Problem]:
    for code, value in dimensions.items():
        if code not in master_data.dimensions:
            yield Problem(
                code="dimension_unknown",
                field=field,
                value=code,
                message=f"NAV has no dimension {code}.",
                hint="Create the dimension in NAV, or correct the dimension code in the mapping rules.",
            )
            continue
        known = master_data.dimension_values.get((code, value))
        if known is None:
            yield Problem(
                code="dimension_value_unknown",
                field=field,
                value=f"{code} {value}",
                message=f"The dimension {code} has no value {value} in NAV.",
                hint="Create the dimension value in NAV, or correct it in Expensify or in the mapping rules.",
            )
        elif known.blocked:
            yield Problem(
                code="dimension_value_blocked",
                field=field,
                value=f"{code} {value}",
                message=f"The value {value} ({known.name}) of dimension {code} is blocked in NAV.",
                hint="Activate the dimension value in NAV, or use another one.",
            )
        elif (
            known.value_type is not None and known.value_type not in POSTABLE_DIMENSION_VALUE_TYPES
        ):
            yield Problem(
                code="dimension_value_type",
                field=field,
                value=f"{code} {value}",
                message=f"The value {value} of dimension {code} is of type {known.value_type}; it only sums others.",
                hint="Use a value of type Standard.",
            )


def _without_repetition(problems: list[Problem]) -> list[Problem]:
    """Ten lines on one blocked account are one thing to fix."""
    seen: dict[tuple[str, str | None], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.code, problem.value), problem)
    return list(seen.values())
