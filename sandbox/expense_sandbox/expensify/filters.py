"""Which reports an export contains: `inputSettings` of a `file` job, with Expensify's rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from expense_sandbox.expensify.answers import JobRefusedError
from expense_sandbox.world import REPORT_STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Report = Mapping[str, Any]

_VALIDATION_ERROR: Final = 410
_WIRE_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class ReportFilter:
    """A validated selection; None and empty mean "no restriction".

    Attributes:
        report_ids: Base-62 or base-10 ids, mixed.
        policy_ids: Policies.
        states: OPEN, SUBMITTED, APPROVED, REIMBURSED, ARCHIVED.
        start_date: First day of the later of created and submitted.
        end_date: Last day of the later of created and submitted.
        approved_after: Day before the first day of approval; reports never approved pass.
        exported_label: Reports exported under this label are left out.
        employee_email: The account to export from.
        limit: Most reports to return.
    """

    report_ids: frozenset[str] = frozenset()
    policy_ids: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    start_date: date | None = None
    end_date: date | None = None
    approved_after: date | None = None
    exported_label: str | None = None
    employee_email: str | None = None
    limit: int | None = None

    def select(
        self, reports: Iterable[Report], labels: Mapping[str, frozenset[str]]
    ) -> list[Report]:
        """The reports that pass, in the order given.

        Args:
            reports: Reports of the world, with `approved` as the export is to show it.
            labels: Labels under which reports were marked as exported, by base-62 id.
        """
        chosen = [report for report in reports if self._passes(report, labels)]
        return chosen if self.limit is None else chosen[: self.limit]

    def _passes(self, report: Report, labels: Mapping[str, frozenset[str]]) -> bool:
        touched = max(report["created"], report["submitted"])[:10]
        approved = report["approved"][:10]
        return not (
            (
                self.report_ids
                and self.report_ids.isdisjoint((report["reportID"], report["oldReportID"]))
            )
            or (self.policy_ids and report["policyID"] not in self.policy_ids)
            or (self.states and REPORT_STATES[report["status"]] not in self.states)
            or (self.start_date is not None and touched < self.start_date.isoformat())
            or (self.end_date is not None and touched > self.end_date.isoformat())
            or (
                self.approved_after is not None
                and approved != ""
                and approved <= self.approved_after.isoformat()
            )
            or (
                self.exported_label is not None
                and self.exported_label in labels.get(report["reportID"], frozenset())
            )
            or (self.employee_email is not None and not self._is_visible(report))
        )

    def _is_visible(self, report: Report) -> bool:
        # Another account's export shows what that account submitted or approves, drafts excepted.
        people = (report["accountEmail"], report["managerEmail"])
        return report["status"] != "Open" and self.employee_email in people


def read_filter(input_settings: Mapping[str, Any], today: date) -> ReportFilter:
    """Validate the selection of a `file` job.

    Keys the service doesn't know, or knows elsewhere (`reportState` inside `filters`), are
    ignored as it ignores them.

    Args:
        input_settings: The job's `inputSettings`.
        today: The day by which dates more than a year ago are told.

    Raises:
        JobRefusedError: 410, when a value is malformed or the dates break the one-year rules.
    """
    filters = input_settings.get("filters")
    if not isinstance(filters, dict):
        raise JobRefusedError(_VALIDATION_ERROR, "Argument 'filters' is missing or malformed")
    chosen = ReportFilter(
        report_ids=_names(filters, "reportIDList"),
        policy_ids=_names(filters, "policyIDList"),
        states=_states(input_settings),
        start_date=_date(filters, "startDate"),
        end_date=_date(filters, "endDate"),
        approved_after=_date(filters, "approvedAfter"),
        exported_label=_text(filters, "markedAsExported"),
        employee_email=_email(input_settings),
        limit=_limit(input_settings),
    )
    anchors = [day for day in (chosen.start_date, chosen.approved_after) if day is not None]
    if not anchors and not chosen.report_ids:
        raise JobRefusedError(
            _VALIDATION_ERROR,
            "At least one of 'reportIDList', 'startDate' or 'approvedAfter' is required",
        )
    if anchors:
        _check_one_year(min(anchors), chosen.end_date, today)
    return chosen


def _check_one_year(anchor: date, end_date: date | None, today: date) -> None:
    latest_end = a_year_after(anchor)
    if end_date is None:
        if latest_end < today:
            raise JobRefusedError(
                _VALIDATION_ERROR,
                "'endDate' is required when 'startDate' or 'approvedAfter' is more than "
                "one year ago",
            )
    elif latest_end < end_date:
        raise JobRefusedError(_VALIDATION_ERROR, "The date range can't be more than one year")


def a_year_after(day: date) -> date:
    """The same day next year; 1 March for 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


def _text(settings: Mapping[str, Any], name: str) -> str | None:
    value = settings.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise JobRefusedError(_VALIDATION_ERROR, f"Argument '{name}' is missing or malformed")
    return value


def _names(settings: Mapping[str, Any], name: str) -> frozenset[str]:
    text = _text(settings, name) or ""
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _states(settings: Mapping[str, Any]) -> frozenset[str]:
    states = _names(settings, "reportState")
    for state in sorted(states - set(REPORT_STATES.values())):
        raise JobRefusedError(_VALIDATION_ERROR, f"Status '{state}' is not supported")
    return states


def _date(settings: Mapping[str, Any], name: str) -> date | None:
    value = settings.get(name)
    if value is None or value == "":
        return None
    text = str(value)
    if _WIRE_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # a day no month has: malformed like any other
    raise JobRefusedError(
        _VALIDATION_ERROR, f"Malformed date '{text}'. Expected format is yyyy-MM-dd"
    )


def _email(settings: Mapping[str, Any]) -> str | None:
    value = settings.get("employeeEmail")
    if value is None:
        return None
    if not isinstance(value, str) or not _EMAIL.fullmatch(value):
        raise JobRefusedError(
            _VALIDATION_ERROR, "'employeeEmail' parameter is missing or malformed"
        )
    return value


def _limit(settings: Mapping[str, Any]) -> int | None:
    value = settings.get("limit")
    if value is None or value == "":
        return None
    text = str(value)
    if not text.isascii() or not text.isdigit():
        raise JobRefusedError(_VALIDATION_ERROR, "Argument 'limit' is missing or malformed")
    return int(text) or None
