"""Comparing where a dialect's pages show a part of the dimensions only, and keep shorter texts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from target_dynamics_nav.comparison import inherited_dimensions
from target_dynamics_nav.nav.error_table import NavProblem, classify

from .test_comparison import FLIGHT, HOTEL, document, fields, found

DEPARTMENT_ONLY = frozenset({"DEPARTMENT"})


def test_a_dimension_that_lines_cannot_show_is_no_difference() -> None:
    unseen = replace(FLIGHT, dimensions={"DEPARTMENT": "SALES"})
    assert fields(document(), found(HOTEL, unseen)) == ["line"]
    assert fields(document(), found(HOTEL, unseen, readable_line_dimensions=DEPARTMENT_ONLY)) == []


def test_a_dimension_that_lines_can_show_still_has_to_be_right() -> None:
    wrong = replace(FLIGHT, dimensions={"DEPARTMENT": "ADM"})
    actual = found(HOTEL, wrong, readable_line_dimensions=DEPARTMENT_ONLY)
    assert fields(document(), actual) == ["line"]


def test_a_dimension_that_the_header_cannot_show_is_noted() -> None:
    unseen = found(dimensions={}, readable_header_dimensions=frozenset({"PROJECT"}))
    assert fields(document(), found(dimensions={})) == ["dimension DEPARTMENT of the document"]
    assert fields(document(), unseen) == []
    assert [(note.code, note.field) for note in inherited_dimensions(document(), unseen)] == [
        ("dimension_on_lines_only", "DEPARTMENT")
    ]
    assert inherited_dimensions(document(), found()) == []


def test_a_text_that_was_cut_is_noted() -> None:
    wanted = document()
    whole = next(line for line in wanted.lines if line.account_number == "8440").description
    cut = found(replace(HOTEL, description=whole[:3]), FLIGHT)
    assert fields(wanted, cut) == []
    assert [(note.code, note.value) for note in inherited_dimensions(wanted, cut)] == [
        ("text_cut", whole[:3])
    ]


@pytest.mark.parametrize(
    ("text", "code", "value"),
    [
        ("SAL is not an available Code for that dimension.", "dimension_value_unknown", "SAL"),
        (
            "Document No. must be equal to 'G00042'  in Gen. Journal Line: Line No.=10000.",
            "number_series",
            None,
        ),
    ],
)
def test_refusals_that_pages_know(text: str, code: str, value: str | None) -> None:
    error = classify(NavProblem(400, "Application_DialogException", text))
    assert (error.code, error.value) == (code, value)
