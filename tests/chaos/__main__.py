"""`make chaos`: the whole crash and fault matrices, a table of what happened, and 1 as exit code for any violation.

Usage: python -m tests.chaos [--workers N] [--seeds N] [--share N] [--all]
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from . import crashes, schedules
from .crashes import Point, Result
from .schedules import Schedule
from .stage import MEMORY, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.queues import Queue

Task = Point | Schedule
SEEDS = 500
REPORT_EVERY = 100


def _tasks(found: crashes.Reference, options: argparse.Namespace) -> list[Task]:
    tasks: list[Task] = [
        *crashes.matrix(found, every_point=options.all),
        *schedules.each_alone(),
        *map(schedules.at_random, range(options.seeds)),
    ]
    return tasks[:: options.share]


def _work(number: int, options: argparse.Namespace, results: Queue[Result | None]) -> None:
    """Every so many of the tasks, on a stage of one's own."""
    try:
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Stage(Path(folder)).open() as stage:
            found = crashes.reference(stage)
            for task in _tasks(found, options)[number :: options.workers]:
                if isinstance(task, Point):
                    results.put(crashes.crash(stage, found, task))
                else:
                    results.put(schedules.suffer(stage, found, task))
    finally:
        results.put(None)


def _table(results: Sequence[Result]) -> str:
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        groups[result.matrix, result.group].append(result)
    rows = [("matrix", "points", "disturbed", "violations", "what")]
    for (matrix, group), some in [
        *groups.items(),
        *((("all", ""), list(results)),),
    ]:
        rows.append(
            (
                matrix,
                str(len(some)),
                str(sum(result.disturbed for result in some)),
                str(sum(bool(result.violations) for result in some)),
                group,
            )
        )
    return "\n".join(
        f"{matrix:<7} {points:>7} {disturbed:>10} {violations:>11}  {what}"
        for matrix, points, disturbed, violations, what in rows
    )


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--seeds", type=int, default=SEEDS, help="random schedules of faults")
    parser.add_argument("--share", type=int, default=1, help="do every N-th thing only")
    parser.add_argument("--all", action="store_true", help="every point of the crash matrix")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    queue: Queue[Result | None] = context.Queue()
    begun = time.monotonic()
    workers = [
        context.Process(target=_work, args=(number, options, queue))
        for number in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    results: list[Result] = []
    at_work = len(workers)
    while at_work:
        result = queue.get()
        if result is None:
            at_work -= 1
            continue
        results.append(result)
        if result.violations:
            print(f"VIOLATION {result.name}", *result.violations, sep="\n  ", flush=True)
        if len(results) % REPORT_EVERY == 0:
            seconds = time.monotonic() - begun
            print(f"{len(results)} done in {seconds:.0f} s", flush=True)
    for worker in workers:
        worker.join()
    print(_table(results))
    print(f"{time.monotonic() - begun:.0f} s with {options.workers} workers")
    broken = any(worker.exitcode for worker in workers)
    return int(broken or not results or any(result.violations for result in results))


if __name__ == "__main__":
    sys.exit(main())
