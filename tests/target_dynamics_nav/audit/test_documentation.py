"""docs/audit.md is true: each command it shows is run, and what it lists is what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from target_dynamics_nav.audit import expensify
from target_dynamics_nav.audit.command_line import COMMANDS
from target_dynamics_nav.audit.reconciliation.findings import HINTS

from .conftest import Console

PAGE = Path(__file__).parents[3] / "target-dynamics-nav" / "docs" / "audit.md"
TEXT = PAGE.read_text(encoding="utf-8")
SHOWN = [
    line.strip()
    for block in re.findall(r"^```console\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
# Documents that the page names by ids of its own; the other one has to be waived first.
REPORTS = {"R00bCluvcO4T": "R002aB", "anna@northwind.example": "anna@northwind.example"}
NEEDS_NAV = "nav-audit reconcile"


def test_the_page_shows_commands() -> None:
    assert len(SHOWN) > 12
    assert all(line.startswith("nav-audit ") for line in SHOWN)


def test_the_commands_of_the_page_run_in_its_order(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for shown in SHOWN:
        if shown.startswith(NEEDS_NAV):
            continue
        _, *words = shlex.split(shown)
        arguments = [REPORTS.get(word, word) for word in words]
        result = console.run(*arguments)
        assert result.exit_code == 0, (shown, result.output)
    assert (tmp_path / "march.xlsx").exists()
    assert (tmp_path / "lines.csv").exists()


def test_reconcile_takes_the_options_of_the_page(console: Console, tmp_path: Path) -> None:
    """The command line is right when what fails is NAV's address, which nobody set here."""
    documents = tmp_path / "documents.jsonl"
    documents.write_text("", encoding="utf-8")
    for shown in SHOWN:
        if shown.startswith(NEEDS_NAV):
            _, *words = shlex.split(shown.replace("documents.jsonl", str(documents)))
            result = console.run(*words)
            assert result.exit_code == 78, (shown, result.output)
            assert "base_url" in result.output


def test_the_page_lists_every_command_finding_and_answer() -> None:
    assert [name for name in COMMANDS if f"| `{name}" not in TEXT] == []
    natures = {"differs_in_amount": "`differs_in_amount`"}
    for kind in HINTS:
        short = f"`…_{kind.removeprefix('differs_in_')}`"
        assert natures.get(kind, f"`{kind}`") in TEXT or short in TEXT, kind
    source = Path(expensify.__file__).read_text(encoding="utf-8")
    codes = set(re.findall(r'Unseen\(\s*"(\w+)"', source))
    assert len(codes) > 6
    assert [code for code in codes if f"`{code}`" not in TEXT] == []
