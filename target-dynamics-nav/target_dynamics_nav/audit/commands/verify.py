"""nav-audit verify: has anybody altered the record of what happened?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen
from target_dynamics_nav.audit.command_line import BAD_NEWS

if TYPE_CHECKING:
    from target_dynamics_nav.ledger import Ledger

SHOWN = 20


@click.command("verify")
@options.ledger_option
@options.json_option
def verify_command(ledger_url: str, *, as_json: bool) -> None:
    """Check the chain of events, and each document against it: what was altered, and where.

    Each event carries a hash of itself and of the one before it; changed, removed, inserted and moved events show, and
    so does a removed end. Documents that do not stand as the events say show as well. Texts that were purged by
    `nav-audit purge` are no alteration. The exit code is 1 when
    something was altered. Keep the last hash outside of the ledger (in the minutes of the month, say): who rewrites the
    whole chain cannot make it end in the same hash.
    """
    from target_dynamics_nav.audit.access import opened  # noqa: PLC0415 - slow to load

    with opened(ledger_url) as ledger:
        view = verify_view(ledger)
    if as_json:
        screen.print_json(view)
    else:
        _print(view)
    if view["alterations"] or view["documents"]:
        sys.exit(BAD_NEWS)


def verify_view(ledger: Ledger) -> dict[str, Any]:
    """What was altered, and where the chain ends, as plain data."""
    from target_dynamics_nav.ledger import overviews  # noqa: PLC0415 - slow to load

    alterations = [
        {
            "sequence": found.sequence,
            "what": found.what,
            **overviews.event_place(ledger, found.sequence),
        }
        for found in ledger.verify_chain()
    ]
    documents = [
        {"sequence": found.sequence, "what": found.what} for found in ledger.verify_documents()
    ]
    return {"alterations": alterations, "documents": documents, **overviews.chain_end(ledger)}


def _print(view: dict[str, Any]) -> None:
    alterations, documents = view["alterations"], view["documents"]
    if not alterations and not documents:
        screen.line(
            f"{screen.counted(view['events'], 'event')}, none altered; every document stands as they say."
        )
        screen.line(f"The chain ends with {view['hash']}.")
        return
    places = len(alterations) + len(documents)
    screen.line(f"The ledger was altered in {screen.counted(places, 'place')}:")
    for item in alterations[:SHOWN]:
        place = f" ({item['kind']} of {item['document_key'] or 'a run'}, {item['at'][:19]})"
        screen.line(
            f"event {item['sequence']}{place if item['kind'] else ''}: {item['what']}", indent=2
        )
    for item in documents[:SHOWN]:
        screen.line(item["what"], indent=2)
    if max(len(alterations), len(documents)) > SHOWN:
        screen.line("… and more; --json shows all.", indent=2)
    screen.line(
        "NAV is the truth: compare it with `nav-audit reconcile`, and restore the ledger from a backup."
    )
