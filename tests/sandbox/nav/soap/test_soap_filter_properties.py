"""NAV's filters, tried with texts nobody would think of."""

from __future__ import annotations

import string
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.pages.filter_text import Criteria, read
from expense_sandbox.nav.pages.model import Control

TEXT = Control("Name", Kind.TEXT)
NUMBER = Control("Amount", Kind.DECIMAL)
PLAIN = st.text(string.ascii_letters + string.digits, min_size=1)
AMOUNTS = st.decimals(
    allow_nan=False, allow_infinity=False, places=2, min_value=-999, max_value=999
)


def criteria(control: Control, text: str) -> Criteria:
    found = read(control, "Table", text)
    assert found is not None
    return found


@given(st.text(), st.text())
def test_between_apostrophes_a_text_means_itself(wanted: str, other: str) -> None:
    quoted = "'" + wanted.replace("'", "''") + "'"
    found = criteria(TEXT, quoted)
    assert found.passes(wanted)
    assert found.only == wanted
    assert found.passes(other) == (other == wanted)


@given(st.lists(PLAIN, min_size=1, max_size=5), PLAIN)
def test_alternatives(wanted: list[str], value: str) -> None:
    assert criteria(TEXT, "|".join(wanted)).passes(value) == (value in wanted)
    unwanted = "&".join(f"<>{text}" for text in wanted)
    assert criteria(TEXT, unwanted).passes(value) == (value not in wanted)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_ranges(low: Decimal, high: Decimal, value: Decimal) -> None:
    assert criteria(NUMBER, f"{low}..{high}").passes(value) == (low <= value <= high)
    assert criteria(NUMBER, f">={low}&<={high}").passes(value) == (low <= value <= high)
    assert criteria(NUMBER, f"..{high}").passes(value) == (value <= high)
    assert criteria(NUMBER, f"<{low}|>{high}").passes(value) == (value < low or value > high)


@given(PLAIN, PLAIN)
def test_wildcards(part: str, value: str) -> None:
    assert criteria(TEXT, f"*{part}*").passes(value) == (part in value)
    assert criteria(TEXT, f"{part}*").passes(value) == value.startswith(part)
    assert criteria(TEXT, f"@*{part}*").passes(value) == (part.lower() in value.lower())
    assert criteria(TEXT, "?" * len(value)).passes(value)
