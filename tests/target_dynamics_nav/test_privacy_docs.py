"""docs/privacy.md is true: it has every column of the ledger, and says what a purge takes from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from target_dynamics_nav.document import Problem
from target_dynamics_nav.ledger.tables import metadata
from target_dynamics_nav.settlement import Status

from .ledgers import BOOKS, Place
from .test_ledger import post
from .test_ledger_people import ANNA, report

PAGE = Path(__file__).parents[2] / "target-dynamics-nav" / "docs" / "privacy.md"
FATES = {"stays", "goes", "is cut down"}
_HEADING = re.compile(r"### `(\w+)`")
_NAME = re.compile(r"`(\w+)`")


def told() -> Iterator[tuple[str, str, str]]:
    """(table, column, what a purge does) of every line of the page's tables."""
    table = ""
    for line in PAGE.read_text("utf-8").splitlines():
        if heading := _HEADING.match(line):
            table = heading[1]
        elif line.startswith("#"):
            table = ""
        elif line.startswith("| `"):
            first, _, fate = (cell.strip() for cell in line.strip("|").split("|"))
            named, colon, columns = first.partition(":")
            of = _NAME.findall(named)[0] if colon else table
            for column in _NAME.findall(columns if colon else first):
                yield of, column, fate


def test_every_column_is_told_once() -> None:
    lines = list(told())
    assert sorted((table, column) for table, column, _ in lines) == sorted(
        (table.name, column.name) for table in metadata.tables.values() for column in table.columns
    )
    assert {fate for _, _, fate in lines} == FATES


def test_a_purge_takes_what_the_page_says_and_nothing_else(sqlite_place: Place) -> None:
    """Every column that a purge empties or cuts down is filled first, so that its going shows."""
    ledger = sqlite_place.open("r1")
    post(ledger, report(1))
    reason = Problem("account_missing", "No account for Anna's dinner.", "lines", "dinner", "Ask.")
    ledger.record_standing(BOOKS, report(2), Status.HELD, [reason])
    ledger.flush()
    ledger.waive(BOOKS, "E2-R", "Anna paid it herself", "Bob")
    before = everything(sqlite_place)
    assert ledger.purge_person(ANNA, "Bob") == 2
    after = everything(sqlite_place)
    ledger.close()
    for table, column, fate in told():
        if table in {"chain_head", "runs", "claims"} or column == "purged_at":
            continue  # they go on with the purge itself
        was, is_now = before[table, column], after[table, column][: len(before[table, column])]
        if fate == "stays":
            assert is_now == was, (table, column)
        else:
            assert any(value not in {None, "null"} for value in map(_plain, was)), (table, column)
            assert is_now != was, (table, column)
        if fate == "goes":
            assert {_plain(value) for value in is_now if value is not None} <= {"null"} or (
                table == "events"
            ), (table, column)
    assert "anna" not in str(after).lower()
    assert "dinner" not in str(after).lower()


def everything(place: Place) -> dict[tuple[str, str], list[Any]]:
    """Values of every column, in a fixed order of rows."""
    found: dict[tuple[str, str], list[Any]] = {}
    with place.connection() as connection:
        for table in metadata.tables.values():
            order = [sa.text("rowid")] if table.name != "events" else [table.c.sequence]
            rows = connection.execute(sa.select(table).order_by(*order)).all()
            for column in table.columns:
                found[table.name, column.name] = [row._mapping[column.name] for row in rows]
    return found


def _plain(value: object) -> str | None:
    return None if value is None else str(value)
