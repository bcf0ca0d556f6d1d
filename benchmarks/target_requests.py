"""Requests, time and memory of the target, beside another client doing the same job.

Usage: target_requests.py [--documents N] [--latency-ms N] [--operation-ms N] [--rerun] [--sdk N]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from nav_feed import COMPANY, Served, documents, serving, write_feed

TARGET = Path(sys.executable).with_name("target-dynamics-nav")
SDK_PYTHON = Path(__file__).parents[1] / ".third-party" / "business-central" / "bin" / "python"
SDK_SCRIPT = Path(__file__).with_name("nav_sdk_client.py")
MOST_REQUESTS = 0.12  # a document, for 1,000 of them
TIMES_FEWER = 20
MOST_REQUESTS_OF_A_RERUN = 15
MOST_MEMORY = 250.0  # MB
MOST_TIME = 1.3  # of the serial time of the operations


@dataclass(frozen=True)
class Run:
    """What one process did.

    Attributes:
        requests: HTTP requests, by the sandbox's log.
        operations: Requests by themselves and parts of batches.
        seconds: Wall time, from the process's start to its end.
        waiting: What the sandbox took to answer, simulated time included.
        memory: Peak of resident memory, MB.
    """

    requests: int
    operations: int
    seconds: float
    waiting: float
    memory: float

    def row(self, name: str, count: int) -> str:
        """A line of the table."""
        return (
            f"| {name} | {count:,} | {self.requests:,} | {self.requests / count:.3f} "
            f"| {self.operations:,} | {self.seconds:.1f} s | {self.waiting:.1f} s "
            f"| {self.memory:.1f} MB |"
        )


def measure(served: Served, command: list[Any], feed: Path, environment: dict[str, str]) -> Run:
    """Run a command with the feed on its standard input."""
    control = f"{served.url}/_sandbox"
    requests.delete(f"{control}/requests", timeout=60)
    started = time.monotonic()
    with feed.open("rb") as given, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **environment},
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        if process.returncode:
            errors.seek(0)
            sys.stderr.write(errors.read().decode()[-3000:])
            sys.exit(f"{command[0]} ended with {process.returncode}.")
    log = requests.get(f"{control}/requests", timeout=60).json()
    return Run(
        len(log),
        sum(entry["operations"] for entry in log),
        seconds,
        sum(entry["seconds"] for entry in log),
        usage.ru_maxrss / 1024,
    )


def posted(served: Served) -> int:
    """How many invoices are posted, each once, with balanced books; ends the program if not."""
    books = requests.get(
        f"{served.url}/_sandbox/books", params={"company": COMPANY.name}, timeout=600
    ).json()
    keys = [entry["external_document_number"] for entry in books["vendor_ledger_entries"]]
    if len(keys) != len(set(keys)) or books["drafts"]:
        sys.exit("Something is posted twice, or a draft is left over.")
    return len(keys)


def main() -> None:
    """Prints a table; exit code 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--operation-ms", type=float, default=0.0)
    parser.add_argument("--rerun", action="store_true", help="run again, with and without ledger")
    parser.add_argument("--sdk", type=int, default=0, metavar="N", help="the other client, too")
    options = parser.parse_args()
    times = (options.latency_ms / 1000, options.operation_ms / 1000)
    missed: list[str] = []
    print("| | documents | requests | a document | operations | time | of it NAV's | memory |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        run = run_target(Path(folder), options, times, missed)
        if options.sdk:
            run_sdk(Path(folder), options.sdk, times, (run, options.documents), missed)
    for what in missed:
        print(f"missed: {what}")
    sys.exit(1 if missed else 0)


def run_target(
    folder: Path, options: argparse.Namespace, times: tuple[float, float], missed: list[str]
) -> Run:
    """The target on fresh books, and again."""
    count, ledger = options.documents, folder / "ledger.sqlite3"
    feed = folder / "feed.singer"
    with feed.open("w", encoding="utf-8") as file:
        write_feed(file, documents(count))
    command = [TARGET, "--config", "ENV"]
    # Modules are compiled once after an installation, not by every run: that is not measured, even
    # where this machine is told to keep no compiled ones.
    compiled = {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    with serving(*times) as served:
        environment = {
            **served.settings,
            **compiled,
            "TARGET_DYNAMICS_NAV_LEDGER_URL": f"sqlite:///{ledger}",
        }
        with (folder / "nothing.singer").open("w", encoding="utf-8") as file:
            write_feed(file, documents(0))
        measure(served, command, folder / "nothing.singer", environment)
        run = measure(served, command, feed, environment)
        print(run.row("target-dynamics-nav", count), flush=True)
        if posted(served) != count:
            sys.exit(f"{posted(served)} of {count} invoices are posted.")
        limit = max(MOST_REQUESTS, 20 / count)  # what a run needs whatever its size
        expect(missed, "requests a document", run.requests / count, limit)
        expect(missed, "MB of memory", run.memory, MOST_MEMORY)
        if options.operation_ms:
            ratio = run.seconds / (run.operations * times[1])
            print(f"\nwall time / serial time of the operations: {ratio:.2f}\n", flush=True)
            expect(missed, "times the serial time", ratio, MOST_TIME)
        if options.rerun:
            again = measure(served, command, feed, environment)
            print(again.row("again", count), flush=True)
            expect(missed, "requests of a rerun", again.requests, MOST_REQUESTS_OF_A_RERUN)
            for part in folder.glob("ledger.sqlite3*"):
                part.unlink()
            print(measure(served, command, feed, environment).row("again, ledger lost", count))
            if posted(served) != count:
                sys.exit("A run posted again what was posted.")
    return run


def run_sdk(
    folder: Path,
    count: int,
    times: tuple[float, float],
    target: tuple[Run, int],
    missed: list[str],
) -> None:
    """The other client on books of its own."""
    feed = folder / "sdk.singer"
    with feed.open("w", encoding="utf-8") as file:
        write_feed(file, documents(count))
    with serving(*times) as served:
        run = measure(served, [SDK_PYTHON, SDK_SCRIPT, served.url, feed], feed, {})
        print(run.row("ms-dynamics-business-central-sdk 1.7.0", count), flush=True)
        if posted(served) != count:
            sys.exit(f"{posted(served)} of {count} invoices are posted.")
    ours, ours_count = target
    ratio = (run.requests / count) / (ours.requests / ours_count)
    print(f"\n{ratio:.0f} times fewer requests than the other client\n")
    if ratio < TIMES_FEWER:
        missed.append(f"{ratio:.1f} times fewer requests, {TIMES_FEWER} wanted")


def expect(missed: list[str], what: str, value: float, limit: float) -> None:
    """Note a limit that is missed."""
    if value > limit:
        missed.append(f"{value:.3f} {what}, {limit:.3f} allowed")


if __name__ == "__main__":
    main()
