"""What the expenses of a document count in its currency: the report's, the company's, or that they were paid in. Pure.

The report's own total is always checked in the report's currency (see `checks.py`); this is about what is posted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from map_expensify_nav.findings import Note, Problem
from map_expensify_nav.money import (
    converted,
    decimal_text,
    decimals_of,
    is_finer_than_currency,
    iso_decimals,
)
from map_expensify_nav.money_rules import rate_on
from map_expensify_nav.rules_file import key_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date
    from decimal import Decimal

    from map_expensify_nav.parts import Part
    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules_file import RulesFile


@dataclass(frozen=True)
class Valuation:
    """What a document counts.

    Attributes:
        currency: The document's currency; None when it is not known.
        decimals: How many decimals its amounts have.
        amounts: Position of an expense → minor units; None when that is not known.
        rounding: Minor units of the line that makes up for a rounding difference.
        exact_tax: Whether tax amounts of the currency are counted as the amounts are.
        problems: What is in the way.
        notes: What was converted, and how.
    """

    currency: str | None
    decimals: int
    amounts: Mapping[int, int | None]
    rounding: int = 0
    exact_tax: bool = True
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def total(self) -> int | None:
        """The sum of all amounts, the rounding difference included; None when one of them is not known."""
        known = [amount for amount in self.amounts.values() if amount is not None]
        return sum(known) + self.rounding if len(known) == len(self.amounts) else None


def valuation(
    report: Report, part: Part, rules_file: RulesFile, own: str | None, day: date | None
) -> Valuation:
    """What a document counts, by the rule `currency.of_documents`.

    Args:
        report: The report.
        part: The expenses of the document.
        rules_file: The rules.
        own: The currency the company keeps its books in; only needed where documents are in it.
        day: The day that decides which rate holds; None when it is not known.
    """
    of_documents = rules_file.rules.currency.of_documents
    if of_documents == "expense":
        return _as_paid(report, part, rules_file)
    if of_documents == "company" and own != report.currency:
        return _Conversion(report, rules_file, own, day).of(part)
    return Valuation(
        currency=report.currency,
        decimals=decimals_of(report.currency, rules_file.rules.amounts.minor_units),
        amounts={expense.position: report.amount_of(expense) for expense in part.expenses},
        rounding=part.rounding.minor if part.rounding else 0,
    )


def _as_paid(report: Report, part: Part, rules_file: RulesFile) -> Valuation:
    """In the currency in which all expenses of the document were paid."""
    currency = part.currency
    decimals = decimals_of(currency, rules_file.rules.amounts.minor_units)
    amounts = {
        expense.position: report.amount_of(expense)
        if currency == report.currency
        else expense.original_amount
        for expense in part.expenses
    }
    problems: list[Problem] = []
    notes: list[Note] = []
    if currency is None and part.expenses:
        problems += [_currency_missing(expense) for expense in part.expenses]
    elif currency is not None and currency != report.currency:
        for expense in part.expenses:
            problems += _faults(expense, amounts[expense.position], decimals, currency)
        in_report = [report.amount_of(expense) for expense in part.expenses]
        if report.currency is not None and None not in in_report:
            said = decimal_text(
                sum(amount or 0 for amount in in_report),
                decimals_of(report.currency, rules_file.rules.amounts.minor_units),
            )
            message = f"The amounts are as paid, in {currency}; in the report they are {said} {report.currency}."
            notes.append(Note("amounts_as_paid", message, "currency_code", said))
    return Valuation(
        currency=currency,
        decimals=decimals,
        amounts=amounts,
        rounding=part.rounding.minor if part.rounding else 0,
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _faults(
    expense: Expense, amount: int | None, decimals: int, currency: str
) -> Iterator[Problem]:
    """What is wrong with the amount that was paid."""
    field = f"source.expenses[{expense.position - 1}].amount"
    if amount is None:
        yield Problem(
            "amount_missing",
            f"Expense {expense.source_id} was paid in {currency}, and its amount in it is not known.",
            field,
            expense.source_id,
            "Check the expense in Expensify and the tap's version.",
        )
    elif is_finer_than_currency(amount, decimals, currency):
        yield Problem(
            "amount_finer_than_currency",
            f"Expense {expense.source_id} is {decimal_text(amount, decimals)} {currency}, which has more decimals "
            "than the currency.",
            field,
            decimal_text(amount, decimals),
            "Check amounts.minor_units in the rules file, and the amount in Expensify.",
        )


def _currency_missing(expense: Expense) -> Problem:
    return Problem(
        "expense_currency_missing",
        f"Expensify does not say in which currency expense {expense.source_id} was paid.",
        "currency_code",
        expense.source_id,
        "Check the expense in Expensify, or set currency.of_documents to report.",
    )


class _Conversion:
    """Amounts of one report in the company's own currency.

    What was paid in that currency counts as it was paid. The rest is converted by a rate of the rules, line by line
    so that the lines add up to the converted sum exactly: each line is what the sum grows by.
    """

    def __init__(
        self, report: Report, rules_file: RulesFile, own: str | None, day: date | None
    ) -> None:
        self._report = report
        self._rules_file = rules_file
        self._own = own
        self._day = day
        self._units = rules_file.rules.amounts.minor_units
        self._decimals = decimals_of(report.currency, self._units)
        self._into = iso_decimals(own) if own else 2
        self._problems: list[Problem] = []
        self._sums: dict[tuple[Decimal, str], int] = defaultdict(int)

    def of(self, part: Part) -> Valuation:
        """The amounts of one document."""
        amounts = {expense.position: self._amount(expense) for expense in part.expenses}
        rounding = 0
        if part.rounding is not None:
            rounding = self._converted(part.rounding.minor, self._day) or 0
        return Valuation(
            currency=self._own,
            decimals=self._into,
            amounts=amounts,
            rounding=rounding,
            exact_tax=decimals_of(self._own, self._units) == self._into,
            problems=tuple(self._problems),
            notes=tuple(self._notes()),
        )

    def _amount(self, expense: Expense) -> int | None:
        if expense.amount == 0:
            return 0
        if self._own is None:
            return None  # already a problem
        if expense.original_currency == self._own and expense.original_amount is not None:
            decimals = decimals_of(self._own, self._units)
            faults = list(_faults(expense, expense.original_amount, decimals, self._own))
            self._problems += faults
            if faults:
                return None
            scaled: int = expense.original_amount * 10**self._into // 10**decimals
            return scaled
        amount = self._report.amount_of(expense)
        if amount is None:
            return None  # already a problem of the whole report
        by_expense = self._rules_file.rules.dates.entries_by == "expense_date"
        return self._converted(amount, expense.date if by_expense else self._day)

    def _converted(self, minor: int, day: date | None) -> int | None:
        currency, own = self._report.currency, self._own
        if currency is None or own is None:
            return None  # already a problem
        rate, inner = rate_on(self._rules_file.rules.currency, own, currency, day)
        if rate is None:
            self._problems.append(self._rate_missing(currency, own, day))
            return None
        place = self._rules_file.place(("currency", "rates", own, currency, *inner))
        before = self._sums[rate, place]
        after = self._sums[rate, place] = before + minor
        return converted(after, rate, self._decimals, self._into) - converted(
            before, rate, self._decimals, self._into
        )

    def _rate_missing(self, currency: str, own: str, day: date | None) -> Problem:
        path, file = key_path(("currency", "rates", own)), self._rules_file.name
        said = day.isoformat() if day else "a day that is not known"
        return Problem(
            "rate_missing",
            f"There is no rate from {currency} to the company's own currency {own} for {said}.",
            "currency_code",
            currency,
            f"Add {currency} with a rate under {path} in {file}.",
        )

    def _notes(self) -> Iterator[Note]:
        currency, own = self._report.currency, self._own
        for (rate, place), minor in self._sums.items():
            before = decimal_text(minor, self._decimals)
            after = decimal_text(converted(minor, rate, self._decimals, self._into), self._into)
            yield Note(
                "amounts_converted",
                f"{before} {currency} were converted to {after} {own} at {rate} by {place}.",
                "total",
                before,
            )
