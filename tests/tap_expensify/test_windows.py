from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_expensify.windows import Window, windows

TODAY = date(2026, 7, 1)
A_YEAR = timedelta(days=365)
_days = st.dates(min_value=date(2015, 1, 1), max_value=date(2026, 7, 1))


def passes(window: Window, touched: date, approved: date) -> bool:
    """Expensify's filters as documented: approvedAfter exclusive, endDate inclusive on the last touch."""
    return approved > window.approved_after and (window.end is None or touched <= window.end)


def test_a_recent_start_is_one_window_without_end() -> None:
    assert windows(date(2026, 6, 1), None, TODAY) == [Window(date(2026, 5, 30), None)]


def test_a_long_range_is_walked_and_ends_open() -> None:
    found = windows(date(2023, 1, 1), None, TODAY)
    assert found[0] == Window(date(2022, 12, 30), date(2023, 12, 29))
    assert found[-1].end is None
    assert all(window.end is not None for window in found[:-1])
    assert len(found) == 4


def test_a_past_range_is_read_no_further_than_its_end() -> None:
    assert windows(date(2023, 1, 1), date(2023, 1, 31), TODAY) == [
        Window(date(2022, 12, 30), date(2023, 2, 1))
    ]


@given(
    first=_days, touched=_days, delay=st.integers(0, 900), length=st.none() | st.integers(0, 900)
)
def test_every_report_approved_in_the_range_is_in_some_window(
    first: date, touched: date, delay: int, length: int | None
) -> None:
    approved = touched + timedelta(days=delay)
    last = None if length is None else first + timedelta(days=length)
    if not first <= approved <= (last or TODAY):
        return
    assert any(passes(window, touched, approved) for window in windows(first, last, TODAY))


@given(
    first=_days,
    touched=_days,
    delay=st.integers(0, 900),
    zone=st.sampled_from([-1, 0, 1]),
    clock=st.sampled_from([-1, 0, 1]),
)
def test_also_where_expensify_s_days_are_those_of_another_zone(
    first: date, touched: date, delay: int, zone: int, clock: int
) -> None:
    approved = touched + timedelta(days=delay)
    if not first <= approved <= TODAY:
        return
    theirs = timedelta(days=zone)
    assert any(
        passes(window, touched + theirs, approved + theirs)
        for window in windows(first, None, TODAY + timedelta(days=clock))
    )


@given(first=_days, length=st.none() | st.integers(0, 4000), clock=st.sampled_from([-1, 0, 1]))
def test_expensify_accepts_every_window(first: date, length: int | None, clock: int) -> None:
    last = None if length is None else first + timedelta(days=length)
    theirs = TODAY + timedelta(days=clock)
    for window in windows(first, last, TODAY):
        if window.end is None:
            assert theirs - window.approved_after < A_YEAR
        else:
            assert timedelta(0) <= window.end - window.approved_after < A_YEAR


@given(first=_days)
def test_windows_leave_no_gap(first: date) -> None:
    found = windows(first, None, TODAY)
    for earlier, later in itertools.pairwise(found):
        assert earlier.end is not None
        assert earlier.approved_after < later.approved_after <= earlier.end


@pytest.mark.parametrize("first", [date(2026, 7, 2), date(2027, 1, 1)])
def test_a_start_in_the_future_is_one_window(first: date) -> None:
    assert len(windows(first, None, TODAY)) == 1
