"""The dates of a document, and the day by which entries of the rules hold. Pure: the day of the run is given."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from map_expensify_nav.findings import Note, Problem
from map_expensify_nav.report import day_of, parse_date
from map_expensify_nav.rules import zone_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from map_expensify_nav.header import Making
    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules import DateRules
    from map_expensify_nav.yaml_marks import Path


def day_of_entries(report: Report, posted: Sequence[Expense], dates: DateRules) -> date | None:
    """The posting date before any move: what decides which of an entry's codes holds.

    A document that is posted on the day of the run is read by the day of its approval, so that reading it again on
    another day leads to the same accounts.
    """
    rule = "approved" if dates.posting_date == "run_date" else dates.posting_date
    return _day(rule, report, posted, dates, None)


def day_of_report(report: Report, dates: DateRules) -> date | None:
    """The same for the report as a whole: what decides which rules of `reports`, `documents`, `skip` hold."""
    spent = [expense for expense in report.expenses if expense.amount != 0]
    return day_of_entries(report, spent, dates)


def day_of_run(moment: date | None, dates: DateRules) -> date | None:
    """What `run_date` in the rules stands for: the day on which a moment falls where the books are kept."""
    if isinstance(moment, datetime):
        return moment.astimezone(zone_of(dates.time_zone)).date()
    return moment


def document_date(making: Making, name: str) -> str | None:
    """One of the document's dates.

    Args:
        making: The document being made.
        name: `posting_date` or `document_date`.

    Returns:
        Like 2026-01-31; None, with a problem, when the report does not have the date the rules ask for, or when the
        period is closed.
    """
    dates, findings = making.rules_file.rules.dates, making.findings
    rule: str = getattr(dates, name)
    day = _day(rule, making.report, making.posted, dates, making.run_date)
    if day is None:
        what = "dated expense" if rule == "last_expense" else f"{rule} date"
        findings.problems.append(
            Problem(
                "date_missing",
                f"The report has no {what}, which the rules take as {name.replace('_', ' ')}.",
                name,
                None,
                f"Check the report in Expensify, or change dates.{name} in {making.rules_file.name}.",
            )
        )
        return None
    if rule == "last_expense":
        findings.notes += [
            Note(
                "expense_without_date",
                f"Expense {expense.source_id} has no date and was left aside.",
                name,
                expense.source_id,
            )
            for expense in making.posted
            if expense.date is None
        ]
    path: Path = ("dates", name)
    written = path in making.rules_file.marks.lines
    place = making.rules_file.place(path) if written else f"dates.{name} (not in the file)"
    findings.decided_by[name] = f"{place}: {rule.replace('_', ' ')}"
    if name == "posting_date" and dates.closed_until is not None and day <= dates.closed_until:
        return _in_closed_period(making, day, dates.closed_until)
    return day.isoformat()


def _day(
    rule: str, report: Report, posted: Sequence[Expense], dates: DateRules, run_date: date | None
) -> date | None:
    zone = zone_of(dates.time_zone)
    if rule == "approved":
        return day_of(report.approved_at, zone)
    if rule == "submitted":
        return day_of(report.submitted_at, zone)
    if rule == "last_expense":
        return max((expense.date for expense in posted if expense.date), default=None)
    return run_date if rule == "run_date" else parse_date(rule)


def _in_closed_period(making: Making, day: date, closed_until: date) -> str | None:
    """The day to post on instead, with a note; or None, with a problem."""
    findings, rules_file = making.findings, making.rules_file
    place = rules_file.place(("dates", "closed_until"))
    if rules_file.rules.dates.when_closed == "hold":
        findings.problems.append(
            Problem(
                "period_closed",
                f"The posting date {day} lies in a closed period: the books are closed until {closed_until}.",
                "posting_date",
                day.isoformat(),
                f"Open the period and change {place} in {rules_file.name}, or set dates.when_closed to "
                "next_open_period.",
            )
        )
        return None
    moved = (closed_until + timedelta(days=1)).isoformat()
    findings.notes.append(
        Note(
            "posting_date_moved",
            f"The posting date was moved from {day} to {moved}: the books are closed until {closed_until}.",
            "posting_date",
            day.isoformat(),
        )
    )
    findings.decided_by["posting_date"] += f"; moved from {day} by {place}"
    return moved
