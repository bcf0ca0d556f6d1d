"""Statuses and events as sentences, and what to do next. Pure: no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS_WORDS = {
    "posted": "posted",
    "already_posted": "posted before, recognised",
    "held": "held: a person must correct something",
    "failed": "failed: the next run tries again by itself",
    "changed": "changed since it was posted",
    "skipped": "skipped by a rule",
    "waived": "waived by a person",
    "draft": "a draft in NAV",
    "previewed": "previewed only",
}

KIND_WORDS = {
    "purchase_invoices": "purchase invoice",
    "purchase_credit_memos": "purchase credit memo",
    "journal_entries": "journal entry",
}

REPLAY = """TAP_EXPENSIFY_REPORT_IDS='["{report}"]' meltano run expensify-to-nav"""
"""Reads one report whatever the bookmark; where another feed is used, it has a way of its own."""

_EVENT_WORDS = {
    "looked_up": "NAV was asked and has {found}.",
    "draft_intended": "A draft was about to be created (attempt {attempt}).",
    "draft_created": "Draft {nav_number} was created in NAV.",
    "draft_rejected": "The draft in NAV is not as sent: {differences}.",
    "draft_deletion_intended": "Draft {nav_number} was about to be removed.",
    "draft_deleted": "Draft {nav_number} was removed.",
    "draft_kept": "Draft {nav_number} was kept in NAV.",
    "draft_left": "The draft could not be removed ({code}).",
    "draft_changed": "Somebody changed the draft meanwhile ({code}).",
    "draft_gone": "The draft is not in NAV any more.",
    "post_intended": "The verified draft was about to be posted (attempt {attempt}).",
    "refused": "NAV refused to post it ({code}): {nav_message}",
    "outcome_unknown": "NAV's answer to “{step}” was lost ({code}); it was looked up again.",
    "posted": "Posted in NAV as {nav_number}.",
    "already_posted": "NAV has it posted as {nav_number}; nothing was written.",
    "draft": "Left in NAV as draft {nav_number}.",
    "held": "Held: {reasons}",
    "failed": "Failed: {reasons}",
    "changed": "Differs from what is posted: {reasons}",
    "skipped": "Skipped: {reasons}",
    "previewed": "Previewed: it could be posted.",
    "waived": "Waived: {reason}",
    "unwaived": "The waiver was taken back.",
    "nav_document": "NAV document {nav_number} ({role}) was made.",
    "part_begun": "A correction began (part {part_number}).",
    "sources_released": "Its expenses may be posted with another document.",
}


def event_words(kind: str, told: Mapping[str, Any], *, purged: bool) -> str:
    """One event as a sentence; an unknown kind by its own name, so that nothing is left out."""
    pattern = _EVENT_WORDS.get(kind)
    if pattern is None:
        return f"{kind.replace('_', ' ').capitalize()}."
    words = pattern.format_map(_Told(told)).strip()
    return f"{words} (texts purged)" if purged else words


class _Told(dict[str, Any]):
    """Fields of an event as words; what is missing is an ellipsis."""

    def __missing__(self, name: str) -> str:
        del name
        return "…"

    def __getitem__(self, name: str) -> str:
        value = super().get(name)
        if value is None or value == "":
            return "…"
        if name == "reasons":
            return " ".join(str(reason.get("message") or reason.get("code")) for reason in value)
        if name == "differences":
            return "; ".join(map(str, value))
        if name == "found":
            return ", ".join(_found_words(item) for item in value) or "nothing of it"
        return str(value)


def _found_words(item: Mapping[str, Any]) -> str:
    kind = KIND_WORDS.get(str(item.get("kind")), "document")
    state = "posted" if item.get("posted") else "draft"
    total = f" over {item['total']}" if item.get("total") else ""
    return f"{state} {kind} {item.get('nav_number') or '…'}{total}"


_NEXT_STEPS = {
    "held": (
        "Then run the pipeline: every run reads it again, with the rules and the NAV of that day.",
        "If it is never to be posted: nav-audit waive {report} --reason “…”.",
    ),
    "failed": (
        "Nothing: the next run looks it up in NAV first and tries again.",
        "If it is never to be posted: nav-audit waive {report} --reason “…”.",
    ),
    "changed": (
        "See the difference: nav-audit diff {report}.",
        "Correct NAV by hand and waive the difference; or let the target correct it, by its setting on_changed.",
    ),
    "waived": ("Nothing. To open it again: nav-audit unwaive {report}.",),
    "skipped": ("Nothing. If the rule is wrong, correct it; then: nav-audit retry {report}.",),
    "draft": ("Post the draft in NAV; or run with the target's setting mode: post.",),
    "previewed": ("Run with the target's setting mode: post.",),
}
_NOTHING = ("Nothing: it is in NAV.",)
_WITH_HINTS = frozenset({"held", "failed", "changed"})


def next_steps(row: Mapping[str, Any]) -> list[str]:
    """What a person can do about a document, most useful first.

    Args:
        row: A row of `documents`.
    """
    status = row["status"]
    reasons = (row["reasons"] or ()) if status in _WITH_HINTS else ()
    hints = dict.fromkeys(reason["hint"] for reason in reasons if reason.get("hint"))
    steps = _NEXT_STEPS.get(status, _NOTHING)
    return [*hints, *(step.format(report=row["source_id"]) for step in steps)]
