"""Numbers, enum members, dates and filters as NAV writes them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_dynamics_nav.nav import odata
from target_dynamics_nav.nav.api_v2_journals import batch_code


@given(st.decimals(allow_nan=False, allow_infinity=False, places=5))
def test_decimals_survive_the_wire(value: Decimal) -> None:
    assert odata.decimal(odata.from_json(odata.to_json(value))) == value


@given(st.text())
def test_texts_survive_the_wire(value: str) -> None:
    written = odata.to_json({"a": [value, None, True, 3]})
    assert json.loads(written) == {"a": [value, None, True, 3]}


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), Decimal("Infinity"), object(), {1}])
def test_what_is_no_exact_value_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        odata.to_json({"amount": value})


@pytest.mark.parametrize("value", [None, True, "abc", 1.5, []])
def test_what_is_no_number_is_not_read_as_one(value: object) -> None:
    with pytest.raises(ValueError, match="not a decimal"):
        odata.decimal(value)


@pytest.mark.parametrize(
    ("member", "caption"),
    [
        ("_x0020_", ""),
        ("G_x002F_L_x0020_Account", "G/L Account"),
        ("Begin_x002D_Total", "Begin-Total"),
        ("Posting", "Posting"),
        (None, ""),
    ],
)
def test_enum_members(member: str | None, caption: str) -> None:
    assert odata.caption(member) == caption


def test_dates() -> None:
    assert odata.day("0001-01-01") is None
    assert odata.day("2026-01-31") == date(2026, 1, 31)
    assert odata.to_json({"d": date(2026, 1, 31)}) == '{"d":"2026-01-31"}'


def test_filters_are_quoted_and_encoded() -> None:
    condition = "code eq " + odata.literal("O'Neil & Co")
    assert odata.query(filter=condition, expand=None) == (
        "?$filter=code%20eq%20%27O%27%27Neil%20%26%20Co%27"
    )


def test_batch_codes_are_ten_characters_of_base_32_and_stay_what_they_are() -> None:
    # a changed rule would make the next run blind for the batches of the last
    assert batch_code("E12345-C") == "5VFQCLWISD"
    assert batch_code("E12345-C") != batch_code("E12346-C")
