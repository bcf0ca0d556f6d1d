"""Drafts of the posting protocol: use one that is there, create, verify, remove.

A draft posts only after it was read back and is exactly what was meant. One that a person edited is not ours to touch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.context import MAXIMUM_ATTEMPTS, RefusedDrafts
from target_dynamics_nav.document import Problem
from target_dynamics_nav.drafting import as_draft
from target_dynamics_nav.errors import (
    DocumentError,
    DraftChangedError,
    OutcomeUnknownError,
    RetryLaterError,
    StillWorkingError,
)
from target_dynamics_nav.outcome import Unposted, as_problem
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.context import PostingContext
    from target_dynamics_nav.document import Document
    from target_dynamics_nav.ledger import Standing
    from target_dynamics_nav.nav.port import FoundDocument, Steps


class Drafts:
    """The drafts of one company's documents."""

    def __init__(self, context: PostingContext) -> None:
        self._context = context

    def usable(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> Steps[FoundDocument | None]:
        """A draft of an earlier run that is exactly as sent; others that carry our key are removed."""
        usable: FoundDocument | None = None
        for draft in found:
            as_sent = not self._context.differences(document, draft)
            if as_sent and usable is None:
                usable = draft
                continue
            if not as_sent:
                self._refuse_to_touch_edited(document, draft, known)
            yield from self._context.delete(document, draft)
        return usable

    def create(self, document: Document) -> Steps[FoundDocument]:
        """A new draft, read back; when its fate is unknown, NAV is looked at before anything else is done.

        Raises:
            RetryLaterError: NAV did not say, and nothing is found.
            DocumentError: NAV refuses the document.
        """
        context = self._context
        draft = as_draft(document, context.own_currency)
        for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
            context.event(
                "draft_intended", document, {"digest": document.digest, "attempt": attempt}
            )
            try:
                created = yield from context.nav.create_draft(context.company, draft)
            except OutcomeUnknownError as error:
                context.event("outcome_unknown", document, {"step": "create", "code": error.code})
                found = yield from context.find(document)
                if any(item.posted for item in found):
                    raise Unposted(Status.FAILED, [as_problem(error)]) from error
                usable = yield from self.usable(document, found, None)
                if usable is not None:
                    return usable
                if isinstance(error, StillWorkingError):
                    break  # made anew now, there would be two as soon as NAV is done
            else:
                context.event(
                    "draft_created", document, {"nav_id": created.id, "nav_number": created.number}
                )
                return created
        raise RetryLaterError(
            "NAV did not say whether the draft was created, and it cannot be found.",
            code="draft_not_confirmed",
            hint="Nothing was posted. The next run looks again and continues.",
        )

    def verify(self, document: Document, draft: FoundDocument) -> Steps[None]:
        """Hold the document, and remove the draft, unless the draft is what was meant.

        Raises:
            Unposted: It is not.
        """
        found_differences = self._context.differences(document, draft)
        if not found_differences:
            return
        self._context.event(
            "draft_rejected", document, {"differences": [str(item) for item in found_differences]}
        )
        yield from self._context.delete(document, draft)
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

    def remove_leftovers(
        self, document: Document, found: Sequence[FoundDocument], known: Standing | None
    ) -> Steps[None]:
        """A document that is held has no draft in NAV, unless it was left there on purpose."""
        if not self._context.writes or (known is not None and known.draft_digest is not None):
            return
        for draft in found:
            yield from self._context.delete(document, draft)

    def after_refusal(self, document: Document, draft: FoundDocument) -> Steps[None]:
        """Remove the draft that NAV refuses to post, as it is now: the attempt reserved a number, and so changed it.

        Or keep it for a person, where the settings say so. Why NAV refused is what a person has to know; a draft that
        cannot be removed now is left to the next run.
        """
        context = self._context
        if context.rules.refused_drafts is RefusedDrafts.KEEP:
            context.event("draft_kept", document, {"nav_id": draft.id, "nav_number": draft.number})
            context.record(document, Status.HELD, draft, draft_digest=document.digest)
            return
        try:
            if not context.differences(document, draft):
                yield from context.delete(document, draft)
        except (RetryLaterError, DraftChangedError, DocumentError) as error:
            context.event("draft_left", document, {"code": error.code})

    def _refuse_to_touch_edited(
        self, document: Document, draft: FoundDocument, known: Standing | None
    ) -> None:
        """A draft that we verified and that differs now was edited by a person: that work is not ours to delete.

        In mode draft that is what drafts are for; in mode post a draft that is not as sent never posts.
        """
        if known is None or known.draft_digest != document.digest:
            return
        changes = "; ".join(map(str, self._context.differences(document, draft)[:3]))
        raise Unposted(
            Status.HELD if self._context.posts(document.kind) else Status.DRAFT,
            [
                Problem(
                    code="draft_edited_in_nav",
                    field="draft",
                    value=draft.number,
                    message=f"The draft {draft.number} in NAV was changed after it was created: {changes}",
                    hint="Delete the draft in NAV to have it made anew from the report, or post it there yourself.",
                )
            ],
        )
