"""The posting protocol of one document: look up, draft, verify, post, record.

NAV is the truth. Before any write it is asked for everything that carries the document's key; after any write whose
fate is unknown it is asked again. A look-up that fails ends the attempt; it is never read as "absent".

The protocol is written for one document, as a conversation with NAV (`Steps`). `window.py` leads the conversations of
many documents at the same time; what they record is durable before anything that writes is sent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from target_dynamics_nav.attachments import Attachments
from target_dynamics_nav.context import MAXIMUM_ATTEMPTS, OnChanged, PostingContext
from target_dynamics_nav.corrections import Corrections
from target_dynamics_nav.drafts import Drafts
from target_dynamics_nav.errors import (
    DocumentError,
    DraftChangedError,
    OutcomeUnknownError,
    RetryLaterError,
)
from target_dynamics_nav.ledger import source_ids
from target_dynamics_nav.outcome import (
    Outcome,
    Unposted,
    as_problem,
    posted_elsewhere,
    seen,
    skipped,
)
from target_dynamics_nav.posted import Posted
from target_dynamics_nav.settlement import Status
from target_dynamics_nav.validation import validate
from target_dynamics_nav.window import complete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.document import Document, Problem
    from target_dynamics_nav.ledger import Standing
    from target_dynamics_nav.nav.port import FoundDocument, Steps

logger = logging.getLogger("target-dynamics-nav")

_WITHOUT_NEW_DOCUMENT = {
    Status.HELD,
    Status.FAILED,
    Status.CHANGED,
    Status.SKIPPED,
    Status.PREVIEWED,
}
"""Statuses that come without a document in NAV that would have to be recorded with them."""


class Poster:
    """Takes documents of one company through the protocol."""

    def __init__(self, context: PostingContext) -> None:
        self.context = context
        self._drafts = Drafts(context)
        self._posted = Posted(context)
        self._corrections = Corrections(context, self)
        self._attachments = Attachments(context, context.rules.attachments)
        self._trust_ledger = self._ledger_agrees_with_nav()

    def settle(self, document: Document) -> Steps[Outcome]:
        """Take one document as far as it can go today, and record where it stands.

        Args:
            document: As read from the input.

        Returns:
            Its status with reasons and NAV's number.

        Raises:
            StopRunError: If no document can go on; this one is not recorded as anything but what it was.
        """
        context = self.context
        known = context.ledger.standing(context.books, document.key)
        if known is not None and known.waives(document.digest):
            return Outcome(Status.WAIVED, nav_number=known.nav_number)
        try:
            outcome = yield from self._outcome(document, known)
        except Unposted as ended:
            outcome = ended.outcome
        except DocumentError as error:
            outcome = Outcome(Status.HELD, [as_problem(error)])
        except (RetryLaterError, DraftChangedError) as error:
            outcome = Outcome(Status.FAILED, [as_problem(error)])
        if outcome.status in _WITHOUT_NEW_DOCUMENT:
            context.ledger.record_standing(context.books, document, outcome.status, outcome.reasons)
        return outcome

    def record_stopped(self, document: Document, problem: Problem) -> None:
        """Note that the run stopped at this document, which will be tried again by the next run."""
        context = self.context
        known = context.ledger.standing(context.books, document.key)
        if known is None or known.posted_digest is None:
            context.ledger.record_standing(context.books, document, Status.FAILED, [problem])

    def draft(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> Steps[FoundDocument]:
        """A draft in NAV that is exactly as meant.

        Args:
            document: A valid document.
            found: The drafts that carry its key.
            known: What the ledger knows of it.

        Raises:
            Unposted: NAV makes something else of it, or a person edited the draft.
        """
        draft = yield from self._drafts.usable(document, found, known)
        if draft is None:
            draft = yield from self._drafts.create(document)
        yield from self._drafts.verify(document, draft)
        return draft

    def put(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> Steps[FoundDocument]:
        """The document as posted in NAV, once: what is posted under its key already, or posted now.

        Args:
            document: A valid document.
            found: Everything that carries its key.
            known: What the ledger knows of it.

        Raises:
            Unposted: Something else is posted under its key, or NAV makes something else of it.
        """
        posted = [item for item in found if item.posted]
        if posted:
            self._posted.require_same(document, posted)
            yield from self.tidy_up(document, found)
            return posted[0]
        draft = yield from self.draft(document, found, known)
        return (yield from self._post(document, draft))

    # The steps, in their order

    def _outcome(self, document: Document, known: Standing | None) -> Steps[Outcome]:
        if not self._trust_ledger or known is None or known.posted_digest is None:
            return (yield from self._attempt(document, known))
        try:
            return self._posted.known(document, known)
        except Unposted as changed:
            if self.context.rules.on_changed is OnChanged.HOLD or document.posted_as_nothing:
                raise
            found = yield from self.context.find(document)
            posted = [item for item in found if item.posted]
            if not posted:
                raise
            return (yield from self._changed_or_corrected(document, posted, found, known, changed))

    def _attempt(self, document: Document, known: Standing | None) -> Steps[Outcome]:
        skipped_before = known is not None and known.status is Status.SKIPPED
        if document.skip is not None and skipped_before and self._trust_ledger:
            return skipped(document.skip)
        found = yield from self.context.find(document)
        if found:
            self.context.event("looked_up", document, {"found": [seen(item) for item in found]})
        posted = [item for item in found if item.posted]
        if posted:
            return (yield from self._found_posted(document, posted, found, known))
        if document.skip is not None:
            yield from self._drafts.remove_leftovers(document, found, known)
            return skipped(document.skip)
        problems = [*document.problems] or validate(document, self.context.master_data)
        problems = problems or self._posted_elsewhere(document)
        if problems:
            yield from self._drafts.remove_leftovers(document, found, known)
            raise Unposted(Status.HELD, problems)
        if not self.context.writes:
            return Outcome(Status.PREVIEWED)
        return (yield from self._write(document, found, known))

    def _posted_elsewhere(self, document: Document) -> list[Problem]:
        """An expense that is posted with another document, which the ledger knows, must not be posted again."""
        return posted_elsewhere(
            self.context.ledger.posted_elsewhere(
                self.context.books, document.key, source_ids(document)
            )
        )

    def _write(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> Steps[Outcome]:
        context = self.context
        if not context.posts(document.kind):
            draft = yield from self.draft(document, found, known)
            context.record(document, Status.DRAFT, draft, draft_digest=document.digest)
            return Outcome(Status.DRAFT, nav_number=draft.number)
        posted = yield from self.put(document, found, known)
        context.record(document, Status.POSTED, posted, posted_digest=document.digest)
        yield from self._attachments.attach(document, posted)
        return Outcome(Status.POSTED, nav_number=posted.number)

    def _found_posted(
        self,
        document: Document,
        posted: Sequence[FoundDocument],
        found: Sequence[FoundDocument],
        known: Standing | None,
    ) -> Steps[Outcome]:
        """Its key is posted, though the ledger does not know of it; the posting may have been corrected since."""
        try:
            self._posted.require_wanted(document, posted)
        except Unposted as changed:
            return (yield from self._changed_or_corrected(document, posted, found, known, changed))
        yield from self.tidy_up(document, found)
        if (yield from self._corrections.is_taken_back(document)):
            return (yield from self._corrections.settle(document, posted[0], known, None))
        self.context.record(
            document, Status.ALREADY_POSTED, posted[0], posted_digest=document.digest
        )
        if self.context.writes:
            yield from self._attachments.attach(document, posted[0])
        return Outcome(Status.ALREADY_POSTED, nav_number=posted[0].number)

    def _changed_or_corrected(
        self,
        document: Document,
        posted: Sequence[FoundDocument],
        found: Sequence[FoundDocument],
        known: Standing | None,
        changed: Unposted,
    ) -> Steps[Outcome]:
        """Its posting differs from the document; that may be known and corrected already, or be corrected now.

        Raises:
            Unposted: It stays changed.
        """
        a_person_should_look = len(posted) > 1 or posted[0].cancelled
        if document.posted_as_nothing or a_person_should_look or document.part_of is not None:
            raise changed
        yield from self.tidy_up(document, found)
        return (yield from self._corrections.settle(document, posted[0], known, changed))

    def _post(self, document: Document, draft: FoundDocument) -> Steps[FoundDocument]:
        """Post the verified version and read what it became."""
        context = self.context
        current = draft
        for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
            # What comes here was read back from NAV and compared.
            context.event(
                "post_intended",
                document,
                {"nav_id": current.id, "digest": document.digest, "attempt": attempt},
            )
            refusal: DocumentError | None = None
            try:
                yield from context.nav.post(context.company, current)
            except OutcomeUnknownError as error:
                context.event("outcome_unknown", document, {"step": "post", "code": error.code})
            except DraftChangedError as error:
                context.event("draft_changed", document, {"code": error.code})
            except DocumentError as error:
                refusal = error
                context.event(
                    "refused", document, {"code": error.code, "nav_message": error.nav_message}
                )
            # Posted or not: what counts is what NAV holds now.
            found = yield from context.find(document)
            posted = [item for item in found if item.posted]
            if posted:
                self._posted.require_same(document, posted)
                yield from self.tidy_up(document, found)
                return posted[0]
            drafts = [item for item in found if item.id == current.id]
            if not drafts:
                break
            current = drafts[0]
            if refusal is not None:
                yield from self._drafts.after_refusal(document, current)
                raise refusal
            yield from self._drafts.verify(document, current)
        raise RetryLaterError(
            "NAV did not confirm the posting, and the document is not posted.",
            code="posting_not_confirmed",
            hint="The next run looks again and continues.",
        )

    def tidy_up(self, document: Document, found: Sequence[FoundDocument]) -> Steps[None]:
        """Remove what the posting left behind, as `found` shows it.

        Raises:
            RetryLaterError: It may be there still. The document is posted; the next run looks again and removes it.
        """
        try:
            yield from self._posted.tidy_up(document, found)
        except (RetryLaterError, DraftChangedError) as error:
            raise RetryLaterError(
                "The document is posted, but what its posting left in NAV could not be removed.",
                code="leftover_in_nav",
                hint="Nothing is to be done: the next run removes it.",
                nav_message=error.nav_message,
            ) from error
        except DocumentError as error:
            logger.warning(
                "%s is posted, but NAV does not let what its posting left behind be removed: %s",
                document.key,
                error,
            )

    def _ledger_agrees_with_nav(self) -> bool:
        """Whether what the ledger calls posted can be believed: these may be other books than it remembers.

        One document is looked up. If NAV does not have it, NAV was restored or replaced, and everything is looked up.
        """
        context = self.context
        key = context.ledger.latest_posted_key(context.books)
        if key is None:
            return True
        try:
            found = complete(context.nav, context.nav.find(context.company, key))
        except (DocumentError, RetryLaterError) as error:
            logger.warning("The audit ledger could not be compared with NAV: %s", error.message)
            return False
        if any(item.posted for item in found):
            return True
        logger.warning(
            "The audit ledger says that %s is posted, but NAV does not have it. Was NAV restored or replaced? "
            "Every document of this run is looked up in NAV.",
            key,
            extra={"event_type": "ledger.distrusted", "document_key": key},
        )
        context.ledger.record_event(
            "ledger_distrusted", {"missing_in_nav": key}, books=context.books
        )
        return False
