"""Tax of a line: NAV's tax code, and whether the line's amount includes it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from map_expensify_nav.decisions import Outcome, accept
from map_expensify_nav.findings import Note, Problem

if TYPE_CHECKING:
    from map_expensify_nav.header import Making
    from map_expensify_nav.report import Expense


def prices_include_tax(making: Making) -> bool:
    """Whether the amounts of the document's lines include tax that NAV is to take out of them."""
    rules = making.rules_file.rules.tax
    return rules is not None and rules.amounts_include_tax and not making.is_journal


def journal_notes(making: Making) -> list[Note]:
    """That the tax rules are not used, where that is so."""
    if making.rules_file.rules.tax is None or not making.is_journal:
        return []
    message = (
        "A journal entry carries no tax: its amounts are posted as they are, without a tax code."
    )
    return [Note("journal_without_tax", message, "lines")]


def tax_code(making: Making, expense: Expense, place: str) -> str | None:
    """NAV's tax code of an expense; None leaves it to NAV's own setup of vendors and accounts."""
    rules = making.rules_file.rules.tax
    if rules is None or rules.code is None or making.is_journal:
        return None
    decision = making.decider.decide(rules.code, ("tax", "code"), making.report, expense)
    if decision.outcome is Outcome.MISSING and not rules.code.required:
        return None
    return accept(decision, making.findings, "tax_code", "tax code", place)


def amount_of_line(making: Making, expense: Expense, line: str) -> int | None:
    """What the line says, in minor units: the expense's amount, or that without its tax if NAV is to add it.

    Args:
        making: The document being made.
        expense: The expense of the line.
        line: Its place in the document.
    """
    money, rules = making.money, making.rules_file.rules.tax
    amount = money.amounts[expense.position]
    if amount is None or rules is None or rules.amounts_include_tax or making.is_journal:
        return amount
    if expense.tax_amount is None and expense.tax_name is None:
        return amount
    if expense.tax_amount is None:
        making.findings.problems.append(
            Problem(
                "tax_amount_missing",
                f"Expense {expense.source_id} has tax '{expense.tax_name}', but no tax amount.",
                f"{line}.amount",
                expense.source_id,
                "Check the expense in Expensify, or set tax.amounts_include_tax to true.",
            )
        )
        return None
    if expense.tax_amount and (expense.original_currency != money.currency or not money.exact_tax):
        whose = "report" if money.currency == making.report.currency else "document"
        making.findings.problems.append(
            Problem(
                "tax_not_in_report_currency",
                f"The tax of expense {expense.source_id} is in {expense.original_currency or 'an unknown currency'}, "
                f"not in the {whose}'s currency {money.currency}.",
                f"{line}.amount",
                expense.source_id,
                "Set tax.amounts_include_tax to true, so that NAV computes the tax.",
            )
        )
        return None
    return amount - expense.tax_amount
