"""What a reconciliation can find, and what to do about it. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

HINTS = {
    "missing_in_nav": "Was NAV restored, or the posting removed? If so, run the pipeline: it looks NAV up and posts "
    "what is not there. Else find out who removed it.",
    "missing_in_ledger": "Was the ledger lost or restored? Run the pipeline with this report: it recognises the "
    "posting by its number and records it, without posting again.",
    "not_posted": "Run the pipeline; `nav-audit explain` tells why a report was not read.",
    "duplicate": "Open both documents in NAV; cancel the one that was not made by the pipeline.",
    "posted_by_hand": "If the posting is right, waive the report with its number as reason; else cancel it in NAV and "
    "let the pipeline post.",
    "withdrawn": "Look the report up in Expensify: if it was taken back or deleted, correct NAV by a credit memo.",
    "wrong_company": "Cancel it in that company, then run the pipeline.",
    "other_period": "Correct the posting date in NAV (cancel and post anew), or count it in the other period.",
    "cancelled_in_nav": "If it was cancelled on purpose, waive the report; else post it anew in NAV.",
    "differs_in_amount": "Compare with the report; correct NAV by a credit memo and a new document.",
    "differs_in_account": "Compare with the report; correct NAV by a reclassification.",
    "differs_in_dimension": "Compare with the report; correct the dimensions in NAV.",
    "differs_in_vendor": "Cancel the document in NAV; run the pipeline with this report.",
    "differs_in_currency": "Cancel the document in NAV; run the pipeline with this report.",
    "differs_in_kind": "Cancel the document in NAV; run the pipeline with this report.",
    "changed_in_expensify": "See `nav-audit diff`; correct NAV by hand, or by the target's setting on_changed.",
}
"""Every kind of finding → what to do next."""


@dataclass(frozen=True)
class Finding:
    """One thing that does not agree.

    Attributes:
        kind: One of `HINTS`.
        company: Name of the company whose books are meant.
        document_key: The document's key; of a posting nobody knows, its external number in NAV.
        report: The report, as people name it.
        message: A plain sentence.
        total: Of the document, credit memos negative.
        currency_code: Of the total; the company's own by its code.
        nav_number: NAV's number of what was found there.
    """

    kind: str
    company: str
    document_key: str
    report: str
    message: str
    total: Decimal | None = None
    currency_code: str | None = None
    nav_number: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """As plain data, with what to do."""
        return {**vars(self), "hint": HINTS[self.kind]}


@dataclass(frozen=True)
class OpenItem:
    """What is not in NAV, and known not to be: it waits, with a reason."""

    company: str
    document_key: str
    report: str
    status: str
    reason: str
    total: Decimal | None
    currency_code: str | None

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return dict(vars(self))


@dataclass
class Totals:
    """What the sides add up to in one company and currency.

    Attributes:
        expensify: What is approved there and to be posted.
        posted: What the ledger says is posted.
        waiting: What the ledger says waits.
        nav: What NAV has of all this.
    """

    expensify: Decimal = field(default_factory=Decimal)
    posted: Decimal = field(default_factory=Decimal)
    waiting: Decimal = field(default_factory=Decimal)
    nav: Decimal = field(default_factory=Decimal)


@dataclass(frozen=True)
class Reconciliation:
    """What was found.

    Attributes:
        totals: By company and currency.
        agreed: How many documents agree on all sides.
        uncovered: How many posted documents were approved outside of what the feed covers, so that it cannot tell
            whether they were withdrawn.
        with_expensify: Whether Expensify's side was compared.
    """

    findings: Sequence[Finding]
    open_items: Sequence[OpenItem]
    totals: dict[tuple[str, str], Totals]
    agreed: int
    uncovered: int
    with_expensify: bool

    def as_dict(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "findings": [finding.as_dict() for finding in self.findings],
            "waiting": [item.as_dict() for item in self.open_items],
            "totals": [
                {
                    "company": company,
                    "currency_code": currency,
                    "expensify": totals.expensify if self.with_expensify else None,
                    "ledger_posted": totals.posted,
                    "ledger_waiting": totals.waiting,
                    "nav": totals.nav,
                }
                for (company, currency), totals in sorted(self.totals.items())
            ],
            "agreed": self.agreed,
            "not_covered_by_documents": self.uncovered,
            "with_documents": self.with_expensify,
        }
