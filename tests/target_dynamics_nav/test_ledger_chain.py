"""Every change of the events shows, also on SQL's side of the door."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_dynamics_nav.document import Problem
from target_dynamics_nav.ledger import chain
from target_dynamics_nav.ledger.tables import chain_head, events
from target_dynamics_nav.settlement import Status

from .ledgers import BOOKS, DOCUMENT, Place

NUMBER = 9
ROWS = st.integers(1, NUMBER)
COLUMNS = st.sampled_from([column.name for column in events.columns])


@pytest.fixture
def connection(place: Place) -> Iterator[sa.Connection]:
    """With events of every sort: of a run, of a document, with texts, without, about a purge."""
    ledger = place.open("run-1")
    ledger.record_event("looked_up", {"found": [], "digest": "d"}, books=BOOKS, key="E1")
    ledger.record_event("refused", {"code": "x", "nav_message": "No."}, books=BOOKS, key="E1")
    ledger.record_standing(BOOKS, DOCUMENT, Status.HELD, [Problem("blocked", "Blocked.")])
    ledger.flush()
    ledger.waive(BOOKS, DOCUMENT.key, "Paid in cash.", "anna")
    ledger.unwaive(BOOKS, DOCUMENT.key, "anna")
    ledger.record_standing(BOOKS, DOCUMENT, Status.SKIPPED, [])
    ledger.purge_before("9999-01-01", "anna")
    ledger.end_run("finished", {"held": 1})
    ledger.close()
    with place.connection() as open_connection:
        assert open_connection.execute(sa.select(sa.func.count(events.c.sequence))).scalar() == 9
        assert list(chain.verify(open_connection)) == []
        yield open_connection


def tampered(connection: sa.Connection, *statements: sa.Executable) -> list[chain.Alteration]:
    """What verifying finds with these statements done; they are taken back."""
    with connection.begin_nested() as savepoint:
        for statement in statements:
            connection.execute(statement)
        found = list(chain.verify(connection))
        savepoint.rollback()
    return found


PROPERTY = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)


def other(value: object, seed: int) -> object:
    """Another value for a column."""
    if value is None:
        return str(seed)
    if isinstance(value, int):
        return value + 1 + seed
    text = str(value)
    place = seed % max(1, len(text))  # no longer than before: a column may be full
    return f"{text[:place]}~{text[place + 1 :]}"


@PROPERTY
@given(number=ROWS, column=COLUMNS, seed=st.integers(0, 200), emptied=st.booleans())
def test_a_change_of_any_value_shows(
    connection: sa.Connection, number: int, column: str, seed: int, *, emptied: bool
) -> None:
    row = connection.execute(sa.select(events).where(events.c.sequence == number)).one()._asdict()
    nullable = bool(events.columns[column].nullable)
    changed = None if emptied and nullable else other(row[column], seed)
    if changed == row[column]:
        return
    if column == "sequence":
        changed = NUMBER + 1 + seed  # an unused number; swaps are another test
    if column == "details_salt":
        changed = "0" * 32 if changed is not None else None
    found = tampered(
        connection,
        sa.update(events).where(events.c.sequence == number).values({column: changed}),
    )
    assert {item.sequence for item in found} & {number, number + 1, changed}


@PROPERTY
@given(number=ROWS)
def test_a_removed_event_shows_also_at_the_end(connection: sa.Connection, number: int) -> None:
    found = tampered(connection, sa.delete(events).where(events.c.sequence == number))
    assert {item.sequence for item in found} & {number, number + 1}


@PROPERTY
@given(number=ROWS)
def test_a_removed_end_shows(connection: sa.Connection, number: int) -> None:
    assert tampered(connection, sa.delete(events).where(events.c.sequence >= number))


@PROPERTY
@given(number=ROWS, at=st.integers(0, NUMBER + 1))
def test_an_inserted_copy_shows(connection: sa.Connection, number: int, at: int) -> None:
    rows = [row._asdict() for row in connection.execute(sa.select(events))]
    copy: dict[str, Any] = next(row for row in rows if row["sequence"] == number)
    copy = {**copy, "sequence": at, "previous_hash": f"9{at:063d}"}
    moved = sa.update(events).where(events.c.sequence >= at)
    found = tampered(
        connection,
        moved.values(sequence=events.c.sequence + 1000),
        sa.update(events).where(events.c.sequence >= 1000).values(sequence=events.c.sequence - 999),
        sa.insert(events).values(copy),
    )
    assert found
    assert found[0].sequence <= at + 1


@PROPERTY
@given(number=ROWS, at=st.integers(NUMBER + 1, NUMBER + 3), linked=st.booleans())
def test_an_event_put_at_the_end_shows(
    connection: sa.Connection, number: int, at: int, *, linked: bool
) -> None:
    """Even with all hashes right: whoever can append like us is not noted in the head."""
    rows = {row.sequence: row._asdict() for row in connection.execute(sa.select(events))}
    new = {**rows[number], "sequence": at}
    new["previous_hash"] = rows[NUMBER]["hash"] if linked else "f" * 64
    new["hash"] = chain._row_hash(new)
    assert tampered(connection, sa.insert(events).values(new))


@PROPERTY
@given(one=ROWS, two=ROWS, whole=st.booleans())
def test_two_swapped_events_show(
    connection: sa.Connection, one: int, two: int, *, whole: bool
) -> None:
    if one == two:
        return
    rows = {row.sequence: row._asdict() for row in connection.execute(sa.select(events))}
    kept = {"sequence"} if whole else {"sequence", "previous_hash", "hash"}
    first = {name: value for name, value in rows[two].items() if name not in kept}
    second = {name: value for name, value in rows[one].items() if name not in kept}
    parked = sa.update(events).where(events.c.sequence == one).values(previous_hash="parked")
    found = tampered(
        connection,
        parked,
        sa.update(events).where(events.c.sequence == two).values(second),
        sa.update(events).where(events.c.sequence == one).values(first),
    )
    assert {item.sequence for item in found} & {min(one, two), min(one, two) + 1}


def test_the_head_is_watched_too(connection: sa.Connection) -> None:
    assert tampered(connection, sa.delete(chain_head))
    assert tampered(connection, sa.update(chain_head).values(hash="x"))
    assert tampered(connection, sa.update(chain_head).values(sequence=3))


def test_texts_removed_without_a_purge_show(place: Place) -> None:
    ledger = place.open("run-1")
    ledger.record_event("refused", {"nav_message": "No."}, books=BOOKS, key="E1")
    ledger.flush()
    place.execute("UPDATE events SET details = NULL, details_salt = NULL WHERE sequence = 2")
    assert list(ledger.verify_chain()) == [
        chain.Alteration(2, "its texts were removed, and no purge says so")
    ]


def test_what_is_appended_after_the_end_was_removed_does_not_hide_it(place: Place) -> None:
    ledger = place.open("run-1")
    ledger.record_event("looked_up", {})
    ledger.flush()
    place.execute("DELETE FROM events WHERE sequence = 2")
    ledger.record_event("looked_up", {})
    ledger.flush()
    assert [found.sequence for found in ledger.verify_chain()] == [3]
