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
from map_expensify_nav.sources import table_key

if TYPE_CHECKING:
    from map_expensify_nav.conditions import LeftOut
    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules import DocumentRule, FundSourceRule
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path

LONGEST_KEY = 20
"""A journal's document number is Code[20] in NAV; invoices keep to the same, so that a key says nothing of the kind."""

PART_NAMES = {"out_of_pocket": "reimbursable", "company_card": "company_card", "combined": "all"}
_KEY_LETTERS = {"out_of_pocket": "R", "company_card": "C", "combined": "A"}


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
        rounding: Minor units by which the report's total is more than its expenses; posted with this part.
    """

    fund_source: str
    expenses: tuple[Expense, ...]
    rule: DocumentRule | None
    path: Path
    left_out: tuple[tuple[Expense, LeftOut], ...] = ()
    single: Expense | None = None
    refunds: bool = False
    rounding: int = 0


def split(report: Report, rules_file: RulesFile) -> list[Part]:
    """The parts of a report: one for each fund source that has expenses, or one for all; each as the rules group it.

    A report without expenses is one part.
    """
    documents = rules_file.rules.documents
    if documents.combined is not None or not report.expenses:
        return _grouped("combined", report.expenses, report, rules_file)
    out_of_pocket: list[Expense] = []
    company_card: list[Expense] = []
    for expense in report.expenses:
        paid_by_card = expense.reimbursable is False
        if expense.reimbursable is None:
            paid_by_card = documents.unknown_fund_source == "company_card"
        (company_card if paid_by_card else out_of_pocket).append(expense)
    return [
        part
        for fund_source, expenses in (
            ("out_of_pocket", out_of_pocket),
            ("company_card", company_card),
        )
        if expenses
        for part in _grouped(fund_source, tuple(expenses), report, rules_file)
    ]


def with_rounding(
    parts: list[Part], report: Report, rules_file: RulesFile
) -> tuple[list[Part], int]:
    """The parts, one of them with the rounding difference, and that difference in minor units.

    Only a difference within the limit that the rules name is given to a part: the first that is posted and holds all
    expenses of its fund source. Zero when there is none, or none that may be posted.
    """
    rule = rules_file.rules.rounding
    if rule is None or report.total is None:
        return parts, 0
    amounts = [line_amount(report, expense) for expense in report.expenses]
    known = [amount for amount in amounts if amount is not None]
    if len(known) < len(amounts):
        return parts, 0
    difference = report.total - sum(known)
    decimals = decimals_of(report.currency, rules_file.rules.amounts.minor_units)
    if difference == 0 or abs(difference) > rule.up_to.scaleb(decimals):
        return parts, 0
    for index, part in enumerate(parts):
        posted = part.rule is not None and part.rule.document != "skip" and part.single is None
        if posted and any(expense.amount for expense in part.expenses):
            return [
                *parts[:index],
                replace(part, rounding=difference),
                *parts[index + 1 :],
            ], difference
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


def line_amount(report: Report, expense: Expense) -> int | None:
    """An expense's amount in minor units of the report's currency; None when that is not known."""
    if expense.amount and report.currency is not None and expense.currency != report.currency:
        return None
    return expense.amount


def document_key(report: Report, part: Part) -> tuple[str, Note | None]:
    """The key of a document, and a note when it is not made from a number of Expensify's.

    Report ids differ by upper and lower case, which NAV does not keep apart; numbers do not. A document of a single
    expense is named after that expense alone: it stays the same when others are added, and when it moves to another
    report.
    """
    if part.single is not None:
        return _expense_key(report, part.single)
    letter = _KEY_LETTERS[part.fund_source] + ("N" if part.refunds else "")
    number = report.report_number
    has_number = number is not None and re.fullmatch(r"[0-9]+", number)
    key = f"E{number}-{letter}"
    if has_number and len(key) <= LONGEST_KEY:
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


def _grouped(
    fund_source: str, expenses: tuple[Expense, ...], report: Report, rules_file: RulesFile
) -> list[Part]:
    """The documents of one fund source: one for all, one for each expense, or one more for refunds."""
    part = _part(fund_source, expenses, report, rules_file)
    left_out = expenses_left_out(report, rules_file)
    if part.rule is not None and part.rule.group_by == "expense" and expenses:
        return [
            _without(replace(part, expenses=(expense,), single=expense), left_out)
            for expense in expenses
        ]
    apart = rules_file.rules.amounts.refunds == "credit_memo"
    if apart and part.rule is not None and part.rule.document == "purchase_invoice":
        spent = tuple(expense for expense in expenses if (expense.amount or 0) >= 0)
        refunds = tuple(expense for expense in expenses if (expense.amount or 0) < 0)
        parts = [replace(part, expenses=spent), replace(part, expenses=refunds, refunds=True)]
        return [_without(piece, left_out) for piece in parts if piece.expenses] or [part]
    return [_without(part, left_out)]


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
