"""The lines of a document, and what lines and header have in common: dimensions, texts, amounts. Pure.

The same few categories and tags come with line after line. What is decided about one line by rules alone, and without
anything to note, is kept by all that those rules read, and serves every other line that says the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from map_expensify_nav.decisions import Outcome, accept
from map_expensify_nav.findings import Findings, Note
from map_expensify_nav.money import decimal_text
from map_expensify_nav.sources import SOURCES, Facts
from map_expensify_nav.tax import amount_of_line, tax_code
from map_expensify_nav.templates import (
    LONGEST_DESCRIPTION,
    cut,
    length,
    line_values,
    render,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from map_expensify_nav.header import Making
    from map_expensify_nav.lookup_rules import Lookup
    from map_expensify_nav.report import Expense
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path

_MOST_KEPT = 10_000
"""How many decisions are kept before it starts anew, so that memory stays bounded."""


@dataclass(frozen=True)
class LineCodes:
    """What rules alone decide about a line.

    Attributes:
        decided: End of the field's place, such as `.account_number`, and the rule that decided it.
    """

    account_number: str
    tax_code: str | None
    dimensions: list[dict[str, str]]
    decided: tuple[tuple[str, str], ...]


class LineRules:
    """The lookups that decide about the lines of one kind of document.

    Attributes:
        accounts: How the G/L account is found, and `path`, where that stands in the rules file.
        known: All that the lookups read → what they decided.
    """

    def __init__(self, rules_file: RulesFile, accounts: Lookup, path: Path, *, taxed: bool) -> None:
        rules = rules_file.rules
        self.accounts = accounts
        self.path = path
        self.known: dict[object, LineCodes] = {}
        lookups = [accounts, *(rule for _, _, rule in rules.line_dimensions)]
        if taxed and rules.tax is not None and rules.tax.code is not None:
            lookups.append(rules.tax.code)
        fields = ["date"] if rules.dates.entries_by == "expense_date" else []
        self._of_report: list[tuple[Callable[[Facts], str | None], Lookup]] = []
        for lookup in lookups:
            for name in lookup.sources or ():
                source = SOURCES[name]
                fields += source.reads
                if not source.reads:
                    self._of_report += [
                        (read, lookup)
                        for read in (source.subject, source.code, source.also)
                        if read
                    ]
        # An expense's tags are compared as a whole, whatever level is asked for.
        self.of_expense: Callable[[Expense], object] = (
            attrgetter(*dict.fromkeys(fields)) if fields else lambda _: None
        )

    def of_report(self, making: Making) -> tuple[object, ...]:
        """What the lookups read of the report, and the day."""
        said = [
            read(Facts(making.report, None, None, lookup.report_field_name))
            for read, lookup in self._of_report
        ]
        return (making.day, *said)

    def keep(self, key: object, content: Mapping[str, Any], findings: Findings, place: str) -> None:
        """Keep what was decided about a line, if it was decided and there is nothing to note about it."""
        noted = any(note.code == "default_used" for note in findings.notes)
        if findings.problems or noted:
            return
        if len(self.known) >= _MOST_KEPT:
            self.known.clear()
        self.known[key] = LineCodes(
            content["account_number"],
            content["tax_code"],
            content["dimensions"],
            tuple((field[len(place) :], why) for field, why in findings.decided_by.items()),
        )


def _line_rules(making: Making) -> LineRules:
    """The rules of a document's lines: those of its part, else of the file."""
    rules_file, rule = making.rules_file, making.part.rule
    apart = rule.accounts if rule is not None else None
    path: Path = ("accounts",) if apart is None else (*making.part.path, "accounts")
    key = (path, making.is_journal)
    rules: LineRules | None = rules_file.memory.get(key)
    if rules is None:
        accounts = rules_file.rules.accounts if apart is None else apart
        rules = LineRules(rules_file, accounts, path, taxed=not making.is_journal)
        rules_file.memory[key] = rules
    return rules


def lines(making: Making, sign: int) -> list[dict[str, Any]]:
    """The lines of all expenses that get one; `sign` turns amounts round on credit memos."""
    rules = _line_rules(making)
    of_report = rules.of_report(making)
    decided_by = making.findings.decided_by
    found = []
    for index, expense in enumerate(making.posted):
        place = f"lines[{index}]"
        key = (of_report, rules.of_expense(expense))
        codes = rules.known.get(key)
        if codes is None:
            content = _line_anew(making, expense, index, sign, rules=rules, key=key)
        else:
            for field, why in codes.decided:
                decided_by[place + field] = why
            content = {
                "line_number": index + 1,
                "account_type": "G/L Account",
                "account_number": codes.account_number,
                "description": _line_description(making, expense, place),
                "amount": amount_text(making, amount_of_line(making, expense, place), sign),
                "tax_code": codes.tax_code,
                "dimensions": codes.dimensions,
                "source_id": expense.source_id,
            }
        found.append(content)
    return found


def _line_anew(
    making: Making, expense: Expense, index: int, sign: int, *, rules: LineRules, key: object
) -> dict[str, Any]:
    """The line of an expense like none before it."""
    place = f"lines[{index}]"
    findings = Findings()
    apart = replace(making, findings=findings)
    decision = making.decider.decide(rules.accounts, rules.path, making.report, expense)
    content = {
        "line_number": index + 1,
        "account_type": "G/L Account",
        "account_number": accept(
            decision, findings, "account", "G/L account", f"{place}.account_number"
        ),
        "description": _line_description(apart, expense, place),
        "amount": amount_text(making, amount_of_line(apart, expense, place), sign),
        "tax_code": tax_code(apart, expense, f"{place}.tax_code"),
        "dimensions": dimensions(apart, expense, f"{place}.dimensions"),
        "source_id": expense.source_id,
    }
    rules.keep(key, content, findings, place)
    making.findings.add(findings)
    return content


def rounding_lines(making: Making, sign: int) -> list[dict[str, Any]]:
    """The line that makes up for what the expenses do not add up to; none where that is nothing in its currency."""
    rounding, minor = making.part.rounding, making.money.rounding
    if rounding is None:
        return []
    rule, index = rounding.rule, len(making.posted)
    amount = amount_text(making, minor, 1)
    if not minor:
        unit = f"the smallest unit of {making.money.currency}"
        message = f"The expenses differ from the report's total by less than {unit}; there is no line for it."
        making.findings.notes.append(Note("rounding_line", message, "lines", amount))
        return []
    place = making.rules_file.place((*rounding.path, "account"))
    message = f"The expenses differ from the report's total by {amount}; a line of its own makes up for it."
    making.findings.notes.append(Note("rounding_line", message, f"lines[{index}].amount", amount))
    making.findings.decided_by[f"lines[{index}].account_number"] = f"{place}: rounding difference"
    content = {
        "line_number": index + 1,
        "account_type": "G/L Account",
        "account_number": rule.account.upper(),
        "description": "Rounding difference",
        "amount": amount_text(making, minor, sign),
        "tax_code": None,
        "dimensions": [
            {"code": code.upper(), "value": value.upper()}
            for code, value in rule.dimensions.items()
        ],
        "source_id": "rounding",
    }
    return [content]


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


def header_description(making: Making) -> str | None:
    """The document's description by its template."""
    template = making.rules_file.rules.descriptions.header
    return _fitting(making, render(template, making.texts), "description")


def _line_description(making: Making, expense: Expense, place: str) -> str | None:
    template = making.rules_file.rules.descriptions.line
    text = render(template, line_values(template, making.texts, expense))
    if 2 * len(text) <= LONGEST_DESCRIPTION:  # no character is longer than two
        return text or None
    return _fitting(making, text, f"{place}.description")


def _fitting(making: Making, text: str, place: str) -> str | None:
    """A text cut visibly if NAV has no room for it."""
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
    """Minor units of the document's currency as decimal text."""
    return None if minor is None else decimal_text(sign * minor, making.money.decimals)
