"""What the stories add up to: totals, causes with fix and age, postings by day, spend. Pure: no I/O.

Amounts are Decimal, and never added across currencies; credit memos count negative.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.audit.report.stories import POSTINGS, TAKEN_BACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Story = dict[str, Any]
Amounts = dict[str, Decimal]
"""Currency (see `currency_of`) → amount."""

ZERO = Decimal(0)
AGES = (("0 to 7 days", 0, 7), ("8 to 30 days", 8, 30), ("31 days or more", 31, None))
"""Name, first and last day of each age."""

NOT_SET = "(none)"
"""Stands for a dimension that a line does not have, and for an account nobody decided."""

LONGEST_BY_DAY = 62
"""Days that are shown one by one; a longer time is shown by months."""

_CREDIT_MEMOS = "purchase_credit_memos"
_STATUS_ORDER = (
    *("held", "failed", "changed", "draft", "previewed", "posted", "already_posted"),
    *("skipped", "waived"),
)
_FULL = 100


@dataclass(frozen=True)
class Total:
    """How many documents of a company stand somewhere, and what they add up to in one currency."""

    company: str
    status: str
    currency: str
    documents: int
    amount: Decimal


@dataclass
class Cause:
    """Documents that wait for the same reason.

    Attributes:
        code: Code of their first reason.
        fixes: What to do → how many of the documents say so.
        amounts: What they add up to.
        ages: How many documents wait how long, as `AGES`.
        since: The longest wait began on this day.
        stories: The documents, as their numbers in the report.
    """

    status: str
    code: str
    messages: Counter[str] = field(default_factory=Counter)
    fixes: Counter[str] = field(default_factory=Counter)
    amounts: Amounts = field(default_factory=dict)
    ages: list[int] = field(default_factory=lambda: [0] * len(AGES))
    since: str = ""
    stories: list[int] = field(default_factory=list)


@dataclass
class Day:
    """What was posted in NAV on a day, or in a month: documents made, and their amounts."""

    name: str
    documents: int = 0
    amounts: Amounts = field(default_factory=dict)


@dataclass(frozen=True)
class Spend:
    """What was posted with an account or with the value of a dimension, in one currency.

    Attributes:
        share: Of the largest amount of that currency in the table, in per cent.
    """

    name: str
    currency: str
    lines: int
    amount: Decimal
    share: Decimal


def currency_of(story: Mapping[str, Any], code: str | None, *, several_companies: bool) -> str:
    """The currency as a word: companies' own currencies differ, and the ledger does not know their codes."""
    if code:
        return code
    return f"own currency of {story['company']}" if several_companies else "own currency"


def signed(kind: str, amount: str | None) -> Decimal:
    """An amount with its sign: credit memos count negative; no amount is zero."""
    exact = Decimal(amount) if amount else ZERO
    return -exact if kind == _CREDIT_MEMOS else exact


def name_currencies(stories: Iterable[Story]) -> None:
    """Give each story `currency` (a word) and `amount` (signed; None where it has no total)."""
    found = list(stories)
    several = len({story["company"] for story in found}) > 1
    for story in found:
        story["currency"] = currency_of(story, story["currency_code"], several_companies=several)
        story["amount"] = None if story["total"] is None else signed(story["kind"], story["total"])


def totals(stories: Iterable[Story]) -> list[Total]:
    """How much stands where, by company, status (what waits first) and currency."""
    counts: Counter[tuple[str, str, str]] = Counter()
    amounts: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for story in stories:
        place = (story["company"], story["status"], story["currency"])
        counts[place] += 1
        amounts[place] += story["amount"] or ZERO
    return [
        Total(*place, counts[place], amounts[place])
        for place in sorted(counts, key=lambda place: (place[0], _rank(place[1]), place[2]))
    ]


def _rank(status: str) -> int:
    return _STATUS_ORDER.index(status) if status in _STATUS_ORDER else len(_STATUS_ORDER)


def add(amounts: Amounts, currency: str, amount: Decimal) -> None:
    """Add an amount to those of its currency."""
    amounts[currency] = amounts.get(currency, ZERO) + amount


def causes(stories: Sequence[Story], today: date) -> list[Cause]:
    """What waits, by status and first reason; the most frequent first.

    Args:
        stories: The stories.
        today: Ages are counted up to this day.
    """
    found: dict[tuple[str, str], Cause] = {}
    for number, story in enumerate(stories):
        since = story["waiting_since"]
        if not since:
            continue
        reasons = story["reasons"] or [{}]
        code = str(reasons[0].get("code") or "")
        cause = found.setdefault((story["status"], code), Cause(story["status"], code))
        if reasons[0].get("message"):
            cause.messages[str(reasons[0]["message"])] += 1
        hint = reasons[0].get("hint") or (story["next_steps"] or [""])[0]
        if hint:
            cause.fixes[str(hint)] += 1
        if story["amount"] is not None:
            add(cause.amounts, story["currency"], story["amount"])
        cause.ages[age_of(since, today)] += 1
        cause.since = min(cause.since or since[:10], since[:10])
        cause.stories.append(number)
    return sorted(found.values(), key=lambda cause: (-len(cause.stories), cause.status, cause.code))


def age_of(since: str, today: date) -> int:
    """Which of `AGES` a wait has.

    Args:
        since: When it began, ISO 8601.
        today: The day that counts.
    """
    days = max((today - date.fromisoformat(since[:10])).days, 0)
    return next(number for number, (_, _, last) in enumerate(AGES) if last is None or days <= last)


def postings(stories: Iterable[Story]) -> list[Day]:
    """What was posted in NAV on each day from the first to the last, or by months when that is a long time.

    A posting that took another one back counts as a document of its own, with its amount subtracted.
    """
    made: list[tuple[date, str, Decimal]] = []
    for story in stories:
        for document in story["nav_documents"]:
            role = document["role"]
            if role in POSTINGS or role == TAKEN_BACK:
                amount = signed(document["kind"], document["total"])
                made.append((date.fromisoformat(document["at"][:10]), story["currency"], amount))
    if not made:
        return []
    first, last = min(item[0] for item in made), max(item[0] for item in made)
    by_month = (last - first).days >= LONGEST_BY_DAY
    days = {
        name: Day(name)
        for name in (
            _named(first + timedelta(days=number), by_month=by_month)
            for number in range((last - first).days + 1)
        )
    }
    for at, currency, amount in made:
        day = days[_named(at, by_month=by_month)]
        day.documents += 1
        add(day.amounts, currency, amount)
    return list(days.values())


def _named(day: date, *, by_month: bool) -> str:
    return day.isoformat()[:7] if by_month else day.isoformat()


def spend_by_account(stories: Iterable[Story]) -> list[Spend]:
    """What stands in NAV, by account and currency; by account number."""
    return _spend(
        (line["account_number"] or NOT_SET, currency, amount)
        for line, currency, amount in _posted_lines(stories)
    )


def spend_by_dimension(stories: Sequence[Story]) -> dict[str, list[Spend]]:
    """What stands in NAV, by each dimension's values; lines without one are there too."""
    lines = list(_posted_lines(stories))
    codes = sorted({code for line, _, _ in lines for code in line["dimensions"]})
    return {
        code: _spend(
            (line["dimensions"].get(code) or NOT_SET, currency, amount)
            for line, currency, amount in lines
        )
        for code in codes
    }


def _posted_lines(stories: Iterable[Story]) -> Iterator[tuple[dict[str, Any], str, Decimal]]:
    """Lines with the dimensions they end up with, their currency and their signed amount."""
    for story in stories:
        version = story["in_nav"]
        if version is None:
            continue
        for line in version["lines"]:
            dimensions = {**version["dimensions"], **(line["dimensions"] or {})}
            yield (
                {**line, "dimensions": dimensions},
                story["currency"],
                signed(version["kind"], line["amount"]),
            )


def _spend(found: Iterable[tuple[str, str, Decimal]]) -> list[Spend]:
    counts: Counter[tuple[str, str]] = Counter()
    amounts: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for name, currency, amount in found:
        counts[name, currency] += 1
        amounts[name, currency] += amount
    largest: Amounts = {}
    for (_, currency), amount in amounts.items():
        largest[currency] = max(largest.get(currency, ZERO), abs(amount))
    return [
        Spend(
            name,
            currency,
            counts[name, currency],
            amount,
            round(_FULL * abs(amount) / largest[currency], 1) if largest[currency] else ZERO,
        )
        for (name, currency), amount in sorted(
            amounts.items(), key=lambda item: (item[0][0] == NOT_SET, item[0])
        )
    ]
