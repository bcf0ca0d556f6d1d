"""SIGKILL at any moment: after one more run every document is in NAV exactly once, and nothing is half-made.

A sample of what `make chaos` does: points of every kind, of every way to go.
"""

from __future__ import annotations

import pytest

from . import crashes
from .crashes import Reference
from .stage import Stage

POINTS = 60


@pytest.mark.parametrize("number", range(POINTS))
def test_one_more_run_makes_it_right(stage: Stage, reference: Reference, number: int) -> None:
    point = crashes.sample(crashes.matrix(reference), POINTS)[number]
    result = crashes.crash(stage, reference, point)
    assert result.violations == (), result.name
    # The run that follows may come to its end in fewer requests and writes than the second kill waits for.
    assert 1 <= result.disturbed <= 1 + point.again, "it was killed"


def test_there_are_points_of_every_kind(reference: Reference) -> None:
    points = crashes.matrix(reference)
    assert len(points) >= 400
    assert len(set(map(str, points))) == len(points)
    chosen = crashes.sample(points, POINTS)
    assert len(chosen) == POINTS
    kinds = {(point.way.name, point.kind) for point in points}
    assert {(point.way.name, point.kind) for point in chosen} == kinds
    assert all(reference.points[kind] for kind in kinds)
