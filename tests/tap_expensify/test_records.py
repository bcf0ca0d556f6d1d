from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tap_expensify.errors import ProtocolError
from tap_expensify.policies import policy_record
from tap_expensify.policy_schemas import POLICIES
from tap_expensify.records import expense_records, report_record
from tap_expensify.schemas import EXPENSES, REPORTS


def wire_expense(**fields: Any) -> dict[str, Any]:
    return {"transactionID": "4056343049275634494", "amount": "1234", "currency": "USD", **fields}


def wire_report(*expenses: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "_type": "report",
        "reportID": "R00bCluvcO4T",
        "total": "1234",
        "currency": "EUR",
        "approved": "2026-01-05 10:11:12",
        "transactionList": list(expenses),
        **fields,
    }


def expense(**fields: Any) -> dict[str, Any]:
    record = report_record(wire_report(wire_expense(**fields)))
    found: dict[str, Any] = record["expenses"][0]
    return found


def test_a_bare_report() -> None:
    record = report_record({"reportID": "R1", "total": "0"})
    assert record["report_id"] == "R1"
    assert record["report_number"] == "1"
    assert record["total"] == 0
    assert record["expenses"] == []
    assert record["approvers"] == []
    assert record["custom_fields"] == {}
    assert record["approved_at"] is None
    assert set(record) == set(REPORTS["properties"])


def test_a_report_in_full() -> None:
    record = report_record(
        wire_report(
            wire_expense(),
            oldReportID="90064571",
            reportName='Trip "to" Zürich\n😀',
            status="Reimbursed",
            policyID="A1B2",
            policyName="Northwind",
            created="2026-01-01 08:00:00",
            submitted="2026-01-02 08:00:00",
            reimbursed="",
            accountEmail="ana@northwind.example",
            accountID="77",
            submitter={"firstName": "Ana", "lastName": "Trujillo", "fullName": ""},
            manager={"fullName": "Bo Manager"},
            managerEmail="bo@northwind.example",
            employeeCustomField1="E1001",
            employeeCustomField2="EU",
            entryID="55",
            isACHReimbursed="false",
            customField={"Cost_Centre": "CC10", "Empty": "", "Number": 5},
            approvers=[
                {
                    "email": "bo@northwind.example",
                    "fullName": "Bo Manager",
                    "date": "2026-01-05 10:11:12",
                    "employeeUserID": "U1",
                    "employeePayrollID": "",
                }
            ],
        )
    )
    assert record["report_number"] == "90064571"
    assert record["report_name"] == 'Trip "to" Zürich\n😀'
    assert record["submitter_full_name"] == "Ana Trujillo"
    assert record["manager_full_name"] == "Bo Manager"
    assert record["is_ach_reimbursed"] is False
    assert record["reimbursed_at"] is None
    assert record["submitted_at"] == "2026-01-02T08:00:00Z"
    assert record["custom_fields"] == {"Cost_Centre": "CC10", "Number": "5"}
    assert record["approvers"] == [
        {
            "email": "bo@northwind.example",
            "full_name": "Bo Manager",
            "employee_user_id": "U1",
            "employee_payroll_id": None,
            "approved_at": "2026-01-05T10:11:12Z",
        }
    ]


@pytest.mark.parametrize(
    ("fields", "amount", "currency"),
    [
        ({}, 1234, "USD"),
        ({"modifiedAmount": "1000"}, 1000, "USD"),
        ({"modifiedAmount": "1000", "convertedAmount": "920"}, 920, "EUR"),
        ({"convertedAmount": "0"}, 0, "EUR"),
        ({"modifiedAmount": "", "convertedAmount": ""}, 1234, "USD"),
        ({"amount": "-500"}, -500, "USD"),
        ({"amount": ""}, 0, "USD"),
    ],
)
def test_the_amount_that_counts(fields: dict[str, Any], amount: int, currency: str) -> None:
    record = expense(**fields)
    assert (record["effective_amount"], record["effective_currency"]) == (amount, currency)


def test_edited_merchant_and_date_count() -> None:
    record = expense(
        merchant="Taxi", modifiedMerchant="", created="2026-01-02", modifiedCreated="2026-01-03"
    )
    assert record["effective_merchant"] == "Taxi"
    assert record["effective_date"] == "2026-01-03"
    assert record["created"] == "2026-01-02"
    assert expense(merchant="Taxi", modifiedMerchant="Cab")["effective_merchant"] == "Cab"


def test_tag_levels_with_their_codes() -> None:
    record = expense(
        tag="SALES:Zürich\\: Phase 2",
        tagGlCode="SALES",
        ntags=[
            {"level": "1", "name": "SALES", "glCode": "SALES"},
            {"level": "2", "name": "Zürich: Phase 2", "glCode": "P-100"},
        ],
    )
    assert record["tags"] == [
        {"level": 1, "name": "SALES", "gl_code": "SALES"},
        {"level": 2, "name": "Zürich: Phase 2", "gl_code": "P-100"},
    ]


def test_a_single_level_takes_the_plain_code() -> None:
    assert expense(tag="R&D", tagGlCode="RD")["tags"] == [
        {"level": 1, "name": "R&D", "gl_code": "RD"}
    ]


def test_levels_without_name_are_left_out_and_the_others_keep_their_number() -> None:
    assert expense(tag=":Apollo")["tags"] == [{"level": 2, "name": "Apollo", "gl_code": None}]
    assert expense(tag="SALES:")["tags"] == [{"level": 1, "name": "SALES", "gl_code": None}]
    assert expense(tag="")["tags"] == []


def test_units() -> None:
    assert expense(units={"count": "12.5", "rate": "67", "unit": "km"})["units"] == {
        "count": "12.5",
        "rate": "67",
        "unit": "km",
    }
    for nothing in ("", [], None, {"count": "", "rate": None}):
        assert expense(units=nothing)["units"] is None


def test_an_expense_belongs_to_the_report_it_came_with() -> None:
    assert expense(reportID="R_other")["report_id"] == "R00bCluvcO4T"


def test_equal_expenses_are_all_kept_in_order() -> None:
    record = report_record(
        wire_report(wire_expense(transactionID="2"), wire_expense(transactionID="1"))
    )
    assert [e["transaction_id"] for e in record["expenses"]] == ["2", "1"]


def test_flat_expenses_say_what_report_they_are_from() -> None:
    report = report_record(wire_report(wire_expense(), status="Approved", policyID="A1"))
    (flat,) = expense_records(report)
    assert flat == {
        **report["expenses"][0],
        "report_status": "Approved",
        "approved_at": "2026-01-05T10:11:12Z",
        "policy_id": "A1",
    }
    assert set(flat) == set(EXPENSES["properties"])


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        ({"total": "1"}, "report_without_id"),
        ({"reportID": "R1"}, "report_without_total"),
        (wire_report(total="1,234"), "unreadable_value"),
        (wire_report(approved="05/01/2026"), "unreadable_value"),
        (wire_report({"amount": "1"}), "expense_without_id"),
        (wire_report(wire_expense(amount="twelve")), "unreadable_value"),
        (wire_report(wire_expense(reimbursable="perhaps")), "unreadable_value"),
        (wire_report(approvers=[{"date": "yesterday"}]), "unreadable_value"),
    ],
)
def test_what_cannot_be_read_stops_with_the_field_but_not_the_value(
    wire: dict[str, Any], code: str
) -> None:
    with pytest.raises(ProtocolError) as caught:
        report_record(wire)
    assert caught.value.code == code
    for value in ("1,234", "05/01/2026", "twelve", "perhaps", "yesterday"):
        assert value not in caught.value.sentence()


_absent = st.sampled_from([None, "", []])
_some_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "modifiedAmount": _absent | st.integers().map(str),
            "convertedAmount": _absent | st.integers().map(str),
            "merchant": _absent | _some_text,
            "tag": _absent | _some_text,
            "ntags": _absent
            | st.just("")
            | st.lists(st.fixed_dictionaries({"level": st.just("1"), "glCode": _some_text})),
            "billable": _absent | st.sampled_from(["true", "false"]),
            "units": _absent | st.fixed_dictionaries({"count": _some_text}),
            "taxRate": _absent | _some_text,
        },
    )
)
def test_records_fit_their_schemas(fields: dict[str, Any]) -> None:
    report = report_record(wire_report(wire_expense(**fields)))
    Draft202012Validator(REPORTS).validate(report)
    for flat in expense_records(report):
        Draft202012Validator(EXPENSES).validate(flat)


def test_a_policy() -> None:
    record = policy_record(
        {
            "id": "A1B2C3D4E5F60701",
            "name": "Northwind Europe",
            "type": "corporate",
            "role": "admin",
            "outputCurrency": "EUR",
            "owner": "boss@northwind.example",
            "created": "2024-10-24 17:46:03",
            "tax": '{"trackingEnabled":false}',
        }
    )
    assert record["created_at"] == "2024-10-24T17:46:03Z"
    assert set(record) == set(POLICIES["properties"])
    Draft202012Validator(POLICIES).validate(record)


def test_a_policy_without_id() -> None:
    with pytest.raises(ProtocolError) as caught:
        policy_record({"name": "x"})
    assert caught.value.code == "policy_without_id"


def test_every_column_is_described() -> None:
    for schema in (REPORTS, EXPENSES, POLICIES):
        pending = [schema]
        while pending:
            found = pending.pop()
            for column in found.get("properties", {}).values():
                assert column.get("description")
                pending += [column, column.get("items", {})]
