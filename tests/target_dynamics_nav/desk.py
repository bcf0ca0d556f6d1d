"""Runs of the posting protocol against a NAV stand-in over real HTTP: for the protocol's tests."""

from __future__ import annotations

import copy
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from expense_sandbox.faults import Fault, FaultPlan
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from expense_sandbox.seeds import AccountSeed, CompanySeed, DefaultDimensionSeed
from target_dynamics_nav.context import Mode, PostingRules
from target_dynamics_nav.errors import StopRunError
from target_dynamics_nav.ledger import Ledger
from target_dynamics_nav.nav.factory import build_client
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.nav.retry import Clock
from target_dynamics_nav.records import read_document
from target_dynamics_nav.run import Run, RunSettings

from .nav_stand_in import COMPANY, CREDENTIALS, NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expense_sandbox.http import Request, Response, SandboxServer
    from expense_sandbox.nav.books import Books
    from target_dynamics_nav.document import Document
    from target_dynamics_nav.outcome import Outcome
    from target_dynamics_nav.settlement import StateGate

INVOICE = DocumentKind.PURCHASE_INVOICE
CREDIT_MEMO = DocumentKind.PURCHASE_CREDIT_MEMO
JOURNAL = DocumentKind.JOURNAL_ENTRY
SECOND = "CRONUS Second"

EUROPE = replace(
    COMPANY,
    accounts=(
        *COMPANY.accounts,
        AccountSeed(
            "8450",
            "Meals, department wanted",
            default_dimensions=(DefaultDimensionSeed("DEPARTMENT", "", "Code Mandatory"),),
        ),
        AccountSeed("8460", "Taxed", tax_code="VAT20"),
    ),
)


def line(account: str = "8430", amount: str = "100.10", **changes: Any) -> dict[str, Any]:
    return {
        "account_type": "G/L Account",
        "account_number": account,
        "description": f"Expense {amount} ü",
        "amount": amount,
        "tax_code": None,
        "dimensions": [],
        "source_id": "",
        **changes,
    }


def dimensions(**values: str) -> list[dict[str, str]]:
    return [{"code": code, "value": value} for code, value in values.items()]


def record(kind: DocumentKind = INVOICE, **changes: Any) -> dict[str, Any]:
    journal = kind is JOURNAL
    return {
        "kind": kind.value,
        "document_key": "E100-R",
        "company": None,
        "vendor_number": None if journal else "E1001",
        "balancing_account": {"type": "G/L Account", "number": "2910"} if journal else None,
        "posting_date": "2026-01-31",
        "document_date": "2026-01-30",
        "currency_code": None,
        "prices_include_tax": False,
        "total": "100.00",
        "description": "Oslo trip",
        "dimensions": dimensions(DEPARTMENT="SALES"),
        "lines": [line(dimensions=dimensions(PROJECT="P-1")), line(amount="-0.10")],
        "skip": None,
        "notes": [],
        "problems": [],
        "source": {"system": "expensify", "id": "R00aBc"},
        "decided_by": {},
        **changes,
    }


@dataclass(frozen=True)
class Finished:
    """What one run did."""

    outcomes: list[Outcome]
    counts: dict[str, int]
    gate: StateGate
    error: StopRunError | None
    writes: int
    requests: list[str]

    @property
    def statuses(self) -> list[str]:
        return [outcome.status.value for outcome in self.outcomes]

    @property
    def codes(self) -> list[str]:
        """Codes of the reasons of the last document."""
        return [reason.code for reason in self.outcomes[-1].reasons]

    @property
    def messages(self) -> str:
        return "\n".join(reason.message for reason in self.outcomes[-1].reasons)


@dataclass
class Desk:
    """A NAV, an audit ledger, and runs over both; waits take no time."""

    server: SandboxServer
    nav_books: Books
    ledger: Path
    slept: list[float]
    interruptions: list[tuple[re.Pattern[str], Callable[[], object]]] = field(default_factory=list)

    def run(
        self,
        *records: dict[str, Any],
        mode: str = "post",
        window: int = 1,
        rules: dict[str, Any] | None = None,
        **settings: object,
    ) -> Finished:
        """One run over these records, one after the other or in windows; one that stops keeps what it had done."""
        before, log_start = self.nav_books.write_count, len(self.server.requests_log)
        client = build_client(
            {
                "base_url": f"{self.server.url}/api/v2.0",
                "auth_method": "basic",
                "username": CREDENTIALS.username,
                "password": CREDENTIALS.password,
                **settings,
            },
            clock=Clock(sleep=self.slept.append, jitter=lambda: 0.5),
        )
        run = Run(
            client,
            Ledger(f"sqlite:///{self.ledger}"),
            RunSettings(
                company=NAME,
                nav="http://nav/api/v2.0",
                rules=PostingRules(mode=Mode(mode), **(rules or {})),
                window=window,
            ),
        )
        outcomes: list[Outcome] = []
        note = run.summary.add

        def noted(company: str, document: Document, outcome: Outcome, currency: str = "") -> None:
            outcomes.append(outcome)
            note(company, document, outcome, currency)

        run.summary.add = noted  # type: ignore[method-assign]
        error: StopRunError | None = None
        try:
            run.connect()
            for number, one in enumerate(records, start=1):
                body = copy.deepcopy(one)
                run.take(read_document(DocumentKind(body.pop("kind")), body))
                run.gate.state_arrived({"documents": number})
            run.settle()
        except StopRunError as stopped:
            error = stopped
        try:
            run.end("finished" if error is None else error.code)
        finally:
            run.close()
        asked = [
            f"{logged.method} {logged.operation} {logged.status}"
            for logged in self.server.requests_log[log_start:]
        ]
        return Finished(
            outcomes,
            run.summary.counts,
            run.gate,
            error,
            self.nav_books.write_count - before,
            asked,
        )

    def fail(self, *faults: Fault) -> None:
        for fault in faults:
            self.server.faults.add(fault)

    def lose_ledger(self) -> None:
        for path in self.ledger.parent.glob(f"{self.ledger.name}*"):
            path.unlink()

    def before(self, pattern: str, act: Callable[[], object]) -> None:
        """Do something the moment before NAV gets the next request that matches, it or a part of it, `METHOD path`."""
        self.interruptions.append((re.compile(pattern), act))

    def api(self, method: str, path: str, body: object = None, company: str = NAME) -> Any:
        """Somebody else works in the same NAV."""
        found = self.nav_books.company(company)
        assert found is not None
        answer = requests.request(
            method,
            f"{self.server.url}/api/v2.0/companies({found.id})/{path}",
            json=body,
            auth=(CREDENTIALS.username, CREDENTIALS.password),
            headers={"If-Match": "*"},
            timeout=10,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def block(self, path: str) -> None:
        """Block an account or a dimension value."""
        answer = requests.post(
            f"{self.server.url}/_sandbox/{path}", json={"blocked": True}, timeout=10
        )
        assert answer.ok, answer.text

    def books(self, company: str = NAME) -> dict[str, Any]:
        answer = requests.get(
            f"{self.server.url}/_sandbox/books", params={"company": company}, timeout=10
        )
        found: dict[str, Any] = answer.json()
        return found

    def postings(self, key: str = "E100-R", company: str = NAME) -> int:
        """How often this key is in the general ledger: entries on the account that balances."""
        return sum(
            entry["account_number"] in {"5410", "2910"}
            for entry in self.books(company)["gl_entries"]
            if key in (entry["document_number"], entry["external_document_number"])
        )

    def drafts(self) -> list[dict[str, Any]]:
        """Drafts and journal batches, empty ones included."""
        books = self.books()
        drafts: list[dict[str, Any]] = books["drafts"] + books["journals"]
        return drafts

    def events(self) -> list[str]:
        """Kinds of the events in the audit ledger, oldest first."""
        import sqlite3

        with sqlite3.connect(self.ledger) as connection:
            return [
                kind for (kind,) in connection.execute("SELECT kind FROM events ORDER BY sequence")
            ]

    def standing(self, key: str = "E100-R") -> tuple[str, str | None]:
        """Status and NAV number in the audit ledger."""
        import sqlite3

        with sqlite3.connect(self.ledger) as connection:
            row: tuple[str, str | None] = connection.execute(
                "SELECT status, nav_number FROM documents WHERE document_key = ?", (key,)
            ).fetchone()
            return row


def _asked(request: Request) -> list[str]:
    """A request and, when it is a batch, its parts, each as `METHOD path`."""
    asked = [f"{request.method} {request.path}"]
    if request.path.endswith("/$batch"):
        parts = json.loads(request.body)["requests"]
        asked += [f"{part['method']} /{part['url']}" for part in parts]
    return asked


@contextmanager
def desk(
    tmp_path: Path, quirks: NavQuirks | None = None, europe: CompanySeed = EUROPE
) -> Iterator[Desk]:
    server, books = build_nav_server(
        [europe, replace(COMPANY, name=SECOND)],
        credentials=CREDENTIALS,
        faults=FaultPlan(),
        quirks=quirks or NavQuirks(),
    )
    made = Desk(server, books, tmp_path / "ledger.sqlite3", [])
    handler = server._handler

    def interrupted(request: Request) -> Response:
        asked = _asked(request) if made.interruptions else []
        for number, (pattern, act) in enumerate(made.interruptions):
            if any(map(pattern.search, asked)):
                del made.interruptions[number]
                act()
                break
        return handler(request)

    server._handler = interrupted
    server.start()
    try:
        yield made
    finally:
        server.stop()
