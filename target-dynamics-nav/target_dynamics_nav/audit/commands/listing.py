"""nav-audit list: which documents stand where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.ledger import Ledger
    from target_dynamics_nav.ledger.queries import Filter

DEFAULT_LIMIT = 100
HEADERS = (
    *("Report", "Document", "Status", "Since", "Company", "Total", "Cur.", "Posting date"),
    *("NAV no.", "Reason"),
)
_TOTAL = HEADERS.index("Total")


@click.command(
    "list",
    epilog=options.examples(
        "nav-audit list --waiting",
        'nav-audit list --status posted --month 2026-03 --company "CRONUS Europe"',
        "nav-audit list --reason account_blocked",
    ),
)
@options.filter_options
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=DEFAULT_LIMIT,
    show_default=True,
    help="At most so many.",
)
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out so many first.")
@options.names_option
@options.ledger_option
@options.json_option
def list_command(
    *,
    ledger_url: str,
    as_json: bool,
    with_names: bool,
    limit: int,
    offset: int,
    **wanted: Any,  # noqa: ANN401 - the options of filter_options
) -> None:
    """Which documents stand where, what changed last first."""
    from target_dynamics_nav.audit.access import opened  # noqa: PLC0415 - slow to load

    with opened(ledger_url) as ledger:
        view = list_view(
            ledger, options.filter_of(**wanted), limit=limit, offset=offset, with_names=with_names
        )
    if as_json:
        screen.print_json(view)
    else:
        _print(view)


def list_view(
    ledger: Ledger, wanted: Filter, *, limit: int, offset: int = 0, with_names: bool = False
) -> dict[str, Any]:
    """Documents as plain data, with the number of all that were meant."""
    from target_dynamics_nav.audit.views import document_view  # noqa: PLC0415 - slow to load
    from target_dynamics_nav.ledger import overviews, queries  # noqa: PLC0415 - as above

    return {
        "documents": [
            document_view(row, with_names=with_names)
            for row in queries.find(ledger, wanted, limit=limit, offset=offset)
        ],
        "offset": offset,
        "of": overviews.count(ledger, wanted),
    }


def _print(view: dict[str, Any]) -> None:
    documents = view["documents"]
    if not documents:
        screen.line("None." if not view["offset"] else "No more.")
        return
    named = "submitter" in documents[0]
    headers = (*HEADERS, "Submitter") if named else HEADERS
    screen.table(
        headers,
        [(*row_of(item), item["submitter"]) if named else row_of(item) for item in documents],
        right=(_TOTAL,),
    )
    screen.line()
    shown = view["offset"] + len(documents)
    if shown < view["of"]:
        screen.line(
            f"{shown:,} of {view['of']:,} shown; more with --offset {shown}, all with "
            "`nav-audit export`."
        )
    else:
        screen.line(f"{screen.counted(view['of'], 'document')}.")


def row_of(view: Mapping[str, Any]) -> Sequence[object]:
    """A document as a row below `HEADERS`."""
    reasons = view["reasons"]
    return (
        view["report_id"],
        view["document_key"],
        view["status"],
        (view["waiting_since"] or view["changed_at"])[:10],
        view["company"],
        screen.money(view["total"]),
        view["currency_code"] or "own",
        view["posting_date"],
        view["nav_number"],
        reasons[0]["code"] if reasons else "",
    )
