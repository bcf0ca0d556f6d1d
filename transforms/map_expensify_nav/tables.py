"""Tables of a rules file: what Expensify says → a NAV code, by name or pattern, at all times or for some days. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Protocol

from pydantic import Discriminator, Field, Tag

from map_expensify_nav.rule_model import DATED, ONE, Code, Effective, one_or_dated
from map_expensify_nav.sources import table_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date


class DatedCode(Effective):
    """A code that holds from one day, until another (both included), or both."""

    code: Code


DatedCodes = Annotated[list[DatedCode], Field(min_length=1)]
Entry = Annotated[
    Annotated[Code, Tag(ONE)] | Annotated[DatedCodes, Tag(DATED)], Discriminator(one_or_dated)
]
"""A code, or several of which each holds for some days."""
Table = Annotated[
    dict[str, Entry],
    Field(
        description="Name → code, or → list of {code, from, until}. A name with * is a pattern: any text may stand "
        "in its place; names without come first, then the patterns in their order."
    ),
]


def codes_of(entry: str | list[DatedCode]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """Every code of an entry with its path in the entry."""
    if isinstance(entry, str):
        yield (), entry
    else:
        for index, dated in enumerate(entry):
            yield (index, "code"), dated.code


class Dated(Protocol):
    """A code that holds on some days."""

    code: str

    def holds_on(self, day: date | None) -> bool:
        """Whether it holds on a day."""


def code_on(entry: str | Sequence[Dated], day: date | None) -> tuple[str | None, tuple[int, ...]]:
    """The code of an entry that holds on a day, if any, and its path in the entry."""
    if isinstance(entry, str):
        return entry, ()
    for index, dated in enumerate(entry):
        if dated.holds_on(day):
            return dated.code, (index,)
    return None, ()


@lru_cache(maxsize=4096)
def pattern(text: str) -> re.Pattern[str]:
    """A name with * as a regular expression; any text, also none, may stand in the place of each *."""
    return re.compile(".*".join(re.escape(part) for part in table_key(text).split("*")), re.DOTALL)


def matches(text: str | None, names: list[str]) -> bool:
    """Whether a text is one of the names or fits one of the patterns."""
    if text is None:
        return False
    key = table_key(text)
    return any(key == table_key(name) or pattern(name).fullmatch(key) for name in names)


@dataclass(frozen=True)
class TableIndex:
    """A table as it is asked: by what two spellings of a name have in common, then by patterns."""

    exact: Mapping[str, tuple[str, str | list[DatedCode]]]
    patterns: list[tuple[re.Pattern[str], str, str | list[DatedCode]]] = field(default_factory=list)

    def find(self, text: str) -> tuple[str, str | list[DatedCode]] | None:
        """The key as written, and the entry, for what the report says; None when there is none."""
        key = table_key(text)
        found = self.exact.get(key)
        if found is None and self.patterns:
            for expression, written, entry in self.patterns:
                if expression.fullmatch(key):
                    return written, entry
        return found


def index_of(table: Mapping[str, str | list[DatedCode]]) -> TableIndex:
    """Make a table ready to be asked."""
    return TableIndex(
        {table_key(key): (key, entry) for key, entry in table.items()},
        [(pattern(key), key, entry) for key, entry in table.items() if "*" in key],
    )
