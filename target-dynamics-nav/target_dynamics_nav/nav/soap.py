"""NavClient over SOAP page services, for Dynamics NAV 2013 R2 to 2018 (and Business Central while it has SOAP).

Pages create and show documents, a codeunit that the customer publishes posts them. Without it documents stay drafts.
Everything is looked up by exact value and compared once more here, since NAV completes what it is given: an account or
a dimension value that is not there becomes another one that begins alike.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import (
    ConfigurationError,
    DocumentRefusedError,
    DraftChangedError,
    OutcomeUnknownError,
    TargetError,
)
from target_dynamics_nav.nav import soap_master_data as master_data
from target_dynamics_nav.nav.odata import code
from target_dynamics_nav.nav.odata_v4_settings import PostPolicy
from target_dynamics_nav.nav.port import Capabilities, DocumentKind
from target_dynamics_nav.nav.soap_documents import (
    DRAFT_LINE_FIELDS,
    LINE_FIELDS,
    PURCHASE_KINDS,
    DimensionsSeen,
    PurchaseKind,
    found_draft,
    found_posted,
    parsed_dimensions,
    shown_dimensions,
)
from target_dynamics_nav.nav.soap_drafts import PurchaseDrafts
from target_dynamics_nav.nav.soap_faults import CALLBACK_WORDS, lacks
from target_dynamics_nav.nav.soap_journals import Journals
from target_dynamics_nav.nav.soap_services import SHOWS_DIMENSIONS, CompanyServices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.odata_v4_settings import PageSettings
    from target_dynamics_nav.nav.port import Company, DraftDocument, FoundDocument, MasterData
    from target_dynamics_nav.nav.soap_http import SoapHttp
    from target_dynamics_nav.nav.soap_pages import SoapPage
    from target_dynamics_nav.nav.soap_values import Row

logger = logging.getLogger(__name__)

_GET_DRAFT_DIMENSIONS, _GET_POSTED_DIMENSIONS = SHOWS_DIMENSIONS


@dataclass(frozen=True)
class _Office:
    """What is known of one company."""

    services: CompanyServices
    setup: Row
    positions: dict[str, int]
    local_currency: str
    drafts: PurchaseDrafts
    journals: Journals


class SoapClient:
    """`NavClient` for the dialect `soap`."""

    def __init__(self, http: SoapHttp, settings: PageSettings) -> None:
        """Take over `http`; `close` closes it. What is meant for options of OData does not matter here."""
        self._http = http
        self._settings = settings
        self._offices: dict[str, _Office] = {}
        # what the server can do is known once a company's services have been looked at
        self.capabilities = Capabilities(
            dialect="soap",
            posts=True,
            batches=False,
            journals=True,
            foreign_currency_journals=False,
        )

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    # What is there

    def resolve_company(self, name_or_id: str) -> Company:
        """The company of exactly this name. Raises ConfigurationError."""
        return master_data.resolve_company(self._http, name_or_id)

    def read_master_data(self, company: Company) -> MasterData:
        """Accounts, vendors, dimensions and values, currencies, posting window.

        Raises:
            ConfigurationError: A service is not published, or is not the page it is meant to be; or there is no way to
                post though one is required.
        """
        office = self._office(company)
        for names in self._served(office):
            self._drafts_page(office, names)
            self._posted_page(office, names)
            office.services.page(names.totals)
        unposted = self._without_way_to_post(office)
        self.capabilities = replace(
            self.capabilities,
            posts=self._settings.post is not PostPolicy.NEVER
            and DocumentKind.PURCHASE_INVOICE not in unposted,
            drafts_only=unposted,
            credit_memos=office.services.takes_credit_memos(),
            journals=office.journals.taken(),
        )
        return master_data.read_master_data(office.services, company, office.setup)

    def find(self, company: Company, key: str) -> list[FoundDocument]:
        """Every draft and posted document that carries the key, whole.

        Raises:
            RetryLaterError, OutageError: The look-up is incomplete; that never means "not found".
            DocumentRefusedError: The journal batch that belongs to the key holds something else.
        """
        office = self._office(company)
        found: list[FoundDocument] = []
        for names in self._served(office):
            equal = {names.key_field: key}
            drafts = self._drafts_page(office, names)
            found += [
                self._found_draft(office, names, row)
                for row in drafts.matching(**equal)
                if code(row.get(names.key_field)) == key
            ]
            posted = self._posted_page(office, names)
            found += [
                self._found_posted(office, names, row)
                for row in posted.matching(**equal)
                if code(row.get(names.key_field)) == key
            ]
        return found + office.journals.find(key)

    def read(self, company: Company, document: FoundDocument) -> FoundDocument | None:
        """The document as NAV holds it now; None only when NAV says that it does not exist."""
        office = self._office(company)
        if document.kind is DocumentKind.JOURNAL_ENTRY:
            same = [
                journal
                for journal in office.journals.find(document.key)
                if journal.posted == document.posted
            ]
            return same[0] if same else None
        names = PURCHASE_KINDS[document.kind]
        if document.posted:
            row = self._posted_page(office, names).read(No=document.number)
            return self._found_posted(office, names, row) if row else None
        row = self._drafts_page(office, names).read(No=document.number)
        return self._found_draft(office, names, row) if row else None

    # What is done

    def create_draft(self, company: Company, draft: DraftDocument) -> FoundDocument:
        """Create the draft, give it its dimensions, read it back whole.

        Raises:
            OutcomeUnknownError: Whether the draft, or a dimension of it, was written is not known. Look again: an
                incomplete draft does not compare equal and is to be removed.
            DocumentRefusedError: NAV refuses the document; nothing of it is left, as far as it could be removed.
        """
        office = self._office(company)
        draft = _upper_case(draft)
        if draft.kind is DocumentKind.JOURNAL_ENTRY:
            return office.journals.create(draft)
        names = PURCHASE_KINDS[draft.kind]
        if names not in self._served(office):
            raise DocumentRefusedError(
                "This NAV server does not publish the pages that purchase credit memos need.",
                code="kind_not_published",
                field="kind",
                value=draft.kind.value,
                hint="Publish the pages 52, 140 and 147 (nav-doctor says which are missing), or map to another kind of "
                "document.",
            )
        page = self._drafts_page(office, names)
        number = office.drafts.create(names, page, draft)
        row = page.read(No=number)
        if row is None:
            raise OutcomeUnknownError(
                "NAV created a draft, but does not show it.",
                hint="The document is looked up before anything else is done.",
            )
        return self._found_draft(office, names, row)

    def post(self, company: Company, document: FoundDocument) -> None:
        """Post the draft, provided that it still is what was verified.

        Raises:
            OutcomeUnknownError: It may be posted: look again.
            DraftChangedError: Somebody changed the draft after it was read.
            DocumentRefusedError: NAV refuses; the draft is left as it was.
        """
        office = self._office(company)
        names = PURCHASE_KINDS.get(document.kind)
        codeunit = None if names is None else office.services.posting(names.post)
        current = self.read(company, document)
        if current is None:
            raise OutcomeUnknownError(
                "The draft is no longer in NAV.",
                code="draft_vanished",
                hint="The document is looked up before anything else is done.",
            )
        # a call to post names no version; what lines hold is in none of NAV's keys anyway
        if replace(current, etag=None) != replace(document, etag=None):
            raise DraftChangedError(
                "The draft was changed in NAV after it was read.",
                hint="It is read and compared again.",
            )
        if names is None or codeunit is None:
            office.journals.post(document)
        else:
            codeunit.do(names.post, docNo=document.number)

    def delete_draft(self, company: Company, document: FoundDocument) -> None:
        """Remove a draft, or the emptied batch that a posted journal left; one that is not there is no error.

        Raises:
            DraftChangedError: It was changed after it was read; it is still there.
            DocumentRefusedError: NAV does not let it be removed without asking a person.
            OutcomeUnknownError: Whether it was removed is not known.
        """
        office = self._office(company)
        if document.kind is DocumentKind.JOURNAL_ENTRY:
            if not document.posted or document.leftover_id is not None:
                office.journals.delete(document)
            return
        if document.posted:
            return
        names = PURCHASE_KINDS[document.kind]
        page = self._drafts_page(office, names)
        try:
            deleted = page.delete(document.etag or "")
        except TargetError as error:
            if isinstance(error, DocumentRefusedError) and CALLBACK_WORDS.search(
                error.nav_message or ""
            ):
                raise _not_deletable(document, error.nav_message) from error
            # NAV says in many ways that a record is gone
            if isinstance(error, (DocumentRefusedError, DraftChangedError)) and not page.read(
                No=document.number
            ):
                return
            raise
        if not deleted and page.read(No=document.number):
            raise _not_deletable(document, None)

    # Inside

    def _office(self, company: Company) -> _Office:
        if company.id not in self._offices:
            services = CompanyServices(
                self._http, company, self._settings.services, self._settings.posting_service
            )
            setup = master_data.setup_of(services)
            positions = master_data.shortcut_positions(setup)
            local = code(setup.get("LCY_Code"))
            self._offices[company.id] = _Office(
                services,
                setup,
                positions,
                local,
                PurchaseDrafts(services, positions),
                Journals(services, positions, local, self._settings.journal_template),
            )
        return self._offices[company.id]

    @staticmethod
    def _served(office: _Office) -> list[PurchaseKind]:
        """The kinds that NAV's pages can hold."""
        if office.services.takes_credit_memos():
            return list(PURCHASE_KINDS.values())
        return [PURCHASE_KINDS[DocumentKind.PURCHASE_INVOICE]]

    def _without_way_to_post(self, office: _Office) -> frozenset[DocumentKind]:
        """Kinds that stay drafts.

        Raises:
            ConfigurationError: There are such kinds, and `post` is `required`.
        """
        missing = [names for names in self._served(office) if not office.services.has(names.post)]
        if missing and self._settings.post is PostPolicy.REQUIRED:
            kinds = ", ".join(names.kind.value.replace("_", " ") for names in missing)
            functions = ", ".join(names.post for names in missing)
            raise ConfigurationError(
                f"This NAV server has no way to post {kinds} that this program could use.",
                code="no_way_to_post",
                hint="Import the codeunit of the folder publish and publish it on NAV's page Web Services as "
                f"{self._settings.posting_service} (functions {functions}). Or set post to if_possible, which leaves "
                "verified drafts for a person to post.",
                field="post",
                value=self._settings.post.value,
            )
        return frozenset(names.kind for names in missing)

    @staticmethod
    def _drafts_page(office: _Office, names: PurchaseKind) -> SoapPage:
        page = office.services.page(names.drafts)
        _require_lines(page, DRAFT_LINE_FIELDS)
        return page

    @staticmethod
    def _posted_page(office: _Office, names: PurchaseKind) -> SoapPage:
        page = office.services.page(names.posted)
        _require_lines(page, LINE_FIELDS)
        return page

    def _found_draft(self, office: _Office, names: PurchaseKind, row: Row) -> FoundDocument:
        page = self._drafts_page(office, names)
        dimensions = self._dimensions(office, _GET_DRAFT_DIMENSIONS, names, page, row)
        return found_draft(names, page, row, dimensions, office.local_currency)

    def _found_posted(self, office: _Office, names: PurchaseKind, row: Row) -> FoundDocument:
        page = self._posted_page(office, names)
        dimensions = self._dimensions(office, _GET_POSTED_DIMENSIONS, names, page, row)
        number = code(row.get("No"))
        totals = [
            total
            for total in office.services.page(names.totals).matching(No=number)
            if code(total.get("No")) == number
        ]
        return found_posted(
            names,
            page,
            row,
            totals=totals[0] if totals else {},
            dimensions=dimensions,
            local_currency=office.local_currency,
        )

    @staticmethod
    def _dimensions(
        office: _Office, function: str, names: PurchaseKind, page: SoapPage, row: Row
    ) -> DimensionsSeen:
        """All dimensions of a document; those that the page shows where nothing tells them all."""
        if not office.services.has(function):
            return shown_dimensions(page, row, office.positions)
        told = office.services.posting(function).ask(
            function, docType=names.document_type, docNo=code(row.get("No"))
        )
        return DimensionsSeen(parsed_dimensions(told))


def _require_lines(page: SoapPage, fields: tuple[str, ...]) -> None:
    missing = set(fields) - (page.part.fields if page.part else frozenset())
    if missing:
        raise lacks(f"Page/{page.name}", missing, "field of lines")


def _not_deletable(document: FoundDocument, nav_message: str | None) -> DocumentRefusedError:
    return DocumentRefusedError(
        f"NAV does not let this program remove the draft {document.number}: a number for the posted document is "
        "reserved for it already.",
        code="number_reserved",
        field="document_key",
        value=document.key,
        hint="Post or delete the draft in NAV by hand; the next run tries the document again.",
        nav_message=nav_message,
    )


def _upper_case(draft: DraftDocument) -> DraftDocument:
    """The draft with dimension codes and vendor number as NAV stores them, so that they compare."""

    def upper(dimensions: Mapping[str, str]) -> dict[str, str]:
        return {code(dimension): code(value) for dimension, value in dimensions.items()}

    return replace(
        draft,
        vendor_number=code(draft.vendor_number) if draft.vendor_number else None,
        dimensions=upper(draft.dimensions),
        lines=[replace(line, dimensions=upper(line.dimensions)) for line in draft.lines],
    )
