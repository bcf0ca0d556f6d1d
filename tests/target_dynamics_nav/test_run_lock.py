from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from target_dynamics_nav.errors import OutageError
from target_dynamics_nav.ledger import Books, Ledger

BOOKS = Books("http://nav/api/v2.0", "c1", "CRONUS")


def test_a_second_run_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    first, second = Ledger(url), Ledger(url)
    first.start_run("first", "post")
    first.claim(BOOKS)
    with pytest.raises(OutageError) as caught:
        second.claim(BOOKS)
    assert caught.value.code == "run_in_progress"
    first.end_run("finished", {})
    first.close()
    second.claim(BOOKS)
    second.close()


def test_other_ledgers_and_ledgers_in_memory_do_not_wait(tmp_path: Path) -> None:
    for url in (
        f"sqlite:///{tmp_path / 'a.sqlite3'}",
        f"sqlite:///{tmp_path / 'b.sqlite3'}",
        "sqlite://",
        "sqlite://",
    ):
        Ledger(url).claim(BOOKS)


def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    program = (
        "import sys; from target_dynamics_nav.ledger import Books, Ledger; ledger = Ledger(sys.argv[1]); "
        f"ledger.start_run('killed', 'post'); ledger.claim({BOOKS!r}); "
        "print('locked', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"locked\n"
    ledger = Ledger(url)
    with pytest.raises(OutageError):
        ledger.claim(BOOKS)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    ledger.claim(BOOKS)
    assert list(ledger.verify_chain()) == []
    ledger.close()


def test_writers_at_the_same_moment_keep_one_chain(tmp_path: Path) -> None:
    """A run and an audit tool, say, or two runs on a server's database."""
    path = tmp_path / "ledger.sqlite3"
    ledgers = [Ledger(f"sqlite:///{path}") for _ in range(3)]
    errors: list[OutageError] = []

    def write(ledger: Ledger) -> None:
        try:
            for number in range(40):
                ledger.record_event("looked_up", {"number": number})
                ledger.flush()
        except OutageError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(ledger,)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
    assert list(ledgers[0].verify_chain()) == []
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*), max(sequence) FROM events").fetchone() == (
            120,
            120,
        )


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("target_dynamics_nav.ledger.claims._digest", lambda _: b"\0" * 32)
        (tmp_path / "ledger.sqlite3.000000000000.lock").mkdir()
        with pytest.raises(OutageError) as caught:
            ledger.claim(BOOKS)
    assert caught.value.code == "ledger_unavailable"
