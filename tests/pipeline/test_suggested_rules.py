"""`expense-rules suggest`: what it writes, used as it is, posts nearly everything through the real executables."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from .expectations import actual_sums, expected_sums
from .feeds import target_environment
from .project import TOOLS, books_of, clean_environment, postings_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from expense_sandbox.testing import Sandbox

    from .expectations import Position

UNPOSTABLE = 3
"""Reports that are planted so that they cannot post: an unmapped category, a blocked account, a blocked value."""


def called(
    *command: str, environment: dict[str, str], fed: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """One of the project's executables, run to its end."""
    done = subprocess.run(
        [TOOLS / command[0], *command[1:]],
        env=environment,
        input=fed,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done


def by_account(sums: Mapping[Position, Decimal]) -> dict[str, Decimal]:
    """Sums without their dimensions."""
    result: dict[str, Decimal] = defaultdict(Decimal)
    for (account, _), amount in sums.items():
        result[account] += amount
    return dict(result)


def test_suggested_rules_post_nearly_everything_unedited(sandbox: Sandbox, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    target = {
        **target_environment(sandbox, ledger),
        "TARGET_DYNAMICS_NAV_IGNORE_STREAMS": '["*"]',
    }
    source = clean_environment(**sandbox.settings(), TAP_EXPENSIFY_START_DATE="2026-01-01")
    feed = called("tap-expensify", "--config", "ENV", environment=source).stdout
    reports = tmp_path / "reports.singer"
    reports.write_bytes(feed)

    # What is written to standard output is the rules file; how far it goes is said beside it, and on its first line.
    suggested = called("expense-rules", "suggest", "--reports", str(reports), environment=target)
    rules = tmp_path / "suggested.yml"
    rules.write_bytes(suggested.stdout)
    said = re.fullmatch(
        r"(\d+) of (\d+) reports have all that posting needs, with (\d+) guesses to confirm\.\n",
        suggested.stderr.decode(),
    )
    assert said is not None, suggested.stderr
    assert suggested.stdout.decode().startswith(f"# {said[0]}")
    able, every, guesses = map(int, said.groups())
    assert guesses == suggested.stdout.decode().count("  # GUESS: ")

    mapping = clean_environment(MAP_EXPENSIFY_NAV_RULES_FILE=str(rules))
    documents = called("map-expensify-nav", "--config", "ENV", environment=mapping, fed=feed)
    called("target-dynamics-nav", "--config", "ENV", environment=target, fed=documents.stdout)

    with sqlite3.connect(ledger) as connection:
        standings = connection.execute(
            "SELECT document_key, source_id, status FROM documents"
        ).fetchall()
    read = {
        message["record"]["report_id"]
        for message in map(json.loads, feed.splitlines())
        if message["type"] == "RECORD" and message["stream"] == "reports"
    }
    assert {report for _, report, _ in standings} == read
    held = {report for _, report, status in standings if status not in {"posted", "skipped"}}
    assert len(read) == every
    assert len(read - held) >= 0.9 * every
    # What it said before anything was posted is what came of it.
    assert (len(read - held), len(held)) == (able, UNPOSTABLE)

    books = books_of(sandbox)
    posted = Counter(key for key, _, status in standings if status == "posted")
    assert postings_of(books) == posted
    # Accounts are right as well, by a second opinion: the guesses among them were good ones.
    assert by_account(actual_sums(books["gl_entries"])) == by_account(
        expected_sums(sandbox.world.reports, held)
    )
