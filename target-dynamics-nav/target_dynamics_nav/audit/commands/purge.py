"""nav-audit purge: removes a person's data, or old texts, and leaves the books and the chain whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from target_dynamics_nav.audit import options, screen

if TYPE_CHECKING:
    from datetime import datetime


@click.command(
    "purge",
    epilog=options.examples(
        "nav-audit purge --person anna@northwind.example", "nav-audit purge --before 2019-01-01"
    ),
)
@click.option("--person", help="The submitter whose data is removed, as the feed names them.")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Remove texts of what was settled before this day and waits for nothing.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.who_option
@options.ledger_option
@options.json_option
def purge_command(
    person: str | None,
    before: datetime | None,
    who: str | None,
    ledger_url: str,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove names, texts and rules; keep amounts, accounts, numbers and the chain.

    Removed are the submitter, the report's name and address, descriptions, the rules that decided, and the words of
    reasons and of NAV's answers. Kept is what the books need: keys, report ids, accounts, dimensions, amounts, dates,
    NAV's numbers, statuses and codes. That the purge happened is an event of its own, which names nobody; `nav-audit
    verify` stays content. It cannot be undone. A report that changes later brings its texts back.
    """
    if (person is None) == (before is None):
        raise click.UsageError("Give either --person or --before.")
    if not yes:
        click.confirm("This cannot be undone. Remove it?", abort=True, err=True)
    from target_dynamics_nav.audit import access  # noqa: PLC0415 - slow to load

    by = access.operator(who)
    number = 0
    with access.opened(ledger_url) as ledger:
        if person is not None:
            number = ledger.purge_person(person.strip(), by)
        elif before is not None:
            number = ledger.purge_before(before.date().isoformat(), by)
    if as_json:
        screen.print_json({"documents": number})
    else:
        screen.line(f"Texts of {screen.counted(number, 'document')} were removed.")
