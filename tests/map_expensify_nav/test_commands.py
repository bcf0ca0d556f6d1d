"""`expense-rules`: what a person is told before anything is posted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from expense_sandbox.testing import Sandbox, running_sandbox
from map_expensify_nav.commands import main

PROJECT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
RULES = PROJECT / "transforms" / "rules" / "expensify-to-nav.yml"
TAP = Path(sys.executable).parent / "tap-expensify"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def reports(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the tap reads of the sandbox, in a file."""
    file = tmp_path_factory.mktemp("reports") / "reports.singer"
    environment = {**os.environ, **sandbox.settings(), "TAP_EXPENSIFY_START_DATE": "2026-01-01"}
    with file.open("wb") as out:
        subprocess.run(
            [TAP, "--config", "ENV"], env=environment, stdout=out, check=True, timeout=120
        )
    return file


@pytest.fixture
def _nav(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in sandbox.settings().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TARGET_DYNAMICS_NAV_COMPANY", "CRONUS Europe")


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("_nav")
def test_check_finds_exactly_what_is_planted_in_the_sandbox(
    reports: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    assert main(["check", str(RULES), "--reports", str(reports), "--nav"]) == 1
    assert told(capsys) == [
        (
            "problem: Category 'Team Événements' has no G/L account. Add it under accounts.by_category in "
            "transforms/rules/expensify-to-nav.yml, or give the category a GL code in Expensify. (1 report)"
        ),
        "problem: G/L account 8320 is blocked in CRONUS Europe. (1 report)",
        "problem: Value P-090 of dimension PROJECT is blocked in CRONUS Europe. (1 report)",
        "234 reports, 438 documents: 3 problems.",
    ]


@pytest.mark.usefixtures("_nav")
def test_check_only_reads(sandbox: Sandbox, reports: Path) -> None:
    before = len(sandbox.nav.requests_log)
    main(["check", str(RULES), "--reports", str(reports), "--nav"])
    methods = {(entry.method, "token" in entry.path) for entry in sandbox.nav.requests_log[before:]}
    assert methods == {("GET", False), ("POST", True)}


@pytest.mark.usefixtures("_nav")
def test_check_tells_what_is_mapped_but_missing_and_what_is_never_used(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "    Conferences & Training: 8620\n"
    text = RULES.read_text(encoding="utf-8")
    rules = tmp_path / "rules.yml"
    rules.write_text(
        text.replace(line, f"{line}    Team Événements: 8460\n    Old Category: 8998\n"),
        encoding="utf-8",
    )
    assert main(["check", str(rules), "--reports", str(reports), "--nav"]) == 1
    number = text[: text.index(line)].count("\n") + 3
    assert [line for line in told(capsys) if not line.startswith("problem")] == [
        "",
        "For information: codes that NAV does not have or has blocked, and no report needs",
        (
            "warning: G/L account 8998 does not exist in CRONUS Europe. It stands in "
            f'accounts.by_category["Old Category"] (line {number}).'
        ),
        "",
        "For information: entries that no report needed",
        (
            f'unused: accounts.by_category["Old Category"] (line {number}); '
            "Expensify has nothing of that name"
        ),
        "",
        "234 reports, 438 documents: 2 problems.",
    ]


def listed(stream: str, **record: object) -> str:
    return json.dumps({"type": "RECORD", "stream": stream, "record": record}) + "\n"


@pytest.mark.usefixtures("_nav")
@pytest.mark.parametrize("people", [False, True])
def test_check_tells_what_can_be_chosen_and_leads_nowhere(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, people: bool
) -> None:
    """None of it is an error: nobody has chosen it yet."""
    europe = "A1B2C3D4E5F60701"
    feed = tmp_path / "feed.singer"
    feed.write_text(
        reports.read_text(encoding="utf-8")
        + listed("policy_categories", policy_id=europe, name="Gifts", enabled=True)
        + listed("policy_categories", policy_id=europe, name="Gone", enabled=False)
        + listed("policy_categories", policy_id=europe, name="Cars", enabled=True, gl_code="8997")
        + listed("policy_tags", policy_id=europe, level=1, name="R&D II", enabled=True)
        + listed(
            "policy_tags", policy_id=europe, level=2, name="Moon", enabled=True, gl_code="P-999"
        )
        + listed("policy_employees", policy_id=europe, email="new@northwind.example"),
        encoding="utf-8",
    )
    more = ["--people"] if people else []
    assert main(["check", str(RULES), "--reports", str(feed), "--nav", *more]) == 1
    lines = told(capsys)
    assert lines[-1] == "234 reports, 438 documents: 3 problems."
    assert [line for line in lines if line.startswith("warning")] == [
        "warning: G/L account 8997 does not exist in CRONUS Europe.",
        "warning: Value P-999 of dimension PROJECT does not exist in CRONUS Europe.",
    ]
    unmapped = [line for line in lines if line.startswith("unmapped")]
    assert [line.split(". ")[0] for line in unmapped] == [
        "unmapped: Northwind Europe: Category 'Gifts' has no G/L account",
        "unmapped: Northwind Europe: Tag 'R&D II' has no value of dimension DEPARTMENT",
        "unmapped: Northwind Europe: The submitter has no vendor",
        "unmapped: Northwind Europe: Nothing says which value of dimension AREA to use",
    ]
    person = " new@northwind.example" if people else ""
    assert [line.endswith(f"(1 employee{person})") for line in unmapped] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.usefixtures("_nav")
def test_suggest_gives_rules_that_post_nearly_everything(
    reports: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but the three reports that are planted so that they cannot post; nothing but the guesses was not certain."""
    assert main(["suggest", "--reports", str(reports)]) == 0
    told_to = capsys.readouterr()
    said = "231 of 234 reports have all that posting needs, with 6 guesses to confirm."
    assert told_to.err == f"{said}\n"
    assert told_to.out.startswith(f"# {said}\n")
    for guess in (
        '"Conferences & Training": "8620"  # GUESS: Conferences and Training',
        '"lena.novak@northwind.example": "E1008"  # GUESS: Lena Novák',
        'fixed: "2910"  # GUESS: Company Card Clearing',
        '# "Team Événements":   # nothing of a similar name in NAV',
    ):
        assert guess in told_to.out
    rules = tmp_path / "rules.yml"
    rules.write_text(told_to.out, encoding="utf-8")
    assert main(["check", str(rules), "--reports", str(reports), "--nav"]) == 1
    assert told(capsys)[-1] == "234 reports, 438 documents: 3 problems."


@pytest.mark.usefixtures("_nav")
def test_suggest_of_next_to_nothing_still_loads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = tmp_path / "reports.singer"
    expense = {
        "transaction_id": "1",
        "category": "Qwxz",
        "reimbursable": False,
        "effective_amount": 1,
    }
    record = {
        "report_id": "R1",
        "submitter_email": "zz@x.example",
        "policy_name": "P",
        "expenses": [expense],
    }
    message = {"type": "RECORD", "stream": "reports", "record": record}
    reports.write_text(json.dumps(message), encoding="utf-8")
    assert main(["suggest", "--reports", str(reports)]) == 0
    assert capsys.readouterr().err.startswith(
        "0 of 1 reports have all that posting needs, with 0 guesses"
    )


def test_check_without_nav_reads_the_reports_alone(
    reports: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(RULES), "--reports", str(reports)]) == 1
    assert told(capsys)[-1] == "234 reports, 438 documents: 1 problems."


def case(name: str) -> list[str]:
    return [
        "preview",
        str(rules if (rules := GOLDEN / name / "rules").is_dir() else GOLDEN / name / "rules.yml"),
        "--reports",
        str(GOLDEN / name / "input.singer"),
    ]


def test_preview_shows_debit_and_credit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*case("refunds_in_a_credit_memo"), "--only", "3061"]) == 0
    text = capsys.readouterr().out
    assert (
        """
  Account       Description          Debit  Credit
  8440          Hotel Adler – Hotel  50.00
  Vendor E1001                               50.00
                                     50.00   50.00
"""
        in text
    )
    assert (
        """
  Account           Description          Debit  Credit
  8440              Hotel Adler – Hotel   7.00
  8440              Hotel Adler – Hotel           2.00
  G/L Account 2910                                5.00
                                          7.00    7.00
"""
        in text
    )


def test_preview_says_what_holds_and_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(case("skip_expenses_by_rule")) == 0
    text = capsys.readouterr().out
    assert "  Not posted: Personal; settled with the salary. Billed to the customer.\n" in text
    assert "  Held: The expenses add up to 28.00, but the report's total is 20.00." in text
    assert "  Note: Expense 2 of 8.00 EUR is left out by skip.expenses[0] (line 11)" in text


def test_preview_of_every_golden_case_is_balanced(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is not held shows equal sums of debit and credit."""
    balanced = 0
    for folder in sorted(GOLDEN.iterdir()):
        assert main(case(folder.name)) == 0
        for document in capsys.readouterr().out.split("\n\nPurchase")[0:]:
            sums = re.findall(r"^ {10,}(-?[\d.]+) +(-?[\d.]+)$", document, re.MULTILINE)
            if sums and "Held:" not in document:
                debit, credit = sums[-1]
                assert Decimal(debit) == Decimal(credit), document
                balanced += 1
    assert balanced > 50


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["preview", "{rules}", "--reports", "{reports}", "--only", "R00none"],
            65,
            "none of these reports",
        ),
        (["preview", "{rules}", "--reports", "nowhere"], 65, "nowhere cannot be read"),
        (["preview", "{rules}", "--reports", "{rules}"], 65, "not JSON"),
        (["preview", "{reports}", "--reports", "{reports}"], 78, "line"),
        (
            ["check", "{rules}", "--reports", "{reports}", "--nav"],
            69,
            "TARGET_DYNAMICS_NAV_BASE_URL is not set",
        ),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    arguments: list[str],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TARGET_DYNAMICS_NAV_BASE_URL", raising=False)
    folder = GOLDEN / "invoice_out_of_pocket"
    names = {"rules": folder / "rules.yml", "reports": folder / "input.singer"}
    assert main([argument.format(**names) for argument in arguments]) == code
    error = capsys.readouterr().err
    assert message in error or code == 78
    assert "Traceback" not in error


@pytest.mark.usefixtures("_nav")
@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("COMPANY", "Nowhere Ltd", "NAV has no company 'Nowhere Ltd'"),
        ("CLIENT_SECRET", "wrong", "No access token for NAV was given"),
        ("BASE_URL", "http://127.0.0.1:1/api/v2.0", "NAV cannot be reached"),
    ],
)
def test_nav_that_cannot_be_read_is_told(
    setting: str,
    value: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"TARGET_DYNAMICS_NAV_{setting}", value)
    folder = GOLDEN / "invoice_out_of_pocket"
    arguments = [
        "check",
        str(folder / "rules.yml"),
        "--reports",
        str(folder / "input.singer"),
        "--nav",
    ]
    assert main(arguments) == 69
    assert message in capsys.readouterr().err


def test_neither_tap_nor_target_is_needed() -> None:
    program = (
        "import sys, map_expensify_nav.commands; "
        "print([m for m in sys.modules if m.startswith(('tap_expensify', 'target_dynamics_nav'))])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
