"""Why the ledger has never seen a report: Expensify asked over HTTP, and its answer judged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from expense_sandbox.faults import Fault
from expense_sandbox.testing import Sandbox, running_sandbox
from target_dynamics_nav.audit.expensify import judge, why_unseen
from target_dynamics_nav.errors import (
    ConfigurationError,
    CredentialsError,
    OutageError,
    ProtocolError,
    StopRunError,
)

FACTS = {
    "report_id": "R1",
    "status": "Approved",
    "policy_id": "P1",
    "policy_name": "Europe",
    "approved": "2026-03-10 09:00:00",
    "submitted": "2026-03-09 09:00:00",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.mark.parametrize(
    ("facts", "settings", "code"),
    [
        (None, {}, "not_in_expensify"),
        ({}, {}, "not_read_yet"),
        ({"status": "Open", "approved": ""}, {}, "not_approved"),
        ({"status": "Processing"}, {}, "not_approved"),
        ({"status": "Closed"}, {}, "not_approved"),
        (
            {"status": "Closed", "approved": ""},
            {"REPORT_STATES": "APPROVED,ARCHIVED"},
            "never_approved",
        ),
        ({"status": "Reimbursed"}, {}, "not_read_yet"),
        ({}, {"POLICY_IDS": "P2,P3"}, "other_policy"),
        ({}, {"POLICY_IDS": '["P1"]'}, "not_read_yet"),
        ({}, {"START_DATE": "2026-03-11"}, "outside_window"),
        ({}, {"START_DATE": "2026-03-10", "END_DATE": "2026-03-10"}, "not_read_yet"),
        ({}, {"END_DATE": "2026-03-09"}, "outside_window"),
    ],
)
def test_judging(facts: dict[str, str] | None, settings: dict[str, str], code: str) -> None:
    told = None if facts is None else {**FACTS, **facts}
    environment = {f"TAP_EXPENSIFY_{name}": value for name, value in settings.items()}
    answer = judge("R1", told, environment)
    assert answer.code == code
    assert answer.message.endswith((".",))
    assert answer.next_steps


def test_asking_for_each_state(sandbox: Sandbox) -> None:
    for report in {report["status"]: report for report in sandbox.world.reports}.values():
        answer = why_unseen(report["reportID"], sandbox.settings())
        assert answer.facts is not None
        assert answer.facts["status"] == report["status"]
        assert answer.facts["report_id"] == report["reportID"]
        by_number = why_unseen(report["oldReportID"], sandbox.settings())
        assert by_number.facts == answer.facts
    assert why_unseen("R00nowhere00", sandbox.settings()).code == "not_in_expensify"


def test_only_an_id_is_asked_for(sandbox: Sandbox) -> None:
    before = len(sandbox.expensify.requests_log)
    assert why_unseen("R1,R2", sandbox.settings()).code == "no_report_id"
    assert why_unseen("E1-R", sandbox.settings()).code == "no_report_id"
    incomplete = {**sandbox.settings(), "TAP_EXPENSIFY_BASE_URL": ""}
    assert why_unseen("R1", incomplete).code == "not_asked"
    assert len(sandbox.expensify.requests_log) == before


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("before", ".", status=500), OutageError),
        (Fault("reset_before", "."), OutageError),
        (Fault("truncate", "download", silent=True), ProtocolError),
    ],
)
def test_answers_that_are_none(sandbox: Sandbox, fault: Fault, error: type[StopRunError]) -> None:
    sandbox.expensify.faults.add(fault)
    report = sandbox.world.reports[0]["reportID"]
    with pytest.raises(error) as raised:
        why_unseen(report, sandbox.settings())
    sandbox.expensify.faults.clear()
    assert raised.value.hint
    assert sandbox.credentials.expensify.user_secret not in str(raised.value)


def test_credentials_that_are_not_accepted_or_would_travel_in_clear(sandbox: Sandbox) -> None:
    wrong = {**sandbox.settings(), "TAP_EXPENSIFY_PARTNER_USER_SECRET": "wrong"}
    with pytest.raises(CredentialsError):
        why_unseen("R1", wrong)
    clear = {**sandbox.settings(), "TAP_EXPENSIFY_BASE_URL": "http://expensify.example/x"}
    with pytest.raises(ConfigurationError):
        why_unseen("R1", clear)
