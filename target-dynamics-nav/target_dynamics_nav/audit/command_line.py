"""nav-audit: the console of the audit ledger.

Exit codes: 0 done, and nothing is wrong; 1 the answer is bad news (a report nobody knows, a difference, an alteration);
2 the command line is wrong; 65 something in a file cannot be read; 75 ledger, NAV or Expensify do not answer; 77
credentials are not accepted; 78 a setting is wrong, or there is no ledger.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from target_dynamics_nav.catalogue import docs_url_of_environment, page_of
from target_dynamics_nav.errors import StopRunError, TargetError

COMMANDS = {
    "status": "status",
    "list": "listing",
    "explain": "explain",
    "diff": "diff",
    "waive": "decisions",
    "unwaive": "decisions",
    "retry": "retry",
    "reconcile": "reconcile",
    "export": "export",
    "report": "report",
    "verify": "verify",
    "purge": "purge",
}
"""Name of each command → its module below `commands`, in the order of the help."""

BAD_NEWS = 1
"""Exit code of an answer that somebody has to look into."""


class Console(click.Group):
    """Loads a command when it is called: most need a part of the libraries only."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"target_dynamics_nav.audit.commands.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as in click
        """Run a command; an expected error ends it with one sentence and its exit code."""
        try:
            return super().invoke(ctx)
        except TargetError as error:
            words = [error.message]
            if error.nav_message and error.nav_message not in error.message:
                words.append(f"NAV says: {error.nav_message}")
            if error.hint:
                words.append(f"What to do: {error.hint}")
            words.append(f"[{error.code}]")
            page = page_of(error.code, docs_url_of_environment())
            if page is not None:
                words.append(f"More: {page}")
            click.echo(" ".join(words), err=True)
            sys.exit(error.exit_code if isinstance(error, StopRunError) else BAD_NEWS)


@click.group(
    cls=Console,
    name="nav-audit",
    epilog="Exit codes: 0 nothing is wrong; 1 bad news (nobody knows the report, it differs, the ledger was altered); "
    "2 wrong command line; 65 unreadable file; 75 no answer of ledger, NAV or Expensify; 77 credentials; 78 a setting "
    "is wrong or there is no ledger.",
)
@click.version_option(package_name="target-dynamics-nav")
def main() -> None:
    """Is every report in NAV, does it agree, and what has to be fixed?

    Reads the audit ledger that target-dynamics-nav keeps. Start with `nav-audit status`; then `nav-audit list
    --waiting` and `nav-audit explain REPORT`. Every command has --help, and --json for programs.
    """


if __name__ == "__main__":
    main()
