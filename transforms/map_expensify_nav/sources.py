"""Where a rule may take a value from: the words of `from:` in a rules file, each with what it reads. Pure.

A *table* source (`by_…`) looks what the report says up in a table of the rules file; a *direct* source takes a code
that Expensify already holds. Adding a source is adding one entry to `SOURCES` (and, for a table, a key to
`rules.Lookup`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from map_expensify_nav.report import Expense, Report, Tag


_RATE = re.compile(r"([0-9]+)(?:[.,]([0-9]+))? ?%")


@dataclass(slots=True)  # not frozen, which would cost as much again for every decision
class Facts:
    """What one decision may look at: a report, one of its expenses (or none), and the lookup's own parameters."""

    report: Report
    expense: Expense | None
    tag_level: int | None = None
    report_field: str | None = None

    @property
    def tag(self) -> Tag | None:
        """The expense's tag on the lookup's level."""
        if self.expense is None or self.tag_level is None:
            return None
        return self.expense.tag_on(self.tag_level)

    @property
    def field_value(self) -> str | None:
        """The value of the lookup's report field."""
        if self.report_field is None:
            return None
        return self.report.custom_fields.get(field_name(self.report_field))


@dataclass(frozen=True)
class Source:
    """One word of `from:`.

    Attributes:
        words: How a person calls what it reads.
        subject: What the report says, e.g. the name of the category; None when it says nothing.
        if_silent: What to do when the report says nothing, as a phrase.
        code: The code Expensify holds for it; None when the subject is looked up in a table of the rules file.
        if_codeless: What to do when the report says something for which Expensify holds no code, as a phrase.
        also: A second text under which the table may list the subject.
        reads: The fields of an expense it reads; none when it is the same for all expenses of a report.
        personal: Whether the subject identifies a person and so stays out of messages.
    """

    words: str
    subject: Callable[[Facts], str | None]
    if_silent: str
    code: Callable[[Facts], str | None] | None = None
    if_codeless: str | None = None
    also: Callable[[Facts], str | None] | None = None
    reads: tuple[str, ...] = ()
    personal: bool = False


def field_name(name: str) -> str:
    """A report field's name as Expensify's exports spell it: whatever is no letter or digit is "_"."""
    return re.sub(r"[^0-9A-Za-z]", "_", name.strip())


def table_key(text: str) -> str:
    """What two texts have in common when a person would call them the same: Unicode form and outer blanks.

    Upper and lower case stay apart, except in e-mail addresses; "20.0 %" is the same rate as "20%".
    """
    text = unicodedata.normalize("NFC", text.strip())
    if "@" in text:
        return text.casefold()
    rate = _RATE.fullmatch(text) if text.endswith("%") else None
    if rate is None:
        return text
    fraction = (rate[2] or "").rstrip("0")
    return f"{rate[1]}.{fraction}%" if fraction else f"{rate[1]}%"


def _tag_name(facts: Facts) -> str | None:
    tag = facts.tag
    return tag.name if tag is not None else None


def _category(facts: Facts) -> str | None:
    return facts.expense.category if facts.expense else None


def _tag_code(facts: Facts) -> str | None:
    tag = facts.tag
    return tag.gl_code if tag is not None else None


def _category_code(facts: Facts) -> str | None:
    return facts.expense.category_gl_code if facts.expense else None


def _field_1(facts: Facts) -> str | None:
    return facts.report.employee_custom_field_1


def _field_2(facts: Facts) -> str | None:
    return facts.report.employee_custom_field_2


def _field(facts: Facts) -> str | None:
    return facts.field_value


def _policy(facts: Facts) -> str | None:
    return facts.report.policy_name or facts.report.policy_id


def _merchant(facts: Facts) -> str | None:
    return facts.expense.merchant if facts.expense else None


def _tax_name(facts: Facts) -> str | None:
    return facts.expense.tax_name if facts.expense else None


def _tax_rate(facts: Facts) -> str | None:
    return facts.expense.tax_rate if facts.expense else None


_CATEGORISE = "give the expense a category in Expensify"
_TAG = "give the expense a tag in Expensify"
_SET_TAX = "set the expense's tax in Expensify"
_FILL_FIELD = "fill the report field in Expensify"
_FILL_1 = "fill the submitter's employee custom field 1 in Expensify"
_FILL_2 = "fill the submitter's employee custom field 2 in Expensify"

SOURCES: dict[str, Source] = {
    "by_category": Source("category", _category, _CATEGORISE, reads=("category",)),
    "category_gl_code": Source(
        "category",
        _category,
        _CATEGORISE,
        code=_category_code,
        if_codeless="give the category a GL code in Expensify",
        reads=("category", "category_gl_code"),
    ),
    "category_payroll_code": Source(
        "category",
        _category,
        _CATEGORISE,
        code=lambda facts: facts.expense.category_payroll_code if facts.expense else None,
        if_codeless="give the category a payroll code in Expensify",
        reads=("category", "category_payroll_code"),
    ),
    "category_name": Source(
        "category", _category, _CATEGORISE, code=_category, reads=("category",)
    ),
    "by_tag": Source("tag", _tag_name, _TAG, reads=("tags",)),
    "tag_gl_code": Source(
        "tag",
        _tag_name,
        _TAG,
        code=_tag_code,
        if_codeless="give the tag a GL code in Expensify",
        reads=("tags",),
    ),
    "tag_name": Source("tag", _tag_name, _TAG, code=_tag_name, reads=("tags",)),
    "by_merchant": Source(
        "merchant", _merchant, "fill in the merchant in Expensify", reads=("merchant",)
    ),
    "by_report_field": Source("report field", _field, _FILL_FIELD),
    "report_field": Source("report field", _field, _FILL_FIELD, code=_field),
    "by_submitter": Source(
        "the submitter",
        lambda facts: facts.report.submitter_email,
        "check why the report has no submitter",
        personal=True,
    ),
    "by_account_id": Source(
        "the submitter's account id",
        lambda facts: facts.report.account_id,
        "check why the report has no account id",
        personal=True,
    ),
    "account_id": Source(
        "the submitter's account id",
        lambda facts: facts.report.account_id,
        "check why the report has no account id",
        code=lambda facts: facts.report.account_id,
        personal=True,
    ),
    "by_policy": Source(
        "policy",
        _policy,
        "check why the report has no policy",
        also=lambda facts: facts.report.policy_id,
    ),
    "by_currency": Source(
        "currency", lambda facts: facts.report.currency, "check the policy's currency in Expensify"
    ),
    "by_employee_custom_field_1": Source("employee custom field 1", _field_1, _FILL_1),
    "by_employee_custom_field_2": Source("employee custom field 2", _field_2, _FILL_2),
    "employee_custom_field_1": Source("employee custom field 1", _field_1, _FILL_1, code=_field_1),
    "employee_custom_field_2": Source("employee custom field 2", _field_2, _FILL_2, code=_field_2),
    "by_tax_name": Source("tax", _tax_name, _SET_TAX, reads=("tax_name",)),
    "by_tax_rate": Source("tax rate", _tax_rate, _SET_TAX, reads=("tax_rate",)),
    "tax_code": Source(
        "tax",
        _tax_name,
        _SET_TAX,
        code=lambda facts: facts.expense.tax_code if facts.expense else None,
        if_codeless="give the tax rate a code in Expensify",
        reads=("tax_name", "tax_code"),
    ),
}
TABLES = tuple(name for name, source in SOURCES.items() if source.code is None)
