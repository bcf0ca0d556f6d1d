"""What a run did, for people: counts and totals by status and currency, and each report that needs somebody."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from target_dynamics_nav.catalogue import DOCS_URL, page_of
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_dynamics_nav.document import Document
    from target_dynamics_nav.outcome import Outcome

logger = logging.getLogger("target-dynamics-nav")

_WORDS = {
    Status.POSTED: "posted",
    Status.ALREADY_POSTED: "already posted before",
    Status.HELD: "held: a person must correct something",
    Status.FAILED: "failed: will be tried again by the next run",
    Status.CHANGED: "changed: differs from what was posted",
    Status.SKIPPED: "skipped by a rule",
    Status.WAIVED: "waived by a person",
    Status.DRAFT: "left as draft in NAV",
    Status.PREVIEWED: "previewed only",
}
_NEEDS_SOMEBODY = (Status.HELD, Status.CHANGED, Status.FAILED)


@dataclass(frozen=True)
class _Account:
    """What the summary keeps of a document. `signed_total`: credit memos count as negative."""

    status: Status
    signed_total: Decimal | None
    currency_code: str


@dataclass(frozen=True)
class Unsettled:
    """A document that needs somebody.

    Attributes:
        company: What tells its company from others: NAV's id, or the name where NAV has none of that name.
        document: The document without its lines.
        signed_total: A credit memo's is negative.
        currency_code: "" is the company's own, where that is not known.
    """

    company: str
    document: Document
    outcome: Outcome
    signed_total: Decimal | None
    currency_code: str


@dataclass
class RunSummary:
    """Collects the outcomes of one run; of documents that need nobody it keeps very little."""

    _accounts: dict[str, _Account] = field(default_factory=dict)
    _unsettled: dict[str, tuple[Document, Outcome]] = field(default_factory=dict)

    def add(
        self, company: str, document: Document, outcome: Outcome, own_currency: str = ""
    ) -> None:
        """Note an outcome; a document that comes twice counts once, with what became of it last.

        A document posted in this run stays "posted" when the same one is read again later in the run.

        Args:
            company: What tells its company from others.
            document: The document; its lines and what belongs to them are not kept.
            outcome: What became of it.
            own_currency: The company's own currency, for documents that name none.
        """
        identity = f"{company}/{document.key}"
        earlier = self._accounts.get(identity)
        if (
            earlier is not None
            and earlier.status is Status.POSTED
            and outcome.status is Status.ALREADY_POSTED
        ):
            return
        total = document.total
        self._accounts[identity] = _Account(
            outcome.status,
            -total if total is not None and document.is_credit else total,
            document.currency_code or own_currency,
        )
        self._unsettled.pop(identity, None)
        if outcome.status in _NEEDS_SOMEBODY:
            kept = replace(document, lines=(), notes=(), problems=(), decided_by={})
            self._unsettled[identity] = (kept, outcome)

    @property
    def documents(self) -> int:
        """How many different documents came."""
        return len(self._accounts)

    @property
    def counts(self) -> dict[str, int]:
        """Documents by status."""
        counter = Counter(account.status.value for account in self._accounts.values())
        return dict(sorted(counter.items()))

    def needs_somebody(self) -> list[tuple[Document, Outcome]]:
        """Held, changed and failed documents, in the order they were read."""
        return [
            (document, outcome)
            for status in _NEEDS_SOMEBODY
            for document, outcome in self._unsettled.values()
            if outcome.status is status
        ]

    def unsettled(self) -> list[Unsettled]:
        """As `needs_somebody`, with what the alerts tell besides."""
        return [
            Unsettled(
                identity.removesuffix(f"/{document.key}"),
                document,
                outcome,
                self._accounts[identity].signed_total,
                self._accounts[identity].currency_code,
            )
            for status in _NEEDS_SOMEBODY
            for identity, (document, outcome) in self._unsettled.items()
            if outcome.status is status
        ]

    @property
    def totals(self) -> dict[str, dict[str, Decimal]]:
        """What documents add up to, by status and currency."""
        found: dict[str, dict[str, Decimal]] = {}
        for account in self._accounts.values():
            if account.signed_total is not None:
                sums = found.setdefault(account.status.value, {})
                sums[account.currency_code] = (
                    sums.get(account.currency_code, Decimal(0)) + account.signed_total
                )
        return found

    def log(self, docs_url: str = DOCS_URL) -> None:
        """Write the summary to the log, a line a fact, so that any log viewer shows it readable.

        Args:
            docs_url: Where the error catalogue is; the page of each code is named once.
        """
        for status, line, totals in self._status_lines():
            logger.info(
                line,
                extra={
                    "event_type": "run.summary",
                    "status": status.value,
                    "documents": self.counts[status.value],
                    "totals": totals,
                },
            )
        for document, outcome in self.needs_somebody():
            for problem in outcome.reasons:
                logger.warning(
                    "%s %s (%s): %s%s [%s]",
                    outcome.status.value.upper(),
                    document.source_name,
                    document.key,
                    problem.message,
                    f" What to do: {problem.hint}" if problem.hint else "",
                    problem.code,
                    extra={
                        "event_type": f"document.{outcome.status.value}",
                        "report": document.source_name,
                        "document_key": document.key,
                        "reason": problem.code,
                        "field": problem.field,
                        "docs": page_of(problem.code, docs_url),
                    },
                )
        self._log_pages(docs_url)
        if not self._accounts:
            logger.info("No documents in the input.", extra={"event_type": "run.summary"})

    def _log_pages(self, docs_url: str) -> None:
        """Where each code is explained: once, as many documents may wait for the same reason."""
        codes = {
            problem.code for _, outcome in self.needs_somebody() for problem in outcome.reasons
        }
        for code in sorted(codes):
            page = page_of(code, docs_url)
            if page is not None:
                logger.info(
                    "More about %s: %s",
                    code,
                    page,
                    extra={"event_type": "run.docs", "reason": code, "docs": page},
                )

    def _status_lines(self) -> Iterator[tuple[Status, str, dict[str, str]]]:
        totals = self.totals
        counts = self.counts
        for status in Status:
            count = counts.get(status.value)
            if not count:
                continue
            by_currency = {
                code: f"{amount:f}" for code, amount in sorted(totals.get(status.value, {}).items())
            }
            shown = ", ".join(f"{_grouped(amount)} {code}" for code, amount in by_currency.items())
            noun = "document" if count == 1 else "documents"
            yield status, f"{count} {noun} {_WORDS[status]} ({shown or 'no amount'})", by_currency


def _grouped(amount: str) -> str:
    return f"{Decimal(amount):,f}"
