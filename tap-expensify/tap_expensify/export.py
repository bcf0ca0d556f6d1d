"""One export of approved reports: submit, download, check that it is whole, keep it in order of approval.

Everything is read before the first record is passed on. So a run that could not read all there is ends without
having moved any bookmark past the gap.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_expensify.errors import IncompleteError
from tap_expensify.records import Record, Wire, report_record
from tap_expensify.spool import ReportSpool
from tap_expensify.template import EVERYTHING, Wanted, template
from tap_expensify.values import report_number
from tap_expensify.windows import touched_windows, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from tap_expensify.client import ExpensifyClient

logger = logging.getLogger("tap-expensify.export")

SUBMISSIONS = 3
DOWNLOADS = 2
IDS_AT_A_TIME = 100
PROGRESS = 10_000
APPROVED_STATES = ("APPROVED", "REIMBURSED")


@dataclass(frozen=True)
class ExportQuery:
    """What to ask Expensify for.

    Attributes:
        first: First day of approval wanted, UTC.
        last: Last day of approval wanted, UTC; None for no limit.
        report_states: States, e.g. ("APPROVED", "REIMBURSED").
        policy_ids: Policies; empty for all.
        limit: At most so many reports a window, for trying the connection; None for all.
        wanted: What to ask for of each report.
        report_ids: These reports and no others, whenever they were approved; empty for all.
        watched: Reports to ask for by id where the export does not hold them, whatever their state: id to the
            approval time last seen, as in records.
    """

    first: date
    last: date | None
    report_states: tuple[str, ...]
    policy_ids: tuple[str, ...]
    limit: int | None = None
    wanted: Wanted = EVERYTHING
    report_ids: tuple[str, ...] = ()
    watched: Mapping[str, str] = field(default_factory=dict)

    def input_settings(self, filters: Mapping[str, str], states: Iterable[str]) -> dict[str, Any]:
        """The `inputSettings` of an export job.

        Args:
            filters: By date or by id.
            states: States asked for; none for all.
        """
        named = {"policyIDList": ",".join(self.policy_ids)} if self.policy_ids else {}
        settings: dict[str, Any] = {"type": "combinedReportData", "filters": {**filters, **named}}
        if asked := ",".join(states):
            settings["reportState"] = asked
        if self.limit is not None:
            # Expensify wants this number in quotes.
            settings["limit"] = str(self.limit)
        return settings

    def parts(self, today: date) -> list[tuple[str, dict[str, Any]]]:
        """What to ask for, one export after the other: a description for the log, and the `inputSettings`.

        Args:
            today: The day of the run, UTC.
        """
        if self.report_ids:
            return [
                (f"{len(ids)} reports by id", self.input_settings(by_id(ids), self.report_states))
                for ids in chunks(self.report_ids)
            ]
        approved = [state for state in self.report_states if state in APPROVED_STATES]
        other = [state for state in self.report_states if state not in APPROVED_STATES]
        found = []
        if approved:
            found += [
                (window.words(), self.input_settings(window.filters(), approved))
                for window in windows(self.first, self.last, today)
            ]
        if other:
            # `approvedAfter` lets everything pass that was never approved: so a query of their own, bounded by the
            # day of the last touch.
            found += [
                (
                    f"{', '.join(other)}, {window.words()}",
                    self.input_settings(window.filters(), other),
                )
                for window in touched_windows(self.first, self.last, today)
            ]
        return found


def chunks(report_ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Ids, as many at a time as an export is asked for."""
    remaining = iter(report_ids)
    while ids := tuple(itertools.islice(remaining, IDS_AT_A_TIME)):
        yield ids


def by_id(report_ids: Iterable[str]) -> dict[str, str]:
    """The filter for reports by id."""
    return {"reportIDList": ",".join(report_ids)}


def read_reports(client: ExpensifyClient, query: ExportQuery, *, today: date) -> ReportSpool:
    """Reads every report of the query.

    Args:
        client: Talks to Expensify.
        query: What to read.
        today: The day of the run, UTC.

    Returns:
        The reports that were ever approved, one record each.

    Raises:
        TapError: Not everything could be read.
    """
    spool = ReportSpool()
    asked = query.parts(today)
    source = template(query.wanted)
    for number, (description, input_settings) in enumerate(asked, start=1):
        tally = _Tally(query.watched)
        if len(asked) > 1:
            logger.info("Export %d of %d (%s): asking.", number, len(asked), description)
        _read_part(client, input_settings, source, spool, tally)
        logger.info(
            "Export %d of %d (%s): %d reports with an approval date, %d without (left out).",
            number,
            len(asked),
            description,
            tally.approved,
            tally.never_approved,
        )
    if query.report_ids:
        _log_missing(query.report_ids, spool)
    elif query.limit is None:
        _recheck(client, query, source, spool)
    return spool


def _recheck(client: ExpensifyClient, query: ExportQuery, source: str, spool: ReportSpool) -> None:
    """Asks by id for the watched reports that the export did not hold."""
    unseen = [report_id for report_id in query.watched if report_id not in spool]
    everywhere = dataclasses.replace(query, policy_ids=())
    for ids in chunks(unseen):
        tally = _Tally(query.watched)
        # Whatever their state: a report that was taken back is to be seen as well.
        settings = everywhere.input_settings(by_id(ids), ())
        _read_part(client, settings, source, spool, tally)
    # Also those that the export held: it reaches further back than what is passed on otherwise.
    spool.by_id.update(report_id for report_id in query.watched if report_id in spool)
    if unseen:
        gone = [report_id for report_id in unseen if report_id not in spool]
        logger.info(
            "%d reports not yet final were read again by id, of %d asked for.",
            len(unseen) - len(gone),
            len(unseen),
        )
        if gone:
            logger.warning(
                "Expensify does not know these reports any more; they were deleted, or the "
                "credentials cannot see them now: %s.",
                ", ".join(gone),
                extra={"code": "report_gone"},
            )


def _log_missing(report_ids: Iterable[str], spool: ReportSpool) -> None:
    """Says which of the reports asked for by id are not there, in either notation of the id."""
    known = {report_number(report_id, None) for report_id in spool.ids()}
    missing = [
        report_id
        for report_id in report_ids
        if report_id not in spool and report_number(report_id, None) not in known
    ]
    if missing:
        logger.warning(
            "These reports of the setting report_ids are unknown, not approved, or in none of the "
            "report_states: %s.",
            ", ".join(missing),
            extra={"code": "report_not_found", "field": "report_ids"},
        )


@dataclass
class _Tally:
    """Counts the reports of an export, and knows when those watched were approved."""

    watched: Mapping[str, str]
    approved: int = 0
    never_approved: int = 0

    def records(self, reports: Iterable[Wire]) -> Iterator[Record]:
        """The records of the reports that are or were approved."""
        self.approved = self.never_approved = 0
        for wire in reports:
            record = report_record(wire)
            if record["approved_at"] is None:
                # One that was taken back keeps the time at which it was seen approved last.
                record["approved_at"] = self.watched.get(record["report_id"])
            if record["approved_at"] is None:
                self.never_approved += 1
            else:
                self.approved += 1
                yield record
            if (self.approved + self.never_approved) % PROGRESS == 0:
                logger.info(
                    "%d reports of this export so far.", self.approved + self.never_approved
                )


def _read_part(
    client: ExpensifyClient,
    input_settings: dict[str, Any],
    source: str,
    spool: ReportSpool,
    tally: _Tally,
) -> None:
    """Adds the reports of one export to the spool.

    A file that is not whole is downloaded once more, then rendered anew: either may be what was cut.
    """
    for submission in range(SUBMISSIONS):
        file_name = client.submit_export(input_settings, source)
        for download in range(DOWNLOADS):
            with tempfile.TemporaryFile(prefix="tap-expensify-") as file:
                client.download(file_name, file)
                file.seek(0)
                try:
                    spool.add_all(tally.records(whole_reports(file)))
                except IncompleteError as error:
                    if (submission, download) == (SUBMISSIONS - 1, DOWNLOADS - 1):
                        raise
                    logger.warning(
                        "%s Reading it again.", error.message, extra={"code": error.code}
                    )
                else:
                    return


def whole_reports(lines: Iterable[bytes]) -> Iterator[Wire]:
    """Yields the reports of an exported file, then makes sure that the file was whole.

    Expensify may render a large export in several passes, each with a trailer of its own: the sum counts.

    Args:
        lines: The lines of the file.

    Raises:
        IncompleteError: The file is cut, damaged or not what the template writes. Raised at the end as well: take
            nothing for granted before.
    """
    announced = found = 0
    ended = False
    for line in lines:
        if not line.strip():
            continue
        try:
            parsed = json.loads(line)
        except ValueError as error:
            raise _damaged(f"line {found + 1} cannot be read") from error
        kind = parsed.get("_type") if isinstance(parsed, dict) else None
        if kind == "report":
            found += 1
            ended = False
            yield parsed
        elif kind == "trailer" and isinstance(parsed.get("reports"), int):
            announced += parsed["reports"]
            ended = True
        else:
            raise _damaged(f"line {found + 1} is of an unknown form")
    if not ended:
        raise _damaged(f"it breaks off after {found} reports")
    if announced != found:
        raise _damaged(f"it announces {announced} reports and holds {found}")


def _damaged(what: str) -> IncompleteError:
    return IncompleteError(f"Expensify's export is not whole: {what}.")
