"""What the mapping costs beyond the SDK's own pass-through of the same messages. Usage: mapper_speed.py [REPORTS]."""

from __future__ import annotations

import gc
import json
import logging
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper_base import InlineMapper
from singer_sdk.singerlib.encoding.simple import (
    ActivateVersionMessage,
    RecordMessage,
    SchemaMessage,
    StateMessage,
)
from tap_exports import EXPENSES_A_REPORT, write_export

from map_expensify_nav.mapper import MapExpensifyNav
from map_expensify_nav.rule_set import load_rules
from tap_expensify.records import report_record
from tap_expensify.schemas import REPORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from singer_sdk.singerlib.encoding.simple import Message

RULES = Path(__file__).parents[1] / "transforms" / "rules" / "expensify-to-nav.yml"
ROUNDS = 5
LEAST = 20_000
KINDS = (
    ("Meals", "8450", "Café Zürich", True),
    ("Hotel", "8440", "Hotel Adler", True),
    ("Conferences & Training", None, "PyCon “Europe” 2026", True),
    ("Airfare", "8430", "Lufthansa", False),
    ("Taxi and Rideshare", "8470", "Taxi 2000\nWien", False),
)
"""Category, GL code, merchant, and whether the employee paid: two documents a report."""


class PassThrough(InlineMapper):
    """A mapper that reads every message and writes it again, as plain as the SDK allows."""

    name = "pass-through"
    config_jsonschema = {"type": "object", "properties": {}}  # noqa: RUF012 - as in the SDK

    def map_schema_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:
        """The same message."""
        yield SchemaMessage.from_dict(message_dict)

    def map_record_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:
        """The same message."""
        yield RecordMessage.from_dict(message_dict)

    def map_state_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:
        """The same message."""
        yield StateMessage.from_dict(message_dict)

    def map_activate_version_message(self, message_dict: dict[str, Any]) -> Iterable[Message]:
        """The same message."""
        yield ActivateVersionMessage.from_dict(message_dict)


def write_messages(path: Path, reports: int) -> None:
    """Writes the stream `reports` as the tap would, a STATE after every hundred records."""
    export = path.with_suffix(".json")
    write_export(export, reports)
    first = {"type": "SCHEMA", "stream": "reports", "schema": REPORTS}
    with export.open(encoding="utf-8") as source, path.open("w", encoding="utf-8") as file:
        file.write(json.dumps({**first, "key_properties": ["report_id"]}) + "\n")
        for number, line in enumerate(source):
            if '"report"' not in line[-12:]:
                continue
            record = report_record(json.loads(line))
            record["policy_name"] = ("Northwind Europe", "Northwind America")[number % 2]
            record["employee_custom_field_1"] = f"E{1001 + number % 40}"
            record["employee_custom_field_2"] = "EU"
            for index, expense in enumerate(record["expenses"]):
                category, code, merchant, reimbursable = KINDS[(number + index) % len(KINDS)]
                expense["category"], expense["category_gl_code"] = category, code
                expense["reimbursable"] = reimbursable
                # Like no other, so that nothing is fast for having been seen before that would not be in real life.
                expense["effective_merchant"] = f"{merchant} {number}-{index}"
                expense["effective_date"] = f"2026-{1 + number % 6:02}-{1 + index:02}"
            message = {
                "type": "RECORD",
                "stream": "reports",
                "record": record,
                "time_extracted": "2026-06-30T12:00:00.123456+00:00",
            }
            file.write(json.dumps(message, default=str) + "\n")
            if number % 100 == 0:
                state = {"bookmarks": {"reports": {"replication_key_value": record["approved_at"]}}}
                file.write(json.dumps({"type": "STATE", "value": state}) + "\n")


def seconds_of(work: Callable[[], object]) -> float:
    """Processor seconds of some work, its output thrown away: what else the machine does is not counted."""
    with Path("/dev/null").open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        started = time.process_time()
        work()
        return time.process_time() - started


def listening(mapper: InlineMapper, path: Path) -> float:
    """Processor seconds in which a mapper reads the whole file and writes what it makes of it."""
    with path.open(encoding="utf-8") as file:
        return seconds_of(lambda: mapper.listen(file))


def held_documents(records: list[dict[str, Any]]) -> int:
    """How many documents of these records have problems; a mapping that gives up early would be fast for nothing."""
    rules = load_rules(RULES)
    documents = [document for record in records for document in rules.documents(record)]
    return sum(bool(document.record["problems"]) for document in documents)


def main() -> None:
    """Prints the times and the speed; exit code 1 where the mapping is too slow."""
    logging.disable(logging.INFO)
    reports = int(sys.argv[1]) if sys.argv[1:] else 5_000
    lines = reports * EXPENSES_A_REPORT
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reports.singer"
        write_messages(path, reports)
        with path.open(encoding="utf-8") as file:
            messages = (json.loads(line) for line in file)
            records = [item["record"] for item in messages if item["type"] == "RECORD"]
        held = held_documents(records[:100])
        if held:
            sys.exit(
                f"{held} of the documents are held: the figures would not be those of real work."
            )
        rules = load_rules(RULES)
        gc.freeze()  # no mapper has these records in memory for the garbage collector to look through
        theirs, ours, alone = [], [], []
        for _ in range(ROUNDS):
            theirs.append(listening(PassThrough(config={}), path))
            ours.append(listening(MapExpensifyNav(config={"rules_file": str(RULES)}), path))
            alone.append(
                seconds_of(lambda: [rules.documents(record) and None for record in records])
            )
    # The best of each: a busy machine can only make a run slower.
    sdk, mapper, mapping = min(theirs), min(ours), min(alone)
    cost = mapper - sdk
    print(f"{reports:,} reports, {lines:,} expense lines")
    print(f"pass-through of the SDK       {sdk:7.2f} s   {lines / sdk:10,.0f} lines/s")
    print(f"map-expensify-nav             {mapper:7.2f} s   {lines / mapper:10,.0f} lines/s")
    beyond = f"{lines / cost:10,.0f} lines/s" if cost > 0 else "      none at all"
    print(f"beyond the pass-through       {cost:7.2f} s   {beyond}")
    print(f"the mapping, no messages      {mapping:7.2f} s   {lines / mapping:10,.0f} lines/s")
    if cost > 0 and lines / cost < LEAST:
        sys.exit(1)


if __name__ == "__main__":
    main()
