"""Reports on disk, read back in the order of their approval.

Memory holds a report's id, approval time and place in the file, some 250 bytes each, whatever the size of its expenses.
The file has no name: it is gone with the process, however that ends.
"""

from __future__ import annotations

import json
import tempfile
import weakref
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Record = dict[str, Any]


class ReportSpool:
    """Holds records of stream `reports`; a report that comes again replaces the earlier one."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="tap-expensify-")  # noqa: SIM115
        self._close = weakref.finalize(self, self._file.close)
        self._end = 0
        self._places: dict[str, tuple[str, int]] = {}
        self._order: list[tuple[str, str, int]] | None = None

    def __len__(self) -> int:
        return len(self._places)

    def add_all(self, records: Iterable[Record]) -> int:
        """Adds reports that have an approval time: all of them, or none where `records` raises.

        Args:
            records: Records of stream `reports`.

        Returns:
            How many different reports they were.
        """
        places: dict[str, tuple[str, int]] = {}
        end = self._end
        self._file.seek(end)
        for record in records:
            line = json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"
            self._file.write(line)
            places[record["report_id"]] = (record["approved_at"], end)
            end += len(line)
        self._places.update(places)
        self._end = end
        self._order = None
        return len(places)

    def in_order(self) -> Iterator[Record]:
        """Yields the reports by approval time, then id. May be called again."""
        if self._order is None:
            self._order = sorted(
                (approved_at, report_id, offset)
                for report_id, (approved_at, offset) in self._places.items()
            )
        for _, _, offset in self._order:
            self._file.seek(offset)
            yield json.loads(self._file.readline())

    def close(self) -> None:
        """Gives the disk space back; the spool cannot be used afterwards."""
        self._close()
