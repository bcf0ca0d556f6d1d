"""docs/on-premises.md is true: what it says to publish is looked for, its command runs, its codes exist."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from target_dynamics_nav import doctor
from target_dynamics_nav.nav.odata_v4_services import SPECS
from target_dynamics_nav.nav.soap_services import PAGES
from target_dynamics_nav.settings import CONFIG_JSONSCHEMA

from .pages_stand_in import serving, settings_for

PACKAGE = Path(__file__).parents[2] / "target-dynamics-nav"
DOCUMENT = (PACKAGE / "docs" / "on-premises.md").read_text(encoding="utf-8")


def rows(section: str) -> list[list[str]]:
    text = DOCUMENT.partition(f"## {section}\n")[2].partition("\n## ")[0]
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


def test_what_to_publish() -> None:
    told = {row[0].strip("`"): row for row in rows("What to publish")}
    assert told.keys() == {spec.purpose for spec in SPECS}
    for spec in SPECS:
        _, page, name, without = told[spec.purpose]
        assert f"page {page}" in spec.pages.partition(" (")[0]
        assert name.strip("`") == spec.names[0]
        assert without.startswith("no run") is (spec.without == "")


def test_both_page_dialects_know_the_same_purposes() -> None:
    assert PAGES.keys() <= {spec.purpose for spec in SPECS}


def test_settings_exist() -> None:
    named = set(re.findall(r"`([a-z_0-9]+): ", DOCUMENT)) - {"mode"}
    assert named <= CONFIG_JSONSCHEMA["properties"].keys()


def test_codes_exist() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (PACKAGE / "target_dynamics_nav").rglob("*.py")
    )
    codes = re.findall(r"\(`([a-z_]+)`\)", DOCUMENT.partition("## What it guards")[2])
    assert len(codes) >= 8
    for code in codes:
        assert f'"{code}"' in sources, code


def test_links() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", DOCUMENT):
        assert (PACKAGE / "docs" / target).exists(), target


def test_the_command_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = re.findall(r"```console\n(.*?)```", DOCUMENT, re.DOTALL)
    assert [command.strip() for command in commands] == ["nav-doctor --config config.json"]
    monkeypatch.chdir(tmp_path)
    with serving() as (server, _):
        Path("config.json").write_text(
            json.dumps(settings_for(server.url, company="CRONUS Test")), encoding="utf-8"
        )
        result = CliRunner().invoke(doctor.main, shlex.split(commands[0])[1:])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "path", ["al/ExpensePosting.Codeunit.al", "cal/ExpensePosting.Codeunit.txt"]
)
def test_the_codeunit_has_every_function_that_is_called(path: str) -> None:
    """What the target calls, what publish/README.md tells, and what is in the source: the same functions."""
    source = (PACKAGE / "publish" / path).read_text(encoding="utf-8")
    readme = (PACKAGE / "publish" / "README.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `([A-Z]\w+)` \| ([^|]*) \|", readme, re.MULTILINE))
    functions = re.findall(
        r"^\s*procedure (\w+)[@\d]*\(([^)]*)\)", source, re.MULTILINE | re.IGNORECASE
    )
    public = {name: re.findall(r"(\w+)(?:@\d+)? ?:", parameters) for name, parameters in functions}
    assert told.keys() == public.keys()
    for name, cell in told.items():
        assert re.findall(r"`(\w+)`", cell) == public[name], name
    called = {
        *("PostPurchaseInvoice", "PostPurchaseCreditMemo", "PostGenJnlBatch", "SetDimension"),
        *("GetDraftDimensions", "GetPostedDimensions", "GetLedgerDimensions"),
    }
    assert called <= public.keys()
