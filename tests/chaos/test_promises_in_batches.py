"""What the issue of exactly-once comes down to from the outside: the installed executable, many documents at a time."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.faults import ALWAYS, Fault
from expense_sandbox.http import Request, Response
from expense_sandbox.nav import faults
from expense_sandbox.nav.quirks import NavQuirks
from tests.target_dynamics_nav.desk import CREDIT_MEMO, INVOICE, JOURNAL, dimensions, line

from . import feed
from .crashes import Reference
from .feed import Case
from .stage import BATCHED, MEMORY, SINGLE, Run, Stage, finished


@pytest.fixture
def nav(stage: Stage) -> Stage:
    stage.reset()
    return stage


def all_posted(nav: Stage, cases: list[Case]) -> None:
    posted = nav.postings()
    assert {case.key: posted.get(case.key, 0) for case in cases} == {case.key: 1 for case in cases}
    books = nav.nav()
    assert (books["drafts"], books["journals"]) == ([], [])


# Two at a time


def two_runs(nav: Stage, *ledgers: dict[str, str], until: Callable[[list[Any]], bool]) -> list[Run]:
    """Both are started, and NAV lets neither past its first question before `until` says so."""
    gate = threading.Event()
    answer = nav.server._handler

    def gated(request: Request) -> Response:
        if not request.path.endswith(("/token", "/companies")):
            gate.wait(60)
        return answer(request)

    nav.server._handler = gated
    try:
        started = [nav.start_executable(BATCHED, feed.CASES, **ledger) for ledger in ledgers]
        processes = [process for process, _ in started]
        deadline = time.monotonic() + 60
        while not until(processes):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        gate.set()
        return [finished(process.wait(timeout=120), files) for process, files in started]
    finally:
        gate.set()
        nav.server._handler = answer


def test_of_two_runs_at_the_same_moment_one_says_why_it_stopped(
    nav: Stage, reference: Reference
) -> None:
    runs = two_runs(
        nav, {}, {}, until=lambda processes: any(each.poll() is not None for each in processes)
    )
    done, stopped = sorted(runs, key=lambda run: run.exit_code)
    assert (done.exit_code, stopped.exit_code) == (0, 75)
    assert "Another run is writing to the company CRONUS Test" in stopped.log
    assert "[run_in_progress]" in stopped.log
    assert stopped.states == []
    assert stopped.complaints() == []
    assert nav.all_is_well(reference.entries, done) == []


def test_two_runs_that_do_not_know_of_each_other_post_nothing_twice(
    nav: Stage, reference: Reference
) -> None:
    """Two machines with ledgers of their own, which nobody should have: NAV itself is the mutex."""
    other = {"ledger_url": f"sqlite:///{nav.folder}/ledger.sqlite3-other"}

    def both_are_there(_processes: list[Any]) -> bool:
        asked = [entry for entry in nav.server.requests_log if entry.operation == "companies"]
        return len(asked) == 2

    runs = two_runs(nav, {}, other, until=both_are_there)
    assert [complaint for run in runs for complaint in run.complaints()] == []
    assert nav.nothing_twice() == []
    for _ in range(2):
        last = nav.run(BATCHED)
    assert nav.all_is_well(reference.entries, last) == []


# The same and other documents


def test_the_same_and_a_changed_document_in_one_feed_and_across_runs(nav: Stage) -> None:
    first = feed.case("TWICE-I")
    changed = feed.other("TWICE-I", INVOICE)
    journal, changed_journal = feed.case("TWICE-J", JOURNAL), feed.other("TWICE-J", JOURNAL)
    cases = [first, journal, first, changed, journal, changed_journal, feed.case("LAST-I")]
    run = nav.run_executable(BATCHED, cases, on_changed="hold")
    assert run.complaints() == []
    assert run.states[-1] == 3, "STATE waits before what is changed"
    all_posted(nav, [first, journal, feed.case("LAST-I")])
    assert "80.00" in run.log, "it says what differs"
    again = nav.run_executable(BATCHED, cases, on_changed="hold")
    assert again.states[-1] == 3
    all_posted(nav, [first, journal, feed.case("LAST-I")])
    corrected = nav.run_executable(BATCHED, [changed, changed_journal, feed.case("LAST-I")])
    assert corrected.states[-1] == 3
    nav.lose_ledger()
    assert nav.run_executable(BATCHED, [changed, changed_journal]).states[-1] == 2
    posted = nav.postings()
    assert [posted[f"TWICE-{kind}{part}"] for kind in "IJ" for part in ("", "-X1", "-N1")] == [
        1
    ] * 6


def test_documents_of_150_lines(nav: Stage) -> None:
    """Every other line inherits a dimension of its account that has to be corrected: more writes than a batch takes."""
    lines = [
        line(
            "8440" if number % 2 else "8430",
            f"{number}.01",
            dimensions=dimensions(DEPARTMENT="SALES", PROJECT="P-1"),
        )
        for number in range(1, 151)
    ]
    total: dict[str, Any] = {"total": "11326.50", "dimensions": [], "lines": lines}
    cases = [
        feed.case(f"LONG-{number}-{kind.value[9:10].upper()}", kind, **total)
        for kind in (INVOICE, CREDIT_MEMO, JOURNAL)
        for number in range(2)
    ]
    run = nav.run_executable(BATCHED, cases)
    assert (run.exit_code, run.states[-1:]) == (0, [len(cases)]), run.log[-3000:]
    all_posted(nav, cases)
    entries = [entry for entry in nav.nav()["gl_entries"] if entry["account_number"] == "8440"]
    assert len(entries) == 75 * len(cases)
    assert {entry["dimensions"]["DEPARTMENT"] for entry in entries} == {"SALES"}
    nav.lose_ledger()
    again = nav.run_executable(BATCHED, cases)
    assert (again.exit_code, again.states[-1:]) == (0, [len(cases)]), again.log[-3000:]
    all_posted(nav, cases)


# Answers that are missing, late or stale


@pytest.mark.parametrize(
    "operation",
    [
        "^POST .* purchaseInvoices$",
        " purchaseInvoices post$",
        "^POST .* purchaseCreditMemos$",
        " purchaseCreditMemos post$",
        "^POST .* journals$",
        " journals post$",
        "^GET .* purchaseInvoices$",
        " generalLedgerEntries$",
    ],
)
def test_a_batch_answer_with_a_part_missing(
    nav: Stage, reference: Reference, operation: str
) -> None:
    nav.server.faults.add(faults.answer_omitted(match=operation, skip=1))
    run = nav.run_executable(BATCHED)
    assert nav.server.faults.pending() == ()
    assert nav.all_is_well(reference.entries, run) == []


def test_an_answer_of_a_whole_batch_that_says_too_many_requests(
    nav: Stage, reference: Reference
) -> None:
    for skip in (0, 2, 5):
        nav.server.faults.add(faults.too_many_requests("1", match=faults.BATCH, skip=skip))
    run = nav.run_executable(BATCHED)
    assert nav.server.faults.pending() == ()
    assert run.log.count("NAV answered 429; trying again") == 3
    assert nav.all_is_well(reference.entries, run) == []


def test_nav_that_is_too_busy_for_long_stops_the_run_and_the_next_goes_on(
    nav: Stage, reference: Reference
) -> None:
    nav.server.faults.add(faults.too_many_requests("400", match=faults.BATCH, skip=4, times=ALWAYS))
    run = nav.run_executable(BATCHED)
    assert run.exit_code == 75
    assert nav.interim(run) == []
    nav.server.faults.clear()
    assert nav.all_is_well(reference.entries, nav.run_executable(BATCHED)) == []


@pytest.mark.parametrize("way", [BATCHED, SINGLE], ids=str)
def test_stale_replicas_hide_nothing(reference: Reference, way: Any) -> None:
    """What is read without asking for fresh data is an hour old: as if nothing had ever been posted."""
    quirks = NavQuirks(replica_delay_seconds=3600)
    with (
        tempfile.TemporaryDirectory(dir=MEMORY) as folder,
        Stage(Path(folder), quirks).open() as nav,
    ):
        nav.reset()
        nav.server.faults.add(Fault("after", " purchaseInvoices post$", status=504, times=2))
        first = nav.run_executable(way)
        assert nav.server.faults.pending() == ()
        assert nav.all_is_well(reference.entries, first) == []
        nav.lose_ledger()
        assert nav.all_is_well(reference.entries, nav.run_executable(way)) == []


def test_what_failed_says_so_and_why(nav: Stage, reference: Reference) -> None:
    """A fault that hits one document is that document's, and its class tells that the next run tries it again."""
    nav.server.faults.add(
        replace(faults.operation_timeout(match=" journals post$", times=20), body="")
    )
    run = nav.run_executable(BATCHED)
    assert run.exit_code == 0
    assert nav.interim(run) == []
    with contextlib.closing(sqlite3.connect(nav.ledger)) as connection:
        failed = {
            key
            for (key,) in connection.execute(
                "SELECT document_key FROM documents WHERE status = 'failed'"
            )
        }
    assert {"JOURNAL-1", "JOURNAL-2"} <= failed
    nav.server.faults.clear()
    assert nav.all_is_well(reference.entries, nav.run_executable(BATCHED)) == []


@pytest.mark.parametrize("operation", [" purchaseInvoices post$", " journals post$"])
def test_a_posting_that_nav_carries_out_after_nobody_waits_any_more(
    nav: Stage, reference: Reference, operation: str
) -> None:
    nav.server.faults.add(faults.slow(4.0, match=operation, skip=1))
    assert nav.interim(nav.run(SINGLE, request_timeout="2")) == []
    assert nav.all_is_well(reference.entries, nav.run(SINGLE)) == []


@pytest.mark.parametrize("operation", ["^POST .* purchaseInvoices$", "^POST .* journals$"])
def test_a_draft_that_nav_makes_after_nobody_waits_any_more(
    nav: Stage, reference: Reference, operation: str
) -> None:
    nav.server.faults.add(faults.slow(4.0, match=operation, skip=1))
    assert nav.interim(nav.run(SINGLE, request_timeout="2")) == []
    late = time.monotonic() + 10
    while time.monotonic() < late and not nav.nav()["drafts"] + nav.nav()["journals"]:
        time.sleep(0.1)
    assert nav.all_is_well(reference.entries, nav.run(SINGLE)) == []
