"""The chain of events: each row carries the SHA-256 of the row before it and of its own content.

What is chained are facts: kinds, codes, numbers, digests. Texts for people (messages, descriptions, NAV's words, names)
stand beside them as `details`; of these only a digest with a salt of its own is chained. So they can be purged: once
salt and details are gone, nobody can find out what they were, and the chain is as whole as before.

The newest row's number and hash are kept in `chain_head` too, so that a removed end shows. `chain_head` is also what
writers take turns by: who appends has its row locked.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_dynamics_nav.ledger.tables import chain_head, events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

GENESIS_HASH = "0" * 64
FORMAT_WITHOUT_DETAILS = 1
"""Events as ledgers before the first migration wrote them: all in `data`."""
FORMAT = 2

LONGEST_KIND = 40

_HEAD = 1
_LONGEST_FACT = 100
_FACTS = frozenset(
    (
        *("attempt", "batch", "cancelled", "code", "codes", "count", "counts", "currency_code"),
        *("digest", "documents", "draft_digest", "found", "host", "http_status", "kind", "mode"),
        *("nav_id", "nav_key", "nav_number", "operation", "outcome", "part_number"),
        *("person_digest", "person_salt", "posted", "posted_digest", "posting_date", "process_id"),
        *("purged_before", "ranges", "reason_codes", "remains", "role", "status", "step"),
        *("total", "version", "waived_digest", "was"),
    )
)
"""Names in event data that are facts. Anything else is taken for a text about somebody, and kept purgeable."""


@dataclass(frozen=True)
class Alteration:
    """A place where the events are not what was written.

    Attributes:
        sequence: The event's number.
        what: For people: what is wrong there.
    """

    sequence: int
    what: str


def event(
    kind: str,
    data: Mapping[str, Any],
    *,
    at: str,
    run_id: str,
    who: str,
    ledger_id: str | None,
    document_key: str | None,
) -> dict[str, Any]:
    """An event that is not chained yet.

    Args:
        kind: What happened.
        data: Its data; what is no plain fact becomes purgeable details.
        at: When, UTC.
        run_id: In which run; empty outside of a run.
        who: Who did it.
        ledger_id: In which books, if in any.
        document_key: With which document, if with one.
    """
    facts, texts = _split(data)
    details = _text(texts) if texts else None
    salt = secrets.token_hex(16) if details is not None else None
    return {
        "at": at,
        "run_id": run_id,
        "ledger_id": ledger_id,
        "document_key": document_key,
        "kind": kind[:LONGEST_KIND],
        "data": _text(facts),
        "format": FORMAT,
        "who": who,
        "details": details,
        "details_salt": salt,
        "details_digest": None if details is None else _details_digest(salt, details),
    }


def append(connection: sa.Connection, new: Sequence[Mapping[str, Any]]) -> None:
    """Write events at the end of the chain; others who append wait until this transaction ends."""
    if not new:
        return
    head = lock(connection)
    sequence, previous = head.sequence, head.hash
    rows = []
    for item in new:
        sequence += 1
        row = {**item, "sequence": sequence, "previous_hash": previous}
        row["hash"] = previous = _row_hash(row)
        rows.append(row)
    connection.execute(sa.insert(events), rows)
    connection.execute(
        sa.update(chain_head)
        .where(chain_head.c.id == _HEAD)
        .values(sequence=sequence, hash=previous)
    )


def lock(connection: sa.Connection) -> sa.Row[Any]:
    """Wait for others who append, and make them wait; gives the end of the chain."""
    return connection.execute(
        sa.select(chain_head).where(chain_head.c.id == _HEAD).with_for_update()
    ).one()


def begin(connection: sa.Connection, sequence: int = 0, head: str = GENESIS_HASH) -> None:
    """Note where a chain ends that nothing has been appended to yet."""
    connection.execute(sa.insert(chain_head).values(id=_HEAD, sequence=sequence, hash=head))


def verify(connection: sa.Connection) -> Iterator[Alteration]:
    """Every place where an event was changed, removed, inserted or moved, or its details removed without a purge."""
    head = connection.execute(sa.select(chain_head)).one_or_none()
    purged = _Purged.read(connection)
    previous, expected = GENESIS_HASH, 1
    rows = connection.execute(
        sa.select(events).order_by(events.c.sequence), execution_options={"yield_per": 1000}
    )
    for row in rows:
        values = row._asdict()
        for what in _alterations(values, previous, expected, purged):
            yield Alteration(row.sequence, what)
        purged.count(values)
        previous, expected = row.hash, row.sequence + 1
    yield from purged.alterations()
    if head is None:
        yield Alteration(expected - 1, "the note of where the events end was removed")
    elif (head.sequence, head.hash) != (expected - 1, previous):
        yield Alteration(
            min(head.sequence, expected - 1) + 1,
            f"the events end at number {expected - 1}, but number {head.sequence} was the last written",
        )


def as_ranges(sequences: Iterable[int]) -> list[list[int]]:
    """Numbers in ascending order as [first, last] of each run of neighbours."""
    ranges: list[list[int]] = []
    for sequence in sequences:
        if ranges and ranges[-1][1] == sequence - 1:
            ranges[-1][1] = sequence
        else:
            ranges.append([sequence, sequence])
    return ranges


def remains(rows: Iterable[Mapping[str, Any]]) -> str:
    """Digest of what a purge leaves of events that had no details: their hashes cannot be computed again."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(_text([row[name] for name in _REMAINING]).encode() + b"\n")
    return digest.hexdigest()


_CHAINED = {
    FORMAT_WITHOUT_DETAILS: (
        *("sequence", "at", "run_id", "ledger_id", "document_key", "kind", "data"),
    ),
    FORMAT: (
        *("format", "sequence", "at", "run_id", "who", "ledger_id", "document_key", "kind"),
        *("data", "details_digest"),
    ),
}
_REMAINING = ("sequence", "at", "run_id", "ledger_id", "document_key", "kind", "hash")


_ONLY_WITH_DETAILS = ("who", "details", "details_salt", "details_digest")


class _Purged:
    """What purges say they removed, and what is left of it."""

    def __init__(self, purges: Sequence[tuple[int, list[list[int]], str | None]]) -> None:
        self._purges = purges
        self._left: dict[int, list[dict[str, Any]]] = {purge[0]: [] for purge in purges}

    @classmethod
    def read(cls, connection: sa.Connection) -> _Purged:
        purges = []
        rows = connection.execute(
            sa.select(events.c.sequence, events.c.data)
            .where(events.c.kind == PURGED)
            .order_by(events.c.sequence)
        )
        for row in rows:
            data = _loaded(row.data)
            ranges = data.get("ranges")
            if isinstance(ranges, list):
                purges.append((row.sequence, ranges, data.get("remains")))
        return cls(purges)

    def purge_of(self, sequence: int) -> int | None:
        """The event that says that the texts of this one were removed."""
        for purge, ranges, _ in self._purges:
            if sequence < purge and any(first <= sequence <= last for first, last in ranges):
                return purge
        return None

    def count(self, row: Mapping[str, Any]) -> None:
        """Note a row, if it is one of those whose remains a purge has signed."""
        if row["format"] == FORMAT_WITHOUT_DETAILS and row["data"] == "":
            purge = self.purge_of(row["sequence"])
            if purge is not None:
                self._left[purge].append(dict(row))

    def alterations(self) -> Iterator[Alteration]:
        """Purges that left something else than is there now."""
        for purge, _, digest in self._purges:
            if digest is not None and digest != remains(self._left[purge]):
                yield Alteration(purge, "an event whose texts this purge removed was changed later")


PURGED = "purged"
"""Kind of the event that says which texts were removed."""


def _alterations(
    row: Mapping[str, Any], previous: str, expected: int, purged: _Purged
) -> Iterator[str]:
    if row["sequence"] != expected:
        yield f"the events from number {expected} on are missing before it"
    elif row["previous_hash"] != previous:
        yield "it does not follow the event before it"
    legacy = row["format"] == FORMAT_WITHOUT_DETAILS
    absent = _ONLY_WITH_DETAILS if legacy else () if row["details"] else ("details_salt",)
    if any(row[name] is not None for name in absent):
        yield "something was added to it"
    without_texts = row["data"] == "" if legacy else row["details"] is None
    if legacy and without_texts:
        if purged.purge_of(row["sequence"]) is None:
            yield "its texts were removed, and no purge says so"
        return
    if row["format"] not in _CHAINED or row["hash"] != _row_hash(row):
        yield "it was changed after it was written"
    elif not legacy and row["details_digest"] is not None and without_texts:
        if purged.purge_of(row["sequence"]) is None:
            yield "its texts were removed, and no purge says so"
    elif row["details"] is not None and (
        row["details_digest"] != _details_digest(row["details_salt"], row["details"])
    ):
        yield "its texts were changed after they were written"


def _row_hash(row: Mapping[str, Any]) -> str:
    content = json.dumps([row[name] for name in _CHAINED[row["format"]]], ensure_ascii=True)
    return hashlib.sha256(f"{row['previous_hash']}\n{content}".encode()).hexdigest()


def _details_digest(salt: str | None, details: str) -> str:
    return hashlib.sha256(f"{salt}\n{details}".encode()).hexdigest()


def _text(data: object) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=True, default=str)


def _loaded(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _split(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The facts of an event, and the rest."""
    facts = {name: value for name, value in data.items() if name in _FACTS and _is_fact(value)}
    return facts, {name: value for name, value in data.items() if name not in facts}


def _is_fact(value: object) -> bool:
    if isinstance(value, dict):
        # Counts are keyed by statuses; anything else by names of facts.
        return all(
            (name in _FACTS or isinstance(item, int)) and _is_fact(item)
            for name, item in value.items()
        )
    if isinstance(value, (list, tuple)):
        return all(_is_fact(item) for item in value)
    return value is None or isinstance(value, (bool, int)) or len(str(value)) <= _LONGEST_FACT
