"""The ledger as it was before it had a version: `runs`, `documents`, `events`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the three tables."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(64), primary_key=True),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(64)),
        sa.Column("counts", sa.JSON),
    )
    op.create_table(
        "documents",
        sa.Column("ledger_id", sa.String(200), primary_key=True),
        sa.Column("document_key", sa.String(35), primary_key=True),
        sa.Column("company", sa.String(250), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("status", sa.String(20), nullable=False, index=True),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.Column("source_id", sa.String(64), index=True),
        sa.Column("source", sa.JSON, nullable=False),
        sa.Column("total", sa.String(32)),
        sa.Column("currency_code", sa.String(10)),
        sa.Column("nav_id", sa.String(64)),
        sa.Column("nav_number", sa.String(35)),
        sa.Column("posted_digest", sa.String(64)),
        sa.Column("draft_digest", sa.String(64)),
        sa.Column("content", sa.JSON),
        sa.Column("posted_content", sa.JSON),
        sa.Column("decided_by", sa.JSON),
        sa.Column("first_seen_at", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.String(32), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )
    op.create_table(
        "events",
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
