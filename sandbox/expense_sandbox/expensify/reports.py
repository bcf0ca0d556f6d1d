"""The reports as they stand: what happens to them in Expensify while somebody reads."""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any

from expense_sandbox.world import effective_amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Reports:
    """Reports by id, changeable from any thread. The order of the world is kept.

    Args:
        reports: The reports to start with; they are not changed themselves.
    """

    def __init__(self, reports: Iterable[Mapping[str, Any]]) -> None:
        self._lock = threading.Lock()
        self._reports: dict[str, Mapping[str, Any]] = {
            report["reportID"]: report for report in reports
        }
        self._labels: dict[str, frozenset[str]] = {}

    def all(self) -> list[Mapping[str, Any]]:
        """Every report; not to be changed."""
        with self._lock:
            return list(self._reports.values())

    def labels(self) -> dict[str, frozenset[str]]:
        """The labels under which reports were marked as exported, by report id."""
        with self._lock:
            return dict(self._labels)

    def add(self, report: Mapping[str, Any]) -> None:
        """Put a report after the others, or in the place of the one with its id."""
        with self._lock:
            self._reports[report["reportID"]] = copy.deepcopy(dict(report))

    def change(self, report_id: str, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Set fields of a report, as approving, reimbursing, retracting or editing does.

        When expenses change and no total is given, the total follows.

        Args:
            report_id: Base-62 id.
            changes: Fields of the report with their new values.

        Raises:
            KeyError: When there is no such report.
        """
        with self._lock:
            report = copy.deepcopy(dict(self._reports[report_id])) | copy.deepcopy(dict(changes))
            if "transactionList" in changes and "total" not in changes:
                report["total"] = sum(map(effective_amount, report["transactionList"]))
            self._reports[report_id] = report
            return report

    def remove(self, report_id: str) -> None:
        """Delete a report; deleted reports leave no trace in exports.

        Raises:
            KeyError: When there is no such report.
        """
        with self._lock:
            del self._reports[report_id]

    def mark_exported(self, report_id: str, label: str) -> None:
        """Mark a report as exported under a label, as a person or another reader would."""
        with self._lock:
            self._labels[report_id] = self._labels.get(report_id, frozenset()) | {label}
