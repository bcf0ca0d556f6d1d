"""Rows of the ledger as people may see them. Pure: no I/O.

Names stay out unless they are asked for: the submitter, the report's own name and address, descriptions, and any e-mail
address that a text or a rule contains.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.audit import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.ledger.queries import Event, Story

Row = dict[str, Any]

HIDDEN = "(name hidden)"
_ADDRESS = re.compile(r"[^\s@'\"“”‘’<>()\[\]{},;:]+@[^\s@'\"“”‘’<>()\[\]{},;:]+")


def hide(value: Any, *, with_names: bool) -> Any:  # noqa: ANN401 - any plain data
    """Plain data with e-mail addresses hidden, in keys as well."""
    if with_names:
        return value
    if isinstance(value, str):
        return _ADDRESS.sub(HIDDEN, value) if "@" in value else value
    if isinstance(value, dict):
        return {
            hide(name, with_names=False): hide(item, with_names=False)
            for name, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [hide(item, with_names=False) for item in value]
    return value


def document_view(row: Mapping[str, Any], *, with_names: bool = False) -> Row:
    """One document as the commands show it.

    Args:
        row: A row of `documents`.
        with_names: Whether names are shown.
    """
    view: Row = {
        "company": row["company"],
        "document_key": row["document_key"],
        "kind": row["kind"],
        "part": row["part"],
        "report_id": row["source_id"],
        "report_number": row["source_number"],
        "policy_id": row["policy_id"],
        "policy_name": row["policy_name"],
        "approved_at": row["approved_at"],
        "status": row["status"],
        "reasons": row["reasons"] or [],
        "vendor_number": row["vendor_number"],
        "posting_date": row["posting_date"],
        "document_date": row["document_date"],
        "total": row["total"],
        "currency_code": row["currency_code"],
        "nav_number": row["nav_number"],
        "first_seen_at": row["first_seen_at"],
        "changed_at": row["changed_at"],
        "waiting_since": row["held_since"],
        "attempts": row["attempts"],
        "waived": None
        if row["status"] != "waived"
        else {
            "at": row["waived_at"],
            "by": row["waived_by"],
            "reason": row["waived_reason"],
            "was": row["status_before_waiver"],
        },
        "purged_at": row["purged_at"],
        "next_steps": words.next_steps(row),
    }
    if with_names:
        source = row["source"] or {}
        view |= {
            "submitter": row["submitter"],
            "report_name": source.get("name"),
            "report_url": row["source_url"],
        }
    shown: Row = hide(view, with_names=with_names)
    return shown


def version_view(row: Mapping[str, Any], *, with_names: bool = False) -> Row:
    """One version of a document's content: header, lines, the rule behind each value.

    Args:
        row: A row of `contents`.
        with_names: Whether descriptions and names in rules are shown.
    """
    content, told = row["content"], row["document"] or {}
    lines = told.get("lines")
    decided_by = row["decided_by"] or {}
    # Without the document's own order of lines nobody knows which line such a rule is about.
    line_rules = {
        name: rule
        for name, rule in decided_by.items()
        if lines is not None and name.startswith("lines[")
    }
    view: Row = {
        "read_at": row["first_read_at"],
        "digest": row["digest"],
        "purged": row["document"] is None and row["decided_by"] is None,
        "kind": content["kind"],
        "vendor_number": content["vendor_number"],
        "balancing_account": content["balancing_account"],
        "currency_code": content["currency_code"],
        "prices_include_tax": content["prices_include_tax"],
        "total": content["total"],
        "posting_date": told.get("posting_date"),
        "document_date": told.get("document_date"),
        "dimensions": told.get("dimensions") or {},
        "lines": [
            _line_view(line, number, line_rules, with_names=with_names)
            for number, line in enumerate(content["lines"] if lines is None else lines)
        ],
        "decided_by": {name: rule for name, rule in decided_by.items() if name not in line_rules},
        "notes": told.get("notes") or [],
    }
    if with_names:
        view["description"] = told.get("description")
    shown: Row = hide(view, with_names=with_names)
    return shown


def _line_view(
    line: Mapping[str, Any], number: int, decided_by: Mapping[str, str], *, with_names: bool
) -> Row:
    prefix = f"lines[{number}]."
    view = {
        "line": number + 1,
        "account_type": line["account_type"],
        "account_number": line["account_number"],
        "amount": line["amount"],
        "tax_code": line["tax_code"],
        "dimensions": line["dimensions"],
        "source_id": line.get("source_id"),
        "decided_by": {
            name.removeprefix(prefix): rule
            for name, rule in decided_by.items()
            if name.startswith(prefix)
        },
    }
    if with_names:
        view["description"] = line.get("description")
    return view


def event_view(event: Event, *, with_names: bool = False) -> Row:
    """One event with a sentence of what happened."""
    view: Row = hide(
        {
            "sequence": event.sequence,
            "at": event.at,
            "who": event.who,
            "run_id": event.run_id,
            "kind": event.kind,
            "what": words.event_words(event.kind, event.told, purged=event.purged),
            "nav_message": event.told.get("nav_message"),
        },
        with_names=with_names,
    )
    return view


def nav_document_view(row: Mapping[str, Any]) -> Row:
    """One document in NAV that was made for a report."""
    names = (
        "role kind nav_number nav_key total currency_code posting_date part_number at removed_at"
    )
    return {name: row[name] for name in names.split()}


def story_view(story: Story, *, with_names: bool = False) -> Row:
    """One document's whole story."""
    by_version = {row["version"]: row for row in story.versions}
    last, posted = story.document["version"], story.document["posted_version"]

    def shown(version: str | None) -> Row | None:
        row = by_version.get(version or "")
        return None if row is None else version_view(row, with_names=with_names)

    return {
        **document_view(story.document, with_names=with_names),
        "read": shown(last),
        "posted": None if posted in (None, last) else shown(posted),
        "versions": len(story.versions),
        "nav_documents": [nav_document_view(row) for row in story.nav_documents],
        "events": [event_view(event, with_names=with_names) for event in story.events],
    }
