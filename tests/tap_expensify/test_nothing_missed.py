"""Months of a company's approvals, polled at any moment, in any time zone, with crashes: nothing is missed.

The world changes as Expensify's does: reports are approved days or months after their submission, approved again,
reimbursed long after, taken back, and some show up in exports only hours after their approval. Between two changes the
tap runs for real against the sandbox over HTTP. Some runs crash: only the STATE before a random line is kept.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import time
from contextlib import redirect_stdout
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from expense_sandbox.world import World, base_62, report_number
from tap_expensify.tap import TapExpensify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expense_sandbox.expensify.server import ExpensifyServer

START = datetime(2026, 1, 5, tzinfo=timezone.utc)
DAYS = 150
REPORTS = 40
ZONES = ["UTC", "Pacific/Honolulu", "Pacific/Kiritimati", "Asia/Kathmandu", "Europe/Zurich"]


def wire_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


class Company:
    """Plans what happens to its reports, and applies what is due."""

    def __init__(self, randomness: random.Random, server: ExpensifyServer) -> None:
        self.random = randomness
        self.server = server
        self.events: list[tuple[datetime, str, dict[str, Any]]] = []
        self.wrong_clock = timedelta(hours=randomness.choice([0, 0, -11, 13]))
        for number in range(REPORTS):
            self._plan(number)
        self.events.sort(key=lambda event: event[0])

    def _later(self, moment: datetime, days: float) -> datetime:
        return moment + timedelta(days=self.random.uniform(0.01, days))

    def _plan(self, number: int) -> None:
        report_id = "R00" + base_62(10**9 + number, 9)
        submitted = START + timedelta(days=self.random.uniform(-60, DAYS * 0.8))
        submitted = submitted.replace(microsecond=0)
        report = {
            "reportID": report_id, "oldReportID": report_number(report_id), "reportName": "Trip",
            "status": "Processing",
            "policyID": "A1B2C3D4E5F60701", "policyName": "Northwind", "currency": "EUR", "total": 0,
            "created": wire_time(submitted - timedelta(days=2)), "submitted": wire_time(submitted), "approved": "",
            "reimbursed": "", "accountEmail": "a@northwind.example", "managerEmail": "b@northwind.example",
            "isACHReimbursed": False, "customField": {}, "approvers": [], "transactionList": [],
        }  # fmt: skip
        self.events.append((submitted, report_id, report))
        moment = submitted
        # Up to three approvals; most soon, some months after the report was touched last.
        for _ in range(self.random.choice([0, 1, 1, 1, 1, 2, 3])):
            moment = self._later(max(moment, START), self.random.choice([1, 5, 80]))
            # The export may show an approval only hours later, and in another zone than UTC.
            seen = self._later(moment, 1.5)
            approved = wire_time(moment + self.wrong_clock)
            self.events.append((seen, report_id, {"status": "Approved", "approved": approved}))
            moment = self._later(seen, self.random.choice([2, 60]))
            if self.random.random() < 0.35:
                taken_back = {
                    "status": "Open",
                    "approved": "",
                    "reportName": f"Trip, {moment:%d %b}",
                }
                self.events.append((moment, report_id, taken_back))
            else:
                paid = {"status": "Reimbursed", "reimbursed": wire_time(moment)}
                if self.random.random() < 0.7:
                    self.events.append((moment, report_id, paid))
                break

    def live_until(self, now: datetime) -> None:
        """Applies everything due."""
        while self.events and self.events[0][0] <= now:
            _, report_id, change = self.events.pop(0)
            if "reportID" in change:
                self.server.reports.add(change)
            else:
                self.server.reports.change(report_id, change)


class Warehouse:
    """A target: keeps the last record of each report, and the STATE it has acknowledged."""

    def __init__(self) -> None:
        self.reports: dict[str, dict[str, Any]] = {}
        self.state: dict[str, Any] = {}

    def load(self, lines: list[str]) -> None:
        for line in lines:
            message = json.loads(line)
            if message["type"] == "RECORD":
                self.reports[message["record"]["report_id"]] = message["record"]
            elif message["type"] == "STATE":
                self.state = message["value"]


@contextlib.contextmanager
def in_zone(zone: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


def poll(new_tap: type[TapExpensify], config: dict[str, Any], warehouse: Warehouse) -> list[str]:
    state = json.loads(json.dumps(warehouse.state))
    tap = new_tap(config=config, state=state)
    for name, stream in tap.streams.items():
        stream.selected = name == "reports"
    text = io.StringIO()
    with redirect_stdout(text):
        tap.sync_all()
    return text.getvalue().splitlines()


@pytest.mark.parametrize("seed", range(5))
def test_every_report_ever_approved_arrives_with_its_final_content(
    start_expensify: Callable[..., ExpensifyServer],
    make_config: Any,
    new_tap: type[TapExpensify],
    seed: int,
) -> None:
    randomness = random.Random(seed)  # noqa: S311 - no secret
    today = [START]
    server = start_expensify(data=World((), (), ()), today=lambda: today[0].date())  # noqa: PLW0108 - it moves
    company = Company(randomness, server)
    warehouse = Warehouse()
    config = make_config(server, start_date="2025-12-01", lookback_days=3, recheck_days=3000)
    shown: set[str] = set()
    crashes = 0
    now = START
    while now < START + timedelta(days=DAYS + 400):
        now += timedelta(days=randomness.choice([0.2, 1, 1, 3, 12, 45]))
        today[0] = now
        company.live_until(now)
        approved = {r["reportID"] for r in server.reports.all() if r["approved"]}
        with time_machine.travel(now, tick=False), in_zone(randomness.choice(ZONES)):
            lines = poll(new_tap, config, warehouse)
        if randomness.random() < 0.3:
            # The target dies: it has what came before, and acknowledged no later STATE.
            crashes += 1
            lines = lines[: randomness.randint(0, len(lines))]
        else:
            shown |= approved
        warehouse.load(lines)
    with time_machine.travel(now, tick=False):
        warehouse.load(poll(new_tap, config, warehouse))
    final = {report["reportID"]: report for report in server.reports.all()}
    approved_now = {report_id for report_id, report in final.items() if report["approved"]}
    assert len(approved_now) > REPORTS / 3
    assert crashes
    assert shown | approved_now <= set(warehouse.reports)
    for report_id, record in warehouse.reports.items():
        report = final[report_id]
        assert record["status"] == report["status"], report_id
        assert record["report_name"] == report["reportName"]
        if report["approved"]:
            assert record["approved_at"] == report["approved"].replace(" ", "T") + "Z"
        if report["reimbursed"]:
            assert record["reimbursed_at"] == report["reimbursed"].replace(" ", "T") + "Z"
    assert server.refused == {}
    assert date.fromisoformat(warehouse.state["bookmarks"]["reports"]["replication_key_value"][:10])
