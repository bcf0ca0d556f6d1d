"""Where ledgers are kept in tests.

Tests that ask for `place` run on SQLite and on PostgreSQL (Debian: postgresql). Without one, these are left out, and
the session says so; with REQUIRE_POSTGRESQL=1 they fail instead.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.pipeline.postgresql import DATABASE, USER, running_postgresql, tools

from .ledgers import Place

REQUIRED = os.environ.get("REQUIRE_POSTGRESQL", "") not in {"", "0"}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[sa.URL]:
    """A PostgreSQL of this session's own."""
    folder = tools()
    if folder is None:
        if REQUIRED:
            pytest.fail(
                "REQUIRE_POSTGRESQL is set, and there is no PostgreSQL (Debian: postgresql)"
            )
        pytest.skip("no PostgreSQL (Debian: postgresql)")
    with running_postgresql(folder) as server:
        yield sa.URL.create(
            "postgresql+psycopg", USER, server.password, "127.0.0.1", server.port, DATABASE
        )


@pytest.fixture
def postgresql_place(postgresql: sa.URL) -> Iterator[Place]:
    """A new database."""
    name = f"ledger_{uuid.uuid4().hex}"
    server = sa.create_engine(postgresql, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    yield Place(postgresql.set(database=name).render_as_string(hide_password=False))
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    """A new file, in a folder that is not there yet."""
    return Place(f"sqlite:///{tmp_path / 'new folder' / 'ledger.sqlite3'}")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Place:
    """A new database of each kind."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found
