"""Options that several commands share."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from target_dynamics_nav.ledger.queries import Filter

    Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_LEDGER = "sqlite:///output/audit-ledger.sqlite3"
"""Where the target keeps its ledger unless told otherwise."""

STATUSES = (
    "posted already_posted held failed changed skipped waived draft previewed".split()  # noqa: SIM905 - readable
)


_DAY = click.DateTime(["%Y-%m-%d"])
_MONTH = click.DateTime(["%Y-%m"])


def examples(*lines: str) -> str:
    """The end of a help text: commands as they are typed, which click must not wrap."""
    return "\b\n" + "\n".join(lines)


def ledger_option(command: Command) -> Command:
    """`--ledger`."""
    return click.option(
        "--ledger",
        "ledger_url",
        envvar="TARGET_DYNAMICS_NAV_LEDGER_URL",
        default=DEFAULT_LEDGER,
        show_default=True,
        help="SQLAlchemy URL of the audit ledger, as the target's setting ledger_url "
        "(TARGET_DYNAMICS_NAV_LEDGER_URL).",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON for programs; amounts are texts."
    )(command)


def names_option(command: Command) -> Command:
    """`--with-names`."""
    return click.option(
        "--with-names",
        is_flag=True,
        help="Show who submitted a report, and texts that may name people. Left out otherwise.",
    )(command)


def who_option(command: Command) -> Command:
    """`--who`."""
    return click.option(
        "--who",
        help="Who decides, for the record; the operating system's user unless given.",
    )(command)


def company_option(command: Command) -> Command:
    """`--company`."""
    return click.option("--company", help="Only this NAV company, by its name.")(command)


def period_options(command: Command) -> Command:
    """`--month`, or `--from` and `--to`."""
    for option in (
        click.option(
            "--to", "until", type=_DAY, metavar="DAY", help="Last posting date, YYYY-MM-DD."
        ),
        click.option(
            "--from", "since", type=_DAY, metavar="DAY", help="First posting date, YYYY-MM-DD."
        ),
        click.option(
            "--month", type=_MONTH, metavar="MONTH", help="Posting dates of a month, YYYY-MM."
        ),
    ):
        command = option(command)
    return command


def filter_options(command: Command) -> Command:
    """Which documents; `filter_of` reads them."""
    for option in (
        click.option("--reason", help="Only with this code as first reason."),
        click.option("--employee", help="Only of this submitter (as the feed names them)."),
        click.option("--policy", help="Only of this Expensify policy, by id or name."),
        click.option("--waiting", is_flag=True, help="Only what waits: held, failed, changed."),
        click.option(
            "--status",
            "statuses",
            type=click.Choice(STATUSES),
            metavar="STATUS",
            multiple=True,
            help=f"Only with this status ({', '.join(STATUSES)}); may be given several times.",
        ),
    ):
        command = option(command)
    return period_options(company_option(command))


def period_of(
    month: datetime | None, since: datetime | None, until: datetime | None
) -> tuple[str | None, str | None]:
    """First and last posting date; None does not restrict.

    Raises:
        UsageError: Both ways of naming a period were used, or it ends before it begins.
    """
    if month is not None:
        if since is not None or until is not None:
            raise click.UsageError("Give either --month, or --from and --to.")
        first = month.date()
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return first.isoformat(), last.isoformat()
    if since is not None and until is not None and until < since:
        raise click.UsageError("--to lies before --from.")
    return (
        since.date().isoformat() if since is not None else None,
        until.date().isoformat() if until is not None else None,
    )


def filter_of(
    *,
    month: datetime | None,
    since: datetime | None,
    until: datetime | None,
    company: str | None,
    statuses: tuple[str, ...],
    waiting: bool,
    policy: str | None,
    employee: str | None,
    reason: str | None,
) -> Filter:
    """What the options of `filter_options` ask for."""
    from target_dynamics_nav.ledger.queries import Filter  # noqa: PLC0415 - slow to load, not for --help

    first, last = period_of(month, since, until)
    if waiting and statuses:
        raise click.UsageError("Give either --waiting or --status.")
    wanted = ("held", "failed", "changed") if waiting else statuses
    return Filter(
        since=first,
        until=last,
        statuses=wanted or None,
        company=company,
        policy=policy,
        employee=employee,
        reason_code=reason,
    )
