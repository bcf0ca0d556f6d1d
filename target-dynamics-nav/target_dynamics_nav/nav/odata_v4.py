"""NavClient over the OData V4 page services of NAV 2017, NAV 2018 and Business Central on-premises.

Pages insert and change one row at a time, and none of them posts. Creating is therefore a sequence of writes that a
look-up by key can always make sense of; posting is a function of a published codeunit or page, or nothing, in which
case verified drafts are the outcome (`capabilities.posts`).
"""

from __future__ import annotations

import logging
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import (
    DocumentError,
    DocumentRefusedError,
    DraftChangedError,
    OutcomeUnknownError,
    TargetError,
)
from target_dynamics_nav.nav import journal_lines
from target_dynamics_nav.nav import odata_v4_master_data as master_data
from target_dynamics_nav.nav.odata_v4_codeunit import LEDGER_DIMENSIONS, Codeunit
from target_dynamics_nav.nav.odata_v4_documents import PURCHASE_NAMES, entity
from target_dynamics_nav.nav.odata_v4_drafts import LineHabits, PurchaseWriter
from target_dynamics_nav.nav.odata_v4_journals import Journals
from target_dynamics_nav.nav.odata_v4_metadata import parse_metadata
from target_dynamics_nav.nav.odata_v4_posting import how_to_publish, permitted_ways, served_kinds
from target_dynamics_nav.nav.odata_v4_purchases import Purchases
from target_dynamics_nav.nav.odata_v4_services import resolve_services
from target_dynamics_nav.nav.odata_v4_settings import Captions
from target_dynamics_nav.nav.port import Capabilities, DocumentKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.odata_v4_documents import Dimensions
    from target_dynamics_nav.nav.odata_v4_http import PageHttp
    from target_dynamics_nav.nav.odata_v4_master_data import GeneralSetup
    from target_dynamics_nav.nav.odata_v4_posting import Way
    from target_dynamics_nav.nav.odata_v4_services import Services
    from target_dynamics_nav.nav.odata_v4_settings import PageSettings
    from target_dynamics_nav.nav.port import Company, DraftDocument, FoundDocument, MasterData

logger = logging.getLogger(__name__)

_MAY_BE_POSTED = frozenset({"already_posted", "duplicate_document", "record_not_found"})


class OdataV4Client:
    """`NavClient` for the dialect `odata_v4`."""

    def __init__(
        self, http: PageHttp, settings: PageSettings, *, username: str | None = None
    ) -> None:
        """Take over `http`; `close` closes it.

        Args:
            http: Requests.
            settings: Names and ways.
            username: Who posts, for posting dates of their own.
        """
        self._http = http
        self._settings = settings
        self._username = username
        self._captions = Captions(settings.option_captions)
        self._habits = LineHabits()
        self._setups: dict[str, GeneralSetup] = {}
        self._services: Services | None = None
        self._codeunit = Codeunit(http, {}, settings.posting_service)
        self._ways: Mapping[DocumentKind, Way] = {}
        self.capabilities = Capabilities(
            dialect="odata_v4",
            posts=False,
            batches=False,
            journals=False,
            foreign_currency_journals=False,
        )

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    # What is there

    def resolve_company(self, name_or_id: str) -> Company:
        """The company of exactly this name, or this id.

        Raises:
            ConfigurationError: There is none; or the server does not publish what is needed, or has no way to post
                though one is required.
        """
        self._published()
        return master_data.resolve_company(self._http, name_or_id)

    def read_master_data(self, company: Company) -> MasterData:
        """Accounts, vendors, dimensions and values, currencies, posting window."""
        reader = master_data.MasterDataReader(
            self._http, self._published(), self._captions, company
        )
        setup = self._setups[company.name] = reader.setup()
        return reader.read(setup, self._username)

    def find(self, company: Company, key: str) -> list[FoundDocument]:
        """Every draft and posted document that carries the key, with lines.

        Raises:
            OutageError: The look-up is incomplete; that never means "not found".
            DocumentRefusedError: The journal batch that belongs to the key holds something else.
        """
        found: list[FoundDocument] = []
        for kind in served_kinds(self._published()):
            if kind is DocumentKind.JOURNAL_ENTRY:
                if len(key) <= journal_lines.LONGEST_KEY:
                    found += self._found_journals(company, key)
            else:
                found += self._purchases(company, kind).find(key)
        return found

    def read(self, company: Company, document: FoundDocument) -> FoundDocument | None:
        """The document as NAV holds it now; None when NAV says that it is not there."""
        if document.kind is not DocumentKind.JOURNAL_ENTRY:
            purchases = self._purchases(company, document.kind)
            return purchases.read(document.number, posted=document.posted)
        found = self._found_journals(company, document.key)
        return next((item for item in found if item.posted == document.posted), None)

    # What is done

    def create_draft(self, company: Company, draft: DraftDocument) -> FoundDocument:
        """Create the draft row by row, and read it back whole.

        Raises:
            OutcomeUnknownError: Whether a part of it was written is not known. Look again: an incomplete draft does not
                compare equal and is to be removed.
            DocumentRefusedError: NAV refuses the document, or made something else of a part of it; nothing of it is
                left, as far as it could be removed.
        """
        services = self._published()
        if draft.kind not in served_kinds(services):
            raise _not_served(draft.kind)
        if draft.kind is DocumentKind.JOURNAL_ENTRY:
            self._journals(company).create(draft)
            found = next(
                (one for one in self._found_journals(company, draft.key) if not one.posted), None
            )
        else:
            writer = PurchaseWriter(
                self._http,
                services,
                self._codeunit,
                self._captions,
                company=company.name,
                names=PURCHASE_NAMES[draft.kind],
                shortcuts=self._setup(company).shortcuts,
                habits=self._habits,
            )
            header = writer.create(draft)
            found = self._purchases(company, draft.kind).read(str(header["No"]), posted=False)
        if found is None:
            raise OutcomeUnknownError(
                "NAV created a draft, but does not show it.",
                hint="The document is looked up before anything else is done.",
            )
        return found

    def post(self, company: Company, document: FoundDocument) -> None:
        """Post the draft that was verified, if it still is as it was.

        An action does not take a version along. So the draft is read once more right before, and nobody else is
        expected to change it in the same second.

        Raises:
            OutcomeUnknownError: It may be posted: look again.
            DraftChangedError: Somebody changed the draft after it was read.
            DocumentRefusedError: NAV refuses; the draft is left as it was.
            ConfigurationError: Actions do not reach the company.
        """
        self._published()
        way = self._ways.get(document.kind)
        if way is None:
            raise DocumentRefusedError(
                "This server has no way to post such documents.",
                code="no_way_to_post",
                hint=how_to_publish(self._settings, [document.kind]),
                field="kind",
                value=document.kind.value,
            )
        current = self.read(company, document)
        if current is None:
            raise OutcomeUnknownError(
                "The draft is no longer in NAV.",
                code="draft_vanished",
                hint="The document is looked up before anything else is done.",
            )
        if replace(current, etag=None) != replace(document, etag=None):
            raise DraftChangedError(
                "The draft was changed in NAV after it was read.",
                hint="It is read and compared again.",
            )
        try:
            self._carry_out(company, way, current)
        except DocumentRefusedError as error:
            if error.code in _MAY_BE_POSTED and not self._still_draft(company, document, error):
                raise _look_again(error) from error
            raise
        if document.kind is DocumentKind.JOURNAL_ENTRY:
            self._remove_emptied_batch(company, document)

    def delete_draft(self, company: Company, document: FoundDocument) -> None:
        """Remove a draft, or the emptied batch that a posted journal left; one that is not there is no error.

        Raises:
            DraftChangedError: It was changed after it was read; it is still there.
            DocumentRefusedError: NAV keeps it: a number of a posted document is reserved for it, and deleting it would
                leave a gap.
            OutcomeUnknownError: Whether it was removed is not known.
        """
        if document.kind is DocumentKind.JOURNAL_ENTRY:
            if not document.posted or document.leftover_id is not None:
                self._journals(company).delete(document.key)
            return
        if document.posted:
            return
        purchases = self._purchases(company, document.kind)
        header = purchases.header(document.number, posted=False)
        if header is None:
            return
        try:
            self._http.write(
                "DELETE",
                company.name,
                entity(purchases.page(posted=False), header),
                etag=document.etag or "*",
                absent={HTTPStatus.NOT_FOUND},
            )
        except DocumentError as error:
            if purchases.header(document.number, posted=False) is None:
                return
            if error.code == "extension_dialog":
                raise _number_reserved(document, error) from error
            raise

    # Posting

    def _carry_out(self, company: Company, way: Way, document: FoundDocument) -> None:
        if document.kind is DocumentKind.JOURNAL_ENTRY:
            self._confirm_journal(company, document)
            template, _, name = document.id.partition("/")
            body = {"templateName": template, "batchName": name}
            self._codeunit.call(company.name, way.action, body)
            return
        purchases = self._purchases(company, document.kind)
        header = purchases.header(document.number, posted=False) or {}
        address = entity(purchases.page(posted=False), header)
        if way.bound:
            path = f"{address}/NAV.{way.action}"
            self._http.write("POST", company.name, path, {}, etag=document.etag)
            return
        purchases.confirm_company(header, posted=False)
        self._codeunit.call(company.name, way.action, {"docNo": document.number})

    def _confirm_journal(self, company: Company, document: FoundDocument) -> None:
        journals = self._journals(company)
        batch = journals.batch(document.key)
        if batch is None:
            raise OutcomeUnknownError(
                "The journal batch is no longer in NAV.", code="draft_vanished"
            )
        self._codeunit.confirm_company(
            company.name, journals.entity_of(batch), "Name", str(batch.get("Name"))
        )

    def _still_draft(
        self, company: Company, document: FoundDocument, error: DocumentRefusedError
    ) -> bool:
        """NAV's words sounded as if something is posted, but this draft is there and nothing of its key is posted."""
        if error.code == "already_posted":
            return False
        found = self.find(company, document.key)
        return any(item.id == document.id for item in found) and not any(
            item.posted for item in found
        )

    def _remove_emptied_batch(self, company: Company, document: FoundDocument) -> None:
        try:
            if any(found.posted for found in self._found_journals(company, document.key)):
                self._journals(company).delete(document.key)
        except TargetError as error:
            # the document is posted all the same; the next look-up shows the leftover
            logger.warning(
                "The emptied journal batch of %s could not be removed: %s", document.key, error
            )

    # What the server publishes

    def _published(self) -> Services:
        """The server's services; asked once a run."""
        if self._services is None:
            metadata = parse_metadata(self._http.metadata())
            services = resolve_services(metadata, self._settings.services)
            services.require()
            self._codeunit = Codeunit(self._http, metadata.actions, self._settings.posting_service)
            self._ways = permitted_ways(self._settings, services, self._codeunit)
            kinds = served_kinds(services)
            self.capabilities = replace(
                self.capabilities,
                posts=bool(self._ways),
                journals=services.journals,
                credit_memos=services.credit_memos,
                drafts_only=frozenset(kind for kind in kinds if kind not in self._ways),
            )
            for shortage in services.shortages:
                logger.info("%s Without it: no %s.", shortage.message, shortage.spec.without)
            self._services = services
        return self._services

    def _setup(self, company: Company) -> GeneralSetup:
        if company.name not in self._setups:
            reader = master_data.MasterDataReader(
                self._http, self._published(), self._captions, company
            )
            self._setups[company.name] = reader.setup()
        return self._setups[company.name]

    def _purchases(self, company: Company, kind: DocumentKind) -> Purchases:
        setup = self._setup(company)
        return Purchases(
            self._http,
            self._published(),
            self._codeunit,
            self._captions,
            company=company.name,
            names=PURCHASE_NAMES[kind],
            shortcuts=setup.shortcuts,
            local_currency=setup.local_currency_code,
        )

    # Journals

    def _journals(self, company: Company) -> Journals:
        return Journals(
            self._http,
            self._published(),
            self._captions,
            company=company.name,
            template=self._settings.journal_template,
            shortcuts=self._setup(company).shortcuts,
        )

    def _found_journals(self, company: Company, key: str) -> list[FoundDocument]:
        journals = self._journals(company)
        batch = journals.batch(key)
        draft = journals.draft(key, batch) if batch is not None else None
        emptied = draft is not None and not draft.lines and draft.balancing_account is None
        entries = journals.entries(key)
        found: list[FoundDocument] = []
        if entries:
            dimensions = self._ledger_dimensions(company, key, journals.entry_entity(entries[0]))
            found.append(journals.posted(key, entries, dimensions, batch if emptied else None))
        if draft is not None and not (emptied and found):
            found.append(draft)
        return found

    def _ledger_dimensions(
        self, company: Company, key: str, entry: str
    ) -> Mapping[int, Dimensions] | None:
        """Every dimension of the entries with this document number; None where only fields tell."""
        if self._codeunit.action(LEDGER_DIMENSIONS) is None:
            return None
        self._codeunit.confirm_company(company.name, entry, "Document_No", key)
        return self._codeunit.dimensions(company.name, LEDGER_DIMENSIONS, {"docNo": key})


def _not_served(kind: DocumentKind) -> DocumentRefusedError:
    return DocumentRefusedError(
        f"This NAV server does not publish the pages that {kind.value.replace('_', ' ')} need.",
        code="kind_not_published",
        field="kind",
        value=kind.value,
        hint="Publish them (nav-doctor says which), or map to another kind of document.",
    )


def _number_reserved(document: FoundDocument, error: DocumentError) -> DocumentRefusedError:
    return DocumentRefusedError(
        f"NAV keeps the draft {document.number}: posting it was tried, and a posted number is reserved for it.",
        code="number_reserved",
        field="document_key",
        value=document.key,
        hint="Mend what NAV refused, and the next run posts this draft. To give it up, delete it in NAV yourself, "
        "which leaves an empty posted document in the number series.",
        nav_message=error.nav_message,
    )


def _look_again(error: DocumentError) -> OutcomeUnknownError:
    """The same, as something that a look-up has to decide."""
    return OutcomeUnknownError(
        error.message,
        code=error.code,
        hint=error.hint,
        field=error.field,
        value=error.value,
        nav_message=error.nav_message,
    )
