"""The same reports by every dialect and login: the general ledger is the same, to the cent and the dimension."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.testing import running_sandbox

from .feeds import documents_of, excerpt
from .project import TOOLS, Project, books_of, clean_environment, postings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from expense_sandbox.testing import Sandbox

A_FEW_DAYS = {"TAP_EXPENSIFY_START_DATE": "2026-03-10", "TAP_EXPENSIFY_END_DATE": "2026-03-12"}
PATHS = {"api_v2": "/api/v2.0", "odata_v4": "", "soap": ""}
CREDENTIAL_TYPES = {"basic": "NavUserPassword", "ntlm": "Windows", "oauth2": "AccessControlService"}
IN_EVERY_RUN = {("odata_v4", "ntlm"), ("soap", "basic")}
WAYS = [
    pytest.param(
        dialect,
        auth_method,
        marks=[] if (dialect, auth_method) in IN_EVERY_RUN else [pytest.mark.thorough],
    )
    for dialect in PATHS
    for auth_method in CREDENTIAL_TYPES
    if (dialect, auth_method)
    != ("api_v2", "oauth2")  # that is the run all others are compared with
]
COMPARED = (
    "posting_date", "document_type", "external_document_number", "account_number", "amount",
    "source_currency_code", "source_amount",
)  # fmt: skip


def ledger_of(sandbox: Sandbox) -> Counter[tuple[Any, ...]]:
    """All entries with everything that matters, however they are numbered."""
    return Counter(
        (
            *(entry[name] for name in COMPARED),
            tuple(sorted(entry["dimensions"].items())),
        )
        for entry in books_of(sandbox)["gl_entries"]
    )


def on_premises(sandbox: Sandbox, dialect: str, auth_method: str) -> dict[str, str]:
    return {
        "TARGET_DYNAMICS_NAV_DIALECT": dialect,
        "TARGET_DYNAMICS_NAV_BASE_URL": sandbox.on_premises_url + PATHS[dialect],
        "TARGET_DYNAMICS_NAV_AUTH_METHOD": auth_method,
    }


@pytest.fixture(scope="module")
def compared_with(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Counter[tuple[Any, ...]]]:
    """The general ledger after a run over Business Central's own API."""
    with running_sandbox() as sandbox:
        project = Project(tmp_path_factory.mktemp("dialects") / "project", sandbox)
        finished = project.run(**A_FEW_DAYS)
        assert finished.exit_code == 0, finished.output
        ledger = ledger_of(sandbox)
        assert len(ledger) > 20
        yield ledger


@pytest.mark.parametrize(("dialect", "auth_method"), WAYS)
def test_the_general_ledger_is_the_same(
    dialect: str, auth_method: str, tmp_path: Path, compared_with: Counter[tuple[Any, ...]]
) -> None:
    with running_sandbox(nav_credential_type=CREDENTIAL_TYPES[auth_method]) as sandbox:
        project = Project(tmp_path / "project", sandbox)
        way = on_premises(sandbox, dialect, auth_method)
        first = project.run(**A_FEW_DAYS, **way)
        assert first.exit_code == 0, first.output
        assert set(first.counts()) == {"posted"}
        assert ledger_of(sandbox) == compared_with
        assert set(postings_of(books_of(sandbox)).values()) == {1}

        if auth_method != "basic":
            return  # how somebody logged in makes no difference to what is found
        project.forget()
        again = project.run(**A_FEW_DAYS, **way)
        assert again.exit_code == 0, again.output
        assert again.counts() == {"already_posted": first.counts()["posted"]}
        assert ledger_of(sandbox) == compared_with
        found = books_of(sandbox)
        assert (found["drafts"], found["journals"]) == ([], [])


def test_the_executable_posts_the_same_by_every_dialect(tmp_path: Path) -> None:
    """More documents, foreign currencies and credit memos among them, straight into the target."""
    ledgers: dict[str, Counter[tuple[Any, ...]]] = {}
    feed: bytes | None = None
    for dialect in PATHS:
        with running_sandbox() as sandbox:
            if feed is None:
                messages = excerpt(
                    documents_of(sandbox),
                    {"purchase_invoices": 25, "purchase_credit_memos": 3, "journal_entries": 10},
                    only=lambda record: not record["problems"] and not record["skip"],
                )
                feed = "".join(f"{json.dumps(message)}\n" for message in messages).encode()
            done = _target(sandbox, on_premises(sandbox, dialect, "basic"), feed, tmp_path, dialect)
            assert done.returncode == 0, done.stderr.decode()
            states = done.stdout.decode().splitlines()
            assert json.loads(states[-1])["documents"] == 38
            ledgers[dialect] = ledger_of(sandbox)
    assert ledgers["api_v2"] == ledgers["odata_v4"] == ledgers["soap"]
    assert {entry[5] for entry in ledgers["api_v2"]} >= {"USD", "GBP"}


def test_drafts_for_a_person_where_nothing_posts(tmp_path: Path) -> None:
    """Without the codeunit a server of one's own takes drafts; a run that has to post does not begin."""
    with running_sandbox() as sandbox:
        sandbox.books.services.unpublish("Codeunit", "ExpensePosting")
        messages = excerpt(
            documents_of(sandbox),
            {"purchase_invoices": 2},
            only=lambda record: not record["problems"] and not record["skip"],
        )
        feed = "".join(f"{json.dumps(message)}\n" for message in messages).encode()
        way = on_premises(sandbox, "soap", "basic")
        required = _target(sandbox, way, feed, tmp_path, "required")
        assert required.returncode == 78
        assert b"ExpensePosting" in required.stderr
        way["TARGET_DYNAMICS_NAV_POST"] = "if_possible"
        done = _target(sandbox, way, feed, tmp_path, "if_possible")
        assert done.returncode == 0, done.stderr.decode()
        assert json.loads(done.stdout.decode().splitlines()[-1])["documents"] == 2
        assert len(books_of(sandbox)["drafts"]) == 2
        assert books_of(sandbox)["gl_entries"] == []


def _target(
    sandbox: Sandbox, way: Mapping[str, str], feed: bytes, folder: Path, name: str
) -> subprocess.CompletedProcess[bytes]:
    environment = clean_environment(
        **{
            **sandbox.settings(),
            **way,
            "TARGET_DYNAMICS_NAV_COMPANY": "CRONUS Europe",
            "TARGET_DYNAMICS_NAV_LEDGER_URL": f"sqlite:///{folder / name}.sqlite3",
        }
    )
    return subprocess.run(
        [TOOLS / "target-dynamics-nav", "--config", "ENV"],
        env=environment,
        input=feed,
        capture_output=True,
        check=False,
        timeout=280,
    )
