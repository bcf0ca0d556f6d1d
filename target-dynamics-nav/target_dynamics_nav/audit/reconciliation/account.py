"""Keeps account of what a reconciliation finds: findings, what waits, totals. Pure: no I/O."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from target_dynamics_nav.audit.reconciliation.findings import Finding, OpenItem, Totals
from target_dynamics_nav.audit.reconciliation.sides import signed_total
from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from decimal import Decimal

    from target_dynamics_nav.audit.reconciliation.books import CompanyBooks
    from target_dynamics_nav.audit.reconciliation.sides import Recorded
    from target_dynamics_nav.document import Document
    from target_dynamics_nav.nav.port import FoundDocument


class Account:
    """Findings by kind and document, each once; open items; totals by company and currency."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str, str], Finding] = {}
        self.open_items: list[OpenItem] = []
        self.totals: dict[tuple[str, str], Totals] = defaultdict(Totals)

    @property
    def findings(self) -> list[Finding]:
        """In the order in which people read them."""
        return sorted(
            self._findings.values(), key=lambda item: (item.company, item.report, item.kind)
        )

    def __len__(self) -> int:
        return len(self._findings)

    def find(
        self,
        kind: str,
        books: CompanyBooks,
        item: Recorded,
        message: str,
        found: FoundDocument | None = None,
    ) -> None:
        """Note what is wrong with a document of the ledger."""
        document = item.posted or item.current
        self._note(
            Finding(
                kind,
                item.company,
                item.key,
                item.report,
                message,
                None if document is None else signed_total(document),
                books.currency(document.currency_code if document else None),
                item.nav_number if found is None else found.number,
            )
        )

    def find_unrecorded(
        self, books: CompanyBooks, found: FoundDocument, known: Document | None
    ) -> None:
        """Note a posting of ours that the ledger does not know."""
        self._note(
            Finding(
                "missing_in_ledger",
                books.name,
                found.key,
                found.key if known is None else known.source_name,
                f"NAV has it posted as {found.number}; the ledger does not know it.",
                _signed(found),
                books.currency(found.currency_code),
                found.number,
            )
        )

    def find_unread(
        self, books: CompanyBooks, document: Document, alike: FoundDocument | None
    ) -> None:
        """Note a document of the feed that the ledger does not know."""
        what = (
            "neither the ledger nor NAV knows it"
            if alike is None
            else f"the ledger does not know it, and {alike.number} in NAV looks like it"
        )
        self._note(
            Finding(
                "not_posted" if alike is None else "posted_by_hand",
                books.name,
                document.key,
                document.source_name,
                f"Approved in Expensify; {what}.",
                signed_total(document),
                books.currency(document.currency_code),
                None if alike is None else alike.number,
            )
        )

    def wait(self, books: CompanyBooks | None, item: Recorded) -> None:
        """Note what waits; what is posted already counts with that."""
        document = item.posted or item.current
        total = None if document is None else signed_total(document)
        currency = document.currency_code if document else None
        if books is not None:
            currency = books.currency(currency)
        if total is not None and item.posted is None:
            self.totals[item.company, currency or ""].waiting += total
        self.open_items.append(
            OpenItem(
                item.company,
                item.key,
                item.report,
                item.status.value,
                item.reason,
                total,
                currency,
            )
        )

    def add_expensify(self, books: CompanyBooks, document: Document) -> None:
        """Count a document of the feed."""
        self._of(books, document.currency_code).expensify += signed_total(document) or 0

    def add_posted(self, books: CompanyBooks, document: Document) -> None:
        """Count what the ledger says is posted."""
        self._of(books, document.currency_code).posted += signed_total(document) or 0

    def add_found(self, books: CompanyBooks, found: FoundDocument) -> None:
        """Count what NAV has."""
        self._of(books, found.currency_code).nav += _signed(found)

    def _of(self, books: CompanyBooks, currency_code: str | None) -> Totals:
        return self.totals[books.name, books.currency(currency_code)]

    def _note(self, finding: Finding) -> None:
        self._findings.setdefault((finding.kind, finding.company, finding.document_key), finding)


def _signed(found: FoundDocument) -> Decimal:
    return -found.total if found.kind is DocumentKind.PURCHASE_CREDIT_MEMO else found.total
