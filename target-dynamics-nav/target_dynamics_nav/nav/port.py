"""The port between the posting protocol and a NAV server: the domain's words, no HTTP and no Singer.

Every method may raise the errors of `target_dynamics_nav.errors`; a look-up that could not be completed raises and is
never answered with "nothing found".
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal


class Step(Protocol):
    """Something that is to be sent to NAV; only the dialect that made it knows what is in it."""

    writes: bool
    """Whether it may change something in NAV."""


T = TypeVar("T")

Steps = Generator["Sequence[Any]", "Sequence[Any]", T]
"""A conversation with NAV about one document: yields lists of `Step`, is sent an answer for each (or an error is
thrown), returns a T. Many conversations can go on at the same time, their steps sent together."""


class DocumentKind(str, Enum):
    """What a document becomes in NAV; the value is the Singer stream that carries it."""

    PURCHASE_INVOICE = "purchase_invoices"
    PURCHASE_CREDIT_MEMO = "purchase_credit_memos"
    JOURNAL_ENTRY = "journal_entries"


@dataclass(frozen=True)
class Company:
    """A NAV company as the server lists it."""

    id: str
    name: str


@dataclass(frozen=True)
class Account:
    """A G/L account; `account_type` is NAV's caption ("Posting", "Heading", …)."""

    number: str
    name: str
    account_type: str
    blocked: bool
    direct_posting: bool


@dataclass(frozen=True)
class Vendor:
    """A vendor; `blocked` is "", "Payment" or "All"; default dimensions as {dimension code: value code}."""

    number: str
    name: str
    blocked: str
    currency_code: str
    default_dimensions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DimensionValue:
    """A dimension value; `blocked` and `value_type` are None where the server does not say."""

    dimension_code: str
    code: str
    name: str
    blocked: bool | None = None
    value_type: str | None = None


@dataclass(frozen=True)
class MasterData:
    """What one company knows, read once a run. Codes are as NAV stores them (upper case)."""

    company: Company
    local_currency_code: str
    posting_from: date | None
    posting_to: date | None
    accounts: dict[str, Account]
    vendors: dict[str, Vendor]
    bank_accounts: frozenset[str] | None
    """Bank account numbers, or None where the server does not list them."""
    dimensions: frozenset[str]
    dimension_values: dict[tuple[str, str], DimensionValue]
    exchange_rates: dict[str, list[date]] | None
    """Starting dates of the rates of each foreign currency, ascending; None where the server does not list them."""


@dataclass(frozen=True)
class FoundLine:
    """One line of a document as NAV holds it. `amount` in document currency, excluding tax as the line shows it.

    `tax_code` is None where the server does not tell.
    """

    line_number: int
    account_type: str
    account_number: str
    description: str
    amount: Decimal
    dimensions: dict[str, str]
    tax_code: str | None = None


@dataclass(frozen=True)
class FoundDocument:
    """A draft or posted document that carries our key.

    `number` is NAV's own document number (for a journal: the document number in the ledger, which is our key).
    `etag` identifies the version that was read; posting with it fails when somebody changed the draft since.
    `total` includes tax, document currency. `lines` is None where only the header was read.
    """

    kind: DocumentKind
    id: str
    number: str
    key: str
    posted: bool
    status: str
    etag: str | None
    vendor_number: str | None
    posting_date: date | None
    currency_code: str | None
    total: Decimal
    dimensions: dict[str, str]
    lines: list[FoundLine] | None
    cancelled: bool = False
    balancing_account: tuple[str, str] | None = None
    """Journals: (type, number) of the balancing line, which is not among `lines`; `dimensions` are that line's. What is
    posted shows the G/L account behind a vendor or bank account."""
    leftover_id: str | None = None
    """Posted journals: an emptied journal batch is still there; `delete_draft` of this document removes it."""
    readable_header_dimensions: frozenset[str] | None = None
    """Codes of the dimensions that `dimensions` would show; None: all. Some pages have fields for a few only."""
    readable_line_dimensions: frozenset[str] | None = None
    """The same of the dimensions of `lines`."""


@dataclass(frozen=True)
class DraftLine:
    """A line to create. `amount` in document currency, sign as the kind of document wants it."""

    account_type: str
    account_number: str
    description: str
    amount: Decimal
    tax_code: str | None
    dimensions: dict[str, str]


@dataclass(frozen=True)
class DraftDocument:
    """A document to create, already validated. `currency_code` None means the company's own.

    For a journal, `lines` hold the debit/credit lines without the balancing one, and `balancing_account` is
    (type, number); the adapter adds the balancing line (amount −Σ, header dimensions).
    """

    kind: DocumentKind
    key: str
    vendor_number: str | None
    balancing_account: tuple[str, str] | None
    posting_date: date
    document_date: date
    due_date: date | None
    currency_code: str | None
    prices_include_tax: bool
    total: Decimal
    description: str
    dimensions: dict[str, str]
    lines: list[DraftLine]


@dataclass(frozen=True)
class Capabilities:
    """What a dialect can do, on this server; some is known only after `read_master_data`."""

    dialect: str
    posts: bool
    """False: this server has no way to post, or must not be used to; verified drafts are the outcome."""
    batches: bool
    journals: bool
    foreign_currency_journals: bool
    credit_memos: bool = True
    drafts_only: frozenset[DocumentKind] = frozenset()
    """Kinds that are left as drafts though others post."""
    longest_key: int = 35
    longest_journal_key: int = 20
    multi_company: bool = True
    attachments: bool = False
    """Whether files can be attached to purchase documents."""

    def can_post(self, kind: DocumentKind) -> bool:
        """Whether a document of this kind goes beyond a draft."""
        return self.posts and kind not in self.drafts_only


class NavClient(Protocol):
    """A NAV server that is asked one thing after the other; `company` is always one that `resolve_company` gave."""

    capabilities: Capabilities

    def resolve_company(self, name_or_id: str) -> Company:
        """The company of exactly this name or id, never just the first one.

        Raises:
            ConfigurationError: There is none.
        """

    def read_master_data(self, company: Company) -> MasterData:
        """Accounts, vendors, dimensions and values, currencies, posting window."""

    def find(self, company: Company, key: str) -> list[FoundDocument]:
        """Every draft and posted document of any kind that carries this key, with lines; never from a replica."""

    def read(self, company: Company, document: FoundDocument) -> FoundDocument | None:
        """The document as NAV holds it now, with lines and dimensions; None only when NAV says it does not exist."""

    def create_draft(self, company: Company, draft: DraftDocument) -> FoundDocument:
        """Create in one atomic insert and read back whole.

        Raises:
            OutcomeUnknownError: The fate of the write is unknown.
            DocumentRefusedError: NAV refuses the document.
        """

    def post(self, company: Company, document: FoundDocument) -> None:
        """Post the verified version.

        Raises:
            OutcomeUnknownError: It may be posted.
            DraftChangedError: It is no longer the version that was verified.
            DocumentRefusedError: NAV refuses the document.
        """

    def delete_draft(self, company: Company, document: FoundDocument) -> None:
        """Remove a draft (or leftovers of a journal); an already absent one is no error."""

    def close(self) -> None:
        """Release connections."""


@runtime_checkable
class SteppedNavClient(Protocol):
    """What the posting protocol asks of a NAV server: as `NavClient`, but a step at a time.

    So steps of many documents can share a request. The methods raise what those of `NavClient` raise.
    """

    capabilities: Capabilities

    def resolve_company(self, name_or_id: str) -> Company:
        """See `NavClient`."""

    def read_master_data(self, company: Company) -> MasterData:
        """See `NavClient`."""

    def find(self, company: Company, key: str) -> Steps[list[FoundDocument]]:
        """See `NavClient`."""

    def create_draft(self, company: Company, draft: DraftDocument) -> Steps[FoundDocument]:
        """See `NavClient`."""

    def post(self, company: Company, document: FoundDocument) -> Steps[None]:
        """See `NavClient`."""

    def delete_draft(self, company: Company, document: FoundDocument) -> Steps[None]:
        """See `NavClient`."""

    def has_attachment(
        self, company: Company, document: FoundDocument, file_name: str
    ) -> Steps[bool]:
        """Whether a whole file of this name is attached to the document."""

    def attach(
        self, company: Company, document: FoundDocument, file_name: str, content: bytes
    ) -> Steps[None]:
        """Attach a file.

        Raises:
            TargetError: It is not attached, or that is not known.
        """

    def perform(self, steps: Sequence[Any]) -> Sequence[Any]:
        """Send steps of any number of documents of one company, each once as far as anyone can know.

        May be called from several threads at a time, with steps of different companies.

        Returns:
            An answer for each step, or the TargetError that it ended with.
        """

    def close(self) -> None:
        """Release connections."""
