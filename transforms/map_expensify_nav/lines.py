"""The lines of a document, and what lines and header have in common: dimensions, texts, amounts. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from map_expensify_nav.decisions import Outcome, accept
from map_expensify_nav.findings import Note
from map_expensify_nav.money import decimal_text
from map_expensify_nav.tax import amount_of_line, tax_code
from map_expensify_nav.templates import (
    LONGEST_DESCRIPTION,
    cut,
    length,
    line_values,
    render,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from map_expensify_nav.header import Making
    from map_expensify_nav.report import Expense
    from map_expensify_nav.yaml_marks import Path


def line(making: Making, expense: Expense, index: int, sign: int) -> dict[str, Any]:
    """The line of one expense; `sign` turns amounts round on credit memos."""
    place = f"lines[{index}]"
    path: Path = ("accounts",)
    accounts = making.rules_file.rules.accounts
    if making.part.rule is not None and making.part.rule.accounts is not None:
        path = (*making.part.path, "accounts")
        accounts = making.part.rule.accounts
    decision = making.decider.decide(accounts, path, making.report, expense)
    return {
        "line_number": index + 1,
        "account_type": "G/L Account",
        "account_number": accept(
            decision, making.findings, "account", "G/L account", f"{place}.account_number"
        ),
        "description": description(
            making, "line", line_values(making.texts, expense), f"{place}.description"
        ),
        "amount": amount_text(making, amount_of_line(making, expense, f"{place}.amount"), sign),
        "tax_code": tax_code(making, expense, f"{place}.tax_code"),
        "dimensions": dimensions(making, expense, f"{place}.dimensions"),
        "source_id": expense.source_id,
    }


def rounding_line(making: Making, sign: int) -> dict[str, Any]:
    """The line that makes up for what the expenses do not add up to; only where the rules name an account."""
    rule, index = making.rules_file.rules.rounding, len(making.posted)
    amount = amount_text(making, making.part.rounding, 1)
    place = making.rules_file.place(("rounding", "account"))
    message = f"The expenses differ from the report's total by {amount}; a line of its own makes up for it."
    making.findings.notes.append(Note("rounding_line", message, f"lines[{index}].amount", amount))
    making.findings.decided_by[f"lines[{index}].account_number"] = f"{place}: rounding difference"
    return {
        "line_number": index + 1,
        "account_type": "G/L Account",
        "account_number": rule.account.upper() if rule else None,
        "description": "Rounding difference",
        "amount": amount_text(making, making.part.rounding, sign),
        "tax_code": None,
        "dimensions": [
            {"code": code.upper(), "value": value.upper()}
            for code, value in (rule.dimensions if rule else {}).items()
        ],
        "source_id": "rounding",
    }


def dimensions(making: Making, expense: Expense | None, place: str) -> list[dict[str, str]]:
    """The dimensions of one line, or (without expense) of the whole document."""
    dimensions = []
    rules = making.rules_file.rules
    for code, path, rule in rules.header_dimensions if expense is None else rules.line_dimensions:
        if expense is None:
            decision = making.decider.decide_for_all(rule, path, making.report, making.posted)
        else:
            decision = making.decider.decide(rule, path, making.report, expense)
        if decision.outcome is Outcome.MISSING and not rule.required:
            continue
        value = accept(
            decision,
            making.findings,
            "dimension",
            f"value of dimension {code}",
            f"{place}.{code}",
        )
        if value is not None:
            dimensions.append({"code": code, "value": value})
    return dimensions


def description(
    making: Making, template: str, values: Mapping[str, str | None], place: str
) -> str | None:
    """A text by its template, cut visibly if NAV has no room for it."""
    text = render(getattr(making.rules_file.rules.descriptions, template), values)
    short = cut(text)
    if short != text:
        making.findings.notes.append(
            Note(
                "text_cut",
                f"The text was cut from {length(text)} to NAV's {LONGEST_DESCRIPTION} characters.",
                place,
            )
        )
    return short or None


def amount_text(making: Making, minor: int | None, sign: int) -> str | None:
    """Minor units of the report's currency as decimal text."""
    if minor is None:
        return None
    return decimal_text(sign * minor, making.decimals)
