"""The generated world holds what its description promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from typing import Any

import pytest

from expense_sandbox.data import build_world

WORLD = build_world()
APPROVED = [report for report in WORLD.reports if report["status"] in ("Approved", "Reimbursed")]
LINES = [line for report in APPROVED for line in report["transactionList"]]
EUROPE_COMPANY, SERVICES_COMPANY = WORLD.nav_companies
ACCOUNTS = {account.number: account for account in EUROPE_COMPANY.accounts}
VENDORS = {vendor.number: vendor for vendor in EUROPE_COMPANY.vendors}
VALUES = {
    dimension.code: {value.code: value for value in dimension.values}
    for dimension in EUROPE_COMPANY.dimensions
}


def value_of(line: Any) -> int:
    return next(
        int(line[name])
        for name in ("convertedAmount", "modifiedAmount", "amount")
        if line[name] != ""
    )


def the_report(case: str) -> Any:
    (report_id,) = WORLD.planted[case]
    return WORLD.report(report_id)


def test_the_quantities() -> None:
    assert len(APPROVED) >= 220
    assert len(LINES) >= 1_500
    assert {policy.name: policy.currency for policy in WORLD.policies} == {
        "Northwind Europe": "EUR",
        "Northwind America": "USD",
        "Northwind Britain": "GBP",
    }
    assert len({report["accountEmail"] for report in APPROVED}) >= 25
    assert min(report["approved"] for report in APPROVED) >= "2026-01-05"
    assert max(report["approved"] for report in APPROVED) < "2026-07-01"
    others = Counter(report["status"] for report in WORLD.reports)
    assert min(others[status] for status in ("Open", "Processing", "Closed")) >= 5


def test_totals_are_the_sums_of_the_expenses_to_the_cent() -> None:
    for report in WORLD.reports:
        assert report["total"] == sum(value_of(line) for line in report["transactionList"])
        assert isinstance(report["total"], int)
        for line in report["transactionList"]:
            assert line["reportID"] == report["reportID"]
            assert (line["convertedAmount"] == "") == (line["currency"] == report["currency"])


def test_dates_are_in_order() -> None:
    for report in WORLD.reports:
        known = [report[n] for n in ("created", "submitted", "approved", "reimbursed") if report[n]]
        assert known == sorted(known)
        for line in report["transactionList"]:
            assert line["created"] <= (report["submitted"] or "9999")[:10]


def test_ids_are_unique_and_one_pair_differs_only_in_case() -> None:
    upper = Counter(report["reportID"].upper() for report in WORLD.reports)
    twice = [report_id for report_id, count in upper.items() if count > 1]
    first, second = WORLD.planted["case_pair"]
    assert twice == [first.upper()]
    assert first != second
    numbers = {report["oldReportID"] for report in WORLD.reports}
    assert len(numbers) == len(WORLD.reports)
    transactions = [line["transactionID"] for r in WORLD.reports for line in r["transactionList"]]
    assert len(set(transactions)) == len(transactions)


def test_exactly_three_reports_meet_something_nav_refuses() -> None:
    refused = defaultdict(set)
    for report in APPROVED:
        for line in report["transactionList"]:
            account = line["categoryGlCode"] or {"Conferences & Training": "8620"}.get(
                line["category"]
            )
            if account is None:
                refused["unmapped_category"].add(report["reportID"])
            elif ACCOUNTS[account].blocked:
                refused["blocked_account"].add(report["reportID"])
            project = line.get("ntag2GlCode")
            if project and VALUES["PROJECT"][project].blocked:
                refused["inactive_dimension_value"].add(report["reportID"])
            assert not VALUES["DEPARTMENT"][line["ntag1GlCode"]].blocked
    assert {case: tuple(ids) for case, ids in refused.items()} == {
        case: WORLD.planted[case]
        for case in ("unmapped_category", "blocked_account", "inactive_dimension_value")
    }
    for case in refused:
        assert all(line["reimbursable"] for line in the_report(case)["transactionList"])
    assert Counter(line["category"] for line in LINES)["Team Événements"] == 1
    assert Counter(line["category"] for line in LINES)["Legacy Telephony"] == 1


def test_everybody_has_a_vendor_and_two_of_them_no_field_that_says_so() -> None:
    without = set()
    for report in APPROVED:
        if report["employeeCustomField1"]:
            assert VENDORS[report["employeeCustomField1"]].email == report["accountEmail"]
        else:
            without.add(report["accountEmail"])
        assert report["employeeCustomField2"] in VALUES["AREA"]
    assert without == {"lena.novak@northwind.example", "tom.ellis@northwind.example"}
    assert without <= {vendor.email for vendor in VENDORS.values()}
    inherited = [
        default.value_code != report["employeeCustomField2"]
        for report in APPROVED
        if report["employeeCustomField1"]
        for default in VENDORS[report["employeeCustomField1"]].default_dimensions
    ]
    assert {True, False} == set(inherited)


def test_negative_and_empty_reports() -> None:
    negative = [report["reportID"] for report in APPROVED if report["total"] < 0]
    assert set(negative) == set(WORLD.planted["negative_total"])
    assert len(negative) >= 3
    empty = the_report("zero_total")
    assert (empty["total"], empty["transactionList"]) == (0, [])
    for report in APPROVED:
        parts = defaultdict(int)
        for line in report["transactionList"]:
            parts[line["reimbursable"]] += value_of(line)
        assert 0 not in parts.values()


def test_the_awkward_texts() -> None:
    comments = " ".join(line["comment"] for line in LINES)
    for fragment in ('"', "\n", "\t", "\\", "&amp;", "🎉", "${", "שלום"):
        assert fragment in comments
    assert any(len(line["comment"]) > 100 for line in LINES)
    assert any(len(line["merchant"]) > 100 for line in LINES)
    tags = {line["tag"] for line in LINES}
    assert any(r"Zürich\: Phase 2" in tag for tag in tags)
    assert any(":" not in tag for tag in tags)


def test_tags_split_at_colons_that_are_not_escaped() -> None:
    for line in LINES:
        names = line["tag"].replace("\\:", "\0").split(":")
        expected = [line[f"ntag{level}"] for level in range(1, len(names) + 1)]
        assert [name.replace("\0", ":") for name in names] == expected


def test_amounts_are_edited_converted_and_refunded_somewhere() -> None:
    assert sum(line["modifiedAmount"] != "" for line in LINES) > 50
    assert sum(line["convertedAmount"] != "" for line in LINES) > 100
    assert sum(line["amount"] < 0 for line in LINES) >= 40
    assert sum(not line["reimbursable"] for line in LINES) > 300
    assert any(line["type"] == "distance" and line["units"]["unit"] == "km" for line in LINES)


def test_some_reports_are_approved_at_the_same_second_and_one_twice() -> None:
    tied = {
        WORLD.report(report_id)["approved"] for report_id in WORLD.planted["same_approval_time"]
    }
    assert len(tied) == 1
    assert len(WORLD.planted["same_approval_time"]) > 2
    dates = [approver["date"] for approver in the_report("approved_twice")["approvers"]]
    assert max(dates) == the_report("approved_twice")["approved"] > min(dates)


def test_the_books_it_posts_to() -> None:
    assert (EUROPE_COMPANY.name, EUROPE_COMPANY.local_currency_code) == ("CRONUS Europe", "EUR")
    assert (SERVICES_COMPANY.name, SERVICES_COMPANY.local_currency_code) == (
        "CRONUS Services",
        "EUR",
    )
    rates = {
        currency.code: str(currency.rates[0].relational_amount)
        for currency in EUROPE_COMPANY.currencies
    }
    assert rates == {"USD": "92.00", "GBP": "117.00", "AUD": "60.00"}
    assert VENDORS["CARD-USD"].currency_code == "USD"
    assert VENDORS["CARD-GBP"].currency_code == "GBP"
    assert ACCOUNTS["2910"].name == "Company Card Clearing"
    assert ACCOUNTS["5410"].direct_posting is False
    assert set(VALUES) == {"AREA", "BUSINESSGROUP", "COSTCENTRE", "DEPARTMENT", "PROJECT"}
    numbers = [account.number for account in EUROPE_COMPANY.accounts]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_world_is_the_same_in_every_process(hash_seed: str) -> None:
    program = (
        "import json; from expense_sandbox.data import build_world; w = build_world();"
        "print(json.dumps([w.reports, w.planted, repr(w.nav_companies), repr(w.policies)]))"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Pacific/Auckland"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    here = json.dumps(
        [WORLD.reports, WORLD.planted, repr(WORLD.nav_companies), repr(WORLD.policies)]
    )
    assert there.strip() == here


def test_another_seed_makes_other_reports_with_the_same_cases() -> None:
    other = build_world(7)
    assert other.reports != WORLD.reports
    assert set(other.planted) == set(WORLD.planted)
    assert other.nav_companies == WORLD.nav_companies
