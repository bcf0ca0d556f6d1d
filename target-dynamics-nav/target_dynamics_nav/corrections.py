"""Changed reports (`on_changed: correct`): what was posted is taken back, and posted anew under a next part number.

Part 0 is the document's own posting. A correction posts two more documents, each by the same protocol as any other:
`<key>-X1` takes part 0 back, `<key>-N1` is part 1; a later change makes `-X2` and `-N2`, and so on. How far a
correction went is read from NAV by these keys, never from the ledger, so a crash between any two writes, and a lost
ledger too, end with each of them posted once. Both drafts are made and verified before the first of them posts.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from target_dynamics_nav.context import OnChanged
from target_dynamics_nav.document import Document, Line, Note, Problem
from target_dynamics_nav.errors import TargetError
from target_dynamics_nav.ledger import NavDocument
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.outcome import Outcome, Unposted, changed_since_posted
from target_dynamics_nav.records import MAXIMUM_KEY_LENGTH
from target_dynamics_nav.settlement import Status
from target_dynamics_nav.validation import validate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal
    from typing import Any

    from target_dynamics_nav.context import PostingContext
    from target_dynamics_nav.ledger import Role, Standing
    from target_dynamics_nav.nav.port import FoundDocument, Steps
    from target_dynamics_nav.posting import Poster

MOST_CORRECTIONS = 99

_OPPOSITE = {
    DocumentKind.PURCHASE_INVOICE: DocumentKind.PURCHASE_CREDIT_MEMO,
    DocumentKind.PURCHASE_CREDIT_MEMO: DocumentKind.PURCHASE_INVOICE,
    DocumentKind.JOURNAL_ENTRY: DocumentKind.JOURNAL_ENTRY,
}


def taking_back_key(key: str, part: int) -> str:
    """The key of what takes back the part before this one."""
    return f"{key}-X{part}"


def part_key(key: str, part: int) -> str:
    """The key of a part; the document's own for the first posting."""
    return f"{key}-N{part}" if part else key


@dataclass(frozen=True)
class Stand:
    """How far the corrections of a document have gone in NAV.

    Attributes:
        part: Number of the last part that was begun.
        current: It, as posted; None when the part before it was taken back and it is not posted yet.
    """

    part: int
    current: FoundDocument | None


class Corrections:
    """Corrects what is posted in one company."""

    def __init__(self, context: PostingContext, poster: Poster) -> None:
        self._context = context
        self._poster = poster

    def stand(self, document: Document, first: FoundDocument) -> Steps[Stand]:
        """How far earlier runs came, as NAV tells it.

        Args:
            document: As read now.
            first: What is posted under the document's own key.
        """
        stand = Stand(0, first)
        for part in range(1, MOST_CORRECTIONS + 1):
            if not (yield from self._posted_under(document, taking_back_key(document.key, part))):
                break
            anew = yield from self._posted_under(document, part_key(document.key, part))
            stand = Stand(part, anew)
            if anew is None:
                break
        return stand

    def is_taken_back(self, document: Document) -> Steps[bool]:
        """Whether the document's own posting was taken back by a correction."""
        found = yield from self._posted_under(document, taking_back_key(document.key, 1))
        return found is not None

    def settle(
        self,
        document: Document,
        first: FoundDocument,
        known: Standing | None,
        changed: Unposted | None,
    ) -> Steps[Outcome]:
        """What becomes of a document whose own posting differs from it now, or was taken back.

        Args:
            document: As read now; something is to be posted.
            first: What is posted under its own key.
            known: What the ledger knows.
            changed: How its own posting differs from it.

        Raises:
            Unposted: It stays as it is, or a part of the correction is refused.
        """
        stand = yield from self.stand(document, first)
        current = stand.current
        if stand.part and current is not None and self._is(document, current):
            self._record(document, current, stand.part, Status.ALREADY_POSTED)
            return Outcome(Status.ALREADY_POSTED, nav_number=current.number)
        if self._context.rules.on_changed is OnChanged.HOLD or not self._context.posts(
            document.kind
        ):
            raise self._as_it_is(document, first, current, changed)
        part = stand.part if current is None else stand.part + 1
        anew = self._part(document, part)
        back = None if current is None else self._reversal(document, current, known, part)
        self._require_possible(document, [anew] if back is None else [back, anew])
        if back is not None:
            yield from self._take_back(document, back, anew, current, part)
        posted = yield from self._poster.put(anew, (yield from self._context.find(anew)), None)
        self._note(document, posted, part, "reposted", anew)
        self._record(document, posted, part, Status.POSTED)
        return Outcome(Status.POSTED, nav_number=posted.number)

    # Steps

    def _take_back(
        self,
        document: Document,
        back: Document,
        anew: Document,
        current: FoundDocument | None,
        part: int,
    ) -> Steps[None]:
        """Post the reversal, once the draft of what comes after it is known to be as meant."""
        self._context.event(
            "correction_intended",
            document,
            {"part_number": part, "takes_back": current.number if current else None},
        )
        draft = yield from self._poster.draft(anew, (yield from self._context.find(anew)), None)
        try:
            posted = yield from self._poster.put(back, (yield from self._context.find(back)), None)
        except (Unposted, TargetError):
            with contextlib.suppress(TargetError):
                yield from self._context.delete(anew, draft)
            raise
        self._note(document, posted, part, "credit", back)
        self._context.ledger.release_sources(self._context.books, document.key)

    def _posted_under(self, document: Document, key: str) -> Steps[FoundDocument | None]:
        """What is posted under the key of a part; what its posting left behind is removed."""
        if len(key) > MAXIMUM_KEY_LENGTH[document.kind]:
            return None
        found = yield from self._context.nav.find(self._context.company, key)
        posted = [item for item in found if item.posted]
        if not posted:
            return None
        yield from self._poster.tidy_up(replace(document, key=key, part_of=document.key), found)
        return posted[0]

    def _as_it_is(
        self,
        document: Document,
        first: FoundDocument,
        current: FoundDocument | None,
        changed: Unposted | None,
    ) -> Unposted:
        """Nothing is corrected: how what is posted differs from the document."""
        if current is None:
            return Unposted(Status.CHANGED, [_half_way(first)])
        if changed is not None and current is first:
            return changed
        return Unposted(
            Status.CHANGED,
            [
                changed_since_posted(
                    difference.field,
                    f"Posted as {current.number}, but different now: {difference}.",
                )
                for difference in self._context.differences(document, current, with_dates=False)
            ],
        )

    def _require_possible(self, document: Document, parts: Sequence[Document]) -> None:
        """Nothing is taken back unless what is posted instead may be written, as far as can be known before."""
        problems = [
            problem
            for part in parts
            for problem in (
                [_key_too_long(part)]
                if len(part.key) > MAXIMUM_KEY_LENGTH[part.kind]
                else validate(part, self._context.master_data)
            )
        ]
        if problems:
            self._context.event(
                "correction_refused", document, {"codes": [problem.code for problem in problems]}
            )
            raise Unposted(Status.CHANGED, problems)

    # Documents

    def _part(self, document: Document, part: int) -> Document:
        return replace(document, key=part_key(document.key, part), part_of=document.key)

    def _reversal(
        self, document: Document, posted: FoundDocument, known: Standing | None, part: int
    ) -> Document:
        """The document that takes a posting back: the same accounts and dimensions, the other way round.

        On the day of the posting, so that currencies convert alike; or, when that day is closed, on the day of the
        document as it is now, which is noted.
        """
        content: Mapping[str, Any] = (known.posted_content if known else None) or {}
        journal = posted.kind is DocumentKind.JOURNAL_ENTRY
        account = content.get("balancing_account")
        made = Document(
            kind=_OPPOSITE[posted.kind],
            key=taking_back_key(document.key, part),
            company=document.company,
            vendor_number=posted.vendor_number,
            balancing_account=((account[0], account[1]) if account else posted.balancing_account)
            if journal
            else None,
            posting_date=posted.posting_date,
            document_date=document.document_date,
            due_date=None,
            currency_code=posted.currency_code,
            prices_include_tax=bool(content.get("prices_include_tax", document.prices_include_tax)),
            total=_turned(posted.total, journal=journal),
            description=f"Takes back {posted.number}",
            dimensions=dict(posted.dimensions),
            lines=[
                Line(
                    account_type=line.account_type,
                    account_number=line.account_number,
                    description=line.description,
                    amount=_turned(line.amount, journal=journal),
                    tax_code=line.tax_code,
                    dimensions=dict(line.dimensions),
                    source_id="",
                )
                for line in posted.lines or []
            ],
            source=document.source,
            part_of=document.key,
        )
        closed = {problem.field for problem in validate(made, self._context.master_data)}
        if "posting_date" not in closed:
            return made
        return replace(
            made,
            posting_date=document.posting_date,
            notes=[
                Note(
                    code="posting_date_moved",
                    field="posting_date",
                    value=str(document.posting_date),
                    message=f"{posted.number} is taken back on {document.posting_date}, as "
                    f"{posted.posting_date} is no day to post on any more.",
                )
            ],
        )

    # Records

    def _is(self, document: Document, found: FoundDocument) -> bool:
        return not self._context.differences(document, found, with_dates=False)

    def _note(
        self, document: Document, posted: FoundDocument, part: int, role: Role, made: Document
    ) -> None:
        self._context.ledger.record_nav_document(
            self._context.books,
            document.key,
            NavDocument(
                nav_key=made.key,
                nav_id=posted.id,
                nav_number=posted.number,
                role=role,
                kind=posted.kind.value,
                part_number=part,
                digest=made.digest,
                total=posted.total,
                currency_code=posted.currency_code,
                posting_date=posted.posting_date,
            ),
        )

    def _record(self, document: Document, posted: FoundDocument, part: int, status: Status) -> None:
        self._context.ledger.record_part(self._context.books, document.key, part)
        self._context.record(document, status, posted, posted_digest=document.digest)


def _turned(amount: Decimal, *, journal: bool) -> Decimal:
    """Invoices and credit memos count the same amounts in opposite directions; a journal has one direction only."""
    return -amount if journal else amount


def _half_way(first: FoundDocument) -> Problem:
    return Problem(
        code="correction_unfinished",
        value=first.number,
        message=f"What was posted as {first.number} was taken back, and is not posted anew yet.",
        hint="Set on_changed to correct and run again, or post the report in NAV by hand and waive it.",
    )


def _key_too_long(part: Document) -> Problem:
    return Problem(
        code="key_too_long_to_correct",
        field="document_key",
        value=part.key,
        message="The document's key leaves no room for the number of a correction.",
        hint="Correct the posting in NAV by hand, then waive the report.",
    )
