"""The fault matrix: each fault by itself at each kind of operation, and schedules of faults drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expense_sandbox.nav import faults

from .crashes import Reference, Result
from .stage import BATCHED, SINGLE, SMALL_BATCHES, Stage, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.faults import Fault

MORE_RUNS = 2
"""Without faults: the first looks at everything again, the second removes what the first could not."""
PLACES = (
    ("way", faults.SINGLE, (*faults.OPERATIONS, faults.BATCH)),
    ("writing", faults.WRITES, faults.WRITING),
    ("part", faults.PARTS, faults.OPERATIONS),
    ("envelope", faults.ENVELOPES, (faults.BATCH,)),
)
"""Kinds of faults, and the operations that each of them may hit."""


@dataclass(frozen=True)
class Schedule:
    """Faults of one run."""

    name: str
    group: str
    way: Way
    faults: tuple[Fault, ...]
    ledger_lost: bool = False

    def __str__(self) -> str:
        return f"{self.name}, {self.way}, ledger {'lost' if self.ledger_lost else 'kept'}"


def each_alone() -> Iterator[Schedule]:
    """Every kind of fault at every operation it may hit, the first time or later, batched or not."""
    serial = 0
    for group, kinds, places in PLACES:
        for name, build in kinds.items():
            for match in places:
                ways = [BATCHED if serial % 3 else SMALL_BATCHES]
                if group in {"way", "writing"} and match != faults.BATCH:
                    ways.append(SINGLE)
                for way in ways:
                    skip = serial % 3
                    yield Schedule(
                        f"{name} at {match!r} after {skip}",
                        f"alone: {name}",
                        way,
                        (build(match, skip),),
                        serial % 2 == 1,
                    )
                    serial += 1


def at_random(seed: int) -> Schedule:
    """From one to six faults, the same for the same seed."""
    way = (BATCHED, SINGLE, SMALL_BATCHES, BATCHED)[seed % 4]
    return Schedule(
        f"seed {seed}",
        f"random, {way}",
        way,
        faults.random_schedule(seed, faults=1 + seed % 6, latest=(0, 3, 12, 40)[seed // 4 % 4]),
        seed % 5 == 0,
    )


def suffer(stage: Stage, found: Reference, schedule: Schedule) -> Result:
    """Run with these faults and then without, and tell what is wrong."""
    stage.reset()
    for fault in schedule.faults:
        stage.server.faults.add(fault)
    run = stage.run(schedule.way)
    pending = len(stage.server.faults.pending())
    stage.server.faults.clear()
    violations = stage.interim(run)
    if schedule.ledger_lost:
        stage.lose_ledger()
    for _ in range(MORE_RUNS):
        run = stage.run(schedule.way)
        violations += stage.nothing_twice()
        if not stage.all_is_well(found.entries, run):
            break
    violations += stage.all_is_well(found.entries, run)
    shown = len(schedule.faults) - pending
    if violations:
        violations.append(f"with {schedule.faults}")
    return Result(str(schedule), "faults", schedule.group, shown, tuple(violations))
