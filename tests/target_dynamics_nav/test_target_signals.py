"""The target's own process, asked to end: between documents, in the middle of one, while it waits for NAV."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from expense_sandbox.faults import ALWAYS, Fault

from .desk import Desk, desk
from .nav_stand_in import CREDENTIALS, NAME

FEED = (Path(__file__).parent / "data" / "one_of_each_kind.singer").read_bytes()
_SCHEMA, _INVOICE = FEED.splitlines()[0], FEED.splitlines()[3]
TWO_INVOICES = b"\n".join([_SCHEMA, _INVOICE, _INVOICE.replace(b"E1-R", b"E2-R")])
SECONDS_TO_END = 20


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def start(it: Desk, tmp_path: Path, **settings: Any) -> subprocess.Popen[bytes]:
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps(
            {
                "base_url": f"{it.server.url}/api/v2.0",
                "company": NAME,
                "auth_method": "basic",
                "username": CREDENTIALS.username,
                "password": CREDENTIALS.password,
                "ledger_url": f"sqlite:///{it.ledger}",
                **settings,
            }
        )
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TARGET_")}
    return subprocess.Popen(
        [sys.executable, "-m", "target_dynamics_nav", "--config", str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(tmp_path / "log").open("wb"),
        env=kept,
        cwd=tmp_path,
    )


def ended(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> list[str]:
    """The STATE lines of a process that ends by itself with the exit code of this signal."""
    states, _ = process.communicate(timeout=SECONDS_TO_END)
    assert process.returncode == 128 + number
    return states.decode().splitlines()


def bookmark(states: list[str]) -> str | None:
    if not states:
        return None
    value: str = json.loads(states[-1])["bookmarks"]["reports"]["replication_key_value"]
    return value


@pytest.mark.parametrize(
    ("request_in_hand", "status"),
    [(r"POST \S*/purchaseInvoices$", "failed"), (r"Microsoft\.NAV\.post", "posted")],
)
def test_the_write_in_hand_is_finished_and_recorded(
    it: Desk, tmp_path: Path, request_in_hand: str, status: str
) -> None:
    process = start(it, tmp_path, window=1)
    assert process.stdin is not None

    def ask_to_end() -> None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)

    it.before(request_in_hand, ask_to_end)
    process.stdin.write(FEED)
    process.stdin.flush()
    states = ended(process)
    assert it.postings("E1-R") == (status == "posted")
    assert len(it.drafts()) == (status == "failed")
    assert (it.postings("E2-R"), it.postings("E3-C")) == (0, 0)
    assert it.standing("E1-R")[0] == status
    assert bookmark(states) is None, "the STATE after it was not read yet"
    assert it.events()[-1] == "run_ended"
    again = start(it, tmp_path, window=1)
    again.communicate(FEED, timeout=SECONDS_TO_END)
    assert [it.postings(key) for key in ("E1-R", "E2-R", "E3-C")] == [1, 1, 1]
    assert it.drafts() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_between_documents_it_ends_at_once(it: Desk, tmp_path: Path, number: int) -> None:
    process = start(it, tmp_path, window=1)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(FEED)
    done = threading.Event()
    sender = threading.Thread(target=repeat, args=(process.stdin, FEED.splitlines()[-1], done))
    sender.start()
    while b"2026-01-03" not in process.stdout.readline():
        assert process.poll() is None
    done.set()
    sender.join()
    assert it.postings("E3-C") == 1
    process.send_signal(number)
    ended(process, number)
    assert it.events()[-1] == "run_ended"


def repeat(stdin: IO[bytes], line: bytes, done: threading.Event) -> None:
    """Say again and again where the feed is, since STATE comes out at most once a second."""
    while not done.wait(0.2):
        stdin.write(line + b"\n")
        stdin.flush()


def wait_until(condition: Any) -> None:
    until = time.monotonic() + SECONDS_TO_END
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_waiting_for_nav_ends_soon(it: Desk, tmp_path: Path) -> None:
    process = start(it, tmp_path, window=1)
    assert process.stdin is not None
    it.fail(Fault("before", "NAV.post", status=429, headers={"Retry-After": "120"}, times=ALWAYS))
    process.stdin.write(FEED)
    process.stdin.flush()
    wait_until(lambda: "trying again" in (tmp_path / "log").read_text())
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert bookmark(ended(process)) is None
    assert time.monotonic() - begun < 10
    assert it.standing("E1-R")[0] == "failed"
    it.server.faults.clear()
    again = start(it, tmp_path)
    states, _ = again.communicate(FEED, timeout=SECONDS_TO_END)
    assert again.returncode == 0
    assert bookmark(states.decode().splitlines()) == "2026-01-03"
    assert [it.postings(key) for key in ("E1-R", "E2-R", "E3-C")] == [1, 1, 1]


@pytest.mark.parametrize(
    ("in_hand", "drafts", "postings"),
    [
        (r"POST \S*/purchaseInvoices", 2, 0),
        (r"POST \S*Microsoft\.NAV\.post", 0, 2),
    ],
    ids=["drafts", "postings"],
)
def test_a_batch_in_hand_is_finished_and_no_other_is_begun(
    it: Desk, tmp_path: Path, in_hand: str, drafts: int, postings: int
) -> None:
    process = start(it, tmp_path, window=10)
    assert process.stdin is not None

    def ask_to_end() -> None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)

    it.before(in_hand, ask_to_end)
    process.stdin.write(TWO_INVOICES)
    process.stdin.close()
    process.wait(timeout=SECONDS_TO_END)
    assert process.returncode == 143
    assert [it.postings("E1-R"), it.postings("E2-R")] == [postings // 2] * 2
    assert len(it.drafts()) == drafts
    assert it.standing("E1-R")[0] == ("posted" if postings else "failed")
    again = start(it, tmp_path, window=10)
    again.communicate(TWO_INVOICES, timeout=SECONDS_TO_END)
    assert again.returncode == 0
    assert [it.postings("E1-R"), it.postings("E2-R")] == [1, 1]
    assert it.drafts() == []


def test_a_signal_before_any_document(it: Desk, tmp_path: Path) -> None:
    process = start(it, tmp_path)
    assert process.stdin is not None
    process.stdin.write(FEED.splitlines()[0] + b"\n")
    process.stdin.flush()
    wait_until(lambda: "Company CRONUS Test" in (tmp_path / "log").read_text())
    process.send_signal(signal.SIGTERM)
    assert ended(process) == []
    assert it.events() == ["run_started", "run_ended"]
