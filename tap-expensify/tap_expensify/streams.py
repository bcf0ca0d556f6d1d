"""The streams. `reports` and `expenses` come from one export, which is made only when one of them is selected."""

from __future__ import annotations

import logging
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL

from tap_expensify import schemas
from tap_expensify.errors import ConfigurationError, ProtocolError, TapError
from tap_expensify.export import ExportQuery, read_reports
from tap_expensify.records import Record, expense_records, policy_record
from tap_expensify.values import UnreadableValueError, moment_of, timestamp, timestamp_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from singer_sdk.helpers.types import Context

    from tap_expensify.spool import ReportSpool
    from tap_expensify.tap import TapExpensify


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

    def __init__(self, tap: TapExpensify) -> None:
        super().__init__(tap)
        self._expensify = tap

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
        for report in self._expensify.approved_reports().in_order():
            if report["approved_at"] >= first and (last is None or report["approved_at"] <= last):
                yield from self.records_of(report)

    def records_of(self, report: Record) -> Iterable[Record]:
        """The records of this stream that a report gives."""
        raise NotImplementedError

    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Moves the bookmark forward, never back, and never past the start of this run.

        An approval time in the future, from a wrong clock or another time zone, must not make later runs pass by
        what is approved until then.
        """
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
    schema = schemas.REPORTS

    # A target may acknowledge report by report. Only reports that move the bookmark make a STATE message.
    STATE_MSG_FREQUENCY = 1

    def records_of(self, report: Record) -> Iterable[Record]:
        """The report itself."""
        return (report,)


class ExpensesStream(ApprovedReportsStream):
    """The expenses of the same reports, flat, for warehouses."""

    name = "expenses"
    primary_keys: Sequence[str] = ("transaction_id",)
    schema = schemas.EXPENSES
    STATE_MSG_FREQUENCY = 1000

    def records_of(self, report: Record) -> Iterable[Record]:
        """The expenses, in the order of the report."""
        return expense_records(report)


class PoliciesStream(ExpensifyStream):
    """The policies (workspaces) the credentials can see."""

    name = "policies"
    primary_keys: Sequence[str] = ("policy_id",)
    schema = schemas.POLICIES

    def get_records(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002
        """Yields the policies; only those of the setting `policy_ids`, if it is given."""
        wanted = self._expensify.settings.policy_ids
        found = self._expensify.client.get({"type": "policyList"}).get("policyList")
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise ProtocolError("Expensify's answer has no list of policies.")
        for item in found:
            record = policy_record(item)
            if not wanted or record["policy_id"] in wanted:
                yield record


def export_query(streams: Iterable[ApprovedReportsStream], tap: TapExpensify) -> ExportQuery:
    """The one export that serves all selected streams.

    Args:
        streams: The selected streams that read approved reports; at least one.
        tap: Gives settings.
    """
    selected = list(streams)
    limits = [stream.ABORT_AT_RECORD_COUNT for stream in selected]
    return ExportQuery(
        first=min(stream.read_from() for stream in selected).astimezone(timezone.utc).date(),
        last=None if tap.settings.end is None else tap.settings.end.date(),
        report_states=tap.settings.report_states,
        policy_ids=tap.settings.policy_ids,
        # Set by `--test`: one report is enough to see that all works.
        limit=None if None in limits else max(limit for limit in limits if limit is not None),
    )


def read_approved_reports(tap: TapExpensify, streams: Iterable[Stream]) -> ReportSpool:
    """Makes the export for the selected streams among `streams`."""
    selected = [
        stream
        for stream in streams
        if isinstance(stream, ApprovedReportsStream) and stream.selected
    ]
    query = export_query(selected, tap)
    return read_reports(tap.client, query, today=moment_of(tap.started_at()).date())
