"""How fast a large audit ledger is written and asked. Usage: ledger_speed.py [DOCUMENTS] [--url URL].

Without a URL the ledger is a SQLite file in a temporary folder. With one, the database has to be empty.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.ledger import Books, Ledger, queries
from target_dynamics_nav.ledger.queries import Filter
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Callable

BOOKS = [
    Books("https://nav.example/api/v2.0", f"c{number}", f"Company {number}") for number in (1, 2)
]
FIRST_DAY = date(2024, 1, 1)
DAYS = 730
LINES = 5
AT_ONCE = 100
ROUNDS = 5
LIMIT_SECONDS = 0.2


def document(number: int) -> Document:
    """A report of five expenses."""
    day = (FIRST_DAY + timedelta(days=number % DAYS)).isoformat()
    lines = [
        {
            "account_type": "G/L Account",
            "account_number": str(8400 + position),
            "description": f"Expense {number}.{position}",
            "amount": "12.34",
            "dimensions": [{"code": "DEPARTMENT", "value": "SALES"}],
            "source_id": f"{number:012}{position:02}",
        }
        for position in range(LINES)
    ]
    return read_document(
        DocumentKind.PURCHASE_INVOICE,
        {
            "document_key": f"E{number}-R",
            "vendor_number": f"E{number % 500}",
            "posting_date": day,
            "document_date": day,
            "total": "61.70",
            "currency_code": "EUR" if number % 7 == 0 else None,
            "description": f"Report {number}",
            "lines": lines,
            "source": {
                "system": "expensify",
                "id": f"R{number:08}x",
                "number": str(10_000_000 + number),
                "policy_id": f"P{number % 20}",
                "policy_name": f"Policy {number % 20}",
                "submitter": f"employee{number % 500}@northwind.example",
                "approved_at": f"{day} 09:00:00",
                "part": "reimbursable",
            },
            "decided_by": {"vendor_number": "rules.yml: vendors", "lines": "rules.yml: accounts"},
        },
    )


def fill(ledger: Ledger, documents: int) -> None:
    """Five events a document; three in a hundred wait."""
    for number in range(documents):
        books, item = BOOKS[number % 2], document(number)
        for kind in ("looked_up", "draft_intended", "draft_created", "post_intended"):
            ledger.record_event(
                kind, {"digest": item.digest, "attempt": 1}, books=books, key=item.key
            )
        if number % 33 == 0:
            reason = Problem(f"reason_{number % 4}", "It cannot be posted.", "lines", "8400")
            ledger.record_standing(books, item, Status.HELD, [reason])
        else:
            ledger.record_standing(
                books,
                item,
                Status.POSTED,
                [],
                nav_id=f"id-{number}",
                nav_number=f"{100_000 + number}",
                posted_digest=item.digest,
            )
        if number % AT_ONCE == AT_ONCE - 1:
            ledger.flush()
    ledger.flush()


def seconds_of(ask: Callable[[], object]) -> float:
    """The best of some rounds."""
    found = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        ask()
        found.append(time.perf_counter() - started)
    return min(found)


def questions(url: str, documents: int) -> dict[str, Callable[[], object]]:
    """What a run and the console ask, each of a ledger opened anew."""
    ledger = Ledger(url)
    books, number = BOOKS[0], documents // 2 // 2 * 2
    keys = [f"E{key}-R" for key in range(0, 600, 2)]
    month = Filter(since="2025-03-01", until="2025-03-31")

    def standings() -> object:
        asked = Ledger(url)
        try:
            return asked.standings(books, keys)
        finally:
            asked.close()

    return {
        "open, and the standing of 300 documents": standings,
        "latest_posted_key": lambda: ledger.latest_posted_key(books),
        "posted_elsewhere of 300 expenses": lambda: ledger.posted_elsewhere(
            books, "E-R", [f"{key:012}00" for key in range(300)]
        ),
        "status: totals of a month": lambda: queries.totals(ledger, month),
        "status: totals of everything": lambda: queries.totals(ledger),
        "status: reasons of what waits": lambda: queries.reasons(ledger),
        "status: the latest runs": lambda: queries.latest_runs(ledger),
        "list: what is held": lambda: queries.find(ledger, Filter(statuses=["held"])),
        "list: everything, the first page": lambda: queries.find(ledger),
        "list: a month": lambda: queries.find(ledger, month),
        "list: an employee": lambda: queries.find(
            ledger, Filter(employee="employee7@northwind.example")
        ),
        "list: a policy": lambda: queries.find(ledger, Filter(policy="Policy 7")),
        "list: a reason": lambda: queries.find(ledger, Filter(reason_code="reason_1")),
        "list: aged": lambda: queries.find(ledger, Filter(waiting_since_before="9999")),
        "explain: by report id": lambda: queries.named(ledger, f"R{number:08}x"),
        "explain: by expense": lambda: queries.named(ledger, f"{number:012}03"),
        "explain: the story": lambda: queries.story(ledger, books.ledger_id, f"E{number}-R"),
    }


def main() -> int:
    """Fill a ledger, ask it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=int, nargs="?", default=100_000)
    parser.add_argument("--url")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.url or f"sqlite:///{Path(folder) / 'ledger.sqlite3'}"
        ledger = Ledger(url)
        ledger.start_run("benchmark", "post")
        started = time.perf_counter()
        fill(ledger, arguments.documents)
        took = time.perf_counter() - started
        print(
            f"written: {arguments.documents} documents in {took:.1f} s, {arguments.documents / took:.0f}/s"
        )
        started = time.perf_counter()
        again = Ledger(url)
        again.start_run("again", "post")
        for start in range(0, arguments.documents, 300):
            numbers = range(start, min(start + 300, arguments.documents))
            items = [document(number) for number in numbers if number % 33]
            for books in BOOKS:
                again.standings(books, [item.key for item in items])
            for number, item in zip((n for n in numbers if n % 33), items, strict=True):
                again.record_standing(BOOKS[number % 2], item, Status.POSTED, [])
        again.close()
        took = time.perf_counter() - started
        print(f"read again, unchanged: {took:.1f} s, {arguments.documents / took:.0f} documents/s")
        slowest = 0.0
        for name, ask in questions(url, arguments.documents).items():
            seconds = seconds_of(ask)
            slowest = max(slowest, seconds)
            print(f"{name}: {seconds * 1000:.1f} ms")
        started = time.perf_counter()
        altered = list(ledger.verify_chain())
        print(f"verify: {time.perf_counter() - started:.1f} s")
        ledger.close()
        if not arguments.url:
            size = (Path(folder) / "ledger.sqlite3").stat().st_size
            print(f"file: {size / 1_000_000:.0f} MB")
    print(f"slowest question: {slowest * 1000:.1f} ms; the limit is {LIMIT_SECONDS * 1000:.0f} ms")
    return int(slowest > LIMIT_SECONDS or bool(altered))


if __name__ == "__main__":
    sys.exit(main())
