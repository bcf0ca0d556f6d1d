"""The tables of the audit ledger. `SCHEMA_VERSION` names the migration that leads here.

What may be purged is kept apart from what may not: `PERSONAL` columns can be emptied at any time, and no hash of the
chain covers them except through a salted digest that goes with them.
"""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = "0002"
"""Revision of the newest migration; a ledger of another revision is migrated when it is opened."""

metadata = sa.MetaData()

_JSON = sa.JSON(none_as_null=True)
_TIME = sa.String(32)  # UTC, ISO 8601 with microseconds and "Z": in order as text on every database
_DAY = sa.String(10)  # ISO 8601
_DIGEST = sa.String(64)
_LEDGER_ID = sa.String(200)
_KEY = sa.String(35)
_SEQUENCE = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # there all integers are of one size

schema_version = sa.Table(
    "ledger_schema_version",
    metadata,
    sa.Column("version_num", sa.String(32), primary_key=True),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_id", sa.String(64), primary_key=True),
    sa.Column("started_at", _TIME, nullable=False, index=True),
    sa.Column("ended_at", _TIME),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("outcome", sa.String(64), doc="finished, or the code of what stopped it"),
    sa.Column("counts", _JSON, doc="{status: documents}"),
    sa.Column("host", sa.String(255)),
    sa.Column("process_id", sa.BigInteger),
    sa.Column("who", sa.String(255), doc="the operating system's user"),
    sa.Column("version", sa.String(32), doc="of the target"),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("ledger_id", _LEDGER_ID, primary_key=True, doc="which books: NAV and company"),
    sa.Column("document_key", _KEY, primary_key=True),
    sa.Column("company", sa.String(250), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("status", sa.String(20), nullable=False, index=True),
    sa.Column("reasons", _JSON, nullable=False, doc="[{code, message, field, value, hint}]"),
    sa.Column("reason_code", sa.String(64), index=True, doc="code of the first reason"),
    sa.Column("source_id", sa.String(64), index=True, doc="e.g. the report's id"),
    sa.Column("source_number", sa.String(64), index=True, doc="its other id, for people"),
    sa.Column("source", _JSON, nullable=False, doc="as the feed told it"),
    sa.Column("source_url", sa.String(500)),
    sa.Column("policy_id", sa.String(64), index=True),
    sa.Column("policy_name", sa.String(250), index=True),
    sa.Column("submitter", sa.String(250)),
    sa.Column("approved_at", sa.String(32), index=True, doc="as the feed told it"),
    sa.Column("part", sa.String(32), doc="which expenses of the report"),
    sa.Column("vendor_number", sa.String(20)),
    sa.Column("posting_date", _DAY, index=True),
    sa.Column("document_date", _DAY),
    sa.Column("total", sa.String(32), doc="decimal, document currency"),
    sa.Column("total_whole", sa.BigInteger, doc="the total's whole units, with its sign"),
    sa.Column("total_fraction", sa.Integer, doc="the rest in 1/100,000, with its sign"),
    sa.Column("currency_code", sa.String(10), doc="null is the company's own"),
    sa.Column("nav_id", sa.String(64)),
    sa.Column("nav_number", sa.String(35), index=True),
    sa.Column("content_digest", _DIGEST, doc="digest of the financial content as last read"),
    sa.Column("version", _DIGEST, doc="of `contents`, as last read"),
    sa.Column("posted_digest", _DIGEST, doc="digest of the financial content that is posted"),
    sa.Column("posted_version", _DIGEST, doc="of `contents`, as posted"),
    sa.Column("draft_digest", _DIGEST, doc="digest of the content of the verified draft"),
    sa.Column("part_number", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="1", doc="runs that tried"),
    sa.Column("first_seen_at", _TIME, nullable=False),
    sa.Column("last_seen_at", _TIME, doc="last recorded; a settled document is not recorded anew"),
    sa.Column("changed_at", _TIME, nullable=False, doc="when its standing last changed"),
    sa.Column("held_since", _TIME, doc="since when it waits: held, failed or changed"),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("waived_at", _TIME),
    sa.Column("waived_by", sa.String(250)),
    sa.Column("waived_reason", sa.Text),
    sa.Column("waived_digest", _DIGEST, doc="content_digest when it was waived"),
    sa.Column("status_before_waiver", sa.String(20)),
    sa.Column("purged_at", _TIME, doc="when personal data and texts were removed"),
    sa.Index("ix_documents_key", "document_key"),
    sa.Index("ix_documents_submitter", sa.text("lower(submitter)")),
    sa.Index("ix_documents_waiting", "held_since", "status", "reason_code"),
    sa.Index("ix_documents_changed", "changed_at", "document_key"),
    sa.Index("ix_documents_latest", "ledger_id", "changed_at"),
    # Totals are added up from this index alone.
    sa.Index(
        "ix_documents_totals",
        *("company", "status", "currency_code", "posting_date", "kind"),
        *("total_whole", "total_fraction"),
    ),
)

contents = sa.Table(
    "contents",
    metadata,
    sa.Column("ledger_id", _LEDGER_ID, primary_key=True),
    sa.Column("document_key", _KEY, primary_key=True),
    sa.Column("version", _DIGEST, primary_key=True, doc="digest of content, texts and rules"),
    sa.Column("digest", _DIGEST, nullable=False, doc="digest of the financial content"),
    sa.Column("content", _JSON, nullable=False, doc="the financial content: Document.content"),
    sa.Column("document", _JSON, doc="header, lines in order, texts; null after a purge"),
    sa.Column("decided_by", _JSON, doc="{field: rule}; null after a purge"),
    sa.Column("first_read_at", _TIME, nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False),
)

nav_documents = sa.Table(
    "nav_documents",
    metadata,
    sa.Column("ledger_id", _LEDGER_ID, primary_key=True),
    sa.Column("nav_key", _KEY, primary_key=True, doc="external document number in NAV"),
    sa.Column("nav_id", sa.String(64), primary_key=True, doc="NAV's id, else its number"),
    sa.Column("document_key", _KEY, nullable=False),
    sa.Column("part_number", sa.Integer, nullable=False, doc="0: first posting, 1: corrected"),
    sa.Column("role", sa.String(16), nullable=False, doc="draft, posted, credit or reposted"),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("nav_number", sa.String(35)),
    sa.Column("digest", _DIGEST, doc="digest of the financial content it holds"),
    sa.Column("total", sa.String(32)),
    sa.Column("currency_code", sa.String(10)),
    sa.Column("posting_date", _DAY),
    sa.Column("at", _TIME, nullable=False, doc="when it took this role"),
    sa.Column("removed_at", _TIME, doc="a draft that is gone"),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Index("ix_nav_documents_document", "ledger_id", "document_key"),
    sa.Index("ix_nav_documents_number", "ledger_id", "nav_number"),
)

posted_sources = sa.Table(
    "posted_sources",
    metadata,
    sa.Column("source_id", sa.String(64), primary_key=True, doc="e.g. an expense's id"),
    sa.Column("ledger_id", _LEDGER_ID, primary_key=True),
    sa.Column("document_key", _KEY, primary_key=True),
    sa.Column("part_number", sa.Integer, nullable=False),
    sa.Index("ix_posted_sources_document", "ledger_id", "document_key"),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("sequence", _SEQUENCE, primary_key=True, autoincrement=False),
    sa.Column("at", _TIME, nullable=False),
    sa.Column("run_id", sa.String(64), nullable=False, index=True),
    sa.Column("ledger_id", _LEDGER_ID),
    sa.Column("document_key", _KEY),
    sa.Column("kind", sa.String(40), nullable=False, index=True),
    sa.Column("data", sa.Text, nullable=False, doc="JSON: codes, numbers, digests; chained"),
    sa.Column("previous_hash", _DIGEST, nullable=False, unique=True),
    sa.Column("hash", _DIGEST, nullable=False),
    sa.Column("format", sa.SmallInteger, nullable=False, server_default="1"),
    sa.Column("who", sa.String(255)),
    sa.Column("details", sa.Text, doc="JSON: texts for people; null after a purge"),
    sa.Column("details_salt", sa.String(32), doc="goes with the details"),
    sa.Column("details_digest", _DIGEST, doc="chained digest of salt and details"),
    sa.Index("ix_events_document", "document_key", "ledger_id", "sequence"),
)

chain_head = sa.Table(
    "chain_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, doc="always 1"),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", _DIGEST, nullable=False),
)

claims = sa.Table(
    "claims",
    metadata,
    sa.Column("ledger_id", _LEDGER_ID, primary_key=True),
    sa.Column("run_id", sa.String(64), nullable=False),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("process_id", sa.BigInteger, nullable=False),
    sa.Column("since", _TIME, nullable=False),
)
"""Who holds a company, or held it last; the lock itself is the database's, or a file's."""
