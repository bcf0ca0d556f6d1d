"""Mistakes of every kind in every place of a rules file: each is refused, with the line it is in.

The corpus is generated from `every_key.yml`, which uses every key there is: one mistake in each file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from map_expensify_nav.errors import RulesFileError
from map_expensify_nav.rules import json_schema_text
from map_expensify_nav.rules_file import parse_rules
from map_expensify_nav.sources import TABLES
from map_expensify_nav.yaml_marks import read_yaml

TEXT = (Path(__file__).parent / "every_key.yml").read_text(encoding="utf-8")
LINES = TEXT.splitlines()
MARKS = read_yaml(TEXT)
HOW_MANY = 300
# What stands below these is named by the accountant, not by the language.
NAMED_BY_PEOPLE = {
    *(name for name in TABLES if name != "by_policy"),
    "by_policy",
    "dimensions",
    "report_field",
    "local_currency_by_company",
    "rates",
    "EUR",
}
FREE_TEXT = {
    "reason",
    "line",
    "header",
    "policy",
    "report_name",
    "submitter",
    "category",
    "tag",
    "merchant",
    "report_field",
    "currency",
    "Office",
}
CHOICES = re.compile(
    r"document|group_by|unknown_fund_source|type|applies_to|required|amounts_include_tax|posting_date|document_date|"
    r"time_zone|closed_until|when_closed|entries_by|minor_units|zero_lines|refunds|negative_total|up_to|fund_source|"
    r"tag_level|version|local_currency|from|until|CRONUS Britain|of_documents|rate|CHF"
)


@dataclass(frozen=True)
class Mistake:
    """A rules file with one mistake.

    Attributes:
        kind: What was done.
        line: Where, from 1.
        text: The file.
    """

    kind: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.kind} in line {self.line}: {self.text.splitlines()[self.line - 1]}"


def with_line(number: int, *lines: str) -> str:
    """The file with one line replaced."""
    return "\n".join([*LINES[: number - 1], *lines, *LINES[number:]]) + "\n"


def mistakes() -> Iterator[Mistake]:
    """Every mistake that the generator can make, in order."""
    for path, number in MARKS.lines.items():
        if not path or isinstance(path[-1], int) or path[-1].startswith("#"):
            continue
        line = LINES[number - 1]
        match = re.fullmatch(r"( *(?:- )?)([^:\"]+|\"[^\"]+\"):(?: (.*))?", line)
        assert match, line
        indent, key, value = match[1], match[2], match[3]
        blank = indent.replace("-", " ")
        # `dimensions` of the rounding rule and a condition's `report_field` hold names, as lists of the same name do.
        if path[-2:-1] == () or path[-2] not in NAMED_BY_PEOPLE or isinstance(path[-2], int):
            for typo in (f"{key}s", key[:-1] or "x", key.upper(), f"my_{key}"):
                yield Mistake(
                    "unknown key",
                    number,
                    with_line(number, f"{indent}{typo}:{line.split(':', 1)[1]}"),
                )
        if value is None and path[-2:-1] != ("by_category",):  # there, a text is a code
            yield Mistake("a text for keys", number, without_children(number, f"{indent}{key}: x"))
        if value is None:
            yield Mistake(
                "a list of lists", number, without_children(number, f"{indent}{key}: [[x]]")
            )
            yield Mistake(
                "nothing in place of keys", number, without_children(number, f"{indent}{key}:")
            )
            continue
        yield Mistake("key twice", number + 1, with_line(number, line, f"{blank}{key}: x"))
        yield Mistake("no value", number, with_line(number, f"{indent}{key}:"))
        yield Mistake(
            "keys in place of a value", number, with_line(number, f"{indent}{key}: {{x: y}}")
        )
        yield Mistake(
            "a bracket that does not close", number, with_line(number, f"{indent}{key}: ]")
        )
        yield Mistake("a colon in a text", number, with_line(number, f"{indent}{key}: one: two"))
        if indent and "-" not in indent:
            yield Mistake("a tab", number, with_line(number, f"\t{line.strip()}"))
        if CHOICES.fullmatch(str(path[-1])):
            yield Mistake("an unknown word", number, with_line(number, f"{indent}{key}: nonsense"))
        elif path[-1] not in FREE_TEXT:
            yield Mistake("too long", number, with_line(number, f"{indent}{key}: {'9' * 31}"))
        elif path[-1] in {"line", "header"}:
            yield Mistake(
                "unknown field", number, with_line(number, f'{indent}{key}: "{{mercant}}"')
            )
            yield Mistake("open brace", number, with_line(number, f'{indent}{key}: "{{merchant"'))


def without_children(number: int, line: str) -> str:
    """The file with one line replaced and everything indented below it removed."""
    depth = len(LINES[number - 1]) - len(LINES[number - 1].lstrip(" -"))
    rest = LINES[number:]
    while rest and len(rest[0]) - len(rest[0].lstrip(" -")) > depth:
        rest = rest[1:]
    return "\n".join([*LINES[: number - 1], line, *rest]) + "\n"


CORPUS = list(mistakes())


def test_the_file_without_a_mistake_loads() -> None:
    assert parse_rules(TEXT, "rules.yml")
    schema = jsonschema.Draft202012Validator(json.loads(json_schema_text()))
    schema.validate(json.loads(json.dumps(yaml.safe_load(TEXT), default=str)))


def test_the_file_uses_every_key() -> None:
    used = {key for path in MARKS.lines for key in path}

    def keys(schema: Any) -> set[str]:
        if isinstance(schema, list):
            return {key for item in schema for key in keys(item)}
        if not isinstance(schema, dict):
            return set()
        found = set(schema["properties"]) if isinstance(schema.get("properties"), dict) else set()
        return found | {key for item in schema.values() for key in keys(item)}

    assert keys(json.loads(json_schema_text())) - used == {"combined"}  # instead of the two others


def test_the_corpus_is_large() -> None:
    assert len({mistake.text for mistake in CORPUS}) > HOW_MANY
    assert len({mistake.kind for mistake in CORPUS}) > 10


def lines_told(text: str) -> set[int | None]:
    """The lines that errors name; none when the file is accepted."""
    try:
        parse_rules(text, "rules.yml")
    except RulesFileError as error:
        return {problem.line for problem in error.problems}
    return set()


def test_every_mistake_is_refused_with_its_line() -> None:
    wrong = [str(mistake) for mistake in CORPUS if mistake.line not in lines_told(mistake.text)]
    assert wrong == []
