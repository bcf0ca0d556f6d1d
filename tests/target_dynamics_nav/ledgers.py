"""Audit ledgers for tests: on SQLite and on a PostgreSQL of the test session's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from target_dynamics_nav.ledger import Books, Ledger
from target_dynamics_nav.ledger.database import Database
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document

from .test_records import invoice_record

BOOKS = Books("http://nav/api/v2.0", "c1", "CRONUS")
DOCUMENT = read_document(DocumentKind.PURCHASE_INVOICE, invoice_record())


@dataclass(frozen=True)
class Place:
    """A database for a ledger, empty at first."""

    url: str

    def open(self, run_id: str | None = None) -> Ledger:
        """The ledger there; with a run that has started, if one is named."""
        ledger = Ledger(self.url)
        if run_id is not None:
            ledger.start_run(run_id, "post")
        return ledger

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        """Somebody else's connection, with a transaction; what it did is kept."""
        database = Database(self.url)
        try:
            with database.engine.begin() as connection:
                yield connection
        finally:
            database.close()

    def query(self, statement: str) -> Sequence[sa.Row[Any]]:
        """What somebody else reads."""
        with self.connection() as connection:
            return connection.execute(sa.text(statement)).all()

    def execute(self, statement: str) -> None:
        """What somebody else changes."""
        with self.connection() as connection:
            connection.execute(sa.text(statement))

    def count(self, table: str) -> int:
        """How many rows somebody else sees."""
        return int(self.query(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - our own names

    def all_of(self, table: str) -> str:
        """Everything in a table, as text. (A row's own `str` leaves out the middle of long values.)"""
        return "\n".join(str(tuple(row)) for row in self.query(f"SELECT * FROM {table}"))  # noqa: S608 - our own names
