"""nav-audit reconcile as it is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from target_dynamics_nav.audit.command_line import main
from tests.target_dynamics_nav.desk import NAME, Desk, desk, line
from tests.target_dynamics_nav.nav_stand_in import CREDENTIALS

from .tampering import Tampering
from .test_reconcile import NAV, invoice, journal

RECORDS = [
    invoice(1),
    invoice(2),
    journal(3),
    invoice(4, lines=[line("8320", "109.00")]),
]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        made.run(*RECORDS)
        engine = sa.create_engine(f"sqlite:///{made.ledger}")
        with engine.begin() as connection:
            # The desk's runs call their NAV by a name of its own.
            for table in ("documents", "contents", "nav_documents", "posted_sources"):
                connection.execute(
                    sa.text(f"UPDATE {table} SET ledger_id = replace(ledger_id, :name, :address)"),  # noqa: S608
                    {"name": NAV, "address": f"{made.server.url}/api/v2.0"},
                )
        engine.dispose()
        yield made


def typed(at: Desk, *arguments: str, **settings: str) -> Result:
    environment = {
        "LEDGER_URL": f"sqlite:///{at.ledger}",
        "BASE_URL": f"{at.server.url}/api/v2.0",
        "COMPANY": NAME,
        "AUTH_METHOD": "basic",
        "USERNAME": CREDENTIALS.username,
        "PASSWORD": CREDENTIALS.password,
        **settings,
    }
    return CliRunner().invoke(
        main,
        ["reconcile", *arguments],
        env={f"TARGET_DYNAMICS_NAV_{name}": value for name, value in environment.items()},
    )


def feed(place: Path) -> str:
    messages = []
    for one in RECORDS:
        body = dict(one)
        messages.append({"type": "RECORD", "stream": body.pop("kind"), "record": body})
    place.write_text("\n".join(map(json.dumps, messages)), encoding="utf-8")
    return str(place)


def test_it_says_that_all_agrees_and_what_waits(at: Desk, tmp_path: Path) -> None:
    done = typed(at, "--month", "2026-01", "--documents", feed(tmp_path / "documents.jsonl"))
    assert done.exit_code == 0, done.output
    assert "Nothing: all that is posted agrees." in done.output
    assert "3 documents agree; 0 findings; 1 document waiting." in done.output
    assert "G/L account 8320" in done.output
    assert "Expensify was left out" not in done.output


def test_it_says_what_does_not_and_what_to_do(at: Desk) -> None:
    Tampering(at.nav_books, NAME).change_amount("E2-R", Decimal("0.10"))
    done = typed(at, "--month", "2026-01")
    assert done.exit_code == 1, done.output
    assert "differs_in_amount  R2 (E2-R, CRONUS Test, NAV 10" in done.output
    assert "total: 107.00 in the ledger, 107.10 in NAV" in done.output
    assert "-> Compare with the report" in done.output
    assert "Expensify was left out" in done.output
    view = json.loads(typed(at, "--month", "2026-01", "--json").output)
    [finding] = view["findings"]
    assert (finding["kind"], Decimal(finding["total"])) == ("differs_in_amount", Decimal(107))
    [totals] = view["totals"]
    assert Decimal(totals["nav"]) - Decimal(totals["ledger_posted"]) == Decimal("0.10")


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "told"),
    [
        ((), {}, 2, "Name the period"),
        (("--month", "2026-01", "--ours", "("), {}, 2, "no regular expression"),
        (("--month", "2026-01", "--company", "Nobody"), {}, 78, "company_unknown"),
        (("--month", "2026-01"), {"DIALECT": "odata_v4"}, 78, "not_offered"),
        (("--month", "2026-01"), {"PASSWORD": "wrong"}, 77, "["),
        (("--month", "2026-01"), {"BASE_URL": ""}, 78, "base_url"),
    ],
)
def test_what_it_refuses(
    at: Desk, arguments: tuple[str, ...], settings: dict[str, str], code: int, told: str
) -> None:
    done = typed(at, *arguments, **settings)
    assert (done.exit_code, told in done.output) == (code, True), done.output
    assert "wrong" not in done.output
