"""nav-audit report: the audit trail of a period as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from target_dynamics_nav.audit import options, screen
from target_dynamics_nav.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

    from target_dynamics_nav.audit.report.page import Report
    from target_dynamics_nav.ledger import Ledger
    from target_dynamics_nav.ledger.queries import Filter


@click.command(
    "report",
    epilog=options.examples(
        "nav-audit report --month 2026-05 --output may.html",
        'nav-audit report --from 2026-01-01 --to 2026-03-31 --company "CRONUS Europe" --output quarter.html',
    ),
)
@options.period_options
@options.company_option
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; an existing one is replaced.",
)
@options.names_option
@options.ledger_option
def report_command(
    *,
    month: datetime | None,
    since: datetime | None,
    until: datetime | None,
    company: str | None,
    output: Path,
    ledger_url: str,
    with_names: bool,
) -> None:
    """The audit trail of a period as one HTML file.

    For the browser, for paper and for the archive: totals, what waits and how to fix it, postings by day, spend by
    account and dimension, and each report's story, with search. The file needs no network and no server, and can be
    read without JavaScript.

    What could not be mapped yet has no posting date and is always in it, as in `nav-audit status`.
    """
    from target_dynamics_nav.audit.access import opened  # noqa: PLC0415 - slow to load
    from target_dynamics_nav.audit.report.page import page  # noqa: PLC0415 - as above
    from target_dynamics_nav.ledger.queries import Filter  # noqa: PLC0415 - as above

    first, last = options.period_of(month, since, until)
    wanted = Filter(since=first, until=last, company=company)
    with opened(ledger_url) as ledger:
        report = report_of(ledger, wanted, with_names=with_names)
    try:
        output.write_text(page(report), encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigurationError(
            f"The file {output} cannot be written: {error.strerror}.",
            code="file_unwritable",
            field="--output",
            hint="Name a file in a folder that exists and may be written to.",
        ) from error
    screen.line(f"{screen.counted(len(report.stories), 'document')} written to {output}.")


def report_of(ledger: Ledger, wanted: Filter, *, with_names: bool = False) -> Report:
    """What the report of a period tells, as of now.

    Args:
        ledger: The ledger.
        wanted: Period and company.
        with_names: Whether names and texts of reports are shown.
    """
    from datetime import datetime, timezone  # noqa: PLC0415 - slow to load
    from importlib.metadata import version  # noqa: PLC0415 - as above

    from target_dynamics_nav.audit.report.page import Report  # noqa: PLC0415 - as above
    from target_dynamics_nav.audit.report.stories import stories  # noqa: PLC0415 - as above
    from target_dynamics_nav.ledger import overviews, queries  # noqa: PLC0415 - as above

    made_at = datetime.now(timezone.utc)
    return Report(
        since=wanted.since,
        until=wanted.until,
        company=wanted.company,
        made_at=made_at,
        stories=stories(ledger, wanted, with_names=with_names),
        last_run=next(iter(queries.latest_runs(ledger, 1)), None),
        chain=overviews.chain_end(ledger),
        with_names=with_names,
        version=version("target-dynamics-nav"),
    )
