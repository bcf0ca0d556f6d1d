"""Which entity sets the API serves, and what in the books stands behind each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import (
    attachments,
    background,
    cancelling,
    dimension_lines,
    document_lines,
    documents,
    journals,
    masters,
    model_attachments,
    model_documents,
    model_master,
    posting,
    records,
)
from expense_sandbox.nav.errors import dialog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import EntityType
    from expense_sandbox.nav.store import Record

    Rows = Callable[[Company, Record | None], Iterable[Record]]
    Create = Callable[[Company, Record | None, Mapping[str, Any]], Record]
    Change = Callable[[Company, Record | None, Any, Mapping[str, Any]], Record]
    Delete = Callable[[Company, Record | None, Any], None]
    Action = Callable[[Books, Company, Any], object]
    Look = Callable[[Company, Any], Iterable[Record]]


@dataclass(frozen=True)
class EntitySet:
    """One entity set.

    Attributes:
        type: What its entities look like.
        rows: Its rows, below a parent or (None) all of them, in primary key order.
        create: Inserts a row; None answers 405.
        change: Changes a row.
        delete: Deletes a row.
        post: The bound action `Microsoft.NAV.post`.
        cancel: The bound action `Microsoft.NAV.cancel`.
        parents: Names of the sets whose entities have it as a part.
        flat: Whether it can be reached without a parent.
        flat_refusal: What NAV says to a list without parent or filter, where it says no.
        look_ups: By property: finds rows by an index when a filter names the value.
    """

    type: EntityType
    rows: Rows
    create: Create | None = None
    change: Change | None = None
    delete: Delete | None = None
    post: Action | None = None
    cancel: Action | None = None
    parents: tuple[str, ...] = ()
    flat: bool = True
    flat_refusal: str = ""
    look_ups: Mapping[str, Look] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The set's name."""
        return self.type.entity_set

    @property
    def actions(self) -> dict[str, Action]:
        """Bound actions by name, lower case."""
        named = {"post": self.post, "cancel": self.cancel}
        return {name: action for name, action in named.items() if action is not None}

    def get(self, company: Company, parent: Record | None, key: str) -> Record | None:
        """The row with this id, below the parent if there is one."""
        by_id = self.look_ups.get("id")
        if by_id is not None and parent is None:
            return next(iter(by_id(company, key)), None)
        return next((row for row in self.rows(company, parent) if row.id == key), None)


def _table(name: str, order: Callable[[Any], Any]) -> Rows:
    def rows(company: Company, _parent: Record | None) -> list[Record]:
        return sorted(getattr(company, name), key=order)

    return rows


def _by_id(table: str) -> Look:
    def look(company: Company, value: Any) -> list[Record]:  # noqa: ANN401 - any filter value
        row = getattr(company, table).get(value)
        return [] if row is None else [row]

    return look


def _by(table: str, index: str, *prefix: str) -> Look:
    def look(company: Company, value: Any) -> list[Record]:  # noqa: ANN401 - any filter value
        rows: list[Record] = getattr(company, table).find(
            index, (*prefix, value) if prefix else value
        )
        return rows

    return look


def _master(entity: EntityType, table: str, order: Callable[[Any], Any]) -> EntitySet:
    return EntitySet(entity, _table(table, order), look_ups={"id": _by_id(table)})


def _number(row: Any) -> Any:  # noqa: ANN401 - any numbered row
    return row.number


def _code(row: Any) -> Any:  # noqa: ANN401 - any coded row
    return row.code


def _dimension_values(company: Company, parent: Record | None) -> list[Record]:
    if isinstance(parent, records.Dimension):
        values: Iterable[Any] = company.dimension_values.find("dimension", parent.code)
    else:
        values = company.dimension_values
    return sorted(values, key=lambda row: (row.dimension_code, row.code))


def _document_set(entity: EntityType, kind: str) -> EntitySet:
    def rows(company: Company, _parent: Record | None) -> list[Record]:
        return sorted(company.documents.find("kind", kind), key=_number)

    def look(company: Company, key: Any) -> list[Record]:  # noqa: ANN401 - any filter value
        row = company.documents.get(key)
        return [row] if row is not None and row.kind == kind else []

    external = "vendorInvoiceNumber" if kind == records.INVOICE else "vendorCreditMemoNumber"
    return EntitySet(
        entity,
        rows,
        create=lambda company, _parent, fields: documents.create(company, kind, fields),
        change=lambda company, _parent, row, fields: documents.change(company, row, fields),
        delete=lambda company, _parent, row: documents.delete(company, row),
        post=posting.post,
        cancel=cancelling.cancel_credit_memo if kind == records.CREDIT_MEMO else None,
        look_ups={
            "id": look,
            external: _by("documents", "external_number", kind),
            "number": _by("documents", "number", kind),
            "vendorNumber": _by("documents", "vendor_number", kind),
            "status": _by("documents", "status", kind),
        },
    )


def _line_set(entity: EntityType, parent_set: str, kind: str) -> EntitySet:
    def rows(company: Company, parent: Record | None) -> list[Record]:
        return list(company.lines_of(parent.id)) if parent is not None else []

    def of_kind(company: Company, found: Iterable[records.DocumentLine]) -> list[Record]:
        return [
            row
            for row in found
            if (document := company.documents.get(row.document_id)) and document.kind == kind
        ]

    def by_id(company: Company, key: Any) -> list[Record]:  # noqa: ANN401 - any filter value
        row = company.document_lines.get(key)
        return of_kind(company, [] if row is None else [row])

    def by_document(company: Company, key: Any) -> list[Record]:  # noqa: ANN401
        return of_kind(company, company.lines_of(key))

    return EntitySet(
        entity,
        rows,
        create=document_lines.create,
        change=lambda company, _parent, row, fields: document_lines.change(company, row, fields),
        delete=lambda company, _parent, row: document_lines.delete(company, row),
        parents=(parent_set,),
        flat_refusal="You must specify an Id or a Document Id to get the lines.",
        look_ups={"id": by_id, "documentId": by_document},
    )


def _file_set(entity: EntityType, parents: tuple[str, ...]) -> EntitySet:
    kind = entity.entity_set

    def by_id(company: Company, key: Any) -> list[Record]:  # noqa: ANN401 - any filter value
        row = company.attachments.get(key)
        return [row] if row is not None and row.kind == kind else []

    def by_parent(company: Company, key: Any) -> list[Record]:  # noqa: ANN401
        return list(company.attachments.find("parent", (kind, key)))

    return EntitySet(
        entity,
        lambda company, parent: attachments.rows(company, parent, kind),
        create=lambda company, parent, fields: attachments.create(company, kind, parent, fields),
        change=_plain_change(attachments.change),
        delete=lambda company, _parent, row: company.attachments.delete(row.id),
        parents=parents,
        flat_refusal=attachments.NO_FILTER,
        look_ups={"id": by_id, "parentId": by_parent},
    )


def _by_template(company: Company, template: Any) -> list[Record]:  # noqa: ANN401
    rows: list[Any] = [row for row in company.journals if row.template == template]
    return sorted(rows, key=_code)


def _journal_rows(company: Company, _parent: Record | None) -> list[Record]:
    # Other templates' journals show only when a filter names the template.
    return _by_template(company, journals.DEFAULT_TEMPLATE)


def _by_journal_code(company: Company, code: Any) -> list[Record]:  # noqa: ANN401
    found: list[Any] = company.journals.find("code", code)
    return [row for row in found if row.template == journals.DEFAULT_TEMPLATE]


def _journal_line_rows(company: Company, parent: Record | None) -> list[Record]:
    if parent is None:
        return []
    return [row for row in company.journal_lines_of(parent.id) if journals.is_visible(company, row)]


def _by_journal(company: Company, key: Any) -> list[Record]:  # noqa: ANN401 - any filter value
    return list(company.journal_lines_of(key))


def _plain_change(change: Callable[[Company, Any, Mapping[str, Any]], Record]) -> Change:
    return lambda company, _parent, row, fields: change(company, row, fields)


def _refuse_vendor_deletion(company: Company, _parent: Record | None, vendor: Any) -> None:  # noqa: ANN401
    if company.vendor_entries.find("vendor_number", vendor.number):
        raise dialog(
            f"You cannot delete Vendor {vendor.number} because it has ledger entries in a fiscal "
            "year that has not been closed yet."
        )
    company.vendors.delete(vendor.id)


COMPANIES = _master(model_master.COMPANY, "rows", lambda row: row.name)

_LEDGER_LOOK_UPS: dict[str, Look] = {
    "id": _by_id("ledger_entries"),
    "documentNumber": _by("ledger_entries", "document_number"),
    "externalDocumentNumber": _by("ledger_entries", "external_document_number"),
    "accountNumber": _by("ledger_entries", "account_number"),
}
_ENTRY_ORDER: Callable[[Any], Any] = lambda row: row.entry_number  # noqa: E731 - one line, a key

STANDARD: tuple[EntitySet, ...] = (
    _master(model_master.LEDGER_SETUP, "setups", lambda row: row.id),
    EntitySet(
        model_master.ACCOUNT,
        _table("accounts", _number),
        look_ups={"id": _by_id("accounts"), "number": _by("accounts", "number")},
    ),
    EntitySet(
        model_master.VENDOR,
        _table("vendors", _number),
        create=masters.create_vendor,
        change=_plain_change(masters.change_vendor),
        delete=_refuse_vendor_deletion,
        look_ups={"id": _by_id("vendors"), "number": _by("vendors", "number")},
    ),
    EntitySet(
        model_master.EMPLOYEE,
        _table("employees", _number),
        create=masters.create_employee,
        change=_plain_change(masters.change_employee),
        look_ups={"id": _by_id("employees"), "number": _by("employees", "number")},
    ),
    _master(model_master.DIMENSION, "dimensions", _code),
    EntitySet(
        model_master.DIMENSION_VALUE,
        _dimension_values,
        parents=("dimensions",),
        look_ups={"id": _by_id("dimension_values")},
    ),
    EntitySet(
        model_master.DEFAULT_DIMENSION,
        masters.default_dimension_rows,
        create=masters.create_default_dimension,
        change=_plain_change(masters.change_default_dimension),
        delete=lambda company, _parent, row: company.default_dimensions.delete(row.id),
        parents=("vendors", "employees"),
        look_ups={"id": _by_id("default_dimensions")},
    ),
    _master(model_master.CURRENCY, "currencies", _code),
    _master(
        model_master.EXCHANGE_RATE,
        "exchange_rates",
        lambda row: (row.currency_code, row.starting_date),
    ),
    _master(model_master.PAYMENT_TERMS, "payment_terms", _code),
    _master(model_master.ACCOUNTING_PERIOD, "accounting_periods", lambda row: row.starting_date),
    _document_set(model_documents.PURCHASE_INVOICE, records.INVOICE),
    _line_set(model_documents.PURCHASE_INVOICE_LINE, "purchaseInvoices", records.INVOICE),
    _document_set(model_documents.PURCHASE_CREDIT_MEMO, records.CREDIT_MEMO),
    _line_set(
        model_documents.PURCHASE_CREDIT_MEMO_LINE, "purchaseCreditMemos", records.CREDIT_MEMO
    ),
    EntitySet(
        model_documents.DIMENSION_SET_LINE,
        dimension_lines.rows,
        create=dimension_lines.create,
        change=dimension_lines.change,
        delete=dimension_lines.delete,
        parents=(
            "purchaseInvoices",
            "purchaseInvoiceLines",
            "purchaseCreditMemos",
            "purchaseCreditMemoLines",
            "journalLines",
            "generalLedgerEntries",
        ),
    ),
    EntitySet(
        model_documents.JOURNAL,
        _journal_rows,
        create=lambda company, _parent, fields: journals.create(company, fields),
        change=_plain_change(journals.change),
        delete=lambda company, _parent, row: journals.delete(company, row),
        post=background.post_journal,
        look_ups={
            "id": _by_id("journals"),
            "templateDisplayName": _by_template,
            "code": _by_journal_code,
        },
    ),
    EntitySet(
        model_documents.JOURNAL_LINE,
        _journal_line_rows,
        create=journals.create_line,
        change=_plain_change(journals.change_line),
        delete=lambda company, _parent, row: company.journal_lines.delete(row.id),
        parents=("journals",),
        flat_refusal="You must specify a journal batch ID or a journal ID to get a journal line.",
        look_ups={"id": _by_id("journal_lines"), "journalId": _by_journal},
    ),
    EntitySet(
        model_documents.LEDGER_ENTRY,
        _table("ledger_entries", _ENTRY_ORDER),
        look_ups=_LEDGER_LOOK_UPS,
    ),
    _file_set(
        model_attachments.ATTACHMENT,
        ("purchaseInvoices", "purchaseCreditMemos", "journalLines", "generalLedgerEntries"),
    ),
    _file_set(
        model_attachments.DOCUMENT_ATTACHMENT,
        ("purchaseInvoices", "purchaseCreditMemos", "vendors", "employees"),
    ),
)
"""Sets below a company in `api/v2.0`."""

REPORTS_FINANCE: tuple[EntitySet, ...] = (
    EntitySet(
        model_documents.REPORTS_DIMENSION_VALUE,
        _dimension_values,
        look_ups={"id": _by_id("dimension_values")},
    ),
    EntitySet(
        model_documents.REPORTS_VENDOR_ENTRY,
        _table("vendor_entries", _ENTRY_ORDER),
        look_ups={
            "id": _by_id("vendor_entries"),
            "documentNumber": _by("vendor_entries", "document_number"),
            "externalDocumentNumber": _by("vendor_entries", "external_document_number"),
            "vendorNumber": _by("vendor_entries", "vendor_number"),
        },
    ),
    EntitySet(
        model_documents.REPORTS_LEDGER_ENTRY,
        _table("ledger_entries", _ENTRY_ORDER),
        look_ups=_LEDGER_LOOK_UPS,
    ),
)
"""Sets below a company in `api/microsoft/reportsFinance/beta`."""
