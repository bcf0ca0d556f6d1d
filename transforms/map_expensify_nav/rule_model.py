"""What all parts of a rules file are made of: strict models, codes, and mistakes between keys. Pure."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from map_expensify_nav.report import parse_date

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
