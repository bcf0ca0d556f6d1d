"""A report as a whole: what holds all of it, into which parts it falls, and the keys of their documents. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from map_expensify_nav.findings import Note, Problem
from map_expensify_nav.money import decimal_text, decimals_of, is_finer_than_currency
from map_expensify_nav.rules_file import key_path
from map_expensify_nav.sources import table_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules import DocumentRule, FundSourceRule
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path

LONGEST_KEY = 20
"""A journal's document number is Code[20] in NAV; invoices keep to the same, so that a key says nothing of the kind."""

PART_NAMES = {"out_of_pocket": "reimbursable", "company_card": "company_card", "combined": "all"}
_KEY_LETTERS = {"out_of_pocket": "R", "company_card": "C", "combined": "A"}
_NOT_APPROVED = {"OPEN", "SUBMITTED", "PROCESSING"}


@dataclass(frozen=True)
class Part:
    """The expenses of a report that go into one document.

    Attributes:
        fund_source: `out_of_pocket`, `company_card` or `combined`.
        expenses: In the report's order.
        rule: What becomes of them; None when no rule says so.
        path: Where the rule stands in the rules file.
    """

    fund_source: str
    expenses: tuple[Expense, ...]
    rule: DocumentRule | None
    path: Path


def split(report: Report, rules_file: RulesFile) -> list[Part]:
    """The parts of a report: one for each fund source that has expenses, or one for all.

    A report without expenses is one part.
    """
    documents = rules_file.rules.documents
    if documents.combined is not None or not report.expenses:
        return [_part("combined", report.expenses, report, rules_file)]
    out_of_pocket: list[Expense] = []
    company_card: list[Expense] = []
    for expense in report.expenses:
        paid_by_card = expense.reimbursable is False
        if expense.reimbursable is None:
            paid_by_card = documents.unknown_fund_source == "company_card"
        (company_card if paid_by_card else out_of_pocket).append(expense)
    return [
        _part(fund_source, tuple(expenses), report, rules_file)
        for fund_source, expenses in (
            ("out_of_pocket", out_of_pocket),
            ("company_card", company_card),
        )
        if expenses
    ]


def fund_source_notes(part: Part, rules_file: RulesFile) -> list[Note]:
    """Which expenses the rules counted as one or the other because Expensify does not say."""
    assumed = rules_file.rules.documents.unknown_fund_source
    if assumed is None or part.fund_source == "combined":
        return []
    return [
        Note(
            "fund_source_assumed",
            f"Expensify does not say who paid expense {expense.source_id}; the rules take it as "
            f"{assumed.replace('_', ' ')}.",
            value=expense.source_id,
        )
        for expense in part.expenses
        if expense.reimbursable is None
    ]


def line_amount(report: Report, expense: Expense) -> int | None:
    """An expense's amount in minor units of the report's currency; None when that is not known."""
    if expense.amount and report.currency is not None and expense.currency != report.currency:
        return None
    return expense.amount


def report_problems(report: Report, rules_file: RulesFile) -> list[Problem]:
    """What holds every document of a report, because it leaves open whether the parts are complete and right."""
    problems = []
    if report.status is not None and report.status.upper() in _NOT_APPROVED:
        problems.append(
            Problem(
                "not_approved",
                f"The report is not approved: its status is {report.status}.",
                "source.approved_at",
                report.status,
                "Approve it in Expensify, or set report_states of the tap to APPROVED and REIMBURSED.",
            )
        )
    if report.report_number is None or not re.fullmatch(r"[0-9]+", report.report_number):
        problems.append(
            Problem(
                "report_number_missing",
                "The report has no number to make a document key from."
                if report.report_number is None
                else "The report's number is not made of digits, so it gives no document key.",
                "document_key",
                report.report_number,
                "Check the tap's version: it has to give report_number.",
            )
        )
    if report.currency is None:
        problems.append(
            Problem(
                "currency_missing",
                "The report has no currency.",
                "currency_code",
                None,
                "Check the report's policy in Expensify: it has to have an output currency.",
            )
        )
    problems += _fund_source_problems(report, rules_file)
    problems += _amount_problems(report, rules_file)
    return problems


def document_key(report: Report, fund_source: str) -> tuple[str, Note | None]:
    """The key of a document, and a note when it is not made from the report's number.

    Report ids differ by upper and lower case, which NAV does not keep apart; numbers do not.
    """
    letter = _KEY_LETTERS[fund_source]
    number = report.report_number
    has_number = number is not None and re.fullmatch(r"[0-9]+", number)
    key = f"E{number}-{letter}"
    if has_number and len(key) <= LONGEST_KEY:
        return key, None
    digest = hashlib.sha256(f"{report.report_id}\n{letter}".encode("utf-8", "surrogatepass"))
    key = "X" + base64.b32encode(digest.digest()).decode()[:18]
    if not has_number:
        return key, None  # explained by the problem report_number_missing
    message = "The report's number is too long for NAV; the document key is made from a hash."
    return key, Note("key_from_hash", message, "document_key", number)


def _part(
    fund_source: str, expenses: tuple[Expense, ...], report: Report, rules_file: RulesFile
) -> Part:
    general: FundSourceRule | None = getattr(rules_file.rules.documents, fund_source)
    path: Path = ("documents", fund_source)
    if general is None:  # no expenses, and separate rules: neither of them is meant
        return Part(fund_source, expenses, None, ("documents",))
    names = {table_key(name) for name in (report.policy_name, report.policy_id) if name}
    for policy, rule in (general.by_policy or {}).items():
        if table_key(policy) in names:
            return Part(fund_source, expenses, rule, (*path, "by_policy", policy))
    return Part(fund_source, expenses, general if general.document else None, path)


def _fund_source_problems(report: Report, rules_file: RulesFile) -> Iterator[Problem]:
    documents = rules_file.rules.documents
    if documents.combined is not None or documents.unknown_fund_source is not None:
        return
    for expense in report.expenses:
        if expense.reimbursable is None:
            yield Problem(
                "fund_source_unknown",
                f"Expensify does not say whether expense {expense.source_id} was paid out of pocket or by company "
                "card.",
                f"source.expenses[{expense.position - 1}].reimbursable",
                expense.source_id,
                f"Mark it as reimbursable or not in Expensify, or add {key_path(('documents', 'unknown_fund_source'))} "
                f"in {rules_file.name}.",
            )


def _amount_problems(report: Report, rules_file: RulesFile) -> list[Problem]:
    """Amounts that are missing, twice, in another currency, or do not add up."""
    decimals = decimals_of(report.currency, rules_file.rules.amounts.minor_units)
    problems: list[Problem] = []
    for expense in report.expenses:
        problem = _amount_problem(expense, report, decimals)
        if problem is not None:
            problems.append(problem)
    times = Counter(expense.transaction_id for expense in report.expenses if expense.transaction_id)
    problems += [
        Problem(
            "expense_twice",
            f"The report holds expense {identifier} {count} times.",
            "lines",
            identifier,
            "Read the report again; if it stays so, ask Expensify's support.",
        )
        for identifier, count in times.items()
        if count > 1
    ]
    if report.total is None:
        return [
            *problems,
            Problem(
                "total_missing",
                "The report has no total to check the expenses against.",
                "total",
                None,
                "Check the tap's version: it has to give total as a whole number of minor units.",
            ),
        ]
    total = sum(expense.amount or 0 for expense in report.expenses)
    if (
        not any(problem.code.startswith("amount_") for problem in problems)
        and total != report.total
    ):
        said, found = (decimal_text(amount, decimals) for amount in (report.total, total))
        problems.append(
            Problem(
                "total_mismatch",
                f"The expenses add up to {found}, but the report's total is {said}.",
                "total",
                said,
                "Open the report in Expensify and check its expenses; it is read again on the next run.",
            )
        )
    return problems


def _amount_problem(expense: Expense, report: Report, decimals: int) -> Problem | None:
    field = f"source.expenses[{expense.position - 1}].effective_amount"
    if expense.amount is None:
        return Problem(
            "amount_missing",
            f"Expense {expense.source_id} has no amount in whole minor units.",
            field,
            expense.source_id,
            "Check the expense in Expensify and the tap's version.",
        )
    if expense.amount == 0 or report.currency is None:
        return None
    if expense.currency != report.currency:
        return Problem(
            "amount_not_in_report_currency",
            f"Expense {expense.source_id} is in {expense.currency or 'an unknown currency'}, and Expensify gives no "
            f"amount in the report's currency {report.currency}.",
            field,
            expense.currency,
            "Open the expense in Expensify so that it is converted, and approve the report again.",
        )
    if is_finer_than_currency(expense.amount, decimals, report.currency):
        return Problem(
            "amount_finer_than_currency",
            f"Expense {expense.source_id} is {decimal_text(expense.amount, decimals)} {report.currency}, which has "
            "more decimals than the currency.",
            field,
            decimal_text(expense.amount, decimals),
            "Check amounts.minor_units in the rules file, and the amount in Expensify.",
        )
    return None
