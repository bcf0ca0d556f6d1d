"""What templates see and print.

The expected texts of the table were printed by Apache FreeMarker 2.3.31 with
`TemplateExceptionHandler.IGNORE_HANDLER`, locale en_US and number format "computer".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from expense_sandbox.expensify.quirks import Quirks

FILTERS = {"startDate": "2026-01-01", "endDate": "2026-12-31"}
EXPENSE = {
    "transactionID": "4056343049275634494",
    "type": "expense",
    "amount": 1234567,
    "modifiedAmount": "",
    "convertedAmount": "",
    "currency": "EUR",
    "created": "2026-03-01",
    "merchant": 'Fish & "Chips" <London>',
    "comment": "it's\n\u20ac \\ \U0001f600",
    "billable": True,
    "receiptObject": {},
}

IGNORED_ERRORS = [
    ("a${1\n}\nb", "a1\nb"),
    ("<#assign n=n+1>C${n}D", "CD"),
    ("${true}E${reports}F", "EF"),
    ("<#if nope.x == 1>q<#else>r</#if>G", "G"),
    ("<#list nope as x>1<#else>2</#list>H", "H"),
    ("<#list [1,2] as x>i${x}<#if x==1>${x.nope}z</#if></#list>", "i1zi2"),
    ('<#assign q>u${n}v</#assign>[${q!"-"}]', "[uv]"),
    ("<#macro m>(${n})</#macro><@m/><@nope/>I", "()I"),
    ("<#function f x><#assign z=x.y.z><#return x.q.q></#function>[${f(1)}]", "[]"),
    ("<#switch n><#case 1>x</#switch>J", "J"),
    ('${"a}b>" + reports?size?c}${nope!}<#-- ${no} --><#noparse>${no}</#noparse>', "a}b>1${no}"),
    ('<#if (reports?size > 0) && "a>b" != "">${reports[0].total}</#if>', "1234567"),
    ("<#ftl>\n<#if addHeader>ID\n</#if>x", "ID\nx"),
    ("${reports[0].customField.Cost_Centre}${reports[0].customField.Other}", "CC10"),
]


@pytest.fixture
def start(expensify: Any, world: Any, report: Any) -> Any:
    def start_with(**quirks: Any) -> Any:
        one = report(
            "R00000065tuN",
            total=1234567,
            reportName="<Trip>",
            customField={"Cost_Centre": "CC10"},
            approvers=[{"date": "2026-03-11 10:00:00"}, {"date": "2026-03-12 09:30:00"}],
            transactionList=[EXPENSE | {"reportID": "R00000065tuN"}],
        )
        return expensify(world(one), quirks=Quirks(**quirks))

    return start_with


@pytest.mark.parametrize(("template", "text"), IGNORED_ERRORS)
def test_what_fails_prints_nothing_and_the_rest_goes_on(
    start: Any, template: str, text: str
) -> None:
    assert start().export(FILTERS, template) == text


@pytest.mark.parametrize("template", ["${nope}", "${true}", "<#assign n = n + 1>"])
def test_a_strict_service_answers_an_envelope_instead(start: Any, template: str) -> None:
    answer = start(template_errors="strict").submit(FILTERS, template).json()
    assert answer["responseCode"] == 500


def test_a_malformed_template_is_an_error_in_either_mode(start: Any) -> None:
    for errors in ("ignore", "strict"):
        user = start(template_errors=errors)
        assert user.submit(FILTERS, "<#list reports>").json()["responseCode"] == 500


def test_numbers_are_plain_unless_grouped(start: Any) -> None:
    template = "${reports[0].total} ${reports[0].total?c}"
    assert start().export(FILTERS, template) == "1234567 1234567"
    assert start(grouped_numbers=True).export(FILTERS, template) == "1,234,567 1234567"


def test_json_string_gives_back_every_character(start: Any) -> None:
    template = '"${reports[0].transactionList[0].comment?json_string}"'
    assert json.loads(start().export(FILTERS, template)) == EXPENSE["comment"]


def test_an_export_without_reports_still_renders(start: Any) -> None:
    template = "<#list reports as r>x</#list>${reports?size}"
    assert start().export({"reportIDList": "R00unknown00"}, template) == "0"


def test_a_report_knows_what_the_documentation_lists(start: Any) -> None:
    template = (
        "<#list reports as r>${r.reportID}|${r.oldReportID}|${r.status}|${r.approved}|"
        '${r.isACHReimbursed?string("y","n")}|<#list r.transactionList as e>${e.transactionID} '
        '${e.modifiedAmount?has_content?c} ${e.billable?string("y","n")}</#list></#list>'
    )
    assert start().export(FILTERS, template) == (
        "R00000065tuN|90064571|Approved|2026-03-12 09:30:00|n|4056343049275634494 false y"
    )


@pytest.mark.parametrize(
    ("quirks", "template", "text"),
    [
        ({"report_times": "short"}, "${reports[0].approved}", "2026-03-12"),
        ({"approval_date": "first"}, "${reports[0].approved}", "2026-03-11 10:00:00"),
        ({"report_ids": "base_10"}, "${reports[0].reportID}", "90064571"),
        (
            {"report_ids": "base_10"},
            "${reports[0].transactionList[0].reportID}",
            "90064571",
        ),
        ({"booleans_as_strings": True}, "${reports[0].isACHReimbursed}", "false"),
        ({"numbers_as_strings": True}, "${reports[0].total?is_string?c}", "true"),
        ({"html_escaped_text": True}, "${reports[0].reportName}", "&lt;Trip&gt;"),
        (
            {"html_escaped_text": True},
            "${reports[0].transactionList[0].merchant}",
            "Fish &amp; &quot;Chips&quot; &lt;London&gt;",
        ),
        (
            {"php_style_empties": True},
            "<#assign e = reports[0].transactionList[0]>${(e.units + e.receiptObject?size)}",
            "0",
        ),
        ({"omit_empty_fields": True}, "${(reports[0].reimbursed)???c}", "false"),
        ({"omit_empty_fields": False}, "${(reports[0].reimbursed)???c}", "true"),
    ],
)
def test_quirks_change_what_templates_see(
    start: Any, quirks: dict[str, Any], template: str, text: str
) -> None:
    assert start(**quirks).export(FILTERS, template) == text


@pytest.mark.parametrize(
    ("spelling", "status", "text"),
    [
        ("classic", "Closed", "Closed"),
        ("archived", "Closed", "Archived"),
        ("display", "Open", "Draft"),
        ("display", "Reimbursed", "Paid"),
    ],
)
def test_status_is_spelled_as_asked(  # noqa: PLR0917 - pytest names them
    expensify: Any,
    world: Any,
    report: Any,
    spelling: Any,
    status: str,
    text: str,
) -> None:
    user = expensify(
        world(report("R00000065tuN", status=status)), quirks=Quirks(status_spelling=spelling)
    )
    assert user.export(FILTERS, "${reports[0].status}") == text


def test_filters_go_by_the_approval_date_the_service_tells(start: Any) -> None:
    after = {"approvedAfter": "2026-03-11"}
    assert start().ids(after) == ["R00000065tuN"]
    assert start(approval_date="first").ids(after) == []


def test_a_large_export_may_be_rendered_in_parts_with_one_header(
    expensify: Any, world: Any, report: Any
) -> None:
    reports = [report(f"R0000000000{number}") for number in range(5)]
    template = "<#if addHeader>ID\n</#if><#list reports as r>${r.reportID}\n</#list>--\n"
    whole = expensify(world(*reports)).export(FILTERS, template)
    parts = expensify(world(*reports), quirks=Quirks(reports_per_rendering=2)).export(
        FILTERS, template
    )
    assert whole.count("--") == 1
    assert parts.count("--") == 3
    assert parts.replace("--\n", "") == whole.replace("--\n", "")
