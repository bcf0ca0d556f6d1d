"""Ledgers of other versions: older ones are migrated whole, newer ones are left alone."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from target_dynamics_nav.errors import ConfigurationError, OutageError
from target_dynamics_nav.ledger import Books, Ledger, queries
from target_dynamics_nav.ledger.schema import migrations
from target_dynamics_nav.ledger.tables import SCHEMA_VERSION, metadata, schema_version
from target_dynamics_nav.settlement import Status

from .ledgers import BOOKS, Place

OLD = Path(__file__).parent / "data" / "ledger_of_schema_0001.sql"
"""A ledger as the target wrote it before it knew of schema versions, in SQL that every database takes."""


@pytest.fixture
def old(place: Place) -> Place:
    with place.connection() as connection:
        for statement in OLD.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
    return place


def test_an_old_ledger_is_migrated_with_all_it_knows(old: Place) -> None:
    before = {row.document_key: row for row in old.query("SELECT * FROM documents")}
    ledger = old.open()
    changed = ledger.standing(BOOKS, "E100-R")
    assert changed is not None
    assert (changed.status, changed.nav_number, changed.part_number) == (
        Status.CHANGED,
        "108001",
        0,
    )
    assert changed.posted_digest == before["E100-R"].posted_digest
    posted = before["E100-R"].posted_content
    assert changed.posted_content == (json.loads(posted) if isinstance(posted, str) else posted)
    rows = {
        row.document_key: row
        for row in old.query(
            "SELECT document_key, policy_id, policy_name, submitter, approved_at, part, source_number, reason_code, "
            "total_whole, total_fraction, attempts, held_since, content_digest, posted_digest, status FROM documents"
        )
    }
    assert rows.keys() == before.keys() == {f"E10{number}-R" for number in range(5)}
    assert rows["E101-R"][1:10] == (
        *("P1", "Sales", "anna@northwind.example", "2026-03-30 10:00:00", "reimbursable"),
        *("47101", "total_differs", 30, 50_000),
    )
    assert rows["E101-R"].held_since == before["E101-R"].changed_at
    assert rows["E102-R"].held_since is None
    assert rows["E104-R"].total_whole is None
    found = queries.story(ledger, BOOKS.ledger_id, "E100-R")
    assert found is not None
    assert [version["content"]["total"] for version in found.versions] in (
        ["30", "31"],
        ["31", "30"],
    )
    assert [(made["role"], made["nav_id"]) for made in found.nav_documents] == [("posted", "id-1")]
    assert [event.kind for event in found.events] == ["draft_intended", "posted", "changed"]
    assert found.events[0].told["attempt"] == 1
    draft = queries.story(ledger, BOOKS.ledger_id, "E102-R")
    assert draft is not None
    assert draft.nav_documents[0]["role"] == "draft"
    ledger.close()


def test_the_chain_of_an_old_ledger_goes_on(old: Place) -> None:
    ledger = old.open("run-2")
    assert list(ledger.verify_chain()) == []
    ledger.record_event("looked_up", {}, books=BOOKS, key="E100-R")
    ledger.flush()
    assert list(ledger.verify_chain()) == []
    assert list(ledger.verify_documents()) == []
    old.execute("UPDATE events SET who = 'me' WHERE sequence = 2")
    assert [found.sequence for found in ledger.verify_chain()] == [2]
    ledger.close()


def test_texts_of_an_old_ledger_can_be_purged(old: Place) -> None:
    ledger = old.open()
    assert "nna" in old.all_of("documents") + old.all_of("events")
    assert ledger.purge_person("ANNA@northwind.example", "auditor") == 5
    assert list(ledger.verify_chain()) == []
    for table in ("documents", "contents", "events"):
        assert "nna" not in old.all_of(table)
    old.execute("UPDATE events SET kind = 'posted' WHERE sequence = 4")
    assert [found.sequence for found in ledger.verify_chain()] == [
        old.query("SELECT max(sequence) FROM events")[0][0]
    ]
    ledger.close()


@pytest.mark.filterwarnings(
    "ignore:autogenerate skipping metadata-specified expression-based index"
)
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_a_new_ledger_and_a_migrated_one_are_the_same(old: Place) -> None:
    old.open().close()
    with old.connection() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema_version.name}
        )
        differences = compare_metadata(context, metadata)
    assert [item for item in differences if schema_version.name not in str(item)] == []


def test_the_newest_migration_leads_to_the_schema_of_the_code() -> None:
    assert ScriptDirectory.from_config(migrations()).get_current_head() == SCHEMA_VERSION


def test_a_newer_ledger_is_left_alone(place: Place) -> None:
    place.open().close()
    place.execute("UPDATE ledger_schema_version SET version_num = '9999'")
    with pytest.raises(ConfigurationError) as caught:
        place.open()
    assert caught.value.code == "ledger_too_new"
    assert place.query("SELECT version_num FROM ledger_schema_version") == [("9999",)]


def test_a_migration_that_fails_changes_nothing(old: Place) -> None:
    old.execute("CREATE TABLE claims (mine INTEGER)")
    with pytest.raises(OutageError):
        old.open()
    with old.connection() as connection:
        tables = sa.inspect(connection)
        assert not tables.has_table("contents")
        assert "content" in {column["name"] for column in tables.get_columns("documents")}
    old.execute("DROP TABLE claims")
    ledger = old.open()
    assert ledger.standing(BOOKS, "E101-R") is not None
    ledger.close()


def test_many_at_once_migrate_it_once(old: Place) -> None:
    found: list[object] = []

    def work() -> None:
        try:
            ledger = Ledger(old.url)
            found.append(ledger.standing(Books.of(BOOKS.ledger_id, "CRONUS"), "E102-R"))
            ledger.close()
        except (OutageError, ConfigurationError) as error:
            found.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(found) == 4
    assert all(getattr(item, "status", item) is Status.DRAFT for item in found), found
