from __future__ import annotations

import pytest

from expense_sandbox.faults import ALWAYS, Fault, FaultPlan


def test_a_fault_hits_as_often_as_told_after_letting_some_pass() -> None:
    plan = FaultPlan([Fault("before", match="POST .*post", skip=1, times=2)])
    hits = [len(plan.take("POST /invoices/post")) for _ in range(5)]
    assert hits == [0, 1, 1, 0, 0]
    assert plan.pending() == ()


def test_requests_that_do_not_match_use_nothing_up() -> None:
    plan = FaultPlan([Fault("reset_after", match="^POST")])
    assert plan.take("GET /invoices") == ()
    assert [fault.kind for fault in plan.take("POST /invoices")] == ["reset_after"]


def test_kinds_the_caller_cannot_apply_stay_in_force() -> None:
    plan = FaultPlan([Fault("drop_batch_part", part=2)])
    assert plan.take("POST /$batch") == ()
    assert plan.take("POST /$batch", kinds=("drop_batch_part",))[0].part == 2


def test_a_fault_can_last_until_cleared() -> None:
    plan = FaultPlan([Fault("before", times=ALWAYS)])
    assert all(plan.take("GET /") for _ in range(10))
    plan.clear()
    assert plan.take("GET /") == ()


def test_json_round_trip() -> None:
    fault = Fault("before", match="x", status=429, headers={"Retry-After": "2"}, body="{}")
    assert Fault.from_json(fault.to_json()) == fault


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "explode"},
        {"match": "x"},
        {"kind": "before", "state": 1},
        [],
        {"kind": "before", "match": "("},
    ],
)
def test_a_fault_nobody_knows_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"fault|Fault"):
        Fault.from_json(document)
