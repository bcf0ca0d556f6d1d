"""One company's books, indexed for matching; which postings look like the same money. Pure: no I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from target_dynamics_nav.document import Document
    from target_dynamics_nav.nav.entries import LedgerEntry, PeriodBooks
    from target_dynamics_nav.nav.port import FoundDocument

_CREDIT_MEMO = "Credit Memo"


@dataclass
class CompanyBooks:
    """One company's books, and which of its documents are accounted for.

    Attributes:
        books: What NAV has for the period.
        used: Ids of the documents that belong to something the ledger or the feed knows.
    """

    books: PeriodBooks
    used: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._by_key: dict[str, list[FoundDocument]] = defaultdict(list)
        self._entries: dict[tuple[bool, str], list[LedgerEntry]] = defaultdict(list)
        for document in self.books.documents:
            self._by_key[document.key].append(document)
        for entry in self.books.entries:
            if entry.document_type:
                place = (entry.document_type == _CREDIT_MEMO, entry.document_number)
                self._entries[place].append(entry)

    @property
    def id(self) -> str:
        """NAV's id of the company."""
        return self.books.company.id

    @property
    def name(self) -> str:
        """The company's name."""
        return self.books.company.name

    def currency(self, code: str | None) -> str:
        """A currency by its code, also the company's own."""
        return code or self.books.local_currency_code

    def all_of(self, key: str) -> list[FoundDocument]:
        """Documents that carry a key, also cancelled ones."""
        return self._by_key.get(key, [])

    def live(self, key: str) -> list[FoundDocument]:
        """Documents that carry a key and count."""
        return [document for document in self.all_of(key) if not document.cancelled]

    def entries_of(self, found: FoundDocument) -> list[LedgerEntry]:
        """The general ledger's entries of a purchase document."""
        place = (found.kind is DocumentKind.PURCHASE_CREDIT_MEMO, found.number)
        return self._entries.get(place, [])

    def unknown(self) -> list[FoundDocument]:
        """Documents that count and belong to nothing known."""
        return [
            document
            for document in self.books.documents
            if document.id not in self.used and not document.cancelled
        ]

    def use(self, key: str) -> None:
        """Account for every document that carries a key."""
        self.used.update(document.id for document in self.all_of(key))

    def alike(self, document: Document, found: FoundDocument) -> bool:
        """Whether a posting under another number is the same money: what a person types who posts by hand.

        The same vendor, currency and total; of journals the same accounts and amounts.
        """
        if document.kind is not found.kind or document.total is None:
            return False
        if document.kind is DocumentKind.JOURNAL_ENTRY:
            wanted = _amounts(document)
            return bool(wanted) and wanted <= _amounts(found)
        return (
            (document.vendor_number or "").upper() == found.vendor_number
            and document.total == found.total
            and self.currency(document.currency_code) == self.currency(found.currency_code)
        )


def is_doubled(document: Document, found: FoundDocument) -> bool:
    """Whether a journal entry was posted twice under one document number."""
    if document.kind is not DocumentKind.JOURNAL_ENTRY or not document.lines:
        return False
    there = _amounts(found)
    return all(there[line] >= 2 * times for line, times in _amounts(document).items())


def _amounts(document: Document | FoundDocument) -> Counter[tuple[str, object]]:
    return Counter((line.account_number.upper(), line.amount) for line in document.lines or ())
