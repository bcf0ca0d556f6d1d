"""The `get` jobs: shapes and oddities of live answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from expense_sandbox.expensify.quirks import Quirks

FLAT = ({"name": "Sales", "enabled": True, "glCode": "100"},)
LEVELS = ({"name": "Department", "tags": [{"name": "Sales", "enabled": True, "glCode": "100"}]},)


@pytest.fixture
def start(expensify: Any, world: Any, policy: Any) -> Any:
    policies = (
        policy("AAAA000000000001", tags=FLAT, categories=({"name": "Hotel", "enabled": True},)),
        policy("BBBB000000000002", tags=LEVELS, role="user"),
    )

    def start_with(**quirks: Any) -> Any:
        return expensify(world(policies=policies), quirks=Quirks(**quirks))

    return start_with


def get(user: Any, **settings: Any) -> dict[str, Any]:
    answer: dict[str, Any] = user.job({"type": "get", "inputSettings": settings}).json()
    return answer


def test_the_policy_list_has_the_documented_keys_and_the_oddities(start: Any) -> None:
    answer = get(start(), type="policyList")
    assert answer["responseCode"] == 200
    first = answer["policyList"][0]
    assert {"outputCurrency", "owner", "role", "name", "id", "type"} <= set(first)
    assert first["id"] == "AAAA000000000001"
    assert json.loads(first["tax"]) == {"trackingEnabled": False}
    assert first["isPolicyExpenseChatEnabled"] == "1"
    assert first["maxExpenseAge"] == 10000000000


def test_admin_only_leaves_out_policies_one_merely_uses(start: Any) -> None:
    listed = get(start(), type="policyList", adminOnly=True)["policyList"]
    assert [item["id"] for item in listed] == ["AAAA000000000001"]
    assert len(get(start(), type="policyList")["policyList"]) == 2


def test_get_policy_answers_the_sections_asked_for_in_both_shapes(start: Any) -> None:
    answer = get(
        start(),
        type="policy",
        policyIDList=["AAAA000000000001", "BBBB000000000002"],
        fields=["tags", "tax"],
    )
    assert answer == {
        "responseCode": 200,
        "policyInfo": {
            "AAAA000000000001": {"tags": list(FLAT), "tax": {}},
            "BBBB000000000002": {"tags": list(LEVELS), "tax": {}},
        },
    }


def test_a_policy_one_cannot_see_is_left_out_or_not_found(start: Any) -> None:
    asked = {
        "type": "policy",
        "policyIDList": ["AAAA000000000001", "CCCC000000000003"],
        "fields": ["categories"],
    }
    assert list(get(start(), **asked)["policyInfo"]) == ["AAAA000000000001"]
    assert get(start(unknown_policy="not_found"), **asked)["responseCode"] == 404


@pytest.mark.parametrize(
    "settings",
    [
        {"policyIDList": "AAAA000000000001", "fields": ["tags"]},  # a string belongs to exports
        {"policyIDList": ["AAAA000000000001"]},
        {"policyIDList": [], "fields": ["tags"]},
        {"policyIDList": ["AAAA000000000001"], "fields": ["labels"]},
    ],
)
def test_malformed_requests_are_refused(start: Any, settings: dict[str, Any]) -> None:
    assert get(start(), type="policy", **settings)["responseCode"] == 410
