"""Whether the rows of documents are what the events say.

A row can be changed by whoever writes the database; the chain of events cannot, without showing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_dynamics_nav.ledger.chain import FORMAT_WITHOUT_DETAILS, Alteration
from target_dynamics_nav.ledger.tables import documents, events
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOLD = {
    "status": "status",
    "digest": "content_digest",
    "nav_id": "nav_id",
    "nav_number": "nav_number",
    "posted_digest": "posted_digest",
    "draft_digest": "draft_digest",
    "part_number": "part_number",
}
"""Facts of events, and the columns of `documents` that they decide."""

_DECISIVE = ("waived", "unwaived", "part_begun")
"""Kinds of events that decide something of a row, beside those that tell a status and the version read."""


def verify(connection: sa.Connection) -> Iterator[Alteration]:
    """Every document whose row is not what the events say, by the number of the event that decided it last."""
    last = _last_told(connection)
    rows = connection.execute(
        sa.select(
            documents.c.ledger_id,
            documents.c.document_key,
            documents.c.waived_at,
            *(documents.c[column] for column in dict.fromkeys(_TOLD.values())),
        ),
        execution_options={"yield_per": 1000},
    )
    for row in rows:
        told = last.pop((row.ledger_id, row.document_key), None)
        if told is None:
            yield Alteration(0, f"no event tells of the document {row.document_key}")
        elif differing := _differing(row._asdict(), told):
            yield Alteration(
                told["sequence"],
                f"the document {row.document_key} differs from what was recorded: {', '.join(differing)}",
            )
    for (ledger_id, key), told in last.items():
        # A document leaves the place without a company when its company is found.
        if not ledger_id.endswith("#"):
            yield Alteration(told["sequence"], f"the document {key} was removed")


def _last_told(connection: sa.Connection) -> dict[tuple[str, str], dict[str, Any]]:
    """For each document, the fact that was told last of each column."""
    last: dict[tuple[str, str], dict[str, Any]] = {}
    rows = connection.execute(
        sa.select(
            events.c.sequence,
            events.c.ledger_id,
            events.c.document_key,
            events.c.kind,
            events.c.format,
            events.c.data,
        )
        .where(
            events.c.document_key.is_not(None),
            sa.or_(
                events.c.kind.in_(_DECISIVE),
                events.c.format == FORMAT_WITHOUT_DETAILS,
                events.c.data.like('%"status": %"version": %'),
            ),
        )
        .order_by(events.c.sequence),
        execution_options={"yield_per": 1000},
    )
    for row in rows:
        legacy = row.format == FORMAT_WITHOUT_DETAILS
        data = {} if legacy else json.loads(row.data)
        if not legacy and row.kind not in _DECISIVE and not {"status", "version"} <= data.keys():
            continue
        told = last.setdefault((row.ledger_id, row.document_key), {})
        told["sequence"] = row.sequence
        if legacy:
            told["before"] = True  # these events did not tell everything
        told.update({name: data[name] for name in _TOLD if name in data})
        if row.kind in {"waived", "unwaived"}:
            told["waived"] = row.kind == "waived"
    return last


def _differing(row: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    names = [name for name in _TOLD if name in told or not told.get("before")]
    found = []
    for name in names:
        expected = told.get(name, 0 if name == "part_number" else None)
        value = row[_TOLD[name]]
        if name == "status" and value == Status.WAIVED.value and told.get("waived"):
            continue  # a run tried it once more before it saw that a person had closed it
        if value != expected:
            found.append(f"{_TOLD[name]} is {value}, recorded was {expected}")
    return found
