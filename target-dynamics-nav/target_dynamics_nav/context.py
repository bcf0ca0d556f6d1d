"""What all steps of the posting protocol of one company share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from target_dynamics_nav.attachments import AttachmentSettings
from target_dynamics_nav.comparison import Difference, differences, inherited_dimensions
from target_dynamics_nav.outcome import seen

if TYPE_CHECKING:
    from target_dynamics_nav.document import Document
    from target_dynamics_nav.ledger import Books, Ledger
    from target_dynamics_nav.nav.port import (
        Company,
        DocumentKind,
        FoundDocument,
        MasterData,
        SteppedNavClient,
        Steps,
    )
    from target_dynamics_nav.settlement import Status

MAXIMUM_ATTEMPTS = 3
"""How often a write of unknown fate is looked at and tried again in one run."""


class Mode(str, Enum):
    """How far a document goes."""

    POST = "post"
    DRAFT = "draft"
    PREVIEW = "preview"


class RefusedDrafts(str, Enum):
    """What becomes of a draft that NAV refuses to post."""

    REMOVE = "remove"
    KEEP = "keep"


class OnChanged(str, Enum):
    """What to do about a report that differs from what was posted."""

    HOLD = "hold"
    CORRECT = "correct"


@dataclass(frozen=True)
class PostingRules:
    """What the settings say about posting."""

    mode: Mode = Mode.POST
    refused_drafts: RefusedDrafts = RefusedDrafts.REMOVE
    on_changed: OnChanged = OnChanged.HOLD
    attachments: AttachmentSettings = field(default_factory=AttachmentSettings)


@dataclass(frozen=True)
class PostingContext:
    """One company's NAV, its part of the audit ledger, and what was read of it at the start."""

    nav: SteppedNavClient
    ledger: Ledger
    books: Books
    company: Company
    master_data: MasterData
    rules: PostingRules

    @property
    def own_currency(self) -> str:
        """ISO code of the company's own currency."""
        return self.master_data.local_currency_code

    @property
    def writes(self) -> bool:
        """Whether anything may be written to NAV."""
        return self.rules.mode is not Mode.PREVIEW

    def posts(self, kind: DocumentKind) -> bool:
        """Whether drafts of this kind are posted; else they are left for a person."""
        return self.rules.mode is Mode.POST and self.nav.capabilities.can_post(kind)

    def find(self, document: Document) -> Steps[list[FoundDocument]]:
        """Everything in NAV that carries the document's key."""
        return self.nav.find(self.company, document.key)

    def delete(self, document: Document, draft: FoundDocument) -> Steps[None]:
        """Remove a draft, or the leftovers of a posted journal."""
        self.event("draft_deletion_intended", document, seen(draft))
        yield from self.nav.delete_draft(self.company, draft)
        self.event("draft_deleted", document, {"nav_id": draft.id, "nav_number": draft.number})

    def differences(
        self, document: Document, found: FoundDocument, *, with_dates: bool = True
    ) -> list[Difference]:
        """In what NAV's document is not the one meant."""
        return differences(
            document,
            found,
            local_currency_code=self.own_currency,
            with_dates=with_dates,
        )

    def record(
        self,
        document: Document,
        status: Status,
        found: FoundDocument,
        *,
        posted_digest: str | None = None,
        draft_digest: str | None = None,
    ) -> None:
        """Record where a document stands that is in NAV."""
        with_notes = replace(
            document, notes=[*document.notes, *inherited_dimensions(document, found)]
        )
        self.ledger.record_standing(
            self.books,
            with_notes,
            status,
            [],
            nav_id=found.id,
            nav_number=found.number,
            posted_digest=posted_digest,
            draft_digest=draft_digest,
        )

    def event(self, kind: str, document: Document, data: dict[str, object]) -> None:
        """Append to the document's story in the audit ledger; what a correction posts belongs to the story."""
        if document.part_of is not None:
            data = {**data, "nav_key": document.key}
        self.ledger.record_event(kind, data, books=self.books, key=document.part_of or document.key)
