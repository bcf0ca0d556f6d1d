"""The audit ledger: every run, every document's standing, every attempt with its outcome. SQL through SQLAlchemy.

It serves people and speed: what it says was posted is not looked up again, and a person can see why a document is
held. Whether something may be posted never depends on it: with the ledger lost, NAV itself is asked.

`events` is append-only. Each row carries the SHA-256 of the row before it and of its own content, so a row that was
changed, removed, inserted or moved shows. Nothing secret is ever handed to the ledger.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from target_dynamics_nav.errors import ConfigurationError, OutageError
from target_dynamics_nav.ledger_tables import (
    create_engine,
    documents,
    events,
    metadata,
    runs,
    sqlite_file,
)
from target_dynamics_nav.run_lock import RunLock
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_dynamics_nav.document import Document, Problem

GENESIS_HASH = "0" * 64


@dataclass(frozen=True)
class Books:
    """Which books a document belongs to: the NAV (by its address) and the company in it."""

    nav: str
    company_id: str
    company_name: str

    @classmethod
    def unplaced(cls, nav: str, company_name: str) -> Books:
        """Where documents stand whose company NAV does not have."""
        return cls(nav, "", company_name)

    @property
    def ledger_id(self) -> str:
        """What identifies these books in the ledger."""
        return f"{self.nav}#{self.company_id}"


@dataclass(frozen=True)
class Standing:
    """What the ledger knows of a document."""

    status: Status
    nav_id: str | None
    nav_number: str | None
    posted_digest: str | None
    draft_digest: str | None
    posted_content: Mapping[str, Any] | None


class Ledger:
    """The audit ledger of one project. One run writes at a time, see `start_run`; anybody may read meanwhile."""

    def __init__(self, url: str) -> None:
        """Open the ledger and create its tables where they are missing.

        Args:
            url: SQLAlchemy URL. The folder of a SQLite file is made if it is missing.

        Raises:
            ConfigurationError: If the URL is not usable; the message never contains a password.
        """
        try:
            self._engine = create_engine(url)
            metadata.create_all(self._engine)
        except (sa.exc.SQLAlchemyError, ImportError, ValueError, OSError) as error:
            raise ConfigurationError(
                "The audit ledger cannot be opened.",
                code="ledger_unusable",
                field="ledger_url",
                value=_without_password(url),
                hint="Check ledger_url: the database must exist, its driver be installed, its directory be writable.",
            ) from error
        self._run_id = ""
        self._lock: RunLock | None = None

    @property
    def run_id(self) -> str:
        """The run that is under way."""
        return self._run_id

    def start_run(self, run_id: str, mode: str) -> None:
        """Note that a run starts.

        Raises:
            OutageError: Another run is under way on this ledger (SQLite), or it cannot be written.
        """
        file = sqlite_file(self._engine.url)
        if file is not None:
            self._lock = RunLock(file)
        self._run_id = run_id
        with self._transaction() as connection:
            connection.execute(sa.insert(runs).values(run_id=run_id, started_at=_now(), mode=mode))
            self._append(connection, "run_started", {"mode": mode})

    def end_run(self, outcome: str, counts: Mapping[str, int]) -> None:
        """Note how the run ended: "finished" or the code of the error that stopped it."""
        with self._transaction() as connection:
            connection.execute(
                sa.update(runs)
                .where(runs.c.run_id == self._run_id)
                .values(ended_at=_now(), outcome=outcome, counts=dict(counts))
            )
            self._append(connection, "run_ended", {"outcome": outcome, "counts": dict(counts)})

    def standing(self, books: Books, key: str) -> Standing | None:
        """What is known of a document, or None."""
        with self._transaction() as connection:
            row = connection.execute(
                sa.select(documents).where(_is_document(books.ledger_id, key))
            ).one_or_none()
        if row is None:
            return None
        return Standing(
            status=Status(row.status),
            nav_id=row.nav_id,
            nav_number=row.nav_number,
            posted_digest=row.posted_digest,
            draft_digest=row.draft_digest,
            posted_content=row.posted_content,
        )

    def latest_posted_key(self, books: Books) -> str | None:
        """The key of a document that should be in these books, for checking the ledger against NAV."""
        with self._transaction() as connection:
            key: str | None = connection.execute(
                sa.select(documents.c.document_key)
                .where(
                    documents.c.ledger_id == books.ledger_id,
                    documents.c.posted_digest.is_not(None),
                )
                .order_by(documents.c.changed_at.desc(), documents.c.document_key)
                .limit(1)
            ).scalar_one_or_none()
        return key

    def record_event(
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        books: Books | None = None,
        key: str | None = None,
    ) -> None:
        """Append an event and make it durable before returning."""
        with self._transaction() as connection:
            self._append(connection, kind, data, books=books, key=key)

    def record_standing(
        self,
        books: Books,
        document: Document,
        status: Status,
        reasons: Sequence[Problem],
        *,
        nav_id: str | None = None,
        nav_number: str | None = None,
        posted_digest: str | None = None,
        draft_digest: str | None = None,
    ) -> None:
        """Record where a document stands now, with an event when that is news.

        A document that is held for weeks for the same reason gets one event, not one a run.

        Args:
            books: The books it belongs to.
            document: The document as read in this run.
            status: Its status.
            reasons: Why, for people.
            nav_id: NAV's id of the document, where there is one.
            nav_number: NAV's number of the document, where there is one.
            posted_digest: Digest of the posted content; None keeps what is known.
            draft_digest: Digest of the draft's content; None keeps what is known.
        """
        reason_data = [problem.as_dict() for problem in reasons]
        substance: dict[str, Any] = {
            "status": status.value,
            "reasons": reason_data,
            "content": document.content,
        }
        if nav_id is not None:
            substance["nav_id"] = nav_id
        if nav_number is not None:
            substance["nav_number"] = nav_number
        if draft_digest is not None:
            substance["draft_digest"] = draft_digest
        if posted_digest is not None:
            substance["posted_digest"] = posted_digest
            substance["posted_content"] = document.content
        now = _now()
        values: dict[str, Any] = {
            **substance,
            "company": books.company_name,
            "kind": document.kind.value,
            "source_id": document.source_name,
            "source": dict(document.source),
            "total": None if document.total is None else str(document.total),
            "currency_code": document.currency_code,
            "decided_by": dict(document.decided_by),
            "run_id": self._run_id,
        }
        this = _is_document(books.ledger_id, document.key)
        with self._transaction() as connection:
            known = connection.execute(sa.select(documents).where(this)).one_or_none()
            if known is not None and all(
                getattr(known, name) == value for name, value in substance.items()
            ):
                connection.execute(sa.update(documents).where(this).values(**values))
                return
            values["changed_at"] = now
            if known is not None:
                connection.execute(sa.update(documents).where(this).values(**values))
            else:
                # It may have stood here without a place, as long as its company was not found.
                unplaced = Books.unplaced(books.nav, books.company_name).ledger_id
                connection.execute(sa.delete(documents).where(_is_document(unplaced, document.key)))
                connection.execute(
                    sa.insert(documents).values(
                        ledger_id=books.ledger_id,
                        document_key=document.key,
                        first_seen_at=now,
                        **values,
                    )
                )
            self._append(
                connection,
                status.value,
                {
                    "digest": document.digest,
                    "nav_number": nav_number,
                    "reasons": reason_data,
                    "notes": [vars(note) for note in document.notes],
                },
                books=books,
                key=document.key,
            )

    def verify_chain(self) -> Iterator[int]:
        """The sequence numbers of events whose hash or place in the chain is not what it must be."""
        previous = GENESIS_HASH
        expected_sequence = 1
        with self._engine.connect() as connection:
            for row in connection.execute(sa.select(events).order_by(events.c.sequence)):
                content = _event_content(
                    row.sequence,
                    row.at,
                    row.run_id,
                    row.ledger_id,
                    row.document_key,
                    row.kind,
                    row.data,
                )
                intact = (
                    row.sequence == expected_sequence
                    and row.previous_hash == previous
                    and row.hash == _hash(previous, content)
                )
                if not intact:
                    yield row.sequence
                previous = row.hash
                expected_sequence = row.sequence + 1

    def close(self) -> None:
        """Release the database, and let the next run begin."""
        self._engine.dispose()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _transaction(self) -> _Transaction:
        return _Transaction(self._engine)

    def _append(
        self,
        connection: sa.Connection,
        kind: str,
        data: Mapping[str, Any],
        *,
        books: Books | None = None,
        key: str | None = None,
    ) -> None:
        last = connection.execute(
            sa.select(events.c.sequence, events.c.hash).order_by(events.c.sequence.desc()).limit(1)
        ).one_or_none()
        sequence, previous = (last.sequence + 1, last.hash) if last else (1, GENESIS_HASH)
        at = _now()
        text = json.dumps(data, sort_keys=True, ensure_ascii=True, default=str)
        ledger_id = books.ledger_id if books else None
        content = _event_content(sequence, at, self._run_id, ledger_id, key, kind, text)
        connection.execute(
            sa.insert(events).values(
                sequence=sequence,
                at=at,
                run_id=self._run_id,
                ledger_id=ledger_id,
                document_key=key,
                kind=kind,
                data=text,
                previous_hash=previous,
                hash=_hash(previous, content),
            )
        )


class _Transaction:
    """A transaction whose database errors stop the run with a plain sentence: without a record, nothing is posted."""

    def __init__(self, engine: sa.Engine) -> None:
        self._context = engine.begin()

    def __enter__(self) -> sa.Connection:
        try:
            return self._context.__enter__()
        except sa.exc.SQLAlchemyError as error:
            raise _ledger_outage() from error

    def __exit__(self, *exception: Any) -> None:  # noqa: ANN401 - the context manager protocol
        try:
            self._context.__exit__(*exception)
        except sa.exc.SQLAlchemyError as error:
            raise _ledger_outage() from error
        if isinstance(exception[1], sa.exc.SQLAlchemyError):
            raise _ledger_outage() from exception[1]


def _ledger_outage() -> OutageError:
    return OutageError(
        "The audit ledger cannot be read or written, so nothing more is posted.",
        code="ledger_unavailable",
        hint="Check the database of ledger_url (disk full, locked by another run, server down), then run again.",
    )


def _is_document(ledger_id: str, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(documents.c.ledger_id == ledger_id, documents.c.document_key == key)


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "(not a URL)"


def _event_content(*parts: object) -> str:
    return json.dumps(list(parts), ensure_ascii=True)


def _hash(previous: str, content: str) -> str:
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
