"""What the run's summary and the audit ledger say of what waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.alerts.news import Waiting
from target_dynamics_nav.ledger import WAITING, queries

if TYPE_CHECKING:
    from target_dynamics_nav.ledger import Ledger
    from target_dynamics_nav.summary import RunSummary

MOST_WAITING = 10_000
"""So many are looked at, those that changed last first; where more wait, nobody needs their exact number."""

Place = tuple[str, str]
"""Id of the company, or its name where NAV has none of that name; document key."""


def waiting_in_run(summary: RunSummary) -> dict[Place, Waiting]:
    """Held, changed and failed documents of a run."""
    found = {}
    for entry in summary.unsettled():
        document, outcome = entry.document, entry.outcome
        reason = outcome.reasons[0] if outcome.reasons else None
        found[entry.company, document.key] = Waiting(
            status=outcome.status.value,
            report_id=document.source_name,
            document_key=document.key,
            company=document.company or "",
            code=reason.code if reason else "",
            total=entry.signed_total,
            currency_code=entry.currency_code,
            report_name=_text(document.source.get("name")),
            submitter=_text(document.source.get("submitter")),
            message=" ".join(each.message for each in outcome.reasons) or None,
        )
    return found


def with_ledger(
    found: dict[Place, Waiting], ledger: Ledger, aged_days: int, now: datetime | None = None
) -> list[Waiting]:
    """The same with what the ledger adds: since when each waits, and what waits for long without having been read.

    Args:
        found: What waits in the run.
        ledger: The ledger.
        aged_days: After how many days a document is aged.
        now: The moment of the run's end; by default this one.

    Raises:
        OutageError: The ledger does not answer.
    """
    moment = now or datetime.now(timezone.utc)
    limit = (moment - timedelta(days=aged_days)).astimezone(timezone.utc)
    before = limit.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    everything = dict(found)
    statuses = sorted(status.value for status in WAITING)
    for row in queries.find(ledger, queries.Filter(statuses=statuses), limit=MOST_WAITING):
        place, since = _place(row), row["held_since"]
        aged = since is not None and since < before
        known = everything.get(place)
        if known is not None:
            everything[place] = replace(known, company=row["company"], since=since, aged=aged)
        elif aged:
            everything[place] = replace(_of_row(row), aged=True)
    return list(everything.values())


def _place(row: dict[str, Any]) -> Place:
    return row["ledger_id"].rpartition("#")[2] or row["company"], row["document_key"]


def _of_row(row: dict[str, Any]) -> Waiting:
    total = _decimal(row["total"])
    credit = row["kind"] == "purchase_credit_memos"
    reasons = row["reasons"] or ()
    return Waiting(
        status=row["status"],
        report_id=row["source_id"] or row["document_key"],
        document_key=row["document_key"],
        company=row["company"],
        code=row["reason_code"] or "",
        total=-total if total is not None and credit else total,
        currency_code=row["currency_code"] or "",
        report_name=_text((row["source"] or {}).get("name")),
        submitter=row["submitter"],
        message=" ".join(str(reason.get("message") or "") for reason in reasons).strip() or None,
        since=row["held_since"],
        read=False,
    )


def _decimal(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
