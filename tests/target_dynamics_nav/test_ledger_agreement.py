"""Rows of documents that were changed behind the ledger's back."""

from __future__ import annotations

import pytest

from target_dynamics_nav.document import Problem
from target_dynamics_nav.ledger import Books, Ledger
from target_dynamics_nav.settlement import Status

from .ledgers import BOOKS, DOCUMENT, Place
from .test_ledger import invoice, post

HELD = invoice(document_key="HELD")
REASON = [Problem("unmapped", "No account.")]


@pytest.fixture
def ledger(place: Place) -> Ledger:
    """With documents of many histories, and nothing wrong."""
    ledger = place.open("run-1")
    unplaced = Books.unplaced(BOOKS.nav, BOOKS.company_name)
    ledger.record_standing(unplaced, DOCUMENT, Status.HELD, REASON)
    ledger.flush()
    ledger.record_standing(
        BOOKS, DOCUMENT, Status.DRAFT, [], nav_id="i", nav_number="1", draft_digest=DOCUMENT.digest
    )
    post(ledger)
    ledger.record_standing(BOOKS, invoice(total="31.00"), Status.CHANGED, REASON)
    ledger.record_part(BOOKS, DOCUMENT.key, 1)
    ledger.record_standing(BOOKS, HELD, Status.HELD, REASON)
    ledger.flush()
    console = place.open()
    console.waive(BOOKS, HELD.key, "Cash.", "anna")
    console.close()
    ledger.record_standing(BOOKS, HELD, Status.HELD, [Problem("other", "Other.")])
    ledger.record_event("refused", {"status": "409", "nav_id": "x"}, books=BOOKS, key="HELD")
    ledger.purge_person("nobody", "anna")
    ledger.end_run("finished", {})
    assert list(ledger.verify_documents()) == []
    return ledger


@pytest.mark.parametrize(
    "change",
    [
        "status = 'posted'",
        "posted_digest = NULL",
        "posted_digest = 'x'",
        "nav_number = '2'",
        "nav_id = NULL",
        "content_digest = 'x'",
        "draft_digest = 'x'",
        "part_number = 0",
    ],
)
def test_a_changed_row_shows(ledger: Ledger, place: Place, change: str) -> None:
    place.execute(f"UPDATE documents SET {change} WHERE document_key = '{DOCUMENT.key}'")  # noqa: S608 - our own
    [found] = ledger.verify_documents()
    assert DOCUMENT.key in found.what
    assert change.partition(" ")[0] in found.what
    ledger.close()


def test_a_waiver_that_nobody_gave_shows(ledger: Ledger, place: Place) -> None:
    place.execute("UPDATE documents SET status = 'waived'")
    assert [DOCUMENT.key in found.what for found in ledger.verify_documents()] == [True]
    ledger.close()


def test_removed_and_inserted_rows_show(ledger: Ledger, place: Place) -> None:
    place.execute("UPDATE documents SET document_key = 'X' WHERE document_key = 'HELD'")
    assert [found.what for found in ledger.verify_documents()] == [
        "no event tells of the document X",
        "the document HELD was removed",
    ]
    ledger.close()
