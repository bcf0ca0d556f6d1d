"""Each document's story, as plain data with names hidden unless they are asked for."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.audit.views import (
    document_view,
    event_view,
    nav_document_view,
    version_view,
)
from target_dynamics_nav.ledger import overviews, queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_dynamics_nav.ledger import Ledger
    from target_dynamics_nav.ledger.queries import Filter

Row = dict[str, Any]

WAITING = ("held", "failed", "changed")
"""Statuses that wait for a person or for the next run, the most urgent first."""

POSTINGS = frozenset({"posted", "reposted"})
"""Roles of documents in NAV whose amounts are in the books."""

TAKEN_BACK = "credit"
"""The role of a document in NAV that takes a posting back."""

_WHERE = re.compile(r"(.+?\(line \d+\)): (.+)", re.DOTALL)
"""A rule's place in the file of rules, and what it went by."""

_CARRIED_OUT = {
    "draft_intended": "draft_created",
    "draft_deletion_intended": "draft_deleted",
    "post_intended": "posted",
}
"""Intentions, and what follows when they succeed."""

_DECISIONS = frozenset({"waived", "unwaived"})


def stories(ledger: Ledger, wanted: Filter, *, with_names: bool = False) -> list[Row]:
    """Documents with all that the ledger has of them: what waits first, then by posting date, the latest first.

    Args:
        ledger: The ledger.
        wanted: Which documents.
        with_names: Whether names and texts of reports are shown.

    Returns:
        As `views.document_view`, and `read` and `posted` (versions, None where there is none; `posted` only where it
        is not what was read last), `in_nav` (the version whose amounts are in NAV's books now), `nav_documents`, `runs`
        (see `by_run`) and `rules` of the version that is shown first.
    """
    kept = list(overviews.kept(ledger, wanted))
    places = [(item.document["ledger_id"], item.document["document_key"]) for item in kept]
    histories = queries.histories(ledger, places)
    found = [
        _story(item, histories[place], with_names=with_names)
        for item, place in zip(kept, places, strict=True)
    ]
    # Sorted twice: the latest posting date first, but keys in their order.
    found.sort(key=lambda story: (story["company"], story["document_key"]))
    found.sort(key=lambda story: story["posting_date"] or "", reverse=True)
    found.sort(key=lambda story: story["status"] not in WAITING)
    return found


def _story(kept: overviews.Kept, events: Sequence[queries.Event], *, with_names: bool) -> Row:
    same = kept.document["posted_version"] == kept.document["version"]
    read = _version(kept.current, with_names=with_names)
    posted = read if same else _version(kept.posted, with_names=with_names)
    shown = read or posted
    return {
        **document_view(kept.document, with_names=with_names),
        "read": read,
        "posted": None if same else posted,
        "in_nav": None if taken_back(kept.in_nav) else posted,
        "nav_documents": [nav_document_view(row) for row in kept.in_nav],
        "rules": rules(shown) if shown else [],
        "runs": by_run([event_view(event, with_names=with_names) for event in events]),
    }


def _version(row: Mapping[str, Any] | None, *, with_names: bool) -> Row | None:
    """A version as `views.version_view`, but `dimensions` are on every line; the others, `codes`, are on lines."""
    if row is None:
        return None
    view = version_view(row, with_names=with_names)
    own = [{**view["dimensions"], **(line["dimensions"] or {})} for line in view["lines"]]
    shared = (
        dict(set(own[0].items()).intersection(*(found.items() for found in own))) if own else {}
    )
    lines = [
        {**line, "dimensions": {code: found[code] for code in found if code not in shared}}
        for line, found in zip(view["lines"], own, strict=True)
    ]
    codes = sorted({code for line in lines for code in line["dimensions"]})
    return {
        **view,
        "codes": codes,
        "dimensions": shared or (view["dimensions"] if not own else {}),
        "lines": lines,
    }


def taken_back(nav_documents: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the last thing done in NAV was to take the posting back.

    Args:
        nav_documents: Rows of `nav_documents`, in the order of their making.
    """
    last = None
    for row in nav_documents:
        if row["role"] in POSTINGS or row["role"] == TAKEN_BACK:
            last = row["role"]
    return last == TAKEN_BACK


def by_run(events: Iterable[Mapping[str, Any]]) -> list[Row]:
    """What happened, one entry a run (or a person's decision); runs that went alike one after the other are one entry.

    Args:
        events: As `views.event_view`, oldest first.

    Returns:
        [{at, until, times, who, steps}]: `until` is when the last of `times` alike runs did it; `who` only of a
        person's decision.
    """
    found: list[Row] = []
    for _, group in groupby(events, key=_occasion):
        happened = list(group)
        steps = [_step(event) for event in _told(happened)]
        who = next((event["who"] for event in happened if event["kind"] in _DECISIONS), None)
        if found and found[-1]["steps"] == steps and found[-1]["who"] == who:
            found[-1]["times"] += 1
            found[-1]["until"] = happened[-1]["at"]
        else:
            first, last = happened[0]["at"], happened[-1]["at"]
            found.append({"at": first, "until": last, "times": 1, "who": who, "steps": steps})
    return found


def _occasion(event: Mapping[str, Any]) -> tuple[str, str]:
    """A run, or one decision of a person."""
    return event["run_id"], event["at"] if event["kind"] in _DECISIONS else ""


def _told(events: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Events without intentions that were carried out at once: what was done says so."""
    for event, following in zip(events, [*events[1:], None], strict=True):
        done = _CARRIED_OUT.get(event["kind"])
        if done is None or following is None or following["kind"] != done:
            yield event


def _step(event: Mapping[str, Any]) -> str:
    what, answer = str(event["what"]), event["nav_message"]
    return f"{what} NAV says: {answer}" if answer and str(answer) not in what else what


def rules(version: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(what was decided, by which rule) of a version; what a rule decided on several lines stands together."""
    found = [(_spaced(name), _cut(name, str(rule))) for name, rule in version["decided_by"].items()]
    alike: dict[tuple[str, str], dict[str, list[int]]] = {}
    for line in version["lines"]:
        for name, rule in line["decided_by"].items():
            cut = _cut(name, str(rule))
            where = _WHERE.match(cut)
            place, why = where.groups() if where else (cut, "")
            alike.setdefault((name, place), {}).setdefault(why, []).append(line["line"])
    for (name, place), whys in alike.items():
        cases = "; ".join(
            f"{_lines(numbers)}{': ' if why else ''}{why}" for why, numbers in whys.items()
        )
        found.append((_spaced(name), f"{place}; {cases}"))
    return found


def _lines(numbers: Sequence[int]) -> str:
    return f"line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _cut(name: str, rule: str) -> str:
    """A rule without the name of what it decides, where it begins with that."""
    return rule.removeprefix(f"{name}: ").removeprefix(f"{name}.")


def _spaced(name: str) -> str:
    """A field's name for people; codes of dimensions stay as they are."""
    head, dot, rest = name.partition(".")
    return f"{'dimension' if head == 'dimensions' and dot else head.replace('_', ' ')}{' ' if dot else ''}{rest}"
