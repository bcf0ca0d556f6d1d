"""A report as Expensify's exporter shows it to a template."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from expense_sandbox.world import report_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expense_sandbox.people import Person


@dataclass(frozen=True)
class ReportTimes:
    """When a report was created, submitted and finally approved, in UTC."""

    created: datetime
    submitted: datetime
    approved: datetime


def make_report(
    *,
    report_id: str,
    name: str,
    status: str,
    person: Person,
    approvers: Sequence[Person],
    policy_name: str,
    currency: str,
    times: ReportTimes,
    expenses: list[dict[str, Any]],
    cost_centre: str,
) -> dict[str, Any]:
    """A report of the generated world, approved by each of `approvers` in turn.

    Args:
        report_id: Base-62 id.
        name: Its title.
        status: One of `world.REPORT_STATES`.
        person: Who submits it.
        approvers: Who approve it; the last one at `times.approved`, the others hours before.
        policy_name: Name of the person's policy.
        currency: Currency of the policy.
        times: When it went through.
        expenses: Its lines; they get the report's id.
        cost_centre: Value of the report field "Cost Centre", or "".
    """
    for expense in expenses:
        expense["reportID"] = report_id
    last = approvers[-1]
    approvals = [
        _approval(approver, times.approved - timedelta(minutes=10 * (len(approvers) - number)))
        for number, approver in enumerate(approvers, start=1)
    ]
    return {
        "reportID": report_id,
        "oldReportID": report_number(report_id),
        "reportName": name,
        "status": status,
        "policyID": person.policy_id,
        "policyName": policy_name,
        "currency": currency,
        "total": 0,
        "created": timestamp(times.created),
        "submitted": timestamp(times.submitted),
        "approved": timestamp(times.approved),
        "reimbursed": "",
        "accountEmail": person.email,
        "accountID": person.account_id,
        "submitter": _name(person),
        "employeeCustomField1": person.vendor_number if person.has_vendor_field else "",
        "employeeCustomField2": person.area,
        "managerEmail": last.email,
        "managerUserID": f"NW-{last.number:03d}",
        "managerPayrollID": "",
        "manager": _name(last),
        "entryID": "",
        "isACHReimbursed": False,
        "customField": {"Cost_Centre": cost_centre, "Purpose_of_Travel": ""},
        "approvers": approvals,
        "actionList": [
            _action("SUBMITTED", person.email, times.submitted, "Please approve"),
            *(
                {"action": "APPROVED", "accountEmail": approval["email"]}
                | {"created": approval["date"], "details": {"message": ""}}
                for approval in approvals
            ),
        ],
        "transactionList": expenses,
    }


def timestamp(moment: datetime) -> str:
    """A report's time on the wire."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _name(person: Person) -> dict[str, str]:
    return {
        "firstName": person.first_name,
        "lastName": person.last_name,
        "fullName": person.full_name,
    }


def _approval(person: Person, moment: datetime) -> dict[str, str]:
    return {
        "email": person.email,
        "date": timestamp(moment),
        **_name(person),
        "employeeUserID": f"NW-{person.number:03d}",
        "employeePayrollID": "",
    }


def _action(action: str, email: str, moment: datetime, message: str) -> dict[str, Any]:
    return {
        "action": action,
        "accountEmail": email,
        "created": timestamp(moment),
        "details": {"message": message},
    }
