"""What a run has to tell, and whether it is worth an alert. Pure: no I/O."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.alerts.settings import AlertSettings

FINISHED = "finished"
TERMINATED = "terminated"

Amounts = dict[str, Decimal]
"""Currency code ("" when it is not known) → amount, credit memos negative."""


@dataclass(frozen=True)
class Waiting:
    """A document that waits.

    Attributes:
        status: "held", "changed" or "failed".
        code: Code of the first reason; "" when there is none.
        total: Credit memos negative; None when it is not known.
        currency_code: "" is the company's own, where that is not known.
        since: Since when it waits, ISO 8601 in UTC; None when the ledger could not be asked.
        read: Whether this run read it, or only the ledger tells of it.
    """

    status: str
    report_id: str
    document_key: str
    company: str
    code: str
    total: Decimal | None
    currency_code: str
    report_name: str | None = None
    submitter: str | None = None
    message: str | None = None
    since: str | None = None
    aged: bool = False
    read: bool = True


@dataclass(frozen=True)
class News:
    """What became of a run.

    Attributes:
        outcome: "finished", or the code of what stopped it.
        counts: Documents of the run by status.
        totals: What they add up to, by status and currency.
        waiting: What waits for somebody, or for long.
        ledger_asked: Whether the ledger said what is aged; False when it could not be read.
        occasions: What makes it worth an alert; empty when nothing does.
    """

    run_id: str | None
    outcome: str
    company: str
    counts: Mapping[str, int]
    totals: Mapping[str, Amounts]
    waiting: Sequence[Waiting] = ()
    aged_days: int = 0
    ledger_asked: bool = True
    occasions: Sequence[str] = ()

    @property
    def failed(self) -> bool:
        """Whether an error stopped the run."""
        return self.outcome != FINISHED

    def worth(self, occasions: Sequence[str]) -> News:
        """The same, worth an alert for these occasions."""
        return replace(self, occasions=tuple(occasions))

    def of(self, occasion: str) -> list[Waiting]:
        """The documents of an occasion: of "held" and "changed" those that the run read."""
        if occasion == "aged":
            return [item for item in self.waiting if item.aged]
        return [item for item in self.waiting if item.read and item.status == occasion]


def occasions(news: News, settings: AlertSettings) -> list[str]:
    """What of the settings' `alert_on` has happened; empty when nobody is to be told.

    A run that somebody ended by a signal is not told: nothing is wrong, and the next run goes on from there.
    """
    if news.outcome == TERMINATED:
        return []
    happened = {
        "held": bool(news.of("held")),
        "changed": bool(news.of("changed")),
        "aged": bool(news.of("aged")),
        "run_failed": news.failed,
    }
    return [name for name, is_so in happened.items() if is_so and name in settings.occasions]


def by_reason(items: Sequence[Waiting]) -> list[tuple[str, str, int, Amounts]]:
    """(status, code, documents, amounts) of documents that wait, the most frequent first."""
    numbers: Counter[tuple[str, str]] = Counter()
    sums: dict[tuple[str, str], Amounts] = defaultdict(dict)
    for item in items:
        place = item.status, item.code
        numbers[place] += 1
        if item.total is not None:
            amounts = sums[place]
            amounts[item.currency_code] = amounts.get(item.currency_code, Decimal(0)) + item.total
    return [
        (status, code, number, sums[status, code])
        for (status, code), number in sorted(
            numbers.items(), key=lambda entry: (-entry[1], entry[0])
        )
    ]


def amounts_of(items: Sequence[Waiting]) -> Amounts:
    """What documents add up to, by currency."""
    found: Amounts = {}
    for item in items:
        if item.total is not None:
            found[item.currency_code] = found.get(item.currency_code, Decimal(0)) + item.total
    return dict(sorted(found.items()))
