"""Posted documents of the posting protocol: is what NAV holds under this key the document that is meant now?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.comparison import content_differences
from target_dynamics_nav.document import Problem
from target_dynamics_nav.outcome import Outcome, Unposted, changed_since_posted, not_wanted
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.context import PostingContext
    from target_dynamics_nav.document import Document
    from target_dynamics_nav.ledger import Standing
    from target_dynamics_nav.nav.port import FoundDocument, Steps


class Posted:
    """The posted documents of one company."""

    def __init__(self, context: PostingContext) -> None:
        self._context = context

    def known(self, document: Document, known: Standing) -> Outcome:
        """What becomes of a document that the ledger knows as posted; NAV is not asked.

        Raises:
            Unposted: It differs from what was posted.
        """
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
            self._context.ledger.record_standing(
                self._context.books, document, Status.ALREADY_POSTED, []
            )
        return Outcome(Status.ALREADY_POSTED, nav_number=known.nav_number)

    def require_wanted(self, document: Document, posted: Sequence[FoundDocument]) -> None:
        """Raise unless the document is to be posted, and exactly it is posted, once.

        Raises:
            Unposted: It differs from what was posted.
        """
        if document.posted_as_nothing:
            raise Unposted(Status.CHANGED, [not_wanted(document, posted[0].number)])
        self.require_same(document, posted)

    def require_same(self, document: Document, posted: Sequence[FoundDocument]) -> None:
        """Raise unless exactly this document is posted, once.

        Raises:
            Unposted: It is posted twice, cancelled, or different.
        """
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
            for difference in self._context.differences(document, posted[0], with_dates=False)
        )
        if problems:
            raise Unposted(Status.CHANGED, problems)

    def tidy_up(self, document: Document, found: Sequence[FoundDocument]) -> Steps[None]:
        """Beside the posted document: surplus drafts of its key, and the emptied batch of a journal."""
        if not self._context.writes:
            return
        for item in found:
            if not item.posted or item.leftover_id is not None:
                yield from self._context.delete(document, item)
