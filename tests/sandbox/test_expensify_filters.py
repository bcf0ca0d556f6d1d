"""Which reports an export contains, by the rules of the Report Exporter's documentation."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

TODAY = date(2026, 7, 1)


@pytest.fixture
def user(expensify: Any, world: Any, report: Any) -> Any:
    """Five reports, named by what is special about them (`R00…` and nine characters)."""
    return expensify(
        world(
            report(
                "R00000000mar",
                created="2026-02-20 10:00:00",
                submitted="2026-03-01 23:59:59",
                approved="2026-03-05 00:00:01",
            ),
            report(
                "R00000000apr",
                created="2026-04-02 10:00:00",
                submitted="2026-04-01 10:00:00",  # retracted reports keep an earlier submission
                approved="2026-04-10 12:00:00",
                status="Reimbursed",
                policyID="BBBB000000000002",
            ),
            report(
                "R0000000open",
                created="2026-04-15 10:00:00",
                submitted="",
                approved="",
                status="Open",
            ),
            report(
                "R0000000sent",
                created="2026-04-01 10:00:00",
                submitted="2026-05-02 10:00:00",
                approved="",
                status="Processing",
                accountEmail="other@example.com",
            ),
            report(
                "R0000000shut",
                created="2025-08-01 10:00:00",
                submitted="2025-08-02 10:00:00",
                approved="",
                status="Closed",
            ),
        ),
        today=TODAY,
    )


@pytest.mark.parametrize(
    ("start_date", "found"),
    [
        ("2026-03-01", {"mar", "apr", "open", "sent"}),  # inclusive
        ("2026-03-02", {"apr", "open", "sent"}),
        ("2026-04-02", {"apr", "open", "sent"}),  # the later of created and submitted counts
        ("2026-04-03", {"open", "sent"}),
        ("2026-05-03", set()),
    ],
)
def test_start_date_is_inclusive_on_the_later_of_created_and_submitted(
    user: Any, start_date: str, found: set[str]
) -> None:
    assert short(user.ids({"startDate": start_date})) == found


@pytest.mark.parametrize(
    ("end_date", "found"),
    [
        ("2026-02-28", {"shut"}),
        ("2026-03-01", {"shut", "mar"}),  # inclusive, whatever the time of day
        ("2026-04-01", {"shut", "mar"}),
        ("2026-04-02", {"shut", "mar", "apr"}),
        ("2026-05-02", {"shut", "mar", "apr", "open", "sent"}),
    ],
)
def test_end_date_is_inclusive_on_the_later_of_created_and_submitted(
    user: Any, end_date: str, found: set[str]
) -> None:
    filters = {"startDate": "2025-08-01", "endDate": end_date}
    assert short(user.ids(filters)) == found


@pytest.mark.parametrize(
    ("approved_after", "found"),
    [
        ("2026-03-04", {"mar", "apr"}),
        ("2026-03-05", {"apr"}),  # exclusive, by the day: 00:00:01 is still the 5th
        ("2026-04-10", set()),
    ],
)
def test_approved_after_is_exclusive_and_lets_pass_what_was_never_approved(
    user: Any, approved_after: str, found: set[str]
) -> None:
    never_approved = {"open", "sent", "shut"}
    assert short(user.ids({"approvedAfter": approved_after})) == found | never_approved


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ("APPROVED", {"mar"}),
        ("APPROVED,REIMBURSED", {"mar", "apr"}),
        ("OPEN", {"open"}),
        ("SUBMITTED", {"sent"}),
        ("ARCHIVED", {"shut"}),
    ],
)
def test_report_state_selects_by_state(user: Any, states: str, found: set[str]) -> None:
    filters = {"startDate": "2025-08-01"}
    assert short(user.ids(filters, reportState=states)) == found


def test_report_state_is_ignored_inside_filters(user: Any) -> None:
    filters = {"startDate": "2025-08-01", "reportState": "APPROVED"}
    assert short(user.ids(filters)) == {"mar", "apr", "open", "sent", "shut"}


def test_reports_are_found_by_either_form_of_their_ids(user: Any) -> None:
    # 0-9, A-Z, a-z are the digits: "apr" is 36 * 62**2 + 51 * 62 + 53.
    filters = {"reportIDList": "R00000000mar,141599,R00unknown00"}
    assert short(user.ids(filters)) == {"mar", "apr"}


def test_report_ids_are_case_sensitive(user: Any) -> None:
    assert user.ids({"reportIDList": "R00000000MAR"}) == []


def test_filters_combine_with_and(user: Any) -> None:
    filters = {"startDate": "2026-01-01", "policyIDList": "BBBB000000000002"}
    assert short(user.ids(filters)) == {"apr"}
    assert short(user.ids({**filters, "approvedAfter": "2026-04-10"})) == set()


def test_marked_as_exported_leaves_out_what_carries_the_label(user: Any) -> None:
    user.server.reports.mark_exported("R00000000mar", "NAV")
    filters = {"startDate": "2026-03-01", "markedAsExported": "NAV"}
    assert "mar" not in short(user.ids(filters))
    assert "mar" in short(user.ids({**filters, "markedAsExported": "Other"}))


def test_limit_is_a_number_in_a_string(user: Any) -> None:
    assert len(user.ids({"startDate": "2025-08-01"}, limit="2")) == 2


def test_another_accounts_export_shows_its_reports_without_drafts(user: Any) -> None:
    filters = {"startDate": "2025-08-01"}
    assert short(user.ids(filters, employeeEmail="jo@example.com")) == {"mar", "apr", "shut"}


def test_an_account_of_no_policy_cannot_be_exported_from(user: Any) -> None:
    answer = user.submit({"startDate": "2026-01-01"}, employeeEmail="who@elsewhere.example")
    assert answer.json() == {
        "responseMessage": "Not authorized to authenticate as user who@elsewhere.example",
        "responseCode": 500,
    }


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"startDate": "2025-07-01"}, None),  # a year ago to the day
        ({"startDate": "2025-06-30"}, 410),  # more than a year ago: needs an end
        ({"approvedAfter": "2025-06-30"}, 410),
        ({"startDate": "2025-06-30", "endDate": "2026-06-30"}, None),
        ({"startDate": "2025-06-30", "endDate": "2026-07-01"}, 410),  # more than a year long
        ({"approvedAfter": "2020-01-01", "endDate": "2020-12-31"}, None),
        ({"startDate": "2024-02-29", "endDate": "2025-03-01"}, None),
        ({"startDate": "2024-02-29", "endDate": "2025-03-02"}, 410),
        ({"endDate": "2026-06-30"}, 410),  # no anchor
        ({}, 410),
        ({"policyIDList": "AAAA000000000001"}, 410),
        ({"reportIDList": "R00000000mar"}, None),
        ({"reportIDList": ["R00000000mar"]}, 410),
    ],
)
def test_one_year_rules_and_anchors(user: Any, filters: dict[str, Any], code: int | None) -> None:
    answer = user.submit(filters)
    assert answer.status_code == 200
    if code is None:
        assert answer.text.endswith(".txt")
    else:
        assert answer.json()["responseCode"] == code


@pytest.mark.parametrize("malformed", ["16-01-01", "2026-02-30", "2026-1-1", "01.02.2026"])
def test_malformed_dates_are_told_as_documented(user: Any, malformed: str) -> None:
    assert user.submit({"startDate": malformed}).json() == {
        "responseMessage": f"Malformed date '{malformed}'. Expected format is yyyy-MM-dd",
        "responseCode": 410,
    }


def test_unknown_states_and_limits_are_refused(user: Any) -> None:
    filters = {"startDate": "2026-01-01"}
    assert user.submit(filters, reportState="PAID").json()["responseCode"] == 410
    assert user.submit(filters, limit="many").json()["responseCode"] == 410


def short(report_ids: list[str]) -> set[str]:
    return {report_id.removeprefix("R00").lstrip("0") for report_id in report_ids}
