"""General journals and their lines, before posting."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import dimensions, records
from expense_sandbox.nav.company import Company, new_id, next_sequence
from expense_sandbox.nav.documents import NO_ID, require_usable, tax_percent
from expense_sandbox.nav.errors import NavError, dialog, must_have_value, not_in_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.store import Record

TABLE = "Gen. Journal Line"
BY_ID = (records.GL_ACCOUNT, "Bank Account")
_VISIBLE_TYPES = (records.GL_ACCOUNT, "Customer", "Vendor", "Bank Account")
DOCUMENT_NUMBER_LENGTH = 20
DEFAULT_TEMPLATE = "GENERAL"
SERIES = "Journal"
"""The numbers of journals' number series."""


def is_visible(company: Company, line: records.JournalLine) -> bool:
    """Whether the journal lines' page shows the line."""
    if line.account_type == "Employee":
        return company.quirks.employee_journal_lines == "visible"
    return line.account_type in _VISIBLE_TYPES


def duplicate_key(company: Company, table: str, key: str) -> NavError:
    """The refusal of a second record with the same primary key."""
    return NavError(
        "Internal_EntityWithSameKeyExists",
        f"The record in table {table} already exists. Identification fields and values: {key}",
        company.quirks.duplicate_key_status,
    )


def create(company: Company, fields: Mapping[str, Any]) -> records.Journal:
    """A journal without lines.

    Raises:
        NavError: Without a code, or with one that is taken.
    """
    journal = _with_balance(
        company, records.Journal(id=new_id(), code=fields.get("code", "")), fields
    )
    plain = {name: fields[name] for name in ("display_name", "template") if fields.get(name)}
    journal = replace(journal, **plain)
    if not journal.code:
        raise must_have_value(
            "Name", f"Gen. Journal Batch: Journal Template Name={journal.template}, Name="
        )
    _refuse_taken_code(company, journal)
    return company.journals.put(journal)


def change(
    company: Company, journal: records.Journal, fields: Mapping[str, Any]
) -> records.Journal:
    """The journal with other fields.

    Raises:
        NavError: As NAV refuses the change.
    """
    changed = _with_balance(company, journal, fields)
    plain = {name: fields[name] for name in ("code", "display_name", "template") if name in fields}
    changed = replace(changed, **plain)
    if (changed.template, changed.code) != (journal.template, journal.code):
        _refuse_taken_code(company, changed)
    return company.journals.put(changed)


def delete(company: Company, journal: records.Journal) -> None:
    """Remove a journal with its lines."""
    for line in company.journal_lines_of(journal.id):
        company.journal_lines.delete(line.id)
    company.journals.delete(journal.id)


def _refuse_taken_code(company: Company, journal: records.Journal) -> None:
    if company.journals.first("key", (journal.template, journal.code)) is not None:
        key = f"Journal Template Name='{journal.template}',Name='{journal.code}'"
        raise duplicate_key(company, "Gen. Journal Batch", key)


def _with_balance(
    company: Company, journal: records.Journal, fields: Mapping[str, Any]
) -> records.Journal:
    account_id = fields.get("balancing_account_id")
    if account_id is None:
        return journal
    if account_id == NO_ID:
        return replace(journal, balancing_account_number="")
    account = company.accounts.get(account_id)
    if account is None:
        raise dialog('The "balancingAccountId" does not match to an Account.')
    return replace(journal, balancing_account_number=account.number)


def create_line(
    company: Company, parent: Record | None, fields: Mapping[str, Any]
) -> records.JournalLine:
    """One more line of a journal.

    Args:
        company: Whose journal.
        parent: The journal, or None when `fields` names it by `journal_id`.
        fields: Values of `records.JournalLine` by name, with `account_id` and
            `balancing_account_id` beside them, in the order in which NAV is to validate them.

    Raises:
        NavError: As NAV refuses the line.
    """
    journal = parent or company.journals.get(fields.get("journal_id", ""))
    if not isinstance(journal, records.Journal):
        raise dialog("You must specify a journal batch ID or a journal ID to get a journal line.")
    lines = company.journal_lines_of(journal.id)
    last = lines[-1] if lines else None
    number = fields.get("line_number") or next_sequence(line.line_number for line in lines)
    if number in {line.line_number for line in lines}:
        raise _taken_line(company, journal, number)
    line = records.JournalLine(
        id=new_id(),
        journal_id=journal.id,
        line_number=number,
        posting_date=(last.posting_date if last is not None else None) or company.today(),
        document_number=last.document_number if last is not None else "",
        balance_account_type=journal.balance_account_type,
        balancing_account_number=journal.balancing_account_number,
    )
    line = _validated(company, line, fields)
    if not line.document_number and line.external_document_number:
        derived = line.external_document_number[:DOCUMENT_NUMBER_LENGTH]
        line = replace(line, document_number=derived)
    return company.journal_lines.put(line)


def change_line(
    company: Company, line: records.JournalLine, fields: Mapping[str, Any]
) -> records.JournalLine:
    """The line with other fields.

    Raises:
        NavError: As NAV refuses the change.
    """
    if fields.get("journal_id", line.journal_id) != line.journal_id:
        raise dialog("The Journal Batch Id isn't editable.")
    number = fields.get("line_number") or line.line_number
    if number != line.line_number:
        journal = company.journals.get(line.journal_id)
        taken = {other.line_number for other in company.journal_lines_of(line.journal_id)}
        if journal is not None and number in taken:
            raise _taken_line(company, journal, number)
        line = replace(line, line_number=number)
    return company.journal_lines.put(_validated(company, line, fields))


def _taken_line(company: Company, journal: records.Journal, number: int) -> NavError:
    return duplicate_key(
        company,
        TABLE,
        f"Journal Template Name='{journal.template}',Journal Batch Name='{journal.code}',"
        f"Line No.='{number}'",
    )


def _validated(
    company: Company, line: records.JournalLine, fields: Mapping[str, Any]
) -> records.JournalLine:
    plain = {
        "posting_date", "document_number", "external_document_number", "description", "comment",
    }  # fmt: skip
    for name, value in fields.items():
        if name == "account_type" and value != line.account_type:
            line = replace(line, account_type=value, account_number="")
        elif name == "account_id" and value not in {NO_ID, ""}:
            line = _with_account(company, line, _number_of(company, line, value, fields))
        elif name == "account_number" and value:
            line = _with_account(company, line, value)
        elif name == "balance_account_type":
            line = replace(line, balance_account_type=value)
        elif name == "balancing_account_id" and value not in {NO_ID, ""}:
            account = company.accounts.get(value)
            if account is None:
                raise dialog('The "balancingAccountId" does not match to an Account.')
            line = _with_balancing(company, line, account.number)
        elif name == "balancing_account_number":
            line = _with_balancing(company, line, value)
        elif name == "tax_code":
            tax_percent(company, value, TABLE)
            line = replace(line, tax_code=value)
        elif name == "amount":
            line = replace(line, amount=Decimal(value))
        elif name == "journal_display_name" and value:
            raise dialog("The Journal Batch Display Name isn't editable.")
        elif name in plain:
            line = replace(line, **{name: value})
    return line


def _number_of(
    company: Company, line: records.JournalLine, account_id: str, fields: Mapping[str, Any]
) -> str:
    if line.account_type not in BY_ID:
        raise dialog('The "accountId" does not match to an Account.')
    table = company.accounts if line.account_type == records.GL_ACCOUNT else company.bank_accounts
    account = table.get(account_id)
    if account is None:
        raise dialog('The "accountId" does not match to an Account.')
    if fields.get("account_number", account.number) != account.number:
        raise dialog("The account values do not match to a specific Account.")
    return str(account.number)


def _with_account(company: Company, line: records.JournalLine, number: str) -> records.JournalLine:
    name, tax_code = require_account(
        company,
        line.account_type,
        number,
        missing='The "accountNumber" does not match to an Account.',
        field="Account No.",
    )
    return replace(
        line,
        account_number=number,
        description=name,
        tax_code=tax_code,
        dimensions=dimensions.inherited(company, line.dimensions, [(line.account_type, number)]),
    )


def _with_balancing(
    company: Company, line: records.JournalLine, number: str
) -> records.JournalLine:
    if number:
        require_account(
            company,
            line.balance_account_type,
            number,
            missing='The "balancingAccountNumber" does not match to an Account.',
            field="Bal. Account No.",
        )
        source = [(line.balance_account_type, number)]
        line = replace(line, dimensions=dimensions.inherited(company, line.dimensions, source))
    return replace(line, balancing_account_number=number)


def require_account(
    company: Company, account_type: str, number: str, *, missing: str, field: str
) -> tuple[str, str]:
    """Name and tax code of an account a journal line may name.

    Raises:
        NavError: When there is no such account, or it may not be used.
    """
    if account_type == records.GL_ACCOUNT:
        account = company.accounts.first("number", number)
        if account is None:
            raise dialog(missing)
        require_usable(account)
        return account.name, account.tax_code
    if account_type == "Bank Account":
        bank = company.bank_accounts.first("number", number)
        if bank is None:
            raise dialog(missing)
        return bank.name, ""
    if account_type == "Vendor":
        vendor = company.vendors.first("number", number)
        if vendor is not None:
            return vendor.name, ""
    if account_type == "Employee" and company.quirks.employee_journal_lines != "refused":
        employee = company.employees.first("number", number)
        if employee is not None:
            return employee.display_name, ""
    raise not_in_table(field, TABLE, number, account_type)
