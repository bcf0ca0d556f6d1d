"""Whatever goes wrong, data is whole or the run fails in words; and the tap only ever reads.

Every fault the sandbox knows is tried, for a moment and for ever, with every stream selected. The sandbox's log is the
witness: no `onFinish`, no `create`, no `update`, no secret in an address.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
import requests
import time_machine

from expense_sandbox.expensify import faults
from expense_sandbox.expensify.server import ENDPOINT, ExpensifyServer
from expense_sandbox.faults import ALWAYS, Fault
from expense_sandbox.world import World
from tap_expensify.errors import TapError

READING = {
    "file",
    "download",
    "reconciliation",
    "get policyList",
    "get policy",
    "get domainCardList",
}
START = "2025-01-05T00:00:00Z"
FORMS: dict[str, list[dict[str, Any]]] = {
    "rate_limited": [
        {"form": form} for form in ("http_429_json", "http_200_json", "http_429_empty")
    ],
    "unavailable": [{}],
    "bad_gateway": [{}],
    "reset": [{}, {"after": True}],
    "slow": [{"seconds": 0.01}],
    "not_ready": [{"form": "envelope"}, {"form": "empty"}],
    "truncated_download": [{}, {"keep_bytes": 0}, {"keep_bytes": 100, "silent": False}],
}
SCENARIOS = [
    pytest.param(getattr(faults, name), form, times, id=f"{name}-{number}-{times}")
    for name, forms in FORMS.items()
    for number, form in enumerate(forms)
    for times in (2, ALWAYS)
]


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 7, 1, 6, tzinfo=timezone.utc), tick=True):
        yield


def assert_only_read(server: ExpensifyServer, secrets: tuple[str, str]) -> None:
    """What the log says: every request, and every job that came through."""
    assert server.requests_log
    for request in server.requests_log:
        assert (request.method, request.path, request.query) == ("POST", ENDPOINT, "")
        assert request.operation in READING
        assert not any(secret in f"{request.path}?{request.query}" for secret in secrets)
    assert {job.operation for job in server.jobs_log} <= READING
    assert not [job for job in server.jobs_log if "onFinish" in job.description]
    assert server.refused == {}


def test_every_fault_is_here() -> None:
    known = {
        name
        for name, function in inspect.getmembers(faults, inspect.isfunction)
        if function.__module__ == faults.__name__ and not name.startswith("_")
    }
    assert known == set(FORMS)


@pytest.mark.parametrize(("make", "form", "times"), SCENARIOS)
def test_whole_or_an_error_and_nothing_but_reading(  # noqa: PLR0917 - fixtures and cases
    run: Any,
    make_config: Any,
    new_messages: Any,
    new_tap: Any,
    expensify: ExpensifyServer,
    world: World,
    secrets: tuple[str, str],
    make: Callable[..., Fault],
    form: dict[str, Any],
    times: int,
) -> None:
    config = make_config(
        expensify,
        start_date="2025-01-01",
        recheck_days=300,
        domains="northwind.example",
        include_attendees=True,
        include_action_comments=True,
        include_receipt_urls=True,
    )
    expensify.faults.add(make(**form, times=times))
    entry = {"replication_key": "approved_at", "replication_key_value": START}
    output = new_messages()
    failed: TapError | None = None
    try:
        run(
            config,
            state={"bookmarks": {"reports": entry}},
            streams=tuple(new_tap(config=config).streams),
            output=output,
        )
    except TapError as error:
        failed = error
    found = [record["report_id"] for record in output.records("reports")]
    if failed is None:
        expected = [r for r in world.reports if r["status"] in {"Approved", "Reimbursed"}]
        assert sorted(found) == sorted(report["reportID"] for report in expected)
        assert len(output.records("expenses")) == sum(len(r["transactionList"]) for r in expected)
        assert output.bookmarks("reports")[-1] > START
    else:
        assert times == ALWAYS
        assert failed.code
        assert failed.hint
        assert found == []
        assert set(output.bookmarks("reports")) <= {START}
    assert_only_read(expensify, secrets)


@pytest.mark.parametrize(
    ("method", "job"),
    [
        ("GET", '{"type":"get","inputSettings":{"type":"policyList"}}'),
        ("POST", '{"type":"create","inputSettings":{"type":"expenses"}}'),
        ("POST", '{"type":"update","inputSettings":{"type":"employees"}}'),
    ],
)
def test_the_log_would_tell(
    expensify: ExpensifyServer, secrets: tuple[str, str], method: str, job: str
) -> None:
    """The assertion fails on a client that does what the tap never does."""
    form = {"requestJobDescription": job}
    where = {"params": form} if method == "GET" else {"data": form}
    requests.request(method, expensify.endpoint_url, timeout=10, **where)  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        assert_only_read(expensify, secrets)
