"""SIGKILL at any moment: after one more run every document is in NAV exactly once, and nothing is half-made.

The target's own executable is killed while NAV works on one of its requests: before NAV has done anything, or after
it has done it and before the answer is out. The feed holds every kind of document, and vendors with default dimensions
of their own, so that a kill also falls between the parts of a draft. `tests/chaos` does the same at every step; here
the documents are those that the real tap and mapper send.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from expense_sandbox.data import build_world
from expense_sandbox.http import Handler, Request, Response
from expense_sandbox.testing import Sandbox, running_sandbox
from expense_sandbox.world import World

from .feeds import Message, documents_of, excerpt, target_environment, write_feed
from .project import TOOLS, books_of, postings_of

MOMENTS = 4
REQUESTS_FOR_MASTER_DATA = 10


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run does with the feed."""

    feed: list[Message]
    keys: list[str]
    ledger: Counter[tuple[str, str, str]]
    requests: int


@pytest.fixture(scope="module")
def reference(world: World, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    with running_sandbox(world) as sandbox:
        everything = documents_of(sandbox)
        vendors = {
            vendor.number for vendor in world.nav_companies[0].vendors if vendor.default_dimensions
        }
        plain = excerpt(
            everything,
            {"purchase_invoices": 1, "purchase_credit_memos": 1, "journal_entries": 2},
            only=lambda record: not record["problems"] and not record["skip"],
        )
        inheriting = excerpt(
            everything,
            {"purchase_invoices": 2},
            only=lambda record: record["vendor_number"] in vendors and not record["problems"],
        )
        feed = plain + [message for message in inheriting if message["type"] == "RECORD"]
        feed.append({"type": "STATE", "value": {"documents": "all"}})
        folder = tmp_path_factory.mktemp("reference")
        done = run_target(
            sandbox, write_feed(folder / "feed.singer", feed), folder / "ledger.sqlite3"
        )
        assert done.wait(timeout=120) == 0
        return Reference(
            feed,
            sorted(
                {
                    message["record"]["document_key"]
                    for message in feed
                    if message["type"] == "RECORD"
                }
            ),
            general_ledger(sandbox),
            len(sandbox.nav.requests_log),
        )


def run_target(sandbox: Sandbox, feed: Path, ledger: Path) -> subprocess.Popen[bytes]:
    with feed.open("rb") as stdin, feed.with_suffix(".state").open("wb") as stdout:
        return subprocess.Popen(
            [TOOLS / "target-dynamics-nav", "--config", "ENV"],
            env=target_environment(sandbox, ledger),
            stdin=stdin,
            stdout=stdout,
            stderr=feed.with_suffix(".log").open("ab"),
        )


class Killer:
    """Stands before NAV and kills the client during one of its requests."""

    def __init__(self, handler: Handler, at_request: int, moment: str) -> None:
        self.handler = handler
        self.at_request = at_request
        self.moment = moment
        self.process: subprocess.Popen[bytes] | None = None
        self.seen = 0
        self.killed_during = ""

    def __call__(self, request: Request) -> Response:
        self.seen += 1
        if self.process is None or self.killed_during or self.seen != self.at_request:
            return self.handler(request)
        self.killed_during = f"{request.method} {request.path}"
        if self.moment == "before NAV acts":
            self._kill()
            return Response(503)
        response = self.handler(request)
        self._kill()
        return response

    def _kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)


def general_ledger(sandbox: Sandbox) -> Counter[tuple[str, str, str]]:
    """Entries of the general ledger as a person compares them."""
    return Counter(
        (
            entry["account_number"],
            str(Decimal(entry["amount"])),
            json.dumps(entry["dimensions"], sort_keys=True),
        )
        for entry in books_of(sandbox)["gl_entries"]
    )


@dataclass(frozen=True)
class Kill:
    """One way to be killed. Half of the time the audit ledger is lost as well."""

    position: int
    moment: str
    ledger_lost: bool

    def __str__(self) -> str:
        return f"{self.position}, {self.moment}, ledger {'lost' if self.ledger_lost else 'kept'}"


KILLS = [
    Kill(position, moment, ledger_lost=(position + number) % 2 == 1)
    for position in range(MOMENTS)
    for number, moment in enumerate(("before NAV acts", "after NAV acted"))
]


@pytest.mark.parametrize("kill", KILLS, ids=str)
def test_one_more_run_makes_it_right(
    world: World, reference: Reference, tmp_path: Path, kill: Kill
) -> None:
    span = reference.requests - REQUESTS_FOR_MASTER_DATA
    at_request = REQUESTS_FOR_MASTER_DATA + 1 + kill.position * span // MOMENTS
    feed = write_feed(tmp_path / "feed.singer", reference.feed)
    ledger = tmp_path / "ledger.sqlite3"
    with running_sandbox(world) as sandbox:
        killer = Killer(sandbox.nav._handler, at_request, kill.moment)
        sandbox.nav._handler = killer
        killer.process = run_target(sandbox, feed, ledger)
        assert killer.process.wait(timeout=120) == -signal.SIGKILL
        assert killer.killed_during
        killed_state = feed.with_suffix(".state").read_text(encoding="utf-8")
        posted_then = postings_of(books_of(sandbox))
        assert released(killed_state) <= len(posted_then), "STATE never runs ahead of NAV"
        if kill.ledger_lost:
            for path in tmp_path.glob("ledger.sqlite3*"):
                path.unlink()

        assert run_target(sandbox, feed, ledger).wait(timeout=120) == 0

        books = books_of(sandbox)
        assert postings_of(books) == dict.fromkeys(reference.keys, 1)
        assert (books["drafts"], books["journals"]) == ([], [])
        assert general_ledger(sandbox) == reference.ledger
        state = feed.with_suffix(".state").read_text(encoding="utf-8").splitlines()
        assert json.loads(state[-1]) == {"documents": "all"}
    with sqlite3.connect(ledger) as connection:
        standings = dict(connection.execute("SELECT document_key, status FROM documents"))
    assert set(standings) == set(reference.keys)
    assert set(standings.values()) <= {"posted", "already_posted"}


def released(state: str) -> int:
    """Up to which document the last STATE that came out says it is done."""
    lines = state.splitlines()
    return int(json.loads(lines[-1])["documents"]) if lines else 0
