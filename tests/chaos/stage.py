"""A NAV in this process, runs of the real target in processes of their own, and what must be true afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expense_sandbox.faults import FaultPlan
from expense_sandbox.http import Handler, Request, Response
from expense_sandbox.nav.control import company_document
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from target_dynamics_nav.ledger import Ledger
from tests.pipeline.project import TOOLS, clean_environment
from tests.target_dynamics_nav.desk import EUROPE
from tests.target_dynamics_nav.nav_stand_in import CREDENTIALS, NAME

from . import feed
from .lethal_target import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAV_ACTED = "after NAV acted"
"""The one point that only NAV sees: it has done what it was asked, and its answer is not out."""
SECONDS_FOR_A_RUN = 120
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108 - private folders in it
"""Where a ledger's writes need no disk; a killed process leaves there what it would leave on a disk."""
UNEXPECTED = ("Traceback (most recent call last)", "[crashed]")
EXPECTED_EXITS = {0, 75}
"""Finished, or stopped because NAV is away."""

Entries = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class Way:
    """How the target goes: one document and one operation at a time, or many."""

    name: str
    window: int
    batch_operations: int
    settings: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.name


SINGLE = Way("single", 1, 1)
BATCHED = Way("batched", 400, 100)
SMALL_BATCHES = Way("small batches", 5, 3)
WAYS = (SINGLE, BATCHED, SMALL_BATCHES)


@dataclass(frozen=True)
class Run:
    """How a run of the target ended."""

    exit_code: int
    states: list[int]
    log: str
    passed: dict[str, int]

    @property
    def killed(self) -> bool:
        return self.exit_code == -signal.SIGKILL

    def complaints(self) -> list[str]:
        """What must not be, however NAV behaved."""
        found = [mark for mark in UNEXPECTED if mark in self.log]
        if self.exit_code not in EXPECTED_EXITS:
            found.append(f"exit code {self.exit_code}")
        return [f"{complaint}\n{self.log[-3000:]}" for complaint in found]


class Witness:
    """Stands before NAV; at one request it lets NAV act, and then the client is no more."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._lock = threading.Lock()
        self.pid: int | None = None
        self.at = 0
        self.seen = 0

    def __call__(self, request: Request) -> Response:
        with self._lock:
            self.seen += 1
            due = self.pid is not None and self.seen == self.at
        response = self._handler(request)
        if due and self.pid is not None:
            gone = os.pidfd_open(self.pid)
            os.kill(self.pid, signal.SIGKILL)
            select.select([gone], [], [], 30)
            os.close(gone)
        return response


@dataclass
class Stage:
    """One NAV, one audit ledger, and a process that forks targets."""

    folder: Path
    quirks: NavQuirks = field(default_factory=NavQuirks)

    def __post_init__(self) -> None:
        self.server, self.books = build_nav_server(
            [EUROPE], credentials=CREDENTIALS, faults=FaultPlan(), quirks=self.quirks
        )
        self.witness = Witness(self.server._handler)
        self.server._handler = self.witness
        self.ledger = self.folder / "ledger.sqlite3"
        self._saved_ledger = self.folder / "saved" / "ledger.sqlite3"
        self._count = 0
        self._beginning = self.books.to_json()

    @contextlib.contextmanager
    def open(self) -> Iterator[Stage]:
        """Everything runs until the block ends; NAV holds what an earlier run posted."""
        ours, theirs = socket.socketpair()
        self.folder.mkdir(parents=True, exist_ok=True)
        with ours, ours.makefile("r") as answers:
            self._orders, self._answers = ours, answers
            with theirs:
                forks = subprocess.Popen(
                    [sys.executable, "-m", f"{__package__}.lethal_target", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    cwd=Path(__file__).parents[2],
                    stdin=subprocess.DEVNULL,
                )
            self.server.start()
            try:
                self._prepare()
                yield self
            finally:
                self.server.stop()
                ours.shutdown(socket.SHUT_RDWR)
                forks.wait(timeout=30)

    def _prepare(self) -> None:
        done = self.run(BATCHED, feed.BEFORE)
        if done.exit_code:
            raise AssertionError(done.log)
        self._saved_ledger.parent.mkdir(exist_ok=True)
        shutil.copy(self.ledger, self._saved_ledger)
        self._beginning = self.books.to_json()

    def reset(self) -> None:
        """NAV and the ledger are again as that earlier run left them."""
        self.server.faults.clear()
        self.server.requests_log.clear()
        self.books.restore(self._beginning)
        self.witness.pid = None
        self.lose_ledger()
        shutil.copy(self._saved_ledger, self.ledger)
        for path in self.folder.glob("run-*"):
            path.unlink()

    def lose_ledger(self) -> None:
        """As if the disk with the ledger were gone."""
        for path in self.folder.glob(f"{self.ledger.name}*"):
            path.unlink(missing_ok=True)

    # Runs

    def environment(self, way: Way, **settings: str) -> dict[str, str]:
        """Settings of the target, as variables."""
        given = {
            "base_url": f"{self.server.url}/api/v2.0",
            "token_url": f"{self.server.url}/{CREDENTIALS.tenant_id}/oauth2/v2.0/token",
            "client_id": CREDENTIALS.client_id,
            "client_secret": CREDENTIALS.client_secret,
            "company": NAME,
            "ledger_url": f"sqlite:///{self.ledger}",
            "on_changed": "correct",
            "window": str(way.window),
            "batch_operations": str(way.batch_operations),
            **settings,
        }
        return clean_environment(
            **{f"TARGET_DYNAMICS_NAV_{name.upper()}": value for name, value in given.items()}
        )

    def _files(self, cases: Sequence[feed.Case]) -> dict[str, str]:
        self._count += 1
        stem = self.folder / f"run-{self._count}"
        stem.with_suffix(".singer").write_text(
            "".join(f"{json.dumps(message)}\n" for message in feed.messages(cases)), "utf-8"
        )
        return {
            "stdin": f"{stem}.singer",
            "stdout": f"{stem}.state",
            "stderr": f"{stem}.log",
            "passed": f"{stem}.passed",
        }

    def run(
        self,
        way: Way,
        cases: Sequence[feed.Case] = feed.CASES,
        *,
        kill: str | None = None,
        number: int = 0,
        waits: bool = False,
        **settings: str,
    ) -> Run:
        """A run of the target in a process of its own.

        Args:
            way: How it goes.
            cases: What it reads.
            kill: At which kind of point it is killed, if at all.
            number: At which of them, counted from 1.
            waits: Whether waiting takes time.
            **settings: Of the target, besides the usual ones.
        """
        files = self._files(cases)
        order = {
            **files,
            "environment": self.environment(way, **settings),
            "folder": str(self.folder),
            "kill": kill if kill in KINDS else None,
            "number": number,
            "waits": waits,
        }
        self.witness.seen, self.witness.at = 0, number
        self._orders.settimeout(SECONDS_FOR_A_RUN)
        # The witness must know the process before its first request, and one that is forked is not that fast.
        self._orders.sendall(f"{json.dumps(order)}\n".encode())
        pid = int(self._answers.readline())
        self.witness.pid = pid if kill == NAV_ACTED else None
        exit_code = int(self._answers.readline())
        self.witness.pid = None
        return finished(exit_code, files)

    def run_executable(
        self,
        way: Way,
        cases: Sequence[feed.Case] = feed.CASES,
        *,
        kill_at: int = 0,
        **settings: str,
    ) -> Run:
        """The same with the installed executable, killed after NAV acted on a request of this number."""
        started, files = self.start_executable(way, cases, **settings)
        self.witness.seen, self.witness.at = 0, kill_at
        self.witness.pid = started.pid if kill_at else None
        exit_code = started.wait(timeout=SECONDS_FOR_A_RUN)
        self.witness.pid = None
        return finished(exit_code, files)

    def start_executable(
        self, way: Way, cases: Sequence[feed.Case] = feed.CASES, **settings: str
    ) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
        """The installed executable, started; and the files it reads and writes."""
        files = self._files(cases)
        with (
            Path(files["stdin"]).open("rb") as stdin,
            Path(files["stdout"]).open("wb") as stdout,
            Path(files["stderr"]).open("ab") as stderr,
        ):
            started = subprocess.Popen(
                [TOOLS / "target-dynamics-nav", "--config", "ENV"],
                env=self.environment(way, **settings),
                cwd=self.folder,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
            )
        return started, files

    # What must be true

    def nav(self) -> dict[str, Any]:
        """NAV's books."""
        company = self.books.company(NAME)
        if company is None:
            raise AssertionError(NAME)
        with self.books.lock:
            return company_document(company)

    def entries(self) -> Entries:
        """The general ledger as a person compares it."""
        return Counter(
            (
                _key(entry),
                entry["account_number"],
                str(Decimal(entry["amount"])),
                entry["posting_date"],
                json.dumps(entry["dimensions"], sort_keys=True),
            )
            for entry in self.nav()["gl_entries"]
        )

    def postings(self) -> dict[str, int]:
        """How often each key is in the general ledger: entries on the accounts that balance."""
        return dict(
            Counter(
                _key(entry)
                for entry in self.nav()["gl_entries"]
                if entry["account_number"] in {"5410", "2910"}
            )
        )

    def nothing_twice(self) -> list[str]:
        """At any moment: no key is in NAV more often than it may be."""
        return [
            f"{key} is posted {count} times, not {feed.POSTINGS.get(key, 0)}"
            for key, count in self.postings().items()
            if count > feed.POSTINGS.get(key, 0)
        ]

    def state_is_true(self, run: Run) -> list[str]:
        """At any moment: what STATE says is settled is settled in NAV."""
        released = max(run.states, default=0)
        posted = self.postings()
        return [
            f"STATE says {released}, and {case.key} is not in NAV"
            for case in feed.CASES[:released]
            if case.ends == feed.POSTED and case.key not in posted
        ] + ([f"STATE passes what is held: {released}"] if released > feed.RELEASED else [])

    def all_is_well(self, entries: Entries, run: Run) -> list[str]:
        """After the last run: every invariant. Returns what is violated."""
        violations = [*run.complaints()]
        if run.exit_code:
            violations.append(f"the last run ended with {run.exit_code}")
        if run.states[-1:] != [feed.RELEASED]:
            violations.append(f"STATE came to {run.states[-1:]}, not {feed.RELEASED}")
        nav = self.nav()
        posted = self.postings()
        if posted != feed.POSTINGS:
            wrong = set(posted.items()) ^ set(feed.POSTINGS.items())
            violations.append(f"postings: {sorted(wrong)}")
        found = self.entries()
        if found != entries:
            violations.append(f"entries: surplus {found - entries}, missing {entries - found}")
        violations += [
            f"an orphan: {kind} {item.get('number') or item.get('code')} {item}"
            for kind in ("drafts", "journals")
            for item in nav[kind]
        ]
        return violations + self._ledger_is_well(nav)

    def _ledger_is_well(self, nav: dict[str, Any]) -> list[str]:
        ledger = Ledger(f"sqlite:///{self.ledger}")
        try:
            violations = [f"chain: {each}" for each in ledger.verify_chain()]
            violations += [f"documents: {each}" for each in ledger.verify_documents()]
        finally:
            ledger.close()
        numbers = {item["number"] for item in nav["posted_documents"]}
        with contextlib.closing(sqlite3.connect(self.ledger)) as connection:
            rows = {
                key: (status, number)
                for key, status, number in connection.execute(
                    "SELECT document_key, status, nav_number FROM documents"
                )
            }
        for case in feed.CASES:
            status, number = rows.get(case.key, ("absent", None))
            if status not in case.ends:
                violations.append(f"the ledger says that {case.key} is {status}")
            journal = case.record["kind"] == "journal_entries"
            if case.ends == feed.POSTED and not (journal or number in numbers):
                violations.append(f"the ledger has {case.key} as {number}, which NAV has not")
        return violations

    def interim(self, run: Run) -> list[str]:
        """After a run that was disturbed: nothing twice, STATE true, no document held that is as it should be."""
        violations = [*self.nothing_twice(), *self.state_is_true(run)]
        if run.killed:
            return violations
        violations += run.complaints()
        with contextlib.closing(sqlite3.connect(self.ledger)) as connection:
            rows = dict(connection.execute("SELECT document_key, status FROM documents"))
        for case in feed.CASES:
            status = rows.get(case.key, "absent")
            allowed = {*case.ends, "failed", "absent"}
            # Of what was posted before, the ledger still says so.
            if case.key.startswith("CHANGED"):
                allowed |= {"changed"}
            if status not in allowed:
                violations.append(f"the disturbed run made {case.key} {status}\n{run.log[-3000:]}")
        return violations


def finished(exit_code: int, files: dict[str, str]) -> Run:
    """What a process that has ended left in its files."""
    passed = Path(files["passed"])
    return Run(
        exit_code,
        [
            int(json.loads(line)["documents"])
            for line in Path(files["stdout"]).read_text("utf-8").splitlines()
            if line.endswith("}")
        ],
        Path(files["stderr"]).read_text("utf-8"),
        json.loads(passed.read_text("utf-8")) if passed.exists() else {},
    )


def _key(entry: dict[str, Any]) -> str:
    key: str = entry["external_document_number"] or entry["document_number"]
    return key
