"""Skip rules: which reports and expenses are left out, and why. Pure: no I/O.

Every rule has a reason and at least one condition; all conditions of a rule must hold. What is left out is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from map_expensify_nav.rule_model import (
    Effective,
    Misfit,
    RuleModel,
    Text,
    one_or_many,
    raise_misfits,
)
from map_expensify_nav.sources import field_name
from map_expensify_nav.tables import matches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path

Names = Annotated[
    list[Text],
    Field(min_length=1),
    BeforeValidator(one_or_many),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ]
        }
    ),
]
"""One or several names or patterns."""


class ReportConditions(Effective):
    """Which reports something is about: all of its conditions hold."""

    policy: Names | None = Field(default=None, description="Name or id of the policy.")
    report_name: Names | None = Field(default=None, description="Name of the report.")
    submitter: Names | None = Field(default=None, description="E-mail address of the submitter.")
    currency: Names | None = Field(default=None, description="Currency of the report.")
    report_field: dict[str, Names] | None = Field(
        default=None, description="Name of a report field → its value."
    )

    @model_validator(mode="after")
    def _says_when(self) -> ReportConditions:
        if not self.model_fields_set - {"reason"}:
            fields = type(self).model_fields.items()
            conditions = [field.alias or name for name, field in fields if name != "reason"]
            raise_misfits([Misfit((), "has no condition.", f"Add one of {', '.join(conditions)}.")])
        return self

    def holds(self, report: Report, day: date | None) -> bool:
        """Whether the report meets every condition; `day` is the one that decides which entries hold."""
        if not self.holds_on(day):
            return False
        texts = (
            (self.policy, (report.policy_name, report.policy_id)),
            (self.report_name, (report.report_name,)),
            (self.submitter, (report.submitter_email,)),
            (self.currency, (report.currency,)),
        )
        return _all_match(texts) and all(
            matches(report.custom_fields.get(field_name(name)), wanted)
            for name, wanted in (self.report_field or {}).items()
        )


class ReportCondition(ReportConditions):
    """Which reports a rule is about, and why."""

    reason: Text = Field(description="Why, for the audit ledger.")


class ExpenseCondition(ReportCondition):
    """Which expenses a rule is about: all of its conditions hold."""

    category: Names | None = Field(default=None, description="Category of the expense.")
    tag: Names | None = Field(default=None, description="Name of its tag, on any level.")
    merchant: Names | None = Field(default=None, description="Its merchant.")
    fund_source: Literal["out_of_pocket", "company_card"] | None = Field(
        default=None, description="Who paid it."
    )

    def holds_for(self, report: Report, expense: Expense, day: date | None) -> bool:
        """Whether the expense and its report meet every condition."""
        texts = (
            (self.category, (expense.category,)),
            (self.tag, tuple(tag.name for tag in expense.tags)),
            (self.merchant, (expense.merchant,)),
        )
        paid = {"out_of_pocket": True, "company_card": False}
        return (
            (self.fund_source is None or expense.reimbursable is paid[self.fund_source])
            and _all_match(texts)
            and self.holds(report, day)
        )


class SkipRules(RuleModel):
    """What is not posted; the first rule that holds gives the reason."""

    reports: list[ReportCondition] = Field(
        default_factory=list, description="Whole reports; nothing of them is posted."
    )
    expenses: list[ExpenseCondition] = Field(
        default_factory=list,
        description="Single expenses; the rest of the report is posted, and its total is less by them.",
    )


@dataclass(frozen=True)
class LeftOut:
    """Why something is left out, and the place of the rule that says so."""

    reason: str
    place: str


def report_left_out(report: Report, rules_file: RulesFile, day: date | None) -> LeftOut | None:
    """The rule that leaves out the whole report, if any; `day` decides which rules hold."""
    for index, rule in enumerate(rules_file.rules.skip.reports):
        if rule.holds(report, day):
            return _left_out(rule, ("skip", "reports", index), rules_file)
    return None


def expenses_left_out(
    report: Report, rules_file: RulesFile, day: date | None
) -> dict[int, LeftOut]:
    """Position of each expense that a rule leaves out → that rule."""
    return dict(_expenses_left_out(report, rules_file, day))


def _expenses_left_out(
    report: Report, rules_file: RulesFile, day: date | None
) -> Iterator[tuple[int, LeftOut]]:
    rules = rules_file.rules.skip.expenses
    by_expense = rules_file.rules.dates.entries_by == "expense_date"
    for expense in report.expenses if rules else ():
        for index, rule in enumerate(rules):
            if rule.holds_for(report, expense, expense.date if by_expense else day):
                yield expense.position, _left_out(rule, ("skip", "expenses", index), rules_file)
                break


def _left_out(rule: ReportCondition, path: Path, rules_file: RulesFile) -> LeftOut:
    return LeftOut(rule.reason, rules_file.place(path))


def _all_match(texts: tuple[tuple[list[str] | None, tuple[str | None, ...]], ...]) -> bool:
    return all(
        wanted is None or any(matches(text, wanted) for text in said) for wanted, said in texts
    )
