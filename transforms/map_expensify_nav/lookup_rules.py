"""How a rules file says where one NAV code comes from: the part of its language that everything else uses. Pure.

Accounts, vendors, balancing accounts, companies and dimensions are all found by a `Lookup`; `decisions.py` evaluates
it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from map_expensify_nav.rule_model import (
    LONGEST_CODE,
    Misfit,
    RuleModel,
    Text,
    one_or_many,
    overlaps,
    raise_misfits,
)
from map_expensify_nav.sources import SOURCES, TABLES, table_key
from map_expensify_nav.tables import Entry, Table, TableIndex, codes_of, index_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from map_expensify_nav.decisions import Decision
    from map_expensify_nav.sources import Facts

LONGEST_COMPANY = 30
"""A NAV company's name is Text[30]; its id, a GUID, is longer and also allowed."""

_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
SourceName = Literal[
    "by_category",
    "category_gl_code",
    "category_payroll_code",
    "category_name",
    "by_tag",
    "tag_gl_code",
    "tag_name",
    "by_merchant",
    "by_report_field",
    "report_field",
    "by_submitter",
    "by_account_id",
    "account_id",
    "by_policy",
    "by_currency",
    "by_employee_custom_field_1",
    "by_employee_custom_field_2",
    "employee_custom_field_1",
    "employee_custom_field_2",
    "by_tax_name",
    "by_tax_rate",
    "tax_code",
]

_SOURCE_NAMES = {"enum": list(SOURCES)}
Sources = Annotated[
    list[SourceName],
    Field(min_length=1),
    BeforeValidator(one_or_many),
    WithJsonSchema(
        {"anyOf": [_SOURCE_NAMES, {"type": "array", "items": _SOURCE_NAMES, "minItems": 1}]}
    ),
]


class Lookup(RuleModel):
    """How one NAV code is found: from one or several sources in the order written, or always the same."""

    longest: ClassVar[int] = LONGEST_CODE

    sources: Sources | None = Field(
        default=None,
        alias="from",
        description="Where the code comes from; the first source that gives one wins. `by_…` looks it up in the "
        "table of that name below, the others take a code that Expensify holds.",
    )
    tag_level: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="Which level of the expense's tag; 1 unless said otherwise.",
    )
    report_field_name: Text | None = Field(
        default=None,
        alias="report_field",
        description="The name of the report field, as Expensify shows it.",
    )
    by_category: Table | None = Field(default=None, description="Category name → code.")
    by_tag: Table | None = Field(default=None, description="Tag name on `tag_level` → code.")
    by_merchant: Table | None = Field(default=None, description="Merchant → code.")
    by_report_field: Table | None = Field(
        default=None, description="Value of the report field → code."
    )
    by_submitter: Table | None = Field(
        default=None, description="E-mail address of the submitter → code."
    )
    by_account_id: Table | None = Field(
        default=None, description="Expensify's account id of the submitter → code."
    )
    by_policy: Table | None = Field(default=None, description="Policy name or id → code.")
    by_currency: Table | None = Field(default=None, description="Currency of the report → code.")
    by_employee_custom_field_1: Table | None = Field(
        default=None, description="Employee custom field 1 of the submitter → code."
    )
    by_employee_custom_field_2: Table | None = Field(
        default=None, description="Employee custom field 2 of the submitter → code."
    )
    by_tax_name: Table | None = Field(default=None, description="Name of the tax → code.")
    by_tax_rate: Table | None = Field(
        default=None, description='Rate of the tax → code, e.g. "20%"; 20 % and 20.0% are the same.'
    )
    fixed: Entry | None = Field(default=None, description="Always this code; instead of `from`.")
    default: Entry | None = Field(
        default=None,
        description="The code when no source gives one. Every use of it is noted in the audit ledger. Without a "
        "default such a report is held.",
    )

    def table(self, name: str) -> Table:
        """The table of a `by_…` source."""
        table: Table | None = getattr(self, name)
        return table or {}

    @cached_property
    def entries(self) -> dict[str, TableIndex]:
        """Table → the same, ready to be asked."""
        return {
            name: index_of(self.table(name)) for name in TABLES if getattr(self, name) is not None
        }

    @cached_property
    def reads(self) -> tuple[Callable[[Facts], str | None], ...]:
        """All that its sources read of a report and expense: with the day, what a decision depends on."""
        sources = [SOURCES[name] for name in self.sources or ()]
        reads = [(source.subject, source.code, source.also) for source in sources]
        return tuple(dict.fromkeys(read for each in reads for read in each if read is not None))

    @cached_property
    def per_expense(self) -> bool:
        """Whether it may differ between the expenses of one report."""
        return any(SOURCES[name].reads for name in self.sources or ())

    @cached_property
    def decided(
        self,
    ) -> dict[tuple[date | None, str | tuple[str | None, ...] | None], Decision]:
        """The day and what was read → what was decided; kept by `decisions.py`."""
        return {}

    def codes(self) -> list[tuple[tuple[str | int, ...], str]]:
        """Every code written in this part, with its path."""
        return [
            ((*path, *inner), code)
            for path, entry in self._written()
            for inner, code in codes_of(entry)
        ]

    def _written(self) -> list[tuple[tuple[str, ...], Entry]]:
        """Every entry written in this part, with its path."""
        found: list[tuple[tuple[str, ...], Entry]] = []
        for name, entry in (("fixed", self.fixed), ("default", self.default)):
            if entry:
                found.append(((name,), entry))
        for name in TABLES:
            found += [((name, key), entry) for key, entry in self.table(name).items()]
        return found

    @model_validator(mode="after")
    def _keys_go_together(self) -> Lookup:
        misfits = [*self._misfits_of_sources(), *self._misfits_of_tables()]
        misfits += [
            Misfit(path, f"'{value}' is longer than NAV's {self.longest} characters.")
            for path, value in self.codes()
            if len(value) > self.longest
            and not (self.longest == LONGEST_COMPANY and _GUID.fullmatch(value))
        ]
        for path, entry in self._written():
            misfits += [
                Misfit((*path, *misfit.path), misfit.message, misfit.suggestion)
                for misfit in (overlaps(entry, "code") if isinstance(entry, list) else [])
            ]
        raise_misfits(misfits)
        return self

    def _misfits_of_sources(self) -> list[Misfit]:
        sources = self.sources or []
        misfits = []
        if self.fixed is not None and (sources or self.default is not None):
            misfits.append(
                Misfit(("fixed",), "stands beside from or default; keep one or the other.")
            )
        if self.fixed is None and not sources:
            tables = [name for name in TABLES if getattr(self, name) is not None]
            example = f"from: [{', '.join(tables)}]" if tables else "from: or fixed:"
            misfits.append(Misfit((), "does not say where the code comes from.", f"Add {example}."))
        if len(set(sources)) < len(sources):
            misfits.append(Misfit(("from",), "names a source twice."))
        reads_field = {"report_field", "by_report_field"} & set(sources)
        if reads_field and self.report_field_name is None:
            misfits.append(
                Misfit(
                    ("from",),
                    "reads a report field without saying which.",
                    "Add report_field: NAME.",
                )
            )
        if self.report_field_name is not None and not reads_field:
            misfits.append(
                Misfit(
                    ("report_field",),
                    "is not used.",
                    "Add report_field or by_report_field to from, or remove it.",
                )
            )
        if self.tag_level is not None and not {"by_tag", "tag_gl_code", "tag_name"} & set(sources):
            misfits.append(
                Misfit(
                    ("tag_level",), "is not used.", "Add by_tag, tag_gl_code or tag_name to from."
                )
            )
        return misfits

    def _misfits_of_tables(self) -> list[Misfit]:
        sources = self.sources or []
        misfits = []
        for name in TABLES:
            table = getattr(self, name)
            if name in sources and table is None:
                misfits.append(Misfit(("from",), f"names {name}, but there is no table {name}."))
            if table is None:
                continue
            if sources and name not in sources:
                misfits.append(
                    Misfit((name,), "is not used.", f"Add {name} to from, or remove the table.")
                )
            seen: dict[str, str] = {}
            for key in table:
                first = seen.setdefault(table_key(key), key)
                if first is not key:
                    misfits.append(Misfit((name, key), f"means the same as '{first}' above."))
        return misfits


class CompanyLookup(Lookup):
    """Which NAV company a document goes to."""

    longest: ClassVar[int] = LONGEST_COMPANY


class BalancingAccount(Lookup):
    """The other side of a journal entry."""

    type: Literal["G/L Account", "Vendor", "Bank Account"] = Field(
        description="What kind of account `from` or `fixed` names."
    )


class DimensionRule(Lookup):
    """How one dimension gets its value."""

    applies_to: Literal["lines", "header"] = Field(
        default="lines", description="Whether it is set line by line or once on the whole document."
    )
    required: bool = Field(
        default=False,
        description="Hold a report whose sources say nothing. A value nobody mapped always holds it.",
    )


class TaxCodeRule(Lookup):
    """How a line gets NAV's tax code."""

    required: bool = Field(
        default=False,
        description="Hold an expense that says nothing; otherwise NAV's own setup decides. What nobody mapped always "
        "holds it.",
    )


class TaxRules(RuleModel):
    """Tax on invoices and credit memos; journal entries carry none."""

    amounts_include_tax: bool = Field(
        description="true: lines say what Expensify says, and NAV takes the tax out of it. false: lines say it without "
        "Expensify's tax amount, and NAV adds tax; the total with tax must come out the same, or nothing is posted."
    )
    code: TaxCodeRule | None = Field(
        default=None, description="NAV's tax code of a line; left out, NAV's own setup decides."
    )
