"""Every error that ends a run of the mapper.

```
MapperError
├── RulesFileError      the rules file cannot be used: says where and what, all of it at once
├── InputError          a message on standard input that cannot be mapped at all
├── ExpensifyReadError  Expensify cannot be read, by the command `expense-rules`
└── NavReadError        NAV cannot be read, by the command `expense-rules`
```

What is wrong with one *report* is never an error here: it becomes a `problem` of its documents (see `documents.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class MapperError(Exception):
    """Base of all errors of the mapper.

    Attributes:
        exit_code: What the process ends with.
    """

    exit_code = 1

    @property
    def messages(self) -> Sequence[str]:
        """One plain sentence or two for each thing that is wrong."""
        return [str(self)]


@dataclass(frozen=True)
class RulesFileProblem:
    """One thing that is wrong in a rules file.

    Attributes:
        file: The file as a person would name it.
        line: Line in the file, from 1; None when the file as a whole is meant.
        key: Key path, e.g. `accounts.by_category`; "" for the file as a whole.
        message: What is wrong.
        suggestion: What to write instead, or None.
    """

    file: str
    line: int | None
    key: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f" {self.key}" if self.key else ""
        suggestion = f" {self.suggestion}" if self.suggestion else ""
        return f"{place}{key}: {self.message}{suggestion}"


class RulesFileError(MapperError):
    """The rules file cannot be used.

    Attributes:
        problems: Everything that is wrong with it, in the order of its lines.
    """

    exit_code = 78  # EX_CONFIG of sysexits.h

    def __init__(self, problems: Sequence[RulesFileProblem]) -> None:
        self.problems = tuple(
            sorted(problems, key=lambda problem: (problem.file, problem.line or 0))
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @property
    def messages(self) -> Sequence[str]:
        """One message for each problem."""
        return [str(problem) for problem in self.problems]


class InputError(MapperError):
    """A message on standard input that is no report, or comes in a form the mapper does not read."""

    exit_code = 65  # EX_DATAERR of sysexits.h


class ExpensifyReadError(MapperError):
    """Expensify cannot be read: the tap is not there, or ended with an error of its own."""

    exit_code = 69  # EX_UNAVAILABLE of sysexits.h


class NavReadError(MapperError):
    """NAV cannot be read: not reached, not let in, or not what it should be."""

    exit_code = 69  # EX_UNAVAILABLE of sysexits.h
