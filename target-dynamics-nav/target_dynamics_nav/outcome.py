"""What becomes of a document, in words for people. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_dynamics_nav.document import Problem
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.document import Document, Skip
    from target_dynamics_nav.errors import TargetError
    from target_dynamics_nav.nav.port import FoundDocument


@dataclass(frozen=True)
class Outcome:
    """Where a document stands after an attempt, and why."""

    status: Status
    reasons: Sequence[Problem] = ()
    nav_number: str | None = None


class Unposted(Exception):  # noqa: N818 - it is an outcome, not an error
    """Ends an attempt with a status and reasons."""

    def __init__(self, status: Status, reasons: Sequence[Problem]) -> None:
        super().__init__(status.value)
        self.outcome = Outcome(status, reasons)


def as_problem(error: TargetError) -> Problem:
    """An error as the reason of a document, with NAV's own words."""
    message = error.message
    if error.nav_message and error.nav_message not in message:
        message = f"{message} NAV says: {error.nav_message}"
    return Problem(
        code=error.code, message=message, field=error.field, value=error.value, hint=error.hint
    )


def skipped(skip: Skip) -> Outcome:
    """A rule says that nothing is to be posted."""
    return Outcome(Status.SKIPPED, [Problem(code=skip.code, message=skip.reason)])


def not_wanted(document: Document, nav_number: str | None) -> Problem:
    """Posted, but upstream wants nothing posted now."""
    return Problem(
        code="posted_but_not_wanted",
        value=nav_number,
        message=f"NAV has this report posted as {nav_number}, but now a rule or a problem keeps it out: "
        + document.why_nothing,
        hint="Correct the rules, so that it is mapped as before; or correct the posting in NAV.",
    )


def changed_since_posted(field: str, message: str) -> Problem:
    """Posted, but with another content than the document has now."""
    return Problem(
        code="changed_since_posted",
        field=field,
        message=message,
        hint="Correct the posting in NAV (credit memo and new document), or restore the report.",
    )


def posted_elsewhere(elsewhere: Mapping[str, str]) -> list[Problem]:
    """Lines whose sources, e.g. expenses, are posted with other documents: {source id: key of that document}."""
    return [
        Problem(
            code="posted_elsewhere",
            field="lines",
            value=source,
            message=f"The expense {source} is posted already, with the document {key}.",
            hint=f"It moved from one document to another after posting. Correct {key} first (on_changed: correct, or a "
            "credit memo in NAV), or take the expense out of this report.",
        )
        for source, key in sorted(elsewhere.items())
    ]


def seen(found: FoundDocument) -> dict[str, object]:
    """What a look-up found, for the audit ledger."""
    return {
        "nav_id": found.id,
        "nav_number": found.number,
        "kind": found.kind.value,
        "posted": found.posted,
        "total": str(found.total),
    }
