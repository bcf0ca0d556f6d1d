"""What NAV's books hold for a period, read only: for comparing them with what the audit ledger says.

Not part of posting: nothing here decides about a write.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from target_dynamics_nav.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from target_dynamics_nav.nav.factory import Settings
    from target_dynamics_nav.nav.port import Company, FoundDocument
    from target_dynamics_nav.nav.retry import Clock


@dataclass(frozen=True)
class LedgerEntry:
    """One entry of the general ledger.

    Attributes:
        document_type: NAV's caption, "" for journals.
        amount: In the company's own currency, positive is debit.
        dimensions: {code: value code}.
    """

    entry_number: int
    posting_date: date | None
    document_type: str
    document_number: str
    account_number: str
    amount: Decimal
    dimensions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PeriodBooks:
    """One company's books for a period.

    Attributes:
        local_currency_code: The company's own currency, which `FoundDocument.currency_code` leaves out.
        documents: Posted purchase invoices and credit memos, and journal entries by their document number, with lines.
        entries: Entries of the general ledger.
    """

    company: Company
    local_currency_code: str
    documents: Sequence[FoundDocument]
    entries: Sequence[LedgerEntry]


class EntriesReader(Protocol):
    """Reads books, whole and fresh, and writes nothing."""

    def companies(self) -> list[Company]:
        """Every company that the credentials may see."""

    def entries(self, company: Company, first: date, last: date) -> PeriodBooks:
        """What is posted with a posting date in the period, both days included."""

    def find_posted(self, company: Company, key: str) -> list[FoundDocument]:
        """Posted documents that carry a key, whatever their date."""

    def close(self) -> None:
        """Release connections."""


def build_entries_reader(settings: Settings, *, clock: Clock | None = None) -> EntriesReader:
    """What reads the books of the NAV that the settings name; it opens no connection yet.

    Args:
        settings: As for `factory.build_client`.
        clock: Time.

    Raises:
        ConfigurationError: A setting is missing or wrong, or this dialect does not offer it.
    """
    dialect = str(settings.get("dialect") or "api_v2")
    if dialect != "api_v2":
        raise ConfigurationError(
            f"Reconciling with NAV's own books is not offered over {dialect}.",
            code="not_offered",
            field="dialect",
            value=dialect,
            hint="Point the setting dialect at api_v2 for this command (Business Central, or NAV from version 17), or "
            "compare `nav-audit export` with a printed general ledger.",
        )
    from target_dynamics_nav.nav.api_v2_entries import ApiV2EntriesReader  # noqa: PLC0415 - as below
    from target_dynamics_nav.nav.factory import build_client, build_connection  # noqa: PLC0415 - slow

    return ApiV2EntriesReader(
        build_connection(settings, clock=clock).nav_http(), build_client(settings, clock=clock)
    )
