"""Into which documents a report falls, and the keys of these documents. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from map_expensify_nav.conditions import expenses_left_out
from map_expensify_nav.findings import Note
from map_expensify_nav.money import decimals_of
from map_expensify_nav.rule_model import holding_on
from map_expensify_nav.sources import table_key

if TYPE_CHECKING:
    from datetime import date

    from map_expensify_nav.conditions import LeftOut
    from map_expensify_nav.document_rules import DocumentRule, FundSourceRules
    from map_expensify_nav.money_rules import RoundingRule
    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path

LONGEST_KEY = 20
"""A journal's document number is Code[20] in NAV; invoices keep to the same, so that a key says nothing of the kind."""

PART_NAMES = {"out_of_pocket": "reimbursable", "company_card": "company_card", "combined": "all"}
_KEY_LETTERS = {"out_of_pocket": "R", "company_card": "C", "combined": "A"}


@dataclass(frozen=True)
class Rounding:
    """A difference that the rules post to an account of its own.

    Attributes:
        minor: Minor units of the report's currency by which its total is more than its expenses.
        rule: What is done with it.
        path: Where that stands in the rules file.
    """

    minor: int
    rule: RoundingRule
    path: Path


@dataclass(frozen=True)
class Part:
    """The expenses of a report that go into one document.

    Attributes:
        fund_source: `out_of_pocket`, `company_card` or `combined`.
        expenses: In the report's order, without those left out.
        rule: What becomes of them; None when no rule says so.
        path: Where the rule stands in the rules file.
        left_out: Expenses of the part that a rule leaves out, and that rule.
        single: The expense when each has a document of its own; it may be one that is left out.
        refunds: Whether these are the refunds of a part, in a document of their own.
        currency: In which they were paid, where that is the document's currency.
        rounding: The difference between the report's total and its expenses, where it is posted with this part.
    """

    fund_source: str
    expenses: tuple[Expense, ...]
    rule: DocumentRule | None
    path: Path
    currency: str | None = None
    left_out: tuple[tuple[Expense, LeftOut], ...] = ()
    single: Expense | None = None
    refunds: bool = False
    rounding: Rounding | None = None


def split(
    report: Report, rules_file: RulesFile, day: date | None, *, leave_out: bool = True
) -> list[Part]:
    """The parts of a report: one for each fund source that has expenses, or one for all; each as the rules group it.

    A report without expenses is one part.

    Args:
        report: The report.
        rules_file: The rules.
        day: The day that decides which of the rules hold.
        leave_out: Whether expenses are left out where a rule says so.
    """
    documents = rules_file.rules.documents
    left_out = expenses_left_out(report, rules_file, day) if leave_out else {}
    if documents.combined is not None or not report.expenses:
        part = _part("combined", report.expenses, report, rules_file, day)
        return _grouped(part, rules_file, left_out)
    out_of_pocket: list[Expense] = []
    company_card: list[Expense] = []
    for expense in report.expenses:
        paid_by_card = expense.reimbursable is False
        if expense.reimbursable is None:
            paid_by_card = documents.unknown_fund_source == "company_card"
        (company_card if paid_by_card else out_of_pocket).append(expense)
    return [
        piece
        for fund_source, expenses in (
            ("out_of_pocket", out_of_pocket),
            ("company_card", company_card),
        )
        if expenses
        for piece in _grouped(
            _part(fund_source, tuple(expenses), report, rules_file, day), rules_file, left_out
        )
    ]


def with_rounding(
    parts: list[Part], report: Report, rules_file: RulesFile, day: date | None
) -> tuple[list[Part], int]:
    """The parts, one of them with the rounding difference, and that difference in minor units.

    Only a difference within the limit that the rules name is given to a part: the first that is posted and holds all
    expenses of its fund source (and currency, which has to be the report's). Zero when there is none, or none that
    may be posted.
    """
    rule, inner = holding_on(rules_file.rules.rounding, day)
    if rule is None or report.total is None:
        return parts, 0
    amounts = [report.amount_of(expense) for expense in report.expenses]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return parts, 0
    difference = report.total - sum(known)
    decimals = decimals_of(report.currency, rules_file.rules.amounts.minor_units)
    if difference == 0 or abs(difference) > rule.up_to.scaleb(decimals):
        return parts, 0
    as_paid = rules_file.rules.currency.of_documents == "expense"
    for index, part in enumerate(parts):
        posted = part.rule is not None and part.rule.document != "skip" and part.single is None
        in_currency = not as_paid or part.currency == report.currency
        if posted and in_currency and any(expense.amount for expense in part.expenses):
            rounding = Rounding(difference, rule, ("rounding", *inner))
            with_line = replace(part, rounding=rounding)
            return [*parts[:index], with_line, *parts[index + 1 :]], difference
    return parts, 0


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


def document_key(report: Report, part: Part) -> tuple[str, Note | None]:
    """The key of a document, and a note when it is not made from a number of Expensify's.

    Report ids differ by upper and lower case, which NAV does not keep apart; numbers do not. A document of a single
    expense is named after that expense alone: it stays the same when others are added, and when it moves to another
    report.
    """
    if part.single is not None:
        return _expense_key(report, part.single)
    letter = _KEY_LETTERS[part.fund_source] + ("N" if part.refunds else "") + (part.currency or "")
    number = report.report_number
    has_number = number is not None and re.fullmatch(r"[0-9]+", number)
    key = f"E{number}-{letter}"
    if has_number and len(key) <= LONGEST_KEY and re.fullmatch(r"[A-Z0-9-]+", key):
        return key, None
    key = _hashed(f"{report.report_id}\n{letter}")
    if not has_number:
        return key, None  # explained by the problem report_number_missing
    message = "The report's number is too long for NAV; the document key is made from a hash."
    return key, Note("key_from_hash", message, "document_key", number)


def _expense_key(report: Report, expense: Expense) -> tuple[str, Note | None]:
    """`T` and the transaction id; a hash where that is no number, or does not tell the report's expenses apart."""
    identifier = expense.transaction_id
    same = [other.position for other in report.expenses if other.transaction_id == identifier]
    if identifier is None or same[0] != expense.position:
        # explained by the problems expense_id_missing and expense_twice
        return _hashed(f"{report.report_id}\n{identifier}\n{expense.position}"), None
    key = f"T{identifier}"
    if re.fullmatch(r"[0-9]+", identifier) and len(key) <= LONGEST_KEY:
        return key, None
    message = (
        "The expense's id is no number that NAV has room for; the document key is made from a hash."
    )
    return _hashed(f"expense\n{identifier}"), Note(
        "key_from_hash", message, "document_key", identifier
    )


def _hashed(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return "X" + base64.b32encode(digest).decode()[:18]


def _grouped(part: Part, rules_file: RulesFile, left_out: dict[int, LeftOut]) -> list[Part]:
    """The documents of one fund source: one for all, one for each expense, currency, or one more for refunds."""
    if part.rule is not None and part.rule.group_by == "expense" and part.expenses:
        pieces = [replace(part, expenses=(item,), single=item) for item in part.expenses]
    else:
        pieces = [part]
    if rules_file.rules.currency.of_documents == "expense":
        pieces = [
            replace(piece, expenses=expenses, currency=currency)
            for piece in pieces
            for currency, expenses in _by_currency(piece.expenses).items()
        ] or pieces
    apart = rules_file.rules.amounts.refunds == "credit_memo"
    if apart and part.rule is not None and part.rule.document == "purchase_invoice":
        pieces = [
            each
            for piece in pieces
            for each in ([piece] if piece.single else _refunds_apart(piece))
        ]
    return [_without(piece, left_out) for piece in pieces]


def _by_currency(expenses: tuple[Expense, ...]) -> dict[str | None, tuple[Expense, ...]]:
    """Expenses by the currency they were paid in, in the order in which these come first."""
    apart: dict[str | None, tuple[Expense, ...]] = {}
    for expense in expenses:
        currency = expense.original_currency
        apart[currency] = (*apart.get(currency, ()), expense)
    return apart


def _refunds_apart(part: Part) -> list[Part]:
    spent = tuple(expense for expense in part.expenses if (expense.amount or 0) >= 0)
    refunds = tuple(expense for expense in part.expenses if (expense.amount or 0) < 0)
    parts = [replace(part, expenses=spent), replace(part, expenses=refunds, refunds=True)]
    return [piece for piece in parts if piece.expenses] or [part]


def _without(part: Part, left_out: dict[int, LeftOut]) -> Part:
    """The part without the expenses that rules leave out."""
    if not left_out:
        return part
    return replace(
        part,
        expenses=tuple(item for item in part.expenses if item.position not in left_out),
        left_out=tuple(
            (item, left_out[item.position]) for item in part.expenses if item.position in left_out
        ),
    )


def _part(
    fund_source: str,
    expenses: tuple[Expense, ...],
    report: Report,
    rules_file: RulesFile,
    day: date | None,
) -> Part:
    """The expenses of one fund source, with the rule that holds for them on the day."""
    path: Path = ("documents", fund_source)
    written: FundSourceRules | None = getattr(rules_file.rules.documents, fund_source)
    if written is None:  # no expenses, and separate rules: neither of them is meant
        return Part(fund_source, expenses, None, ("documents",))
    general, inner = holding_on(written, day)
    if general is None:
        return Part(fund_source, expenses, None, path)
    path = (*path, *inner)
    names = {table_key(name) for name in (report.policy_name, report.policy_id) if name}
    for policy, rules in (general.by_policy or {}).items():
        if table_key(policy) in names:
            rule, inner = holding_on(rules, day)
            if rule is not None:
                return Part(fund_source, expenses, rule, (*path, "by_policy", policy, *inner))
    return Part(fund_source, expenses, general if general.document else None, path)
