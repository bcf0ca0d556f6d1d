"""The template under Apache FreeMarker and under the sandbox's engine, on hostile reports: the same lines.

Needs a JDK (17) and Debian's libfreemarker-java and libgoogle-gson-java (or APACHE_FREEMARKER_JARS, a folder with
freemarker.jar and gson.jar). Without them these tests are left out, and the session says so; with
REQUIRE_APACHE_FREEMARKER=1 they fail instead.
"""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import freemarker
import pytest

from tap_expensify.export import whole_reports
from tap_expensify.policy_streams import card_template
from tap_expensify.records import report_record
from tap_expensify.template import EVERYTHING, Wanted, template

JARS = Path(os.environ.get("APACHE_FREEMARKER_JARS", "/usr/share/java"))
CLASS_PATH = [JARS / "freemarker.jar", JARS / "gson.jar"]
REQUIRED = os.environ.get("REQUIRE_APACHE_FREEMARKER", "") not in {"", "0"}
MISSING = [str(jar) for jar in CLASS_PATH if not jar.exists()]
if shutil.which("java") is None or shutil.which("javac") is None:
    MISSING.append("JDK")

pytestmark = pytest.mark.skipif(
    bool(MISSING) and not REQUIRED,
    reason="LEFT OUT: the template was NOT compared with Apache FreeMarker, as there is no "
    + ", no ".join(MISSING)
    + " (apt-get install openjdk-17-jdk-headless libfreemarker-java libgoogle-gson-java)",
)

RENDER = Path(__file__).parent / "apache" / "Render.java"
REPORTS = 600
EVERY_FIELD = Wanted(
    EVERYTHING.report | {"actionList", "action details"},
    (EVERYTHING.expense or frozenset()) | {"attendees", "receiptObject"},
)

TEXTS = [
    "",
    " ",
    "quote \" backslash \\ slash / </script> <!-- &amp; ' $ {} ${x} <#if> [=x] #{1}",
    "new\nline\r\ttab \u0007 \u001f \u0085 \u2028 \u2029 \ufeff",
    "Ünïcödé 漢字 😀 \U0010ffff",
    "\\:",
    "A:B\\: C",
    "NaN",
    "1,234.50",
    "true",
    "2026-01-05 10:11:12",
    "</#list>${reports}",
    "x" * 3000,
]
SCALARS: list[Any] = [None, 0, -7, 12.5, 1234567, -98765432109, 4056343049275634494, True, False]
NOTHINGS: list[Any] = [None, "", [], {}]
REPORT_FIELDS = [
    "reportID", "oldReportID", "reportName", "status", "policyID", "policyName", "currency", "total",
    "created", "submitted", "approved", "reimbursed", "accountEmail", "accountID", "employeeCustomField1",
    "employeeCustomField2", "managerEmail", "entryID", "isACHReimbursed",
]  # fmt: skip
EXPENSE_FIELDS = [
    "transactionID", "type", "amount", "modifiedAmount", "convertedAmount", "currency", "currencyConversionRate",
    "created", "modifiedCreated", "inserted", "merchant", "modifiedMerchant", "category", "categoryGlCode",
    "categoryPayrollCode", "tag", "tagGlCode", "comment", "bank", "billable", "reimbursable", "hasTax", "taxAmount",
    "modifiedTaxAmount", "taxName", "taxRate", "taxRateName", "taxCode", "mcc", "receiptID", "receiptFilename",
]  # fmt: skip


class Generator:
    """Reports in which everything is of every type somewhere; the same each time."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret

    def value(self) -> Any:
        return copy.deepcopy(self._value())

    def _value(self) -> Any:
        kind = self.random.random()
        if kind < 0.45:
            return self.random.choice(TEXTS)
        if kind < 0.75:
            return self.random.choice(SCALARS)
        if kind < 0.95:
            return self.random.choice(NOTHINGS)
        return self.random.choice([["x"], {"a": "b"}, [[]], [{"email": 7}]])

    def some(self, names: list[str]) -> dict[str, Any]:
        return {name: self.value() for name in names if self.random.random() < 0.8}

    def part(self, names: list[str]) -> Any:
        return self.some(names) if self.random.random() < 0.75 else self.value()

    def parts(self, make: Any, most: int) -> Any:
        if self.random.random() < 0.85:
            return [make() for _ in range(self.random.randint(0, most))]
        return self.value()

    def person(self) -> Any:
        names = ["firstName", "lastName", "fullName", "displayName", "email", "date"]
        return self.part([*names, "employeeUserID", "employeePayrollID"])

    def action(self) -> Any:
        action = self.part(["action", "accountEmail", "created"])
        if isinstance(action, dict):
            action["details"] = self.part(["message", "other"])
        return action

    def expense(self) -> Any:
        expense = self.part(EXPENSE_FIELDS)
        if isinstance(expense, dict):
            levels = [f"ntag{n}{end}" for n in range(1, 5) for end in ("", "GlCode")]
            expense |= self.some(levels) if self.random.random() < 0.5 else {}
            expense["units"] = self.part(["count", "rate", "unit"])
            expense["receiptObject"] = self.part(["url", "type"])
            expense["attendees"] = self.parts(self.person, 3)
        return expense

    def report(self) -> dict[str, Any]:
        report = self.some(REPORT_FIELDS)
        report |= {"submitter": self.person(), "manager": self.person()}
        keys = ["Cost_Centre", "Ünï", 'a"b', "x\\y", "", "size", "keys"]
        report["customField"] = self.part(keys)
        report["approvers"] = self.parts(self.person, 3)
        report["actionList"] = self.parts(self.action, 3)
        report["transactionList"] = self.parts(self.expense, 4)
        return report


@pytest.fixture(scope="module")
def models() -> list[list[dict[str, Any]]]:
    """Exports of a few reports each, an empty one among them."""
    generator = Generator(20260105)
    reports = [generator.report() for _ in range(REPORTS)]
    sizes = [1] * 100 + [5] * 100
    assert sum(sizes) == REPORTS
    found: list[list[dict[str, Any]]] = [[]]
    found.extend([reports.pop() for _ in range(size)] for size in sizes)
    return found


def apache(tmp_path: Path, source: str, models: list[Any], handler: str) -> list[str]:
    assert not MISSING, f"Apache FreeMarker is required and there is no {', no '.join(MISSING)}."
    (tmp_path / "template.ftl").write_text(source, encoding="utf-8")
    lines = "".join(json.dumps(model) + "\n" for model in models)
    (tmp_path / "models.jsonl").write_text(lines, encoding="utf-8")
    class_path = ":".join(map(str, CLASS_PATH))
    done = subprocess.run(
        [
            *("java", "-Xshare:auto", "-XX:+UseSerialGC", "-cp", class_path, RENDER),
            *(tmp_path / "template.ftl", tmp_path / "models.jsonl", handler),
        ],
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    *texts, end = done.stdout.decode("utf-8").split("\n\x00\n")
    assert end == ""
    return texts


def python_engine(source: str, reports: list[dict[str, Any]]) -> str:
    configuration = freemarker.FmConfiguration()
    configuration.put_template("t", "<#assign reports = model?eval_json>" + source)
    text: str = configuration.get_template("t").process({"model": json.dumps(reports)})
    return text


def parsed(text: str) -> list[dict[str, Any]]:
    return list(whole_reports(text.encode().split(b"\n")))


def as_text(value: Any) -> Any:
    """What a scalar of the model becomes on the wire."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value if isinstance(value, str) else None


def assert_as_generated(line: dict[str, Any], report: dict[str, Any]) -> None:
    for name in REPORT_FIELDS:
        assert line.get(name) == as_text(report.get(name)), name
    expenses = report["transactionList"]
    expected = expenses if isinstance(expenses, list) else []
    assert len(line["transactionList"]) == len(expected)
    for found, expense in zip(line["transactionList"], expected, strict=True):
        if not isinstance(expense, dict):
            assert found is None
            continue
        for name in EXPENSE_FIELDS:
            assert found.get(name) == as_text(expense.get(name)), name
    fields = report["customField"]
    if isinstance(fields, dict):
        assert line["customField"] == {
            name: as_text(value) for name, value in fields.items() if value is not None
        }


@pytest.mark.parametrize("handler", ["rethrow", "ignore"])
def test_both_engines_render_the_same_lines_and_what_was_generated(
    tmp_path: Path, models: list[list[dict[str, Any]]], handler: str
) -> None:
    source = template(EVERY_FIELD)
    texts = apache(tmp_path, source, [{"reports": reports} for reports in models], handler)
    assert len(texts) == len(models)
    compared = 0
    for reports, text in zip(models, texts, strict=True):
        theirs = parsed(text)
        assert theirs == parsed(python_engine(source, reports))
        assert len(theirs) == len(reports)
        for line, report in zip(theirs, reports, strict=True):
            assert_as_generated(line, report)
            compared += 1
    assert compared >= 500


@pytest.mark.parametrize("handler", ["rethrow", "ignore"])
def test_the_default_template_gives_records(tmp_path: Path, world: Any, handler: str) -> None:
    reports = [dict(report) for report in world.reports]
    (text,) = apache(tmp_path, template(), [{"reports": reports}], handler)
    records = [report_record(line) for line in parsed(text)]
    assert [record["report_id"] for record in records] == [r["reportID"] for r in reports]
    assert [record["total"] for record in records] == [r["total"] for r in reports]
    assert records == [report_record(line) for line in parsed(python_engine(template(), reports))]


def test_the_card_template_under_the_strict_handler(tmp_path: Path) -> None:
    """The real model maps cards to reports; here the keys are texts, which is what Gson can make."""
    expense = {
        "ID": 4056343049275634494,
        "amount": -1234,
        "merchant": 'Fish & "Chips"',
        "posted": None,
    }
    cards = {
        "card": [
            {"ID": 0, "transactionList": [expense, None, {"ID": "2"}]},
            None,
            {"transactionList": ""},
        ]
    }
    (text,) = apache(tmp_path, card_template(), [{"cards": cards}], "rethrow")
    first, second, trailer = (json.loads(line) for line in text.strip().split("\n"))
    assert first == {
        "ID": "4056343049275634494",
        "amount": "-1234",
        "merchant": 'Fish & "Chips"',
        "_type": "expense",
    }
    assert (second["ID"], trailer) == ("2", {"_type": "trailer", "expenses": 2})
