"""The page: template, styles and script in one file, and a policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from target_dynamics_nav.audit import screen, words
from target_dynamics_nav.audit.exports.harmless import harmless
from target_dynamics_nav.audit.report import figures
from target_dynamics_nav.audit.report.chart import chart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from target_dynamics_nav.audit.report.stories import Row

_TEMPLATES = "templates"
_POLICY = (
    "default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; "
    "form-action 'none'"
)
EXAMPLES = 12
"""How many documents of a cause are named beside it; the filter shows all."""


@dataclass(frozen=True)
class Report:
    """What a report tells.

    Attributes:
        since: First posting date, ISO 8601; None is open.
        until: Last posting date, ISO 8601; None is open.
        company: The only company, if it was restricted to one.
        made_at: When the ledger was read, UTC.
        stories: As `stories.stories`.
        last_run: The row of the latest run; None when there was none.
        chain: How many events the ledger has, and the hash of the last one.
        with_names: Whether it names people.
        version: Of the target.
    """

    since: str | None
    until: str | None
    company: str | None
    made_at: datetime
    stories: Sequence[Row]
    last_run: Mapping[str, Any] | None
    chain: Mapping[str, Any]
    with_names: bool
    version: str


def page(report: Report) -> str:
    """The report as one HTML file."""
    stories = report.stories
    figures.name_currencies(stories)
    style, script = _asset("report.css"), _asset("report.js")
    environment = _environment()
    days = figures.postings(stories)
    return environment.get_template("report.html.jinja").render(
        report=report,
        title=_title(report),
        stories=stories,
        undated=sum(1 for story in stories if story["posting_date"] is None),
        totals=figures.totals(stories),
        causes=figures.causes(stories, report.made_at.date()),
        ages=[name for name, _, _ in figures.AGES],
        days=days,
        chart=chart(days),
        accounts=figures.spend_by_account(stories),
        dimensions=figures.spend_by_dimension(stories),
        index=_index(stories),
        examples=EXAMPLES,
        policy=_POLICY.format(script=_hash(script), style=_hash(style)),
        style=Markup(style),  # noqa: S704 - a file of this package, no text of anybody's
        script=Markup(script),  # noqa: S704 - as above
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    environment.filters |= {
        "money": screen.money,
        "cell": _cell,
        "moment": _moment,
        "status_words": lambda status: words.STATUS_WORDS.get(status, status),
        "kind_words": lambda kind: words.KIND_WORDS.get(kind, kind),
        "counted": screen.counted,
    }
    return environment


def _clean(value: object) -> object:
    """What the template prints: texts without control characters, which might turn what is beside them around."""
    return (
        screen.clean(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
    )


def _cell(text: object) -> str:
    """A text from a report in a table: nobody's spreadsheet computes it when the table is pasted there."""
    return harmless(screen.clean(text))


def _moment(text: str | None) -> str:
    """A time of the ledger, to the minute."""
    return (text or "")[:16].replace("T", " ")


def _asset(name: str) -> str:
    return (resources.files(__package__) / _TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _title(report: Report) -> str:
    since, until = report.since, report.until
    if since is None and until is None:
        period = "everything in the ledger"
    elif since is None:
        period = f"posting dates up to {until}"
    elif until is None:
        period = f"posting dates from {since}"
    else:
        period = f"posting dates {since} to {until}"
    return f"{report.company}, {period}" if report.company else period[0].upper() + period[1:]


def _index(stories: Sequence[Row]) -> dict[str, Any]:
    """What the filter needs beside the texts on the page: facets as numbers of names, amounts as exact texts."""
    facets: dict[str, dict[str, int]] = {
        name: {} for name in ("status", "company", "policy", "cause", "currency")
    }
    documents = []
    for story in stories:
        reason = story["reasons"][0].get("code") if story["reasons"] else None
        values = {
            "status": story["status"],
            "company": story["company"],
            "policy": story["policy_name"] or story["policy_id"] or figures.NOT_SET,
            "cause": (reason if story["waiting_since"] else None) or figures.NOT_SET,
            "currency": story["currency"],
        }
        amount = story["amount"]
        documents.append(
            [
                *(
                    facets[name].setdefault(str(value), len(facets[name]))
                    for name, value in values.items()
                ),
                None if amount is None else format(amount, "f"),
            ]
        )
    return {
        # The order of a document's numbers: that of JSON's names is not kept.
        "columns": list(facets),
        "facets": {
            name: [screen.clean(value) for value in found] for name, found in facets.items()
        },
        "documents": documents,
    }
