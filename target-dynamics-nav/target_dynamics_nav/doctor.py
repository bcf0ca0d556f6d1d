"""nav-doctor: looks at a NAV server, changes nothing, and says what works, what is missing and what to publish.

The settings are the target's, from `--config` files and from the environment. One line for each thing looked at; the
exit code is 0 when a run would work, otherwise that of the first thing that is missing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from target_dynamics_nav.command_line import target_settings
from target_dynamics_nav.errors import ConfigurationError, StopRunError
from target_dynamics_nav.nav.factory import build_inspector
from target_dynamics_nav.nav.inspection import Finding, Verdict, finding_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PATIENCE_SECONDS = 20
"""How long a request is tried again: a person is waiting."""
_MARKS = {Verdict.OK: "ok", Verdict.LIMITED: "limited", Verdict.MISSING: "MISSING"}
_SETTINGS_CHECK = "settings"


@click.command(name="nav-doctor")
@click.option(
    "--config",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Configuration file of the target; what it lacks is taken from the environment (TARGET_DYNAMICS_NAV_…).",
)
@click.option("--company", help="Company to look at instead of the one in the settings.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for people, or a list of objects.",
)
def main(files: tuple[Path, ...], company: str | None, form: str) -> None:
    """Check a NAV server: address, encryption, credentials, company, services, posting. Nothing is written."""
    code = 0
    shown: list[dict[str, str | None]] = []
    for finding in examine(lambda: target_settings(files), company):
        if finding.verdict is Verdict.MISSING:
            code = code or finding.exit_code
        if form == "text":
            _print(finding)
        shown.append(
            {
                "check": finding.check,
                "verdict": finding.verdict.value,
                "message": finding.message,
                "hint": finding.hint,
            }
        )
    if form == "json":
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    sys.exit(code)


def examine(
    read_settings: Callable[[], Mapping[str, object]], company: str | None = None
) -> Iterator[Finding]:
    """Findings on the server that the settings name.

    Args:
        read_settings: Gives the settings; may raise ConfigurationError.
        company: Company to look at instead of theirs.
    """
    try:
        settings = read_settings()
        wanted = str(company or settings.get("company") or "")
        if not wanted:
            raise ConfigurationError(
                "The setting company is missing.",
                code="setting_missing",
                hint="Set company, or name one with --company.",
                field="company",
            )
        inspector = build_inspector({**settings, "retry_seconds": PATIENCE_SECONDS})
    except StopRunError as error:
        yield finding_of(_SETTINGS_CHECK, error)
        return
    try:
        yield from inspector.inspect(wanted)
    finally:
        inspector.close()


def _print(finding: Finding) -> None:
    click.echo(f"{_MARKS[finding.verdict]:<8} {finding.check}: {finding.message}")
    if finding.hint and finding.verdict is not Verdict.OK:
        click.echo(f"{'':<8} -> {finding.hint}")


if __name__ == "__main__":
    main()
