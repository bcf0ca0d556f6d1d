"""nav-audit explain: a report's whole story; of a report the ledger has never seen, why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from target_dynamics_nav.audit import options, screen, words
from target_dynamics_nav.audit.command_line import BAD_NEWS
from target_dynamics_nav.catalogue import docs_url_of_environment, page_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_dynamics_nav.ledger import Ledger


@click.command("explain")
@click.argument("report")
@options.company_option
@options.names_option
@click.option(
    "--offline", is_flag=True, help="Do not ask Expensify about a report the ledger does not know."
)
@options.ledger_option
@options.json_option
def explain_command(
    report: str,
    company: str | None,
    ledger_url: str,
    *,
    with_names: bool,
    offline: bool,
    as_json: bool,
) -> None:
    """A report's whole story.

    REPORT is Expensify's report id (R00…, upper and lower case count) or its number, a document key (E…-R), NAV's
    number of a posted document, or the id of an expense.

    Shown are where each of its documents stands and why, what was read, which rule decided each account and dimension,
    every attempt with NAV's answer, the documents in NAV, and what to do next.

    Of a report the ledger has never seen, Expensify is asked why, where TAP_EXPENSIFY_BASE_URL,
    TAP_EXPENSIFY_PARTNER_USER_ID and TAP_EXPENSIFY_PARTNER_USER_SECRET are set; the exit code is 1 then.
    """
    from target_dynamics_nav.audit import access  # noqa: PLC0415 - slow to load

    with access.opened(ledger_url) as ledger:
        rows = access.named(ledger, report, company)
        view: dict[str, Any] = {
            "report": report,
            "documents": [
                stories_view(ledger, row["ledger_id"], row["document_key"], with_names=with_names)
                for row in rows
            ],
        }
    if rows:
        if as_json:
            screen.print_json(view)
        else:
            for story in view["documents"]:
                _print_story(story)
        return
    view["expensify"] = unseen = _why_unseen(report, offline=offline)
    if as_json:
        screen.print_json(view)
    else:
        screen.line(f"The audit ledger has never seen {report}.")
        screen.line(unseen["message"])
        for step in unseen["next_steps"]:
            screen.line(f"-> {step}", indent=2)
    sys.exit(BAD_NEWS)


def stories_view(
    ledger: Ledger, ledger_id: str, key: str, *, with_names: bool = False
) -> dict[str, Any]:
    """One document's whole story as plain data."""
    from target_dynamics_nav.audit.views import story_view  # noqa: PLC0415 - slow to load
    from target_dynamics_nav.ledger import queries  # noqa: PLC0415 - as above

    story = queries.story(ledger, ledger_id, key)
    if story is None:  # it was there a moment ago
        return {}
    return story_view(story, with_names=with_names)


def _why_unseen(report: str, *, offline: bool) -> dict[str, Any]:
    from target_dynamics_nav.audit import expensify  # noqa: PLC0415 - slow to load

    if offline:
        return {
            "code": "not_asked",
            "message": "Expensify was not asked (--offline).",
            "next_steps": [],
        }
    return expensify.why_unseen(report).as_dict()


def _print_story(view: dict[str, Any]) -> None:
    kind = words.KIND_WORDS.get(view["kind"], view["kind"])
    total = f" over {screen.money(view['total'])} {view['currency_code'] or 'own currency'}"
    screen.heading(f"{view['document_key']}: {kind}{total if view['total'] else ''}")
    screen.line(f"Status: {words.STATUS_WORDS.get(view['status'], view['status'])}")
    for reason in view["reasons"]:
        screen.line(f"{reason['message']} [{reason['code']}]", indent=2)
    docs_url = docs_url_of_environment()
    for code in dict.fromkeys(reason["code"] for reason in view["reasons"]):
        page = page_of(code, docs_url)
        if page is not None:
            screen.line(f"More about {code}: {page}", indent=2)
    waived = view["waived"]
    if waived:
        screen.line(
            f"Waived by {waived['by']} on {waived['at'][:10]}: {waived['reason']}", indent=2
        )
    if view["waiting_since"]:
        screen.line(
            f"Waits since {view['waiting_since'][:10]}; tried by {screen.counted(view['attempts'], 'run')}."
        )
    screen.line("What to do next:")
    for step in view["next_steps"]:
        screen.line(f"-> {step}", indent=2)
    for label, name in _FACTS:
        if view.get(name):
            screen.line(f"{label}: {view[name]}")
    if view["read"]:
        _print_version("What was read", view["read"])
    if view["posted"]:
        _print_version("What is posted (see also: nav-audit diff)", view["posted"])
    if view["nav_documents"]:
        screen.heading("In NAV")
        screen.table(
            ("Role", "Kind", "Number", "Total", "Posting date", "Since", ""),
            [
                (
                    item["role"],
                    words.KIND_WORDS.get(item["kind"], item["kind"]),
                    item["nav_number"],
                    screen.money(item["total"]),
                    item["posting_date"],
                    item["at"][:10],
                    "removed" if item["removed_at"] else "",
                )
                for item in view["nav_documents"]
            ],
            right=(3,),
        )
    screen.heading("What happened (UTC)")
    for event in view["events"]:
        screen.line(f"{event['at'][:19].replace('T', ' ')}  {event['what']}")


_FACTS = (
    ("Company", "company"),
    ("Report", "report_id"),
    ("Report number", "report_number"),
    ("Report name", "report_name"),
    ("Address", "report_url"),
    ("Submitter", "submitter"),
    ("Policy", "policy_name"),
    ("Part", "part"),
    ("Approved", "approved_at"),
    ("Vendor", "vendor_number"),
    ("Posting date", "posting_date"),
    ("Document date", "document_date"),
    ("NAV number", "nav_number"),
    ("Texts purged", "purged_at"),
)


def _print_version(title: str, version: Mapping[str, Any]) -> None:
    screen.heading(f"{title} ({version['read_at'][:10]})")
    if version["purged"]:
        screen.line("Texts and rules were purged; amounts, accounts and dimensions are kept.")
    described = any("description" in item for item in version["lines"])
    screen.table(
        ("Line", "Account", "Amount", "Tax", "Dimensions", *(("Text",) if described else ())),
        [
            (
                item["line"],
                item["account_number"] or "not decided",
                screen.money(item["amount"]),
                item["tax_code"],
                _pairs(item["dimensions"]),
                *((item.get("description"),) if described else ()),
            )
            for item in version["lines"]
        ],
        right=(0, 2),
    )
    if version["dimensions"]:
        screen.line(f"On the whole document: {_pairs(version['dimensions'])}")
    rules = list(_rules(version))
    if rules:
        screen.heading("Which rule decided what")
        for name, rule in rules:
            screen.line(f"{name}: {rule}", indent=2)
    for note in version["notes"]:
        screen.line(f"Note: {note['message']} [{note['code']}]", indent=2)


def _rules(version: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Rules with what they decided; lines that one rule decided alike are named together."""
    for name, rule in version["decided_by"].items():
        yield name.replace("_", " "), rule
    alike: dict[tuple[str, str], list[int]] = {}
    for item in version["lines"]:
        for name, rule in item["decided_by"].items():
            alike.setdefault((name, rule), []).append(item["line"])
    for (name, rule), numbers in alike.items():
        lines = ", ".join(map(str, numbers))
        noun = "line" if len(numbers) == 1 else "lines"
        yield f"{name.replace('_', ' ')} of {noun} {lines}", rule


def _pairs(dimensions: Mapping[str, str]) -> str:
    return ", ".join(f"{code} {value}" for code, value in sorted(dimensions.items()))
