from __future__ import annotations

import threading
import traceback
from typing import Any

import pytest
import sqlalchemy as sa

from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.errors import ConfigurationError, OutageError
from target_dynamics_nav.ledger import Books, Ledger, NavDocument
from target_dynamics_nav.ledger.database import Database
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document
from target_dynamics_nav.settlement import Status

from .ledgers import BOOKS, DOCUMENT, Place
from .test_records import invoice_record

BLOCKED = Problem("account_blocked", "Blocked.", "lines[0].account_number", "8440", "Unblock it.")


def invoice(**changes: Any) -> Document:
    return read_document(DocumentKind.PURCHASE_INVOICE, invoice_record(**changes))


def post(ledger: Ledger, document: Document = DOCUMENT, **changes: Any) -> None:
    ledger.record_standing(
        BOOKS,
        document,
        Status.POSTED,
        [],
        **{"nav_id": "i", "nav_number": "108001", "posted_digest": document.digest, **changes},
    )


def statements(database: Database) -> list[str]:
    """What is sent to the database from now on."""
    sent: list[str] = []

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def _sent(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    return sent


@pytest.fixture
def ledger(place: Place) -> Any:
    ledger = place.open("run-1")
    yield ledger
    ledger.close()


def test_the_standing_of_a_document(ledger: Ledger) -> None:
    assert ledger.standing(BOOKS, DOCUMENT.key) is None
    ledger.record_standing(BOOKS, DOCUMENT, Status.HELD, [BLOCKED])
    held = ledger.standing(BOOKS, DOCUMENT.key)
    assert held is not None
    assert (held.status, held.posted_digest) == (Status.HELD, None)
    post(ledger)
    posted = ledger.standing(BOOKS, DOCUMENT.key)
    assert posted is not None
    assert (posted.status, posted.nav_number) == (Status.POSTED, "108001")
    assert posted.posted_content == DOCUMENT.content
    assert ledger.latest_posted_key(BOOKS) == DOCUMENT.key


def test_books_are_apart(ledger: Ledger) -> None:
    post(ledger)
    other_company = Books(BOOKS.nav, "c2", "CRONUS Services")
    other_server = Books("http://other/api/v2.0", "c1", "CRONUS")
    for _ in range(2):
        assert ledger.standing(other_company, DOCUMENT.key) is None
        assert ledger.latest_posted_key(other_server) is None
        ledger.flush()
    assert Books.of(BOOKS.ledger_id, "CRONUS") == BOOKS


def test_a_later_failure_does_not_forget_the_posting(ledger: Ledger, place: Place) -> None:
    post(ledger)
    ledger.flush()
    now = invoice(total="31.00")
    ledger.record_standing(BOOKS, now, Status.CHANGED, [Problem("changed_since_posted", "Other.")])
    ledger.flush()
    for reader in (ledger, place.open()):
        known = reader.standing(BOOKS, DOCUMENT.key)
        assert known is not None
        assert (known.status, known.nav_number) == (Status.CHANGED, "108001")
        assert known.posted_digest == DOCUMENT.digest
        assert known.posted_content == DOCUMENT.content


def test_runs_are_recorded(ledger: Ledger, place: Place) -> None:
    ledger.end_run("finished", {"posted": 3})
    [run] = place.query("SELECT run_id, mode, outcome, counts, host, process_id, who FROM runs")
    assert run[:3] == ("run-1", "post", "finished")
    assert str(run.counts).replace("'", '"') == '{"posted": 3}'
    assert run.process_id > 0
    assert run.host in run.who


def test_an_unusable_url_is_a_configuration_error_without_its_password() -> None:
    for driver in ("postgresql+nosuchdriver", "postgresql", "mysql"):
        with pytest.raises(ConfigurationError) as caught:
            Ledger(f"{driver}://me:hunter2@127.0.0.1:1/x")
        assert "hunter2" not in f"{caught.value} {caught.value.value}"
        assert caught.value.code == "ledger_unusable"


def test_a_ledger_that_cannot_be_written_stops_the_run_and_tells_nobody_names(
    ledger: Ledger, place: Place
) -> None:
    place.execute("ALTER TABLE contents RENAME COLUMN document TO elsewhere")
    ledger.record_standing(
        BOOKS, invoice(source={"id": "R1", "submitter": "anna@x.test"}), Status.HELD, [BLOCKED]
    )
    with pytest.raises(OutageError) as caught:
        ledger.flush()
    assert caught.value.code == "ledger_unavailable"
    assert "anna" not in "".join(traceback.format_exception(caught.value))
    place.execute("ALTER TABLE contents RENAME COLUMN elsewhere TO document")
    ledger.flush()
    assert (place.count("events"), place.count("documents")) == (2, 1)
    assert list(ledger.verify_chain()) == []


def test_a_ledger_that_cannot_be_read_stops_the_run(ledger: Ledger, place: Place) -> None:
    place.execute("ALTER TABLE documents RENAME TO elsewhere")
    with pytest.raises(OutageError) as caught:
        ledger.standing(BOOKS, "E1")
    assert caught.value.code == "ledger_unavailable"


def test_what_is_recorded_is_known_at_once_and_durable_when_flushed(
    ledger: Ledger, place: Place
) -> None:
    ledger.record_event("looked_up", {}, books=BOOKS, key=DOCUMENT.key)
    post(ledger)
    known = ledger.standing(BOOKS, DOCUMENT.key)
    assert known is not None
    assert known.status is Status.POSTED
    assert ledger.standings(BOOKS, [DOCUMENT.key, "OTHER"]) == {DOCUMENT.key: known}
    assert ledger.latest_posted_key(BOOKS) == DOCUMENT.key
    assert (place.count("events"), place.count("documents")) == (1, 0)
    ledger.flush()
    assert (place.count("events"), place.count("documents")) == (3, 1)
    assert ledger.standing(BOOKS, DOCUMENT.key) == known
    assert place.open().standing(BOOKS, DOCUMENT.key) == known


def test_nothing_recorded_but_not_flushed_keeps_others_waiting(
    ledger: Ledger, place: Place
) -> None:
    ledger.claim(BOOKS)
    ledger.record_standing(BOOKS, DOCUMENT, Status.HELD, [BLOCKED])
    with place.connection() as connection:
        connection.execute(sa.text("UPDATE runs SET outcome = 'seen'"))
        connection.execute(sa.text("UPDATE chain_head SET id = id"))


def test_closing_makes_durable(ledger: Ledger, place: Place) -> None:
    ledger.record_event("looked_up", {})
    ledger.close()
    assert place.count("events") == 2


def test_very_many_events_do_not_wait_for_a_flush(ledger: Ledger, place: Place) -> None:
    for number in range(1500):
        ledger.record_event("looked_up", {"attempt": number})
    assert place.count("events") == 1001


def test_very_many_documents_do_not_wait_for_a_flush(ledger: Ledger, place: Place) -> None:
    documents = [invoice(document_key=f"E{number}") for number in range(1100)]
    for document in documents:
        ledger.record_standing(BOOKS, document, Status.HELD, [BLOCKED])
    ledger.close()
    again = place.open("run-2")
    again.standings(BOOKS, [document.key for document in documents])
    for document in documents:
        again.record_standing(BOOKS, document, Status.HELD, [BLOCKED])
    [(tried,)] = place.query("SELECT count(*) FROM documents WHERE attempts = 2")
    assert tried == 1000
    again.close()


def test_a_settled_document_that_stands_as_before_is_not_written(
    ledger: Ledger, place: Place
) -> None:
    post(ledger)
    ledger.close()
    again = place.open("run-2")
    assert again.standings(BOOKS, [DOCUMENT.key])
    sent = statements(again._database)
    post(again)
    again.record_standing(BOOKS, DOCUMENT, Status.POSTED, [])
    again.flush()
    assert sent == []
    again.close()


def test_a_document_held_again_for_the_same_reason_is_one_event_and_one_more_attempt(
    ledger: Ledger, place: Place
) -> None:
    for _ in range(2):
        ledger.record_standing(BOOKS, DOCUMENT, Status.HELD, [BLOCKED])
    ledger.close()
    [first] = place.query("SELECT attempts, held_since, changed_at FROM documents")
    again = place.open("run-2")
    again.record_standing(BOOKS, DOCUMENT, Status.HELD, [BLOCKED])
    again.flush()
    [second] = place.query("SELECT attempts, held_since, changed_at, run_id FROM documents")
    assert (first.attempts, second.attempts, second.run_id) == (1, 2, "run-2")
    assert second[1:3] == first[1:3]
    assert place.query("SELECT kind FROM events WHERE document_key IS NOT NULL") == [("held",)]
    again.record_standing(BOOKS, DOCUMENT, Status.FAILED, [Problem("timeout", "Late.")])
    post(again)
    again.close()
    [third] = place.query("SELECT attempts, held_since, reason_code FROM documents")
    assert third == (2, None, None)


def test_standings_of_very_many(ledger: Ledger) -> None:
    documents = [invoice(document_key=f"E{number}") for number in range(700)]
    for document in documents[:650]:
        ledger.record_standing(BOOKS, document, Status.HELD, [])
    ledger.flush()
    ledger._known_rows.clear()
    for document in documents[650:690]:
        post(ledger, document)
    sent = statements(ledger._database)
    known = ledger.standings(BOOKS, [document.key for document in documents])
    assert sum("FROM documents" in statement for statement in sent) == 3
    assert list(known) == [f"E{number}" for number in range(690)]
    assert [known[f"E{number}"].status for number in (0, 649, 650)] == [
        Status.HELD,
        Status.HELD,
        Status.POSTED,
    ]


def test_what_the_feed_told_is_found_in_columns(ledger: Ledger, place: Place) -> None:
    source = {
        "system": "expensify",
        "id": "R00aBc",
        "number": 4711,
        "url": "https://x.test/" + "r" * 600,
        "approved_at": "2026-03-30 10:00:00",
        "policy_id": "P1",
        "policy_name": "Sales\0\ud800",
        "submitter": "anna@x.test",
        "part": "reimbursable",
    }
    ledger.record_standing(
        BOOKS, invoice(source=source, total="-1234567890123.98765"), Status.HELD, [BLOCKED]
    )
    ledger.flush()
    [row] = place.query(
        "SELECT source_id, source_number, policy_id, policy_name, submitter, approved_at, part, posting_date, "
        "document_date, vendor_number, reason_code, total, total_whole, total_fraction, source_url FROM documents"
    )
    assert row[:11] == (
        *("R00aBc", "4711", "P1", "Sales?", "anna@x.test", "2026-03-30 10:00:00", "reimbursable"),
        *("2026-03-31", "2026-03-30", "e1001", "account_blocked"),
    )
    assert row[11:14] == ("-1234567890123.98765", -1234567890123, -98765)
    assert len(row.source_url) == 500


def test_every_version_is_kept(ledger: Ledger, place: Place) -> None:
    post(ledger)
    ledger.record_standing(BOOKS, invoice(total="31.00"), Status.CHANGED, [])
    ledger.record_standing(BOOKS, invoice(decided_by={"vendor": "rules"}), Status.POSTED, [])
    ledger.record_standing(BOOKS, DOCUMENT, Status.POSTED, [])
    # A date that moves with the calendar makes no version.
    ledger.record_standing(BOOKS, invoice(posting_date="2026-04-01"), Status.POSTED, [])
    ledger.flush()
    assert place.count("contents") == 3
    [row] = place.query("SELECT version, posted_version, content_digest FROM documents")
    assert row.version == row.posted_version
    assert row.content_digest == DOCUMENT.digest


def test_documents_in_nav_and_parts(ledger: Ledger, place: Place) -> None:
    ledger.record_standing(
        BOOKS, DOCUMENT, Status.DRAFT, [], nav_id="i", nav_number="1", draft_digest="d"
    )
    post(ledger)
    credit = NavDocument("E123-R-1", None, "CR1", "credit", "purchase_credit_memos", 1)
    ledger.record_nav_document(BOOKS, DOCUMENT.key, credit)
    ledger.record_part(BOOKS, DOCUMENT.key, 1)
    known = ledger.standing(BOOKS, DOCUMENT.key)
    assert known is not None
    assert known.part_number == 1
    ledger.flush()
    draft = NavDocument("E123-R-2", "j", None, "draft", "purchase_invoices", 1)
    ledger.record_nav_document(BOOKS, DOCUMENT.key, draft)
    ledger.record_removed(BOOKS, DOCUMENT.key, "j", nav_key="E123-R-2")
    ledger.flush()
    rows = place.query(
        "SELECT nav_key, nav_id, nav_number, role, part_number, removed_at IS NULL AS there "
        "FROM nav_documents ORDER BY nav_key"
    )
    assert [(*row[:5], bool(row.there)) for row in rows] == [
        ("E123-R", "i", "108001", "posted", 0, True),
        ("E123-R-1", "CR1", "CR1", "credit", 1, True),
        ("E123-R-2", "j", None, "draft", 1, False),
    ]
    assert [kind for (kind,) in place.query("SELECT kind FROM events ORDER BY sequence")] == [
        *("run_started", "draft", "posted", "nav_document", "part_begun"),
        *("nav_document", "draft_gone"),
    ]


@pytest.mark.parametrize("flushed", [True, False])
def test_an_expense_posted_with_another_document_is_found(ledger: Ledger, *, flushed: bool) -> None:
    lines = [
        {**line, "source_id": source}
        for line, source in zip(
            [*invoice_record()["lines"]] * 2, ["t1", "t1", "#2", "rounding"], strict=True
        )
    ]
    first = invoice(document_key="FIRST", lines=lines)
    post(ledger, first)
    if flushed:
        ledger.flush()
    sources = ["t1", "t2", "#2", "rounding"]
    assert ledger.posted_elsewhere(BOOKS, "SECOND", sources) == {"t1": "FIRST"}
    assert ledger.posted_elsewhere(BOOKS, "FIRST", sources) == {}
    assert ledger.posted_elsewhere(Books("http://other", "c", "C"), "SECOND", sources) == {}
    # Posted anew without it, it may be posted elsewhere.
    post(ledger, invoice(document_key="FIRST"))
    assert ledger.posted_elsewhere(BOOKS, "SECOND", ["t1", "t2"]) == {"t1": "FIRST", "t2": "FIRST"}
    ledger.release_sources(BOOKS, "FIRST")
    assert ledger.posted_elsewhere(BOOKS, "SECOND", sources) == {}
    ledger.flush()
    assert ledger.posted_elsewhere(BOOKS, "SECOND", sources) == {}


def test_a_document_whose_company_is_found_later_stands_once(ledger: Ledger, place: Place) -> None:
    unplaced = Books.unplaced(BOOKS.nav, BOOKS.company_name)
    ledger.record_standing(unplaced, DOCUMENT, Status.HELD, [BLOCKED])
    ledger.flush()
    post(ledger)
    ledger.flush()
    assert place.query("SELECT ledger_id FROM documents") == [(BOOKS.ledger_id,)]


def test_a_plain_postgresql_url_will_do(postgresql_place: Place) -> None:
    plain = postgresql_place.url.replace("postgresql+psycopg://", "postgresql://")
    assert plain != postgresql_place.url
    ledger = Ledger(plain)
    post(ledger)
    ledger.close()
    assert postgresql_place.count("documents") == 1


def test_threads_share_a_ledger(ledger: Ledger, place: Place) -> None:
    def work(start: int) -> None:
        for number in range(start, start + 25):
            post(ledger, invoice(document_key=f"E{number}"), nav_id=f"i{number}")
            ledger.flush()

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 25, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert (place.count("documents"), place.count("nav_documents")) == (75, 75)
    assert list(ledger.verify_chain()) == []
    assert list(ledger.verify_documents()) == []
