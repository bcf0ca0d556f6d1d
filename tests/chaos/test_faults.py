"""Faults of NAV, alone and drawn at random: nothing is doubled, lost or held for no reason of its own.

A sample of what `make chaos` does.
"""

from __future__ import annotations

import pytest

from expense_sandbox.nav import faults

from . import schedules
from .crashes import Reference
from .stage import Stage

ALONE = list(schedules.each_alone())


@pytest.mark.parametrize("seed", range(50))
def test_a_schedule_drawn_at_random(stage: Stage, reference: Reference, seed: int) -> None:
    result = schedules.suffer(stage, reference, schedules.at_random(seed))
    assert result.violations == (), result.name


@pytest.mark.parametrize("schedule", ALONE[7 :: len(ALONE) // 12], ids=str)
def test_a_fault_alone(stage: Stage, reference: Reference, schedule: schedules.Schedule) -> None:
    assert schedules.suffer(stage, reference, schedule).violations == ()


def test_every_kind_of_fault_is_tried_at_every_operation() -> None:
    kinds = {**faults.SINGLE, **faults.WRITES, **faults.PARTS, **faults.ENVELOPES}
    assert {schedule.group for schedule in ALONE} == {f"alone: {kind}" for kind in kinds}
    matches = {fault.match for schedule in ALONE for fault in schedule.faults}
    assert matches >= {*faults.OPERATIONS, faults.BATCH}
    assert len(set(map(str, ALONE))) == len(ALONE)
