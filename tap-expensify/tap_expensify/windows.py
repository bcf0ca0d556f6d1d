"""Cuts a long range into queries that Expensify answers. Pure: no input or output.

What Expensify documents: `approvedAfter` drops reports approved before or **on** the date. `endDate` drops reports
whose later of (created, submitted) lies after the date, and is required once the anchor is more than a year ago; the
range may be a year long. Neither says which time zone its days are in.

So window i asks for what was approved after A(i) and last touched up to E(i), and the next one starts where it ends.
A report touched last on s and approved on a >= s is always in the window that holds s: there A(i) < s <= a. Reports
approved after the next window's start come twice; they are deduplicated by id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

LONGEST = timedelta(days=364)
"""A year, with room for doubt: whether 365 days are allowed is not documented."""

RECENT = timedelta(days=362)
"""Up to here an anchor is less than a year old on Expensify's clock too, whatever its time zone."""

OVERLAP = timedelta(days=1)
"""Windows overlap by a day, so that a report touched and approved around midnight is in one of them."""

REACH = timedelta(days=180)
"""How long before its approval a report in another state than approved or reimbursed may have been touched last."""

BEFORE = timedelta(days=2)
"""How far before the first instant wanted to ask: one day as the date is exclusive, one for its time zone."""


@dataclass(frozen=True)
class Window:
    """One query: approved after `approved_after` (exclusive), last touched until `end` (inclusive; None: any)."""

    approved_after: date
    end: date | None

    def filters(self) -> dict[str, str]:
        """As Expensify's filters."""
        filters = {"approvedAfter": self.approved_after.isoformat()}
        if self.end is not None:
            filters["endDate"] = self.end.isoformat()
        return filters

    def words(self) -> str:
        """For the log."""
        return f"approved after {self.approved_after}, last touched until {self.end or 'now'}"


@dataclass(frozen=True)
class TouchedWindow:
    """One query: last touched from `start` to `end` (both inclusive; None: any) and, if ever, approved after a day."""

    start: date
    end: date | None
    approved_after: date

    def filters(self) -> dict[str, str]:
        """As Expensify's filters."""
        filters = {
            "startDate": self.start.isoformat(),
            "approvedAfter": self.approved_after.isoformat(),
        }
        if self.end is not None:
            filters["endDate"] = self.end.isoformat()
        return filters

    def words(self) -> str:
        """For the log."""
        return f"last touched from {self.start} to {self.end or 'now'}"


def windows(first: date, last: date | None, today: date) -> list[Window]:
    """Windows that together hold every report approved from `first` to `last`, both inclusive.

    Args:
        first: The first day wanted, in UTC.
        last: The last day wanted, in UTC, or None for all up to now.
        today: The day of the run, in UTC.

    Returns:
        At least one window, in order of time.
    """
    end = None if last is None else last + timedelta(days=1)
    after = first - BEFORE
    found: list[Window] = []
    while True:
        if today - after <= RECENT:
            found.append(Window(after, None))
            return found
        until = after + LONGEST
        # A report approved by `last` was touched last no later than that: nothing beyond is of interest.
        if end is not None and end <= until:
            found.append(Window(after, max(end, after)))
            return found
        found.append(Window(after, until))
        after = until - OVERLAP


def touched_windows(first: date, last: date | None, today: date) -> list[TouchedWindow]:
    """Windows for states in which a report may never have been approved, bounded by its last touch.

    They hold every report approved from `first` to `last` that was touched at most `REACH` before that.

    Args:
        first: The first day wanted, in UTC.
        last: The last day wanted, in UTC, or None for all up to now.
        today: The day of the run, in UTC.

    Returns:
        At least one window, in order of time.
    """
    end = None if last is None else last + timedelta(days=1)
    after = first - BEFORE
    start = after - REACH
    found: list[TouchedWindow] = []
    while True:
        # Both anchors of a query lie within a year of its end, whichever of them Expensify counts from.
        approved_after = max(after, start - timedelta(days=1))
        if today - start < RECENT:
            found.append(TouchedWindow(start, None, approved_after))
            return found
        until = start + LONGEST - timedelta(days=1)
        if end is not None and end <= until:
            found.append(TouchedWindow(start, max(end, start), approved_after))
            return found
        found.append(TouchedWindow(start, until, approved_after))
        start = until
