"""SteppedNavClient over the Business Central API v2.0 (online, and on-premises from version 17).

A look-up reads invoices, credit memos, journal batch and ledger entries and counts only when every one of these came
back well. A write is one deep insert, one action or one deletion; what is uncertain afterwards is left to the caller,
who looks again. `batching.py` puts the steps of many documents into few requests.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.errors import (
    DocumentError,
    DocumentRefusedError,
    DraftChangedError,
    OutcomeUnknownError,
    ProtocolError,
)
from target_dynamics_nav.nav import api_v2_journals as journals
from target_dynamics_nav.nav import api_v2_master_data as master_data
from target_dynamics_nav.nav.api_v2_dimensions import InheritedDefaults
from target_dynamics_nav.nav.api_v2_documents import (
    PURCHASE_KINDS,
    found_document,
)
from target_dynamics_nav.nav.api_v2_drafts import DraftWriter
from target_dynamics_nav.nav.batch import MAX_BATCH_PARTS
from target_dynamics_nav.nav.batching import Round
from target_dynamics_nav.nav.journal_lines import LONGEST_KEY
from target_dynamics_nav.nav.parts import Part, Pause, Read, Upload, Write
from target_dynamics_nav.nav.port import Capabilities, DocumentKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.nav.http import NavHttp
    from target_dynamics_nav.nav.odata import Json
    from target_dynamics_nav.nav.port import (
        Company,
        DraftDocument,
        FoundDocument,
        MasterData,
        Steps,
    )

_LEDGER_CHECKS = 5
_SECONDS_BETWEEN_LEDGER_CHECKS = 2.0
_MAY_BE_POSTED = frozenset({"already_posted", "duplicate_document", "record_not_found"})


class ApiV2Client:
    """`NavClient` for the dialect `api_v2`."""

    capabilities = Capabilities(
        dialect="api_v2",
        posts=True,
        batches=True,
        journals=True,
        foreign_currency_journals=False,
        attachments=True,
    )

    def __init__(self, http: NavHttp, operations: int = MAX_BATCH_PARTS) -> None:
        """Take over `http`; `close` closes it. `operations` is how many go into one `$batch`."""
        self._http = http
        self._operations = operations
        self._local_currencies: dict[str, str] = {}
        self._inherited: dict[str, InheritedDefaults] = {}

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    # What is there

    def resolve_company(self, name_or_id: str) -> Company:
        """The company of exactly this name, or this id. Raises ConfigurationError."""
        return master_data.resolve_company(self._http, name_or_id)

    def read_master_data(self, company: Company) -> MasterData:
        """Accounts, vendors, dimensions and values, currencies, posting window."""
        found = master_data.read_master_data(self._http, company)
        self._local_currencies[company.id] = found.local_currency_code
        self._inheritance(company).vendors = {
            vendor.number: vendor.default_dimensions for vendor in found.vendors.values()
        }
        return found

    def find(self, company: Company, key: str) -> Steps[list[FoundDocument]]:
        """Every draft and posted document that carries the key, whole and fresh.

        Raises:
            RetryLaterError, OutageError: The look-up is incomplete; that never means "not found".
            DocumentRefusedError: The journal batch that belongs to the key holds something else.
        """
        path = master_data.company_path(company)
        questions = [names.look_up(path, key) for names in PURCHASE_KINDS.values()]
        journals_too = len(key) <= LONGEST_KEY
        if journals_too:
            questions += [journals.batch_look_up(path, key), journals.ledger_look_up(path, key)]
        answers = yield questions
        local = self._local_currency(company)
        found = [
            found_document(names, row, local)
            for names, rows in zip(PURCHASE_KINDS.values(), answers, strict=False)
            for row in rows
        ]
        if journals_too:
            found += self._found_journals(key, *answers[len(PURCHASE_KINDS) :])
        return found

    def perform(self, steps: Sequence[Part]) -> Sequence[Any]:
        """Send the parts of many documents in few requests."""
        return Round(self._http, self._operations).perform(steps)

    # What is done

    def create_draft(self, company: Company, draft: DraftDocument) -> Steps[FoundDocument]:
        """Create the draft in one atomic insert, give it its dimensions, read it back whole.

        Raises:
            OutcomeUnknownError: Whether the draft, or a dimension of it, was written is not known; or a journal batch
                of this key exists already. Look again: an incomplete draft does not compare equal and is to be removed.
            DocumentRefusedError: NAV refuses the document; nothing of it is left, as far as it could be removed.
        """
        writer = DraftWriter(company, self._local_currency(company), self._inheritance(company))
        if draft.kind is not DocumentKind.JOURNAL_ENTRY:
            return (yield from writer.create_purchase(PURCHASE_KINDS[draft.kind], draft))
        return (yield from writer.create_journal(draft))

    def post(self, company: Company, document: FoundDocument) -> Steps[None]:
        """Post the version of the draft that was verified.

        Raises:
            OutcomeUnknownError: It may be posted: look again. Its code and words say what NAV said.
            DraftChangedError: Somebody changed the draft after it was read.
            DocumentRefusedError: NAV refuses; the draft is left as it was. Code `duplicate_document`: the vendor has an
                entry of this number that is not a document we can see.
        """
        path = f"{self._entity(company, document)}/Microsoft.NAV.post"
        try:
            (answer,) = yield [
                Write("POST", path, etag=document.etag, absent={HTTPStatus.NOT_FOUND})
            ]
        except DocumentRefusedError as error:
            if error.code in _MAY_BE_POSTED and not (
                yield from self._still_draft(company, document, error)
            ):
                raise _look_again(error) from error
            raise
        if answer.status == HTTPStatus.NOT_FOUND:
            raise OutcomeUnknownError(
                "The draft is no longer in NAV.",
                code="draft_vanished",
                hint="The document is looked up before anything else is done.",
                nav_message=answer.problem.text,
            )
        if document.kind is DocumentKind.JOURNAL_ENTRY:
            yield from self._journal_in_ledger(company, document)

    def delete_draft(self, company: Company, document: FoundDocument) -> Steps[None]:
        """Remove a draft, or the emptied batch that a posted journal left; one that is not there is no error.

        Raises:
            DraftChangedError: It was changed, or posted, after it was read; it is still there.
            OutcomeUnknownError: Whether it was removed is not known.
        """
        if document.posted:
            yield from self._delete_leftover(company, document)
            return
        try:
            yield [
                Write(
                    "DELETE",
                    self._entity(company, document),
                    etag=document.etag,
                    absent={HTTPStatus.NOT_FOUND},
                )
            ]
        except DocumentRefusedError as error:
            if error.code not in _MAY_BE_POSTED:
                raise
            raise DraftChangedError(
                "The draft was posted in NAV after it was read.",
                hint="It is read and compared again.",
                nav_message=error.nav_message,
            ) from error

    # Files

    def has_attachment(
        self, company: Company, document: FoundDocument, file_name: str
    ) -> Steps[bool]:
        """Whether a file of this name, with content, is attached to the document."""
        (rows,) = yield [Read(f"{self._entity(company, document)}/documentAttachments")]
        return any(row.get("fileName") == file_name and row.get("byteSize") for row in rows)

    def attach(
        self, company: Company, document: FoundDocument, file_name: str, content: bytes
    ) -> Steps[None]:
        """Attach a file: a place for it first, then what is in it.

        Raises:
            TargetError: It is not attached, or that is not known.
        """
        files = f"{master_data.company_path(company)}/documentAttachments"
        body = {
            "fileName": file_name,
            "parentType": PURCHASE_KINDS[document.kind].attachment_parent,
            "parentId": document.id,
        }
        (made,) = yield [Write("POST", files, body)]
        row = made.json or {}
        if str(row.get("parentId")).lower() != document.id.lower():
            raise ProtocolError(
                "NAV keeps a receipt, but not with its document.", code="attachment_unlinked"
            )
        yield [Upload(f"{files}({row.get('id')})/attachmentContent", content)]

    # Inside

    def _inheritance(self, company: Company) -> InheritedDefaults:
        return self._inherited.setdefault(company.id, InheritedDefaults())

    def _local_currency(self, company: Company) -> str:
        if company.id not in self._local_currencies:
            self._local_currencies[company.id] = master_data.local_currency_code(
                self._http, company
            )
        return self._local_currencies[company.id]

    def _entity(self, company: Company, document: FoundDocument) -> str:
        path = master_data.company_path(company)
        if document.kind is DocumentKind.JOURNAL_ENTRY:
            return f"{path}/journals({document.id})"
        return f"{path}/{PURCHASE_KINDS[document.kind].entity_set}({document.id})"

    @staticmethod
    def _found_journals(key: str, batches: list[Json], entries: list[Json]) -> list[FoundDocument]:
        batch = batches[0] if batches else None
        emptied = batch is not None and not journals.lines_of(batch)
        posted = journals.found_entries(entries, key, batch if emptied else None)
        found = [posted] if posted else []
        if batch is not None and not (emptied and posted):
            found.append(journals.found_batch(batch, key))
        return found

    def _still_draft(
        self, company: Company, document: FoundDocument, error: DocumentRefusedError
    ) -> Steps[bool]:
        """NAV's words sounded as if something is posted, but this draft is there and nothing of its key is posted."""
        if error.code == "already_posted":
            return False
        found = yield from self.find(company, document.key)
        return any(item.id == document.id for item in found) and not any(
            item.posted for item in found
        )

    @staticmethod
    def _journal_in_ledger(company: Company, document: FoundDocument) -> Steps[None]:
        """After 204: make sure that the ledger has the entries.

        A company may be set to post in the background; then 204 only means "later".
        """
        path = master_data.company_path(company)
        for check in range(_LEDGER_CHECKS):
            if check:
                yield [Pause(_SECONDS_BETWEEN_LEDGER_CHECKS)]
            (entries,) = yield [journals.ledger_look_up(path, document.key)]
            if journals.found_entries(entries, document.key, None) is not None:
                return
        raise OutcomeUnknownError(
            "NAV took the journal for posting, but the ledger has no entries of it yet.",
            code="journal_not_in_ledger",
            hint="Look in NAV's job queue; the next run looks again.",
        )

    @staticmethod
    def _delete_leftover(company: Company, document: FoundDocument) -> Steps[None]:
        if document.leftover_id is None:
            return
        path = master_data.company_path(company)
        yield [
            Write(
                "DELETE",
                f"{path}/journals({document.leftover_id})",
                absent={HTTPStatus.NOT_FOUND},
            )
        ]


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
