"""What the ledger knows, asked by the protocol: of what is durable, and of what waits to be."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_dynamics_nav.ledger.rows import POSTED_CONTENT, Row, standing_of
from target_dynamics_nav.ledger.tables import contents, documents, posted_sources
from target_dynamics_nav.ledger.unflushed import Place, Unflushed

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterable

    from target_dynamics_nav.ledger.database import Database
    from target_dynamics_nav.ledger.standing import Books, Standing

KEYS_PER_QUERY = 300
MAXIMUM_KNOWN_ROWS = 1000

_KNOWN = (
    sa.select(documents, contents.c.content.label(POSTED_CONTENT))
    .outerjoin(
        contents,
        sa.and_(
            contents.c.ledger_id == documents.c.ledger_id,
            contents.c.document_key == documents.c.document_key,
            contents.c.version == documents.c.posted_version,
        ),
    )
    .where(
        documents.c.ledger_id == sa.bindparam("ledger"),
        documents.c.document_key.in_(sa.bindparam("keys", expanding=True)),
    )
)


class Knowledge:
    """Answers of the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._unflushed = Unflushed()
        self._known_rows: OrderedDict[Place, Row | None] = OrderedDict()
        self._guard = threading.RLock()

    def standing(self, books: Books, key: str) -> Standing | None:
        """What is known of a document, or None."""
        return self.standings(books, [key]).get(key)

    def standings(self, books: Books, keys: Iterable[str]) -> dict[str, Standing]:
        """What is known of many documents, with one query for some hundred of them; unknown ones are left out."""
        with self._guard:
            rows = self._rows(books, keys)
            return {key: standing_of(row) for key, row in rows.items() if row is not None}

    def latest_posted_key(self, books: Books) -> str | None:
        """The key of a document that should be in these books, for checking the ledger against NAV."""
        with self._guard:
            unflushed = [
                (row["changed_at"], key)
                for (ledger_id, key), row in self._unflushed.documents.items()
                if ledger_id == books.ledger_id and row["posted_digest"] is not None
            ]
            if unflushed:
                return max(unflushed)[1]
            with self.reading() as connection:
                key: str | None = connection.execute(
                    sa.select(documents.c.document_key)
                    .where(
                        documents.c.ledger_id == books.ledger_id,
                        documents.c.posted_digest.is_not(None),
                    )
                    .order_by(documents.c.changed_at.desc(), documents.c.document_key)
                    .limit(1)
                ).scalar_one_or_none()
            return key

    def posted_elsewhere(self, books: Books, key: str, source_ids: Iterable[str]) -> dict[str, str]:
        """Which of these sources (e.g. expenses) are posted already, with another document.

        Args:
            books: The books to look in.
            key: The document that holds them now.
            source_ids: Ids of what its lines were made of.

        Returns:
            {source id: key of the document that it is posted with}; the others are not posted elsewhere.
        """
        wanted = list(dict.fromkeys(source[:64] for source in source_ids))
        found: dict[str, str] = {}
        with self._guard:
            changed = {
                place: rows
                for place, rows in self._unflushed.sources.items()
                if place[0] == books.ledger_id
            }
            for start in range(0, len(wanted), KEYS_PER_QUERY):
                with self.reading() as connection:
                    rows = connection.execute(
                        sa.select(posted_sources.c.source_id, posted_sources.c.document_key).where(
                            posted_sources.c.ledger_id == books.ledger_id,
                            posted_sources.c.source_id.in_(wanted[start : start + KEYS_PER_QUERY]),
                            posted_sources.c.document_key != key,
                        )
                    ).all()
                for row in sorted(rows, key=lambda row: str(row.document_key), reverse=True):
                    if (books.ledger_id, row.document_key) not in changed:
                        found[row.source_id] = row.document_key
            for (_, other), waiting in changed.items():
                if other != key:
                    found.update(
                        {row["source_id"]: other for row in waiting if row["source_id"] in wanted}
                    )
        return found

    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A connection that sees one state of what is durable, and waits for nobody; for `queries`.

        Raises:
            OutageError: The ledger cannot be read.
        """
        return self._database.reading()

    def _rows(self, books: Books, keys: Iterable[str]) -> dict[str, Row | None]:
        """The rows of documents: as recorded, as known, or else as read now."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, Row | None] = {}
        missing = []
        for key in wanted:
            place = (books.ledger_id, key)
            if place in self._unflushed.documents:
                found[key] = self._unflushed.documents[place]
            elif place in self._known_rows:
                found[key] = self._known_rows[place]
            else:
                missing.append(key)
        for start in range(0, len(missing), KEYS_PER_QUERY):
            some = missing[start : start + KEYS_PER_QUERY]
            with self.reading() as connection:
                read = {
                    row.document_key: row._asdict()
                    for row in connection.execute(_KNOWN, {"ledger": books.ledger_id, "keys": some})
                }
            for key in some:
                found[key] = read.get(key)
                self._remember((books.ledger_id, key), read.get(key))
        return {key: found[key] for key in wanted}

    def _remember(self, place: Place, row: Row | None) -> None:
        """Keep what was read or written lately: a run looks at a document, then records it."""
        self._known_rows[place] = row
        self._known_rows.move_to_end(place)
        if len(self._known_rows) > MAXIMUM_KNOWN_ROWS:
            self._known_rows.popitem(last=False)
