"""The FreeMarker template as it is sent: `export.ftl`, less what no selected column needs. Pure but for the file.

A field that is not selected is not merely left out of the records: Expensify is not asked for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALWAYS: Final = frozenset({"reportID", "status", "approved", "total"})
"""Which report, where it stands, when, how much: what every run needs to put reports in order and check them."""

ALWAYS_OF_EXPENSES: Final = frozenset({"transactionID"})

_REPORT_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "report_number": ("oldReportID",),
    "report_name": ("reportName",),
    "policy_id": ("policyID",),
    "policy_name": ("policyName",),
    "currency": ("currency",),
    "created_at": ("created",),
    "submitted_at": ("submitted",),
    "reimbursed_at": ("reimbursed",),
    "submitter_email": ("accountEmail",),
    "submitter_full_name": ("submitter",),
    "account_id": ("accountID",),
    "employee_custom_field_1": ("employeeCustomField1",),
    "employee_custom_field_2": ("employeeCustomField2",),
    "manager_email": ("managerEmail",),
    "manager_full_name": ("manager",),
    "entry_id": ("entryID",),
    "is_ach_reimbursed": ("isACHReimbursed",),
    "custom_fields": ("customField",),
    "approvers": ("approvers",),
}

_EXPENSE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "type": ("type",),
    "amount": ("amount",),
    "modified_amount": ("modifiedAmount",),
    "converted_amount": ("convertedAmount",),
    "currency": ("currency",),
    "currency_conversion_rate": ("currencyConversionRate",),
    "effective_amount": ("amount", "modifiedAmount", "convertedAmount"),
    "effective_currency": ("currency", "convertedAmount"),
    "effective_date": ("created", "modifiedCreated"),
    "effective_merchant": ("merchant", "modifiedMerchant"),
    "created": ("created",),
    "modified_created": ("modifiedCreated",),
    "inserted_at": ("inserted",),
    "merchant": ("merchant",),
    "modified_merchant": ("modifiedMerchant",),
    "category": ("category",),
    "category_gl_code": ("categoryGlCode",),
    "category_payroll_code": ("categoryPayrollCode",),
    "tag": ("tag",),
    "tag_gl_code": ("tagGlCode",),
    "tags": ("tag", "tagGlCode", "ntags"),
    "comment": ("comment",),
    "bank": ("bank",),
    "billable": ("billable",),
    "reimbursable": ("reimbursable",),
    "has_tax": ("hasTax",),
    "tax_amount": ("taxAmount",),
    "modified_tax_amount": ("modifiedTaxAmount",),
    "tax_name": ("taxName",),
    "tax_rate": ("taxRate",),
    "tax_rate_name": ("taxRateName",),
    "tax_code": ("taxCode",),
    "mcc": ("mcc",),
    "units": ("units",),
    "receipt_id": ("receiptID",),
    "receipt_filename": ("receiptFilename",),
    "attendees": ("attendees",),
    "receipt_url": ("receiptObject",),
}

OPTIONAL_SECTIONS: Final = ("actionList", "action details", "attendees", "receiptObject")
"""Asked for only by a stream or a setting of their own."""

_WANTED: Final = re.compile(r"<#-- wanted: (.+) -->")
_END: Final = "<#-- end -->"
_LIST: Final = re.compile(r"<#assign (reportFields|expenseFields) = \[(.*?)\]>", re.DOTALL)


@dataclass(frozen=True)
class Wanted:
    """Names of Expensify's that an export asks for.

    Attributes:
        report: Fields and sections of reports.
        expense: Fields and sections of expenses; None for no expenses.
    """

    report: frozenset[str]
    expense: frozenset[str] | None

    def __or__(self, other: Wanted) -> Wanted:
        if self.expense is None or other.expense is None:
            expense = self.expense if other.expense is None else other.expense
        else:
            expense = self.expense | other.expense
        return Wanted(self.report | other.report, expense)


def report_fields(columns: Iterable[str]) -> frozenset[str]:
    """What columns of stream `reports`, its expenses excepted, are made from."""
    return frozenset(name for column in columns for name in _REPORT_COLUMNS.get(column, ()))


def expense_fields(columns: Iterable[str]) -> frozenset[str]:
    """What columns of expenses are made from."""
    return frozenset(name for column in columns for name in _EXPENSE_COLUMNS.get(column, ()))


EVERYTHING: Final = Wanted(
    report_fields(_REPORT_COLUMNS),
    expense_fields(_EXPENSE_COLUMNS) - frozenset(OPTIONAL_SECTIONS),
)
"""All that needs no permission of its own."""


@lru_cache(maxsize=8)
def template(wanted: Wanted = EVERYTHING) -> str:
    """The template of an export.

    Args:
        wanted: What to ask for.
    """
    sections = wanted.report | (wanted.expense or frozenset())
    if wanted.expense is not None:
        sections |= {"transactionList"}
    whole = resources.files("tap_expensify").joinpath("export.ftl").read_text(encoding="utf-8")
    kept = {
        "reportFields": ALWAYS | wanted.report,
        "expenseFields": ALWAYS_OF_EXPENSES | (wanted.expense or frozenset()),
    }
    return _LIST.sub(
        lambda match: f"<#assign {match[1]} = [{_only(match[2], kept[match[1]])}]>",
        "\n".join(_wanted_lines(whole.split("\n"), sections)),
    )


def _only(names: str, kept: frozenset[str]) -> str:
    return ", ".join(f'"{name}"' for name in re.findall(r'"(\w+)"', names) if name in kept)


def _wanted_lines(lines: Iterable[str], sections: frozenset[str]) -> Iterable[str]:
    """The lines outside sections and within wanted ones; the marks themselves never."""
    inside: list[bool] = []
    for line in lines:
        if opening := _WANTED.fullmatch(line):
            inside.append(opening[1] in sections)
        elif line == _END:
            inside.pop()
        elif all(inside):
            yield line
