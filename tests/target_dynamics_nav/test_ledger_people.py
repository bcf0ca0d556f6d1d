"""What people do with the ledger: waive, open again, purge; and what they ask."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.errors import DocumentError
from target_dynamics_nav.ledger import Ledger, queries
from target_dynamics_nav.ledger.queries import Filter
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document
from target_dynamics_nav.settlement import Status

from .ledgers import BOOKS, DOCUMENT, Place
from .test_ledger import invoice, post, statements
from .test_records import invoice_record

ANNA = "anna@northwind.example"
TEXTS = ("anna", "Anna", "dinner", "Dinner", "March", "Flight", "Hotel", "Sales")


def report(number: int, submitter: str = ANNA, **changes: Any) -> Document:
    return invoice(
        **{
            "document_key": f"E{number}-R",
            "source": {
                "system": "expensify",
                "id": f"R{number}",
                "number": str(4700 + number),
                "policy_id": "P1",
                "policy_name": "Sales",
                "submitter": submitter,
                "url": "https://x.test/anna",
            },
            "decided_by": {"vendor_number": f"vendors.by_email.{submitter}"},
            **changes,
        }
    )


def hold(ledger: Ledger, document: Document = DOCUMENT) -> None:
    problem = Problem("unmapped", "Anna's dinner has no account.", "lines", "Dinner", "Map it.")
    ledger.record_standing(BOOKS, document, Status.HELD, [problem])


@pytest.fixture
def ledger(place: Place) -> Any:
    ledger = place.open("run-1")
    yield ledger
    ledger.close()


# Waivers


def test_a_waived_document_stays_closed_until_it_is_opened_again(
    ledger: Ledger, place: Place
) -> None:
    hold(ledger)
    ledger.flush()
    console = place.open()
    console.waive(BOOKS, DOCUMENT.key, "Paid in cash.", "berta")
    hold(ledger)  # the run goes on with what it knew
    ledger.flush()
    ledger.close()
    known = console.standing(BOOKS, DOCUMENT.key)
    assert known is not None
    assert known.status is Status.WAIVED
    assert known.waives(DOCUMENT.digest)
    assert known.waives("whatever becomes of it")
    [row] = place.query("SELECT waived_by, waived_reason, held_since FROM documents")
    assert row[:2] == ("berta", "Paid in cash.")
    console.unwaive(BOOKS, DOCUMENT.key, "carla")
    opened = console.standing(BOOKS, DOCUMENT.key)
    assert opened is not None
    assert (opened.status, opened.waives(DOCUMENT.digest)) == (Status.HELD, False)
    found = queries.story(console, BOOKS.ledger_id, DOCUMENT.key)
    assert found is not None
    assert [(event.kind, event.who) for event in found.events[1:]] == [
        ("waived", "berta"),
        ("unwaived", "carla"),
    ]
    assert found.events[1].told["reason"] == "Paid in cash."
    assert list(console.verify_chain()) == []
    console.close()


def test_a_waived_difference_is_news_when_the_report_changes_once_more(
    ledger: Ledger, place: Place
) -> None:
    post(ledger)
    changed = invoice(total="31.00")
    ledger.record_standing(BOOKS, changed, Status.CHANGED, [Problem("changed_since_posted", "x")])
    ledger.flush()
    place.open().waive(BOOKS, DOCUMENT.key, "Rounding.", "berta")
    ledger.record_standing(BOOKS, changed, Status.CHANGED, [Problem("changed_since_posted", "x")])
    ledger.close()
    again = place.open("run-2")
    known = again.standing(BOOKS, DOCUMENT.key)
    assert known is not None
    assert known.waives(changed.digest)
    assert known.waives(DOCUMENT.digest)
    more = invoice(total="32.00")
    assert not known.waives(more.digest)
    again.record_standing(BOOKS, more, Status.CHANGED, [Problem("changed_since_posted", "y")])
    again.flush()
    assert place.query("SELECT status FROM documents") == [("changed",)]
    again.close()


def test_what_is_posted_meanwhile_is_not_hidden_by_a_waiver(ledger: Ledger, place: Place) -> None:
    hold(ledger)
    ledger.flush()
    place.open().waive(BOOKS, DOCUMENT.key, "Paid in cash.", "berta")
    post(ledger)
    ledger.flush()
    assert place.query("SELECT status FROM documents") == [("posted",)]


def test_only_what_waits_can_be_waived(ledger: Ledger) -> None:
    with pytest.raises(DocumentError) as unknown:
        ledger.waive(BOOKS, "NEVER-SEEN", "x", "berta")
    hold(ledger)
    with pytest.raises(DocumentError) as open_:
        ledger.unwaive(BOOKS, DOCUMENT.key, "berta")
    post(ledger)
    with pytest.raises(DocumentError) as posted:
        ledger.waive(BOOKS, DOCUMENT.key, "x", "berta")
    codes = [caught.value.code for caught in (unknown, open_, posted)]
    assert codes == ["document_unknown", "not_waived", "not_waiting"]


# Retention


def everything(place: Place) -> str:
    tables = ("documents", "contents", "events", "nav_documents", "runs", "posted_sources")
    return "".join(map(place.all_of, tables))


def tell_all(ledger: Ledger) -> None:
    post(ledger, report(1), nav_id="i1", nav_number="108001")
    ledger.record_event(
        "refused", {"code": "x", "nav_message": "Dinner of Anna"}, books=BOOKS, key="E1-R"
    )
    hold(ledger, report(2))
    post(ledger, report(3, "bert@northwind.example"), nav_id="i3", nav_number="108003")
    ledger.flush()
    ledger.waive(BOOKS, "E2-R", "Anna paid for dinner herself.", "berta")


def test_a_person_can_be_purged_without_breaking_the_chain(ledger: Ledger, place: Place) -> None:
    tell_all(ledger)
    assert all(text in everything(place) for text in TEXTS)
    bert_before = queries.story(ledger, BOOKS.ledger_id, "E3-R")
    assert ledger.purge_person(ANNA.upper(), "berta") == 2
    assert list(ledger.verify_chain()) == []
    assert queries.story(ledger, BOOKS.ledger_id, "E3-R") == bert_before
    place.execute("DELETE FROM contents WHERE document_key = 'E3-R'")
    place.execute("DELETE FROM documents WHERE document_key = 'E3-R'")
    place.execute("DELETE FROM events WHERE document_key = 'E3-R'")
    assert [text for text in TEXTS if text in everything(place)] == []
    left = queries.story(ledger, BOOKS.ledger_id, "E1-R")
    assert left is not None
    assert left.versions[0]["content"] == report(1).content
    assert left.nav_documents[0]["nav_number"] == "108001"
    assert [(event.kind, event.purged) for event in left.events] == [
        ("posted", False),
        ("refused", True),
    ]
    assert left.events[1].told == {"code": "x"}


def test_a_purged_file_has_no_trace_on_the_disk(sqlite_place: Place) -> None:
    ledger = sqlite_place.open("run-1")
    tell_all(ledger)
    ledger.purge_before("9999-01-01", "berta")
    folder = sqlite_place.url.removeprefix("sqlite:///").rpartition("/")[0]
    for file in Path(folder).iterdir():
        data = file.read_bytes()
        assert b"inner" not in data, file
        assert ANNA.encode() not in data, file
    ledger.close()


def test_what_waits_is_not_purged_by_age(ledger: Ledger, place: Place) -> None:
    hold(ledger, report(1))
    post(ledger, report(2))
    assert ledger.purge_before("2000-01-01", "berta") == 0
    assert ledger.purge_before("9999-01-01", "berta") == 1
    assert ledger.purge_before("9999-01-01", "berta") == 0
    assert place.query("SELECT document_key FROM documents WHERE submitter IS NULL") == [("E2-R",)]
    assert list(ledger.verify_chain()) == []


def test_what_was_purged_is_not_told_anew_when_it_is_read_again(
    ledger: Ledger, place: Place
) -> None:
    post(ledger, report(1))
    ledger.purge_person(ANNA, "berta")
    ledger.close()
    again = place.open("run-2")
    sent = statements(again._database)
    post(again, report(1))
    again.flush()
    assert [statement for statement in sent if not statement.startswith(("SELECT", "BEGIN"))] == []
    # But when it needs a person again, its words are needed too.
    changed = report(1, total="31.00")
    again.record_standing(BOOKS, changed, Status.CHANGED, [Problem("changed", "x")])
    post(again, report(1))
    again.flush()
    assert place.query("SELECT submitter FROM documents") == [(ANNA,)]
    assert place.query("SELECT count(*) FROM contents WHERE decided_by IS NOT NULL")[0][0] == 2
    again.close()


# Questions


@pytest.fixture
def month(ledger: Ledger) -> Ledger:
    post(ledger, report(1, total="0.10"), nav_id="i1", nav_number="108001")
    post(ledger, report(2, total="0.20", currency_code="EUR"), nav_id="i2", nav_number="108002")
    hold(ledger, report(3, "bert@northwind.example", total="1234567890123.45678"))
    hold(ledger, report(4, posting_date=None, total=None))
    credit = {**invoice_record(document_key="E5-R", total="0.30"), "posting_date": "2026-04-01"}
    memo = read_document(DocumentKind.PURCHASE_CREDIT_MEMO, credit)
    ledger.record_standing(BOOKS, memo, Status.FAILED, [Problem("timeout", "Late.")])
    ledger.flush()
    return ledger


def test_totals_are_exact(month: Ledger) -> None:
    # Databases differ in where they sort what has no currency.
    assert {
        (total.status, total.currency_code, total.documents, total.amount)
        for total in queries.totals(month)
    } == {
        ("failed", None, 1, Decimal("-0.3")),
        ("held", None, 2, Decimal("1234567890123.45678")),
        ("posted", None, 1, Decimal("0.1")),
        ("posted", "EUR", 1, Decimal("0.2")),
    }


def test_reasons_by_frequency(month: Ledger) -> None:
    assert queries.reasons(month) == [("held", "unmapped", 2), ("failed", "timeout", 1)]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(statuses=["posted"]), {"E1-R", "E2-R"}),
        (Filter(since="2026-04-01"), {"E4-R", "E5-R"}),
        (Filter(until="2026-03-31", undated=False), {"E1-R", "E2-R", "E3-R"}),
        (Filter(employee="BERT@northwind.example"), {"E3-R"}),
        (Filter(policy="Sales", statuses=["held"]), {"E3-R", "E4-R"}),
        (Filter(policy="P1", reason_code="unmapped"), {"E3-R", "E4-R"}),
        (Filter(company="CRONUS", reason_code="timeout"), {"E5-R"}),
        (Filter(company="Other"), set()),
        (Filter(waiting_since_before="9999"), {"E3-R", "E4-R", "E5-R"}),
        (Filter(waiting_since_before="2000"), set()),
    ],
)
def test_filters(month: Ledger, wanted: Filter, expected: set[str]) -> None:
    assert {row["document_key"] for row in queries.find(month, wanted)} == expected
    assert sum(total.documents for total in queries.totals(month, wanted)) == len(expected)


def test_pages_follow_each_other(month: Ledger) -> None:
    pages = [queries.find(month, limit=2, offset=offset) for offset in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [row["document_key"] for page in pages for row in page] == [
        f"E{number}-R" for number in (5, 4, 3, 2, 1)
    ]


@pytest.mark.parametrize("name", ["R2", "4702", "E2-R", "e2-r", "108002"])
def test_a_report_is_found_by_every_name(month: Ledger, name: str) -> None:
    assert [row["document_key"] for row in queries.named(month, name)] == ["E2-R"]


def test_a_report_is_found_by_an_expense(month: Ledger) -> None:
    assert [row["document_key"] for row in queries.named(month, "t1")] == ["E1-R", "E2-R"]
    assert queries.named(month, "r2") == []


def test_a_story_has_everything(month: Ledger) -> None:
    month.record_event(
        "draft_rejected", {"code": "x", "differences": ["a"]}, books=BOOKS, key="E3-R"
    )
    month.flush()
    found = queries.story(month, BOOKS.ledger_id, "E3-R")
    assert found is not None
    assert found.document["submitter"] == "bert@northwind.example"
    [version] = found.versions
    assert [line["source_id"] for line in version["document"]["lines"]] == ["t1", "t2"]
    assert version["decided_by"] == {"vendor_number": "vendors.by_email.bert@northwind.example"}
    held, rejected = found.events
    assert held.told["reason_codes"] == ["unmapped"]
    assert held.told["reasons"][0]["message"] == "Anna's dinner has no account."
    assert (rejected.told, rejected.run_id) == ({"code": "x", "differences": ["a"]}, "run-1")
    assert queries.story(month, BOOKS.ledger_id, "NO") is None


def test_runs_and_what_happened_in_them(month: Ledger) -> None:
    assert [run["run_id"] for run in queries.latest_runs(month)] == ["run-1"]
    assert [event.kind for event in queries.events_of_run(month, "run-1")] == [
        *("run_started", "posted", "posted", "held", "held", "failed"),
    ]
