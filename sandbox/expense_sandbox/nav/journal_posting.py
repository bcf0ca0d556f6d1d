"""Posts general journals: the whole batch or nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from expense_sandbox.nav import dimensions, journals, ledger, records
from expense_sandbox.nav.amounts import HUNDRED, ZERO, rounded, shown
from expense_sandbox.nav.company import Company, new_id
from expense_sandbox.nav.documents import BLOCKING, tax_percent
from expense_sandbox.nav.errors import (
    NavError,
    dialog,
    field_validation,
    must_be,
    must_have_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from expense_sandbox.nav.books import Books

LOCAL_PRECISION = Decimal("0.01")
BATCH_NAME_LENGTH = 10
BLANK_TYPE = " "
"""The document type of journal lines that say none: the API cannot set another."""


def post(books: Books, company: Company, journal: records.Journal, *, rename: bool = False) -> int:
    """Post every line of the journal, then delete the lines.

    Args:
        books: Where a transaction is open.
        company: Whose journal.
        journal: The batch.
        rename: Whether a batch whose name holds a number is counted up.

    Returns:
        Number of the G/L register the posting made.

    Raises:
        NavError: With the first reason NAV finds; nothing is posted then.
    """
    lines = [line for line in company.journal_lines_of(journal.id) if _says_something(line)]
    if not lines:
        raise dialog("There is nothing to post.")
    for line in lines:
        _check_line(company, journal, line)
    _check_balance(company, lines)
    _take_numbers(company, journal, lines)
    entries = []
    for line in lines:
        voucher = _voucher(line)
        for movement, vendor in _movements(company, line):
            entries.append((voucher, movement))
            if vendor is not None:
                ledger.enter_vendor(company, voucher, vendor, movement)
    ledger.enter(company, entries)
    for line in company.journal_lines_of(journal.id):
        company.journal_lines.delete(line.id)
    if rename:
        journal = _counted_up(company, journal)
    if company.quirks.leftover_blank_line and not journal.number_series:
        company.journal_lines.put(
            records.JournalLine(id=new_id(), journal_id=journal.id, line_number=10000)
        )
    company.journals.put(journal)
    register = int(company.next_number("G/L Register", "posted"))
    books.commit()
    return register


def _says_something(line: records.JournalLine) -> bool:
    return line.amount != ZERO


def _name(journal: records.Journal, line: records.JournalLine) -> str:
    return (
        f"Gen. Journal Line: Journal Template Name={journal.template}, "
        f"Journal Batch Name={journal.code}, Line No.={line.line_number}"
    )


def _counted_up(company: Company, journal: records.Journal) -> records.Journal:
    """The batch that takes an emptied one's place: `EXP01` is followed by `EXP02`."""
    match = re.fullmatch(r"(.*?)(\d+)(\D*)", journal.code)
    if match is None:
        return journal
    number = str(int(match[2]) + 1).rjust(len(match[2]), "0")
    name = f"{match[1]}{number}{match[3]}"
    if len(name) > BATCH_NAME_LENGTH:
        raise dialog(
            f"Name cannot exceed {BATCH_NAME_LENGTH} characters in Gen. Journal Batch "
            f"Journal Template Name='{journal.template}',Name='{journal.code}'."
        )
    company.journals.delete(journal.id)
    return replace(journal, id=new_id(), code=name)


def _take_numbers(
    company: Company, journal: records.Journal, lines: Sequence[records.JournalLine]
) -> None:
    """Require the numbers of the batch's series, one after another, where it has one.

    Raises:
        NavError: When a document's number is not the next one.
    """
    if not journal.number_series:
        return
    previous = ""
    for line in lines:
        if line.document_number == previous:
            continue
        wanted = f"G{int(company.next_number(journals.SERIES, journal.number_series)):05d}"
        if line.document_number != wanted:
            name = _name(journal, line)
            raise must_be("Document No.", wanted, name, line.document_number)
        previous = line.document_number


def _check_line(company: Company, journal: records.Journal, line: records.JournalLine) -> None:
    name = _name(journal, line)
    if line.posting_date is None:
        raise must_have_value("Posting Date", name)
    if not line.document_number:
        raise must_have_value("Document No.", name)
    if not line.account_number and not line.balancing_account_number:
        raise must_have_value("Account No.", name)
    if not company.posting_is_allowed(line.posting_date):
        raise NavError(
            company.quirks.journal_date_code,
            "Posting Date is not within your range of allowed posting dates in Gen. Journal Line "
            f"Journal Template Name='{journal.template}',Journal Batch Name='{journal.code}',"
            f"Line No.='{line.line_number}'.",
        )
    if line.amount != rounded(line.amount, LOCAL_PRECISION):
        raise dialog(f"{line.amount:,f} needs to be rounded")
    for account_type, number in _sides(line):
        _check_side(company, line, account_type, number)
    _check_dimensions(company, journal, line)


def _sides(line: records.JournalLine) -> Iterator[tuple[str, str]]:
    if line.account_number:
        yield line.account_type, line.account_number
    if line.balancing_account_number:
        yield line.balance_account_type, line.balancing_account_number


def _check_side(
    company: Company, line: records.JournalLine, account_type: str, number: str
) -> None:
    journals.require_account(
        company,
        account_type,
        number,
        missing='The "accountNumber" does not match to an Account.',
        field="Account No.",
    )
    if account_type != "Vendor":
        return
    vendor = company.vendors.first("number", number)
    if vendor is not None and vendor.blocked == "All":
        raise dialog(BLOCKING.format(verb="post", number=number))
    _check_type(company, line)
    if not line.external_document_number:
        if company.quirks.require_vendor_document_number:
            raise must_have_value("External Document No.", "Gen. Journal Line")
        return
    document_type = line.document_type or BLANK_TYPE
    ledger.refuse_duplicate(company, document_type, line.external_document_number, number)


def _check_type(company: Company, line: records.JournalLine) -> None:
    """What a vendor's document type asks of sign and number.

    Raises:
        NavError: When the line does not comply.
    """
    signs = {records.INVOICE: ("negative", -1), records.CREDIT_MEMO: ("positive", 1)}
    if line.document_type not in signs or line.account_type != "Vendor":
        return
    word, sign = signs[line.document_type]
    if line.amount * sign < ZERO:
        raise field_validation(
            f"Amount must be {word} in Gen. Journal Line Line No.='{line.line_number}'."
        )
    used = company.vendor_entries.find("document_number", line.document_number)
    if any(entry.document_type == line.document_type for entry in used):
        raise dialog(f"Purchase {line.document_type} {line.document_number} already exists.")


def _check_dimensions(
    company: Company, journal: records.Journal, line: records.JournalLine
) -> None:
    place = f"Gen. Journal Line {journal.template}, {journal.code}, {line.line_number}"
    problem = dimensions.problem_of_values(company, line.dimensions)
    if problem is not None:
        raise dialog(f"The combination of dimensions used in {place} is blocked. {problem}")
    for account_type, number in _sides(line):
        problem = dimensions.problem_of_rules(company, line.dimensions, account_type, number)
        if problem is not None:
            raise dialog(f"A dimension used in {place} has caused an error. {problem}")


def _check_balance(company: Company, lines: Sequence[records.JournalLine]) -> None:
    by_document = company.quirks.pages.document_balance
    balances: dict[tuple[date | None, str, str], Decimal] = {}
    for line in lines:
        if line.account_number and line.balancing_account_number:
            continue  # balances by itself
        amount = local_amount(company, line)
        if not line.account_number:
            amount = -amount
        document = (line.document_type, line.document_number) if by_document else ("", "")
        key = (line.posting_date, *document)
        balances[key] = balances.get(key, ZERO) + amount
    for (_, document_type, document_number), balance in balances.items():
        if balance == ZERO:
            continue
        if by_document:
            name = f"{document_type} {document_number}" if document_type else document_number
            raise dialog(
                f"Document No. {name} is out of balance by {shown(balance)}. Please check that "
                "Posting Date, Document Type, Document No. and Amount are correct for each line."
            )
        raise dialog(
            f"The lines in Gen. Journal Line are out of balance by {shown(balance)}. Check that "
            "Posting Date and Amount are correct for each line."
        )


def local_amount(company: Company, line: records.JournalLine) -> Decimal:
    """A line's amount in the company's own currency.

    Raises:
        NavError: When its currency has no rate.
    """
    if not line.currency_code or line.posting_date is None:
        return line.amount
    local, foreign = company.exchange_rate(line.currency_code, line.posting_date)
    return rounded(line.amount * local / foreign, LOCAL_PRECISION)


def _voucher(line: records.JournalLine) -> ledger.Voucher:
    if line.posting_date is None:
        raise AssertionError("checked before")
    return ledger.Voucher(
        line.posting_date,
        line.document_type or BLANK_TYPE,
        line.document_number,
        line.external_document_number,
        line.currency_code,
    )


def _movements(
    company: Company, line: records.JournalLine
) -> Iterator[tuple[ledger.Movement, records.Vendor | None]]:
    """What the line moves, with the vendor whose ledger moves along."""
    in_local = local_amount(company, line)
    if line.account_number:
        percent = ZERO
        if line.account_type == records.GL_ACCOUNT:
            percent = tax_percent(company, line.tax_code, journals.TABLE)
        # Journal amounts include tax: it is split off when the line's tax code has a rate.
        tax = rounded(line.amount * percent / (HUNDRED + percent), LOCAL_PRECISION)
        local_tax = (
            tax
            if not line.currency_code
            else rounded(in_local * percent / (HUNDRED + percent), LOCAL_PRECISION)
        )
        net = (line.amount - tax, in_local - local_tax)
        yield _side(company, line, line.account_type, line.account_number, net)
        if tax != ZERO:
            account = company.setup.input_tax_account
            yield _side(company, line, records.GL_ACCOUNT, account, (tax, local_tax))
    if line.balancing_account_number:
        number = line.balancing_account_number
        amounts = (-line.amount, -in_local)
        yield _side(company, line, line.balance_account_type, number, amounts)


def _side(
    company: Company,
    line: records.JournalLine,
    account_type: str,
    number: str,
    amounts: tuple[Decimal, Decimal],
) -> tuple[ledger.Movement, records.Vendor | None]:
    vendor = None
    account = number
    if account_type == "Vendor":
        vendor = company.vendors.first("number", number)
        account = company.setup.payables_account
    elif account_type == "Employee":
        account = company.setup.payables_account
    elif account_type == "Bank Account":
        bank = company.bank_accounts.first("number", number)
        account = bank.gl_account if bank is not None else number
    amount, in_local = amounts
    return ledger.Movement(account, line.description, amount, in_local, line.dimensions), vendor
