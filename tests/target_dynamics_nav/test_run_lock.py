"""One run at a time for each company, and one chain whoever writes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from target_dynamics_nav.document import Problem
from target_dynamics_nav.errors import OutageError, TerminatedError
from target_dynamics_nav.ledger import Books, Ledger
from target_dynamics_nav.settlement import Status

from .ledgers import BOOKS, DOCUMENT, Place
from .test_ledger import post

OTHER = Books(BOOKS.nav, "c2", "CRONUS Services")

HOLDER = f"""
import sys
from target_dynamics_nav.ledger import Books, Ledger
ledger = Ledger(sys.argv[1])
ledger.start_run("held", "post")
ledger.claim({BOOKS!r})
print("claimed", flush=True)
sys.stdin.read()
ledger.close()
"""


@contextmanager
def holder(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the company until it is killed or its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, place.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"claimed\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


def test_a_second_run_is_told_who_holds_the_company(place: Place) -> None:
    second = place.open("second")
    with holder(place) as process:
        with pytest.raises(OutageError) as caught:
            second.claim(BOOKS)
        assert caught.value.code == "run_in_progress"
        assert (
            f"on {socket.gethostname()} as process {process.pid}, since 2" in caught.value.message
        )
        second.claim(OTHER)  # another company is free
        process.communicate(timeout=10)
        second.claim(BOOKS)
        second.claim(BOOKS)
    second.close()


def test_a_killed_run_leaves_no_lock(place: Place) -> None:
    ledger = place.open("next")
    with holder(place) as process:
        with pytest.raises(OutageError):
            ledger.claim(BOOKS)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)
        ledger.claim(BOOKS, wait_seconds=30)
    assert list(ledger.verify_chain()) == []
    ledger.close()


def test_waiting_ends_with_the_other_run_or_when_it_is_told_to(place: Place) -> None:
    first, second = place.open("first"), place.open("second")
    first.claim(BOOKS)
    waits: list[float] = []

    def one_more(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            first.close()

    second.claim(BOOKS, wait_seconds=1000, sleep=one_more)
    assert len(waits) == 3

    def stop(_: float) -> None:
        raise TerminatedError("Stopped.")

    third = place.open("third")
    with pytest.raises(TerminatedError):
        third.claim(BOOKS, wait_seconds=1000, sleep=stop)
    with pytest.raises(OutageError) as caught:
        third.claim(BOOKS, wait_seconds=0.01)
    assert caught.value.code == "run_in_progress"
    second.close()
    third.close()


def test_what_the_last_run_recorded_is_known_after_a_claim(place: Place) -> None:
    second = place.open("second")
    assert second.standing(BOOKS, DOCUMENT.key) is None
    first = place.open("first")
    first.claim(BOOKS)
    post(first)
    first.close()
    second.claim(BOOKS)
    known = second.standing(BOOKS, DOCUMENT.key)
    assert known is not None
    assert known.status is Status.POSTED
    second.close()


def test_other_ledgers_and_ledgers_in_memory_do_not_wait(tmp_path: Path) -> None:
    ledgers = []
    for url in (
        f"sqlite:///{tmp_path / 'a.sqlite3'}",
        f"sqlite:///{tmp_path / 'b.sqlite3'}",
        "sqlite://",
        "sqlite://",
    ):
        ledgers.append(Ledger(url))
        ledgers[-1].start_run("run", "post")
        ledgers[-1].claim(BOOKS)
        post(ledgers[-1])
        ledgers[-1].flush()
        assert list(ledgers[-1].verify_chain()) == []
    for ledger in ledgers:
        ledger.close()


def test_runs_of_several_companies_and_people_keep_one_chain(place: Place) -> None:
    """Two runs with several threads each, and somebody who waives and opens again all the time."""
    runs = [place.open("one"), place.open("two")]
    for run, books in zip(runs, (BOOKS, OTHER), strict=True):
        run.claim(books)
    runs[0].record_standing(BOOKS, DOCUMENT, Status.HELD, [Problem("unmapped", "No account.")])
    runs[0].flush()
    console = place.open()
    errors: list[BaseException] = []

    def write(ledger: Ledger) -> None:
        try:
            for number in range(30):
                ledger.record_event("looked_up", {"attempt": number}, books=OTHER, key="E")
                ledger.flush()
        except OutageError as error:
            errors.append(error)

    def decide() -> None:
        try:
            for _ in range(15):
                console.waive(BOOKS, DOCUMENT.key, "No.", "anna")
                console.unwaive(BOOKS, DOCUMENT.key, "anna")
        except OutageError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(run,)) for run in (*runs, *runs)]
    threads.append(threading.Thread(target=decide))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert list(console.verify_chain()) == []
    expected = 2 + 1 + 4 * 30 + 2 * 15
    assert place.query("SELECT count(*), max(sequence) FROM events") == [(expected, expected)]
    for ledger in (*runs, console):
        ledger.close()


def test_a_run_that_lost_its_session_writes_no_more(postgresql_place: Place) -> None:
    """The server released its locks; another run may have begun on another machine."""
    first = postgresql_place.open("first")
    first.claim(BOOKS)
    post(first)
    first.flush()
    [(session,)] = postgresql_place.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory'")
    postgresql_place.execute(f"SELECT pg_terminate_backend({session}, 5000)")
    second = postgresql_place.open("second")
    second.claim(BOOKS)
    events = postgresql_place.count("events")
    for _ in range(2):
        with pytest.raises(OutageError) as caught:
            first.flush()  # nothing to write, and still: nothing may be sent to NAV now
        assert caught.value.code == "ledger_unavailable"
    first.record_event("post_intended", {})
    with pytest.raises(OutageError):
        first.end_run("ledger_unavailable", {})
    assert postgresql_place.count("events") == events
    with pytest.raises(OutageError):
        first.close()
    second.close()


def test_a_folder_that_cannot_be_written_is_said(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = sqlite_place.open("run")
    monkeypatch.setattr("target_dynamics_nav.ledger.claims._digest", lambda _: bytes(32))
    Path(f"{sqlite_place.url.removeprefix('sqlite:///')}.000000000000.lock").mkdir()
    with pytest.raises(OutageError) as caught:
        ledger.claim(BOOKS)
    assert caught.value.code == "ledger_unavailable"
