"""What Expensify holds, as the tap writes it: reports, and the lists people choose from.

The tap is another program, so that this package needs nothing of it: it has to be installed beside this one, and takes
its settings (`TAP_EXPENSIFY_…`) from the environment. Nothing it writes is kept on disk.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from map_expensify_nav.errors import ExpensifyReadError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TAP = "tap-expensify"
_LISTS = {
    "policies": "policies",
    "policy_categories": "categories",
    "policy_tags": "tags",
    "policy_employees": "employees",
}
"""Stream of the tap → list it belongs to."""

Record = dict[str, Any]


@dataclass
class Feed:
    """Everything of Expensify that rules are checked against.

    Attributes:
        reports: Records of the stream `reports`.
        policies: Records of `policies`; like the other lists, empty where they were not read.
        categories: Records of `policy_categories`.
        tags: Records of `policy_tags`.
        employees: Records of `policy_employees`.
    """

    reports: list[Record] = field(default_factory=list)
    policies: list[Record] = field(default_factory=list)
    categories: list[Record] = field(default_factory=list)
    tags: list[Record] = field(default_factory=list)
    employees: list[Record] = field(default_factory=list)

    def of_policies(self, names: Sequence[str]) -> Feed:
        """The part of it that belongs to some policies, by name or id."""
        wanted = set(names)
        ids = {
            str(policy["policy_id"])
            for policy in self.policies
            if {policy.get("policy_id"), policy.get("policy_name")} & wanted
        } | wanted
        reports = [
            record
            for record in self.reports
            if {record.get("policy_id"), record.get("policy_name")} & (ids | wanted)
        ]
        lists = {
            name: [record for record in getattr(self, name) if record.get("policy_id") in ids]
            for name in _LISTS.values()
        }
        return Feed(reports, **lists)


def read_feed(name: str | None, only: Sequence[str] = ()) -> Feed:
    """Read Expensify.

    Args:
        name: A file that the tap wrote; `-` for standard input; None to let the tap read Expensify now.
        only: Ids or numbers of the reports that are wanted, where the tap reads; all unless given.

    Raises:
        InputError: If the file cannot be read, or holds something else.
        ExpensifyReadError: If the tap is not there, or ends with an error.
    """
    if name is None:
        return _read_live(only)
    if name == "-":
        return _read(sys.stdin)
    try:
        with Path(name).open(encoding="utf-8") as lines:
            return _read(lines)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}.") from None


def _read(lines: Iterable[str]) -> Feed:
    feed = Feed()
    for line in lines:
        try:
            message = json.loads(line, parse_float=Decimal)
        except ValueError:
            raise InputError(
                "The file with the reports holds a line that is not JSON. It has to be what the tap writes."
            ) from None
        if not isinstance(message, dict) or message.get("type") != "RECORD":
            continue
        record = message.get("record") or {}
        if message.get("stream") == "reports":
            feed.reports.append(record)
        elif message.get("stream") in _LISTS:
            getattr(feed, _LISTS[message["stream"]]).append(record)
    return feed


def _read_live(only: Sequence[str]) -> Feed:
    """What the tap reads of Expensify now."""
    beside = Path(sys.executable).with_name(TAP)
    tap = str(beside) if beside.exists() else shutil.which(TAP)
    if tap is None:
        raise ExpensifyReadError(
            f"{TAP} is not installed here, so Expensify cannot be read. Install it beside map-expensify-nav, or name a "
            "file that it wrote with --reports."
        )
    environment = {"TAP_EXPENSIFY_LOGLEVEL": "WARNING", **os.environ}
    if only:
        environment["TAP_EXPENSIFY_REPORT_IDS"] = json.dumps(list(only))
    with subprocess.Popen(  # noqa: S603 (a program of ours, no shell)
        [tap, "--config", "ENV"], env=environment, stdout=subprocess.PIPE, encoding="utf-8"
    ) as reading:
        feed = _read(reading.stdout or ())
    if reading.returncode:
        raise ExpensifyReadError(
            f"{TAP} ended with exit code {reading.returncode}; its own message says why. Check the settings "
            "TAP_EXPENSIFY_… in the environment."
        )
    return feed
