"""A backfill of years against a sandbox that enforces both of Expensify's limits, by a clock nobody waits for."""

from __future__ import annotations

import io
import json
from collections import Counter
from contextlib import redirect_stdout
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from expense_sandbox.expensify import faults
from expense_sandbox.expensify.rate_limit import RateLimit
from tap_expensify.client import ExpensifyClient
from tap_expensify.pacing import Pacer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expense_sandbox.expensify.server import ExpensifyServer
    from expense_sandbox.world import World

NOW = datetime(2026, 7, 1, 6, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=True):
        yield


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def backfill(
    clock: Clock, new_tap: Any, make_config: Any
) -> Callable[[ExpensifyServer], list[dict[str, Any]]]:
    """Reads three years with every stream and every state, paced as in earnest."""

    def run(server: ExpensifyServer) -> list[dict[str, Any]]:
        config = make_config(
            server,
            start_date="2023-06-01",
            report_states="APPROVED,REIMBURSED,ARCHIVED",
            domains="northwind.example",
            card_days=1100,
            recheck_days=2000,
        )
        state = {
            "bookmarks": {
                "reports": {"not_final": {f"R00gone{n:05d}": "2026-01-01" for n in range(700)}}
            }
        }
        tap = new_tap(config=config, state=state)
        tap._patient_client = ExpensifyClient(
            tap.settings.base_url,
            tap.settings.credentials,
            timeout=60,
            pacer=Pacer(clock=clock, sleep=clock.sleep),
            sleep=clock.sleep,
        )
        for stream in tap.streams.values():
            stream.selected = True
        text = io.StringIO()
        with redirect_stdout(text):
            tap.sync_all()
        messages = [json.loads(line) for line in text.getvalue().splitlines()]
        return [message for message in messages if message["type"] == "RECORD"]

    return run


def test_three_years_never_meet_a_limit(
    start_expensify: Any, backfill: Any, clock: Clock, world: World
) -> None:
    server = start_expensify(rate_limits=True, rate_limit=RateLimit(clock=clock))
    records = backfill(server)
    assert len(server.requests_log) >= 40
    assert {job.code for job in server.jobs_log} == {200}
    assert len(server.jobs_log) == len(server.requests_log)
    assert clock.now >= 60
    streams = Counter(record["stream"] for record in records)
    assert streams["reports"] == len([report for report in world.reports if report["approved"]])
    assert len(streams) == 12
    assert server.refused == {}


@pytest.mark.parametrize("form", ["http_429_json", "http_200_json", "http_429_empty"])
def test_it_completes_although_something_else_uses_up_the_limit(
    start_expensify: Any, backfill: Any, clock: Clock, form: Any, world: World
) -> None:
    server = start_expensify(rate_limits=True, rate_limit=RateLimit(clock=clock))
    for match in (" file$", " download$", " get policy$", " reconciliation$", " get policyList$"):
        server.faults.add(faults.rate_limited(form, match=match, times=3))
    records = backfill(server)
    reports = [record for record in records if record["stream"] == "reports"]
    assert len(reports) == len([report for report in world.reports if report["approved"]])
    refused = len(server.requests_log) - len(server.jobs_log)
    assert refused == 15
    assert {job.code for job in server.jobs_log} == {200}
