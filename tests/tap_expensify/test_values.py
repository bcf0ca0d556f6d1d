from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_expensify.values import (
    BASE_62,
    UnreadableValueError,
    boolean,
    day,
    integer,
    moment_of,
    report_number,
    split_tag,
    text,
    timestamp,
    timestamp_of,
)


def in_base_62(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE_62[rest] + digits
    return digits


@pytest.mark.parametrize("absent", [None, "", [], {}])
def test_what_expensify_writes_for_nothing_is_null(absent: Any) -> None:
    assert text(absent) is None
    assert integer(absent) is None
    assert boolean(absent) is None
    assert timestamp(absent) is None
    assert day(absent) is None


@pytest.mark.parametrize("wire", [{"a": 1}, [1], ["x"]])
def test_an_object_is_no_text(wire: Any) -> None:
    with pytest.raises(UnreadableValueError):
        text(wire)


def test_half_an_emoji_is_replaced_so_that_text_can_be_written() -> None:
    assert text("a\ud83d b") == "a\ufffd b"
    assert text("a😀 b") == "a😀 b"


@pytest.mark.parametrize(
    ("wire", "number"),
    [("1234", 1234), ("-5", -5), ("+7", 7), ("0", 0), (12, 12), ("1234.0", 1234), (" 8 ", 8)],
)
def test_whole_numbers(wire: Any, number: int) -> None:
    assert integer(wire) == number


@pytest.mark.parametrize("wire", ["1,234", "12.5", "12€", "abc", "1e3", "٣", "--1"])
def test_anything_else_is_no_amount(wire: str) -> None:
    with pytest.raises(UnreadableValueError) as caught:
        integer(wire)
    assert wire not in str(caught.value)


@pytest.mark.parametrize(
    ("wire", "truth"),
    [("true", True), ("True", True), ("1", True), ("false", False), ("0", False), (False, False)],
)
def test_truth_values(wire: Any, truth: bool) -> None:
    assert boolean(wire) is truth


def test_a_truth_value_is_not_guessed() -> None:
    with pytest.raises(UnreadableValueError):
        boolean("maybe")


@pytest.mark.parametrize(
    ("wire", "written"),
    [
        ("2026-01-05 10:11:12", "2026-01-05T10:11:12Z"),
        ("2026-01-05", "2026-01-05T00:00:00Z"),
        ("2026-01-05T10:11:12Z", "2026-01-05T10:11:12Z"),
        ("2026-01-05T10:11:12.987Z", "2026-01-05T10:11:12Z"),
        ("2026-01-05T23:30:00-02:00", "2026-01-06T01:30:00Z"),
        ("2026-01-05 23:30:00 +0130", "2026-01-05T22:00:00Z"),
    ],
)
def test_date_times(wire: str, written: str) -> None:
    assert timestamp(wire) == written


def test_mysql_s_never_is_null() -> None:
    assert timestamp("0000-00-00 00:00:00") is None
    assert day("0000-00-00") is None


@pytest.mark.parametrize("wire", ["05/01/2026", "2026-13-01", "2026-02-30 10:00:00", "now", "1"])
def test_other_forms_are_no_date_time(wire: str) -> None:
    with pytest.raises(UnreadableValueError):
        timestamp(wire)
    with pytest.raises(UnreadableValueError):
        day(wire)


def test_a_day_drops_its_time() -> None:
    assert day("2026-01-05 23:59:59") == "2026-01-05"


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_what_is_written_can_be_read_back(moment: datetime) -> None:
    aware = moment.replace(microsecond=0, tzinfo=timezone.utc)
    assert moment_of(timestamp_of(aware)) == aware
    assert timestamp(timestamp_of(aware)) == timestamp_of(aware)


@given(
    st.datetimes(min_value=datetime(1999, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001
    st.datetimes(min_value=datetime(1999, 1, 1), max_value=datetime(2200, 1, 1)),  # noqa: DTZ001
    st.integers(-12, 14),
)
def test_written_date_times_sort_like_instants(a: datetime, b: datetime, hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    first = a.replace(microsecond=0, tzinfo=zone)
    second = b.replace(microsecond=0, tzinfo=timezone.utc)
    assert (timestamp_of(first) < timestamp_of(second)) == (first < second)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="only POSIX lets a process change its zone")
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati"])
def test_the_machine_s_time_zone_does_not_matter(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert timestamp("2026-03-29 02:30:00") == "2026-03-29T02:30:00Z"
        assert moment_of("2026-03-29T02:30:00Z") == datetime(
            2026, 3, 29, 2, 30, tzinfo=timezone.utc
        )
    finally:
        if before is None:
            monkeypatch.delenv("TZ")
        else:
            monkeypatch.setenv("TZ", before)
        time.tzset()


def test_a_known_pair_of_ids() -> None:
    assert report_number("R00000065tuN", None) == "90064571"


@given(st.integers(min_value=1, max_value=2**63), st.integers(0, 3))
def test_base_62_ids(number: int, zeros: int) -> None:
    assert report_number("R" + "0" * zeros + in_base_62(number), None) == str(number)


@given(st.integers(min_value=1, max_value=2**63), st.integers(min_value=1, max_value=2**63))
def test_different_ids_have_different_numbers(a: int, b: int) -> None:
    same = report_number("R" + in_base_62(a), None) == report_number("R" + in_base_62(b), None)
    assert same == (a == b)


def test_ids_that_differ_only_in_case_have_different_numbers() -> None:
    assert report_number("R00bCluvcO4T", None) != report_number("R00BCLUVCO4T", None)


def test_expensify_s_own_number_goes_first() -> None:
    assert report_number("R00bCluvcO4T", "0042") == "42"
    assert report_number("R00bCluvcO4T", "no number") == report_number("R00bCluvcO4T", None)


@pytest.mark.parametrize("unknown", ["R", "X00b", "R00-b", "", "Rß"])
def test_ids_of_an_unknown_form_have_no_number(unknown: str) -> None:
    assert report_number(unknown, None) is None


def test_a_base_10_id_is_its_number() -> None:
    assert report_number("50352738", None) == "50352738"


_names = st.text(st.characters(exclude_characters="\\", exclude_categories=["Cs"]))


@given(st.lists(_names, min_size=1, max_size=6))
def test_a_tag_is_split_into_the_names_it_was_made_of(names: list[str]) -> None:
    tag = ":".join(name.replace(":", "\\:") for name in names)
    assert split_tag(tag) == names


def test_a_colon_in_a_name() -> None:
    assert split_tag("SALES:Zürich\\: Phase 2") == ["SALES", "Zürich: Phase 2"]
    assert split_tag("R&D") == ["R&D"]
