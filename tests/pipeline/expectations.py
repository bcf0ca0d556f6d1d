"""What the general ledger must show, computed straight from the generated reports.

This shares no code with the tap, the mapper or the target, and does not look at the rules file: it is a second opinion.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ACCOUNTS = {
    "Airfare": "8430",
    "Hotel": "8440",
    "Meals": "8450",
    "Entertainment": "8460",
    "Taxi and Rideshare": "8470",
    "Rail": "8480",
    "Mileage": "8490",
    "Office Supplies": "8210",
    "Software": "8220",
    "Telephone": "8230",
    "Postage": "8240",
    "Books": "8610",
    "Legacy Telephony": "8320",
    "Conferences & Training": "8620",
    "Team Événements": "8460",
}
EUROS = {"EUR": Decimal(1), "USD": Decimal("0.92"), "GBP": Decimal("1.17")}
DIMENSIONS = ("AREA", "BUSINESSGROUP", "COSTCENTRE", "DEPARTMENT", "PROJECT")
CENT = Decimal("0.01")

Position = tuple[str, tuple[tuple[str, str], ...]]
"""An account and its dimensions, sorted by code."""


def amount_in_report_currency(expense: Mapping[str, Any]) -> Decimal:
    for name in ("convertedAmount", "modifiedAmount", "amount"):
        if expense[name] != "":
            return Decimal(expense[name]) / 100
    raise AssertionError(expense["transactionID"])


def position(report: Mapping[str, Any], expense: Mapping[str, Any]) -> Position:
    dimensions = {
        "AREA": report["employeeCustomField2"],
        "BUSINESSGROUP": "HOME",
        "COSTCENTRE": report["customField"]["Cost_Centre"],
        "DEPARTMENT": expense.get("ntag1GlCode", ""),
        "PROJECT": expense.get("ntag2GlCode", ""),
    }
    kept = tuple(sorted((code, value) for code, value in dimensions.items() if value))
    return ACCOUNTS[expense["category"]], kept


def exported(reports: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The reports that are approved or reimbursed."""
    return [report for report in reports if report["status"] in {"Approved", "Reimbursed"}]


def expected_sums(
    reports: Iterable[Mapping[str, Any]], without: Iterable[str] = ()
) -> dict[Position, Decimal]:
    """Euros by account and dimensions over the expense accounts.

    Args:
        reports: Reports of the generated world.
        without: Ids of reports that are not posted.
    """
    left_out = set(without)
    sums: dict[Position, Decimal] = defaultdict(Decimal)
    for report in exported(reports):
        if report["reportID"] in left_out:
            continue
        for reimbursable in (True, False):
            part = [
                line for line in report["transactionList"] if line["reimbursable"] is reimbursable
            ]
            # NAV converts the running total of a document, so that no cent is lost in its lines.
            running, converted_before = Decimal(0), Decimal(0)
            for expense in part:
                running += amount_in_report_currency(expense)
                converted = (running * EUROS[report["currency"]]).quantize(CENT, ROUND_HALF_UP)
                sums[position(report, expense)] += converted - converted_before
                converted_before = converted
    return {key: value for key, value in sums.items() if value}


def actual_sums(gl_entries: Iterable[Mapping[str, Any]]) -> dict[Position, Decimal]:
    """The same of the entries of NAV's general ledger."""
    expense_accounts = set(ACCOUNTS.values())
    sums: dict[Position, Decimal] = defaultdict(Decimal)
    for entry in gl_entries:
        if entry["account_number"] in expense_accounts:
            kept = tuple(
                sorted(item for item in entry["dimensions"].items() if item[0] in DIMENSIONS)
            )
            sums[entry["account_number"], kept] += Decimal(entry["amount"])
    return {key: value for key, value in sums.items() if value}
