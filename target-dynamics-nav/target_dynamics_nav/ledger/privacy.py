"""Retention: removes names, texts and rules from the ledger, and leaves amounts, accounts, codes and the chain.

What goes: the submitter, the policy's name and what else the feed told of the source; descriptions and the rules that
decided (they may name people); the words of reasons, notes and NAV's answers; reasons of waivers. What stays is what
the books need: keys, report ids, accounts, dimensions, amounts, NAV's numbers, statuses, codes and digests.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_dynamics_nav.ledger import chain
from target_dynamics_nav.ledger.rows import purged
from target_dynamics_nav.ledger.standing import WAITING
from target_dynamics_nav.ledger.tables import contents, documents, events

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE = 200


def of_person(person: str) -> sa.ColumnElement[bool]:
    """The documents of a submitter."""
    # The database makes both small: it may know fewer letters than Python.
    return sa.func.lower(documents.c.submitter) == sa.func.lower(person)


def settled_before(day: str) -> sa.ColumnElement[bool]:
    """The documents whose standing has not changed since a day, and that wait for nothing."""
    return sa.and_(
        documents.c.changed_at < day,
        documents.c.status.not_in(sorted(status.value for status in WAITING)),
        documents.c.purged_at.is_(None),
    )


def trace_of(person: str) -> dict[str, str]:
    """How the ledger remembers whose data was removed: who knows the name can check it, nobody can read it."""
    salt = secrets.token_hex(16)
    digest = hashlib.sha256(f"{salt}\n{person.lower()}".encode()).hexdigest()
    return {"person_digest": digest, "person_salt": salt}


def purge(connection: sa.Connection, which: sa.ColumnElement[bool], at: str) -> dict[str, Any]:
    """Remove what can be removed of some documents; gives the data of the event that says so."""
    sequences: list[int] = []
    without_details: list[dict[str, Any]] = []
    places = connection.execute(
        sa.select(documents.c.ledger_id, documents.c.document_key).where(which)
    ).all()
    for start in range(0, len(places), _AT_ONCE):
        some = [(row.ledger_id, row.document_key) for row in places[start : start + _AT_ONCE]]
        _purge_documents(connection, some, at)
        # While its company was not found, a document stood under the address alone.
        unplaced = [(f"{ledger_id.rpartition('#')[0]}#", key) for ledger_id, key in some]
        rows = _purge_events(connection, [*some, *unplaced])
        sequences += [row["sequence"] for row in rows]
        without_details += [row for row in rows if row["format"] == chain.FORMAT_WITHOUT_DETAILS]
    without_details.sort(key=lambda row: int(row["sequence"]))
    told: dict[str, Any] = {
        "documents": len(places),
        "ranges": chain.as_ranges(sorted(set(sequences))),
    }
    if without_details:
        told["remains"] = chain.remains(without_details)
    return told


def _purge_documents(connection: sa.Connection, places: Sequence[tuple[str, str]], at: str) -> None:
    rows = connection.execute(sa.select(documents).where(_among(documents, places))).all()
    for row in rows:
        connection.execute(
            sa.update(documents)
            .where(
                documents.c.ledger_id == row.ledger_id,
                documents.c.document_key == row.document_key,
            )
            .values(**purged(row._asdict(), at))
        )
    connection.execute(
        sa.update(contents)
        .where(_among(contents, places))
        .values(document=sa.null(), decided_by=sa.null())
    )


def _purge_events(
    connection: sa.Connection, places: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Remove the texts of events; gives the events that had some."""
    old = events.c.format == chain.FORMAT_WITHOUT_DETAILS
    with_texts = sa.and_(
        _among(events, places),
        sa.or_(events.c.details.is_not(None), sa.and_(old, events.c.data != "")),
    )
    rows = [row._asdict() for row in connection.execute(sa.select(events).where(with_texts))]
    numbers = [row["sequence"] for row in rows]
    for start in range(0, len(numbers), _AT_ONCE):
        these = events.c.sequence.in_(numbers[start : start + _AT_ONCE])
        connection.execute(sa.update(events).where(these).values(details=None, details_salt=None))
        connection.execute(sa.update(events).where(these, old).values(data=""))
    return rows


def _among(table: sa.Table, places: Sequence[tuple[str, str]]) -> sa.ColumnElement[bool]:
    return sa.tuple_(table.c.ledger_id, table.c.document_key).in_(places)
