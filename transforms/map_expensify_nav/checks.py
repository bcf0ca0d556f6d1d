"""What holds every document of a report, because it leaves open whether the parts are complete and right. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from map_expensify_nav.findings import Problem
from map_expensify_nav.money import decimal_text, decimals_of, is_finer_than_currency
from map_expensify_nav.rules_file import key_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules_file import RulesFile

_NOT_APPROVED = {"OPEN", "SUBMITTED", "PROCESSING"}


def report_problems(report: Report, rules_file: RulesFile, rounding: int) -> list[Problem]:
    """What holds every document of a report.

    Args:
        report: The report.
        rules_file: The rules.
        rounding: Minor units by which the total may differ from the expenses, because a line of its own makes up for
            it.
    """
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
    problems += _amount_problems(report, rules_file, rounding)
    return problems


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


def _amount_problems(report: Report, rules_file: RulesFile, rounding: int) -> list[Problem]:
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
        and total + rounding != report.total
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
