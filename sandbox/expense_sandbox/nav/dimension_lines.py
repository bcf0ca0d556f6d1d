"""Dimension set lines of documents, their lines, journal lines and ledger entries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import dimensions, records
from expense_sandbox.nav.errors import dialog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.dimensions import DimensionSetLine
    from expense_sandbox.nav.store import Record

NO_PARENT = "You must get to the parent first to {verb} dimension set line."


def _parent_type(parent: Record) -> str:
    if isinstance(parent, records.Document):
        return f"Purchase {parent.kind}"
    if isinstance(parent, records.JournalLine):
        return "Journal Line"
    if isinstance(parent, records.LedgerEntry):
        return "General Ledger Entry"
    return "Purchase Invoice Line"


def _type_in(company: Company, parent: Record) -> str:
    if isinstance(parent, records.DocumentLine):
        document = company.documents.get(parent.document_id)
        return f"Purchase {document.kind if document is not None else records.INVOICE} Line"
    return _parent_type(parent)


def rows(company: Company, parent: Record | None) -> list[DimensionSetLine]:
    """The dimension set of a row.

    Raises:
        NavError: Without a parent.
    """
    if parent is None:
        raise dialog(NO_PARENT.format(verb="get to the"))
    dimension_set = getattr(parent, "dimensions", {})
    return list(dimensions.lines_of(company, parent, _type_in(company, parent), dimension_set))


def create(company: Company, parent: Record | None, fields: Mapping[str, Any]) -> DimensionSetLine:
    """One more dimension in a row's set.

    Raises:
        NavError: As NAV refuses it.
    """
    if parent is None:
        raise dialog(NO_PARENT.format(verb="create a"))
    writable = _writable(company, parent)
    after = dimensions.with_value(company, writable.dimensions, fields)
    (code,) = set(after) - set(writable.dimensions)
    return _written(company, writable, after, code)


def change(
    company: Company, parent: Record | None, line: DimensionSetLine, fields: Mapping[str, Any]
) -> DimensionSetLine:
    """Another value for a dimension of a row's set.

    Raises:
        NavError: As NAV refuses it.
    """
    writable = _writable(company, parent)
    after = dimensions.with_other_value(company, writable.dimensions, line.code, fields)
    return _written(company, writable, after, line.code)


def delete(company: Company, parent: Record | None, line: DimensionSetLine) -> None:
    """Take a dimension out of a row's set.

    Raises:
        NavError: As NAV refuses it.
    """
    writable = _writable(company, parent)
    after = {code: value for code, value in writable.dimensions.items() if code != line.code}
    _store(company, writable, after)


_Writable = records.Document | records.DocumentLine | records.JournalLine


def _writable(company: Company, parent: Record | None) -> _Writable:
    document = parent
    if isinstance(parent, records.DocumentLine):
        document = company.documents.get(parent.document_id)
    frozen = isinstance(document, records.Document) and document.posted
    if not isinstance(parent, _Writable) or frozen:
        parent_id = parent.id if parent is not None else ""
        kind = _type_in(company, parent) if parent is not None else ""
        raise dialog(
            f"Parent with ID {parent_id} does not exist or dimension set lines are read only for "
            f"parent type {kind}."
        )
    return parent


def _written(
    company: Company, parent: _Writable, after: Mapping[str, str], code: str
) -> DimensionSetLine:
    stored = _store(company, parent, after)
    return next(line for line in rows(company, stored) if line.code == code)


def _store(company: Company, parent: _Writable, after: Mapping[str, str]) -> Record:
    after = dimensions.shared(after)
    if isinstance(parent, records.Document):
        company.touched[parent.id] = None
        return company.documents.put(replace(parent, dimensions=after))
    if isinstance(parent, records.DocumentLine):
        company.touched[parent.document_id] = None
        return company.document_lines.put(replace(parent, dimensions=after))
    return company.journal_lines.put(replace(parent, dimensions=after))
