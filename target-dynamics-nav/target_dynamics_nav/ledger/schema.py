"""Brings a ledger's tables to what this version of the target needs, whenever one is opened.

A new ledger gets its tables at once; an older one is migrated by Alembic, in one transaction that nobody else can
disturb: on SQLite it is the only writer, on PostgreSQL it holds an advisory lock until it ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.ledger import chain
from target_dynamics_nav.ledger.tables import SCHEMA_VERSION, metadata, schema_version

if TYPE_CHECKING:
    from alembic.config import Config

    from target_dynamics_nav.ledger.database import Database

FIRST_VERSION = "0001"
"""The schema of ledgers that say nothing of their version."""

_MIGRATION_LOCK = 4_602_371_985_101
"""Number of the advisory lock that migrations take turns by: any, but always the same."""


def prepare(database: Database) -> None:
    """Create or migrate the tables, where that is needed.

    Raises:
        ConfigurationError: A newer version of the target made this ledger.
        OutageError: The database does not answer.
    """
    with database.reading() as connection:
        if _version(connection) == SCHEMA_VERSION:
            return
    with database.writing() as connection:
        if database.is_postgresql:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        version = _version(connection)  # another process may have been faster
        if version == SCHEMA_VERSION:
            return
        if version is None:
            metadata.create_all(connection)
            connection.execute(sa.insert(schema_version).values(version_num=SCHEMA_VERSION))
            chain.begin(connection)
        else:
            _migrate(connection, version)


def _version(connection: sa.Connection) -> str | None:
    """The version of a ledger; None when there is none at all."""
    tables = sa.inspect(connection)
    if tables.has_table(schema_version.name):
        version: str = connection.execute(sa.select(schema_version.c.version_num)).scalar_one()
        return version
    return FIRST_VERSION if tables.has_table("events") else None


def _migrate(connection: sa.Connection, version: str) -> None:
    from alembic import command  # noqa: PLC0415 - slow to load, and rarely needed
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    config = migrations()
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if version not in known:
        raise ConfigurationError(
            f"The audit ledger was made by a newer version of the target (schema {version}; this one knows "
            f"{SCHEMA_VERSION}).",
            code="ledger_too_new",
            field="ledger_url",
            hint="Install the newer version of target-dynamics-nav again; nothing was changed.",
        )
    config.attributes["connection"] = connection
    if not sa.inspect(connection).has_table(schema_version.name):
        command.stamp(config, version)
    command.upgrade(config, "head")


def migrations() -> Config:
    """Alembic's configuration for the migrations that come with this package."""
    from alembic.config import Config  # noqa: PLC0415 - slow to load, and rarely needed

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
