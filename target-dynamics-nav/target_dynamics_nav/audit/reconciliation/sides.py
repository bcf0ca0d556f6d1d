"""What the ledger recorded of a document, in a form that can be compared. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.document import Document, Line
from target_dynamics_nav.ledger import WAITING, Books
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.ledger.overviews import Kept

_POSTINGS = frozenset({"posted", "reposted"})
_NO_DATE = None


@dataclass(frozen=True)
class Recorded:
    """A document as the ledger has it.

    Attributes:
        company_id: NAV's id of its company; "" where NAV has none of that name.
        posted: What is posted; None when nothing is.
        posted_row: The row of `contents` behind it.
        current: What was read last.
        nav_key: External document number of the posting.
        nav_keys: Those of everything that was made for it in NAV.
        posting_date: Of the posting, else as read last; ISO 8601.
    """

    company_id: str
    company: str
    key: str
    status: Status
    report: str
    approved_at: str | None
    reason: str
    posted: Document | None
    posted_row: Mapping[str, Any] | None
    current: Document | None
    nav_key: str
    nav_keys: frozenset[str]
    nav_number: str | None
    posting_date: str | None

    @property
    def waits(self) -> bool:
        """Whether it is held, failed or changed."""
        return self.status in WAITING

    def is_in(self, first: str, last: str) -> bool:
        """Whether its posting date is in a period."""
        return self.posting_date is not None and first <= self.posting_date <= last


def recorded(kept: Kept) -> Recorded:
    """What the ledger kept of a document."""
    row = kept.document
    key = row["document_key"]
    posting = next(
        (
            made
            for made in reversed(kept.in_nav)
            if made["role"] in _POSTINGS
            and made["part_number"] == row["part_number"]
            and made["removed_at"] is None
        ),
        None,
    )
    reasons = row["reasons"] or []
    return Recorded(
        company_id=Books.of(row["ledger_id"], row["company"]).company_id,
        company=row["company"],
        key=key,
        status=Status(row["status"]),
        report=row["source_id"] or key,
        approved_at=row["approved_at"],
        reason=" ".join(str(reason.get("message") or reason.get("code")) for reason in reasons),
        posted=None if kept.posted is None else document_of(key, kept.posted),
        posted_row=kept.posted,
        current=None if kept.current is None else document_of(key, kept.current),
        nav_key=key if posting is None else posting["nav_key"],
        nav_keys=frozenset({key, *(made["nav_key"] for made in kept.in_nav)}),
        nav_number=row["nav_number"] if posting is None else posting["nav_number"],
        posting_date=(posting and posting["posting_date"]) or row["posting_date"],
    )


def document_of(key: str, row: Mapping[str, Any]) -> Document:
    """A document made anew of a row of `contents`; after a purge without its texts."""
    content, told = row["content"], row["document"] or {}
    lines = told.get("lines") or content["lines"]
    balancing = content["balancing_account"]
    return Document(
        kind=DocumentKind(content["kind"]),
        key=key,
        company=None,
        vendor_number=content["vendor_number"],
        balancing_account=None if balancing is None else (balancing[0], balancing[1]),
        posting_date=_NO_DATE,
        document_date=_NO_DATE,
        due_date=_NO_DATE,
        currency_code=content["currency_code"],
        prices_include_tax=content["prices_include_tax"],
        total=None if content["total"] is None else Decimal(content["total"]),
        description="",
        dimensions=told.get("dimensions") or {},
        lines=[
            Line(
                account_type=line["account_type"],
                account_number=line["account_number"],
                description="",
                amount=Decimal(line["amount"]),
                tax_code=line["tax_code"],
                dimensions=line["dimensions"],
                source_id="",
            )
            for line in lines
        ],
    )


def signed_total(document: Document) -> Decimal | None:
    """The total of a document; credit memos negative."""
    if document.total is None:
        return None
    return -document.total if document.is_credit else document.total
