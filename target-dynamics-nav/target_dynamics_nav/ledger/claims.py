"""One run at a time for each company, across processes and, on PostgreSQL, across machines.

On PostgreSQL the lock is an advisory lock of a session that lasts as long as the run, and through which the run writes:
the server releases it when the session ends, however that happens, and a run that has lost its session cannot write.
Beside a SQLite file the lock is SQLite's own, on an empty file for each company: every platform has it, and the
operating system releases it when the process ends, also by SIGKILL. So there is never a stale lock to clear.

The table `claims` only tells people who it is that holds a company.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import sqlite3
import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_dynamics_nav.errors import OutageError
from target_dynamics_nav.ledger.tables import claims

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_dynamics_nav.ledger.database import Database
    from target_dynamics_nav.ledger.standing import Books

POLL_SECONDS = 0.5


class Claims:
    """The companies that this process holds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: set[str] = set()
        self._files: list[sqlite3.Connection] = []

    def claim(
        self,
        books: Books,
        *,
        run_id: str,
        now: str,
        wait_seconds: float,
        sleep: Callable[[float], None],
    ) -> None:
        """Hold a company until `release` or the end of the process.

        Args:
            books: The company.
            run_id: Who holds it, for others to read.
            now: Since when, UTC.
            wait_seconds: How long to wait for another run to end.
            sleep: Waits that many seconds; it may raise to end the waiting.

        Raises:
            OutageError: Another run holds it (run_in_progress), or the database cannot be used.
        """
        if books.ledger_id in self._held:
            return
        until = time.monotonic() + wait_seconds
        while not self._taken(books.ledger_id):
            left = until - time.monotonic()
            if left <= 0:
                raise self._in_progress(books)
            sleep(min(POLL_SECONDS, left))
        self._held.add(books.ledger_id)
        holder = {
            "run_id": run_id,
            "host": socket.gethostname()[:255],
            "process_id": os.getpid(),
            "since": now,
        }
        with self._database.writing() as connection:
            connection.execute(
                self._database.upsert(claims)
                .values(ledger_id=books.ledger_id, **holder)
                .on_conflict_do_update(index_elements=["ledger_id"], set_=holder)
            )

    def check(self) -> None:
        """Make sure that the companies are still held.

        Raises:
            OutageError: The session that held them is gone; another run may have begun.
        """
        if self._database.writing_connection is not None:
            with self._database.writing() as connection:
                connection.execute(sa.select(1))

    def release(self) -> None:
        """Let others run."""
        for file in self._files:
            file.close()
        self._files.clear()
        session = self._database.writing_connection
        self._database.writing_connection = None
        if session is not None:
            # Not back to the pool: the end of the session is what ends its locks, whatever else happened to it.
            session.invalidate()
            session.close()
        self._held.clear()

    def _taken(self, ledger_id: str) -> bool:
        if self._database.is_postgresql:
            return self._taken_on_server(ledger_id)
        file = self._database.sqlite_file
        return file is None or self._taken_as_file(f"{file}.{_digest(ledger_id).hex()[:12]}.lock")

    def _taken_on_server(self, ledger_id: str) -> bool:
        if self._database.writing_connection is None:
            with self._database.outages():
                self._database.writing_connection = self._database.engine.connect()
        number = int.from_bytes(_digest(ledger_id)[:8], "big", signed=True)
        with self._database.writing() as connection:
            return bool(
                connection.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar_one()
            )

    def _taken_as_file(self, path: str) -> bool:
        file = None
        try:
            file = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            file.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if file is not None:
                file.close()
            if "locked" in str(error):
                return False
            raise OutageError(
                "The lock file beside the audit ledger cannot be made.",
                code="ledger_unavailable",
                hint="Check that the folder of ledger_url can be written to, then run again.",
                field="ledger_url",
            ) from error
        self._files.append(file)
        return True

    def _in_progress(self, books: Books) -> OutageError:
        with self._database.reading() as connection:
            holder = connection.execute(
                sa.select(claims).where(claims.c.ledger_id == books.ledger_id)
            ).one_or_none()
        known = (
            f" It runs on {holder.host} as process {holder.process_id}, since {holder.since[:19]}Z."
            if holder is not None
            else ""
        )
        return OutageError(
            f"Another run is writing to the company {books.company_name}; two at the same moment could disturb "
            f"each other.{known}",
            code="run_in_progress",
            hint="Wait until the other run has ended, then run again.",
            field="company",
            value=books.company_name,
        )


def operator() -> str:
    """Who runs this process: the operating system's user, and where."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return f"{user}@{socket.gethostname()}"[:255]


def _digest(ledger_id: str) -> bytes:
    return hashlib.sha256(f"target-dynamics-nav {ledger_id}".encode()).digest()
