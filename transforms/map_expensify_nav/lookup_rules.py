"""How a rules file says where one NAV code comes from: the part of its language that everything else uses. Pure.

Accounts, vendors, balancing accounts, companies and dimensions are all found by a `Lookup`; `decisions.py` evaluates
it.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, ClassVar, Literal

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

from map_expensify_nav.sources import SOURCES, TABLES, table_key

LONGEST_CODE = 20
"""Account, vendor, dimension and dimension value numbers are Code[20] in NAV."""
LONGEST_COMPANY = 30
"""A NAV company's name is Text[30]; its id, a GUID, is longer and also allowed."""

_NAV_CODE = {"type": ["string", "integer"], "description": "A NAV code, at most 20 characters."}
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1), WithJsonSchema(_NAV_CODE)
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Table = dict[str, Code]
SourceName = Literal[
    "by_category",
    "category_gl_code",
    "by_tag",
    "tag_gl_code",
    "tag_name",
    "by_report_field",
    "report_field",
    "by_submitter",
    "by_policy",
    "by_employee_custom_field_1",
    "by_employee_custom_field_2",
    "employee_custom_field_1",
    "employee_custom_field_2",
]


def _as_list(value: object) -> object:
    """`from: category_gl_code` means `from: [category_gl_code]`."""
    return [value] if isinstance(value, str) else value


_SOURCE_NAMES = {"enum": list(SOURCES)}
Sources = Annotated[
    list[SourceName],
    Field(min_length=1),
    BeforeValidator(_as_list),
    WithJsonSchema(
        {"anyOf": [_SOURCE_NAMES, {"type": "array", "items": _SOURCE_NAMES, "minItems": 1}]}
    ),
]


class RuleModel(BaseModel):
    """Base of all parts of a rules file: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Misfit(Exception):  # noqa: N818 (it is collected, never raised past this module)
    """One thing that is wrong between keys: where (relative to the part), what, and what to do."""

    def __init__(self, path: tuple[str, ...], message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.suggestion = suggestion


def raise_misfits(misfits: list[Misfit]) -> None:
    """Hand several misfits to pydantic as one error, to be taken apart again by `rules_file.py`."""
    if misfits:
        raise PydanticCustomError("misfits", "keys do not go together", {"misfits": misfits})


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
    by_report_field: Table | None = Field(
        default=None, description="Value of the report field → code."
    )
    by_submitter: Table | None = Field(
        default=None, description="E-mail address of the submitter → code."
    )
    by_policy: Table | None = Field(default=None, description="Policy name or id → code.")
    by_employee_custom_field_1: Table | None = Field(
        default=None, description="Employee custom field 1 of the submitter → code."
    )
    by_employee_custom_field_2: Table | None = Field(
        default=None, description="Employee custom field 2 of the submitter → code."
    )
    fixed: Code | None = Field(default=None, description="Always this code; instead of `from`.")
    default: Code | None = Field(
        default=None,
        description="The code when no source gives one. Every use of it is noted in the audit ledger. Without a "
        "default such a report is held.",
    )

    def table(self, name: str) -> Table:
        """The table of a `by_…` source."""
        table: Table | None = getattr(self, name)
        return table or {}

    @cached_property
    def entries(self) -> dict[str, dict[str, tuple[str, str]]]:
        """Table → what two spellings of a key have in common → the key as written, and its code."""
        return {
            name: {table_key(key): (key, code) for key, code in self.table(name).items()}
            for name in TABLES
        }

    def codes(self) -> list[tuple[tuple[str, ...], str]]:
        """Every code written in this part, with its path."""
        found: list[tuple[tuple[str, ...], str]] = []
        for name, code in (("fixed", self.fixed), ("default", self.default)):
            if code:
                found.append(((name,), code))
        for name in TABLES:
            found += [((name, key), value) for key, value in self.table(name).items()]
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
