"""Which document of one side belongs to which of another; what is missing, doubled or somewhere else.

Pure but for `look_up`, by which NAV is asked for a document that is not where it should be.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_dynamics_nav.audit.reconciliation.account import Account
from target_dynamics_nav.audit.reconciliation.agreement import disagreements
from target_dynamics_nav.audit.reconciliation.books import CompanyBooks, is_doubled
from target_dynamics_nav.audit.reconciliation.findings import Reconciliation
from target_dynamics_nav.comparison import content_differences

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from target_dynamics_nav.audit.reconciliation.sides import Recorded
    from target_dynamics_nav.document import Document
    from target_dynamics_nav.nav.entries import PeriodBooks
    from target_dynamics_nav.nav.port import Company, FoundDocument


@dataclass(frozen=True)
class Sides:
    """What is compared.

    Attributes:
        first: First posting date, ISO 8601.
        last: Last posting date, ISO 8601.
        recorded: What the ledger has of the period, and of every key that another side mentions.
        books: NAV's side: each company that is reconciled.
        companies: Every company in which a lost document may be.
        feed: Expensify's side, by key; None when it is not compared.
        default_company: Company of documents that name none.
        ours: Which external numbers in NAV are the pipeline's, where nothing else tells.
    """

    first: str
    last: str
    recorded: Sequence[Recorded]
    books: Sequence[PeriodBooks]
    companies: Sequence[Company]
    feed: Mapping[str, Document] | None
    default_company: str
    ours: re.Pattern[str] | None = None


class Matching:
    """Goes through the sides once, and collects what it finds."""

    def __init__(
        self, sides: Sides, look_up: Callable[[Company, str], Sequence[FoundDocument]]
    ) -> None:
        self._sides = sides
        self._look_up = look_up
        self._books = {books.company.id: CompanyBooks(books) for books in sides.books}
        self._owners: dict[str, list[Recorded]] = defaultdict(list)
        for item in sides.recorded:
            for key in item.nav_keys:
                self._owners[key].append(item)
        self._account = Account()
        self._agreed = self._uncovered = 0
        approvals = [_approved(document) for document in (sides.feed or {}).values()]
        self._covered = (min(approvals, default=""), max(approvals, default=""))

    def reconcile(self) -> Reconciliation:
        """Compare everything.

        Raises:
            TargetError: NAV could not be asked for a document that is not where it should be.
        """
        for books in self._books.values():
            mine = [item for item in self._sides.recorded if item.company_id == books.id]
            for item in mine:
                if item.posted is not None:
                    self._posted(books, item, item.posted)
            for item in mine:
                if item.posted is None:
                    self._unposted(books, item)
            self._unknown(books, mine)
        for item in self._sides.recorded:
            # NAV has no company of that name.
            if not item.company_id and item.waits and self._is_meant(item):
                self._account.wait(None, item)
        if self._sides.feed is not None:
            self._unread(self._sides.feed)
        return Reconciliation(
            findings=self._account.findings,
            open_items=self._account.open_items,
            totals=dict(self._account.totals),
            agreed=self._agreed,
            uncovered=self._uncovered,
            with_expensify=self._sides.feed is not None,
        )

    # The ledger's documents

    def _posted(self, books: CompanyBooks, item: Recorded, posted: Document) -> None:
        before = len(self._account)
        for key in item.nav_keys:
            books.use(key)
        meant = item.is_in(self._sides.first, self._sides.last)
        self._against_nav(books, item, posted, meant=meant)
        if not meant:
            return
        self._account.add_posted(books, posted)
        self._against_feed(books, item)
        if item.waits:
            self._account.wait(books, item)
        self._agreed += len(self._account) == before

    def _against_nav(
        self, books: CompanyBooks, item: Recorded, posted: Document, *, meant: bool
    ) -> None:
        live = books.live(item.nav_key)
        if not live:
            cancelled = books.all_of(item.nav_key)
            if cancelled and item.status.value != "waived":
                message = "It was cancelled in NAV after it was posted."
                self._account.find("cancelled_in_nav", books, item, message, cancelled[0])
            elif meant and not cancelled:
                self._missing(books, item)
            return
        ours = next((one for one in live if one.number == item.nav_number), live[0])
        for other in live:
            self._account.add_found(books, other)
            if other is not ours:
                self._doubled(books, item, other)
        if not meant:
            self._elsewhere(books, item, ours)
        elif is_doubled(posted, ours):
            self._doubled(books, item, ours)
        else:
            told = disagreements(
                posted, ours, books.entries_of(ours), books.books.local_currency_code
            )
            for nature, sentences in told.items():
                message = f"{'; '.join(sentences)}."
                self._account.find(f"differs_in_{nature}", books, item, message, ours)

    def _missing(self, books: CompanyBooks, item: Recorded) -> None:
        own_first = sorted(self._sides.companies, key=lambda company: company.id != item.company_id)
        for company in own_first:
            found = [one for one in self._look_up(company, item.nav_key) if not one.cancelled]
            if found and company.id == item.company_id:
                self._elsewhere(books, item, found[0])
                return
            if found:
                self._in_other_company(books, item, company, found[0])
                return
        message = "The ledger says it is posted; NAV does not have it in any company."
        self._account.find("missing_in_nav", books, item, message)

    def _elsewhere(self, books: CompanyBooks, item: Recorded, found: FoundDocument) -> None:
        message = f"Posted on {item.posting_date} by the ledger, on {found.posting_date} in NAV: in another period."
        self._account.find("other_period", books, item, message, found)

    def _in_other_company(
        self, books: CompanyBooks, item: Recorded, company: Company, found: FoundDocument
    ) -> None:
        message = f"By the ledger it is in {item.company}; in NAV it is in {company.name}."
        self._account.find("wrong_company", books, item, message, found)

    def _doubled(self, books: CompanyBooks, item: Recorded, other: FoundDocument) -> None:
        message = (
            f"NAV has it twice: {other.kind.value.replace('_', ' ')[:-1]} {other.number} of {other.posting_date} "
            f"({other.key or 'without external number'}) is the same again."
        )
        self._account.find("duplicate", books, item, message, other)

    def _against_feed(self, books: CompanyBooks, item: Recorded) -> None:
        feed, posted = self._sides.feed, item.posted_row
        if feed is None or posted is None:
            return
        now = feed.get(item.key)
        if now is None:
            first, last = self._covered
            if item.approved_at is not None and first <= item.approved_at <= last:
                message = "It is posted, and Expensify does not show it as approved any more."
                self._account.find("withdrawn", books, item, message)
            else:
                self._uncovered += 1
        elif now.posted_as_nothing:
            message = f"It is posted, and nothing would be posted for it now: {now.why_nothing}"
            self._account.find("changed_in_expensify", books, item, message)
        elif now.digest != posted["digest"]:
            differing = content_differences(posted["content"], now.content)
            message = " ".join(sentence for _, sentence in differing)
            self._account.find("changed_in_expensify", books, item, message)

    def _unposted(self, books: CompanyBooks, item: Recorded) -> None:
        live = books.live(item.key)
        books.use(item.key)
        if live:
            self._by_hand(books, item, live[0])
            return
        if not item.waits or not self._is_meant(item):
            return
        document = item.current
        alike = None
        if document is not None:
            alike = next((one for one in books.unknown() if books.alike(document, one)), None)
        if alike is None:
            self._account.wait(books, item)
        else:
            books.used.add(alike.id)
            self._by_hand(books, item, alike)

    def _by_hand(self, books: CompanyBooks, item: Recorded, found: FoundDocument) -> None:
        message = (
            f"The ledger says {item.status.value}; NAV has {found.number} of {found.posting_date} posted for it "
            f"({found.key or 'without external number'})."
        )
        self._account.add_found(books, found)
        self._account.find("posted_by_hand", books, item, message, found)

    # What is left over in NAV, and in Expensify

    def _unknown(self, books: CompanyBooks, mine: Sequence[Recorded]) -> None:
        in_period = [
            (item, item.posted)
            for item in mine
            if item.posted is not None and item.is_in(self._sides.first, self._sides.last)
        ]
        feed = self._sides.feed or {}
        for found in books.unknown():
            owner = next(
                (one for one in self._owners.get(found.key, ()) if one.posted is not None), None
            )
            ours = self._sides.ours
            if owner is not None:
                self._owned_elsewhere(books, owner, found)
            elif found.key in feed or (ours is not None and ours.fullmatch(found.key)):
                self._unrecorded(books, found, feed.get(found.key))
            else:
                twin = next((one for one in in_period if books.alike(one[1], found)), None)
                if twin is not None:
                    self._account.add_found(books, found)
                    self._doubled(books, twin[0], found)

    def _owned_elsewhere(self, books: CompanyBooks, owner: Recorded, found: FoundDocument) -> None:
        """A document of another company is in these books: instead of its own, or as well."""
        home = self._books.get(owner.company_id)
        if home is not None and home.live(owner.nav_key):
            self._doubled(books, owner, found)
        else:
            self._in_other_company(home or books, owner, books.books.company, found)

    def _unrecorded(
        self, books: CompanyBooks, found: FoundDocument, known: Document | None
    ) -> None:
        books.used.add(found.id)
        self._account.add_found(books, found)
        self._account.find_unrecorded(books, found, known)

    def _unread(self, feed: Mapping[str, Document]) -> None:
        """The feed's documents of the period; what the ledger does not know of them."""
        places = {books.name: books for books in self._books.values()} | self._books
        known = {item.key for item in self._sides.recorded}
        for document in feed.values():
            books = places.get(document.company or self._sides.default_company)
            day = document.posting_date.isoformat() if document.posting_date else ""
            if (
                books is None
                or document.skip is not None
                or not self._sides.first <= day <= self._sides.last
            ):
                continue
            self._account.add_expensify(books, document)
            if document.key in known:
                continue
            found = books.live(document.key) or [
                one for one in self._look_up(books.books.company, document.key) if not one.cancelled
            ]
            if found:
                self._unrecorded(books, found[0], document)
                continue
            alike = next((one for one in books.unknown() if books.alike(document, one)), None)
            if alike is not None:
                books.used.add(alike.id)
                self._account.add_found(books, alike)
            self._account.find_unread(books, document, alike)

    def _is_meant(self, item: Recorded) -> bool:
        """Whether what waits belongs to the period; what has no date yet may."""
        return item.posting_date is None or item.is_in(self._sides.first, self._sides.last)


def _approved(document: Document) -> str:
    return str(document.source.get("approved_at") or "")
