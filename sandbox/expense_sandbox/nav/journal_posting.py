"""Posts general journals: the whole batch or nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from expense_sandbox.nav import dimensions, journals, ledger, records
from expense_sandbox.nav.amounts import HUNDRED, ZERO, rounded, shown
from expense_sandbox.nav.company import Company, new_id
from expense_sandbox.nav.documents import BLOCKING, tax_percent
from expense_sandbox.nav.errors import NavError, dialog, must_have_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from expense_sandbox.nav.books import Books

LOCAL_PRECISION = Decimal("0.01")
BLANK_TYPE = " "
"""The document type of journal lines: the API cannot set another."""


def post(books: Books, company: Company, journal: records.Journal) -> int:
    """Post every line of the journal, then delete the lines.

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
    _check_balance(lines)
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
    if company.quirks.leftover_blank_line:
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
    if not line.external_document_number:
        if company.quirks.require_vendor_document_number:
            raise must_have_value("External Document No.", "Gen. Journal Line")
        return
    ledger.refuse_duplicate(company, BLANK_TYPE, line.external_document_number, number)


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


def _check_balance(lines: Sequence[records.JournalLine]) -> None:
    balances: dict[tuple[date | None, str], Decimal] = {}
    for line in lines:
        if line.account_number and line.balancing_account_number:
            continue  # balances by itself
        amount = line.amount if line.account_number else -line.amount
        key = (line.posting_date, line.document_number)
        balances[key] = balances.get(key, ZERO) + amount
    for (_, document_number), balance in balances.items():
        if balance != ZERO:
            raise dialog(
                f"Document No. {document_number} is out of balance by {shown(balance)}. Please "
                "check that Posting Date, Document Type, Document No. and Amount are correct "
                "for each line."
            )


def _voucher(line: records.JournalLine) -> ledger.Voucher:
    if line.posting_date is None:
        raise AssertionError("checked before")
    return ledger.Voucher(
        line.posting_date, BLANK_TYPE, line.document_number, line.external_document_number
    )


def _movements(
    company: Company, line: records.JournalLine
) -> Iterator[tuple[ledger.Movement, records.Vendor | None]]:
    """What the line moves, with the vendor whose ledger moves along."""
    if line.account_number:
        percent = ZERO
        if line.account_type == records.GL_ACCOUNT:
            percent = tax_percent(company, line.tax_code, journals.TABLE)
        # Journal amounts include tax: it is split off when the line's tax code has a rate.
        tax = rounded(line.amount * percent / (HUNDRED + percent), LOCAL_PRECISION)
        yield _side(company, line, line.account_type, line.account_number, line.amount - tax)
        if tax != ZERO:
            account = company.setup.input_tax_account
            yield _side(company, line, records.GL_ACCOUNT, account, tax)
    if line.balancing_account_number:
        number = line.balancing_account_number
        yield _side(company, line, line.balance_account_type, number, -line.amount)


def _side(
    company: Company, line: records.JournalLine, account_type: str, number: str, amount: Decimal
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
    return ledger.Movement(account, line.description, amount, amount, line.dimensions), vendor
