"""The rules file as types: every key, what it may hold, and which keys go together. Pure: no I/O.

`rules_file.py` reads a file into `Rules` and turns whatever does not fit into errors with line and suggestion; the
descriptions below are also what `rules.schema.json` and the README say.
"""

from __future__ import annotations

import json
from datetime import date, timezone, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from map_expensify_nav.conditions import ReportConditions, SkipRules
from map_expensify_nav.document_rules import DocumentRules  # noqa: TC001 (pydantic reads it)
from map_expensify_nav.lookup_rules import (  # noqa: TC001 (pydantic reads them)
    CompanyLookup,
    DimensionRule,
    Lookup,
    TaxRules,
)
from map_expensify_nav.money_rules import (
    AmountRules,
    CompanyCurrency,
    CurrencyRules,
    RoundingRules,
)
from map_expensify_nav.report import parse_date
from map_expensify_nav.rule_model import (
    LONGEST_CODE,
    Code,
    Day,
    Misfit,
    RuleModel,
    overlaps,
    raise_misfits,
)
from map_expensify_nav.templates import HEADER_FIELDS, LINE_FIELDS, check_template

if TYPE_CHECKING:
    from map_expensify_nav.yaml_marks import Path


def _date_rule(value: str) -> str:
    if value in ("approved", "submitted", "last_expense", "run_date") or parse_date(value):
        return value
    raise PydanticCustomError(
        "date_rule",
        "is neither approved, submitted, last_expense, run_date nor a date like 2026-01-31.",
    )


def zone_of(name: str) -> tzinfo:
    """A time zone by its name; UTC also where the machine has no time zone data.

    Raises:
        ZoneInfoNotFoundError, ValueError, OSError: If there is no such zone.
    """
    return timezone.utc if name == "UTC" else ZoneInfo(name)


def _time_zone(value: str) -> str:
    try:
        zone_of(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError(
            "time_zone", "is no time zone this machine knows, such as UTC or Europe/Paris."
        ) from None
    return value


def _line_template(value: str) -> str:
    return check_template(value, LINE_FIELDS)


def _header_template(value: str) -> str:
    return check_template(value, HEADER_FIELDS)


DateRule = Annotated[str, AfterValidator(_date_rule)]


class DateRules(RuleModel):
    """Posting and document date."""

    posting_date: DateRule = Field(
        default="approved",
        description="approved, submitted, last_expense, run_date (the day of the run), or a date like 2026-01-31.",
    )
    document_date: DateRule = Field(default="last_expense", description="The same choices.")
    time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        default="UTC",
        description="Where the books are kept: on which day 23:30 UTC falls. Expensify's times are UTC.",
    )
    closed_until: Day | None = Field(
        default=None, description="The last day of the periods that are closed in NAV."
    )
    when_closed: Literal["hold", "next_open_period"] = Field(
        default="hold",
        description="What becomes of a posting date in a closed period: the document is held, or posted on the day "
        "after closed_until. Every move is noted.",
    )
    entries_by: Literal["posting_date", "expense_date"] = Field(
        default="posting_date",
        description="Which day decides whether an entry with from or until holds: the posting date before any move "
        "(the day of approval where that is run_date), or the date of each expense.",
    )

    @model_validator(mode="after")
    def _closes_something(self) -> DateRules:
        misfits = []
        if self.when_closed != "hold" and self.closed_until is None:
            misfits.append(
                Misfit(("when_closed",), "is not used.", "Add closed_until, or remove it.")
            )
        if self.closed_until == date.max:
            misfits.append(Misfit(("closed_until",), "is the last day there is."))
        raise_misfits(misfits)
        return self


class DescriptionRules(RuleModel):
    """Texts. What is longer than NAV's 100 characters is cut with "…" and noted."""

    line: Annotated[str, AfterValidator(_line_template)] = Field(
        default="{merchant} – {category}", description="Description of a line."
    )
    header: Annotated[str, AfterValidator(_header_template)] = Field(
        default="{report_name}", description="Description of the document."
    )


class Rules(RuleModel):
    """A rules file: how approved Expensify reports become documents in Dynamics NAV."""

    version: Annotated[Literal["1"], WithJsonSchema({"const": 1})] = Field(
        description="The version of this language: 1."
    )
    reports: ReportConditions | None = Field(
        default=None,
        description="Which reports this file is for; left out, all. Where several files are used, each says so, and "
        "each report belongs to exactly one.",
    )
    local_currency: CompanyCurrency = Field(
        description="The currency the NAV company keeps its books in (ISO code), or a list of {code, from, until}."
    )
    local_currency_by_company: dict[str, CompanyCurrency] | None = Field(
        default=None,
        description="Companies of `company` whose books are in another currency → that currency, or a list of {code, "
        "from, until}.",
    )
    currency: CurrencyRules = Field(default_factory=CurrencyRules)
    company: CompanyLookup | None = Field(
        default=None, description="The NAV company. Left out, the target's own setting decides."
    )
    documents: DocumentRules
    accounts: Lookup = Field(description="The G/L account of each line.")
    dimensions: dict[Code, DimensionRule] = Field(
        default_factory=dict, description="NAV dimension code → how it gets its value."
    )
    tax: TaxRules | None = Field(
        default=None,
        description="Tax; left out, lines carry no tax code and NAV's own setup decides.",
    )
    dates: DateRules = Field(default_factory=DateRules)
    descriptions: DescriptionRules = Field(default_factory=DescriptionRules)
    amounts: AmountRules = Field(default_factory=AmountRules)
    rounding: RoundingRules | None = Field(
        default=None,
        description="Where small differences between a report's total and its expenses go, or a list of dated ones; "
        "without it they hold the report.",
    )
    skip: SkipRules = Field(default_factory=SkipRules, description="What is not posted, and why.")

    @model_validator(mode="after")
    def _names_agree(self) -> Rules:
        misfits = []
        seen: dict[str, str] = {}
        for code in self.dimensions:
            first = seen.setdefault(code.upper(), code)
            if first is not code:
                misfits.append(
                    Misfit(("dimensions", code), f"is the same dimension as '{first}' above.")
                )
            if len(code) > LONGEST_CODE:
                misfits.append(
                    Misfit(("dimensions", code), f"is longer than NAV's {LONGEST_CODE} characters.")
                )
        companies = {code for _, code in self.company.codes()} if self.company else set()
        misfits += [
            Misfit(("local_currency_by_company", name), "is none of the companies under company.")
            for name in self.local_currency_by_company or {}
            if name not in companies
        ]
        dated: list[tuple[Path, object, str | None]] = [
            (("local_currency",), self.local_currency, "code"),
            (("rounding",), self.rounding, None),
            *(
                (("local_currency_by_company", name), currency, "code")
                for name, currency in (self.local_currency_by_company or {}).items()
            ),
        ]
        misfits += [
            Misfit((*path, *misfit.path), misfit.message, misfit.suggestion)
            for path, members, name in dated
            for misfit in (overlaps(members, name) if isinstance(members, list) else [])
        ]
        raise_misfits(misfits)
        return self

    @cached_property
    def header_dimensions(self) -> list[tuple[str, Path, DimensionRule]]:
        """Dimensions of the whole document: code in NAV, place in the file, rule."""
        return self._dimensions_of("header")

    @cached_property
    def line_dimensions(self) -> list[tuple[str, Path, DimensionRule]]:
        """Dimensions of each line, in the same way."""
        return self._dimensions_of("lines")

    def _dimensions_of(self, part: str) -> list[tuple[str, Path, DimensionRule]]:
        return [
            (name.upper(), ("dimensions", name), rule)
            for name, rule in self.dimensions.items()
            if rule.applies_to == part
        ]


def json_schema_text() -> str:
    """The JSON Schema of a rules file, for editors: the text of `transforms/rules/rules.schema.json`."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_without_null(Rules.model_json_schema(by_alias=True)),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _without_null(schema: Any) -> Any:  # noqa: ANN401 (JSON)
    """The schema as the file is written: a key that says nothing is left out, it is not null."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema if item != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    plain = {
        key: _without_null(value)
        for key, value in schema.items()
        if (key, value) != ("default", None) and not (key == "title" and isinstance(value, str))
    }
    choices = plain.get("anyOf")
    if isinstance(choices, list) and len(choices) == 1:
        del plain["anyOf"]
        plain = {**choices[0], **plain}
    return plain
