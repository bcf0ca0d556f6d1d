"""`make chaos`: the whole crash and fault matrices, a table of what happened, and 1 as exit code for any violation.

Usage: python -m tests.chaos [--workers N] [--seeds N] [--share N] [--all]
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import sys
import time
from collections import defaultdict
from queue import Empty
from typing import TYPE_CHECKING

from .crashes import Result
from .worker import work

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.process import BaseProcess
    from multiprocessing.queues import Queue

SEEDS = 500
REPORT_EVERY = 100
SECONDS_TO_NOTICE_A_DEATH = 5.0


def table(results: Sequence[Result]) -> str:
    """What was done, by kind, and how often something was wrong."""
    groups: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        groups[result.matrix, result.group].append(result)
    rows = [("matrix", "points", "disturbed", "violations", "what")]
    for (matrix, group), some in [
        *sorted(groups.items()),
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


def exit_code(results: Sequence[Result], *, broken: bool) -> int:
    """0 only when something was done, and all of it, and nothing was wrong."""
    return int(broken or not results or any(result.violations for result in results))


def _collect(
    queue: Queue[Result | None],
    workers: Sequence[BaseProcess],
    results: list[Result],
    begun: float,
) -> None:
    """Add results as they come, until all workers are done or dead."""
    at_work = len(workers)
    while at_work:
        try:
            result = queue.get(timeout=SECONDS_TO_NOTICE_A_DEATH)
        except Empty:
            if any(worker.is_alive() for worker in workers):
                continue
            return
        if result is None:
            at_work -= 1
            continue
        results.append(result)
        if result.violations:
            print(f"VIOLATION {result.name}", *result.violations, sep="\n  ", flush=True)
        if len(results) % REPORT_EVERY == 0:
            print(f"{len(results)} done in {time.monotonic() - begun:.0f} s", flush=True)


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
        context.Process(target=work, args=(number, options, queue))
        for number in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    results: list[Result] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _collect(queue, workers, results, begun)
    except KeyboardInterrupt:
        print("Broken off.")
        for worker in workers:
            worker.terminate()
    for worker in workers:
        worker.join()
    print(table(results))
    print(f"{time.monotonic() - begun:.0f} s with {options.workers} workers")
    broken = any(worker.exitcode for worker in workers)
    return exit_code(results, broken=broken)


if __name__ == "__main__":
    sys.exit(main())
