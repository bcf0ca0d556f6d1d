"""For the tap's benchmarks: a server that hands out one generated export, as Expensify would after rendering it."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

EXPENSES_A_REPORT = 10
_START = datetime(2026, 1, 1)  # noqa: DTZ001 - Expensify's times are UTC without saying so


def write_export(path: Path, reports: int) -> None:
    """Writes an export of so many reports of ten expenses each, in no order, with its trailer."""
    expense = {
        "type": "expense", "amount": "1234", "modifiedAmount": "", "convertedAmount": "1312", "currency": "USD",
        "currencyConversionRate": "0.94", "created": "2026-01-02", "modifiedCreated": "",
        "inserted": "2026-01-02 18:04:27", "merchant": "Café Zürich", "modifiedMerchant": "", "category": "Meals",
        "categoryGlCode": "8450", "categoryPayrollCode": "", "tag": "Sales:Apollo", "tagGlCode": "SALES:P-100",
        "comment": "Lunch with the team of the project", "bank": "", "billable": "false", "reimbursable": "true",
        "hasTax": "false", "taxAmount": "0", "mcc": "5812", "receiptID": "99887766", "receiptFilename": "w_1.jpg",
        "units": None, "ntags": [
            {"level": "1", "name": "Sales", "glCode": "SALES"}, {"level": "2", "name": "Apollo", "glCode": "P-100"},
        ], "_type": "expense",
    }  # fmt: skip
    with path.open("w", encoding="utf-8") as file:
        for number in range(reports):
            # 7919 is prime: every report once, and none next to the one approved before it.
            approved = _START + timedelta(seconds=(number * 7919) % reports * 100)
            report: dict[str, Any] = {
                "reportID": f"R00{number:09d}", "oldReportID": str(number), "reportName": f"Report {number}",
                "status": "Approved", "policyID": "A1B2C3D4E5F60701", "policyName": "Northwind", "currency": "EUR",
                "total": str(1312 * EXPENSES_A_REPORT), "created": "2026-01-01 08:00:00",
                "submitted": "2026-01-01 09:00:00", "approved": f"{approved:%Y-%m-%d %H:%M:%S}",
                "accountEmail": "ana@northwind.example", "isACHReimbursed": "false",
                "customField": {"Cost_Centre": "CC10"}, "approvers": [{"email": "bo@northwind.example"}],
                "transactionList": [
                    {**expense, "transactionID": f"40563430{number:07d}{line:02d}"}
                    for line in range(EXPENSES_A_REPORT)
                ],
                "_type": "report",
            }  # fmt: skip
            file.write(json.dumps(report, ensure_ascii=False, separators=(",", ":")) + "\n")
        file.write(f'{{"_type":"trailer","reports":{reports}}}\n')


@contextlib.contextmanager
def serving(path: Path) -> Iterator[str]:
    """Serves an export from a process of its own; gives the address for setting `base_url`."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(path, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/"
    finally:
        process.terminate()
        process.join()


def _serve(path: Path, connection: Connection) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            form = parse_qs(self.rfile.read(length).decode())
            job = json.loads(form["requestJobDescription"][0])
            self.send_response(200)
            if job["type"] == "file":
                self.send_header("Content-Length", "11")
                self.end_headers()
                self.wfile.write(b"export.json")
                return
            self.send_header("Content-Length", str(path.stat().st_size))
            self.end_headers()
            with path.open("rb") as file:
                while chunk := file.read(1 << 20):
                    self.wfile.write(chunk)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    connection.send(server.server_port)
    threading.Thread(target=server.serve_forever).run()
