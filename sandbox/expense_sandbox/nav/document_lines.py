"""Lines of draft purchase documents: fields are validated one after another, as sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import dimensions, records
from expense_sandbox.nav.amounts import HUNDRED, ZERO, rounded
from expense_sandbox.nav.company import Company, new_id, next_sequence
from expense_sandbox.nav.documents import NO_ID, require_draft, require_usable, tax_percent
from expense_sandbox.nav.errors import dialog, not_in_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.store import Record

TABLE = "Purchase Line"
STANDARD_TEXT = "Standard Text"
RELATED_TABLES = {
    "Comment": STANDARD_TEXT,
    "Item": "Item",
    "Resource": "Resource",
    "Fixed Asset": "Fixed Asset",
    "Charge": "Item Charge",
    "Allocation Account": "Allocation Account",
}
UNIT_PRECISION = Decimal("0.00001")
PLAIN_FIELDS = ("description", "description2", "expected_receipt_date")


def create(
    company: Company, parent: Record | None, fields: Mapping[str, Any]
) -> records.DocumentLine:
    """One more line of a draft.

    Args:
        company: Whose document.
        parent: The document, or None when `fields` names it by `document_id`.
        fields: Values of `records.DocumentLine` by name, with `account_id` and `item_id` beside
            them, in the order in which NAV is to validate them.

    Raises:
        NavError: As NAV refuses the line.
    """
    document = parent or company.documents.get(fields.get("document_id", ""))
    if not isinstance(document, records.Document):
        raise dialog("No document with the specified ID exists.")
    require_draft(document)
    if _given(fields, "item_id") and _given(fields, "account_id"):
        raise dialog('Both "itemId" and "accountId" are specified. Specify only one of them.')
    taken = {line.sequence for line in company.document_lines.find("document", document.id)}
    sequence = fields.get("sequence") or next_sequence(taken)
    if sequence in taken:
        raise dialog("You cannot insert a line with a duplicate sequence number.")
    line = records.DocumentLine(id=new_id(), document_id=document.id, sequence=sequence)
    line = _validated(company, document, line, fields)
    company.touched[document.id] = None
    return company.document_lines.put(line)


def change(
    company: Company, line: records.DocumentLine, fields: Mapping[str, Any]
) -> records.DocumentLine:
    """The line with other fields.

    Raises:
        NavError: As NAV refuses the change.
    """
    document = _document_of(company, line)
    require_draft(document)
    if fields.get("document_id", line.document_id) != line.document_id:
        raise dialog('The value for "documentId" cannot be modified.')
    if fields.get("sequence", line.sequence) != line.sequence:
        raise dialog("The value for sequence cannot be modified. Delete and insert the line again.")
    if fields.get("account_number", line.account_number) != line.account_number:
        raise dialog('The value for "lineObjectNumber" cannot be modified.')
    rest = {
        name: value
        for name, value in fields.items()
        if name not in {"document_id", "sequence", "account_number"}
    }
    company.touched[document.id] = None
    return company.document_lines.put(_validated(company, document, line, rest))


def delete(company: Company, line: records.DocumentLine) -> None:
    """Remove a line of a draft.

    Raises:
        NavError: When the document is posted.
    """
    require_draft(_document_of(company, line))
    company.touched[line.document_id] = None
    company.document_lines.delete(line.id)


def _document_of(company: Company, line: records.DocumentLine) -> records.Document:
    document = company.documents.get(line.document_id)
    if document is None:
        raise dialog("No document with the specified ID exists.")
    return document


def _given(fields: Mapping[str, Any], name: str) -> bool:
    return fields.get(name, NO_ID) not in {NO_ID, ""}


def _validated(
    company: Company,
    document: records.Document,
    line: records.DocumentLine,
    fields: Mapping[str, Any],
) -> records.DocumentLine:
    for name, value in fields.items():
        if name == "item_id" and _given(fields, name):
            raise dialog("Item does not exist.")
        if name == "account_id" and _given(fields, name):
            line = _with_account(company, document, line, company.accounts.get(value))
        elif name == "line_type":
            line = _with_type(line, value)
        elif name == "account_number" and value:
            line = _with_number(company, document, line, value)
        elif name == "tax_code":
            percent = tax_percent(company, value, TABLE)
            line = replace(line, tax_code=value, tax_percent=percent)
        elif name == "unit_cost":
            line = replace(line, unit_cost=rounded(value, UNIT_PRECISION))
        elif name == "quantity":
            line = replace(line, quantity=rounded(value, UNIT_PRECISION))
        elif name in PLAIN_FIELDS:
            line = replace(line, **{name: value})
        elif name in {"unit_of_measure_code", "unit_of_measure_id"} and _given(fields, name):
            raise dialog("Unit of Measure can be set only for lines with type Item.")
    return _discounted(company, document, line, fields)


def _with_type(line: records.DocumentLine, line_type: str) -> records.DocumentLine:
    if line_type == line.line_type:
        return line
    # Another type empties the line: what it named means nothing there.
    return records.DocumentLine(
        id=line.id, document_id=line.document_id, sequence=line.sequence, line_type=line_type
    )


def _with_number(
    company: Company, document: records.Document, line: records.DocumentLine, number: str
) -> records.DocumentLine:
    if line.line_type != "Account":
        raise not_in_table("No.", TABLE, number, RELATED_TABLES[line.line_type])
    return _with_account(company, document, line, company.accounts.first("number", number))


def _with_account(
    company: Company,
    document: records.Document,
    line: records.DocumentLine,
    account: records.Account | None,
) -> records.DocumentLine:
    if account is None:
        raise dialog("Account does not exist.")
    if line.line_type == "Account" and line.account_number == account.number:
        return line
    require_usable(account)
    return replace(
        line,
        line_type="Account",
        account_number=account.number,
        description=account.name,
        tax_code=account.tax_code,
        tax_percent=tax_percent(company, account.tax_code, TABLE),
        dimensions=dimensions.inherited(
            company, document.dimensions, [(records.GL_ACCOUNT, account.number)]
        ),
    )


def _discounted(
    company: Company,
    document: records.Document,
    line: records.DocumentLine,
    fields: Mapping[str, Any],
) -> records.DocumentLine:
    precision = company.precision_of(document.currency_code)
    gross = rounded(line.quantity * line.unit_cost, precision)
    if "discount_percent" in fields:
        percent = fields["discount_percent"]
        discount = rounded(gross * percent / HUNDRED, precision)
        return replace(line, discount_percent=percent, discount_amount=discount)
    if "discount_amount" in fields:
        discount = rounded(fields["discount_amount"], precision)
        percent = rounded(discount * HUNDRED / gross, UNIT_PRECISION) if gross else ZERO
        return replace(line, discount_percent=percent, discount_amount=discount)
    if line.discount_percent:
        discount = rounded(gross * line.discount_percent / HUNDRED, precision)
        return replace(line, discount_amount=discount)
    return line
