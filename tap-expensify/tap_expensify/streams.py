"""The streams of reports. They come from one export, which is made only when one of them is selected."""

from __future__ import annotations

import functools
import logging
import operator
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_expensify import schemas
from tap_expensify.errors import ConfigurationError, TapError
from tap_expensify.export import ExportQuery, read_reports
from tap_expensify.records import (
    ACTIONS,
    Record,
    action_records,
    approver_records,
    expense_records,
)
from tap_expensify.template import Wanted, expense_fields, report_fields
from tap_expensify.values import UnreadableValueError, moment_of, timestamp, timestamp_of
from tap_expensify.watching import NOT_FINAL, watched_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from singer_sdk.helpers.types import Context

    from tap_expensify.spool import ReportSpool
    from tap_expensify.tap import TapExpensify


PROGRESS = 10_000
"""How many reports pass between two lines in the log."""

IDS_A_REPORT = 50
"""How many ids of reports to watch a STATE may hold for each report that was passed on since the last one."""


def bookmark_of(stream: str, state: Mapping[str, Any]) -> datetime | None:
    """The approval time a stream has reached, or None.

    Args:
        stream: Name of the stream.
        state: Singer state.

    Raises:
        ConfigurationError: The state is of another form.
    """
    field = f"bookmarks.{stream}.replication_key_value"
    try:
        written = timestamp(state.get("bookmarks", {}).get(stream, {}).get("replication_key_value"))
    except (AttributeError, UnreadableValueError) as error:
        raise ConfigurationError(
            f"The bookmark of stream {stream} in the state is not a date-time.",
            code="bookmark_wrong",
            hint="Correct the state, or clear it to read everything again.",
            field=field,
        ) from error
    return None if written is None else moment_of(written)


class ExpensifyStream(Stream):
    """Base of the streams: records leave exactly as `records.py` made them."""

    # The records are made to the schema; the SDK's own pass over every value would find nothing.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapExpensify, schema: dict[str, Any] | None = None) -> None:
        # Known before the SDK asks for the schema.
        self._expensify = tap
        super().__init__(tap, schema)

    def log(self, message: str, *args: object, level: int = logging.INFO, **kwargs: object) -> None:
        """Logs; but an expected error only once, where the command line ends with it."""
        if level >= logging.ERROR and isinstance(sys.exc_info()[1], (TapError, OSError)):
            level = logging.DEBUG
        super().log(message, *args, level=level, **kwargs)


class ApprovedReportsStream(ExpensifyStream):
    """A stream of what approved reports hold, in order of approval.

    Expensify has no feed of changes, and a report may show up late. So each run reads `lookback_days` before the
    bookmark again, and the records of those days pass by without moving the bookmark.
    """

    replication_key = "approved_at"
    is_sorted = True

    def bookmark(self) -> datetime | None:
        """The approval time reached by this run and earlier ones, or None."""
        if self.replication_method != REPLICATION_INCREMENTAL:
            return None
        return bookmark_of(self.name, self.tap_state)

    def read_from(self) -> datetime:
        """The earliest approval time this run emits."""
        settings = self._expensify.settings
        bookmark = self.bookmark()
        if bookmark is None:
            return settings.start
        return max(settings.start, bookmark - timedelta(days=settings.lookback_days))

    def get_records(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002
        """Yields the records of the reports approved since `read_from`."""
        settings = self._expensify.settings
        # Before the export: it is the same for all streams, while the state moves on.
        first = timestamp_of(self.read_from())
        last = None if settings.end is None else timestamp_of(settings.end)
        spool = self._expensify.approved_reports()
        self._keep_watch(passed_on=False)
        for number, report in enumerate(spool.in_order(), start=1):
            by_id = settings.report_ids or report["report_id"] in spool.by_id
            if by_id or (
                report["approved_at"] >= first and (last is None or report["approved_at"] <= last)
            ):
                yield from self.records_of(report)
            if number % PROGRESS == 0:
                self.log("Stream %s: %d of %d reports passed on.", self.name, number, len(spool))
        self._keep_watch(passed_on=True)

    def records_of(self, report: Record) -> Iterable[Record]:
        """The records of this stream that a report gives."""
        raise NotImplementedError

    def wanted(self) -> Wanted:
        """What this stream, with the columns selected, needs of an export."""
        raise NotImplementedError

    def selected_columns(self) -> list[str]:
        """The columns that are selected, those that always are included."""
        return [
            name for name in self.schema["properties"] if self.mask.get(("properties", name), True)
        ]

    def _keep_watch(self, *, passed_on: bool) -> None:
        """Keeps in the state what later runs have to read again by id.

        Before the first record, all that may be needed: whatever STATE a target acknowledges, no report is
        forgotten. After the last one, only what is still needed: a report that is final now is passed on by then.
        """
        if not self._expensify.keeps_watch(self):
            return
        watched = self._expensify.reports_to_watch()
        if not passed_on:
            watched = {**watched_in(self.tap_state), **watched}
        for bookmark in self.tap_state.get("bookmarks", {}).values():
            bookmark.pop(NOT_FINAL, None)
        if watched:
            self.stream_state[NOT_FINAL] = watched
        # Also where no report moves the bookmark.
        self.state_manager.is_flushed = False

    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Moves the bookmark forward, never back, and never past the start of this run.

        An approval time in the future, from a wrong clock or another time zone, must not make later runs pass by
        what is approved until then.
        """
        if self._expensify.settings.report_ids:
            # Given reports are replayed; where the next ordinary run begins is no matter of theirs.
            return
        approved_at = min(latest_record["approved_at"], self._expensify.started_at())
        bookmark = self.bookmark()
        if bookmark is None or moment_of(approved_at) > bookmark:
            super()._increment_stream_state(
                {**latest_record, "approved_at": approved_at}, context=context
            )


class ReportsStream(ApprovedReportsStream):
    """Whole reports: one record is one report with all its expenses."""

    name = "reports"
    primary_keys: Sequence[str] = ("report_id",)

    # A target may acknowledge report by report. Only reports that move the bookmark make a STATE message.
    STATE_MSG_FREQUENCY = 1

    def __init__(self, tap: TapExpensify) -> None:
        super().__init__(tap, schemas.reports(**tap.optional_columns()))

    def records_of(self, report: Record) -> Iterable[Record]:
        """The report itself."""
        report.pop(ACTIONS, None)
        return (report,)

    def wanted(self) -> Wanted:
        """What the selected columns need; expenses are selected as a whole."""
        columns = self.selected_columns()
        expense = None
        report = report_fields(columns)
        if "expenses" in columns:
            expense = expense_fields(schemas.expense_names(**self._expensify.optional_columns()))
            report |= {"currency"}
        return Wanted(report, expense)

    def _keep_watch(self, *, passed_on: bool) -> None:
        super()._keep_watch(passed_on=passed_on)
        # With many ids in each STATE, fewer of them: what a run writes stays in proportion to what it reads.
        self.STATE_MSG_FREQUENCY = 1 + len(self.stream_state.get(NOT_FINAL, ())) // IDS_A_REPORT


class ExpensesStream(ApprovedReportsStream):
    """The expenses of the same reports, flat, for warehouses."""

    name = "expenses"
    primary_keys: Sequence[str] = ("transaction_id",)
    STATE_MSG_FREQUENCY = 1000

    def __init__(self, tap: TapExpensify) -> None:
        super().__init__(tap, schemas.expenses(**tap.optional_columns()))

    def records_of(self, report: Record) -> Iterable[Record]:
        """The expenses, in the order of the report."""
        return expense_records(report)

    def wanted(self) -> Wanted:
        """What the selected columns need."""
        columns = self.selected_columns()
        # The report's own, which the columns of that name and the currency of an amount are taken from.
        needed = {"policy_id": "policyID", "effective_currency": "currency"}
        report = frozenset(name for column, name in needed.items() if column in columns)
        return Wanted(report, expense_fields(columns))


class ReportApproversStream(ApprovedReportsStream):
    """Who approved those reports, one record an approver."""

    name = "report_approvers"
    primary_keys: Sequence[str] = ("report_id", "position")
    schema = schemas.REPORT_APPROVERS
    STATE_MSG_FREQUENCY = 1000

    def records_of(self, report: Record) -> Iterable[Record]:
        """The approvers, in order."""
        return approver_records(report)

    def wanted(self) -> Wanted:
        """The approvers."""
        return Wanted(frozenset({"approvers"}), None)


class ReportActionsStream(ApprovedReportsStream):
    """The history of those reports, one record an action; only when selected by name."""

    name = "report_actions"
    primary_keys: Sequence[str] = ("report_id", "position")
    STATE_MSG_FREQUENCY = 1000
    selected_by_default = False

    def __init__(self, tap: TapExpensify) -> None:
        comments = tap.config.get("include_action_comments") is True
        super().__init__(tap, schemas.report_actions(comments=comments))

    def records_of(self, report: Record) -> Iterable[Record]:
        """The actions, in order."""
        return action_records(report)

    def wanted(self) -> Wanted:
        """The history; with what people wrote only when asked for."""
        comments = {"action details"} if "comment" in self.selected_columns() else set()
        return Wanted(frozenset({"actionList", *comments}), None)


def export_query(streams: Sequence[ApprovedReportsStream], tap: TapExpensify) -> ExportQuery:
    """The one export that serves all selected streams.

    Args:
        streams: The selected streams that read approved reports; at least one.
        tap: Gives settings and state.
    """
    limits = [stream.ABORT_AT_RECORD_COUNT for stream in streams]
    return ExportQuery(
        first=min(stream.read_from() for stream in streams).astimezone(timezone.utc).date(),
        last=None if tap.settings.end is None else tap.settings.end.date(),
        report_states=tap.settings.report_states,
        policy_ids=tap.settings.policy_ids,
        # Set by `--test`: one report is enough to see that all works.
        limit=None if None in limits else max(limit for limit in limits if limit is not None),
        wanted=functools.reduce(operator.or_, (stream.wanted() for stream in streams)),
        report_ids=tap.settings.report_ids,
        watched=watched_in(tap.state) if tap.settings.recheck_days else {},
    )


def read_approved_reports(
    tap: TapExpensify, streams: Sequence[ApprovedReportsStream]
) -> ReportSpool:
    """Makes the export for the selected streams."""
    query = export_query(streams, tap)
    return read_reports(tap.client, query, today=moment_of(tap.started_at()).date())
