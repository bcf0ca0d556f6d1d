"""nav-audit reconcile: Expensify against the ledger against NAV."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen
from target_dynamics_nav.audit.command_line import BAD_NEWS

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    "reconcile",
    epilog=options.examples(
        "nav-audit reconcile --month 2026-03 --documents march.jsonl",
        'nav-audit reconcile --from 2026-01-01 --to 2026-03-31 --company "CRONUS Europe"',
    ),
)
@options.period_options
@options.company_option
@click.option(
    "--documents",
    "feed",
    metavar="FILE",
    help="Expensify's side: the documents of its approved reports, as the mapper writes them (- for standard input). "
    "Without it, the ledger is compared with NAV only.",
)
@click.option(
    "--ours",
    metavar="PATTERN",
    help="Regular expression of external document numbers that only the pipeline writes, e.g. 'E[0-9]+-[A-Z]': such "
    "a posting that the ledger does not know is reported even when --documents lacks it.",
)
@click.option(
    "--config",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Configuration file of the target, for NAV's address and credentials; what it lacks is taken from the "
    "environment (TARGET_DYNAMICS_NAV_…).",
)
@options.ledger_option
@options.json_option
def reconcile_command(
    *,
    month: datetime | None,
    since: datetime | None,
    until: datetime | None,
    company: str | None,
    feed: str | None,
    ours: str | None,
    files: tuple[Path, ...],
    ledger_url: str,
    as_json: bool,
) -> None:
    """Does everything agree? Expensify against the ledger against NAV's own books.

    Reads NAV's posted documents and general ledger entries of the period (nothing is written), and compares each with
    what the ledger says was posted: what is missing, doubled, withdrawn, posted by hand, in another company or period,
    or differs in amount, account, dimension, vendor or currency. What waits in the ledger is listed apart, as it is
    known. The exit code is 1 when something does not agree.
    """
    first, last = options.period_of(month, since, until)
    if first is None or last is None:
        raise click.UsageError("Name the period: --month, or --from and --to.")
    from target_dynamics_nav.audit.access import opened  # noqa: PLC0415 - slow to load
    from target_dynamics_nav.audit.feeds import read_feed  # noqa: PLC0415 - as above
    from target_dynamics_nav.audit.reconciliation.sources import reconcile  # noqa: PLC0415
    from target_dynamics_nav.command_line import target_settings  # noqa: PLC0415 - as above
    from target_dynamics_nav.nav.entries import build_entries_reader  # noqa: PLC0415 - as above

    settings = target_settings(files)
    documents = None if feed is None else read_feed(feed)
    reader = build_entries_reader(settings)
    try:
        with opened(ledger_url) as ledger:
            found = reconcile(
                ledger,
                reader,
                nav=str(settings["base_url"]).rstrip("/"),
                first=first,
                last=last,
                company=company,
                default_company=str(settings.get("company") or company or ""),
                feed=documents,
                ours=_pattern(ours),
            )
    finally:
        reader.close()
    view = {"period": {"from": first, "to": last}, "company": company, **found.as_dict()}
    if as_json:
        screen.print_json(view)
    else:
        _print(view)
    if view["findings"]:
        sys.exit(BAD_NEWS)


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return None if text is None else re.compile(text)
    except re.error as error:
        raise click.UsageError(f"--ours is no regular expression: {error}.") from error


def _print(view: dict[str, Any]) -> None:
    period = view["period"]
    screen.line(f"Posting dates {period['from']} to {period['to']}")
    screen.heading("Totals (credit memos negative)")
    expensify = ("Expensify",) if view["with_documents"] else ()
    screen.table(
        ("Company", "Cur.", *expensify, "Ledger: posted", "NAV", "Difference", "Ledger: waiting"),
        [
            (
                row["company"],
                row["currency_code"],
                *((screen.money(row["expensify"]),) if expensify else ()),
                screen.money(row["ledger_posted"]),
                screen.money(row["nav"]),
                screen.money(row["nav"] - row["ledger_posted"]),
                screen.money(row["ledger_waiting"]),
            )
            for row in view["totals"]
        ],
        right=range(2, 8),
    )
    screen.heading("What does not agree")
    if not view["findings"]:
        screen.line("Nothing: all that is posted agrees.")
    for finding in view["findings"]:
        total = screen.money(finding["total"])
        number = f", NAV {finding['nav_number']}" if finding["nav_number"] else ""
        screen.line(
            f"{finding['kind']}  {finding['report']} ({finding['document_key']}, {finding['company']}{number}) "
            f"{total} {finding['currency_code'] or ''}"
        )
        screen.line(finding["message"], indent=2)
        screen.line(f"-> {finding['hint']}", indent=2)
    if view["waiting"]:
        screen.heading("What waits, and is known to")
        screen.table(
            ("Report", "Document", "Status", "Total", "Cur.", "Reason"),
            [
                (
                    item["report"],
                    item["document_key"],
                    item["status"],
                    screen.money(item["total"]),
                    item["currency_code"],
                    item["reason"],
                )
                for item in view["waiting"]
            ],
            right=(3,),
        )
    screen.line()
    screen.line(
        f"{screen.counted(view['agreed'], 'document')} agree; "
        f"{screen.counted(len(view['findings']), 'finding')}; "
        f"{screen.counted(len(view['waiting']), 'document')} waiting."
    )
    if view["not_covered_by_documents"]:
        screen.line(
            f"{screen.counted(view['not_covered_by_documents'], 'posted document')} were approved outside of what "
            "--documents covers, so it cannot tell whether they were withdrawn."
        )
    if not view["with_documents"]:
        screen.line("Expensify was left out; give its documents with --documents.")
