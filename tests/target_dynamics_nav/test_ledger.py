from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_dynamics_nav.document import Problem
from target_dynamics_nav.errors import ConfigurationError, OutageError
from target_dynamics_nav.ledger import Books, Ledger
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document
from target_dynamics_nav.settlement import Status

from .test_records import invoice_record

BOOKS = Books("http://nav/api/v2.0", "c1", "CRONUS")
DOCUMENT = read_document(DocumentKind.PURCHASE_INVOICE, invoice_record())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "ledger.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    ledger = Ledger(f"sqlite:///{path}")
    ledger.start_run("run-1", "post")
    return ledger


def test_the_standing_of_a_document(ledger: Ledger) -> None:
    assert ledger.standing(BOOKS, DOCUMENT.key) is None
    ledger.record_standing(BOOKS, DOCUMENT, Status.HELD, [Problem("account_blocked", "Blocked.")])
    held = ledger.standing(BOOKS, DOCUMENT.key)
    assert held is not None
    assert (held.status, held.posted_digest) == (Status.HELD, None)
    ledger.record_standing(
        BOOKS,
        DOCUMENT,
        Status.POSTED,
        [],
        nav_id="i",
        nav_number="108001",
        posted_digest=DOCUMENT.digest,
    )
    posted = ledger.standing(BOOKS, DOCUMENT.key)
    assert posted is not None
    assert (posted.status, posted.nav_number) == (Status.POSTED, "108001")
    assert posted.posted_content == DOCUMENT.content
    assert ledger.latest_posted_key(BOOKS) == DOCUMENT.key


def test_books_are_apart(ledger: Ledger) -> None:
    ledger.record_standing(BOOKS, DOCUMENT, Status.POSTED, [], posted_digest=DOCUMENT.digest)
    other_company = Books(BOOKS.nav, "c2", "CRONUS Services")
    other_server = Books("http://other/api/v2.0", "c1", "CRONUS")
    assert ledger.standing(other_company, DOCUMENT.key) is None
    assert ledger.latest_posted_key(other_server) is None


def test_a_later_failure_does_not_forget_the_posting(ledger: Ledger) -> None:
    ledger.record_standing(
        BOOKS, DOCUMENT, Status.POSTED, [], nav_number="108001", posted_digest=DOCUMENT.digest
    )
    ledger.record_standing(
        BOOKS, DOCUMENT, Status.CHANGED, [Problem("changed_since_posted", "Other total.")]
    )
    known = ledger.standing(BOOKS, DOCUMENT.key)
    assert known is not None
    assert (known.status, known.nav_number, known.posted_digest) == (
        Status.CHANGED,
        "108001",
        DOCUMENT.digest,
    )


def test_runs_are_recorded(ledger: Ledger, path: Path) -> None:
    ledger.end_run("finished", {"posted": 3})
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT run_id, mode, outcome, counts FROM runs").fetchall() == [
            ("run-1", "post", "finished", '{"posted": 3}')
        ]


def test_an_unusable_url_is_a_configuration_error_without_its_password() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Ledger("postgresql+nosuchdriver://me:hunter2@127.0.0.1/x")
    assert "hunter2" not in f"{caught.value} {caught.value.value}"
    assert caught.value.code == "ledger_unusable"


def test_a_ledger_that_cannot_be_written_stops_the_run(ledger: Ledger, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE events")
    ledger.record_event("looked_up", {})
    with pytest.raises(OutageError) as caught:
        ledger.flush()
    assert caught.value.code == "ledger_unavailable"


def durable(path: Path, table: str) -> int:
    """How many rows another process sees."""
    with sqlite3.connect(path, timeout=0) as connection:
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own names
    return count


def test_what_is_recorded_is_known_at_once_and_durable_when_flushed(
    ledger: Ledger, path: Path
) -> None:
    ledger.record_event("looked_up", {}, books=BOOKS, key=DOCUMENT.key)
    ledger.record_standing(BOOKS, DOCUMENT, Status.POSTED, [], posted_digest=DOCUMENT.digest)
    known = ledger.standing(BOOKS, DOCUMENT.key)
    assert known is not None
    assert known.status is Status.POSTED
    assert ledger.standings(BOOKS, [DOCUMENT.key, "OTHER"]) == {DOCUMENT.key: known}
    assert ledger.latest_posted_key(BOOKS) == DOCUMENT.key
    assert (durable(path, "events"), durable(path, "documents")) == (1, 0)
    ledger.flush()
    assert (durable(path, "events"), durable(path, "documents")) == (3, 1)
    assert ledger.standing(BOOKS, DOCUMENT.key) == known
    assert Ledger(f"sqlite:///{path}").standing(BOOKS, DOCUMENT.key) == known


def test_nothing_recorded_but_not_flushed_keeps_others_waiting(ledger: Ledger, path: Path) -> None:
    ledger.record_standing(BOOKS, DOCUMENT, Status.HELD, [Problem("account_blocked", "Blocked.")])
    with sqlite3.connect(path, timeout=0) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE runs SET outcome = 'seen'")


def test_a_flush_that_fails_loses_nothing(ledger: Ledger, path: Path) -> None:
    ledger.record_standing(BOOKS, DOCUMENT, Status.POSTED, [], posted_digest=DOCUMENT.digest)
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE documents RENAME TO elsewhere")
    with pytest.raises(OutageError):
        ledger.flush()
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE elsewhere RENAME TO documents")
    ledger.flush()
    assert (durable(path, "events"), durable(path, "documents")) == (2, 1)
    assert list(ledger.verify_chain()) == []


def test_a_document_that_stands_as_before_is_not_written(ledger: Ledger, path: Path) -> None:
    ledger.record_standing(BOOKS, DOCUMENT, Status.POSTED, [], posted_digest=DOCUMENT.digest)
    ledger.close()
    again = Ledger(f"sqlite:///{path}")
    again.start_run("run-2", "post")
    before = path.with_name(path.name + "-wal").stat().st_size
    again.record_standing(BOOKS, DOCUMENT, Status.POSTED, [], posted_digest=DOCUMENT.digest)
    again.flush()
    assert path.with_name(path.name + "-wal").stat().st_size == before
    again.close()


def test_closing_makes_durable(ledger: Ledger, path: Path) -> None:
    ledger.record_event("looked_up", {})
    ledger.close()
    assert durable(path, "events") == 2


def test_standings_of_very_many(ledger: Ledger) -> None:
    documents = [
        read_document(DocumentKind.PURCHASE_INVOICE, invoice_record(document_key=f"E{number}"))
        for number in range(700)
    ]
    for document in documents[:650]:
        ledger.record_standing(BOOKS, document, Status.HELD, [])
    ledger.flush()
    for document in documents[650:690]:
        ledger.record_standing(BOOKS, document, Status.POSTED, [], posted_digest=document.digest)
    known = ledger.standings(BOOKS, [document.key for document in documents])
    assert list(known) == [f"E{number}" for number in range(690)]
    assert [known[f"E{number}"].status for number in (0, 649, 650)] == [
        Status.HELD,
        Status.HELD,
        Status.POSTED,
    ]


TAMPERING = {
    "change": "UPDATE events SET data = data || ' ' WHERE sequence = {n}",
    "rename": "UPDATE events SET kind = 'posted!' WHERE sequence = {n}",
    "delete": "DELETE FROM events WHERE sequence = {n}",
    "redate": "UPDATE events SET at = '2001-01-01T00:00:00Z' WHERE sequence = {n}",
    "forge": "UPDATE events SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE sequence = {n}",
}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25
)
@given(number=st.integers(2, 8), kind=st.sampled_from(sorted(TAMPERING)))
def test_tampering_shows(tmp_path_factory: pytest.TempPathFactory, number: int, kind: str) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    ledger = Ledger(f"sqlite:///{path}")
    ledger.start_run("run-1", "post")
    for index in range(8):
        ledger.record_event("looked_up", {"index": index}, books=BOOKS, key=f"E{index}")
    assert list(ledger.verify_chain()) == []
    with sqlite3.connect(path) as connection:
        connection.execute(TAMPERING[kind].format(n=number))
    found = list(ledger.verify_chain())
    assert found
    assert found[0].sequence in {number, number + 1}
