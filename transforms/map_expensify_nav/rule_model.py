"""What all parts of a rules file are made of: strict models, codes, and mistakes between keys. Pure."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from map_expensify_nav.report import parse_date

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_CODE = 20
"""Account, vendor, dimension and dimension value numbers are Code[20] in NAV."""

_NAV_CODE = {"type": ["string", "integer"], "description": "A NAV code, at most 20 characters."}

Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), WithJsonSchema(_NAV_CODE)
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _day(value: object) -> date:
    day = parse_date(value) if isinstance(value, str) else None
    if day is None:
        raise PydanticCustomError("day", "is not a date like 2026-01-31.")
    return day


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "description": "Like 2026-01-31."}),
]


class RuleModel(BaseModel):
    """Base of all parts of a rules file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Misfit(Exception):  # noqa: N818 (it is collected, never raised past the models)
    """One thing that is wrong between keys: where (relative to the part), what, and what to do."""

    def __init__(
        self, path: tuple[str | int, ...], message: str, suggestion: str | None = None
    ) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.suggestion = suggestion


def raise_misfits(misfits: list[Misfit]) -> None:
    """Hand several misfits to pydantic as one error, to be taken apart again by `rules_file.py`."""
    if misfits:
        raise PydanticCustomError("misfits", "keys do not go together", {"misfits": misfits})


def one_or_many(value: object) -> object:
    """`from: category_gl_code` means `from: [category_gl_code]`."""
    return [value] if isinstance(value, str) else value


class Effective(RuleModel):
    """Something that holds from one day, until another (both included), or both; always unless it says so."""

    from_day: Day | None = Field(default=None, alias="from", description="First day it holds.")
    until: Day | None = Field(default=None, description="Last day it holds.")

    @model_validator(mode="after")
    def _days_in_order(self) -> Effective:
        if self.from_day and self.until and self.until < self.from_day:
            raise_misfits([Misfit(("until",), f"lies before from, {self.from_day}.")])
        return self

    def holds_on(self, day: date | None) -> bool:
        """Whether it holds on a day; when the day is not known, only what has no limits does."""
        if day is None:
            return self.from_day is None and self.until is None
        return (self.from_day is None or self.from_day <= day) and (
            self.until is None or day <= self.until
        )

    def shares_a_day_with(self, other: Effective) -> bool:
        """Whether there is a day on which both hold."""
        starts_in_time = (
            self.from_day is None or other.until is None or self.from_day <= other.until
        )
        ends_late_enough = (
            self.until is None or other.from_day is None or other.from_day <= self.until
        )
        return starts_in_time and ends_late_enough


EffectiveRule = TypeVar("EffectiveRule", bound=Effective)


def one_or_dated(value: object) -> str:
    """Which of the two forms something that may change has: a single one, or a list of dated ones."""
    return DATED if isinstance(value, list) else ONE


ONE, DATED = "[one]", "[dated]"
"""What pydantic puts into an error's path to say which of the two it took something for."""


def holding_on(
    rule: EffectiveRule | list[EffectiveRule] | None, day: date | None
) -> tuple[EffectiveRule | None, tuple[int, ...]]:
    """The rule that holds on a day, if any, and its path in the list it may be one of."""
    if rule is None or not isinstance(rule, list):
        return (rule if rule is not None and rule.holds_on(day) else None), ()
    for index, dated in enumerate(rule):
        if dated.holds_on(day):
            return dated, (index,)
    return None, ()


def overlaps(dated: Sequence[Effective], name: str | None = None) -> list[Misfit]:
    """Members of a list that hold on a day on which one before them holds; `name` is the field that names them."""
    misfits = []
    for index, later in enumerate(dated):
        for earlier in dated[:index]:
            if later.shares_a_day_with(earlier):
                called = f"{getattr(earlier, name)} above" if name else "the one above"
                misfits.append(
                    Misfit(
                        (index,),
                        f"holds on days on which {called} holds too.",
                        "Let the earlier one end with until, the day before the later one's from.",
                    )
                )
                break
    return misfits
