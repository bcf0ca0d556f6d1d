"""The posting protocol, one document at a time: look up, draft, verify, post, record.

NAV is the truth. Before any write it is asked for everything that carries the document's key; after any write whose
fate is unknown it is asked again. A look-up that fails ends the attempt; it is never read as "absent".
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from target_dynamics_nav.comparison import Difference, differences, inherited_dimensions
from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.errors import (
    DocumentError,
    DraftChangedError,
    OutcomeUnknownError,
    RetryLaterError,
)
from target_dynamics_nav.nav.port import DraftDocument, DraftLine
from target_dynamics_nav.settlement import Status
from target_dynamics_nav.validation import validate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.ledger import Books, Ledger, Standing
    from target_dynamics_nav.nav.port import Company, FoundDocument, MasterData, NavClient

logger = logging.getLogger("target-dynamics-nav")

MAXIMUM_ATTEMPTS = 3
"""How often a write of unknown fate is looked at and tried again in one run."""


_RECORDED_BY_SETTLE = {
    Status.HELD,
    Status.FAILED,
    Status.CHANGED,
    Status.SKIPPED,
    Status.PREVIEWED,
}


class Mode(str, Enum):
    """How far a document goes."""

    POST = "post"
    DRAFT = "draft"
    PREVIEW = "preview"


@dataclass(frozen=True)
class Outcome:
    """Where a document stands after an attempt, and why."""

    status: Status
    reasons: Sequence[Problem] = ()
    nav_number: str | None = None


class _Held(Exception):  # noqa: N818 - it is an outcome, not an error
    """Ends an attempt with a status and reasons."""

    def __init__(self, status: Status, reasons: Sequence[Problem]) -> None:
        super().__init__(status.value)
        self.outcome = Outcome(status, reasons)


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
        self._company = company
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
        known = self._ledger.standing(self._books, document.key) if self._trust_ledger else None
        if known is not None and known.posted_digest is not None:
            return self._compare_with_known_posting(document, known)
        try:
            outcome = self._attempt(document, known)
        except _Held as held:
            outcome = held.outcome
        except DocumentError as error:
            outcome = Outcome(Status.HELD, [_as_problem(error)])
        except (RetryLaterError, DraftChangedError) as error:
            outcome = Outcome(Status.FAILED, [_as_problem(error)])
        if outcome.status in {
            Status.HELD,
            Status.FAILED,
            Status.CHANGED,
            Status.SKIPPED,
            Status.PREVIEWED,
        }:
            self._ledger.record_standing(self._books, document, outcome.status, outcome.reasons)
        return outcome

    def record_stopped(self, document: Document, problem: Problem) -> None:
        """Note that the run stopped at this document, which will be tried again by the next run."""
        known = self._ledger.standing(self._books, document.key)
        if known is None or known.posted_digest is None:
            self._ledger.record_standing(self._books, document, Status.FAILED, [problem])

    # The steps, in their order

    def _attempt(self, document: Document, known: Standing | None) -> Outcome:
        if document.skip is not None:
            reason = Problem(code=document.skip.code, message=document.skip.reason)
            return Outcome(Status.SKIPPED, [reason])
        problems = [*document.problems] or validate(document, self._master_data)
        found = self._nav.find(self._company, document.key)
        self._event("looked_up", document, {"found": [_seen(item) for item in found]})
        posted = [item for item in found if item.posted]
        if posted:
            return self._compare_with_posted(document, posted, found)
        if problems:
            self._remove_leftovers(document, found, known)
            return Outcome(Status.HELD, problems)
        if self._mode is Mode.PREVIEW:
            return Outcome(Status.PREVIEWED)
        draft = self._usable_draft(document, found, known) or self._create(document)
        self._verify(document, draft)
        draft_digest = document.digest
        if self._mode is Mode.DRAFT:
            self._record(document, Status.DRAFT, draft, draft_digest=draft_digest)
            return Outcome(Status.DRAFT, nav_number=draft.number)
        self._event("draft_verified", document, {"nav_id": draft.id, "digest": draft_digest})
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
            raise _Held(
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
        if known is not None and known.draft_digest is not None:
            return
        for draft in found:
            self._delete(document, draft)

    def _create(self, document: Document) -> FoundDocument:
        draft = _as_draft(document, self._master_data.local_currency_code)
        for attempt in range(1, MAXIMUM_ATTEMPTS + 1):
            self._event("draft_intended", document, {"digest": document.digest, "attempt": attempt})
            try:
                created = self._nav.create_draft(self._company, draft)
            except OutcomeUnknownError as error:
                self._event("outcome_unknown", document, {"step": "create", "code": error.code})
                found = self._nav.find(self._company, document.key)
                if any(item.posted for item in found):
                    raise _Held(Status.FAILED, [_as_problem(error)]) from error
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
        raise _Held(
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
            self._event("post_intended", document, {"nav_id": current.id, "attempt": attempt})
            try:
                self._nav.post(self._company, current)
            except OutcomeUnknownError as error:
                self._event("outcome_unknown", document, {"step": "post", "code": error.code})
            except DraftChangedError as error:
                self._event("draft_changed", document, {"code": error.code})
            except DocumentError as error:
                self._event(
                    "refused", document, {"code": error.code, "nav_message": error.nav_message}
                )
                self._delete(document, current)
                raise
            # Posted or not: what counts is what NAV holds now.
            found = self._nav.find(self._company, document.key)
            posted = [item for item in found if item.posted]
            if posted:
                self._require_same(document, posted)
                self._tidy_up(document, found)
                return posted[0]
            drafts = [item for item in found if item.id == current.id]
            if not drafts:
                break
            current = drafts[0]
            self._verify(document, current)
        raise RetryLaterError(
            "NAV did not confirm the posting, and the document is not posted.",
            code="posting_not_confirmed",
            hint="The next run looks again and continues.",
        )

    # Comparing with what is posted

    def _compare_with_known_posting(self, document: Document, known: Standing) -> Outcome:
        if document.posted_as_nothing:
            problem = Problem(
                code="posted_but_not_wanted",
                message=f"The report was posted as {known.nav_number}, but now a rule or a problem keeps it out: "
                + document.why_nothing,
                hint="Correct the rule, or correct the posting in NAV.",
            )
            return self._record_changed(document, known.nav_number, [problem])
        if document.digest == known.posted_digest:
            return Outcome(Status.ALREADY_POSTED, nav_number=known.nav_number)
        changes = _content_differences(known.posted_content or {}, document.content)
        return self._record_changed(document, known.nav_number, changes)

    def _compare_with_posted(
        self, document: Document, posted: Sequence[FoundDocument], found: Sequence[FoundDocument]
    ) -> Outcome:
        """A posted document carries our key, though the ledger does not know of it."""
        if document.problems:
            problem = Problem(
                code="posted_but_not_wanted",
                message=f"NAV has posted this report as {posted[0].number}, but it cannot be mapped today: "
                + document.why_nothing,
                hint="Complete the mapping, so that the report can be compared with what was posted.",
            )
            return self._record_changed(document, posted[0].number, [problem])
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
            Problem(
                code="changed_since_posted",
                field=difference.field,
                value=difference.wanted,
                message=f"Posted as {posted[0].number}, but different now: {difference}.",
                hint="Correct the posting in NAV (credit memo and new document), or restore the report.",
            )
            for difference in self._differences(document, posted[0], with_dates=False)
        )
        if problems:
            raise _Held(Status.CHANGED, problems)

    def _record_changed(
        self, document: Document, nav_number: str | None, reasons: Sequence[Problem]
    ) -> Outcome:
        self._ledger.record_standing(self._books, document, Status.CHANGED, reasons)
        return Outcome(Status.CHANGED, reasons, nav_number)

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
        for item in found:
            if not item.posted or item.leftover_id is not None:
                self._delete(document, item)

    def _delete(self, document: Document, draft: FoundDocument) -> None:
        self._event("draft_deletion_intended", document, _seen(draft))
        self._nav.delete_draft(self._company, draft)
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
        if key is None or any(item.posted for item in self._nav.find(self._company, key)):
            return True
        logger.warning(
            "The audit ledger says that %s is posted, but NAV does not have it. Was NAV restored or replaced? "
            "Every document of this run is looked up in NAV.",
            key,
            extra={"event_type": "ledger.distrusted", "document_key": key},
        )
        self._ledger.record_event("ledger_distrusted", {"missing_in_nav": key}, books=self._books)
        return False


def _as_draft(document: Document, local_currency_code: str) -> DraftDocument:
    """What is sent to NAV. The company's own currency is sent as blank, as NAV stores it.

    Raises:
        DocumentError: If something is missing that validation let through.
    """
    if document.posting_date is None or document.document_date is None or document.total is None:
        raise DocumentError("The document is incomplete.", code="field_missing")
    currency_code = (document.currency_code or "").upper()
    return DraftDocument(
        kind=document.kind,
        key=document.key,
        vendor_number=document.vendor_number.upper() if document.vendor_number else None,
        balancing_account=document.balancing_account,
        posting_date=document.posting_date,
        document_date=document.document_date,
        due_date=document.due_date,
        currency_code=None if currency_code in {"", local_currency_code} else currency_code,
        prices_include_tax=document.prices_include_tax,
        total=document.total,
        description=document.description,
        dimensions=dict(document.dimensions),
        lines=[
            DraftLine(
                account_type=line.account_type,
                account_number=line.account_number,
                description=line.description,
                amount=line.amount,
                tax_code=line.tax_code,
                dimensions=dict(line.dimensions),
            )
            for line in document.lines
        ],
    )


def _as_problem(error: DocumentError | RetryLaterError | DraftChangedError) -> Problem:
    message = error.message
    if error.nav_message and error.nav_message not in message:
        message = f"{message} NAV says: {error.nav_message}"
    return Problem(
        code=error.code, message=message, field=error.field, value=error.value, hint=error.hint
    )


def _seen(found: FoundDocument) -> dict[str, object]:
    return {
        "nav_id": found.id,
        "nav_number": found.number,
        "kind": found.kind.value,
        "posted": found.posted,
        "total": str(found.total),
    }


def _content_differences(posted: object, current: dict[str, object]) -> list[Problem]:
    """What changed in the financial substance since it was posted, a problem each."""
    before = posted if isinstance(posted, dict) else {}
    problems = []
    for name, value in current.items():
        if before.get(name) == value:
            continue
        if name == "lines":
            old, new = before.get(name) or [], value if isinstance(value, list) else []
            gone = [line for line in old if line not in new]
            come = [line for line in new if line not in old]
            message = (
                f"{len(gone)} posted lines are no longer in the report: {_lines(gone)}; "
                f"{len(come)} lines are new: {_lines(come)}."
            )
        else:
            message = f"{name.replace('_', ' ')}: posted {before.get(name)}, now {value}."
        problems.append(
            Problem(
                code="changed_since_posted",
                field=name,
                message=f"The report differs from what was posted: {message}",
                hint="Correct the posting in NAV (credit memo and new document), or restore the report.",
            )
        )
    return problems


def _lines(lines: Sequence[dict[str, object]]) -> str:
    shown = [f"{line.get('amount')} on {line.get('account_number')}" for line in lines[:5]]
    return ", ".join(shown) + (", …" if len(lines) > len(shown) else "") if shown else "none"
