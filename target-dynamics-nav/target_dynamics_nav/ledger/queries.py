"""What people ask of the ledger: how much stands where, which documents, one document's whole story.

Every query reads what is durable, has an index, and gives plain data: amounts as Decimal, times and days as the text
that the ledger has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_dynamics_nav.ledger.rows import FRACTIONS
from target_dynamics_nav.ledger.tables import (
    contents,
    documents,
    events,
    nav_documents,
    posted_sources,
    runs,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.ledger.ledger import Ledger

Row = dict[str, Any]

_PLACES_AT_ONCE = 300


@dataclass(frozen=True)
class Filter:
    """Which documents; None does not restrict.

    Attributes:
        since: First posting date, ISO 8601.
        until: Last posting date, ISO 8601.
        undated: With a period: also documents that have no posting date (not mapped yet).
        statuses: Any of these.
        company: The company's name.
        policy: A policy's id or name.
        employee: The submitter; capitals do not matter.
        reason_code: Code of the first reason.
        waiting_since_before: Waits since before this time.
    """

    since: str | None = None
    until: str | None = None
    undated: bool = True
    statuses: Sequence[str] | None = None
    company: str | None = None
    policy: str | None = None
    employee: str | None = None
    reason_code: str | None = None
    waiting_since_before: str | None = None


@dataclass(frozen=True)
class Total:
    """How many documents stand somewhere, and what they add up to.

    Attributes:
        currency_code: None is the company's own currency.
        amount: Credit memos count negative.
    """

    company: str
    status: str
    currency_code: str | None
    documents: int
    amount: Decimal


@dataclass(frozen=True)
class Event:
    """One event.

    Attributes:
        told: What was recorded: the chained facts and, unless they were purged, the texts.
        purged: Whether texts were removed.
    """

    sequence: int
    at: str
    run_id: str
    who: str | None
    ledger_id: str | None
    document_key: str | None
    kind: str
    told: Row
    purged: bool


@dataclass(frozen=True)
class Story:
    """Everything the ledger has of one document.

    Attributes:
        document: The row of `documents`.
        versions: Rows of `contents`, oldest first.
        nav_documents: Rows of `nav_documents`, in the order of their making.
        events: What happened, oldest first.
    """

    document: Row
    versions: Sequence[Row]
    nav_documents: Sequence[Row]
    events: Sequence[Event]


def totals(ledger: Ledger, wanted: Filter | None = None) -> list[Total]:
    """How much stands where, by company, status and currency."""
    sign = sa.case((documents.c.kind == "purchase_credit_memos", -1), else_=1)
    statement = (
        sa.select(
            documents.c.company,
            documents.c.status,
            documents.c.currency_code,
            sa.func.count().label("documents"),
            sa.func.coalesce(sa.func.sum(sign * documents.c.total_whole), 0).label("whole"),
            sa.func.coalesce(sa.func.sum(sign * documents.c.total_fraction), 0).label("fraction"),
        )
        .where(*conditions(wanted))
        .group_by(documents.c.company, documents.c.status, documents.c.currency_code)
        .order_by(documents.c.company, documents.c.status, documents.c.currency_code)
    )
    with ledger.reading() as connection:
        return [
            Total(
                row.company,
                row.status,
                row.currency_code,
                row.documents,
                Decimal(int(row.whole)) + Decimal(int(row.fraction)) / FRACTIONS,
            )
            for row in connection.execute(statement)
        ]


def reasons(ledger: Ledger, wanted: Filter | None = None) -> list[tuple[str, str, int]]:
    """(status, code of the first reason, documents) of what waits, the most frequent first."""
    statement = (
        sa.select(documents.c.status, documents.c.reason_code, sa.func.count().label("documents"))
        .where(documents.c.held_since.is_not(None), *conditions(wanted))
        .group_by(documents.c.status, documents.c.reason_code)
    )
    with ledger.reading() as connection:
        found = [
            (row.status, row.reason_code or "", int(row.documents))
            for row in connection.execute(statement)
        ]
    return sorted(found, key=lambda item: (-item[2], item[0], item[1]))


def find(
    ledger: Ledger, wanted: Filter | None = None, *, limit: int = 100, offset: int = 0
) -> list[Row]:
    """Rows of `documents`, what changed last first.

    Args:
        ledger: The ledger.
        wanted: Which.
        limit: At most so many.
        offset: After so many.
    """
    statement = (
        sa.select(documents)
        .where(*conditions(wanted))
        .order_by(documents.c.changed_at.desc(), documents.c.document_key)
        .limit(limit)
        .offset(offset)
    )
    with ledger.reading() as connection:
        return [row._asdict() for row in connection.execute(statement)]


def named(ledger: Ledger, name: str) -> list[Row]:
    """Rows of `documents` that a person may mean: by report id or number, document key, NAV number or expense id."""
    with ledger.reading() as connection:
        by_expense = connection.execute(
            sa.select(posted_sources.c.document_key).where(posted_sources.c.source_id == name)
        ).scalars()
        keys = {name, name.upper(), *by_expense}
        alternatives = (
            documents.c.source_id == name,
            documents.c.source_number == name,
            documents.c.document_key.in_(sorted(keys)),
            documents.c.nav_number == name,
        )
        # Each by its own index: an OR over several columns reads the whole table.
        found = {
            (row.ledger_id, row.document_key): row._asdict()
            for alternative in alternatives
            for row in connection.execute(sa.select(documents).where(alternative))
        }
    return [found[place] for place in sorted(found)]


def story(ledger: Ledger, ledger_id: str, key: str) -> Story | None:
    """One document's whole story; None when the ledger does not know it."""
    unplaced = f"{ledger_id.rpartition('#')[0]}#"

    def of(table: sa.Table) -> sa.ColumnElement[bool]:
        return sa.and_(table.c.ledger_id == ledger_id, table.c.document_key == key)

    with ledger.reading() as connection:
        document = connection.execute(sa.select(documents).where(of(documents))).one_or_none()
        if document is None:
            return None
        versions = connection.execute(
            sa.select(contents).where(of(contents)).order_by(contents.c.first_read_at)
        ).all()
        in_nav = connection.execute(
            sa.select(nav_documents).where(of(nav_documents)).order_by(nav_documents.c.at)
        ).all()
        happened = connection.execute(
            sa.select(events)
            .where(
                events.c.document_key == key,
                events.c.ledger_id.in_(sorted({ledger_id, unplaced})),
            )
            .order_by(events.c.sequence)
        ).all()
    return Story(
        document._asdict(),
        [row._asdict() for row in versions],
        [row._asdict() for row in in_nav],
        [_event(row) for row in happened],
    )


def histories(
    ledger: Ledger, places: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], list[Event]]:
    """What happened to many documents, each oldest first.

    Args:
        ledger: The ledger.
        places: (ledger_id, document_key) of each.
    """
    found: dict[tuple[str, str], list[Event]] = {place: [] for place in places}
    with ledger.reading() as connection:
        for start in range(0, len(places), _PLACES_AT_ONCE):
            some = places[start : start + _PLACES_AT_ONCE]
            at_home: dict[tuple[str, str], list[tuple[str, str]]] = {}
            for ledger_id, key in some:
                # While its company was not found, a document stood under the address alone.
                for known_as in {ledger_id, f"{ledger_id.rpartition('#')[0]}#"}:
                    at_home.setdefault((known_as, key), []).append((ledger_id, key))
            statement = (
                sa.select(events)
                .where(
                    events.c.document_key.in_(sorted({key for _, key in some})),
                    events.c.ledger_id.in_(sorted({known_as for known_as, _ in at_home})),
                )
                .order_by(events.c.sequence)
            )
            for row in connection.execute(statement):
                for place in at_home.get((row.ledger_id, row.document_key), ()):
                    found[place].append(_event(row))
    return found


def events_of_run(ledger: Ledger, run_id: str) -> list[Event]:
    """What happened in a run, oldest first."""
    with ledger.reading() as connection:
        rows = connection.execute(
            sa.select(events).where(events.c.run_id == run_id).order_by(events.c.sequence)
        ).all()
    return [_event(row) for row in rows]


def latest_runs(ledger: Ledger, limit: int = 20) -> list[Row]:
    """Rows of `runs`, the newest first."""
    with ledger.reading() as connection:
        rows = connection.execute(
            sa.select(runs).order_by(runs.c.started_at.desc(), runs.c.run_id).limit(limit)
        ).all()
    return [row._asdict() for row in rows]


def conditions(wanted: Filter | None) -> list[sa.ColumnElement[bool]]:
    """What a filter means for a statement about `documents`."""
    if wanted is None:
        return []
    found: list[sa.ColumnElement[bool]] = []
    if wanted.since is not None or wanted.until is not None:
        period = documents.c.posting_date.between(
            wanted.since or "0001-01-01", wanted.until or "9999-12-31"
        )
        undated = documents.c.posting_date.is_(None)
        found.append(sa.or_(period, undated) if wanted.undated else period)
    if wanted.statuses is not None:
        found.append(documents.c.status.in_(list(wanted.statuses)))
    if wanted.company is not None:
        found.append(documents.c.company == wanted.company)
    if wanted.policy is not None:
        found.append(
            sa.or_(documents.c.policy_id == wanted.policy, documents.c.policy_name == wanted.policy)
        )
    if wanted.employee is not None:
        found.append(sa.func.lower(documents.c.submitter) == sa.func.lower(wanted.employee))
    if wanted.reason_code is not None:
        found.append(documents.c.reason_code == wanted.reason_code)
    if wanted.waiting_since_before is not None:
        found.append(documents.c.held_since < wanted.waiting_since_before)
    return found


_EVENT_COLUMNS = [field.name for field in fields(Event) if field.name not in {"told", "purged"}]


def _event(row: sa.Row[Any]) -> Event:
    told: Row = json.loads(row.data) if row.data else {}
    if row.details:
        told |= json.loads(row.details)
    purged = not row.data or (row.details is None and row.details_digest is not None)
    return Event(**{name: getattr(row, name) for name in _EVENT_COLUMNS}, told=told, purged=purged)
