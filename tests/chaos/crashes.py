"""The crash matrix: a run killed at any of its points, with the audit ledger kept or lost, and one more run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .lethal_target import KINDS
from .stage import BATCHED, NAV_ACTED, SINGLE, SMALL_BATCHES, WAYS, Entries, Stage, Way

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY = {SINGLE.name: 3, BATCHED.name: 1, SMALL_BATCHES.name: 2}
"""`make chaos` takes every so many of the points of a way; `--all` takes each."""


@dataclass(frozen=True)
class Point:
    """One moment to be killed at.

    Attributes:
        way: How the run goes.
        kind: What kind of moment it is.
        number: Which of them, counted from 1.
        ledger_lost: Whether the audit ledger is lost as well.
        again: Whether the next run is killed too, half as far.
        executable: Whether it is the installed executable rather than a fork of it.
    """

    way: Way
    kind: str
    number: int
    ledger_lost: bool = False
    again: bool = False
    executable: bool = False

    def __str__(self) -> str:
        return (
            f"{self.way}, {self.kind} {self.number}, ledger {'lost' if self.ledger_lost else 'kept'}"
            f"{', twice' if self.again else ''}{', executable' if self.executable else ''}"
        )


@dataclass(frozen=True)
class Reference:
    """What undisturbed runs do: the general ledger, and how many points of each kind a way has."""

    entries: Entries
    points: dict[tuple[str, str], int]


@dataclass(frozen=True)
class Result:
    """What became of a point or a schedule.

    Attributes:
        name: Which one.
        matrix: "crashes" or "faults".
        group: Under which heading it is counted.
        disturbed: How often the process was killed, or how many faults were shown.
        violations: What was wrong.
    """

    name: str
    matrix: str
    group: str
    disturbed: int
    violations: tuple[str, ...]


def reference(stage: Stage) -> Reference:
    """Run undisturbed, each way.

    Raises:
        AssertionError: Even that does not come out right.
    """
    entries: Entries | None = None
    points: dict[tuple[str, str], int] = {}
    for way in WAYS:
        stage.reset()
        run = stage.run(way)
        if entries is None:
            entries = stage.entries()
        violations = stage.all_is_well(entries, run)
        if violations:
            raise AssertionError(f"{way}: {violations}")
        points.update({(way.name, kind): run.passed[kind] for kind in KINDS})
        points[way.name, NAV_ACTED] = stage.witness.seen
    if entries is None:
        raise AssertionError("there are no ways to go")
    return Reference(entries, points)


def matrix(found: Reference, *, every_point: bool = False) -> list[Point]:
    """The points of `make chaos`: half of them with the ledger lost, one in seven killed twice."""
    points: list[Point] = []
    for way in WAYS:
        step = 1 if every_point else EVERY[way.name]
        for kind in (*KINDS, NAV_ACTED):
            for number in range(1, found.points[way.name, kind] + 1, step):
                serial = len(points)
                if every_point or way is BATCHED:
                    points += [
                        Point(way, kind, number, lost, again=(serial + lost) % 7 == 0)
                        for lost in (False, True)
                    ]
                else:
                    points.append(Point(way, kind, number, serial % 2 == 1, again=serial % 7 == 0))
        requests = found.points[way.name, NAV_ACTED]
        points += [
            Point(way, NAV_ACTED, number, number % 2 == 1, executable=True)
            for number in range(1, requests + 1, max(1, requests // 8))
        ]
    return points


def sample(points: Sequence[Point], wanted: int) -> list[Point]:
    """So many of the points, the same at each call, from every kind of every way."""
    groups: dict[tuple[str, str, bool], list[Point]] = {}
    for point in points:
        groups.setdefault((point.way.name, point.kind, point.executable), []).append(point)
    shares = {name: max(1, wanted * len(some) // len(points)) for name, some in groups.items()}
    while sum(shares.values()) < wanted:
        # Where the least part is taken, one more is.
        name = min(
            (name for name in shares if shares[name] < len(groups[name])),
            key=lambda name: shares[name] / len(groups[name]),
        )
        shares[name] += 1
    chosen = []
    for name, some in groups.items():
        share = shares[name]
        chosen += [some[(2 * n + 1) * len(some) // (2 * share)] for n in range(share)]
    return chosen


def crash(stage: Stage, found: Reference, point: Point) -> Result:
    """Be killed at this point, run once more, and tell what is wrong then."""
    stage.reset()
    if point.executable:
        killed = stage.run_executable(point.way, kill_at=point.number)
    else:
        killed = stage.run(point.way, kill=point.kind, number=point.number)
    kills = int(killed.killed)
    violations = stage.interim(killed)
    if not killed.killed:
        violations.append(f"it was not killed; the run ended with {killed.exit_code}")
    if point.ledger_lost:
        stage.lose_ledger()
    if point.again:
        once_more = stage.run(point.way, kill=point.kind, number=1 + point.number // 2)
        kills += once_more.killed
        violations += stage.interim(once_more)
    last = stage.run_executable(point.way) if point.executable else stage.run(point.way)
    violations += stage.all_is_well(found.entries, last)
    group = f"{point.way}, {point.kind}" + (", executable" if point.executable else "")
    return Result(str(point), "crashes", group, kills, tuple(violations))
