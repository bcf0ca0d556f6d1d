"""Amounts, currencies and rounding in a rules file. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from map_expensify_nav.rule_model import (
    DATED,
    LONGEST_CODE,
    ONE,
    Code,
    Effective,
    Misfit,
    RuleModel,
    holding_on,
    one_or_dated,
    overlaps,
    raise_misfits,
)

if TYPE_CHECKING:
    from datetime import date

Currency = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{3}$"),
]


class DatedCurrency(Effective):
    """A currency that holds from one day, until another (both included), or both."""

    code: Currency


CompanyCurrency = Annotated[
    Annotated[Currency, Tag(ONE)] | Annotated[list[DatedCurrency], Field(min_length=1), Tag(DATED)],
    Discriminator(one_or_dated),
]
"""A currency, or several of which each holds for some days."""


def _rate(value: object) -> Decimal:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,12})?", value):
        rate = Decimal(value)
        if rate > 0:
            return rate
    raise PydanticCustomError("rate", "is not a rate above zero like 0.92.")


Rate = Annotated[
    Decimal,
    BeforeValidator(_rate),
    WithJsonSchema({"type": ["string", "number"], "exclusiveMinimum": 0}),
]


class DatedRate(Effective):
    """A rate that holds from one day, until another (both included), or both."""

    rate: Rate


Rates = Annotated[
    Annotated[Rate, Tag(ONE)] | Annotated[list[DatedRate], Field(min_length=1), Tag(DATED)],
    Discriminator(one_or_dated),
]
"""A rate, or several of which each holds for some days."""


class CurrencyRules(RuleModel):
    """In which currency documents are."""

    of_documents: Literal["report", "company", "expense"] = Field(
        default="report",
        description="report: the report's currency, with Expensify's converted amounts. company: the currency the "
        "company keeps its books in, by `rates` where Expensify has no amount in it. expense: what each expense was "
        "paid in, with a document for each currency.",
    )
    rates: dict[Currency, dict[Currency, Rates]] | None = Field(
        default=None,
        description="With of_documents: company. The company's currency → another one → how many units of the "
        "company's currency one unit of the other is, or a list of {rate, from, until}.",
    )

    @model_validator(mode="after")
    def _rates_are_used(self) -> CurrencyRules:
        misfits = []
        if self.rates is not None and self.of_documents != "company":
            misfits.append(
                Misfit(
                    ("rates",), "is only for of_documents: company.", "Remove it, or change that."
                )
            )
        for own, rates in (self.rates or {}).items():
            for other, rate in rates.items():
                if own == other:
                    misfits.append(Misfit(("rates", own, other), "is the currency itself."))
                misfits += [
                    Misfit(("rates", own, other, *misfit.path), misfit.message, misfit.suggestion)
                    for misfit in (overlaps(rate, "rate") if isinstance(rate, list) else [])
                ]
        raise_misfits(misfits)
        return self


def rate_on(
    rules: CurrencyRules, own: str, other: str, day: date | None
) -> tuple[Decimal | None, tuple[int, ...]]:
    """The rate from another currency into the company's own that holds on a day, and its path in its entry."""
    rates = (rules.rates or {}).get(own, {}).get(other)
    if not isinstance(rates, list):
        return rates, ()
    dated, inner = holding_on(rates, day)
    return (dated.rate if dated else None), inner


class AmountRules(RuleModel):
    """What Expensify's whole-number amounts count, and what becomes of zero and of money that comes back."""

    minor_units: Literal["hundredths", "iso"] = Field(
        default="hundredths",
        description="hundredths: 100 are one unit in every currency, which is what Expensify gives; iso: as many "
        "decimals as ISO 4217 says (JPY none, KWD three).",
    )
    zero_lines: Literal["leave_out", "hold"] = Field(
        default="leave_out",
        description="Expenses of zero, which NAV does not post: left out with a note, or the document is held.",
    )
    refunds: Literal["negative_line", "credit_memo"] = Field(
        default="negative_line",
        description="Expenses below zero on an invoice: lines of it, or a credit memo of their own.",
    )
    negative_total: Literal["credit_memo", "hold"] = Field(
        default="credit_memo",
        description="An invoice whose total is below zero: becomes a credit memo, or is held.",
    )


def _limit(value: object) -> Decimal:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", value):
        limit = Decimal(value)
        if limit > 0:
            return limit
    raise PydanticCustomError("limit", "is not an amount above zero like 0.05.")


class RoundingRule(Effective):
    """A small difference between a report's total and its expenses, posted to an account of its own."""

    up_to: Annotated[
        Decimal,
        BeforeValidator(_limit),
        WithJsonSchema({"type": ["string", "number"], "exclusiveMinimum": 0}),
    ] = Field(
        description="The largest difference, in the report's currency; what exceeds it is held."
    )
    account: Code = Field(description="The G/L account of the line.")
    dimensions: dict[Code, Code] = Field(
        default_factory=dict, description="Dimension code → value code of the line."
    )

    @model_validator(mode="after")
    def _fits_nav(self) -> RoundingRule:
        codes: list[tuple[tuple[str, ...], str]] = [(("account",), self.account)]
        for name, value in self.dimensions.items():
            codes += [(("dimensions", name), name), (("dimensions", name), value)]
        raise_misfits(
            [
                Misfit(path, f"'{code}' is longer than NAV's {LONGEST_CODE} characters.")
                for path, code in codes
                if len(code) > LONGEST_CODE
            ]
        )
        return self


RoundingRules = Annotated[
    Annotated[RoundingRule, Tag(ONE)]
    | Annotated[list[RoundingRule], Field(min_length=1), Tag(DATED)],
    Discriminator(one_or_dated),
]
"""A rule, or several of which each holds for some days."""
