"""A bar chart of numbers of documents: where things stand, in units of the drawing. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.audit.report.figures import Day

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 8, 12, 28
_STEPS = (1, 2, 5)
_LINES = 4
_LABELS = 8
_BAR_SHARE = 80
_WIDEST = 60
_PER_CENT = 100


@dataclass(frozen=True)
class Bar:
    """One bar; positions in units of the drawing."""

    name: str
    documents: int
    x: int
    y: int
    width: int
    height: int
    labelled: bool

    @property
    def middle(self) -> int:
        """Where its label stands."""
        return self.x + self.width // 2


@dataclass(frozen=True)
class Line:
    """A line of the scale: its number, and where it stands."""

    documents: int
    y: int


@dataclass(frozen=True)
class Chart:
    """A whole chart."""

    width: int
    height: int
    left: int
    right: int
    bottom: int
    bars: Sequence[Bar]
    lines: Sequence[Line]


def chart(days: Sequence[Day]) -> Chart:
    """The chart of what was posted; as many bars as there are days."""
    step = step_for(max((day.documents for day in days), default=0))
    top = step * _LINES
    space = HEIGHT - TOP - BOTTOM
    room = WIDTH - LEFT - RIGHT
    every = -(-len(days) // _LABELS) or 1
    bars = []
    for number, day in enumerate(days):
        start, end = room * number // len(days), room * (number + 1) // len(days)
        width = max(1, min(_WIDEST, (end - start) * _BAR_SHARE // _PER_CENT))
        height = max(1, space * day.documents // top) if day.documents else 0
        bars.append(
            Bar(
                day.name,
                day.documents,
                LEFT + start + (end - start - width) // 2,
                TOP + space - height,
                width,
                height,
                number % every == 0,
            )
        )
    lines = [
        Line(step * number, TOP + space - space * number // _LINES) for number in range(_LINES + 1)
    ]
    return Chart(WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, TOP + space, bars, lines)


def step_for(most: int) -> int:
    """The smallest round number (1, 2 or 5 and zeros) of which four reach the largest value."""
    scale = 1
    while True:
        for step in _STEPS:
            if step * scale * _LINES >= most:
                return step * scale
        scale *= 10
