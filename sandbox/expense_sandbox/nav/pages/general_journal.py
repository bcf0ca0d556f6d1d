"""What happens when a general journal line is written through its page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import dimensions, documents, journals, records
from expense_sandbox.nav.company import new_id, next_sequence
from expense_sandbox.nav.errors import callback, dialog, not_in_table, read_only, record_not_found
from expense_sandbox.nav.pages import shortcut_dimensions
from expense_sandbox.nav.pages.model import Control, Writes, external_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company

TABLE = journals.TABLE
BATCH_TABLE = "Gen. Journal Batch"
TEMPLATE, BATCH = "Journal Template Name", "Journal Batch Name"
CURRENT_BATCH = "CurrentJnlBatchName"
"""The page's variable that says which batch it shows."""
DEFAULT_BATCH = "DEFAULT"
FOREIGN_EMPLOYEE = (
    "General journal lines in foreign currency are not supported for employee account type."
)
ONE_SIDE = "Account Type or Bal. Account Type must be a G/L Account or Bank Account."
ANYTHING = (records.GL_ACCOUNT, "Bank Account")


def batch_of(company: Company, given: Mapping[str, str]) -> records.Journal:
    """The batch new lines go to.

    Args:
        company: Whose batch.
        given: Names of template and batch, where a client writes them as key fields; or the value
            of the page's variable, for a page that chooses for itself when it opens.

    Raises:
        NavError: When there is no such template or batch, or a person would have to choose.
    """
    if TEMPLATE in given or BATCH in given:
        return _named_batch(company, given.get(TEMPLATE, ""), given.get(BATCH, ""))
    return _chosen_batch(company, given.get(CURRENT_BATCH, ""))


def _named_batch(company: Company, template: str, batch: str) -> records.Journal:
    if not template:
        raise record_not_found("Gen. Journal Template", "Name=''")
    if template not in company.quirks.pages.general_journal_templates:
        raise not_in_table(TEMPLATE, TABLE, template, "Gen. Journal Template")
    journal = company.journals.first("key", (template, batch))
    if journal is None and batch:
        raise not_in_table(BATCH, TABLE, batch, BATCH_TABLE)
    if journal is None:
        raise record_not_found(BATCH_TABLE, f"{TEMPLATE}='{template}',Name=''")
    return journal


def _chosen_batch(company: Company, batch: str) -> records.Journal:
    """What the page shows when it opens: it asks for the template if there are several."""
    templates = company.quirks.pages.general_journal_templates
    if len(templates) != 1:
        raise callback()
    (template,) = templates
    if batch:
        return _named_batch(company, template, batch)
    found = [journal for journal in company.journals if journal.template == template]
    if not found:
        fields = {"code": DEFAULT_BATCH, "template": template, "display_name": "Default Journal"}
        return journals.create(company, fields)
    default = next((journal for journal in found if journal.code == DEFAULT_BATCH), None)
    return default or min(found, key=lambda journal: journal.code)


def start(company: Company, journal: records.Journal) -> records.JournalLine:
    """A new line at the end of a batch: date and number go on from the line before."""
    lines = company.journal_lines_of(journal.id)
    last = lines[-1] if lines else None
    posting_date = (last.posting_date if last is not None else None) or company.today()
    return records.JournalLine(
        id=new_id(),
        journal_id=journal.id,
        line_number=next_sequence(line.line_number for line in lines),
        posting_date=posting_date,
        document_date=posting_date,
        document_number=last.document_number if last is not None else "",
        balance_account_type=journal.balance_account_type,
        balancing_account_number=journal.balancing_account_number,
    )


def validate(
    company: Company,
    line: records.JournalLine,
    control: Control,
    value: Any,  # noqa: ANN401 - of the control's type
) -> records.JournalLine:
    """The line after one control got a value.

    Raises:
        NavError: As NAV refuses the value.
    """
    position = shortcut_dimensions.position_of(control)
    if position is not None:
        changed = shortcut_dimensions.written(company, line.dimensions, position, value, TABLE)
        return replace(line, dimensions=changed)
    handler = _HANDLERS.get(control.name)
    if handler is not None:
        return handler(company, line, value)
    if control.attribute:
        return replace(line, **{control.attribute: value})
    if value:
        raise read_only(external_name(control.name))
    return line


def journal_of(company: Company, line: records.JournalLine) -> records.Journal:
    """The batch a line belongs to.

    Raises:
        NavError: When there is none any more.
    """
    journal = company.journals.get(line.journal_id)
    if journal is None:
        raise record_not_found(BATCH_TABLE, f"Name='{line.journal_id}'")
    return journal


def _with_number(company: Company, line: records.JournalLine, number: int) -> records.JournalLine:
    others = company.journal_lines.find("journal", line.journal_id)
    if any(other.line_number == number and other.id != line.id for other in others):
        journal = journal_of(company, line)
        raise journals.duplicate_key(
            company,
            TABLE,
            f"{TEMPLATE}='{journal.template}',{BATCH}='{journal.code}',Line No.='{number}'",
        )
    return replace(line, line_number=number)


def _with_posting_date(
    _company: Company,
    line: records.JournalLine,
    value: Any,  # noqa: ANN401 - a date or None
) -> records.JournalLine:
    return replace(line, posting_date=value, document_date=value)


def _with_account_type(
    _company: Company, line: records.JournalLine, account_type: str
) -> records.JournalLine:
    if account_type == line.account_type:
        return line
    if account_type not in ANYTHING and line.balance_account_type not in ANYTHING:
        raise dialog(ONE_SIDE)
    return replace(line, account_type=account_type, account_number="", tax_code="")


def _with_balance_type(
    _company: Company, line: records.JournalLine, account_type: str
) -> records.JournalLine:
    if account_type == line.balance_account_type:
        return line
    if account_type not in ANYTHING and line.account_type not in ANYTHING:
        raise dialog(ONE_SIDE)
    return replace(line, balance_account_type=account_type, balancing_account_number="")


def _named(company: Company, account_type: str, number: str, field: str) -> tuple[str, str, str]:
    """Name, tax code and currency of an account.

    Raises:
        NavError: When the field may not hold it.
    """
    if account_type == records.GL_ACCOUNT:
        # The relation of the field leaves out headings and blocked accounts.
        account = company.accounts.first("number", number)
        if account is None or account.account_type != "Posting" or account.blocked:
            raise not_in_table(field, TABLE, number, account_type)
        documents.require_usable(account)
        return account.name, account.tax_code, ""
    if account_type == "Vendor":
        vendor = company.vendors.first("number", number)
        if vendor is None:
            raise not_in_table(field, TABLE, number, account_type)
        if vendor.blocked == "All":
            raise dialog(documents.BLOCKING.format(verb="create", number=number))
        return vendor.name, "", vendor.currency_code
    name, tax_code = journals.require_account(
        company,
        account_type,
        number,
        missing=not_in_table(field, TABLE, number, account_type).message,
        field=field,
    )
    return name, tax_code, ""


def _with_account(company: Company, line: records.JournalLine, number: str) -> records.JournalLine:
    if number == line.account_number:
        return line
    if not number:
        return replace(line, account_number="", description="", tax_code="")
    name, tax_code, currency = _named(company, line.account_type, number, "Account No.")
    source = [(line.account_type, number)]
    return replace(
        line,
        account_number=number,
        description=name[: company.quirks.pages.description_length],
        tax_code=tax_code,
        currency_code=currency or line.currency_code,
        dimensions=dimensions.inherited(company, line.dimensions, source),
    )


def _with_balancing(
    company: Company, line: records.JournalLine, number: str
) -> records.JournalLine:
    if number == line.balancing_account_number:
        return line
    if number:
        _named(company, line.balance_account_type, number, "Bal. Account No.")
        source = [(line.balance_account_type, number)]
        line = replace(line, dimensions=dimensions.inherited(company, line.dimensions, source))
    return replace(line, balancing_account_number=number)


def _with_currency(company: Company, line: records.JournalLine, code: str) -> records.JournalLine:
    if code and company.currencies.first("code", code) is None:
        raise not_in_table("Currency Code", TABLE, code, "Currency")
    if code and line.account_type == "Employee":
        raise dialog(FOREIGN_EMPLOYEE)
    if code and line.posting_date is not None:
        company.exchange_rate(code, line.posting_date)
    return replace(line, currency_code=code)


def _with_tax_code(company: Company, line: records.JournalLine, code: str) -> records.JournalLine:
    documents.tax_percent(company, code, TABLE)
    return replace(line, tax_code=code)


def _with_debit(
    _company: Company, line: records.JournalLine, value: Decimal
) -> records.JournalLine:
    return replace(line, amount=value)


def _with_credit(
    _company: Company, line: records.JournalLine, value: Decimal
) -> records.JournalLine:
    return replace(line, amount=-value)


_HANDLERS: dict[str, Callable[[Company, records.JournalLine, Any], records.JournalLine]] = {
    "Line No.": _with_number,
    "Posting Date": _with_posting_date,
    "Account Type": _with_account_type,
    "Account No.": _with_account,
    "Bal. Account Type": _with_balance_type,
    "Bal. Account No.": _with_balancing,
    "Currency Code": _with_currency,
    "VAT Prod. Posting Group": _with_tax_code,
    "Debit Amount": _with_debit,
    "Credit Amount": _with_credit,
}


def insert(company: Company, line: records.JournalLine) -> records.JournalLine:
    """The new line as it is in the table."""
    return company.journal_lines.put(line)


def change(
    company: Company, _before: records.JournalLine, line: records.JournalLine
) -> records.JournalLine:
    """The changed line as it is in the table."""
    return company.journal_lines.put(line)


def delete(_books: Books, company: Company, line: records.JournalLine) -> None:
    """Remove a line."""
    company.journal_lines.delete(line.id)


WRITES = Writes(start, validate, insert, change, delete)
