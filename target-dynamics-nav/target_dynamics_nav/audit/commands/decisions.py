"""nav-audit waive and unwaive: a person closes what waits, or opens it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen
from target_dynamics_nav.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_dynamics_nav.ledger import Ledger

WAITING = frozenset({"held", "failed", "changed"})


@click.command(
    "waive",
    epilog=options.examples(
        'nav-audit waive R00bCluvcO4T --reason "Paid in cash, booked by hand as 108233"'
    ),
)
@click.argument("report")
@click.option("--reason", required=True, help="Why it is not to be posted; kept on record.")
@options.who_option
@options.company_option
@options.ledger_option
@options.json_option
def waive_command(
    report: str,
    reason: str,
    who: str | None,
    company: str | None,
    ledger_url: str,
    *,
    as_json: bool,
) -> None:
    """Close what waits: a person says that it is not to be posted (any more).

    REPORT is a report id or number, or a document key. All of its documents that are held, failed or changed are
    closed; to close one of them, name its key. The pipeline's bookmark moves past them with the next run. A report that
    is posted and changes once more after that is news again. `nav-audit unwaive` takes it back.
    """
    if not reason.strip():
        raise click.UsageError("--reason must say why.")
    from target_dynamics_nav.audit import access  # noqa: PLC0415 - slow to load

    by = access.operator(who)
    with access.opened(ledger_url) as ledger:
        closed = _decide(
            ledger,
            access.require_named(ledger, report, company),
            WAITING,
            lambda row: ledger.waive(access.books_of(row), row["document_key"], reason.strip(), by),
        )
        if not closed:
            raise _nothing_to_do(ledger, report, company, "waits", "not_waiting")
    _tell(
        closed,
        "waived",
        "is waived; the pipeline leaves it alone from its next run on",
        as_json=as_json,
    )


@click.command("unwaive")
@click.argument("report")
@options.who_option
@options.company_option
@options.ledger_option
@options.json_option
def unwaive_command(
    report: str, who: str | None, company: str | None, ledger_url: str, *, as_json: bool
) -> None:
    """Open again what was waived: it waits as it did before.

    The pipeline may have read past it meanwhile: `nav-audit retry REPORT` says how to have it read again.
    """
    from target_dynamics_nav.audit import access  # noqa: PLC0415 - slow to load

    by = access.operator(who)
    with access.opened(ledger_url) as ledger:
        opened = _decide(
            ledger,
            access.require_named(ledger, report, company),
            frozenset({"waived"}),
            lambda row: ledger.unwaive(access.books_of(row), row["document_key"], by),
        )
        if not opened:
            raise _nothing_to_do(ledger, report, company, "is waived", "not_waived")
    _tell(opened, "opened", f"waits again; next: nav-audit retry {report}", as_json=as_json)


def _decide(
    ledger: Ledger,
    rows: list[dict[str, Any]],
    statuses: frozenset[str],
    act: Callable[[dict[str, Any]], None],
) -> list[dict[str, Any]]:
    """Act on the documents of these statuses; gives them."""
    del ledger
    found = [row for row in rows if row["status"] in statuses]
    for row in found:
        act(row)
    return found


def _nothing_to_do(
    ledger: Ledger, report: str, company: str | None, what: str, code: str
) -> DocumentError:
    from target_dynamics_nav.audit import access  # noqa: PLC0415 - slow to load

    standing = ", ".join(
        f"{row['document_key']} is {row['status'].replace('_', ' ')}"
        for row in access.named(ledger, report, company)
    )
    return DocumentError(
        f"Nothing of {report} {what}: {standing}.",
        code=code,
        field="report",
        value=report,
        hint=f"See `nav-audit explain {report}`.",
    )


def _tell(rows: list[dict[str, Any]], name: str, what: str, *, as_json: bool) -> None:
    if as_json:
        screen.print_json(
            {
                name: [
                    {"company": row["company"], "document_key": row["document_key"]} for row in rows
                ]
            }
        )
        return
    for row in rows:
        screen.line(f"{row['document_key']} ({row['company']}) {what}.")
