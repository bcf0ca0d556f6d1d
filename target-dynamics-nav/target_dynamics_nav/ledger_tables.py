"""The tables of the audit ledger, and the database they are in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

metadata = sa.MetaData()

WRITES = "ledger_writes"
"""Execution option of a connection: whether its transactions write, and so have to wait for other writers."""

_JSON = sa.JSON(none_as_null=True)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("started_at", sa.String(32), nullable=False),
    sa.Column("ended_at", sa.String(32)),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("outcome", sa.String(64)),
    sa.Column("counts", _JSON),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column(
        "ledger_id", sa.String(200), primary_key=True, comment="which books: NAV and company"
    ),
    sa.Column("document_key", sa.String(35), primary_key=True),
    sa.Column("company", sa.String(250), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("status", sa.String(20), nullable=False, index=True),
    sa.Column("reasons", _JSON, nullable=False),
    sa.Column("source_id", sa.String(64), index=True),
    sa.Column("source", _JSON, nullable=False),
    sa.Column("total", sa.String(32)),
    sa.Column("currency_code", sa.String(10)),
    sa.Column("nav_id", sa.String(64)),
    sa.Column("nav_number", sa.String(35)),
    sa.Column("posted_digest", sa.String(64), comment="digest of the content that is posted"),
    sa.Column("draft_digest", sa.String(64), comment="digest of the content of the verified draft"),
    sa.Column("content", _JSON, comment="financial substance as last read"),
    sa.Column("posted_content", _JSON),
    sa.Column("decided_by", _JSON),
    sa.Column("first_seen_at", sa.String(32), nullable=False),
    sa.Column("changed_at", sa.String(32), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("ledger_id", sa.String(200)),
    sa.Column("document_key", sa.String(35), index=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("hash", sa.String(64), nullable=False),
)


def sqlite_file(url: sa.URL) -> str | None:
    """The file of a SQLite URL; None for a database in memory and for other databases."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return url.database


def create_engine(url: str) -> sa.Engine:
    """An engine for the ledger; on SQLite every commit is on the disk, and writers take turns."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, pool_pre_ping=True)
    file = sqlite_file(parsed)
    if file is not None:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(parsed, connect_args={"timeout": 30})

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
        cursor.close()

    return engine
