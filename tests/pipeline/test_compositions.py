"""The tap with targets that other people wrote: what lands is what Expensify has, once and after a second run.

The PostgreSQL test needs a PostgreSQL (Debian: postgresql). Without one it is left out, and the session says so; with
REQUIRE_POSTGRESQL=1 it fails instead.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.testing import Sandbox
from expense_sandbox.world import effective_amount

from .postgresql import DATABASE, USER, PostgreSQL, running_postgresql, tools
from .project import REPOSITORY, TOOLS, clean_environment, third_party_python

REQUIRED = os.environ.get("REQUIRE_POSTGRESQL", "") not in {"", "0"}
POSTGRESQL = tools()
TARGET_JSONL = REPOSITORY / ".meltano/loaders/target-jsonl/venv/bin/target-jsonl"

KEYS = {
    "reports": ("report_id",),
    "expenses": ("transaction_id",),
    "report_approvers": ("report_id", "position"),
    "policies": ("policy_id",),
    "policy_categories": ("policy_id", "name"),
    "policy_tags": ("policy_id", "level", "name"),
    "policy_report_fields": ("policy_id", "name"),
    "policy_tax_rates": ("policy_id", "rate_id"),
    "policy_employees": ("policy_id", "email"),
}
# A second run that starts from the bookmark and still meets every report.
EVERYTHING_AGAIN = {"TAP_EXPENSIFY_LOOKBACK_DAYS": "3660"}

Row = Mapping[str, Any]
Rows = dict[str, list[Row]]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    assert POSTGRESQL is not None, "PostgreSQL is required and there is no initdb."
    with running_postgresql(POSTGRESQL) as running:
        yield running


def run(
    sandbox: Sandbox,
    target: Path,
    config: Mapping[str, Any],
    folder: Path,
    *,
    state: str = "",
    **settings: str,
) -> str:
    """`tap-expensify | target`; gives the last STATE that the target acknowledged."""
    settings = {"TAP_EXPENSIFY_START_DATE": "2026-01-01", **sandbox.settings(), **settings}
    (folder / "target.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "state.json").write_text(state or "{}", encoding="utf-8")
    with (folder / "log").open("wb") as log:
        reading = subprocess.Popen(
            [TOOLS / "tap-expensify", "--config", "ENV", "--state", folder / "state.json"],
            env=clean_environment(**settings),
            stdout=subprocess.PIPE,
            stderr=log,
        )
        with reading:
            writing = subprocess.run(
                [target, "--config", folder / "target.json"],
                env=clean_environment(),
                stdin=reading.stdout,
                capture_output=True,
                check=False,
                timeout=120,
            )
    said = (folder / "log").read_text("utf-8") + writing.stderr.decode()
    assert (reading.returncode, writing.returncode) == (0, 0), said[-4000:]
    return writing.stdout.decode().splitlines()[-1]


def reports_of(sandbox: Sandbox) -> list[Mapping[str, Any]]:
    """The reports that are to be read, as they stand."""
    return [r for r in sandbox.expensify.reports.all() if r["status"] in {"Approved", "Reimbursed"}]


def keys_of(sandbox: Sandbox) -> dict[str, Counter[tuple[str, ...]]]:
    """The primary keys that each stream has to have, from the sandbox's own data."""
    found: dict[str, Counter[tuple[str, ...]]] = {stream: Counter() for stream in KEYS}

    def add(stream: str, *key: object) -> None:
        found[stream][tuple(map(str, key))] += 1

    for report in reports_of(sandbox):
        add("reports", report["reportID"])
        for expense in report["transactionList"]:
            add("expenses", expense["transactionID"])
        for position, _ in enumerate(report["approvers"], start=1):
            add("report_approvers", report["reportID"], position)
    for policy in sandbox.world.policies:
        policy_id = policy.policy_id
        add("policies", policy_id)
        for category in policy.categories:
            add("policy_categories", policy_id, category["name"])
        levels = policy.tags if "tags" in policy.tags[0] else ({"tags": policy.tags},)
        for level, tags in enumerate(levels, start=1):
            for tag in tags["tags"]:
                add("policy_tags", policy_id, level, tag["name"])
        for field in policy.report_fields:
            add("policy_report_fields", policy_id, field["name"])
        for rate in policy.tax.get("rates", ()):
            add("policy_tax_rates", policy_id, rate["rateID"])
        for employee in policy.employees:
            add("policy_employees", policy_id, employee["email"])
    return found


def totals_of(sandbox: Sandbox) -> dict[str, Counter[str]]:
    """Sums by policy, in hundredths of its currency, from the sandbox's own data."""
    found: dict[str, Counter[str]] = {"reports": Counter(), "expenses": Counter()}
    for report in reports_of(sandbox):
        found["reports"][report["policyID"]] += report["total"]
        for expense in report["transactionList"]:
            found["expenses"][report["policyID"]] += effective_amount(expense)
    return found


def assert_landed(rows: Rows, sandbox: Sandbox) -> None:
    """Every row once, with the sums and the texts that the sandbox has."""
    expected = keys_of(sandbox)
    for stream, names in KEYS.items():
        keys = Counter(tuple(str(row[name]) for name in names) for row in rows[stream])
        assert expected[stream]
        assert keys == expected[stream], stream
        assert set(keys.values()) == {1}, stream
    sums: dict[str, Counter[str]] = {"reports": Counter(), "expenses": Counter()}
    for row in rows["reports"]:
        sums["reports"][row["policy_id"]] += int(row["total"])
    for row in rows["expenses"]:
        sums["expenses"][row["policy_id"]] += int(row["effective_amount"])
    assert sums == totals_of(sandbox)
    texts = {row["transaction_id"]: row["merchant"] or "" for row in rows["expenses"]}
    assert texts == {
        expense["transactionID"]: expense["merchant"]
        for report in reports_of(sandbox)
        for expense in report["transactionList"]
    }


def change_a_report(sandbox: Sandbox) -> str:
    """Reimburse the report approved last and correct an amount in it; gives its id."""
    report = max(reports_of(sandbox), key=lambda report: str(report["approved"]))
    first, *others = report["transactionList"]
    corrected = {**first, "modifiedAmount": effective_amount(first) + 4711, "convertedAmount": ""}
    changes = {"status": "Reimbursed", "transactionList": [corrected, *others]}
    before = totals_of(sandbox)
    sandbox.expensify.reports.change(report["reportID"], changes)
    assert totals_of(sandbox) != before
    return str(report["reportID"])


def jsonl_rows(folder: Path) -> Rows:
    """What target-jsonl wrote, line by line."""
    return {
        stream: [
            json.loads(line)
            for line in (folder / f"{stream}.jsonl").read_text("utf-8").split("\n")
            if line
        ]
        for stream in KEYS
    }


def test_target_jsonl_appends(sandbox: Sandbox, tmp_path: Path) -> None:
    """Each run adds its lines: the last line of a key is how things stand."""
    output = tmp_path / "output"
    output.mkdir()
    config = {"destination_path": str(output), "do_timestamp_file": False}
    state = run(sandbox, TARGET_JSONL, config, tmp_path)
    first = jsonl_rows(output)
    assert_landed(first, sandbox)

    changed = change_a_report(sandbox)
    run(sandbox, TARGET_JSONL, config, tmp_path, state=state)
    second = jsonl_rows(output)
    for stream, rows in second.items():
        assert rows[: len(first[stream])] == first[stream]
    again = {row["report_id"] for row in second["reports"][len(first["reports"]) :]}
    assert changed in again
    assert len(again) < len(first["reports"])
    newest = {
        stream: list({tuple(row[name] for name in KEYS[stream]): row for row in rows}.values())
        for stream, rows in second.items()
    }
    assert_landed(newest, sandbox)


def csv_rows(folder: Path) -> Rows:
    """What target-csv wrote, every value a text."""
    found: Rows = {}
    for stream in KEYS:
        with (folder / f"{stream}.csv").open(encoding="utf-8", newline="") as file:
            found[stream] = list(csv.DictReader(file))
    return found


def test_target_csv_replaces_its_files(sandbox: Sandbox, tmp_path: Path) -> None:
    """A second run writes its files anew: they hold what that run read, which is everything here."""
    output = tmp_path / "output"
    output.mkdir()
    target = third_party_python("target-csv").with_name("target-csv")
    config = {"output_path": str(output)}
    state = run(sandbox, target, config, tmp_path)
    assert_landed(csv_rows(output), sandbox)

    change_a_report(sandbox)
    run(sandbox, target, config, tmp_path, state=state, **EVERYTHING_AGAIN)
    assert_landed(csv_rows(output), sandbox)


# Sums as PostgreSQL adds them up: the columns have to be numbers there, and the nested expenses readable.
SUMS = {
    "reports": "SELECT policy_id, sum(total) AS sum FROM expensify.reports GROUP BY policy_id",
    "expenses": "SELECT policy_id, sum(effective_amount) AS sum FROM expensify.expenses GROUP BY policy_id",
    "nested expenses": """
        SELECT policy_id, sum((expense ->> 'effective_amount')::bigint) AS sum
        FROM expensify.reports, unnest(expenses) AS expense GROUP BY policy_id
    """,
}
PRIMARY_KEYS = """
    SELECT relname AS stream, array_agg(attname::text) AS columns
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
    WHERE contype = 'p' AND connamespace = 'expensify'::regnamespace GROUP BY relname
"""


def assert_in_postgresql(postgresql: PostgreSQL, sandbox: Sandbox) -> None:
    assert_landed(
        {stream: postgresql.query(f"TABLE expensify.{stream}") for stream in KEYS}, sandbox
    )
    totals = totals_of(sandbox)
    for what, statement in SUMS.items():
        sums = {row["policy_id"]: row["sum"] for row in postgresql.query(statement)}
        assert sums == totals[what.removeprefix("nested ")], what


@pytest.mark.skipif(
    POSTGRESQL is None and not REQUIRED,
    reason="LEFT OUT: target-postgres was NOT tried, as there is no PostgreSQL (apt-get install postgresql)",
)
def test_target_postgres_upserts(sandbox: Sandbox, postgresql: PostgreSQL, tmp_path: Path) -> None:
    """A second run brings every row up to date and adds none."""
    target = third_party_python("target-postgres").with_name("target-postgres")
    config = {
        "host": "127.0.0.1",
        "port": postgresql.port,
        "user": USER,
        "password": postgresql.password,
        "database": DATABASE,
        "default_target_schema": "expensify",
    }
    state = run(sandbox, target, config, tmp_path)
    assert_in_postgresql(postgresql, sandbox)
    primary_keys = {row["stream"]: set(row["columns"]) for row in postgresql.query(PRIMARY_KEYS)}
    assert {stream: primary_keys[stream] for stream in KEYS} == {
        stream: set(names) for stream, names in KEYS.items()
    }

    changed = change_a_report(sandbox)
    run(sandbox, target, config, tmp_path, state=state, **EVERYTHING_AGAIN)
    assert_in_postgresql(postgresql, sandbox)
    statuses = postgresql.query("SELECT report_id, status FROM expensify.reports")
    assert {"report_id": changed, "status": "Reimbursed"} in statuses
