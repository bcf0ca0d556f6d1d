"""The audit ledger: every run, every document's standing, every attempt with its outcome. SQL through SQLAlchemy.

It serves people and speed: what it says was posted is not looked up again, and a person can see why a document is
held. Whether something may be posted never depends on it: with the ledger lost, NAV itself is asked.

`events` is append-only. Each row carries the SHA-256 of the row before it and of its own content, so a row that was
changed, removed, inserted or moved shows. Nothing secret is ever handed to the ledger.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from target_dynamics_nav.errors import ConfigurationError, OutageError
from target_dynamics_nav.ledger_tables import (
    WRITES,
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
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_dynamics_nav.document import Document, Problem

GENESIS_HASH = "0" * 64

KEYS_PER_QUERY = 300
MAXIMUM_KNOWN_ROWS = 1000
MAXIMUM_UNFLUSHED_EVENTS = 1000


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


_NEW_ROW: dict[str, Any] = {column.name: None for column in documents.columns}


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
        self._events: list[dict[str, Any]] = []
        self._unflushed_rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._placed: list[tuple[str, str]] = []
        self._known_rows: OrderedDict[tuple[str, str], dict[str, Any] | None] = OrderedDict()

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
        self.record_event("run_started", {"mode": mode})
        self.flush()

    def end_run(self, outcome: str, counts: Mapping[str, int]) -> None:
        """Note how the run ended: "finished" or the code of the error that stopped it."""
        self.record_event("run_ended", {"outcome": outcome, "counts": dict(counts)})
        self.flush()
        with self._transaction() as connection:
            connection.execute(
                sa.update(runs)
                .where(runs.c.run_id == self._run_id)
                .values(ended_at=_now(), outcome=outcome, counts=dict(counts))
            )

    def standing(self, books: Books, key: str) -> Standing | None:
        """What is known of a document, or None."""
        row = self._row(books, key)
        return None if row is None else _standing(row)

    def standings(self, books: Books, keys: Iterable[str]) -> dict[str, Standing]:
        """What is known of many documents, with one query for some hundred of them; unknown ones are left out."""
        wanted = list(dict.fromkeys(keys))
        rows = {
            key: row
            for key in wanted
            if (row := self._unflushed_rows.get((books.ledger_id, key))) is not None
        }
        missing = [key for key in wanted if key not in rows]
        for start in range(0, len(missing), KEYS_PER_QUERY):
            some = missing[start : start + KEYS_PER_QUERY]
            with self._reading() as connection:
                found = connection.execute(
                    sa.select(documents).where(
                        documents.c.ledger_id == books.ledger_id,
                        documents.c.document_key.in_(some),
                    )
                ).all()
            read = {row.document_key: dict(row._mapping) for row in found}  # noqa: SLF001 - SQLAlchemy's public API
            for key in some:
                self._remember((books.ledger_id, key), read.get(key))
            rows.update(read)
        return {key: _standing(rows[key]) for key in wanted if key in rows}

    def latest_posted_key(self, books: Books) -> str | None:
        """The key of a document that should be in these books, for checking the ledger against NAV."""
        unflushed = [
            (row["changed_at"], key)
            for (ledger_id, key), row in self._unflushed_rows.items()
            if ledger_id == books.ledger_id and row["posted_digest"] is not None
        ]
        if unflushed:
            return max(unflushed)[1]
        with self._reading() as connection:
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
        """Append an event; `flush` makes it durable."""
        self._events.append(
            {
                "at": _now(),
                "run_id": self._run_id,
                "ledger_id": books.ledger_id if books else None,
                "document_key": key,
                "kind": kind,
                "data": json.dumps(data, sort_keys=True, ensure_ascii=True, default=str),
            }
        )
        if len(self._events) >= MAXIMUM_UNFLUSHED_EVENTS:
            self.flush()

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
        kind: str | None = None,
    ) -> None:
        """Record where a document stands now, with an event when that is news; `flush` makes it durable.

        A document that is held for weeks for the same reason gets one event, not one a run. A document that stands
        as it stood before is not written at all.

        Args:
            books: The books it belongs to.
            document: The document as read in this run.
            status: Its status.
            reasons: Why, for people.
            nav_id: NAV's id of the document, where there is one.
            nav_number: NAV's number of the document, where there is one.
            posted_digest: Digest of the posted content; None keeps what is known.
            draft_digest: Digest of the draft's content; None keeps what is known.
            kind: What the event is called, when not as the status.
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
        values: dict[str, Any] = {
            **substance,
            "company": books.company_name,
            "kind": document.kind.value,
            "source_id": document.source_name,
            "source": dict(document.source),
            "total": None if document.total is None else str(document.total),
            "currency_code": document.currency_code,
            "decided_by": dict(document.decided_by),
        }
        known = self._row(books, document.key)
        if known is not None and _agree(known, values):
            return
        news = known is None or not _agree(known, substance)
        now = _now()
        row = {**(known or _NEW_ROW), **values, "run_id": self._run_id}
        if known is None:
            row.update(ledger_id=books.ledger_id, document_key=document.key, first_seen_at=now)
            # It may have stood here without a place, as long as its company was not found.
            self._placed.append(
                (Books.unplaced(books.nav, books.company_name).ledger_id, document.key)
            )
        if news:
            row["changed_at"] = now
        self._unflushed_rows[books.ledger_id, document.key] = row
        if news:
            self.record_event(
                kind or status.value,
                {
                    "digest": document.digest,
                    "nav_number": nav_number,
                    "reasons": reason_data,
                    "notes": [vars(note) for note in document.notes],
                },
                books=books,
                key=document.key,
            )

    def flush(self) -> None:
        """Make everything recorded so far durable, in one transaction.

        To be called before each write that is sent to NAV and before STATE is released. Until then what is recorded
        waits in memory: no transaction is open in between, so others can read and write the ledger meanwhile.

        Raises:
            OutageError: The ledger cannot be written.
        """
        if not self._events and not self._unflushed_rows:
            return
        with self._transaction() as connection:
            if self._events:
                connection.execute(sa.insert(events), self._chained(connection))
            for ledger_id, key in self._placed:
                connection.execute(
                    sa.delete(documents).where(
                        _is_document(ledger_id, key), documents.c.ledger_id.endswith("#")
                    )
                )
            if self._unflushed_rows:
                self._upsert(connection, list(self._unflushed_rows.values()))
        for this, row in self._unflushed_rows.items():
            self._remember(this, row)
        self._unflushed_rows.clear()
        self._events.clear()
        self._placed.clear()

    def verify_chain(self) -> Iterator[int]:
        """The sequence numbers of events whose hash or place in the chain is not what it must be."""
        self.flush()
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
        """Make durable what is recorded, release the database, and let the next run begin."""
        try:
            self.flush()
        finally:
            self._engine.dispose()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _transaction(self) -> _Transaction:
        return _Transaction(self._engine, writes=True)

    def _reading(self) -> _Transaction:
        return _Transaction(self._engine, writes=False)

    def _row(self, books: Books, key: str) -> dict[str, Any] | None:
        this = (books.ledger_id, key)
        if this in self._unflushed_rows:
            return self._unflushed_rows[this]
        if this not in self._known_rows:
            with self._reading() as connection:
                row = connection.execute(
                    sa.select(documents).where(_is_document(*this))
                ).one_or_none()
            self._remember(this, None if row is None else dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public API
        return self._known_rows[this]

    def _remember(self, this: tuple[str, str], row: dict[str, Any] | None) -> None:
        """Keep what was read or written lately: a run looks at a document, then records it."""
        self._known_rows[this] = row
        self._known_rows.move_to_end(this)
        if len(self._known_rows) > MAXIMUM_KNOWN_ROWS:
            self._known_rows.popitem(last=False)

    def _chained(self, connection: sa.Connection) -> list[dict[str, Any]]:
        """The events that wait, each with its number and the hash of the one before it."""
        last = connection.execute(
            sa.select(events.c.sequence, events.c.hash).order_by(events.c.sequence.desc()).limit(1)
        ).one_or_none()
        sequence, previous = (last.sequence, last.hash) if last else (0, GENESIS_HASH)
        chained = []
        for event in self._events:
            sequence += 1
            content = _event_content(sequence, *event.values())
            row = {**event, "sequence": sequence, "previous_hash": previous}
            row["hash"] = previous = _hash(previous, content)
            chained.append(row)
        return chained

    @staticmethod
    def _upsert(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
        insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(documents)
        kept = {"ledger_id", "document_key", "first_seen_at"}
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["ledger_id", "document_key"],
                set_={
                    column.name: statement.excluded[column.name]
                    for column in documents.columns
                    if column.name not in kept
                },
            ),
            rows,
        )


class _Transaction:
    """A transaction whose database errors stop the run with a plain sentence: without a record, nothing is posted."""

    def __init__(self, engine: sa.Engine, *, writes: bool) -> None:
        self._context = engine.execution_options(**{WRITES: writes}).begin()

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


def _standing(row: Mapping[str, Any]) -> Standing:
    return Standing(
        status=Status(row["status"]),
        nav_id=row["nav_id"],
        nav_number=row["nav_number"],
        posted_digest=row["posted_digest"],
        draft_digest=row["draft_digest"],
        posted_content=row["posted_content"],
    )


def _agree(known: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return all(known[name] == value for name, value in values.items())


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
