"""Waivers: a person closes a document that waits, or opens it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_dynamics_nav.errors import DocumentError
from target_dynamics_nav.ledger.standing import WAITING, Books
from target_dynamics_nav.ledger.tables import documents
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Mapping


def waive(
    connection: sa.Connection, books: Books, key: str, *, reason: str, who: str, at: str
) -> Mapping[str, Any]:
    """Close a document; gives the data of the event.

    Raises:
        DocumentError: The ledger does not know it, or it does not wait.
    """
    row = _document(connection, books, key)
    if Status(row.status) not in WAITING:
        raise DocumentError(
            f"The document {key} is {row.status.replace('_', ' ')}; only what is held, failed or changed can "
            "be waived.",
            code="not_waiting",
            field="status",
            value=row.status,
        )
    _update(
        connection,
        books,
        key,
        status=Status.WAIVED.value,
        status_before_waiver=row.status,
        waived_at=at,
        waived_by=who[:250],
        waived_reason=reason,
        waived_digest=row.content_digest,
        changed_at=at,
        held_since=None,
        purged_at=None,
    )
    return {
        "was": row.status,
        "status": Status.WAIVED.value,
        "waived_digest": row.content_digest,
        "reason": reason,
    }


def unwaive(connection: sa.Connection, books: Books, key: str, *, at: str) -> Mapping[str, Any]:
    """Open a document again, as it was; gives the data of the event.

    Raises:
        DocumentError: The ledger does not know it, or it is not waived.
    """
    row = _document(connection, books, key)
    if Status(row.status) is not Status.WAIVED:
        raise DocumentError(
            f"The document {key} is not waived; it is {row.status.replace('_', ' ')}.",
            code="not_waived",
            field="status",
            value=row.status,
        )
    status = row.status_before_waiver or Status.HELD.value
    _update(
        connection,
        books,
        key,
        status=status,
        status_before_waiver=None,
        waived_at=None,
        waived_by=None,
        waived_reason=None,
        waived_digest=None,
        changed_at=at,
        held_since=at,
    )
    return {"was": Status.WAIVED.value, "status": status}


def _document(connection: sa.Connection, books: Books, key: str) -> sa.Row[Any]:
    row = connection.execute(
        sa.select(documents).where(_is_document(books, key)).with_for_update()
    ).one_or_none()
    if row is None:
        raise DocumentError(
            f"The audit ledger knows no document {key} in {books.company_name}.",
            code="document_unknown",
            field="document_key",
            value=key,
        )
    return row


def _update(connection: sa.Connection, books: Books, key: str, **values: str | None) -> None:
    connection.execute(sa.update(documents).where(_is_document(books, key)).values(**values))


def _is_document(books: Books, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(documents.c.ledger_id == books.ledger_id, documents.c.document_key == key)
