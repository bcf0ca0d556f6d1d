"""Alembic's environment: migrates on the connection, and in the transaction, that `schema.prepare` hands in."""

from __future__ import annotations

from alembic import context

from target_dynamics_nav.ledger.tables import metadata, schema_version

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=schema_version.name,
    # SQLite, too, can take back changed tables: the transaction was begun explicitly.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
