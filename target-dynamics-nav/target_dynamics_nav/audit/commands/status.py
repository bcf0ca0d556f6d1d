"""nav-audit status: how much stands where, what waits and since when, how the last runs ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen, words

if TYPE_CHECKING:
    from datetime import datetime

    from target_dynamics_nav.ledger import Ledger
    from target_dynamics_nav.ledger.queries import Filter

RUNS_SHOWN = 5


@click.command(
    "status",
    epilog=options.examples(
        "nav-audit status --month 2026-03",
        'nav-audit status --from 2026-01-01 --to 2026-03-31 --company "CRONUS Europe"',
    ),
)
@options.period_options
@options.company_option
@options.ledger_option
@options.json_option
def status_command(
    month: datetime | None,
    since: datetime | None,
    until: datetime | None,
    company: str | None,
    ledger_url: str,
    *,
    as_json: bool,
) -> None:
    """The month at a glance: counts and totals, what waits, the last runs.

    Totals are by company, status and currency, credit memos count negative. With a period they hold what has a posting
    date in it; what could not be mapped yet has none and is always shown. Without a period: everything.
    """
    from target_dynamics_nav.audit.access import opened  # noqa: PLC0415 - slow to load
    from target_dynamics_nav.ledger.queries import Filter  # noqa: PLC0415 - as above

    first, last = options.period_of(month, since, until)
    with opened(ledger_url) as ledger:
        view = status_view(ledger, Filter(since=first, until=last, company=company))
    if as_json:
        screen.print_json(view)
    else:
        _print(view)


def status_view(ledger: Ledger, wanted: Filter) -> dict[str, Any]:
    """The month at a glance as plain data.

    Args:
        ledger: The ledger.
        wanted: Period and company.
    """
    from target_dynamics_nav.ledger import overviews, queries  # noqa: PLC0415 - slow to load

    return {
        "period": {"from": wanted.since, "to": wanted.until},
        "company": wanted.company,
        "totals": [
            {
                "company": total.company,
                "status": total.status,
                "currency_code": total.currency_code,
                "documents": total.documents,
                "amount": total.amount,
            }
            for total in queries.totals(ledger, wanted)
        ],
        "waiting": [
            {
                "status": item.status,
                "reason_code": item.reason_code,
                "documents": item.documents,
                "since": item.since,
                "example": item.example,
            }
            for item in overviews.waiting(ledger, wanted)
        ],
        "runs": [
            {name: run[name] for name in ("started_at", "ended_at", "mode", "outcome", "counts")}
            for run in queries.latest_runs(ledger, RUNS_SHOWN)
        ],
    }


def _print(view: dict[str, Any]) -> None:
    period = view["period"]
    if period["from"] or period["to"]:
        screen.line(f"Posting dates {period['from'] or '…'} to {period['to'] or '…'}")
    else:
        screen.line("Everything in the ledger (name a month with --month YYYY-MM)")
    screen.heading("Documents")
    if not view["totals"]:
        screen.line("None.")
    else:
        screen.table(
            ("Company", "Status", "Cur.", "Documents", "Total"),
            [
                (
                    total["company"],
                    total["status"],
                    total["currency_code"] or "own",
                    f"{total['documents']:,}",
                    screen.money(total["amount"]),
                )
                for total in view["totals"]
            ],
            right=(3, 4),
        )
    waiting = view["waiting"]
    screen.heading("Waiting")
    if not waiting:
        screen.line("Nothing waits: no document is held, failed or changed.")
    else:
        screen.table(
            ("Status", "Reason", "Documents", "Since", "For example"),
            [
                (
                    item["status"],
                    item["reason_code"],
                    f"{item['documents']:,}",
                    item["since"][:10],
                    item["example"],
                )
                for item in waiting
            ],
            right=(2,),
        )
        screen.line()
        screen.line("All of them: nav-audit list --waiting")
        screen.line(f"One of them: nav-audit explain {waiting[0]['example']}")
    screen.heading("Last runs")
    screen.table(
        ("Started (UTC)", "Mode", "Ended", "Documents"),
        [
            (
                run["started_at"][:19].replace("T", " "),
                run["mode"],
                _outcome(run),
                ", ".join(
                    f"{number:,} {words.STATUS_WORDS.get(status, status).split(':')[0]}"
                    for status, number in (run["counts"] or {}).items()
                ),
            )
            for run in view["runs"]
        ],
    )


def _outcome(run: dict[str, Any]) -> str:
    if run["ended_at"] is None:
        return "no end recorded: under way, or killed"
    outcome = str(run["outcome"])
    return outcome if outcome == "finished" else f"stopped: {outcome}"
