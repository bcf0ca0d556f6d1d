"""nav-audit diff: what is posted against what is read now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen
from target_dynamics_nav.audit.command_line import BAD_NEWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.ledger.overviews import Kept


@click.command("diff")
@click.argument("report")
@click.option(
    "--documents",
    "feed",
    metavar="FILE",
    help="Compare with these documents, as a mapper writes them now (- for standard input), instead of what the last "
    "run read.",
)
@options.company_option
@options.ledger_option
@options.json_option
def diff_command(
    report: str, feed: str | None, company: str | None, ledger_url: str, *, as_json: bool
) -> None:
    """What is posted against what is now read; the exit code is 1 when they differ.

    Compared is what must not change once it is posted: kind, vendor or balancing account, currency, total, and account,
    amount, tax code and dimensions of each line. Without --documents, the report as the last run read it is compared;
    settled reports are not read again for long, so name a fresh feed to be sure.
    """
    from target_dynamics_nav.audit import access  # noqa: PLC0415 - slow to load
    from target_dynamics_nav.audit.feeds import read_feed  # noqa: PLC0415 - as above
    from target_dynamics_nav.ledger import overviews  # noqa: PLC0415 - as above

    fresh = None if feed is None else read_feed(feed)
    answers = []
    with access.opened(ledger_url) as ledger:
        for row in access.require_named(ledger, report, company):
            [kept] = [
                item
                for item in overviews.kept_by_keys(
                    ledger, access.books_of(row).nav, [row["document_key"]]
                )
                if item.document["ledger_id"] == row["ledger_id"]
                and item.document["document_key"] == row["document_key"]
            ]
            if fresh is None:
                current = kept.current["content"] if kept.current else None
            else:
                found = fresh.get(row["document_key"])
                current = None if found is None or found.posted_as_nothing else found.content
            answers.append(diff_view(kept, current, fresh=fresh is not None))
    if as_json:
        screen.print_json({"documents": answers})
    else:
        for answer in answers:
            _print(answer)
    if any(answer["differs"] for answer in answers):
        sys.exit(BAD_NEWS)


def diff_view(kept: Kept, current: Mapping[str, Any] | None, *, fresh: bool) -> dict[str, Any]:
    """How a document differs from what is posted.

    Args:
        kept: The document.
        current: Its content now; None when it is not to be posted any more.
        fresh: Whether that was read just now, rather than by the last run.
    """
    from target_dynamics_nav.comparison import content_differences  # noqa: PLC0415 - slow to load

    row = kept.document
    posted = kept.posted["content"] if kept.posted else None
    differences: list[dict[str, str]] = []
    if posted is not None and current is not None:
        differences = [
            {"field": name, "message": sentence}
            for name, sentence in content_differences(posted, current)
        ]
    elif posted is not None:
        differences = [
            {
                "field": "document",
                "message": "it is posted, and now nothing would be posted for it.",
            }
        ]
    return {
        "company": row["company"],
        "document_key": row["document_key"],
        "status": row["status"],
        "is_posted": posted is not None,
        "nav_number": row["nav_number"],
        "compared_with": "documents given"
        if fresh
        else f"read on {(row['last_seen_at'] or '')[:10]}",
        "differs": bool(differences),
        "differences": differences,
    }


def _print(view: dict[str, Any]) -> None:
    named = f"{view['document_key']} ({view['company']})"
    if not view["is_posted"]:
        screen.line(f"{named} is {view['status'].replace('_', ' ')}: nothing of it is posted.")
        return
    if not view["differs"]:
        screen.line(
            f"{named} is posted as {view['nav_number']} and agrees ({view['compared_with']})."
        )
        return
    screen.line(f"{named} is posted as {view['nav_number']} and differs ({view['compared_with']}):")
    for item in view["differences"]:
        screen.line(item["message"], indent=2)
