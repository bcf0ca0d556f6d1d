"""How jobs travel: form fields, credentials, envelopes, rate limits, faults, what is refused."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import requests

from expense_sandbox.expensify import faults
from expense_sandbox.expensify.quirks import Quirks
from expense_sandbox.expensify.rate_limit import EXPENSIFY_WINDOWS, RateLimit, Window

FILTERS = {"startDate": "2026-01-01", "endDate": "2026-12-31"}
RATE_LIMITED = (
    "You have been rate-limited. Please try again later or contact help@expensify.com "
    "for assistance."
)


@pytest.fixture
def user(expensify: Any, world: Any, report: Any) -> Any:
    return expensify(world(report("R00bCluvcO4T")))


def test_the_export_answers_a_bare_file_name(user: Any) -> None:
    answer = user.submit(FILTERS)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain;charset=utf-8"
    uuid4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(rf"export{uuid4}\.txt", answer.text)


def test_a_file_can_be_downloaded_again_and_only_from_its_file_system(user: Any) -> None:
    name = user.submit(FILTERS).text
    first, second = (user.download(name, fileSystem="integrationServer") for _ in range(2))
    assert first.text == second.text == "R00bCluvcO4T\n"
    for answer in (
        user.download(name, fileSystem="reconciliation"),
        user.download("export-that-never-was.txt"),
    ):
        assert (answer.status_code, answer.json()["responseCode"]) == (200, 404)


def test_everything_may_travel_in_the_query_string(user: Any) -> None:
    job = {
        "type": "get",
        "credentials": {"partnerUserID": "aa_tester_example", "partnerUserSecret": "s3cr3t" * 6},
        "inputSettings": {"type": "policyList"},
    }
    parameters = {"requestJobDescription": json.dumps(job)}
    for method in ("GET", "POST"):
        answer = requests.request(
            method, user.server.endpoint_url, params=parameters, timeout=30
        ).json()
        assert answer["responseCode"] == 200


@pytest.mark.parametrize("secret", ["", "wrong", "S3CR3T" * 6])
def test_wrong_credentials_come_before_everything_else(user: Any, secret: str) -> None:
    answer = user.job({"type": "file"}, secret=secret)
    assert (answer.status_code, answer.json()) == (
        200,
        {"responseMessage": "Authentication error", "responseCode": 401},
    )


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({}, "Argument 'type' is missing or malformed"),
        ({"type": "files"}, "Argument 'type' is missing or malformed"),
        ({"type": "file"}, "No Template Submitted"),
        (
            {"type": "get", "inputSettings": {"type": "policy", "fields": ["tags"]}},
            "Required parameter 'policyIDList' is missing",
        ),
    ],
)
def test_validation_texts(user: Any, job: dict[str, Any], message: str) -> None:
    assert user.job(job).json() == {"responseMessage": message, "responseCode": 410}


def test_a_template_inside_the_job_description_is_not_seen(user: Any) -> None:
    answer = user.job({"type": "file", "template": "x", "inputSettings": {"filters": FILTERS}})
    assert answer.json()["responseMessage"] == "No Template Submitted"


def test_a_job_that_is_not_json_is_an_error_of_the_server(user: Any) -> None:
    answer = requests.post(
        user.server.endpoint_url, data={"requestJobDescription": "{"}, timeout=30
    )
    assert (answer.status_code, answer.json()["responseCode"]) == (200, 500)


def test_the_sixth_request_in_ten_seconds_and_the_twenty_first_in_sixty_are_too_many() -> None:
    now = [0.0]
    limit = RateLimit(EXPENSIFY_WINDOWS, clock=lambda: now[0])
    assert [limit.admit() for _ in range(6)] == [True] * 5 + [False]
    now[0] = 9.9
    assert not limit.admit()
    for start in (10.0, 20.0, 30.0):
        now[0] = start
        assert [limit.admit() for _ in range(6)] == [True] * 5 + [False]
    now[0] = 45.0  # nothing in the last ten seconds, but twenty in the last sixty
    assert not limit.admit()
    now[0] = 60.0
    assert limit.admit()


@pytest.mark.parametrize(
    ("form", "status", "has_envelope"),
    [
        ("http_429_json", 429, True),
        ("http_200_json", 200, True),
        ("http_429_empty", 429, False),
    ],
)
def test_rate_limiting_is_told_in_the_form_asked_for(  # noqa: PLR0917 - pytest names them
    expensify: Any, world: Any, report: Any, form: Any, status: int, has_envelope: bool
) -> None:
    user = expensify(
        world(report("R00bCluvcO4T")),
        quirks=Quirks(rate_limit_answer=form),
        rate_limit=RateLimit((Window(1, 3600.0),)),
    )
    assert user.job({"type": "get", "inputSettings": {"type": "policyList"}}).status_code == 200
    answer = user.job({}, secret="wrong")  # the limit comes before the credentials
    assert answer.status_code == status
    assert "Retry-After" not in answer.headers
    if has_envelope:
        assert answer.json() == {"responseMessage": RATE_LIMITED, "responseCode": 429}
    else:
        assert answer.content == b""


@pytest.mark.parametrize(
    ("job", "what"),
    [
        ({"type": "create", "inputSettings": {"type": "expenses"}}, "create expenses"),
        ({"type": "update", "inputSettings": {"type": "reportStatus"}}, "update reportStatus"),
        (
            {
                "type": "file",
                "inputSettings": {"type": "combinedReportData", "filters": FILTERS},
                "onFinish": [{"actionName": "markAsExported", "label": "NAV"}],
                "test": "true",
            },
            "onFinish",
        ),
    ],
)
def test_writing_is_refused_and_counted(user: Any, job: dict[str, Any], what: str) -> None:
    assert user.server.refused == {}
    for _ in range(2):
        assert user.job(job, template="x").json()["responseCode"] == 403
    assert user.server.refused == {what: 2}


def test_the_log_of_jobs_holds_no_credentials(user: Any) -> None:
    user.submit(FILTERS)
    user.job({"type": "download", "fileName": "x"}, secret="another-secret")
    assert [(job.operation, job.code) for job in user.server.jobs_log] == [
        ("file", 200),
        ("download", 401),
    ]
    log = requests.get(f"{user.server.url}/_sandbox/jobs", timeout=30).text
    assert "s3cr3t" not in log
    assert "another-secret" not in log
    assert "combinedReportData" in log


def test_faults_of_the_real_service_can_be_asked_for(user: Any) -> None:
    plan = user.server.faults
    plan.add(faults.unavailable())
    assert user.submit(FILTERS).json()["responseCode"] == 503
    plan.add(faults.bad_gateway())
    answer = user.submit(FILTERS)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    plan.add(faults.rate_limited("http_200_json"))
    assert user.submit(FILTERS).json()["responseMessage"] == RATE_LIMITED
    plan.add(faults.reset(match="file"))
    with pytest.raises(requests.ConnectionError):
        user.submit(FILTERS)
    name = user.submit(FILTERS).text
    plan.add(faults.not_ready("envelope"))
    plan.add(faults.not_ready("empty"))
    plan.clear()
    plan.add(faults.not_ready("envelope"))
    assert user.download(name).json()["responseCode"] == 404
    plan.add(faults.not_ready("empty"))
    assert user.download(name).content == b""
    plan.add(faults.truncated_download(4))
    assert user.download(name).text == "R00b"
    assert user.download(name).text == "R00bCluvcO4T\n"


def test_reports_can_be_changed_and_deleted_while_the_server_runs(user: Any) -> None:
    address = f"{user.server.url}/_sandbox/reports/R00bCluvcO4T"
    assert user.ids(FILTERS, reportState="APPROVED") == ["R00bCluvcO4T"]
    changes = {"status": "Reimbursed", "reimbursed": "2026-03-20 10:00:00"}
    assert requests.patch(address, json=changes, timeout=30).status_code == 200
    assert user.ids(FILTERS, reportState="APPROVED") == []
    assert user.ids(FILTERS, reportState="REIMBURSED") == ["R00bCluvcO4T"]
    assert requests.delete(address, timeout=30).status_code == 204
    assert user.ids(FILTERS) == []
    assert requests.delete(address, timeout=30).status_code == 404


def test_only_the_documented_address_answers(user: Any) -> None:
    assert requests.post(f"{user.server.url}/Integration-Server", timeout=30).status_code == 404
