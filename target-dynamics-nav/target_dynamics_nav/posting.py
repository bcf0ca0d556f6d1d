"""The posting protocol, one document at a time: look up, draft, verify, post, record.

NAV is the truth. Before any write it is asked for everything that carries the document's key; after any write whose
fate is unknown it is asked again. A look-up that fails ends the attempt; it is never read as "absent".
"""

from __future__ import annotations

import logging
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from target_dynamics_nav.comparison import (
    Difference,
    content_differences,
    differences,
    inherited_dimensions,
)
from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.drafting import as_draft
from target_dynamics_nav.errors import (
    DocumentError,
    DraftChangedError,
    OutcomeUnknownError,
    RetryLaterError,
)
from target_dynamics_nav.outcome import (
    Outcome,
    Unposted,
    as_problem,
    changed_since_posted,
    not_wanted,
    seen,
    skipped,
)
from target_dynamics_nav.settlement import Status
from target_dynamics_nav.validation import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.ledger import Books, Ledger, Standing
    from target_dynamics_nav.nav.port import Company, FoundDocument, MasterData, NavClient

logger = logging.getLogger("target-dynamics-nav")

MAXIMUM_ATTEMPTS = 3
"""How often a write of unknown fate is looked at and tried again in one run."""


_WITHOUT_NEW_DOCUMENT = {
    Status.HELD,
    Status.FAILED,
    Status.CHANGED,
    Status.SKIPPED,
    Status.PREVIEWED,
}
"""Statuses that come without a document in NAV that would have to be recorded with them."""


class Mode(str, Enum):
    """How far a document goes."""

    POST = "post"
    DRAFT = "draft"
    PREVIEW = "preview"


class Poster:
    """Takes documents of one company through the protocol."""

    def __init__(
        self,
        nav: NavClient,
        ledger: Ledger,
        *,
        books: Books,
        company: Company,
        master_data: MasterData,
        mode: Mode,
    ) -> None:
        self._nav = nav
        self._ledger = ledger
        self._books = books
        self.company = company
        self._master_data = master_data
        self._mode = mode
        self._trust_ledger = self._ledger_agrees_with_nav()

    @property
    def own_currency(self) -> str:
        """ISO code of the company's own currency."""
        return self._master_data.local_currency_code

    def settle(self, document: Document) -> Outcome:
        """Take one document as far as it can go today, and record where it stands.

        Args:
            document: As read from the input.

        Returns:
            Its status with reasons and NAV's number.

        Raises:
            StopRunError: If no document can go on; this one is not recorded as anything but what it was.
        """
        known = self._ledger.standing(self._books, document.key)
        try:
            if self._trust_ledger and known is not None and known.posted_digest is not None:
                outcome = self._compare_with_known_posting(document, known)
            else:
                outcome = self._attempt(document, known)
        except Unposted as ended:
            outcome = ended.outcome
        except DocumentError as error:
            outcome = Outcome(Status.HELD, [as_problem(error)])
        except (RetryLaterError, DraftChangedError) as error:
            outcome = Outcome(Status.FAILED, [as_problem(error)])
        if outcome.status in _WITHOUT_NEW_DOCUMENT:
            self._ledger.record_standing(self._books, document, outcome.status, outcome.reasons)
        return outcome

    def record_stopped(self, document: Document, problem: Problem) -> None:
        """Note that the run stopped at this document, which will be tried again by the next run."""
        known = self._ledger.standing(self._books, document.key)
        if known is None or known.posted_digest is None:
            self._ledger.record_standing(self._books, document, Status.FAILED, [problem])

    # The steps, in their order

    def _attempt(self, document: Document, known: Standing | None) -> Outcome:
        skipped_before = known is not None and known.status is Status.SKIPPED
        if document.skip is not None and skipped_before and self._trust_ledger:
            return skipped(document.skip)
        found = self._nav.find(self.company, document.key)
        if found:
            self._event("looked_up", document, {"found": [seen(item) for item in found]})
        posted = [item for item in found if item.posted]
        if posted:
            return self._compare_with_posted(document, posted, found)
        if document.skip is not None:
            self._remove_leftovers(document, found, known)
            return skipped(document.skip)
        problems = [*document.problems] or validate(document, self._master_data)
        if problems:
            self._remove_leftovers(document, found, known)
            raise Unposted(Status.HELD, problems)
        if self._mode is Mode.PREVIEW:
            return Outcome(Status.PREVIEWED)
        return self._write(document, found, known)

    def _write(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> Outcome:
        draft = self._usable_draft(document, found, known) or self._create(document)
        self._verify(document, draft)
        if self._mode is Mode.DRAFT:
            self._record(document, Status.DRAFT, draft, draft_digest=document.digest)
            return Outcome(Status.DRAFT, nav_number=draft.number)
        posted_document = self._post(document, draft)
        self._record(document, Status.POSTED, posted_document, posted_digest=document.digest)
        return Outcome(Status.POSTED, nav_number=posted_document.number)

    def _usable_draft(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> FoundDocument | None:
        """A draft of an earlier run that is exactly as sent; others that carry our key are removed."""
        usable: FoundDocument | None = None
        for draft in found:
            as_sent = not self._differences(document, draft)
            if as_sent and usable is None:
                usable = draft
                continue
            if not as_sent:
                self._refuse_to_touch_edited(document, draft, known)
            self._delete(document, draft)
        return usable

    def _refuse_to_touch_edited(
        self, document: Document, draft: FoundDocument, known: Standing | None
    ) -> None:
        """A draft that we verified and that differs now was edited by a person: that work is not ours to delete.

        In mode draft that is what drafts are for; in mode post a draft that is not as sent never posts.
        """
        if known is not None and known.draft_digest == document.digest:
            raise Unposted(
                Status.DRAFT if self._mode is Mode.DRAFT else Status.HELD,
                [
                    Problem(
                        code="draft_edited_in_nav",
                        field="draft",
                        value=draft.number,
                        message=f"The draft {draft.number} in NAV was changed after it was created: "
                        + "; ".join(map(str, self._differences(document, draft)[:3])),
                        hint="Delete the draft in NAV to have it made anew from the report, or post it there yourself.",
                    )
                ],
            )

    def _remove_leftovers(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> None:
        """A document that is held has no draft in NAV, unless it was left there on purpose (mode draft)."""
        if self._mode is Mode.PREVIEW or (known is not None and known.draft_digest is not None):
            return
        for draft in found:
            self._delete(document, draft)

    def _create(self, document: Document) -> FoundDocument:
        draft = as_draft(document, self._master_data.local_currency_code)
        for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
            self._event("draft_intended", document, {"digest": document.digest, "attempt": attempt})
            try:
                created = self._nav.create_draft(self.company, draft)
            except OutcomeUnknownError as error:
                self._event("outcome_unknown", document, {"step": "create", "code": error.code})
                found = self._nav.find(self.company, document.key)
                if any(item.posted for item in found):
                    raise Unposted(Status.FAILED, [as_problem(error)]) from error
                usable = self._usable_draft(document, found, None)
                if usable is not None:
                    return usable
            else:
                self._event(
                    "draft_created", document, {"nav_id": created.id, "nav_number": created.number}
                )
                return created
        raise RetryLaterError(
            "NAV did not say whether the draft was created, and it cannot be found.",
            code="draft_not_confirmed",
            hint="Nothing was posted. The next run looks again and continues.",
        )

    def _verify(self, document: Document, draft: FoundDocument) -> None:
        found_differences = self._differences(document, draft)
        if not found_differences:
            return
        self._event(
            "draft_rejected", document, {"differences": [str(item) for item in found_differences]}
        )
        self._delete(document, draft)
        raise Unposted(
            Status.HELD,
            [
                Problem(
                    code="draft_not_as_sent",
                    field=difference.field,
                    value=difference.found,
                    message=f"NAV made something else of the document: {difference}.",
                    hint="Look for defaults or tax set-up in NAV that change it (vendor, account, VAT posting groups).",
                )
                for difference in found_differences
            ],
        )

    def _post(self, document: Document, draft: FoundDocument) -> FoundDocument:
        """Post the verified version and read what it became."""
        current = draft
        for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
            # What comes here was read back from NAV and compared.
            self._event(
                "post_intended",
                document,
                {"nav_id": current.id, "digest": document.digest, "attempt": attempt},
            )
            refusal: DocumentError | None = None
            try:
                self._nav.post(self.company, current)
            except OutcomeUnknownError as error:
                self._event("outcome_unknown", document, {"step": "post", "code": error.code})
            except DraftChangedError as error:
                self._event("draft_changed", document, {"code": error.code})
            except DocumentError as error:
                refusal = error
                self._event(
                    "refused", document, {"code": error.code, "nav_message": error.nav_message}
                )
            # Posted or not: what counts is what NAV holds now.
            found = self._nav.find(self.company, document.key)
            posted = [item for item in found if item.posted]
            if posted:
                self._require_same(document, posted)
                self._tidy_up(document, found)
                return posted[0]
            drafts = [item for item in found if item.id == current.id]
            if not drafts:
                break
            current = drafts[0]
            if refusal is not None:
                self._remove_refused(document, current)
                raise refusal
            self._verify(document, current)
        raise RetryLaterError(
            "NAV did not confirm the posting, and the document is not posted.",
            code="posting_not_confirmed",
            hint="The next run looks again and continues.",
        )

    def _remove_refused(self, document: Document, draft: FoundDocument) -> None:
        """Remove the draft that NAV refuses to post, as it is now: the attempt reserved a number, and so changed it.

        Why NAV refused is what a person has to know; a draft that cannot be removed now is left to the next run.
        """
        try:
            if not self._differences(document, draft):
                self._delete(document, draft)
        except (RetryLaterError, DraftChangedError, DocumentError) as error:
            self._event("draft_left", document, {"code": error.code})

    # Comparing with what is posted

    def _compare_with_known_posting(self, document: Document, known: Standing) -> Outcome:
        if document.posted_as_nothing:
            raise Unposted(Status.CHANGED, [not_wanted(document, known.nav_number)])
        if document.digest != known.posted_digest:
            raise Unposted(
                Status.CHANGED,
                [
                    changed_since_posted(
                        field, f"The report differs from what was posted: {sentence}"
                    )
                    for field, sentence in content_differences(
                        known.posted_content or {}, document.content
                    )
                ],
            )
        if known.status not in {Status.POSTED, Status.ALREADY_POSTED}:
            self._ledger.record_standing(self._books, document, Status.ALREADY_POSTED, [])
        return Outcome(Status.ALREADY_POSTED, nav_number=known.nav_number)

    def _compare_with_posted(
        self, document: Document, posted: Sequence[FoundDocument], found: Sequence[FoundDocument]
    ) -> Outcome:
        """A posted document carries our key, though the ledger does not know of it."""
        if document.posted_as_nothing:
            raise Unposted(Status.CHANGED, [not_wanted(document, posted[0].number)])
        self._require_same(document, posted)
        self._tidy_up(document, found)
        self._record(document, Status.ALREADY_POSTED, posted[0], posted_digest=document.digest)
        return Outcome(Status.ALREADY_POSTED, nav_number=posted[0].number)

    def _require_same(self, document: Document, posted: Sequence[FoundDocument]) -> None:
        """Raise unless exactly this document is posted, once."""
        problems: list[Problem] = []
        if len(posted) > 1:
            numbers = ", ".join(item.number for item in posted)
            problems.append(
                Problem(
                    code="posted_twice",
                    value=numbers,
                    message=f"NAV holds more than one posted document for this report: {numbers}.",
                    hint="Cancel the surplus one in NAV.",
                )
            )
        if posted[0].cancelled:
            problems.append(
                Problem(
                    code="cancelled_in_nav",
                    value=posted[0].number,
                    message=f"The document {posted[0].number} of this report was cancelled in NAV.",
                    hint="Leave it if that was meant; NAV does not accept its number a second time.",
                )
            )
        problems.extend(
            changed_since_posted(
                difference.field, f"Posted as {posted[0].number}, but different now: {difference}."
            )
            for difference in self._differences(document, posted[0], with_dates=False)
        )
        if problems:
            raise Unposted(Status.CHANGED, problems)

    # Small services

    def _differences(
        self, document: Document, found: FoundDocument, *, with_dates: bool = True
    ) -> list[Difference]:
        return differences(
            document,
            found,
            local_currency_code=self._master_data.local_currency_code,
            with_dates=with_dates,
        )

    def _tidy_up(self, document: Document, found: Sequence[FoundDocument]) -> None:
        """Beside the posted document: surplus drafts of its key, and the emptied batch of a journal."""
        if self._mode is Mode.PREVIEW:
            return
        for item in found:
            if not item.posted or item.leftover_id is not None:
                self._delete(document, item)

    def _delete(self, document: Document, draft: FoundDocument) -> None:
        self._event("draft_deletion_intended", document, seen(draft))
        self._nav.delete_draft(self.company, draft)
        self._event("draft_deleted", document, {"nav_id": draft.id, "nav_number": draft.number})

    def _record(
        self,
        document: Document,
        status: Status,
        found: FoundDocument,
        *,
        posted_digest: str | None = None,
        draft_digest: str | None = None,
    ) -> None:
        with_notes = replace(
            document, notes=[*document.notes, *inherited_dimensions(document, found)]
        )
        self._ledger.record_standing(
            self._books,
            with_notes,
            status,
            [],
            nav_id=found.id,
            nav_number=found.number,
            posted_digest=posted_digest,
            draft_digest=draft_digest,
        )

    def _event(self, kind: str, document: Document, data: dict[str, object]) -> None:
        self._ledger.record_event(kind, data, books=self._books, key=document.key)

    def _ledger_agrees_with_nav(self) -> bool:
        """Whether what the ledger calls posted can be believed: these may be other books than it remembers.

        One document is looked up. If NAV does not have it, NAV was restored or replaced, and everything is looked up.
        """
        key = self._ledger.latest_posted_key(self._books)
        if key is None:
            return True
        try:
            found = self._nav.find(self.company, key)
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
        self._ledger.record_event("ledger_distrusted", {"missing_in_nav": key}, books=self._books)
        return False
