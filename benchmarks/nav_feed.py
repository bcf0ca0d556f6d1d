"""For the target's benchmarks: a company, purchase invoices for it, and a sandbox that serves the company.

Usage: nav_feed.py DOCUMENTS writes a feed of so many invoices to standard output.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import signal
import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.auth import NavCredentials
from expense_sandbox.nav.server import build_nav_server
from expense_sandbox.seeds import (
    AccountSeed,
    CompanySeed,
    DimensionSeed,
    DimensionValueSeed,
    VendorSeed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection
    from typing import TextIO

LINES = 8
VENDORS = 50
ACCOUNTS = tuple(str(number) for number in range(8400, 8500, 10))
DEPARTMENTS = ("ADM", "PROD", "SALES", "RD")
PROJECTS = tuple(f"P-{number}" for number in range(100, 120))
CREDENTIALS = NavCredentials(
    tenant_id="benchmark",
    client_id="benchmark",
    client_secret="not-a-secret",  # noqa: S106 - of a server that lives for one benchmark
    username="BENCHMARK",
    password="not-a-secret",  # noqa: S106
    refresh_token="not-a-secret",  # noqa: S106
)
COMPANY = CompanySeed(
    name="CRONUS Benchmark",
    local_currency_code="EUR",
    accounts=(
        AccountSeed("5410", "Vendors", category="Liabilities", direct_posting=False),
        *(AccountSeed(number, f"Expense {number}") for number in ACCOUNTS),
    ),
    vendors=tuple(VendorSeed(f"E{1000 + n}", f"Employee {n}") for n in range(VENDORS)),
    dimensions=(
        DimensionSeed(
            "DEPARTMENT", "Department", tuple(DimensionValueSeed(c, c) for c in DEPARTMENTS)
        ),
        DimensionSeed("PROJECT", "Project", tuple(DimensionValueSeed(c, c) for c in PROJECTS)),
    ),
)


def documents(count: int) -> Iterator[dict[str, Any]]:
    """So many purchase invoices of eight lines with two dimensions each, no two alike."""
    for number in range(count):
        lines = [
            {
                "line_number": line + 1,
                "account_type": "G/L Account",
                "account_number": ACCOUNTS[(number + line) % len(ACCOUNTS)],
                "description": f"Expense {line + 1} of report {number}",
                "amount": str(Decimal(1000 + number % 9000 + 137 * line) / 100),
                "tax_code": None,
                "dimensions": [
                    {"code": "DEPARTMENT", "value": DEPARTMENTS[(number + line) % 4]},
                    {"code": "PROJECT", "value": PROJECTS[(number * 3 + line) % 20]},
                ],
                "source_id": f"{number}-{line}",
            }
            for line in range(LINES)
        ]
        yield {
            "document_key": f"B{number:07d}-R",
            "vendor_number": f"E{1000 + number % VENDORS}",
            "posting_date": f"2026-{1 + number % 6:02d}-{1 + number % 28:02d}",
            "document_date": f"2026-{1 + number % 6:02d}-{1 + number % 28:02d}",
            "currency_code": None,
            "prices_include_tax": False,
            "total": str(sum(Decimal(str(line["amount"])) for line in lines)),
            "description": f"Report {number}",
            "dimensions": [],
            "lines": lines,
            "source": {"system": "expensify", "id": f"R{number:011d}", "part": "reimbursable"},
        }


def write_feed(file: TextIO, invoices: Iterable[dict[str, Any]]) -> None:
    """The invoices as a Singer feed, with a STATE after each hundred and at the end."""
    stream = "purchase_invoices"
    schema = {"type": "object", "properties": {"document_key": {"type": "string"}}}
    _write(file, type="SCHEMA", stream=stream, schema=schema, key_properties=["document_key"])
    number = 0
    for number, invoice in enumerate(invoices, start=1):
        _write(file, type="RECORD", stream=stream, record=invoice)
        if number % 100 == 0:
            _write(file, type="STATE", value={"documents": number})
    _write(file, type="STATE", value={"documents": number})


def _write(file: TextIO, **message: object) -> None:
    file.write(f"{json.dumps(message)}\n")


@dataclass(frozen=True)
class Served:
    """A sandbox in a process of its own; `settings` lead the target there."""

    url: str

    @property
    def settings(self) -> dict[str, str]:
        """As environment variables of the target."""
        return {
            "TARGET_DYNAMICS_NAV_BASE_URL": f"{self.url}/api/v2.0",
            "TARGET_DYNAMICS_NAV_TOKEN_URL": (
                f"{self.url}/{CREDENTIALS.tenant_id}/oauth2/v2.0/token"
            ),
            "TARGET_DYNAMICS_NAV_TENANT_ID": CREDENTIALS.tenant_id,
            "TARGET_DYNAMICS_NAV_CLIENT_ID": CREDENTIALS.client_id,
            "TARGET_DYNAMICS_NAV_CLIENT_SECRET": CREDENTIALS.client_secret,
            "TARGET_DYNAMICS_NAV_COMPANY": COMPANY.name,
        }


@contextlib.contextmanager
def serving(latency: float, operation_time: float) -> Iterator[Served]:
    """The company's NAV, on fresh books; both times in seconds."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender, latency, operation_time), daemon=True)
    process.start()
    try:
        yield Served(receiver.recv())
    finally:
        process.terminate()
        process.join()


def _serve(sender: Connection, latency: float, operation_time: float) -> None:
    server, _ = build_nav_server(
        [COMPANY],
        credentials=CREDENTIALS,
        faults=None,
        latency=latency,
        operation_time=operation_time,
    )
    server.start()
    sender.send(server.url)
    signal.pause()


if __name__ == "__main__":
    write_feed(sys.stdout, documents(int(sys.argv[1])))
