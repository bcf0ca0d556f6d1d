"""What the console asks for: versions of content, documents in NAV, sources, waivers; purgeable texts; chain head."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import op

if TYPE_CHECKING:
    from collections.abc import Iterator

revision = "0002"
down_revision = "0001"

_JSON = sa.JSON(none_as_null=True)
_AT_ONCE = 500
_WAITING = {"held", "failed", "changed"}


def upgrade() -> None:
    """Add tables and columns, and move what is known into them."""
    _create_tables()
    _add_columns()
    _move_documents(op.get_bind())
    with op.batch_alter_table("documents") as documents:
        for name in ("content", "posted_content", "decided_by"):
            documents.drop_column(name)
    _create_indexes()
    connection = op.get_bind()
    last = connection.execute(
        sa.text("SELECT sequence, hash FROM events ORDER BY sequence DESC LIMIT 1")
    ).one_or_none()
    connection.execute(
        sa.text("INSERT INTO chain_head (id, sequence, hash) VALUES (1, :sequence, :hash)"),
        {"sequence": last.sequence if last else 0, "hash": last.hash if last else "0" * 64},
    )


def _create_tables() -> None:
    op.create_table(
        "contents",
        sa.Column("ledger_id", sa.String(200), primary_key=True),
        sa.Column("document_key", sa.String(35), primary_key=True),
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", _JSON, nullable=False),
        sa.Column("document", _JSON),
        sa.Column("decided_by", _JSON),
        sa.Column("first_read_at", sa.String(32), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "nav_documents",
        sa.Column("ledger_id", sa.String(200), primary_key=True),
        sa.Column("nav_key", sa.String(35), primary_key=True),
        sa.Column("nav_id", sa.String(64), primary_key=True),
        sa.Column("document_key", sa.String(35), nullable=False),
        sa.Column("part_number", sa.Integer, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("nav_number", sa.String(35)),
        sa.Column("digest", sa.String(64)),
        sa.Column("total", sa.String(32)),
        sa.Column("currency_code", sa.String(10)),
        sa.Column("posting_date", sa.String(10)),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("removed_at", sa.String(32)),
        sa.Column("run_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "posted_sources",
        sa.Column("source_id", sa.String(64), primary_key=True),
        sa.Column("ledger_id", sa.String(200), primary_key=True),
        sa.Column("document_key", sa.String(35), primary_key=True),
        sa.Column("part_number", sa.Integer, nullable=False),
    )
    op.create_table(
        "chain_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "claims",
        sa.Column("ledger_id", sa.String(200), primary_key=True),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("process_id", sa.BigInteger, nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
    )


def _add_columns() -> None:
    text, time, digest = sa.String(64), sa.String(32), sa.String(64)
    added: dict[str, list[sa.Column[Any]]] = {
        "runs": [
            sa.Column("host", sa.String(255)),
            sa.Column("process_id", sa.BigInteger),
            sa.Column("who", sa.String(255)),
            sa.Column("version", sa.String(32)),
        ],
        "documents": [
            sa.Column("reason_code", text),
            sa.Column("source_number", text),
            sa.Column("source_url", sa.String(500)),
            sa.Column("policy_id", text),
            sa.Column("policy_name", sa.String(250)),
            sa.Column("submitter", sa.String(250)),
            sa.Column("approved_at", sa.String(32)),
            sa.Column("part", sa.String(32)),
            sa.Column("vendor_number", sa.String(20)),
            sa.Column("posting_date", sa.String(10)),
            sa.Column("document_date", sa.String(10)),
            sa.Column("total_whole", sa.BigInteger),
            sa.Column("total_fraction", sa.Integer),
            sa.Column("content_digest", digest),
            sa.Column("version", digest),
            sa.Column("posted_version", digest),
            sa.Column("part_number", sa.Integer, nullable=False, server_default="0"),
            sa.Column("attempts", sa.Integer, nullable=False, server_default="1"),
            sa.Column("last_seen_at", time),
            sa.Column("held_since", time),
            sa.Column("waived_at", time),
            sa.Column("waived_by", sa.String(250)),
            sa.Column("waived_reason", sa.Text),
            sa.Column("waived_digest", digest),
            sa.Column("status_before_waiver", sa.String(20)),
            sa.Column("purged_at", time),
        ],
        "events": [
            sa.Column("format", sa.SmallInteger, nullable=False, server_default="1"),
            sa.Column("who", sa.String(255)),
            sa.Column("details", sa.Text),
            sa.Column("details_salt", sa.String(32)),
            sa.Column("details_digest", digest),
        ],
    }
    for table, columns in added.items():
        for column in columns:
            op.add_column(table, column)
    if op.get_bind().dialect.name == "postgresql":  # SQLite's integers are of one size
        op.alter_column("events", "sequence", type_=sa.BigInteger)


def _create_indexes() -> None:
    for table, names in {
        "runs": ("started_at",),
        "documents": (
            *("reason_code", "source_number", "policy_id", "policy_name", "approved_at"),
            *("posting_date", "nav_number"),
        ),
        "events": ("run_id", "kind"),
    }.items():
        for name in names:
            op.create_index(f"ix_{table}_{name}", table, [name])
    op.create_index("ix_documents_submitter", "documents", [sa.text("lower(submitter)")])
    op.drop_index("ix_events_document_key", "events")
    for index, table, columns in (
        ("ix_events_document", "events", ["document_key", "ledger_id", "sequence"]),
        ("ix_documents_key", "documents", ["document_key"]),
        ("ix_documents_waiting", "documents", ["held_since", "status", "reason_code"]),
        ("ix_documents_changed", "documents", ["changed_at", "document_key"]),
        ("ix_documents_latest", "documents", ["ledger_id", "changed_at"]),
        (
            "ix_documents_totals",
            "documents",
            [
                *("company", "status", "currency_code", "posting_date", "kind"),
                *("total_whole", "total_fraction"),
            ],
        ),
        ("ix_nav_documents_document", "nav_documents", ["ledger_id", "document_key"]),
        ("ix_nav_documents_number", "nav_documents", ["ledger_id", "nav_number"]),
        ("ix_posted_sources_document", "posted_sources", ["ledger_id", "document_key"]),
    ):
        op.create_index(index, table, columns)


def _move_documents(connection: sa.Connection) -> None:
    """Fill the new columns from what the feed told, and keep the known contents as versions."""
    documents, contents, nav_documents = _reflected(connection)
    this = sa.and_(
        documents.c.ledger_id == sa.bindparam("this_ledger"),
        documents.c.document_key == sa.bindparam("this_key"),
    )
    filled = [
        *("reason_code", "source_number", "source_url", "policy_id", "policy_name", "submitter"),
        *("approved_at", "part", "vendor_number", "total_whole", "total_fraction"),
        *("content_digest", "version", "posted_version", "last_seen_at", "held_since"),
    ]
    change = sa.update(documents).where(this).values({name: sa.bindparam(name) for name in filled})
    for rows in _batches(connection, documents):
        updates: list[dict[str, Any]] = []
        versions: list[dict[str, Any]] = []
        in_nav: list[dict[str, Any]] = []
        for row in rows:
            known = _versions(row)
            versions += known.values()
            updates.append(
                {
                    "this_ledger": row["ledger_id"],
                    "this_key": row["document_key"],
                    **_told(row),
                    "content_digest": _digest(row["content"]),
                    "version": _digest(row["content"]),
                    "posted_version": _digest(row["posted_content"]),
                }
            )
            if row["nav_number"] and (row["posted_digest"] or row["draft_digest"]):
                in_nav.append(_in_nav(row))
        connection.execute(change, updates)
        if versions:
            connection.execute(sa.insert(contents), versions)
        if in_nav:
            connection.execute(sa.insert(nav_documents), in_nav)


def _reflected(connection: sa.Connection) -> tuple[sa.Table, sa.Table, sa.Table]:
    """The tables as they are now, with JSON read and written as such."""
    metadata = sa.MetaData()
    tables = {}
    for name, as_json in (
        ("documents", ("reasons", "source", "content", "posted_content", "decided_by")),
        ("contents", ("content", "document", "decided_by")),
        ("nav_documents", ()),
    ):
        tables[name] = sa.Table(
            name,
            metadata,
            *(sa.Column(column, _JSON) for column in as_json),
            autoload_with=connection,
        )
    return tables["documents"], tables["contents"], tables["nav_documents"]


def _batches(connection: sa.Connection, documents: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """The rows by their key, some hundred at a time."""
    place = sa.tuple_(documents.c.ledger_id, documents.c.document_key)
    after: tuple[str, str] = ("", "")
    while True:
        rows = connection.execute(
            sa.select(documents)
            .where(place > after)
            .order_by(documents.c.ledger_id, documents.c.document_key)
            .limit(_AT_ONCE)
        ).all()
        if not rows:
            return
        yield [row._asdict() for row in rows]
        after = (rows[-1].ledger_id, rows[-1].document_key)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """What the feed told of a document, in the columns that it has now."""
    source, reasons = row["source"] or {}, row["reasons"] or []
    vendor = (row["content"] or {}).get("vendor_number")
    return {
        "reason_code": _text(reasons[0].get("code") if reasons else None, 64),
        "source_number": _text(source.get("number"), 64),
        "source_url": _text(source.get("url"), 500),
        "policy_id": _text(source.get("policy_id"), 64),
        "policy_name": _text(source.get("policy_name"), 250),
        "submitter": _text(source.get("submitter"), 250),
        "approved_at": _text(source.get("approved_at"), 32),
        "part": _text(source.get("part"), 32),
        "vendor_number": _text(vendor, 20),
        "last_seen_at": row["changed_at"],
        "held_since": row["changed_at"] if row["status"] in _WAITING else None,
        **_amount(row["total"]),
    }


def _versions(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The contents that the row knows, by digest. The rules are known of the one read last."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("posted_content", "content"):
        digest = _digest(row[name])
        if digest is not None:
            found[digest] = {
                "ledger_id": row["ledger_id"],
                "document_key": row["document_key"],
                "version": digest,
                "digest": digest,
                "content": row[name],
                "document": None,
                "decided_by": row["decided_by"] if name == "content" else None,
                "first_read_at": row["changed_at"],
                "run_id": row["run_id"],
            }
    return found


def _in_nav(row: dict[str, Any]) -> dict[str, Any]:
    posted = row["posted_digest"] is not None
    content = (row["posted_content"] if posted else row["content"]) or {}
    return {
        "ledger_id": row["ledger_id"],
        "nav_key": row["document_key"],
        "nav_id": row["nav_id"] or row["nav_number"],
        "document_key": row["document_key"],
        "part_number": 0,
        "role": "posted" if posted else "draft",
        "kind": row["kind"],
        "nav_number": row["nav_number"],
        "digest": row["posted_digest"] if posted else row["draft_digest"],
        "total": content.get("total"),
        "currency_code": content.get("currency_code"),
        "at": row["changed_at"],
        "run_id": row["run_id"],
    }


def _amount(total: str | None) -> dict[str, int | None]:
    try:
        amount = None if total is None else Decimal(total)
    except InvalidOperation:
        amount = None
    if amount is None:
        return {"total_whole": None, "total_fraction": None}
    return {
        "total_whole": int(amount),
        "total_fraction": int((amount - int(amount)) * 100_000),
    }


def _digest(content: dict[str, Any] | None) -> str | None:
    if content is None:
        return None
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _text(value: object, length: int) -> str | None:
    return None if value is None else str(value)[:length]
