"""Journal entries over SOAP: one journal batch for each document, and the ledger entries it became.

NAV checks nothing twice here: the same lines post as often as they are sent, and posting a batch posts every line in
it. So each document has a batch of its own, whose name follows from its key; the codeunit makes it, and removes it when
it is posted. The lines are inserted by one call, all of them or none.
"""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import DocumentRefusedError, OutcomeUnknownError, ProtocolError
from target_dynamics_nav.nav import journal_lines
from target_dynamics_nav.nav.odata import code, text
from target_dynamics_nav.nav.port import DocumentKind, FoundDocument, FoundLine
from target_dynamics_nav.nav.soap_documents import parsed_dimensions, shortcut_fields
from target_dynamics_nav.nav.soap_faults import CALLBACK_WORDS
from target_dynamics_nav.nav.soap_services import (
    POSTS_JOURNALS,
    SHOWS_LEDGER_DIMENSIONS,
)
from target_dynamics_nav.nav.soap_values import amount, caption, day, option_name, sendable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.nav.port import DraftDocument
    from target_dynamics_nav.nav.soap_pages import SoapPage
    from target_dynamics_nav.nav.soap_services import CompanyServices
    from target_dynamics_nav.nav.soap_values import Row

logger = logging.getLogger(__name__)

_LONGEST_TEXT = 50
_ANY_BATCH = "DEFAULT"
_NO_DOCUMENT = "NONE"
_POST, _CREATE_BATCH, _DELETE_BATCH = POSTS_JOURNALS


class Journals:
    """Journal entries of one company."""

    def __init__(
        self,
        services: CompanyServices,
        positions: Mapping[str, int],
        local_currency: str,
        template: str,
    ) -> None:
        """`positions` are the shortcut dimensions, `template` is the journal template that page 39 opens."""
        self._services = services
        self._positions = positions
        self._local_currency = local_currency
        self._template = template
        self._page_opens: bool | None = None

    def taken(self) -> bool:
        """Whether journals can be written here, each in a batch of its own, and found again."""
        if not self._services.takes_journals():
            return False
        if self._page_opens is None:
            self._page_opens = self._opens()
        return self._page_opens

    def _opens(self) -> bool:
        """Page 39 asks which template is meant where several use it, and a web service cannot answer."""
        try:
            self._services.page("general_journal").matching(
                batch=_ANY_BATCH, Document_No=_NO_DOCUMENT
            )
        except ProtocolError as error:
            if not CALLBACK_WORDS.search(error.nav_message or ""):
                if error.code != "read_refused":
                    raise
                return True  # it opened, and there is no batch of that name
            logger.warning(
                "Journals are not written: NAV's general journal asks which template is meant. Publish a copy of page "
                "39 that does not ask, or leave it one template."
            )
            return False
        return True

    # What is there

    def find(self, key: str) -> list[FoundDocument]:
        """The posted journal and the journal batch of a key.

        Raises:
            DocumentRefusedError: The batch that belongs to the key holds something else.
        """
        if len(key) > journal_lines.LONGEST_KEY or not self.taken():
            return []
        batch_there = self._batch_is_there(key)
        lines = self._lines(key) if batch_there else []
        posted = self._posted(key, emptied=batch_there and not lines)
        found = [posted] if posted else []
        if batch_there and (lines or not posted):
            found.append(self._draft(key, lines))
        return found

    def _batch_is_there(self, key: str) -> bool:
        name = journal_lines.batch_name(key)
        rows = self._services.page("general_journal_batches").matching(Name=name)
        return any(code(row.get("Name")) == name for row in rows)

    def _lines(self, key: str) -> list[Row]:
        """The filled lines of a batch that is there; NAV leaves an empty one after posting.

        Raises:
            DocumentRefusedError: A line is of another document, so the batch is not ours to touch.
        """
        name = journal_lines.batch_name(key)
        rows = [
            row
            for row in self._services.page("general_journal").all(batch=name)
            if text(row.get("Account_No")) or row.get("Amount")
        ]
        for row in rows:
            if code(row.get("Document_No")) != key:
                raise DocumentRefusedError(
                    f"Journal batch {name} holds lines of another document.",
                    code="journal_batch_in_use",
                    field="document_key",
                    value=key,
                    hint="Move or delete those lines in NAV; the next run tries the document again.",
                )
        return rows

    def _draft(self, key: str, rows: Sequence[Row]) -> FoundDocument:
        fields = shortcut_fields(self._services.page("general_journal").fields, self._positions)
        try:
            lines = [
                FoundLine(
                    line_number=number,
                    account_type=caption(row.get("Account_Type")),
                    account_number=code(row.get("Account_No")),
                    description=text(row.get("Description")),
                    amount=amount(row.get("Amount")),
                    dimensions={
                        dimension: code(row.get(field))
                        for dimension, field in fields.items()
                        if row.get(field)
                    },
                )
                for number, row in enumerate(rows, start=1)
            ]
            posting_date = day(rows[0].get("Posting_Date")) if rows else None
        except ValueError as error:
            raise ProtocolError(
                f"A line of journal batch {journal_lines.batch_name(key)} lacks or garbles a field: {error}.",
                code="answer_garbled",
            ) from error
        balancing, others = journal_lines.split(lines, key)
        return FoundDocument(
            kind=DocumentKind.JOURNAL_ENTRY,
            id=journal_lines.batch_name(key),
            number=key,
            key=key,
            posted=False,
            status="Draft",
            etag=None,
            vendor_number=None,
            posting_date=posting_date,
            currency_code=None,
            total=sum((line.amount for line in others), Decimal(0)),
            dimensions=balancing.dimensions if balancing else {},
            lines=others,
            balancing_account=_account(balancing),
            readable_header_dimensions=frozenset(fields),
            readable_line_dimensions=frozenset(fields),
        )

    def _posted(self, key: str, *, emptied: bool) -> FoundDocument | None:
        page = self._services.page("general_ledger_entries")
        entries = [
            row
            for row in page.matching(Document_No=key)
            if code(row.get("Document_No")) == key and not caption(row.get("Document_Type"))
        ]
        if not entries:
            return None
        try:
            entries.sort(key=lambda row: int(row["Entry_No"]))
            told, readable = self._ledger_dimensions(key, page, entries)
            lines = [
                FoundLine(
                    line_number=number,
                    account_type="G/L Account",
                    account_number=code(row.get("G_L_Account_No")),
                    description=text(row.get("Description")),
                    amount=amount(row.get("Amount")),
                    dimensions=told[int(row["Entry_No"])],
                )
                for number, row in enumerate(entries, start=1)
            ]
            posting_date = day(entries[0].get("Posting_Date"))
        except (KeyError, TypeError, ValueError) as error:
            raise ProtocolError(
                f"NAV's ledger entries of {key} lack or garble a field: {error}.",
                code="answer_garbled",
            ) from error
        reversed_ = journal_lines.is_reversed(lines)
        if reversed_:
            lines = lines[: len(lines) // 2]
        balancing, others = journal_lines.split(lines, key)
        return FoundDocument(
            kind=DocumentKind.JOURNAL_ENTRY,
            id=str(entries[0]["Entry_No"]),
            number=key,
            key=key,
            posted=True,
            status="Reversed" if reversed_ else "Posted",
            etag=None,
            vendor_number=None,
            posting_date=posting_date,
            currency_code=None,
            total=sum((line.amount for line in others), Decimal(0)),
            dimensions=balancing.dimensions if balancing else {},
            lines=others,
            cancelled=reversed_,
            balancing_account=_account(balancing),
            leftover_id=journal_lines.batch_name(key) if emptied else None,
            readable_header_dimensions=readable,
            readable_line_dimensions=readable,
        )

    def _ledger_dimensions(
        self, key: str, page: SoapPage, entries: Sequence[Row]
    ) -> tuple[dict[int, dict[str, str]], frozenset[str] | None]:
        """Dimensions of each ledger entry, by its number; and which could be read, None for all."""
        if self._services.has(SHOWS_LEDGER_DIMENSIONS):
            codeunit = self._services.posting(SHOWS_LEDGER_DIMENSIONS)
            told = parsed_dimensions(codeunit.ask(SHOWS_LEDGER_DIMENSIONS, docNo=key))
            numbers = [int(row["Entry_No"]) for row in entries]
            return {number: told.get(number, {}) for number in numbers}, None
        fields = {
            dimension: f"Global_Dimension_{position}_Code"
            for dimension, position in self._positions.items()
            if f"Global_Dimension_{position}_Code" in page.fields
        }
        shown = {
            int(row["Entry_No"]): {
                dimension: code(row.get(field))
                for dimension, field in fields.items()
                if row.get(field)
            }
            for row in entries
        }
        return shown, frozenset(fields)

    # What is done

    def create(self, draft: DraftDocument) -> FoundDocument:
        """A batch of its own, with the lines and the one that balances them, as NAV has it afterwards.

        Raises:
            OutcomeUnknownError: Whether the lines were written is not known, or there are lines of this key already.
            DocumentRefusedError: NAV refuses, or the document cannot be written; an empty batch may be left, which the
                next attempt takes.
        """
        if not self.taken():
            raise DocumentRefusedError(
                "This NAV is not set up to take journals.",
                code="kind_not_published",
                field="kind",
                value=draft.kind.value,
                hint="Publish the pages 39, 251 and 20 and the codeunit Expense Posting as web services, page 39 with "
                "one template only; or map these expenses to purchase invoices.",
            )
        if draft.currency_code not in {None, self._local_currency}:
            raise DocumentRefusedError(
                f"Journals are written in the company's own currency only, not {draft.currency_code}.",
                code="foreign_currency_journal",
                field="currency_code",
                value=draft.currency_code,
                hint="Book foreign currencies as purchase invoices.",
            )
        records = self._records(draft)
        name = journal_lines.batch_name(draft.key)
        codeunit = self._services.posting(*POSTS_JOURNALS)
        codeunit.do(
            _CREATE_BATCH,
            templateName=self._template,
            batchName=name,
            description=sendable(journal_lines.balancing_title(draft.key, draft.description))[
                :_LONGEST_TEXT
            ],
        )
        self._services.page("general_journal").create_all(records, batch=name)
        return self._draft(draft.key, self._lines(draft.key))

    def _records(self, draft: DraftDocument) -> list[Row]:
        wanted = [
            (
                (line.account_type, line.account_number),
                line.amount,
                line.description,
                line.tax_code,
                {**draft.dimensions, **line.dimensions},
            )
            for line in draft.lines
        ]
        balance = journal_lines.balancing_amount(draft)
        if balance:
            if draft.balancing_account is None:
                raise DocumentRefusedError(
                    "The journal entry has no balancing account.",
                    code="balancing_account_missing",
                    field="balancing_account",
                    hint="Name a balancing account where the document comes from.",
                )
            title = journal_lines.balancing_title(draft.key, draft.description)
            wanted.append((draft.balancing_account, balance, title, None, draft.dimensions))
        page = self._services.page("general_journal")
        fields = shortcut_fields(page.fields, self._positions)
        records = []
        for account, line_amount, description, tax_code, dimensions in wanted:
            record: Row = {
                "Posting_Date": draft.posting_date,
                "Document_Date": draft.document_date,
                "Document_Type": option_name(""),
                "Document_No": draft.key,
                "External_Document_No": draft.key,
                "Account_Type": option_name(account[0]),
                "Account_No": account[1],
                "Description": sendable(description)[:_LONGEST_TEXT],
                "Amount": line_amount,
                "Bal_Account_No": "",
            }
            if tax_code is not None:
                record["VAT_Prod_Posting_Group"] = tax_code
            for dimension, value in dimensions.items():
                if dimension not in fields:
                    raise DocumentRefusedError(
                        f"The dimension {dimension} cannot be set on journals of this NAV.",
                        code="dimension_not_settable",
                        field="dimensions",
                        value=dimension,
                        hint="Make it one of the company's eight shortcut dimensions (General Ledger Setup).",
                    )
                record[fields[dimension]] = value
            records.append({name: value for name, value in record.items() if name in page.fields})
        return records

    def post(self, document: FoundDocument) -> None:
        """Post the batch and remove it.

        Raises:
            OutcomeUnknownError: It may be posted.
            DocumentRefusedError: NAV refuses.
        """
        codeunit = self._services.posting(*POSTS_JOURNALS)
        codeunit.do(_POST, templateName=self._template, batchName=document.id)
        if self._posted(document.key, emptied=False) is None:
            raise OutcomeUnknownError(
                "NAV took the journal for posting, but the ledger has no entries of it.",
                code="journal_not_in_ledger",
                hint="Look in NAV's job queue; the next run looks again.",
            )
        self.delete(document)

    def delete(self, document: FoundDocument) -> None:
        """Remove the document's batch with its lines; one that is not there is no error.

        Raises:
            DocumentRefusedError: It holds lines of another document.
        """
        self._services.posting(_DELETE_BATCH).do(
            _DELETE_BATCH,
            templateName=self._template,
            batchName=journal_lines.batch_name(document.key),
            docNo=document.key,
        )


def _account(line: FoundLine | None) -> tuple[str, str] | None:
    return (line.account_type, line.account_number) if line else None
