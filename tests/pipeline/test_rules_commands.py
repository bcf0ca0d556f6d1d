"""`meltano invoke expense-rules:…`: the rules looked at from Meltano, against Expensify and NAV as they are now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from map_expensify_nav.rules_file import parse_rules

from .project import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from .project import Finished, Project

PLANTED = [
    (
        "problem: Category 'Team Événements' has no G/L account. Add it under accounts.by_category in "
        "transforms/rules/expensify-to-nav.yml, or give the category a GL code in Expensify. (1 report)"
    ),
    "problem: G/L account 8320 is blocked in CRONUS Europe. (1 report)",
    "problem: Value P-090 of dimension PROJECT is blocked in CRONUS Europe. (1 report)",
]
SAME_ELSEWHERE = {"expensify": "tap-expensify", "nav": "target-dynamics-nav"}
"""First word of a setting of the utility → the plug-in that has the rest of its name."""


def invoked(project: Project, command: str, *arguments: str, **variables: str) -> Finished:
    return project.call("meltano", "invoke", f"expense-rules:{command}", *arguments, **variables)


def secrets_of(project: Project) -> list[str]:
    names = ("PARTNER_USER_SECRET", "CLIENT_SECRET", "PASSWORD")
    return [value for name, value in project.environment.items() if name.endswith(names) and value]


def files_with(root: Path, secrets: list[str]) -> list[Path]:
    return [
        path
        for path in root.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets)
    ]


def test_check_finds_what_is_planted_and_writes_no_secret(project: Project) -> None:
    done = invoked(project, "check")
    lines = done.output.splitlines()
    assert [line for line in lines if line.startswith("problem: ")] == PLANTED
    assert "234 reports, 438 documents: 3 problems." in lines
    assert done.exit_code != 0
    secrets = secrets_of(project)
    assert secrets
    assert not any(secret in done.output for secret in secrets)
    assert files_with(project.root, secrets) == []


def test_check_is_content_once_what_it_found_is_put_right(project: Project, sandbox: Any) -> None:
    text = project.rules.read_text(encoding="utf-8")
    line = "    Conferences & Training: 8620\n"
    project.rules.write_text(
        text.replace(line, f"{line}    Team Événements: 8460\n"), encoding="utf-8"
    )
    nav = {"SANDBOX_NAV_URL": sandbox.nav.url}
    assert project.call("sandbox", "unblock-account", "8320", **nav).exit_code == 0
    assert project.call("sandbox", "activate-value", "PROJECT", "P-090", **nav).exit_code == 0
    done = invoked(project, "check")
    assert done.exit_code == 0, done.output
    assert "234 reports, 438 documents: 0 problems." in done.output


def test_suggest_writes_a_file_that_loads(project: Project) -> None:
    done = invoked(project, "suggest")
    assert done.exit_code == 0, done.output
    text = done.output[done.output.index("# ") :]
    assert re.match(r"# 231 of 234 reports have all that posting needs, with \d+ guesses", text)
    whole = "\n".join(
        line for line in text.splitlines() if not re.match(r"\d+ of \d+|\d{4}-", line)
    )
    assert parse_rules(whole, "suggested.yml").rules.local_currency == "EUR"


def test_preview_shows_the_reports_asked_for(project: Project, sandbox: Any) -> None:
    report = next(
        report["reportID"]
        for report in sandbox.world.reports
        if report["status"] == "Approved" and report["transactionList"]
    )
    done = invoked(project, "preview", "--only", report)
    assert done.exit_code == 0, done.output
    assert f"Report {report} " in done.output
    assert "Debit" in done.output
    assert "Decided by" in done.output
    others = set(re.findall(r"^  Report (\S+)", done.output, re.MULTILINE))
    assert others == {report}


def test_a_rules_file_with_a_mistake_is_told_by_line(project: Project) -> None:
    text = project.rules.read_text(encoding="utf-8")
    project.rules.write_text(text.replace("  from: [by_category", "  form: [by_category"))
    done = invoked(project, "check")
    assert done.exit_code != 0
    assert re.search(r"rules/expensify-to-nav\.yml:\d+ accounts\.form: is not a key", done.output)


def test_the_utility_reads_what_the_plugins_read() -> None:
    """Its settings are theirs: the same variables, and the same values in every environment."""
    definition = yaml.safe_load((REPOSITORY / "meltano.yml").read_text(encoding="utf-8"))
    settings = {
        (plugin["name"], setting["name"])
        for kind in ("extractors", "mappers", "loaders")
        for plugin in definition["plugins"][kind]
        for setting in plugin.get("settings", ())
    }
    (utility,) = definition["plugins"]["utilities"]
    names = [setting["name"] for setting in utility["settings"]]
    assert {stands_for(name) for name in names} <= settings
    for environment in definition["environments"]:
        plugins = environment["config"]["plugins"]
        values = {
            (each["name"], name): value
            for kind in ("extractors", "mappers", "loaders")
            for each in plugins.get(kind, ())
            for name, value in each["config"].items()
        }
        (own,) = plugins["utilities"]
        for name, value in own["config"].items():
            assert values[stands_for(name)] == value, (environment["name"], name)


def stands_for(name: str) -> tuple[str, str]:
    """The plug-in and its setting that a setting of the utility stands for."""
    word, _, rest = name.partition("_")
    plugin = SAME_ELSEWHERE.get(word)
    return (plugin, rest) if plugin else ("map-expensify-nav", name)
