"""The posting protocol of one document: look up, draft, verify, post, record.

NAV is the truth. Before any write it is asked for everything that carries the document's key; after any write whose
fate is unknown it is asked again. A look-up that fails ends the attempt; it is never read as "absent".

The protocol is written for one document, as a conversation with NAV (`Steps`). `window.py` leads the conversations of
many documents at the same time; what they record is durable before anything that writes is sent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from target_dynamics_nav.context import MAXIMUM_ATTEMPTS, PostingContext
from target_dynamics_nav.drafts import Drafts
from target_dynamics_nav.errors import (
    DocumentError,
    DraftChangedError,
    OutcomeUnknownError,
    RetryLaterError,
)
from target_dynamics_nav.outcome import Outcome, Unposted, as_problem, seen, skipped
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
        try:
            if self._trust_ledger and known is not None and known.posted_digest is not None:
                outcome = self._posted.known(document, known)
            else:
                outcome = yield from self._attempt(document, known)
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

    # The steps, in their order

    def _attempt(self, document: Document, known: Standing | None) -> Steps[Outcome]:
        skipped_before = known is not None and known.status is Status.SKIPPED
        if document.skip is not None and skipped_before and self._trust_ledger:
            return skipped(document.skip)
        found = yield from self.context.find(document)
        if found:
            self.context.event("looked_up", document, {"found": [seen(item) for item in found]})
        posted = [item for item in found if item.posted]
        if posted:
            return (yield from self._posted.found(document, posted, found))
        if document.skip is not None:
            yield from self._drafts.remove_leftovers(document, found, known)
            return skipped(document.skip)
        problems = [*document.problems] or validate(document, self.context.master_data)
        if problems:
            yield from self._drafts.remove_leftovers(document, found, known)
            raise Unposted(Status.HELD, problems)
        if not self.context.writes:
            return Outcome(Status.PREVIEWED)
        return (yield from self._write(document, found, known))

    def _write(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> Steps[Outcome]:
        context = self.context
        draft = yield from self._drafts.usable(document, found, known)
        if draft is None:
            draft = yield from self._drafts.create(document)
        yield from self._drafts.verify(document, draft)
        if not context.posts:
            context.record(document, Status.DRAFT, draft, draft_digest=document.digest)
            return Outcome(Status.DRAFT, nav_number=draft.number)
        posted_document = yield from self._post(document, draft)
        context.record(document, Status.POSTED, posted_document, posted_digest=document.digest)
        return Outcome(Status.POSTED, nav_number=posted_document.number)

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
                yield from self._tidy_up_after_posting(document, found)
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

    def _tidy_up_after_posting(
        self, document: Document, found: Sequence[FoundDocument]
    ) -> Steps[None]:
        """What cannot be tidied up now does not make the posting undone; the next look-up shows it again."""
        try:
            yield from self._posted.tidy_up(document, found)
        except (RetryLaterError, DraftChangedError, DocumentError) as error:
            logger.warning(
                "%s is posted, but what its posting left behind could not be removed: %s",
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
