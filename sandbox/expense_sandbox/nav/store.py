"""Tables of immutable records in memory: indexed, undoable, and followed by a replica."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

NEVER = datetime(1, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What every row has.

    Attributes:
        id: The row's GUID, lower case.
        version: Grows with every write anywhere; the substance of an etag.
        modified_at: When it was last written, UTC.
    """

    id: str
    version: int = 0
    modified_at: datetime = NEVER


RecordT = TypeVar("RecordT", bound=Record)


@dataclass(frozen=True)
class Change:
    """One committed write, for those who follow: `record` is None for a deletion."""

    company_id: str
    table: str
    id: str
    record: Record | None
    at: datetime


class ChangeLog:
    """What was written since the last commit, and how to take it back.

    Args:
        clock: The present, UTC.
        publish: Called with the changes of each commit; None when nobody follows.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        publish: Callable[[list[Change]], None] | None = None,
    ) -> None:
        self.clock = clock
        self.version = 0
        self._publish = publish
        self._undo: list[Callable[[], None]] = []
        self._committed = 0
        self._changes: list[Change | None] = []

    def stamp(self, record: RecordT) -> RecordT:
        """The record with a new version, written now."""
        self.version += 1
        return replace(record, version=self.version, modified_at=self.clock())

    def note(self, change: Change | None, undo: Callable[[], None]) -> None:
        """Remember one write, and how to take it back; None for one nobody follows."""
        self._undo.append(undo)
        self._changes.append(change)

    def mark(self) -> int:
        """A point to roll back to."""
        return self._committed + len(self._undo)

    def roll_back(self, mark: int) -> None:
        """Take back every write since the mark, newest first, except those committed since."""
        while self._undo and self.mark() > mark:
            self._undo.pop()()
            self._changes.pop()

    def commit(self) -> None:
        """Make all writes so far permanent."""
        self._committed += len(self._undo)
        self._undo.clear()
        if self._publish is not None:
            self._publish([change for change in self._changes if change is not None])
        self._changes.clear()


class Table(Generic[RecordT]):
    """Rows of one kind in one company.

    Args:
        name: The table's name in change logs and files.
        record_type: The class of its rows.
        company_id: Whose rows they are.
        log: Where writes are noted.
        indexes: Index name to the key a row has in it.
        sums: Sum name to a row's key and amount in it; kept up to date, as NAV's own are.
    """

    def __init__(
        self,
        name: str,
        record_type: type[RecordT],
        company_id: str,
        log: ChangeLog,
        indexes: Mapping[str, Callable[[RecordT], Hashable]],
        *,
        sums: Mapping[str, Callable[[RecordT], tuple[Hashable, Decimal]]] | None = None,
    ) -> None:
        self.name = name
        self.record_type = record_type
        self._company_id = company_id
        self._log = log
        self._rows: dict[str, RecordT] = {}
        self._key_of = dict(indexes)
        self._indexes: dict[str, dict[Hashable, dict[str, None]]] = {index: {} for index in indexes}
        self._amount_of = dict(sums or {})
        self._sums: dict[str, dict[Hashable, Decimal]] = {name: {} for name in self._amount_of}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[RecordT]:
        return iter(list(self._rows.values()))

    def get(self, record_id: str) -> RecordT | None:
        """The row with this id."""
        return self._rows.get(record_id)

    def find(self, index: str, key: Hashable) -> list[RecordT]:
        """Rows with this key in the index, oldest first."""
        return [self._rows[record_id] for record_id in self._indexes[index].get(key, ())]

    def first(self, index: str, key: Hashable) -> RecordT | None:
        """The oldest row with this key in the index."""
        record_id = next(iter(self._indexes[index].get(key, ())), None)
        return None if record_id is None else self._rows[record_id]

    def total(self, name: str, key: Hashable) -> Decimal:
        """The sum of the amounts of all rows with this key."""
        return self._sums[name].get(key, Decimal(0))

    def put(self, record: RecordT) -> RecordT:
        """Insert the row or replace the one with its id; gives it back as stored."""
        stored = self._log.stamp(record)
        self._write(stored.id, stored)
        return stored

    def delete(self, record_id: str) -> None:
        """Remove the row."""
        self._write(record_id, None)

    def load(self, record_id: str, record: Any) -> None:  # noqa: ANN401 - any table's row
        """Set or remove a row as it is: unstamped, unlogged, not undoable."""
        self._set(record_id, record)

    def _write(self, record_id: str, record: RecordT | None) -> None:
        before = self._rows.get(record_id)
        self._set(record_id, record)
        change = Change(self._company_id, self.name, record_id, record, self._log.clock())
        self._log.note(change, lambda: self._set(record_id, before))

    def _set(self, record_id: str, record: RecordT | None) -> None:
        before = self._rows.get(record_id)
        for index, key_of in self._key_of.items():
            old_key = key_of(before) if before is not None else None
            new_key = key_of(record) if record is not None else None
            if before is not None and record is not None and old_key == new_key:
                continue
            entries = self._indexes[index]
            if before is not None:
                ids = entries[old_key]
                del ids[record_id]
                if not ids:
                    del entries[old_key]
            if record is not None:
                entries.setdefault(new_key, {})[record_id] = None
        for name, amount_of in self._amount_of.items():
            for row, sign in ((before, -1), (record, 1)):
                if row is not None:
                    key, amount = amount_of(row)
                    self._sums[name][key] = self.total(name, key) + sign * amount
        if record is None:
            self._rows.pop(record_id, None)
        else:
            self._rows[record_id] = record
