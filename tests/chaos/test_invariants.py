"""That the chaos can fail: each invariant notices what it is there for; and its program tells."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.target_dynamics_nav.nav_stand_in import CREDENTIALS

from . import feed
from .__main__ import exit_code, table
from .crashes import Reference, Result
from .stage import BATCHED, Stage


@pytest.fixture
def nav(stage: Stage) -> Stage:
    stage.reset()
    return stage


def api(nav: Stage, method: str, path: str, body: object = None) -> Any:
    (company,) = nav.books.companies.values()
    answer = requests.request(
        method,
        f"{nav.server.url}/api/v2.0/companies({company.id})/{path}",
        json=body,
        auth=(CREDENTIALS.username, CREDENTIALS.password),
        timeout=10,
    )
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def violations(nav: Stage, reference: Reference) -> str:
    return "\n".join(nav.all_is_well(reference.entries, nav.run(BATCHED)))


def test_nothing_is_wrong_without_a_reason(nav: Stage, reference: Reference) -> None:
    assert violations(nav, reference) == ""


def test_a_second_posting_is_noticed(nav: Stage, reference: Reference) -> None:
    line = {"lineType": "Account", "lineObjectNumber": "8430", "unitCost": 7, "quantity": 1}
    made = api(nav, "POST", "purchaseInvoices", {
        "vendorNumber": "E1002", "vendorInvoiceNumber": "SETTLED-I", "invoiceDate": "2026-01-31",
        "purchaseInvoiceLines": [line],
    })  # fmt: skip
    assert "an orphan: drafts" in violations(nav, reference)
    api(nav, "POST", f"purchaseInvoices({made['id']})/Microsoft.NAV.post")
    assert nav.nothing_twice() == ["SETTLED-I is posted 2 times, not 1"]
    found = violations(nav, reference)
    assert "postings: [('SETTLED-I', 1), ('SETTLED-I', 2)]" in found
    assert "entries: surplus" in found


def test_an_emptied_batch_is_noticed(nav: Stage, reference: Reference) -> None:
    api(nav, "POST", "journals", {"code": "LEFTOVER"})
    assert "an orphan: journals LEFTOVER" in violations(nav, reference)


def test_a_document_that_is_missing_is_noticed(nav: Stage, reference: Reference) -> None:
    run = nav.run(BATCHED, feed.CASES[:-1])
    found = "\n".join(nav.all_is_well(reference.entries, run))
    assert "postings: [('INVOICE-6', 1)]" in found
    assert "the ledger says that INVOICE-6 is absent" in found


def test_a_ledger_that_was_altered_is_noticed(nav: Stage, reference: Reference) -> None:
    run = nav.run(BATCHED)
    with contextlib.closing(sqlite3.connect(nav.ledger)) as connection, connection:
        connection.execute("UPDATE documents SET nav_number = '0' WHERE document_key = 'MEMO-1'")
        connection.execute("UPDATE events SET kind = 'x' WHERE sequence = 5")
    found = "\n".join(nav.all_is_well(reference.entries, run))
    assert "the ledger has MEMO-1 as 0, which NAV has not" in found
    assert "chain: " in found


def test_a_state_that_runs_ahead_is_noticed(nav: Stage, reference: Reference) -> None:
    run = nav.run(BATCHED, mode="draft")
    assert "is not in NAV" in "\n".join(nav.state_is_true(run))
    assert "an orphan: drafts" in "\n".join(nav.all_is_well(reference.entries, run))


def test_a_document_held_for_no_reason_is_noticed(nav: Stage) -> None:
    run = nav.run(BATCHED, [feed.case("INVOICE-1", vendor_number="E9999")])
    assert "the disturbed run made INVOICE-1 held" in "\n".join(nav.interim(run))


def test_the_program_fails_by_a_violation_and_when_nothing_was_done() -> None:
    well = Result("a", "crashes", "single, before a request", 1, ())
    wrong = Result("b", "faults", "alone: 408", 1, ("posted twice",))
    assert exit_code([well], broken=False) == 0
    assert exit_code([well, wrong], broken=False) == 1
    assert exit_code([well], broken=True) == 1
    assert exit_code([], broken=False) == 1
    assert table([well, wrong, wrong]).splitlines() == [
        "matrix   points  disturbed  violations  what",
        "crashes       1          1           0  single, before a request",
        "faults        2          2           2  alone: 408",
        "all           3          3           2  ",
    ]


def test_the_program_does_its_share() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--workers", "1", "--share", "700", "--seeds", "8"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "violations" in done.stdout
