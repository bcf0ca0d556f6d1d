"""Reports on disk, read back in the order of their approval.

Memory holds nothing of a report: the records lie one after the other in one file, and their ids, approval times and
places in a small database. Neither file has a name: they are gone with the process, however that ends.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import weakref
from typing import IO, TYPE_CHECKING, Any, Final

from tap_expensify.watching import is_final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Record = dict[str, Any]

_SCHEMA: Final = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -4000;
    CREATE TABLE place (
        report_id TEXT PRIMARY KEY, approved_at TEXT NOT NULL, is_final INTEGER NOT NULL, start INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE arriving (
        report_id TEXT PRIMARY KEY, approved_at TEXT NOT NULL, is_final INTEGER NOT NULL, start INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX in_order ON place (approved_at, report_id);
"""


class ReportSpool:
    """Holds records of stream `reports`; a report that comes again replaces the earlier one.

    Attributes:
        by_id: Ids of the reports that are watched, to be passed on whenever they were approved.
    """

    def __init__(self) -> None:
        self.by_id: set[str] = set()
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="tap-expensify-")  # noqa: SIM115
        # Without a name: SQLite's own temporary file, with a few megabytes of cache. It may be closed by whichever
        # thread drops the spool.
        self._places = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._places.executescript(_SCHEMA)
        self._close = weakref.finalize(self, _close, self._file, self._places)
        self._end = 0

    def __len__(self) -> int:
        count: int = self._places.execute("SELECT count(*) FROM place").fetchone()[0]
        return count

    def __contains__(self, report_id: str) -> bool:
        found = self._places.execute("SELECT 1 FROM place WHERE report_id = ?", (report_id,))
        return found.fetchone() is not None

    def ids(self) -> Iterator[str]:
        """The ids of all reports."""
        for (report_id,) in self._places.execute("SELECT report_id FROM place"):
            yield report_id

    def not_final(self, oldest: str) -> Iterator[tuple[str, str]]:
        """Id and approval time of the reports that may still change, the latest approval first.

        Args:
            oldest: Only those approved since.
        """
        yield from self._places.execute(
            "SELECT report_id, approved_at FROM place WHERE NOT is_final AND approved_at >= ? "
            "ORDER BY approved_at DESC, report_id DESC",
            (oldest,),
        )

    def add_all(self, records: Iterable[Record]) -> int:
        """Adds reports that have an approval time: all of them, or none where `records` raises.

        Args:
            records: Records of stream `reports`.

        Returns:
            How many different reports they were.
        """
        end = self._end
        self._file.seek(end)
        # What a broken file left there is of no use.
        self._places.execute("DELETE FROM arriving")
        for record in records:
            line = json.dumps(record, separators=(",", ":")).encode("ascii") + b"\n"
            self._file.write(line)
            self._places.execute(
                "INSERT OR REPLACE INTO arriving VALUES (?, ?, ?, ?)",
                (
                    record["report_id"],
                    record["approved_at"],
                    is_final(record.get("status")),
                    end,
                ),
            )
            end += len(line)
        self._places.execute("INSERT OR REPLACE INTO place SELECT * FROM arriving")
        count: int = self._places.execute("SELECT count(*) FROM arriving").fetchone()[0]
        self._end = end
        return count

    def in_order(self) -> Iterator[Record]:
        """Yields the reports by approval time, then id. May be called again."""
        for (start,) in self._places.execute(
            "SELECT start FROM place ORDER BY approved_at, report_id"
        ):
            self._file.seek(start)
            yield json.loads(self._file.readline())

    def close(self) -> None:
        """Gives the disk space back; the spool cannot be used afterwards."""
        self._close()


def _close(file: IO[bytes], places: sqlite3.Connection) -> None:
    file.close()
    places.close()
