"""A bare HTTP client of the Expensify stand-in, and a small world written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from expense_sandbox.credentials import ExpensifyCredentials
from expense_sandbox.expensify.server import ExpensifyServer
from expense_sandbox.world import Policy, World, policy_listing, report_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from expense_sandbox.expensify.quirks import Quirks
    from expense_sandbox.expensify.rate_limit import RateLimit

CREDENTIALS = ExpensifyCredentials("aa_tester_example", "s3cr3t" * 6)
IDS_TEMPLATE = "<#list reports as report>${report.reportID}\n</#list>"


class ExpensifyUser:
    """Sends jobs as a stranger would who only read Expensify's documentation."""

    def __init__(self, server: ExpensifyServer) -> None:
        self.server = server

    def job(
        self, description: dict[str, Any], *, secret: str | None = None, **fields: str
    ) -> requests.Response:
        credentials = {
            "partnerUserID": CREDENTIALS.user_id,
            "partnerUserSecret": CREDENTIALS.user_secret if secret is None else secret,
        }
        text = json.dumps({"credentials": credentials, **description})
        return requests.post(
            self.server.endpoint_url,
            data={"requestJobDescription": text, **fields},
            timeout=30,
        )

    def submit(
        self,
        filters: dict[str, Any] | None = None,
        template: str = IDS_TEMPLATE,
        **input_settings: Any,
    ) -> requests.Response:
        return self.job(
            {
                "type": "file",
                "onReceive": {"immediateResponse": ["returnRandomFileName"]},
                "inputSettings": {
                    "type": "combinedReportData",
                    "filters": filters or {},
                    **input_settings,
                },
                "outputSettings": {"fileExtension": "txt"},
            },
            template=template,
        )

    def download(self, name: str, **settings: str) -> requests.Response:
        return self.job({"type": "download", "fileName": name, **settings})

    def export(
        self,
        filters: dict[str, Any] | None = None,
        template: str = IDS_TEMPLATE,
        **input_settings: Any,
    ) -> str:
        name = self.submit(filters, template, **input_settings).text
        answer = self.download(name)
        assert answer.encoding is not None
        return answer.text

    def ids(self, filters: dict[str, Any] | None = None, **input_settings: Any) -> list[str]:
        return self.export(filters, **input_settings).split()


@pytest.fixture
def expensify() -> Iterator[Callable[..., ExpensifyUser]]:
    """Starts an Integration Server over a world; without rate limits unless asked for."""
    servers = []

    def start(
        world: World,
        *,
        quirks: Quirks | None = None,
        today: date | None = None,
        rate_limit: RateLimit | None = None,
    ) -> ExpensifyUser:
        options: dict[str, Any] = {} if today is None else {"today": lambda: today}
        server = ExpensifyServer(
            world,
            credentials=CREDENTIALS,
            rate_limits=rate_limit is not None,
            rate_limit=rate_limit,
            quirks=quirks,
            **options,
        )
        servers.append(server)
        server.start()
        return ExpensifyUser(server)

    yield start
    for server in servers:
        server.stop()


def a_report(report_id: str, **fields: Any) -> dict[str, Any]:
    """A report as a template sees it: approved, without expenses, unless told otherwise."""
    return {
        "reportID": report_id,
        "oldReportID": report_number(report_id),
        "reportName": "Trip",
        "status": "Approved",
        "policyID": "AAAA000000000001",
        "policyName": "Example",
        "currency": "EUR",
        "total": 0,
        "created": "2026-03-01 08:00:00",
        "submitted": "2026-03-10 08:00:00",
        "approved": "2026-03-12 09:30:00",
        "reimbursed": "",
        "accountEmail": "jo@example.com",
        "managerEmail": "boss@example.com",
        "isACHReimbursed": False,
        "customField": {},
        "approvers": [],
        "transactionList": [],
        **fields,
    }


def a_world(*reports: dict[str, Any], policies: tuple[Policy, ...] | None = None) -> World:
    if policies is None:
        policies = (a_policy("AAAA000000000001"), a_policy("BBBB000000000002"))
    return World(policies, reports, ())


def a_policy(policy_id: str, *, role: str = "admin", **sections: Any) -> Policy:
    listing = policy_listing(policy_id, f"Policy {policy_id}", "EUR", "o@example.com", role=role)
    employees = ({"email": "jo@example.com", "role": "user", "submitsTo": "boss@example.com"},)
    return Policy(
        policy_id, f"Policy {policy_id}", "EUR", listing, **{"employees": employees, **sections}
    )


@pytest.fixture
def report() -> Callable[..., dict[str, Any]]:
    return a_report


@pytest.fixture
def world() -> Callable[..., World]:
    return a_world


@pytest.fixture
def policy() -> Callable[..., Policy]:
    return a_policy
