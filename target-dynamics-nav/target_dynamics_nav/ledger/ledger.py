"""The ledger itself: opened, claimed for a run, told what people decide, verified, closed."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.ledger import agreement, chain, privacy, waivers
from target_dynamics_nav.ledger.database import Database
from target_dynamics_nav.ledger.records import Records, now
from target_dynamics_nav.ledger.schema import prepare
from target_dynamics_nav.ledger.tables import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_dynamics_nav.ledger.standing import Books


class Ledger(Records):
    """The audit ledger of one project.

    What is recorded is known at once to whoever asks this object, and durable with the next `flush`. Its methods may be
    called from several threads.
    """

    def __init__(self, url: str) -> None:
        """Open the ledger; create or migrate its tables where that is needed.

        Args:
            url: SQLAlchemy URL of a SQLite or PostgreSQL database. The folder of a SQLite file is made if it is
                missing.

        Raises:
            ConfigurationError: If the URL is not usable, or a newer target made the ledger; the message never
                contains a password.
            OutageError: The database does not answer any more.
        """
        try:
            database = Database(url)
            with database.engine.connect():
                pass
        except (sa.exc.SQLAlchemyError, ImportError, ValueError, OSError) as error:
            raise ConfigurationError(
                "The audit ledger cannot be opened.",
                code="ledger_unusable",
                field="ledger_url",
                value=_without_password(url),
                hint="Check ledger_url: the database must exist, its driver be installed (PostgreSQL: "
                "target-dynamics-nav[postgresql]), its directory be writable.",
            ) from error
        prepare(database)
        super().__init__(database)

    # Runs

    def start_run(self, run_id: str, mode: str) -> None:
        """Note that a run starts.

        Raises:
            OutageError: The ledger cannot be written.
        """
        with self._guard:
            self._run_id = run_id
            started = {
                "mode": mode,
                "host": socket.gethostname()[:255],
                "process_id": os.getpid(),
                "version": _own_version(),
            }
            with self._database.writing() as connection:
                connection.execute(
                    sa.insert(runs).values(
                        run_id=run_id, started_at=now(), who=self._who, **started
                    )
                )
                chain.append(connection, [self._event("run_started", started)])

    def claim(
        self,
        books: Books,
        *,
        wait_seconds: float = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Hold a company until `close`: one run at a time writes to it, on whatever machine.

        Args:
            books: The company; claimed twice is claimed once.
            wait_seconds: How long to wait for another run to end.
            sleep: Waits that many seconds; it may raise to end the waiting.

        Raises:
            OutageError: run_in_progress, with a sentence that says who holds it; or the ledger cannot be used.
        """
        with self._guard:
            self._claims.claim(
                books, run_id=self._run_id, now=now(), wait_seconds=wait_seconds, sleep=sleep
            )
            # Whoever held it before may have recorded something since we looked.
            self._known_rows.clear()

    def end_run(self, outcome: str, counts: Mapping[str, int]) -> None:
        """Note how the run ended: "finished" or the code of the error that stopped it. Flushes."""
        with self._guard:
            self.record_event("run_ended", {"outcome": outcome, "counts": dict(counts)})
            self.flush()
            with self._database.writing() as connection:
                connection.execute(
                    sa.update(runs)
                    .where(runs.c.run_id == self._run_id)
                    .values(ended_at=now(), outcome=outcome, counts=dict(counts))
                )

    # What people do

    def waive(self, books: Books, key: str, reason: str, who: str) -> None:
        """Close a document that waits: a person says that it is not to be posted (any more).

        Args:
            books: The books it belongs to.
            key: A document that is held, failed or changed.
            reason: Why, for people.
            who: The person who decides.

        Raises:
            DocumentError: The ledger does not know it (document_unknown), or it does not wait (not_waiting).
            OutageError: The ledger cannot be written.
        """
        with self._acting() as connection:
            waived = waivers.waive(connection, books, key, reason=reason, who=who, at=now())
            chain.append(connection, [self._event("waived", waived, books=books, key=key, who=who)])

    def unwaive(self, books: Books, key: str, who: str) -> None:
        """Take back a waiver: the document waits again, and the next run tries it.

        Raises:
            DocumentError: The ledger does not know it (document_unknown), or it is not waived (not_waived).
            OutageError: The ledger cannot be written.
        """
        with self._acting() as connection:
            undone = waivers.unwaive(connection, books, key, at=now())
            chain.append(
                connection, [self._event("unwaived", undone, books=books, key=key, who=who)]
            )

    def purge_person(self, person: str, who: str) -> int:
        """Remove a person's name, texts and rules from everything the ledger holds; amounts and accounts stay.

        Args:
            person: As the feed names the submitter; capitals do not matter.
            who: Who asked for it.

        Returns:
            How many documents were purged.

        Raises:
            OutageError: The ledger cannot be written.
        """
        return self._purge(privacy.of_person(person), privacy.trace_of(person), who)

    def purge_before(self, day: str, who: str) -> int:
        """Remove names, texts and rules from documents that were settled before a day; amounts and accounts stay.

        Args:
            day: ISO 8601; documents that changed on it or later, or wait, are kept.
            who: Who asked for it.

        Returns:
            How many documents were purged.

        Raises:
            OutageError: The ledger cannot be written.
        """
        return self._purge(privacy.settled_before(day), {"purged_before": day}, who)

    def verify_chain(self) -> Iterator[chain.Alteration]:
        """Every place where the events are not what was written: changed, removed, inserted, moved."""
        self.flush()
        with self.reading() as connection:
            yield from chain.verify(connection)

    def verify_documents(self) -> Iterator[chain.Alteration]:
        """Every document that does not stand as the events say: its row was changed, removed or inserted."""
        self.flush()
        with self.reading() as connection:
            yield from agreement.verify(connection)

    def close(self) -> None:
        """Make durable what is recorded, release the database, and let the next run begin."""
        with self._guard:
            try:
                self.flush()
            finally:
                self._claims.release()
                self._database.close()

    @contextlib.contextmanager
    def _acting(self) -> Iterator[sa.Connection]:
        """A transaction in which a person changes something, after whatever a run has recorded."""
        with self._guard:
            self.flush()
            with self._database.writing() as connection:
                chain.lock(connection)
                yield connection
            self._known_rows.clear()

    def _purge(self, which: sa.ColumnElement[bool], trace: Mapping[str, str], who: str) -> int:
        with self._acting() as connection:
            purged = privacy.purge(connection, which, now())
            chain.append(connection, [self._event(chain.PURGED, {**trace, **purged}, who=who)])
        self._database.forget_deleted()
        return int(purged["documents"])


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "(not a URL)"


def _own_version() -> str:
    try:
        return version("target-dynamics-nav")
    except PackageNotFoundError:
        return "unknown"
