"""The rows of NAV's tables, as far as purchase documents and general journals need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date  # noqa: TC003 - codec.py looks the hints up when it runs
from decimal import Decimal

from expense_sandbox.nav.store import Record

INVOICE = "Invoice"
CREDIT_MEMO = "Credit Memo"
GL_ACCOUNT = "G/L Account"
ZERO = Decimal(0)

Dimensions = Mapping[str, str]
"""Dimension code to value code; never changed in place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompanyRow(Record):
    """A company as the API lists it."""

    name: str
    display_name: str
    timestamp: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerSetup(Record):
    """General Ledger Setup: one row a company."""

    local_currency_code: str
    allow_posting_from: date | None
    allow_posting_to: date | None
    shortcut_dimensions: tuple[str, ...]
    payables_account: str
    input_tax_account: str
    tax_rates: Mapping[str, Decimal]


@dataclass(frozen=True, kw_only=True, slots=True)
class DefaultDimension(Record):
    """A default dimension of a vendor, employee or account; of all of the type when no number is given.

    `allowed_values` are the values "Code Mandatory" accepts, any when there are none.
    """

    parent_type: str
    parent_number: str
    dimension_code: str
    value_code: str
    posting_rule: str
    allowed_values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DimensionCombination(Record):
    """Two dimensions, or two values of them, that must not be used together.

    `first_value` and `second_value` are "" where the dimensions as such are meant.
    """

    first_dimension: str
    second_dimension: str
    first_value: str = ""
    second_value: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PostingSetup(Record):
    """What a client can't read and only learns at posting: one row a company.

    Attributes:
        user_allow_posting_from: User Setup of the API's user; goes before the company's window.
        user_allow_posting_to: The same; one of both is enough to do so.
        approval_required: Purchase documents must be approved by a workflow.
        journals_in_background: Journals are posted by the job queue.
        background_seconds: How long after the request.
    """

    user_allow_posting_from: date | None = None
    user_allow_posting_to: date | None = None
    approval_required: bool = False
    journals_in_background: bool = False
    background_seconds: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment(Record):
    """A file; `kind` is `attachments` (Incoming Document) or `documentAttachments`.

    `parent_id` is "" for a file linked to nothing.
    """

    kind: str
    parent_type: str
    parent_id: str
    file_name: str
    content: bytes = b""
    content_type: str = "application/octet-stream"
    line_number: int = 0

    @property
    def byte_size(self) -> int:
        """Length of the content."""
        return len(self.content)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account(Record):
    """A G/L account."""

    number: str
    name: str
    category: str
    account_type: str
    blocked: bool
    direct_posting: bool
    tax_code: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BankAccount(Record):
    """A bank account with the G/L account of its posting group."""

    number: str
    name: str
    gl_account: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Vendor(Record):
    """A vendor card; `texts` holds what nothing here depends on, by wire name."""

    number: str
    name: str
    email: str = ""
    currency_code: str = ""
    payment_terms_code: str = "14 DAYS"
    blocked: str = ""
    prices_include_tax: bool = False
    tax_liable: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Employee(Record):
    """An employee card; `texts` holds what nothing here depends on, by wire name."""

    number: str
    given_name: str
    surname: str
    email: str
    status: str
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def display_name(self) -> str:
        """Full name."""
        return f"{self.given_name} {self.surname}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Dimension(Record):
    """A dimension."""

    code: str
    name: str
    blocked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DimensionValue(Record):
    """A dimension value."""

    dimension_code: str
    code: str
    name: str
    value_type: str
    blocked: bool
    value_number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Currency(Record):
    """A foreign currency."""

    code: str
    name: str
    rounding_precision: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class ExchangeRate(Record):
    """`amount` of the currency are worth `relational_amount` of the company's own."""

    currency_code: str
    starting_date: date
    amount: Decimal
    relational_amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentTerms(Record):
    """Payment terms of so many days net."""

    code: str
    name: str
    days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountingPeriod(Record):
    """One month of a fiscal year."""

    starting_date: date
    name: str
    new_fiscal_year: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Document(Record):
    """A purchase invoice or credit memo, draft or posted; amounts in the document's currency."""

    kind: str
    number: str
    vendor_number: str
    vendor_name: str
    pay_to_vendor_number: str
    pay_to_name: str
    posting_date: date | None
    document_date: date | None
    due_date: date | None
    external_number: str = ""
    currency_code: str = ""
    prices_include_tax: bool = False
    payment_terms_code: str = ""
    purchaser: str = ""
    discount_amount: Decimal = ZERO
    dimensions: Dimensions = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    status: str = "Draft"
    draft_number: str = ""
    reserved_number: str = ""
    applies_to_number: str = ""
    total_excluding_tax: Decimal = ZERO
    total_tax: Decimal = ZERO
    total_including_tax: Decimal = ZERO

    @property
    def posted(self) -> bool:
        """Whether it is in the ledger."""
        return self.status != "Draft"


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentLine(Record):
    """A line of a purchase document."""

    document_id: str
    sequence: int
    line_type: str = "Comment"
    account_number: str = ""
    description: str = ""
    description2: str = ""
    unit_cost: Decimal = ZERO
    quantity: Decimal = ZERO
    discount_amount: Decimal = ZERO
    discount_percent: Decimal = ZERO
    tax_code: str = ""
    expected_receipt_date: date | None = None
    dimensions: Dimensions = field(default_factory=dict)
    tax_percent: Decimal = ZERO
    amount_excluding_tax: Decimal = ZERO
    tax_amount: Decimal = ZERO
    amount_including_tax: Decimal = ZERO


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal(Record):
    """A general journal batch."""

    code: str
    display_name: str = ""
    template: str = "GENERAL"
    balance_account_type: str = GL_ACCOUNT
    balancing_account_number: str = ""
    number_series: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalLine(Record):
    """A general journal line; amounts in the line's currency, positive is debit."""

    journal_id: str
    line_number: int
    account_type: str = GL_ACCOUNT
    account_number: str = ""
    posting_date: date | None = None
    document_number: str = ""
    external_document_number: str = ""
    amount: Decimal = ZERO
    description: str = ""
    comment: str = ""
    tax_code: str = ""
    balance_account_type: str = GL_ACCOUNT
    balancing_account_number: str = ""
    dimensions: Dimensions = field(default_factory=dict)
    document_type: str = ""
    document_date: date | None = None
    currency_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry(Record):
    """A general ledger entry; `amount` in the company's own currency, positive is debit."""

    entry_number: int
    posting_date: date
    document_number: str
    document_type: str
    external_document_number: str
    account_number: str
    description: str
    amount: Decimal
    source_currency_code: str
    source_amount: Decimal
    dimensions: Dimensions


@dataclass(frozen=True, kw_only=True, slots=True)
class VendorEntry(Record):
    """A vendor ledger entry; negative is owed to the vendor."""

    entry_number: int
    vendor_number: str
    posting_date: date
    document_type: str
    document_number: str
    external_document_number: str
    description: str
    currency_code: str
    amount: Decimal
    local_amount: Decimal
    dimensions: Dimensions
    open: bool = True
