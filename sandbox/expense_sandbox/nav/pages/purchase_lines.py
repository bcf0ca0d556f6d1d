"""What happens when a line of a purchase document is written through its subform."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import dimensions, document_lines, documents, journals, records
from expense_sandbox.nav.amounts import HUNDRED, ZERO, rounded
from expense_sandbox.nav.company import new_id, next_sequence
from expense_sandbox.nav.errors import (
    NavError,
    must_have_value,
    not_in_table,
    read_only,
    record_not_found,
)
from expense_sandbox.nav.pages import shortcut_dimensions
from expense_sandbox.nav.pages.model import Control, Writes, external_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company

TABLE = "Purchase Line"
SIMILARITY = 0.8
"""How alike names are that NAV takes for each other; its own measure is not known."""
COMMENT = "Comment"
"""How the records name the blank type."""
TYPES = ("", "G/L Account", "Item", "", "Fixed Asset", "Charge (Item)")
"""Captions of the option; the fourth is a gap."""
NOT_FOR_COMMENTS = (
    "Quantity", "Direct Unit Cost", "Line Discount %", "Line Amount", "Location Code",
    "Unit of Measure Code",
)  # fmt: skip
RELATED = {"Item": "Item", "Fixed Asset": "Fixed Asset", "Charge (Item)": "Item Charge"}


def start(company: Company, document: records.Document) -> records.DocumentLine:
    """A new line at the end of a draft.

    Raises:
        NavError: When the draft is posted or has no vendor yet.
    """
    documents.require_draft(document)
    if not document.vendor_number:
        record = f"Purchase Header: Document Type={document.kind}, No.={document.number}"
        raise must_have_value("Buy-from Vendor No.", record)
    taken = [line.sequence for line in company.document_lines.find("document", document.id)]
    return records.DocumentLine(
        id=new_id(),
        document_id=document.id,
        sequence=next_sequence(taken),
        dimensions=document.dimensions,
    )


def validate(
    company: Company,
    line: records.DocumentLine,
    control: Control,
    value: Any,  # noqa: ANN401 - of the control's type
) -> records.DocumentLine:
    """The line after one control got a value.

    Raises:
        NavError: As NAV refuses the value.
    """
    if control.name in NOT_FOR_COMMENTS:
        _require_editable(company, line, control)
    position = shortcut_dimensions.position_of(control)
    if position is not None:
        changed = shortcut_dimensions.written(company, line.dimensions, position, value, TABLE)
        return replace(line, dimensions=changed)
    handler = _HANDLERS.get(control.name)
    if handler is not None:
        return handler(company, line, value)
    if control.attribute:
        return replace(line, **{control.attribute: value})
    if value:
        raise read_only(external_name(control.name))
    return line


def _require_editable(company: Company, line: records.DocumentLine, control: Control) -> None:
    if company.quirks.pages.line_editability == "always":
        return
    # The page works `NOT IsCommentLine` out when it shows a line: too late for one being created.
    shown = company.document_lines.get(line.id) is not None
    if company.quirks.pages.line_editability == "after_insert" and not shown:
        raise NavError(
            "Unknown",
            f'Property "Editable" for {control.name} is invalid. Expression: [NOT IsCommentLine]',
        )
    if line.line_type == COMMENT:
        raise read_only(external_name(control.name))


def header_of(company: Company, line: records.DocumentLine) -> records.Document:
    """The document a line belongs to.

    Raises:
        NavError: When there is none any more.
    """
    document = company.documents.get(line.document_id)
    if document is None:
        raise record_not_found("Purchase Header", f"No.='{line.document_id}'")
    return document


def _with_type(company: Company, line: records.DocumentLine, caption: str) -> records.DocumentLine:
    line_type = {"": COMMENT, "G/L Account": "Account"}.get(caption, caption)
    if line_type == line.line_type:
        return line
    return records.DocumentLine(
        id=line.id,
        document_id=line.document_id,
        sequence=line.sequence,
        line_type=line_type,
        dimensions=header_of(company, line).dimensions,
    )


def _with_number(company: Company, line: records.DocumentLine, typed: str) -> records.DocumentLine:
    if typed == line.account_number:
        return line
    if line.line_type != "Account":
        related = RELATED.get(line.line_type, "Standard Text")
        raise not_in_table("No.", TABLE, typed, related)
    if not typed:
        return replace(line, account_number="", description="")
    number = completed_account_number(company, typed)
    account = company.accounts.first("number", number)
    if account is None:
        raise record_not_found("G/L Account", f"No.='{number}'")
    documents.require_usable(account)
    document = header_of(company, line)
    return replace(
        line,
        account_number=account.number,
        description=account.name[: company.quirks.pages.description_length],
        tax_code=account.tax_code,
        tax_percent=documents.tax_percent(company, account.tax_code, TABLE),
        dimensions=dimensions.inherited(
            company, document.dimensions, [(records.GL_ACCOUNT, account.number)]
        ),
    )


def completed_account_number(company: Company, typed: str) -> str:
    """The account NAV takes for what was typed: not always the one that was meant."""
    exact = company.accounts.first("number", typed)
    if not company.quirks.pages.complete_account_numbers or (exact and _is_usable(exact)):
        return typed
    usable = sorted(filter(_is_usable, company.accounts), key=lambda account: account.number)
    wanted = typed.casefold()
    tests: tuple[Callable[[records.Account], bool], ...] = (
        lambda account: account.number.casefold().startswith(wanted),
        lambda account: account.name.casefold() == wanted,
        lambda account: account.name.casefold().startswith(wanted),
        lambda account: wanted in account.name.casefold(),
        lambda account: _is_similar(wanted, account.name.casefold()),
    )
    return _first(usable, tests) or typed


def _is_usable(account: records.Account) -> bool:
    return account.account_type == "Posting" and account.direct_posting and not account.blocked


def _is_similar(typed: str, name: str) -> bool:
    return SequenceMatcher(None, typed, name).ratio() >= SIMILARITY


def _first(
    accounts: Iterable[records.Account], tests: Iterable[Callable[[records.Account], bool]]
) -> str:
    accounts = list(accounts)
    return next((account.number for test in tests for account in accounts if test(account)), "")


def _with_tax_code(company: Company, line: records.DocumentLine, code: str) -> records.DocumentLine:
    percent = documents.tax_percent(company, code, TABLE)
    return replace(line, tax_code=code, tax_percent=percent)


def _with_quantity(
    company: Company, line: records.DocumentLine, value: Decimal
) -> records.DocumentLine:
    quantity = rounded(value, document_lines.UNIT_PRECISION)
    return _discounted(company, replace(line, quantity=quantity), line.discount_percent)


def _with_cost(
    company: Company, line: records.DocumentLine, value: Decimal
) -> records.DocumentLine:
    cost = rounded(value, document_lines.UNIT_PRECISION)
    return _discounted(company, replace(line, unit_cost=cost), line.discount_percent)


def _with_line_amount(
    company: Company, line: records.DocumentLine, value: Decimal
) -> records.DocumentLine:
    document = header_of(company, line)
    precision = company.precision_of(document.currency_code)
    gross = rounded(line.quantity * line.unit_cost, precision)
    discount = gross - rounded(value, precision)
    percent = rounded(discount * HUNDRED / gross, document_lines.UNIT_PRECISION) if gross else ZERO
    return replace(line, discount_amount=discount, discount_percent=percent)


def _discounted(
    company: Company, line: records.DocumentLine, percent: Decimal
) -> records.DocumentLine:
    document = header_of(company, line)
    precision = company.precision_of(document.currency_code)
    gross = rounded(line.quantity * line.unit_cost, precision)
    discount = rounded(gross * percent / HUNDRED, precision)
    return replace(line, discount_percent=percent, discount_amount=discount)


def _with_sequence(
    company: Company, line: records.DocumentLine, number: int
) -> records.DocumentLine:
    others = company.document_lines.find("document", line.document_id)
    if any(other.sequence == number and other.id != line.id for other in others):
        document = header_of(company, line)
        raise journals.duplicate_key(
            company,
            TABLE,
            f"Document Type='{document.kind}',Document No.='{document.number}',Line No.='{number}'",
        )
    return replace(line, sequence=number)


_HANDLERS: dict[str, Callable[[Company, records.DocumentLine, Any], records.DocumentLine]] = {
    "Type": _with_type,
    "No.": _with_number,
    "VAT Prod. Posting Group": _with_tax_code,
    "Quantity": _with_quantity,
    "Direct Unit Cost": _with_cost,
    "Line Discount %": _discounted,
    "Line Amount": _with_line_amount,
    "Line No.": _with_sequence,
}


def insert(company: Company, line: records.DocumentLine) -> records.DocumentLine:
    """The new line as it is in the table."""
    documents.require_draft(header_of(company, line))
    company.touched[line.document_id] = None
    return company.document_lines.put(line)


def change(
    company: Company, _before: records.DocumentLine, line: records.DocumentLine
) -> records.DocumentLine:
    """The changed line as it is in the table."""
    return insert(company, line)


def delete(_books: Books, company: Company, line: records.DocumentLine) -> None:
    """Remove a line of a draft."""
    document_lines.delete(company, line)


WRITES = Writes(start, validate, insert, change, delete)
