"""What the console asks beyond single documents: what waits and since when, whole periods with their contents.

Like `queries`, it reads what is durable and gives plain data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_dynamics_nav.ledger.queries import Filter, conditions
from target_dynamics_nav.ledger.tables import contents, documents, events, nav_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_dynamics_nav.ledger.ledger import Ledger

Row = dict[str, Any]

_KEYS_AT_ONCE = 300
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Waiting:
    """Documents that wait for the same reason.

    Attributes:
        reason_code: Code of their first reason; "" when there is none.
        since: The longest wait began then.
        example: Key of one of them.
    """

    status: str
    reason_code: str
    documents: int
    since: str
    example: str


@dataclass(frozen=True)
class Kept:
    """A document with what the ledger kept of its contents.

    Attributes:
        document: The row of `documents`.
        posted: The row of `contents` that is posted; None when nothing is.
        current: The row of `contents` that was read last.
        in_nav: Rows of `nav_documents`.
    """

    document: Row
    posted: Row | None
    current: Row | None
    in_nav: Sequence[Row]


def waiting(ledger: Ledger, wanted: Filter | None = None) -> list[Waiting]:
    """What waits, by status and first reason; the most frequent first."""
    statement = (
        sa.select(
            documents.c.status,
            documents.c.reason_code,
            sa.func.count().label("documents"),
            sa.func.min(documents.c.held_since).label("since"),
            sa.func.min(documents.c.document_key).label("example"),
        )
        .where(documents.c.held_since.is_not(None), *conditions(wanted))
        .group_by(documents.c.status, documents.c.reason_code)
    )
    with ledger.reading() as connection:
        found = [
            Waiting(row.status, row.reason_code or "", int(row.documents), row.since, row.example)
            for row in connection.execute(statement)
        ]
    return sorted(found, key=lambda item: (-item.documents, item.status, item.reason_code))


def count(ledger: Ledger, wanted: Filter | None = None) -> int:
    """How many documents there are."""
    statement = sa.select(sa.func.count()).select_from(documents).where(*conditions(wanted))
    with ledger.reading() as connection:
        return int(connection.execute(statement).scalar_one())


def kept(ledger: Ledger, wanted: Filter | None = None) -> Iterator[Kept]:
    """Documents with their contents, by company and key; one state of the ledger throughout."""
    statement = (
        sa.select(documents)
        .where(*conditions(wanted))
        .order_by(documents.c.ledger_id, documents.c.document_key)
    )
    with ledger.reading() as connection:
        # All at once: a second statement on the connection of an open result is not for every driver.
        rows = [row._asdict() for row in connection.execute(statement)]
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            yield from _with_contents(connection, rows[start : start + _ROWS_AT_ONCE])


def kept_by_keys(ledger: Ledger, nav: str, keys: Sequence[str]) -> list[Kept]:
    """Documents of some keys in any company of a NAV; a key of a later part counts as its document's.

    Args:
        ledger: The ledger.
        nav: The NAV, as `Books.nav` names it.
        keys: Document keys, or external document numbers of what was made for them.
    """
    found: dict[tuple[str, str], Row] = {}
    with ledger.reading() as connection:
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            some = list(keys[start : start + _KEYS_AT_ONCE])
            parents = connection.execute(
                sa.select(nav_documents.c.document_key).where(
                    nav_documents.c.nav_key.in_(some),
                    nav_documents.c.ledger_id.startswith(f"{nav}#", autoescape=True),
                )
            ).scalars()
            statement = sa.select(documents).where(
                documents.c.document_key.in_(sorted({*some, *parents})),
                documents.c.ledger_id.startswith(f"{nav}#", autoescape=True),
            )
            for row in connection.execute(statement):
                found[row.ledger_id, row.document_key] = row._asdict()
        return list(_with_contents(connection, [found[place] for place in sorted(found)]))


def _with_contents(connection: sa.Connection, rows: Sequence[Row]) -> Iterator[Kept]:
    versions: dict[tuple[str, str, str], Row] = {}
    in_nav: dict[tuple[str, str], list[Row]] = {}
    for start in range(0, len(rows), _KEYS_AT_ONCE):
        some = rows[start : start + _KEYS_AT_ONCE]
        keys = [row["document_key"] for row in some]
        for version in connection.execute(
            sa.select(contents).where(
                contents.c.document_key.in_(keys),
                contents.c.version.in_(
                    sorted(
                        {
                            row[name]
                            for row in some
                            for name in ("version", "posted_version")
                            if row[name]
                        }
                    )
                ),
            )
        ):
            place = (version.ledger_id, version.document_key, version.version)
            versions[place] = version._asdict()
        for made in connection.execute(
            sa.select(nav_documents)
            .where(nav_documents.c.document_key.in_(keys))
            .order_by(nav_documents.c.at)
        ):
            in_nav.setdefault((made.ledger_id, made.document_key), []).append(made._asdict())
    for row in rows:
        home = (row["ledger_id"], row["document_key"])
        yield Kept(
            row,
            versions.get((*home, row["posted_version"] or "")),
            versions.get((*home, row["version"] or "")),
            in_nav.get(home, ()),
        )


def event_place(ledger: Ledger, sequence: int) -> Row:
    """What an event is about: kind, document_key and at; each None when there is no such event."""
    columns = (events.c.kind, events.c.document_key, events.c.at)
    with ledger.reading() as connection:
        row = connection.execute(
            sa.select(*columns).where(events.c.sequence == sequence)
        ).one_or_none()
    return {column.name: None for column in columns} if row is None else row._asdict()


def chain_end(ledger: Ledger) -> Row:
    """How many events there are, and the hash of the last one; "" when there is none."""
    with ledger.reading() as connection:
        number = connection.execute(sa.select(sa.func.count()).select_from(events)).scalar_one()
        last = connection.execute(
            sa.select(events.c.hash).order_by(events.c.sequence.desc()).limit(1)
        ).scalar_one_or_none()
    return {"events": int(number), "hash": last or ""}
