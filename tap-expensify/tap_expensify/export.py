"""One export of approved reports: submit, download, check that it is whole, keep it in order of approval.

Everything is read before the first record is passed on. So a run that could not read all there is ends without
having moved any bookmark past the gap.
"""

from __future__ import annotations

import json
import logging
import tempfile
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from tap_expensify.errors import IncompleteError
from tap_expensify.records import Record, Wire, report_record
from tap_expensify.spool import ReportSpool
from tap_expensify.windows import Window, windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from tap_expensify.client import ExpensifyClient

logger = logging.getLogger("tap-expensify.export")

SUBMISSIONS = 3
DOWNLOADS = 2


@dataclass(frozen=True)
class ExportQuery:
    """What to ask Expensify for.

    Attributes:
        first: First day of approval wanted, UTC.
        last: Last day of approval wanted, UTC; None for no limit.
        report_states: States, e.g. ("APPROVED", "REIMBURSED").
        policy_ids: Policies; empty for all.
        limit: At most so many reports a window, for trying the connection; None for all.
    """

    first: date
    last: date | None
    report_states: tuple[str, ...]
    policy_ids: tuple[str, ...]
    limit: int | None = None

    def input_settings(self, window: Window) -> dict[str, Any]:
        """The `inputSettings` of the export job for one window."""
        filters: dict[str, str] = {"approvedAfter": window.approved_after.isoformat()}
        if window.end is not None:
            filters["endDate"] = window.end.isoformat()
        if self.policy_ids:
            filters["policyIDList"] = ",".join(self.policy_ids)
        settings: dict[str, Any] = {
            "type": "combinedReportData",
            "reportState": ",".join(self.report_states),
            "filters": filters,
        }
        if self.limit is not None:
            # Expensify wants this number in quotes.
            settings["limit"] = str(self.limit)
        return settings


def template() -> str:
    """The FreeMarker template of the export."""
    return resources.files("tap_expensify").joinpath("export.ftl").read_text(encoding="utf-8")


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
    asked = windows(query.first, query.last, today)
    for number, window in enumerate(asked, start=1):
        tally = _Tally()
        _read_window(client, query.input_settings(window), spool, tally)
        logger.info(
            "Export %d of %d (approved after %s, last touched until %s): "
            "%d reports with an approval date, %d without (left out).",
            number,
            len(asked),
            window.approved_after,
            window.end or "now",
            tally.approved,
            tally.never_approved,
        )
    return spool


@dataclass
class _Tally:
    approved: int = 0
    never_approved: int = 0


def _read_window(
    client: ExpensifyClient, input_settings: dict[str, Any], spool: ReportSpool, tally: _Tally
) -> None:
    """Adds the reports of one window to the spool.

    A file that is not whole is downloaded once more, then rendered anew: either may be what was cut.
    """
    for submission in range(SUBMISSIONS):
        file_name = client.submit_export(input_settings, template())
        for download in range(DOWNLOADS):
            with tempfile.TemporaryFile(prefix="tap-expensify-") as file:
                client.download(file_name, file)
                file.seek(0)
                tally.approved = tally.never_approved = 0
                try:
                    spool.add_all(_approved_records(whole_reports(file), tally))
                except IncompleteError as error:
                    if (submission, download) == (SUBMISSIONS - 1, DOWNLOADS - 1):
                        raise
                    logger.warning(
                        "%s Reading it again.", error.message, extra={"code": error.code}
                    )
                else:
                    return


def _approved_records(reports: Iterable[Wire], tally: _Tally) -> Iterator[Record]:
    for wire in reports:
        record = report_record(wire)
        if record["approved_at"] is None:
            tally.never_approved += 1
        else:
            tally.approved += 1
            yield record


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
