"""A ledger with a little of everything, and the console over it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from target_dynamics_nav.audit.command_line import main
from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.ledger import Books, Ledger
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document
from target_dynamics_nav.settlement import Status
from tests.target_dynamics_nav.desk import dimensions, line, record

NAV = "http://nav/api/v2.0"
EUROPE = Books(NAV, "c1", "CRONUS Europe")
SERVICES = Books(NAV, "c2", "CRONUS Services")
ANNA, BO = "anna@northwind.example", "bo@northwind.example"
BLOCKED = Problem(
    "account_blocked",
    "G/L account 8320 is blocked in NAV.",
    "lines[0].account_number",
    "8320",
    "Unblock the account in NAV.",
)


def document(number: int, submitter: str = ANNA, **changes: Any) -> Document:
    body = record(changes.pop("kind", DocumentKind.PURCHASE_INVOICE)) | {
        "document_key": f"E{number}-R",
        "total": "130.00",
        "posting_date": "2026-03-31",
        "lines": [
            line("8430", "120.00", dimensions=dimensions(PROJECT="P-1"), source_id=f"{number}001"),
            line("8440", "10.00", source_id=f"{number}002"),
        ],
        "source": {
            "system": "expensify",
            "id": f"R{number:03}aB",
            "number": str(4700 + number),
            "name": "Anna's trip",
            "policy_id": "P1",
            "policy_name": "Northwind Europe",
            "submitter": submitter,
            "approved_at": "2026-03-30T08:00:00Z",
            "part": "reimbursable",
            "url": "https://expensify.test/anna",
        },
        "decided_by": {
            "vendor_number": f"vendors.by_submitter.{submitter}",
            "lines[0].account_number": "accounts.by_category (line 9): category 'Airfare'",
            "lines[1].account_number": "accounts.by_category (line 10): category 'Hotel'",
            "lines[0].dimensions.PROJECT": "dimensions.PROJECT (line 20): tag 'Oslo'",
        },
        **changes,
    }
    return read_document(DocumentKind(body.pop("kind")), body)


@dataclass
class Console:
    """nav-audit over one ledger."""

    place: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.place}"

    def run(self, *arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(
            main, arguments, env={"TARGET_DYNAMICS_NAV_LEDGER_URL": self.url}, **options
        )

    def text(self, *arguments: str, code: int = 0) -> str:
        result = self.run(*arguments)
        assert result.exit_code == code, result.output
        return str(result.output)

    def data(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.text(*arguments, "--json", code=code))

    def ledger(self) -> Ledger:
        ledger = Ledger(self.url)
        ledger.start_run("run-2", "post")
        return ledger


def post(ledger: Ledger, item: Document, number: str, books: Books = EUROPE) -> None:
    ledger.record_event("looked_up", {"found": []}, books=books, key=item.key)
    ledger.record_standing(
        books,
        item,
        Status.POSTED,
        [],
        nav_id=f"id-{number}",
        nav_number=number,
        posted_digest=item.digest,
    )


@pytest.fixture
def console(tmp_path: Path) -> Console:
    """1 posted, 2 held, 3 changed, 4 skipped, 5 posted in another company, 6 a credit memo in dollars."""
    made = Console(tmp_path / "ledger.sqlite3")
    ledger = Ledger(made.url)
    ledger.start_run("run-1", "post")
    post(ledger, document(1), "108001")
    ledger.record_event(
        "refused",
        {"code": "nav_refused", "nav_message": f"Ask {ANNA}."},
        books=EUROPE,
        key="E2-R",
    )
    ledger.record_standing(EUROPE, document(2), Status.HELD, [BLOCKED])
    post(ledger, document(3, BO), "108003")
    ledger.flush()
    changed = document(3, BO, total="131.00", lines=[line("8430", "121.00"), line("8440", "10.00")])
    ledger.record_standing(
        EUROPE, changed, Status.CHANGED, [Problem("changed_since_posted", "It differs.")]
    )
    ledger.record_standing(
        EUROPE,
        document(4, skip={"code": "zero_total", "reason": "Nothing in it."}, lines=[], total="0"),
        Status.SKIPPED,
        [Problem("zero_total", "Nothing in it.")],
    )
    post(ledger, document(5, posting_date="2026-02-28"), "200001", SERVICES)
    memo = document(6, kind=DocumentKind.PURCHASE_CREDIT_MEMO, currency_code="USD")
    post(ledger, memo, "109001")
    ledger.end_run("finished", {"posted": 4, "held": 1, "changed": 1, "skipped": 1})
    ledger.close()
    return made
