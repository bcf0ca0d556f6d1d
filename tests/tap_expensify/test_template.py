"""The FreeMarker template on data of every shape, with a real engine in its strictest mode."""

from __future__ import annotations

import json
import re
from typing import Any

import freemarker
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tap_expensify.errors import IncompleteError
from tap_expensify.export import whole_reports
from tap_expensify.records import report_record
from tap_expensify.template import template

NONSENSE = [None, "", [], {}, 0, -7, 12.5, 1234567, True, False, "text", ["x"], {"a": "b"}]


def render(reports: Any) -> str:
    """Renders as strictly as FreeMarker can: missing variables and booleans raise, numbers are grouped."""
    configuration = freemarker.FmConfiguration()
    configuration.put_template("t", "<#assign reports = model?eval_json>" + template())
    text: str = configuration.get_template("t").process({"model": json.dumps(reports)})
    return text


def lines(reports: Any) -> list[dict[str, Any]]:
    return list(whole_reports(render(reports).encode().split(b"\n")))


def test_no_reports() -> None:
    assert render([]).strip() == '{"_type":"trailer","reports":0}'


def test_one_line_a_report_and_a_trailer() -> None:
    text = render([{"reportID": "R1"}, {"reportID": "R2", "transactionList": [{}, {}]}])
    parsed = [json.loads(line) for line in text.strip().split("\n")]
    assert [line.get("reportID") for line in parsed] == ["R1", "R2", None]
    assert parsed[-1] == {"_type": "trailer", "reports": 2}


def test_text_of_all_kinds_survives() -> None:
    for text in (
        "quote \" backslash \\ slash / </script> <!-- &amp; ' $ {} ${x} <#if>",
        "new\nline\r\ttab \u0000 \u0007 \u001f \u0085 \u2028 \u2029 \ufeff",
        "Ünïcödé 漢字 😀 \U0010ffff",
        "\\:",
        "NaN",
    ):
        (report,) = lines(
            [
                {
                    "reportID": "R1",
                    "reportName": text,
                    "customField": {text: text},
                    "transactionList": [{"tag": text, "comment": text}],
                    "approvers": [{"fullName": text}],
                }
            ]
        )
        assert report["reportName"] == text
        assert report["customField"] == {text: text}
        assert report["transactionList"][0]["comment"] == text
        assert report["transactionList"][0]["tag"] == text
        assert report["approvers"][0]["fullName"] == text


@pytest.mark.parametrize(
    ("wire", "seen"),
    [
        (4056343049275634494, "4056343049275634494"),
        ("4056343049275634494", "4056343049275634494"),
        (1234567, "1234567"),
        (-1234567, "-1234567"),
        (12.5, "12.5"),
        (0, "0"),
        (True, "true"),
        (False, "false"),
        ("", ""),
        ([], None),
        ({}, None),
    ],
)
def test_scalars_leave_as_text_without_grouping(wire: Any, seen: str | None) -> None:
    (report,) = lines([{"reportID": wire, "transactionList": [{"amount": wire}]}])
    assert report["reportID"] == seen
    assert report["transactionList"][0]["amount"] == seen


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_every_field_may_be_of_any_type(nonsense: Any) -> None:
    names = set(re.findall(r'"([A-Za-z0-9]+)"', template()))
    names |= {"submitter", "manager", "customField", "approvers", "units", "ntag1", "ntag1GlCode"}
    everything = dict.fromkeys(names - {"transactionList"}, nonsense)
    (report,) = lines([{**everything, "transactionList": [everything, everything]}])
    assert len(report["transactionList"]) == 2
    (report,) = lines([{**everything, "transactionList": nonsense}])
    assert isinstance(report["transactionList"], list)


_scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_names = st.sampled_from(
    ["total", "approved", "submitter", "manager", "customField", "approvers", "isACHReimbursed"]
)
_expense_names = st.sampled_from(["amount", "tag", "units", "ntag1", "ntag2GlCode", "billable"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(
        st.builds(
            lambda fields, expenses: {**fields, "reportID": "R1", "transactionList": expenses},
            st.dictionaries(_names, _values, max_size=4),
            st.lists(st.dictionaries(_expense_names, _values, max_size=4), max_size=3),
        ),
        max_size=3,
    )
)
def test_any_data_gives_whole_lines(reports: list[dict[str, Any]]) -> None:
    found = lines(reports)
    assert len(found) == len(reports)
    for wire, report in zip(reports, found, strict=True):
        assert len(report["transactionList"]) == len(wire["transactionList"])


def test_the_template_reads_everything_the_records_hold() -> None:
    (wire,) = lines(
        [
            {
                "reportID": "R00bCluvcO4T",
                "oldReportID": 42,
                "total": 1234567,
                "approved": "2026-01-05 10:11:12",
                "isACHReimbursed": False,
                "submitter": {"firstName": "Ana", "lastName": "Trujillo"},
                "manager": "",
                "approvers": [{"email": "bo@northwind.example", "date": "2026-01-05"}, ""],
                "customField": {"Cost_Centre": "CC10"},
                "transactionList": [
                    {
                        "transactionID": 4056343049275634494,
                        "amount": 1234567,
                        "modifiedAmount": "",
                        "reimbursable": False,
                        "tag": "SALES:Zürich\\: Phase 2",
                        "ntag1": "SALES",
                        "ntag1GlCode": "SALES",
                        "ntag2": "Zürich: Phase 2",
                        "ntag2GlCode": "P-100",
                        "units": {"count": 12.5, "rate": 67, "unit": "km"},
                        "attendees": [{"email": "someone@else.example"}],
                        "receiptObject": {"url": "https://receipts.example/1"},
                    }
                ],
            }
        ]
    )
    record = report_record(wire)
    (expense,) = record["expenses"]
    assert (record["report_number"], record["total"]) == ("42", 1234567)
    assert record["submitter_full_name"] == "Ana Trujillo"
    assert expense["transaction_id"] == "4056343049275634494"
    assert (expense["amount"], expense["modified_amount"]) == (1234567, None)
    assert expense["reimbursable"] is False
    assert [tag["gl_code"] for tag in expense["tags"]] == ["SALES", "P-100"]
    assert expense["units"] == {"count": "12.5", "rate": "67", "unit": "km"}
    assert "someone@else.example" not in json.dumps(wire)
    assert "receipts.example" not in json.dumps(wire)


def test_no_built_in_newer_than_2_3_31() -> None:
    known = {
        "is_string", "is_number", "is_boolean", "is_date_like", "is_hash", "is_hash_ex",
        "is_sequence", "json_string", "c", "string", "keys", "size", "remove_ending",
    }  # fmt: skip
    assert set(re.findall(r"[\w)\]]\?([a-z_]+)", template())) <= known


def test_a_cut_file_is_noticed_wherever_it_is_cut() -> None:
    whole = render([{"reportID": f"R{n}", "transactionList": [{}]} for n in range(3)]).encode()
    assert len(list(whole_reports(whole.split(b"\n")))) == 3
    for length in range(len(whole.rstrip())):
        with pytest.raises(IncompleteError):
            list(whole_reports(whole[:length].split(b"\n")))
