"""What was recorded and is not durable yet: it waits in memory until it is written in one transaction.

So no transaction is open while NAV is asked, and others can read and write the ledger meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_dynamics_nav.ledger import chain
from target_dynamics_nav.ledger.rows import POSTED_CONTENT, Row
from target_dynamics_nav.ledger.standing import WAITING
from target_dynamics_nav.ledger.tables import contents, documents, nav_documents, posted_sources
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from target_dynamics_nav.ledger.database import Database

Place = tuple[str, str]
"""Ledger id and document key."""

_NOT_OURS = frozenset(
    (
        *("ledger_id", "document_key", "first_seen_at", "status"),
        *("waived_at", "waived_by", "waived_reason", "waived_digest", "status_before_waiver"),
    )
)
"""Columns that a run does not overwrite: what identifies a row, and what a person said meanwhile."""

_KEYS_AT_ONCE = 300

_REMOVED = (
    sa.update(nav_documents)
    .where(
        nav_documents.c.ledger_id == sa.bindparam("of_ledger"),
        nav_documents.c.nav_key == sa.bindparam("of_nav_key"),
        nav_documents.c.nav_id == sa.bindparam("of_nav_id"),
    )
    .values(removed_at=sa.bindparam("gone_at"))
)


class Unflushed:
    """Rows that wait to be written."""

    def __init__(self) -> None:
        self.events: list[Row] = []
        self.documents: dict[Place, Row] = {}
        self.contents: dict[tuple[str, str, str], Row] = {}
        self.nav_documents: dict[tuple[str, str, str], Row] = {}
        self.sources: dict[Place, list[Row]] = {}
        self.unplaced: list[Place] = []
        self.removed: list[Row] = []

    def __bool__(self) -> bool:
        return bool(self.events or self.documents or self.nav_documents or self.sources)

    def write(self, database: Database) -> None:
        """Write all of it, or nothing.

        Raises:
            OutageError: The database does not take it; it all waits on.
        """
        with database.writing() as connection:
            chain.append(connection, self.events)
            _delete(connection, documents, self.unplaced)
            if self.contents:
                connection.execute(_upsert_contents(database), list(self.contents.values()))
            if self.documents:
                connection.execute(_upsert_documents(database), _without_content(self.documents))
            if self.nav_documents:
                connection.execute(
                    _upsert_nav_documents(database), list(self.nav_documents.values())
                )
            if self.removed:
                connection.execute(_REMOVED, self.removed)
            _delete(connection, posted_sources, list(self.sources))
            sources = [row for rows in self.sources.values() for row in rows]
            if sources:
                connection.execute(sa.insert(posted_sources), sources)


def _without_content(rows: dict[Place, Row]) -> list[Row]:
    return [
        {name: value for name, value in row.items() if name != POSTED_CONTENT}
        for row in rows.values()
    ]


def _upsert_documents(database: Database) -> Any:  # noqa: ANN401 - see Database.upsert
    insert = database.upsert(documents)
    new = insert.excluded
    # A person may have waived the document since this run read it.
    closed = sa.and_(
        documents.c.status == Status.WAIVED.value,
        # Not IN: rows are written many at a time, and its list would be expanded for each.
        sa.or_(*(new.status == status.value for status in sorted(WAITING))),
        sa.or_(
            sa.func.coalesce(new.posted_digest, "") == "",
            new.content_digest == documents.c.waived_digest,
        ),
    )
    return insert.on_conflict_do_update(
        index_elements=["ledger_id", "document_key"],
        set_={
            "status": sa.case((closed, documents.c.status), else_=new.status),
            **{
                column.name: new[column.name]
                for column in documents.columns
                if column.name not in _NOT_OURS
            },
        },
    )


def _upsert_contents(database: Database) -> Any:  # noqa: ANN401 - see Database.upsert
    insert = database.upsert(contents)
    return insert.on_conflict_do_update(
        index_elements=[column.name for column in contents.primary_key],
        # A version stays as it was; only what a purge removed comes back when the document is read again.
        set_={
            name: sa.func.coalesce(contents.c[name], insert.excluded[name])
            for name in ("document", "decided_by")
        },
    )


def _upsert_nav_documents(database: Database) -> Any:  # noqa: ANN401 - see Database.upsert
    insert = database.upsert(nav_documents)
    keys = [column.name for column in nav_documents.primary_key]
    return insert.on_conflict_do_update(
        index_elements=keys,
        set_={
            column.name: insert.excluded[column.name]
            for column in nav_documents.columns
            if column.name not in keys
        },
    )


def _delete(connection: sa.Connection, table: sa.Table, places: list[Place]) -> None:
    by_ledger: dict[str, list[str]] = {}
    for ledger_id, key in places:
        by_ledger.setdefault(ledger_id, []).append(key)
    for ledger_id, keys in by_ledger.items():
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            connection.execute(
                sa.delete(table).where(
                    table.c.ledger_id == ledger_id,
                    table.c.document_key.in_(keys[start : start + _KEYS_AT_ONCE]),
                )
            )
