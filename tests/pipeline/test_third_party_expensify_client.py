"""A client somebody else wrote for the real Expensify fetches reports from the sandbox.

`expensify-client` 0.0.5 (PyPI) runs unmodified in a virtual environment of its own. It has no setting
for the service's address, so its class attribute `ExpensifyClient.HOST` is set to the sandbox's; nothing
else is touched. It was written for PyYAML 5 (`yaml.load` without a loader, refused since PyYAML 6), so
that version is installed beside it. It sends its jobs, templates included, by GET in the query string, and
its templates break lines inside `${…}` and say `?hasContent` for `?has_content`.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.testing import running_sandbox

from .project import third_party_python

PROGRAM = """
import json
import sys
from expensify_client import ExpensifyClient

order = json.load(sys.stdin)
ExpensifyClient.HOST = order["url"]
client = ExpensifyClient(order["user_id"], order["user_secret"])
reports = client.get_reports(order["filters"], order["report_fields"], order["expense_fields"])
json.dump(reports, sys.stdout, default=str)
"""


@pytest.fixture
def stranger() -> Path:
    """Python of a virtual environment that holds the client and nothing of this project."""
    return third_party_python("expensify-client")


def effective_cents(expense: dict[str, Any]) -> int:
    """What the client's caller makes of an expense; fields without content are left out."""
    names = ("convertedAmount", "modifiedAmount", "amount")
    return next(int(expense[name]) for name in names if name in expense)


def test_it_fetches_every_report_with_its_expenses(stranger: Path, tmp_path: Path) -> None:
    with running_sandbox(rate_limits=True) as sandbox:
        order = {
            "url": sandbox.expensify.endpoint_url,
            "user_id": sandbox.credentials.expensify.user_id,
            "user_secret": sandbox.credentials.expensify.user_secret,
            "filters": {"startDate": "2026-03-01", "endDate": "2026-03-31"},
            "report_fields": ["total", "currency", "status", "accountEmail", "approved"],
            "expense_fields": [
                "amount",
                "modifiedAmount",
                "convertedAmount",
                "currency",
                "created",
                "category",
            ],
        }
        done = subprocess.run(
            [stranger, "-c", PROGRAM],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        operations = [
            (request.method, request.operation) for request in sandbox.expensify.requests_log
        ]
        expected = {
            report["reportID"]: report
            for report in sandbox.world.reports
            if "2026-03-01" <= max(report["created"], report["submitted"])[:10] <= "2026-03-31"
        }
    fetched = json.loads(done.stdout)
    assert operations == [("GET", "file"), ("GET", "download")]
    assert len(expected) > 30
    assert set(fetched) == set(expected)
    for report_id, report in fetched.items():
        original = expected[report_id]
        assert report["total"] == original["total"]
        assert report["accountEmail"] == original["accountEmail"]
        assert report["approved"] == (original["approved"].replace(":", "-") or None)
        expenses = report["transactions"] or []
        assert [str(expense["transactionID"]) for expense in expenses] == [
            expense["transactionID"] for expense in original["transactionList"]
        ]
        assert sum(map(effective_cents, expenses)) == report["total"]
