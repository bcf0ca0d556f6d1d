"""What the ledger says of documents: whose books, where they stand, what NAV has of them. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

Role = Literal["draft", "posted", "credit", "reposted"]
"""What a document in NAV is to its report: waiting, the posting, what took the posting back, the posting anew."""

WAITING = frozenset({Status.HELD, Status.FAILED, Status.CHANGED})
"""Statuses that wait for a person or the next run; only these can be waived."""


@dataclass(frozen=True)
class Books:
    """Which books a document belongs to: the NAV (by its address) and the company in it."""

    nav: str
    company_id: str
    company_name: str

    @classmethod
    def unplaced(cls, nav: str, company_name: str) -> Books:
        """Where documents stand whose company NAV does not have."""
        return cls(nav, "", company_name)

    @classmethod
    def of(cls, ledger_id: str, company_name: str) -> Books:
        """The books of a row of `documents`."""
        nav, _, company_id = ledger_id.rpartition("#")
        return cls(nav, company_id, company_name)

    @property
    def ledger_id(self) -> str:
        """What identifies these books in the ledger."""
        return f"{self.nav}#{self.company_id}"


@dataclass(frozen=True)
class Standing:
    """What the ledger knows of a document.

    Attributes:
        status: Where it stands; WAIVED when a person closed it.
        posted_digest: Digest of the content that is posted, None when nothing is.
        posted_content: `Document.content` of what is posted.
        part_number: 0 for the first posting, 1 for what was posted anew after the first correction, and so on.
        attempts: In how many runs it was tried.
        waived_digest: Digest of the content a person waived.
    """

    status: Status
    nav_id: str | None
    nav_number: str | None
    posted_digest: str | None
    draft_digest: str | None
    posted_content: Mapping[str, Any] | None
    part_number: int = 0
    attempts: int = 0
    waived_digest: str | None = None

    def waives(self, digest: str) -> bool:
        """Whether a person closed the document as it is now.

        What was never posted is closed whatever becomes of it. What is posted is closed with the difference that the
        person saw: when the report changes once more, it is news again.

        Args:
            digest: `Document.digest` of the document as read now.
        """
        if self.status is not Status.WAIVED:
            return False
        return self.posted_digest is None or digest in {self.waived_digest, self.posted_digest}


@dataclass(frozen=True)
class NavDocument:
    """A document in NAV that was made for a report.

    Attributes:
        nav_key: The external document number it carries; the report's key, or that of a later part.
        nav_id: NAV's id, None where the dialect has none.
        role: What it is to the report.
        kind: The kind of document in NAV, e.g. "purchase_credit_memos".
        digest: Digest of the financial content it holds, None when it is not known.
        total: In `currency_code`, tax included; None when it is not known.
    """

    nav_key: str
    nav_id: str | None
    nav_number: str | None
    role: Role
    kind: str
    part_number: int = 0
    digest: str | None = None
    total: Decimal | None = None
    currency_code: str | None = None
    posting_date: date | None = None
