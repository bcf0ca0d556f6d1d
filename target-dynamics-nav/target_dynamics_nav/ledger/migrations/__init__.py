"""Alembic's migrations of the audit ledger; `schema.prepare` runs them."""
