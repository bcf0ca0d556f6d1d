"""Policies: sections from few requests, both shapes of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from expense_sandbox.expensify.quirks import Quirks
from expense_sandbox.world import Policy, World, policy_listing
from tap_expensify import policy_schemas
from tap_expensify.errors import ProtocolError, RequestRefusedError
from tap_expensify.policies import (
    category_records,
    employee_records,
    report_field_records,
    tag_records,
    tax_rate_records,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from expense_sandbox.expensify.server import ExpensifyServer

SECTION_STREAMS = {
    "policy_categories": ("categories", policy_schemas.POLICY_CATEGORIES),
    "policy_tags": ("tags", policy_schemas.POLICY_TAGS),
    "policy_report_fields": ("reportFields", policy_schemas.POLICY_REPORT_FIELDS),
    "policy_tax_rates": ("tax", policy_schemas.POLICY_TAX_RATES),
    "policy_employees": ("employees", policy_schemas.POLICY_EMPLOYEES),
}


def many_policies(count: int) -> World:
    made = [f"{number:016X}" for number in range(1, count + 1)]
    return World(
        tuple(
            Policy(
                policy_id,
                f"Policy {policy_id}",
                "EUR",
                policy_listing(policy_id, f"Policy {policy_id}", "EUR", "o@example.com"),
                categories=({"name": "Hotel", "enabled": True},),
            )
            for policy_id in made
        ),
        (),
        (),
    )


def operations(server: ExpensifyServer) -> list[str]:
    return [job.operation for job in server.jobs_log]


def test_all_sections_of_all_policies_come_from_one_request(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer, world: World
) -> None:
    messages = run(config, streams=("policies", *SECTION_STREAMS))
    assert operations(expensify) == ["get policyList", "get policy"]
    for stream, (_, schema) in SECTION_STREAMS.items():
        records = messages.records(stream)
        assert records
        for record in records:
            Draft202012Validator(schema).validate(record)
            assert set(record) <= set(schema["properties"])
    assert len(messages.records("policy_categories")) == sum(
        len(policy.categories) for policy in world.policies
    )
    assert len(messages.records("policy_employees")) == sum(
        len(policy.employees) for policy in world.policies
    )
    tags = messages.records("policy_tags")
    assert {tag["level_name"] for tag in tags} == {None, "Department", "Project"}
    assert ["Zürich: Phase 2"] in [tag["path"] for tag in tags]
    assert {rate["is_default"] for rate in messages.records("policy_tax_rates")} == {True, False}


@pytest.mark.parametrize("stream", SECTION_STREAMS)
def test_only_selected_sections_are_asked_for(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer, stream: str
) -> None:
    run(config, streams=(stream,))
    assert expensify.jobs_log[-1].description["inputSettings"]["fields"] == [
        SECTION_STREAMS[stream][0]
    ]


def test_policies_named_by_id_need_no_list(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    chosen = world.policies[1].policy_id
    messages = run(make_config(expensify, policy_ids=[chosen]), streams=("policy_tags",))
    assert operations(expensify) == ["get policy"]
    assert {tag["policy_id"] for tag in messages.records("policy_tags")} == {chosen}


def test_many_policies_fifty_at_a_time(
    run: Any, make_config: Any, start_expensify: Callable[..., ExpensifyServer]
) -> None:
    server = start_expensify(data=many_policies(120))
    messages = run(make_config(server), streams=("policy_categories",))
    assert len(messages.records("policy_categories")) == 120
    assert operations(server) == ["get policyList", *["get policy"] * 3]


@pytest.mark.parametrize("behaviour", ["omit", "not_found"])
def test_a_policy_named_but_not_shown_is_an_error(
    run: Any, make_config: Any, start_expensify: Callable[..., ExpensifyServer], behaviour: Any
) -> None:
    server = start_expensify(Quirks(unknown_policy=behaviour))
    config = make_config(server, policy_ids="A1B2C3D4E5F60701,A1B2C3D4E5F60702,DEADBEEF00000000")
    with pytest.raises(RequestRefusedError) as caught:
        run(config, streams=("policy_tags",))
    assert caught.value.code == "policy_not_shown"
    assert caught.value.value == "DEADBEEF00000000"


def test_a_policy_listed_but_not_shown_is_left_out_with_a_warning(
    run: Any, make_config: Any, scripted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.answer(
        {"responseCode": 200, "policyList": [{"id": "A"}, {"id": "B"}, {"id": "C"}]},
        {"responseCode": 404, "responseMessage": "Policy not found"},
        {"responseCode": 200, "policyInfo": {"A": {"tags": [{"name": "x"}]}}},
        {"responseCode": 404, "responseMessage": "Policy not found"},
        {"responseCode": 404, "responseMessage": "Policy not found"},
        {"responseCode": 200, "policyInfo": {"C": {"tags": [{"name": "y"}]}}},
    )
    messages = run(make_config(scripted), streams=("policy_tags",))
    assert [tag["name"] for tag in messages.records("policy_tags")] == ["x", "y"]
    assert "does not show the policy B" in caplog.text


def test_flat_tags_may_have_parents() -> None:
    section = [
        {"name": "Sales", "enabled": True, "glCode": "100"},
        {"name": r"Projects:Z\: 2", "enabled": False, "glCode": ""},
    ]
    found = list(tag_records("P", section))
    assert [(tag["level"], tag["level_name"], tag["path"]) for tag in found] == [
        (1, None, ["Sales"]),
        (1, None, ["Projects", "Z: 2"]),
    ]
    assert [(tag["name"], tag["gl_code"], tag["enabled"]) for tag in found] == [
        ("Sales", "100", True),
        (r"Projects:Z\: 2", None, False),
    ]


def test_tags_of_several_levels() -> None:
    section = [
        {"name": "Department", "tags": [{"name": r"A\:B"}, {"name": "C:D"}]},
        {"name": "Project", "tags": []},
        {"name": "Region", "tags": [{"name": "North"}]},
    ]
    assert [(t["level"], t["level_name"], t["path"]) for t in tag_records("P", section)] == [
        (1, "Department", ["A:B"]),
        (1, "Department", ["C:D"]),
        (3, "Region", ["North"]),
    ]


@pytest.mark.parametrize("section", [None, "", [], {}])
@pytest.mark.parametrize(
    "read",
    [category_records, tag_records, report_field_records, tax_rate_records, employee_records],
)
def test_empty_sections_give_nothing(section: object, read: Any) -> None:
    assert list(read("P", section)) == []


def test_tax_rates_stay_as_written(run: Any, make_config: Any, scripted: Any) -> None:
    text = (
        '{"responseCode": 200, "policyInfo": {"P": {"tax": {"name": "VAT", "default": "b", '
        '"rates": [{"rateID": "a", "rate": 7.70}, {"rateID": "b", "rate": 19}]}}}}'
    )
    scripted.answer(text)
    messages = run(make_config(scripted, policy_ids="P"), streams=("policy_tax_rates",))
    rates = messages.records("policy_tax_rates")
    assert [(rate["rate"], rate["is_default"]) for rate in rates] == [("7.70", False), ("19", True)]


def test_no_limit_is_null_and_names_are_matched_to_custom_fields() -> None:
    (category,) = category_records("P", [{"name": "Hotel", "maxExpenseAmount": 10_000_000_000}])
    assert category["max_expense_amount"] is None
    (field,) = report_field_records("P", [{"name": "Cost Centre (new)", "values": ["CC10"]}])
    assert (field["custom_field"], field["values"]) == ("Cost_Centre__new_", ["CC10"])


@pytest.mark.parametrize(
    ("read", "section"),
    [
        (category_records, [{"enabled": True}]),
        (tax_rate_records, {"rates": [{"name": "x"}]}),
        (employee_records, [{"role": "user"}]),
    ],
)
def test_an_item_without_a_key_is_an_error(read: Any, section: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        list(read("P", section))
    assert caught.value.code == "policy_item_without_id"
