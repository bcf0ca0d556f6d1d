"""One of the processes that share the work of `make chaos`."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import crashes, schedules
from .crashes import Point, Result
from .schedules import Schedule
from .stage import MEMORY, Stage

if TYPE_CHECKING:
    import argparse
    from multiprocessing.queues import Queue

Task = Point | Schedule


def tasks(found: crashes.Reference, options: argparse.Namespace) -> list[Task]:
    """Everything that is to be done, in the same order in every process."""
    everything: list[Task] = [
        *crashes.matrix(found, every_point=options.all),
        *schedules.each_alone(),
        *map(schedules.at_random, range(options.seeds)),
    ]
    # Mixed, so that the workers have done at the same time, and a run that is broken off tells something of all.
    random.Random(0).shuffle(everything)  # noqa: S311 - no secret
    return everything[:: options.share]


def work(number: int, options: argparse.Namespace, results: Queue[Result | None]) -> None:
    """Every so many of the tasks, on a stage of one's own."""
    try:
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Stage(Path(folder)).open() as stage:
            found = crashes.reference(stage)
            for task in tasks(found, options)[number :: options.workers]:
                if isinstance(task, Point):
                    results.put(crashes.crash(stage, found, task))
                else:
                    results.put(schedules.suffer(stage, found, task))
    finally:
        results.put(None)
