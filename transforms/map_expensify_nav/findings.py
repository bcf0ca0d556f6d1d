"""What is found while a document is made: problems, which hold it, and notes, which are only recorded. Pure.

The codes are stable: accountants search for them, and the README explains each.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PROBLEM_CODES = {
    "account_missing": "An expense has nothing by which a G/L account could be found.",
    "account_unmapped": "What an expense says (its category) has no G/L account.",
    "amount_finer_than_currency": "An amount has decimals its currency does not have.",
    "amount_missing": "An expense has no amount, or one that is no whole number of minor units.",
    "amount_not_in_report_currency": "An expense's amount is in another currency than the report.",
    "balancing_account_ambiguous": "The expenses lead to different balancing accounts.",
    "balancing_account_missing": "The report says nothing by which the balancing account could be found.",
    "balancing_account_unmapped": "What the report says has no balancing account.",
    "code_too_long": "A code is longer than NAV has room for.",
    "company_ambiguous": "The expenses lead to different companies.",
    "company_missing": "The report says nothing by which the NAV company could be found.",
    "company_unmapped": "What the report says (its policy) has no NAV company.",
    "currency_missing": "The report has no currency.",
    "date_missing": "The report does not have the date that the rules ask for.",
    "dimension_ambiguous": "The expenses lead to different values of a dimension of the whole document.",
    "dimension_missing": "A required dimension has nothing by which a value could be found.",
    "dimension_unmapped": "What the report or expense says (a tag, a report field) has no dimension value.",
    "document_undecided": "No rule says which document the report's policy gets.",
    "expense_currency_missing": "Expensify does not say in which currency an expense was paid.",
    "expense_id_missing": "An expense that is to have a document of its own has no transaction id.",
    "expense_twice": "The report holds the same expense twice.",
    "fund_source_unknown": "Expensify does not say whether an expense was paid out of pocket or by company card.",
    "journal_currency": "A journal entry can only be in the company's own currency, and the report is not.",
    "local_currency_missing": "The rules do not say which currency the company keeps its books in on the day.",
    "negative_total_held": "The total is negative, and the rules say to hold such a document.",
    "not_approved": "The report is not approved.",
    "period_closed": "The posting date lies in a period that the rules call closed.",
    "rate_missing": "There is no rate into the company's own currency for the day.",
    "report_number_missing": "The report has no number to make a document key from.",
    "rules_file_ambiguous": "More than one rules file is for the report.",
    "rules_file_missing": "No rules file is for the report.",
    "tax_amount_missing": "An expense has tax but no tax amount, and the rules want lines without tax.",
    "tax_code_missing": "A tax code is required, and an expense has nothing by which one could be found.",
    "tax_code_unmapped": "What an expense says (its tax) has no tax code.",
    "tax_not_in_report_currency": "A tax amount is in another currency than the report (or document).",
    "total_mismatch": "The amounts of the expenses do not add up to the report's total.",
    "total_missing": "The report has no total, or one that is no whole number of minor units.",
    "vendor_ambiguous": "The expenses lead to different vendors.",
    "vendor_missing": "The report says nothing by which the vendor could be found.",
    "vendor_unmapped": "What the report says has no vendor.",
    "zero_line_held": "An expense is zero, and the rules say to hold such a document.",
}

NOTE_CODES = {
    "amounts_as_paid": "The amounts are in the currency the expenses were paid in; the note says those of the report.",
    "amounts_converted": "Amounts were converted to the company's own currency, by a rate of the rules.",
    "default_used": "No source gave a code; the default of the rules was used.",
    "expense_left_out": "A rule leaves out an expense; the document's total is less by its amount.",
    "expense_without_date": "An expense without date was left aside when the last expense's date was taken.",
    "fund_source_assumed": "Expensify does not say who paid; the rules say what to take it for.",
    "journal_without_tax": "The rules have tax, but a journal entry carries none.",
    "key_from_hash": "The report's number is too long for NAV; the key is made from a hash of the report id.",
    "negative_total": "The total is negative: a credit memo, all signs turned.",
    "posting_date_moved": "The posting date lay in a closed period and was moved to the next open day.",
    "rounding_line": "The expenses differ from the report's total; a line on the rounding account makes up for it.",
    "text_cut": "A text was longer than NAV has room for and was cut.",
    "zero_line_dropped": "An expense of zero has no line.",
}

SKIP_CODES = {
    "no_expenses": "The report has no expenses, and its total is zero.",
    "skipped_by_rule": "A rule says that the report, this part of it, or all its expenses are not posted.",
    "zero_total": "All expenses are zero.",
}


@dataclass(frozen=True)
class Problem:
    """Why a document cannot be decided; a person has to act."""

    code: str
    message: str
    field: str | None = None
    value: str | None = None
    hint: str | None = None

    def __post_init__(self) -> None:
        if self.code not in PROBLEM_CODES:
            raise ValueError(f"{self.code} is not among PROBLEM_CODES")

    def as_dict(self) -> dict[str, str | None]:
        """The problem as the contract of documents has it."""
        return {
            "code": self.code,
            "field": self.field,
            "value": self.value,
            "message": self.message,
            "hint": self.hint,
        }


@dataclass(frozen=True)
class Note:
    """Something that was decided without asking."""

    code: str
    message: str
    field: str | None = None
    value: str | None = None

    def __post_init__(self) -> None:
        if self.code not in NOTE_CODES:
            raise ValueError(f"{self.code} is not among NOTE_CODES")

    def as_dict(self) -> dict[str, str | None]:
        """The note as the contract of documents has it."""
        return {
            "code": self.code,
            "field": self.field,
            "value": self.value,
            "message": self.message,
        }


def merge_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Problems that say the same of several lines become one, which says how often; the first place stays."""
    counted: dict[tuple[str, str | None, str], tuple[Problem, int]] = {}
    for problem in problems:
        same = (problem.code, problem.value, problem.message)
        first, count = counted.get(same, (problem, 0))
        counted[same] = (first, count + 1)
    return [
        problem if count == 1 else replace(problem, message=f"{problem.message} ({count} lines)")
        for problem, count in counted.values()
    ]


@dataclass
class Findings:
    """Everything found on the way to one document.

    Attributes:
        decided_by: Field of the document → the rule that decided it.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    decided_by: dict[str, str] = field(default_factory=dict)

    def add(self, others: Findings) -> None:
        """Take over what was found on the way to a part of the document."""
        self.problems += others.problems
        self.notes += others.notes
        self.decided_by |= others.decided_by
