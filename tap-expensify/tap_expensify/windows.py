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

BEFORE = timedelta(days=2)
"""How far before the first instant wanted to ask: one day as the date is exclusive, one for its time zone."""


@dataclass(frozen=True)
class Window:
    """One query: approved after `approved_after` (exclusive), last touched until `end` (inclusive; None: any)."""

    approved_after: date
    end: date | None


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
