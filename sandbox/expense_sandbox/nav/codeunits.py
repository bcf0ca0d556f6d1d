"""Codeunits as web services: the one a customer adds so that documents can be posted from outside.

Its procedures take and give simple values only, and each is one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from expense_sandbox.nav import (
    journal_posting,
    journals,
    posting,
    posting_nav_2018,
    records,
)
from expense_sandbox.nav.amounts import ZERO
from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.errors import NavError, dialog, record_not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company

    Run = Callable[[Books, Company, Mapping[str, Any]], Any]

DOCUMENT_KINDS: Final[Mapping[int, str]] = {2: records.INVOICE, 3: records.CREDIT_MEMO}
"""Document types of the purchase header as integers, as far as the codeunit knows them."""
NOT_ALONE = "Journal batch {template}, {batch} holds lines of document {document}."


@dataclass(frozen=True)
class Parameter:
    """A procedure's parameter; its name begins with a small letter on the wire."""

    name: str
    kind: Kind
    length: int = 0


@dataclass(frozen=True)
class Procedure:
    """A global function of a codeunit that a web service can call.

    Attributes:
        name: Its name.
        parameters: All of them have to be given.
        returns: Type of the value it returns; None when there is none.
        run: Does it, within a transaction; takes the parameters by name.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: Kind | None
    run: Run


@dataclass(frozen=True)
class Codeunit:
    """A codeunit that can be published."""

    object_id: int
    name: str
    procedures: tuple[Procedure, ...]

    def procedure(self, name: str) -> Procedure | None:
        """The procedure of this name."""
        return next((known for known in self.procedures if known.name == name), None)


def _draft(company: Company, kind: str, number: str) -> records.Document:
    document = company.documents.first("number", (kind, number))
    if document is None or document.posted:
        raise record_not_found("Purchase Header", f"Document Type='{kind}',No.='{number}'")
    return document


def _post_document(kind: str) -> Run:
    def run(books: Books, company: Company, given: Mapping[str, Any]) -> str:
        document = _draft(company, kind, given["docNo"])
        if company.quirks.pages.posting_routine == "nav_2018":
            posting_nav_2018.post(books, company, document)
        else:
            posting.post(books, company, document)
        posted = company.documents.get(document.id)
        return posted.number if posted is not None else document.number

    return run


def _post_batch(books: Books, company: Company, given: Mapping[str, Any]) -> int:
    template, batch = given["templateName"], given["batchName"]
    journal = company.journals.first("key", (template, batch))
    lines = company.journal_lines_of(journal.id) if journal is not None else []
    if journal is None or not lines:
        raise NavError(
            "Internal_DataNotFoundFilter",
            "There is no Gen. Journal Line within the filter.\r\n\r\nFilters: "
            f"Journal Template Name: {template}, Journal Batch Name: {batch}",
        )
    if all(line.amount == ZERO for line in lines):
        return 0  # codeunit 13 says so in a message, which a web service doesn't see
    rename = company.quirks.pages.rename_emptied_batches
    return journal_posting.post(books, company, journal, rename=rename)


def _kind_of(number: int) -> str:
    if number not in DOCUMENT_KINDS:
        raise dialog(f"Document Type {number} is neither an invoice nor a credit memo.")
    return DOCUMENT_KINDS[number]


def _set_dimension(_books: Books, company: Company, given: Mapping[str, Any]) -> None:
    kind = _kind_of(given["docType"])
    document = _draft(company, kind, given["docNo"])
    code, value_code = given["dimCode"], given["valueCode"]
    if company.dimension_values.first("code", (code, value_code)) is None:
        identification = f"Dimension Code='{code}',Code='{value_code}'"
        raise record_not_found("Dimension Value", identification)
    if given["lineNo"] == 0:
        dimensions = {**document.dimensions, code: value_code}
        company.documents.put(replace(document, dimensions=dimensions))
        return
    line = next(
        (line for line in company.lines_of(document.id) if line.sequence == given["lineNo"]), None
    )
    if line is None:
        raise record_not_found(
            "Purchase Line",
            f"Document Type='{kind}',Document No.='{document.number}',Line No.='{given['lineNo']}'",
        )
    dimensions = {**line.dimensions, code: value_code}
    company.document_lines.put(replace(line, dimensions=dimensions))


def _rows(sets: Iterable[tuple[int, records.Dimensions]]) -> str:
    return "".join(
        f"{number}\t{code}\t{value}\n"
        for number, dimensions in sets
        for code, value in sorted(dimensions.items())
    )


def _dimensions_of(company: Company, document: records.Document) -> str:
    lines = company.lines_of(document.id)
    return _rows([(0, document.dimensions), *((line.sequence, line.dimensions) for line in lines)])


def _draft_dimensions(_books: Books, company: Company, given: Mapping[str, Any]) -> str:
    return _dimensions_of(company, _draft(company, _kind_of(given["docType"]), given["docNo"]))


def _posted_dimensions(_books: Books, company: Company, given: Mapping[str, Any]) -> str:
    kind = _kind_of(given["docType"])
    document = company.documents.first("number", (kind, given["docNo"]))
    if document is None or not document.posted:
        table = "Purch. Inv. Header" if kind == records.INVOICE else "Purch. Cr. Memo Hdr."
        raise record_not_found(table, f"No.='{given['docNo']}'")
    return _dimensions_of(company, document)


def _ledger_dimensions(_books: Books, company: Company, given: Mapping[str, Any]) -> str:
    entries = company.ledger_entries.find("document_number", given["docNo"])
    return _rows((entry.entry_number, entry.dimensions) for entry in entries)


def _batch_lines(
    company: Company, journal: records.Journal, document_number: str
) -> list[records.JournalLine]:
    """All lines of a batch.

    Raises:
        NavError: When one that is filled belongs to another document.
    """
    lines = company.journal_lines_of(journal.id)
    for line in lines:
        is_filled = bool(line.account_number) or line.amount != ZERO
        if is_filled and (not document_number or line.document_number != document_number):
            raise dialog(
                NOT_ALONE.format(
                    template=journal.template, batch=journal.code, document=line.document_number
                )
            )
    return lines


def _create_batch(_books: Books, company: Company, given: Mapping[str, Any]) -> None:
    template, batch = given["templateName"], given["batchName"]
    if template not in company.quirks.pages.general_journal_templates:
        raise record_not_found("Gen. Journal Template", f"Name='{template}'")
    journal = company.journals.first("key", (template, batch))
    if journal is not None:
        for line in _batch_lines(company, journal, ""):
            company.journal_lines.delete(line.id)
        return
    fields = {"code": batch, "template": template, "display_name": given["description"]}
    journals.create(company, fields)


def _delete_batch(_books: Books, company: Company, given: Mapping[str, Any]) -> None:
    journal = company.journals.first("key", (given["templateName"], given["batchName"]))
    if journal is not None:
        _batch_lines(company, journal, given["docNo"])
        journals.delete(company, journal)


_DOCUMENT_NUMBER = Parameter("docNo", Kind.CODE, 20)
_DOCUMENT_TYPE = Parameter("docType", Kind.INTEGER)
_BATCH = (Parameter("templateName", Kind.CODE, 10), Parameter("batchName", Kind.CODE, 10))

EXPENSE_POSTING = Codeunit(
    50100,
    "Expense Posting",
    (
        Procedure(
            "PostPurchaseInvoice", (_DOCUMENT_NUMBER,), Kind.CODE, _post_document(records.INVOICE)
        ),
        Procedure(
            "PostPurchaseCreditMemo",
            (_DOCUMENT_NUMBER,),
            Kind.CODE,
            _post_document(records.CREDIT_MEMO),
        ),
        Procedure("PostGenJnlBatch", _BATCH, Kind.INTEGER, _post_batch),
        Procedure(
            "SetDimension",
            (
                _DOCUMENT_TYPE,
                _DOCUMENT_NUMBER,
                Parameter("lineNo", Kind.INTEGER),
                Parameter("dimCode", Kind.CODE, 20),
                Parameter("valueCode", Kind.CODE, 20),
            ),
            None,
            _set_dimension,
        ),
        Procedure(
            "GetDraftDimensions", (_DOCUMENT_TYPE, _DOCUMENT_NUMBER), Kind.TEXT, _draft_dimensions
        ),
        Procedure(
            "GetPostedDimensions", (_DOCUMENT_TYPE, _DOCUMENT_NUMBER), Kind.TEXT, _posted_dimensions
        ),
        Procedure("GetLedgerDimensions", (_DOCUMENT_NUMBER,), Kind.TEXT, _ledger_dimensions),
        Procedure(
            "CreateGenJnlBatch",
            (*_BATCH, Parameter("description", Kind.TEXT)),
            None,
            _create_batch,
        ),
        Procedure("DeleteGenJnlBatch", (*_BATCH, _DOCUMENT_NUMBER), None, _delete_batch),
    ),
)
CODEUNITS: Final[Mapping[int, Codeunit]] = {EXPENSE_POSTING.object_id: EXPENSE_POSTING}
"""Every codeunit there is to publish, by its number."""
