"""What a run records: known at once, durable with the next flush."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.ledger import chain
from target_dynamics_nav.ledger.claims import Claims, operator
from target_dynamics_nav.ledger.knowledge import Knowledge
from target_dynamics_nav.ledger.rows import (
    NEW_DOCUMENT,
    POSTED_CONTENT,
    Row,
    content_row,
    document_row,
    nav_document_row,
    source_ids,
)
from target_dynamics_nav.ledger.standing import WAITING, Books, NavDocument, Role
from target_dynamics_nav.ledger.unflushed import Unflushed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.document import Document, Problem
    from target_dynamics_nav.ledger.database import Database
    from target_dynamics_nav.settlement import Status

MAXIMUM_UNFLUSHED = 1000
"""Events, or documents, that wait at most: they are in memory."""

_SUBSTANCE = ("reasons", "content_digest")
"""Beside the status and what NAV has: when one of these changes, it is news."""


class Records(Knowledge):
    """The part of the ledger that a run works with."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._claims = Claims(database)
        self._run_id = ""
        self._who = operator()

    @property
    def run_id(self) -> str:
        """The run that is under way."""
        return self._run_id

    def record_event(
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        books: Books | None = None,
        key: str | None = None,
    ) -> None:
        """Append an event; `flush` makes it durable.

        Args:
            kind: What happened, snake_case, at most 40 characters.
            data: What is to be known of it. Codes, ids, numbers and digests are chained for good; everything else
                can be purged later. Nothing secret.
            books: In which books, if in any.
            key: With which document, if with one.
        """
        with self._guard:
            self._unflushed.events.append(self._event(kind, data, books=books, key=key))
            if len(self._unflushed.events) >= MAXIMUM_UNFLUSHED:
                self.flush()

    def record_standing(
        self,
        books: Books,
        document: Document,
        status: Status,
        reasons: Sequence[Problem],
        *,
        nav_id: str | None = None,
        nav_number: str | None = None,
        posted_digest: str | None = None,
        draft_digest: str | None = None,
        kind: str | None = None,
    ) -> None:
        """Record where a document stands now, with an event when that is news; `flush` makes it durable.

        A document that is held for weeks for the same reason gets one event, not one a run. A settled document that
        stands as it stood before is not written at all.

        Args:
            books: The books it belongs to.
            document: The document as read in this run.
            status: Its status.
            reasons: Why, for people.
            nav_id: NAV's id of the document, where there is one.
            nav_number: NAV's number of the document, where there is one.
            posted_digest: Digest of the posted content; None keeps what is known.
            draft_digest: Digest of the draft's content; None keeps what is known.
            kind: What the event is called, when not as the status.
        """
        with self._guard:
            known = self._rows(books, [document.key])[document.key]
            substance: Row = {"status": status.value}
            for name, value in (
                ("nav_id", nav_id),
                ("nav_number", nav_number),
                ("draft_digest", draft_digest),
                ("posted_digest", posted_digest),
            ):
                if value is not None:
                    substance[name] = value
            values = {**document_row(books, document, reasons), **substance}
            if posted_digest is not None:
                values["posted_version"] = values["version"]
            news = known is None or not _agree(
                known, {**substance, **{name: values[name] for name in _SUBSTANCE}}
            )
            if known is not None and not news and _is_kept(known, values):
                return
            at = now()
            row = {**(known or NEW_DOCUMENT), **values, **self._tried(known, at)}
            if posted_digest is not None:
                row[POSTED_CONTENT] = document.content
            if known is None:
                row.update(ledger_id=books.ledger_id, document_key=document.key, first_seen_at=at)
                # It may have stood here without a place, as long as its company was not found.
                unplaced = Books.unplaced(books.nav, books.company_name).ledger_id
                if unplaced != books.ledger_id:
                    self._unflushed.unplaced.append((unplaced, document.key))
            if news:
                row["changed_at"] = at
            if status not in WAITING:
                row["held_since"] = None
            elif row["held_since"] is None:
                row["held_since"] = at
            row["purged_at"] = None
            self._unflushed.documents[books.ledger_id, document.key] = row
            self._keep_content(books, document, known, row)
            self._keep_nav_document(books, document, row, posted_digest, draft_digest)
            if news:
                self._announce(books, document, kind or status.value, reasons, values)
            if len(self._unflushed.documents) >= MAXIMUM_UNFLUSHED:
                self.flush()

    def record_nav_document(self, books: Books, key: str, found: NavDocument) -> None:
        """Note a document in NAV that was made for a report: a credit memo that takes a posting back, say.

        The first posting and its draft are noted by `record_standing`; this is for what a correction makes.
        """
        with self._guard:
            row = nav_document_row(books.ledger_id, key, found, now(), self._run_id)
            self._unflushed.nav_documents[row["ledger_id"], row["nav_key"], row["nav_id"]] = row
            told = {name: row[name] for name in ("nav_key", "nav_id", "nav_number", "role", "kind")}
            told |= {name: row[name] for name in ("part_number", "digest", "total")}
            self.record_event("nav_document", told, books=books, key=key)

    def record_removed(
        self, books: Books, key: str, nav_id: str, *, nav_key: str | None = None
    ) -> None:
        """Note that a draft is not in NAV any more.

        Args:
            books: The books it was in.
            key: The document it was made for.
            nav_id: NAV's id of it.
            nav_key: The external document number it carried, when that is not the document's key.
        """
        with self._guard:
            self._unflushed.removed.append(
                {
                    "of_ledger": books.ledger_id,
                    "of_nav_key": nav_key or key,
                    "of_nav_id": nav_id,
                    "gone_at": now(),
                }
            )
            self.record_event("draft_gone", {"nav_id": nav_id}, books=books, key=key)

    def record_part(self, books: Books, key: str, part_number: int) -> None:
        """Note that a document goes on as its next part: what was posted is taken back and posted anew.

        Args:
            books: The books it belongs to.
            key: A document that the ledger knows.
            part_number: 1 for the first correction.
        """
        with self._guard:
            row = self._rows(books, [key])[key]
            if row is None or row["part_number"] == part_number:
                return
            self._unflushed.documents[books.ledger_id, key] = {**row, "part_number": part_number}
            self.record_event("part_begun", {"part_number": part_number}, books=books, key=key)

    def release_sources(self, books: Books, key: str) -> None:
        """Note that nothing is posted with this document any more: a credit memo took it back.

        What it was made of (e.g. expenses) may be posted with another document then.
        """
        with self._guard:
            self._unflushed.sources[books.ledger_id, key] = []
            self.record_event("sources_released", {}, books=books, key=key)

    def flush(self) -> None:
        """Make everything recorded so far durable, in one transaction.

        To be called before each write that is sent to NAV and before STATE is released. Nothing is lost when it
        fails: it may be called again.

        Raises:
            OutageError: The ledger cannot be written, or the hold on a company was lost.
        """
        with self._guard:
            if not self._unflushed:
                self._claims.check()
                return
            self._unflushed.write(self._database)
            for place, row in self._unflushed.documents.items():
                self._remember(place, row)
            self._unflushed = Unflushed()

    def _tried(self, known: Row | None, at: str) -> Row:
        attempts = known["attempts"] if known is not None else 0
        if known is None or known["run_id"] != self._run_id:
            attempts += 1
        return {"attempts": attempts, "last_seen_at": at, "run_id": self._run_id}

    def _keep_content(self, books: Books, document: Document, known: Row | None, row: Row) -> None:
        """Keep the version that was read, unless it is the one that was read before."""
        version = row["version"]
        if known is not None and known["purged_at"] is None and known["version"] == version:
            return
        place = (books.ledger_id, document.key, version)
        if place not in self._unflushed.contents:
            self._unflushed.contents[place] = content_row(
                books, document, version, row["last_seen_at"], self._run_id
            )

    def _keep_nav_document(
        self,
        books: Books,
        document: Document,
        row: Row,
        posted_digest: str | None,
        draft_digest: str | None,
    ) -> None:
        role: Role = "posted" if posted_digest is not None else "draft"
        if posted_digest is not None:
            self._unflushed.sources[books.ledger_id, document.key] = [
                {
                    "ledger_id": books.ledger_id,
                    "source_id": source_id,
                    "document_key": document.key,
                    "part_number": row["part_number"],
                }
                for source_id in source_ids(document)
            ]
        in_nav = row["nav_id"] is not None or row["nav_number"] is not None
        if not in_nav or row["part_number"] or not (posted_digest or draft_digest):
            return
        made = nav_document_row(
            books.ledger_id,
            document.key,
            NavDocument(
                nav_key=document.key,
                nav_id=row["nav_id"],
                nav_number=row["nav_number"],
                role=role,
                kind=document.kind.value,
                digest=posted_digest or draft_digest,
                total=document.total,
                currency_code=document.currency_code,
                posting_date=document.posting_date,
            ),
            row["last_seen_at"],
            self._run_id,
        )
        self._unflushed.nav_documents[made["ledger_id"], made["nav_key"], made["nav_id"]] = made

    def _announce(
        self,
        books: Books,
        document: Document,
        kind: str,
        reasons: Sequence[Problem],
        values: Row,
    ) -> None:
        told: Row = {
            "digest": document.digest,
            "version": values["version"],
            "reason_codes": [reason.code for reason in reasons],
            "reasons": [reason.as_dict() for reason in reasons],
            "notes": [vars(note) for note in document.notes],
        }
        for name in ("status", "nav_id", "nav_number", "posted_digest", "draft_digest"):
            if name in values:
                told[name] = values[name]
        self.record_event(
            kind,
            {name: value for name, value in told.items() if value not in (None, [])},
            books=books,
            key=document.key,
        )

    def _event(
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        books: Books | None = None,
        key: str | None = None,
        who: str | None = None,
    ) -> Row:
        return chain.event(
            kind,
            data,
            at=now(),
            run_id=self._run_id,
            who=who or self._who,
            ledger_id=books.ledger_id if books else None,
            document_key=key,
        )


def now() -> str:
    """The time as the ledger writes it: UTC."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _agree(known: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return all(known[name] == value for name, value in values.items())


def _is_kept(known: Row, values: Row) -> bool:
    """Whether a row says of a settled document all that is to be said; what was purged is not told anew."""
    settled = values["status"] not in WAITING
    return settled and (known["purged_at"] is not None or _agree(known, values))
