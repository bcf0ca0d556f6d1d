"""How fast the tap is, beside singer-sdk with the same records from memory. Usage: tap_speed.py [REPORTS]."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream, Tap
from tap_exports import serving, write_export

from tap_expensify.records import report_record
from tap_expensify.schemas import REPORTS
from tap_expensify.tap import TapExpensify

if TYPE_CHECKING:
    from collections.abc import Iterable

ROUNDS = 3
LEAST = 0.8


class FromMemory(Stream):
    """The same records, schema and key, as plain as the SDK allows."""

    name = "reports"
    primary_keys = ("report_id",)
    replication_key = "approved_at"
    is_sorted = True
    schema = REPORTS
    STATE_MSG_FREQUENCY = 1

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:  # noqa: ANN401, ARG002 - as in the SDK
        """Yields records that are there already."""
        yield from RECORDS


class MemoryTap(Tap):
    """A tap with that one stream."""

    name = "memory"
    config_jsonschema = {"type": "object", "properties": {}}  # noqa: RUF012 - as in the SDK

    def discover_streams(self) -> list[Stream]:
        """The stream."""
        return [FromMemory(self)]


RECORDS: list[dict[str, Any]] = []


def seconds_of(tap: Tap) -> float:
    """Processor seconds of a whole run, its output thrown away: what else the machine does is not counted."""
    for name, stream in tap.streams.items():
        stream.selected = name == "reports"
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        started = time.process_time()
        tap.sync_all()
        return time.process_time() - started


def main() -> None:
    """Prints both speeds; exit code 1 where the tap is too slow."""
    reports = int(sys.argv[1]) if sys.argv[1:] else 5_000
    with tempfile.TemporaryDirectory() as folder:
        export = Path(folder) / "export.json"
        write_export(export, reports)
        with export.open(encoding="utf-8") as file:
            RECORDS.extend(
                report_record(json.loads(line)) for line in file if '"report"' in line[-12:]
            )
        RECORDS.sort(key=lambda record: record["approved_at"])
        ours, theirs = [], []
        with serving(export) as url:
            settings = {"partner_user_id": "a", "partner_user_secret": "b", "base_url": url}
            for _ in range(ROUNDS):
                theirs.append(seconds_of(MemoryTap()))
                ours.append(
                    seconds_of(TapExpensify(config={**settings, "start_date": "2026-01-01"}))
                )
    # The best of each: a busy machine can only make a run slower.
    tap, sdk = reports / min(ours), reports / min(theirs)
    print(f"singer-sdk from memory {sdk:8.0f} reports/s")
    print(f"tap-expensify          {tap:8.0f} reports/s   {tap / sdk:.0%}")
    if tap < LEAST * sdk:
        sys.exit(1)


if __name__ == "__main__":
    main()
