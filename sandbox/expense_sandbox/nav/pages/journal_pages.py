"""Pages 39, 101 and 251: general journals, their templates and batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import journal_posting, journals, records
from expense_sandbox.nav.company import new_id
from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.errors import must_have_value, not_in_table
from expense_sandbox.nav.pages import general_journal, shortcut_dimensions
from expense_sandbox.nav.pages.general_journal import BATCH, TEMPLATE
from expense_sandbox.nav.pages.model import Control, Page, Writes
from expense_sandbox.nav.pages.posted_pages import DOCUMENT_TYPES
from expense_sandbox.nav.pages.purchase_pages import always
from expense_sandbox.nav.store import Record

if TYPE_CHECKING:
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company

ACCOUNT_TYPES = (
    "G/L Account", "Customer", "Vendor", "Bank Account", "Fixed Asset", "IC Partner", "Employee",
)  # fmt: skip
BATCH_TABLE = "Gen. Journal Batch"
ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Template(Record):
    """A general journal template."""

    name: str


def _journal(company: Company, line: records.JournalLine) -> records.Journal:
    return general_journal.journal_of(company, line)


def _account_name(company: Company, line: records.JournalLine) -> str:
    account = company.accounts.first("number", line.account_number)
    if line.account_type == records.GL_ACCOUNT and account is not None:
        return account.name
    vendor = company.vendors.first("number", line.account_number)
    return vendor.name if line.account_type == "Vendor" and vendor is not None else ""


def _balance(company: Company, line: records.JournalLine) -> Decimal:
    """The document's balance, up to and including the line, in the company's own currency."""
    lines = company.journal_lines_of(line.journal_id)
    return sum(
        (
            journal_posting.local_amount(company, other)
            for other in lines
            if other.document_number == line.document_number
            and other.line_number <= line.line_number
            and not other.balancing_account_number
        ),
        ZERO,
    )


def _total_balance(company: Company, line: records.JournalLine) -> Decimal:
    lines = company.journal_lines_of(line.journal_id)
    amounts = (
        journal_posting.local_amount(company, other)
        for other in lines
        if not other.balancing_account_number
    )
    return sum(amounts, ZERO)


LINE_CONTROLS = (
    Control(
        TEMPLATE,
        Kind.CODE,
        10,
        read=lambda company, line: _journal(company, line).template,
        on_page=False,
    ),
    Control(
        BATCH, Kind.CODE, 10, read=lambda company, line: _journal(company, line).code, on_page=False
    ),
    Control("Line No.", Kind.INTEGER, attribute="line_number", on_page=False),
    Control("Posting Date", Kind.DATE, editable=True),
    Control("Document Date", Kind.DATE, editable=True, attribute="document_date"),
    Control(
        "Document Type", Kind.OPTION, 0, DOCUMENT_TYPES, editable=True, attribute="document_type"
    ),
    Control("Document No.", Kind.CODE, 20, editable=True, attribute="document_number"),
    Control(
        "External Document No.",
        Kind.CODE,
        35,
        editable=True,
        attribute="external_document_number",
    ),
    Control("Account Type", Kind.OPTION, 0, ACCOUNT_TYPES, editable=True),
    Control("Account No.", Kind.CODE, 20, editable=True, attribute="account_number"),
    Control("Description", Kind.TEXT, 50, editable=True, attribute="description"),
    Control("Currency Code", Kind.CODE, 10, editable=True),
    Control("VAT Prod. Posting Group", Kind.CODE, 10, editable=True, attribute="tax_code"),
    Control("Amount", Kind.DECIMAL, editable=True, attribute="amount"),
    Control("Amount (LCY)", Kind.DECIMAL, read=journal_posting.local_amount),
    Control(
        "Debit Amount",
        Kind.DECIMAL,
        editable=True,
        read=lambda _company, line: max(line.amount, ZERO),
    ),
    Control(
        "Credit Amount",
        Kind.DECIMAL,
        editable=True,
        read=lambda _company, line: max(-line.amount, ZERO),
    ),
    Control(
        "Bal. Account Type",
        Kind.OPTION,
        0,
        ACCOUNT_TYPES,
        editable=True,
        attribute="balance_account_type",
    ),
    Control("Bal. Account No.", Kind.CODE, 20, editable=True, attribute="balancing_account_number"),
    *shortcut_dimensions.controls(through=shortcut_dimensions.LAST_POSITION),
    Control("Comment", Kind.TEXT, 250, editable=True, attribute="comment"),
    Control("AccName", read=_account_name),
    Control("Balance", Kind.DECIMAL, read=_balance),
    Control("TotalBalance", Kind.DECIMAL, read=_total_balance),
)


def _batches(company: Company) -> list[records.Journal]:
    return sorted(company.journals, key=lambda journal: (journal.template, journal.code))


def _lines(company: Company) -> list[records.JournalLine]:
    shown = company.quirks.pages.general_journal_templates
    return [
        line
        for journal in _batches(company)
        if journal.template in shown
        for line in company.journal_lines_of(journal.id)
    ]


def _lines_of_batch(company: Company, code: Any) -> list[records.JournalLine]:  # noqa: ANN401
    shown = company.quirks.pages.general_journal_templates
    found = (item for item in company.journals.find("code", code) if item.template in shown)
    ordered = sorted(found, key=lambda journal: journal.template)
    return [line for journal in ordered for line in company.journal_lines_of(journal.id)]


GENERAL_JOURNAL = Page(
    39,
    "General Journal",
    general_journal.TABLE,
    LINE_CONTROLS,
    (TEMPLATE, BATCH, "Line No."),
    _lines,
    general_journal.WRITES,
    look_ups={BATCH: _lines_of_batch},
    variables=(Control(general_journal.CURRENT_BATCH, Kind.CODE, 10, editable=True),),
    parent_of=general_journal.batch_of,
    rows_below=lambda company, journal: company.journal_lines_of(journal.id),
)


def _start_batch(_company: Company, _parent: Any) -> records.Journal:  # noqa: ANN401 - no part
    return records.Journal(id=new_id(), code="", template="")


def _validate_batch(
    company: Company,
    journal: records.Journal,
    control: Control,
    value: Any,  # noqa: ANN401 - of the control's type
) -> records.Journal:
    if control.name == TEMPLATE and value not in company.quirks.pages.general_journal_templates:
        raise not_in_table(TEMPLATE, BATCH_TABLE, value, "Gen. Journal Template")
    if control.name == "Bal. Account No." and value:
        journals.require_account(
            company,
            journal.balance_account_type,
            value,
            missing=not_in_table(control.name, BATCH_TABLE, value, "G/L Account").message,
            field=control.name,
        )
    return replace(journal, **{control.attribute: value})


def _insert_batch(company: Company, journal: records.Journal) -> records.Journal:
    record = f"{BATCH_TABLE}: {TEMPLATE}={journal.template}, Name={journal.code}"
    if not journal.code:
        raise must_have_value("Name", record)
    if company.journals.first("key", (journal.template, journal.code)) is not None:
        key = f"{TEMPLATE}='{journal.template}',Name='{journal.code}'"
        raise journals.duplicate_key(company, BATCH_TABLE, key)
    return company.journals.put(journal)


def _change_batch(
    company: Company, _before: records.Journal, journal: records.Journal
) -> records.Journal:
    return company.journals.put(journal)


def _delete_batch(_books: Books, company: Company, journal: records.Journal) -> None:
    journals.delete(company, journal)


BATCHES = Page(
    251,
    "General Journal Batches",
    BATCH_TABLE,
    (
        Control(TEMPLATE, Kind.CODE, 10, attribute="template", on_page=False),
        Control("Name", Kind.CODE, 10, editable=True, attribute="code"),
        Control("Description", Kind.TEXT, 50, editable=True, attribute="display_name"),
        Control(
            "Bal. Account Type",
            Kind.OPTION,
            0,
            ACCOUNT_TYPES,
            editable=True,
            attribute="balance_account_type",
        ),
        Control(
            "Bal. Account No.", Kind.CODE, 20, editable=True, attribute="balancing_account_number"
        ),
        Control("No. Series", Kind.CODE, 10, editable=True, attribute="number_series"),
        Control("Posting No. Series", Kind.CODE, 10, read=always("")),
        Control("Reason Code", Kind.CODE, 10, read=always("")),
    ),
    (TEMPLATE, "Name"),
    _batches,
    Writes(_start_batch, _validate_batch, _insert_batch, _change_batch, _delete_batch),
    look_ups={"Name": lambda company, code: company.journals.find("code", code)},
)


def _templates(company: Company) -> list[Template]:
    names = sorted(company.quirks.pages.general_journal_templates)
    return [Template(id=company.master_id("template", name), name=name) for name in names]


TEMPLATES = Page(
    101,
    "General Journal Templates",
    "Gen. Journal Template",
    (
        Control("Name", Kind.CODE, 10),
        Control("Description", Kind.TEXT, 80, attribute="name"),
        Control("Type", Kind.OPTION, 0, ("General", "Purchases"), read=always("General")),
        Control("Recurring", Kind.BOOLEAN, read=always(value=False)),
        Control(
            "Force Doc. Balance",
            Kind.BOOLEAN,
            read=lambda company, _template: company.quirks.pages.document_balance,
        ),
    ),
    ("Name",),
    _templates,
)
PAGES = (GENERAL_JOURNAL, BATCHES, TEMPLATES)
