"""nav-audit retry: has a report tried again, as far as a ledger can, and says the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen
from target_dynamics_nav.audit.words import REPLAY

if TYPE_CHECKING:
    from collections.abc import Mapping

_SETTLED = frozenset({"posted", "already_posted"})


@click.command("retry")
@click.argument("report")
@options.who_option
@options.company_option
@options.ledger_option
@options.json_option
def retry_command(
    report: str, who: str | None, company: str | None, ledger_url: str, *, as_json: bool
) -> None:
    """Have a report tried again: takes back a waiver, and says what the next run does.

    What is held, failed or changed needs no retry: the pipeline's bookmark waits in front of it, and every run reads it
    again. What was waived or skipped is behind the bookmark; its waiver is taken back, and the command that reads this
    one report again, whatever the bookmark, is printed. What is posted stays posted: nothing is ever posted twice.
    """
    from target_dynamics_nav.audit import access  # noqa: PLC0415 - slow to load

    by = access.operator(who)
    answers = []
    with access.opened(ledger_url) as ledger:
        for row in access.require_named(ledger, report, company):
            if row["status"] == "waived":
                ledger.unwaive(access.books_of(row), row["document_key"], by)
            answers.append(retry_view(row))
    if as_json:
        screen.print_json({"documents": answers})
        return
    for answer in answers:
        screen.line(f"{answer['document_key']} ({answer['company']}): {answer['message']}")
        if answer["command"]:
            screen.line(answer["command"], indent=2)


def retry_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes of a document that is to be tried again.

    Args:
        row: The row of `documents` as it was; a waiver is taken back already.
    """
    status = row["status"]
    replay = REPLAY.format(report=row["source_id"])
    unwaived = status == "waived"
    was = row["status_before_waiver"] if unwaived else status
    if status in _SETTLED:
        message, command = (
            (
                f"it is in NAV as {row['nav_number']}, and stays there; nothing is posted twice. To see whether it "
                "still agrees: nav-audit diff, nav-audit reconcile."
            ),
            None,
        )
    elif unwaived:
        message, command = (
            f"the waiver is taken back, it is {was} again. Runs have moved past it, so have it read again by:",
            replay,
        )
    elif status == "skipped":
        message, command = (
            "a rule skips it, and runs have moved past it. Correct the rule, then have it read again by:",
            replay,
        )
    elif status == "changed":
        message, command = (
            (
                "it is posted, and differs now. The next run compares it again by itself; it writes nothing unless the "
                "target's setting on_changed is correct. To have it compared at once:"
            ),
            replay,
        )
    elif status in {"draft", "previewed"}:
        message, command = (
            (
                f"it is {'a draft in NAV' if status == 'draft' else 'previewed'}; a run with the setting mode: "
                "post posts it. To have it read again whatever the bookmark:"
            ),
            replay,
        )
    else:
        message, command = (
            "the next run reads it again by itself, with the rules and the NAV of that day. To try it alone, now:",
            replay,
        )
    return {
        "company": row["company"],
        "document_key": row["document_key"],
        "was": status,
        "unwaived": unwaived,
        "message": message,
        "command": command,
    }
