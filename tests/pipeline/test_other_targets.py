"""The tap is useful alone: it feeds targets that know nothing of NAV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expense_sandbox.testing import Sandbox

    from .project import Project


def test_tap_expensify_into_target_jsonl(sandbox: Sandbox, project: Project) -> None:
    output = project.root / "output"
    run = project.meltano("run", "tap-expensify", "target-jsonl")
    assert run.exit_code == 0, run.output
    lines = (output / "reports.jsonl").read_text(encoding="utf-8").splitlines()
    reports = {report["report_id"]: report for report in map(json.loads, lines)}
    wanted = {
        report["reportID"]: report
        for report in sandbox.world.reports
        if report["status"] in {"Approved", "Reimbursed"}
    }
    assert reports.keys() == wanted.keys()
    assert len(lines) == len(wanted)
    assert {key: report["total"] for key, report in reports.items()} == {
        key: report["total"] for key, report in wanted.items()
    }
    assert sum(len(report["expenses"]) for report in reports.values()) == sum(
        len(report["transactionList"]) for report in wanted.values()
    )
