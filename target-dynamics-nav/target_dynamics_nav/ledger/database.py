"""The database of the audit ledger: its engine, its transactions, its errors."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from target_dynamics_nav.errors import OutageError

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITES = "ledger_writes"
"""Execution option of a connection: whether its transactions write, and so have to wait for other writers."""

WAIT_FOR_WRITERS = 30
"""Seconds to wait for another process that is writing."""

_UNAVAILABLE = "The audit ledger cannot be read or written, so nothing more is posted."
_CHECK = "Check the database of ledger_url (disk full, locked by another program, server down), then run again."


class Database:
    """A database with transactions that read or write; every error of it stops the run with a plain sentence."""

    def __init__(self, url: str) -> None:
        self.engine = _create_engine(url)
        self.writing_connection: sa.Connection | None = None

    @property
    def is_postgresql(self) -> bool:
        """Whether it is a server, which several machines may write to."""
        return self.engine.dialect.name == "postgresql"

    @property
    def sqlite_file(self) -> str | None:
        """The file of a SQLite database; None for one in memory and for other databases."""
        return _sqlite_file(self.engine.url)

    @staticmethod
    @contextlib.contextmanager
    def outages() -> Iterator[None]:
        """Without a record nothing is posted: an error of the database in this block stops the run.

        Raises:
            OutageError: Instead of the database's error.
        """
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            raise OutageError(_UNAVAILABLE, code="ledger_unavailable", hint=_CHECK) from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database and waits for nobody.

        Raises:
            OutageError: The database does not answer.
        """
        options: dict[str, Any] = {WRITES: False}
        if self.is_postgresql:
            options.update(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with (
            self.outages(),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is wholly written when the block ends, and not at all if it is left by an error.

        It uses the connection that holds the locks of the companies, where there is one: when the server has lost
        that, it has let another run in, and this one must not write any more.

        Raises:
            OutageError: The database does not answer, or another process is writing all the time.
        """
        with self.outages():
            if self.writing_connection is not None:
                if self.writing_connection.invalidated:
                    # It would connect again by itself, without the locks.
                    raise OutageError(
                        "The connection to the audit ledger was lost, and with it the hold on the company.",
                        code="ledger_unavailable",
                        hint=_CHECK,
                    )
                with self.writing_connection.begin():
                    yield self.writing_connection
            else:
                with self.engine.begin() as connection:
                    yield connection

    def upsert(self, table: sa.Table) -> Any:  # noqa: ANN401 - both dialects' Insert, without a common type
        """An INSERT of the database's own dialect, which can be told what to do on a conflict."""
        if self.is_postgresql:
            from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - SQLite needs none of it

            return postgresql.insert(table)
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - PostgreSQL needs none of it

        return sqlite.insert(table)

    def forget_deleted(self) -> None:
        """After a purge: leave nothing of it in SQLite's write-ahead log. PostgreSQL's vacuum does the like."""
        file = self.sqlite_file
        if file is None:
            return
        try:
            # Not within a transaction, as everything else is. Whoever reads just now puts it off to a later one.
            with contextlib.closing(sqlite3.connect(file, timeout=WAIT_FOR_WRITERS)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise OutageError(_UNAVAILABLE, code="ledger_unavailable", hint=_CHECK) from error

    def close(self) -> None:
        """Release every connection."""
        if self.writing_connection is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self.writing_connection.close()
            self.writing_connection = None
        self.engine.dispose()


def _sqlite_file(url: sa.URL) -> str | None:
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return url.database


def _create_engine(url: str) -> sa.Engine:
    """An engine for the ledger; on SQLite every commit is on the disk, and writers take turns."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return sa.create_engine(
            parsed,
            hide_parameters=True,  # errors are logged, and rows hold names
            pool_pre_ping=True,
            # The server notices a dead client, and the client a dead server, within about a minute.
            connect_args={
                "connect_timeout": 30,
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                "options": "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 "
                "-c timezone=UTC -c lock_timeout=30s",
            },
        )
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(parsed.get_backend_name())
    file = _sqlite_file(parsed)
    if file is not None:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        parsed,
        hide_parameters=True,  # errors are logged, and rows hold names
        connect_args={"timeout": WAIT_FOR_WRITERS, "check_same_thread": False},
        # One database in memory is one connection; a file's connections are cheap.
        poolclass=sa.pool.StaticPool if file is None else None,
    )

    @sa.event.listens_for(engine, "begin")
    def _on_begin(connection: sa.Connection) -> None:
        # Python would begin at the first write, after the last event was read: two writers could read the same one.
        writes = connection.get_execution_options().get(WRITES, True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @sa.event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:  # noqa: ANN401 - DBAPI objects have no common type
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA secure_delete=ON")  # what is purged is not to linger in free pages
        cursor.close()

    return engine
