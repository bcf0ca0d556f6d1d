"""Tax of a line: NAV's tax code, and whether the line's amount includes it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from map_expensify_nav.decisions import Outcome, accept
from map_expensify_nav.findings import Note, Problem
from map_expensify_nav.parts import line_amount

if TYPE_CHECKING:
    from map_expensify_nav.header import Making
    from map_expensify_nav.report import Expense


def prices_include_tax(making: Making) -> bool:
    """Whether the amounts of the document's lines include tax that NAV is to take out of them."""
    rules = making.rules_file.rules.tax
    return rules is not None and rules.amounts_include_tax and not _is_journal(making)


def journal_notes(making: Making) -> list[Note]:
    """That the tax rules are not used, where that is so."""
    if making.rules_file.rules.tax is None or not _is_journal(making):
        return []
    message = (
        "A journal entry carries no tax: its amounts are posted as they are, without a tax code."
    )
    return [Note("journal_without_tax", message, "lines")]


def tax_code(making: Making, expense: Expense, place: str) -> str | None:
    """NAV's tax code of an expense; None leaves it to NAV's own setup of vendors and accounts."""
    rules = making.rules_file.rules.tax
    if rules is None or rules.code is None or _is_journal(making):
        return None
    decision = making.decider.decide(rules.code, ("tax", "code"), making.report, expense)
    if decision.outcome is Outcome.MISSING and not rules.code.required:
        return None
    return accept(decision, making.findings, "tax_code", "tax code", place)


def amount_of_line(making: Making, expense: Expense, place: str) -> int | None:
    """What the line says, in minor units: the expense's amount, or that without its tax if NAV is to add it."""
    report, rules = making.report, making.rules_file.rules.tax
    amount = line_amount(report, expense)
    if amount is None or rules is None or rules.amounts_include_tax or _is_journal(making):
        return amount
    if expense.tax_amount is None and expense.tax_name is None:
        return amount
    if expense.tax_amount is None:
        making.findings.problems.append(
            Problem(
                "tax_amount_missing",
                f"Expense {expense.source_id} has tax '{expense.tax_name}', but no tax amount.",
                place,
                expense.source_id,
                "Check the expense in Expensify, or set tax.amounts_include_tax to true.",
            )
        )
        return None
    if expense.tax_amount and expense.tax_currency != report.currency:
        making.findings.problems.append(
            Problem(
                "tax_not_in_report_currency",
                f"The tax of expense {expense.source_id} is in {expense.tax_currency or 'an unknown currency'}, not "
                f"in the report's currency {report.currency}.",
                place,
                expense.source_id,
                "Set tax.amounts_include_tax to true, so that NAV computes the tax.",
            )
        )
        return None
    return amount - expense.tax_amount


def _is_journal(making: Making) -> bool:
    return making.part.rule is not None and making.part.rule.document == "journal_entry"
