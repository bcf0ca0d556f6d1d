"""Whether rules cover the reports and what can be chosen, and NAV what they name. Pure: findings out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from map_expensify_nav.lookup_rules import BalancingAccount, CompanyLookup, DimensionRule, Lookup
from map_expensify_nav.rule_model import RuleModel
from map_expensify_nav.rules_file import key_path
from map_expensify_nav.selectable import choices, known_names
from map_expensify_nav.sources import TABLES
from map_expensify_nav.tables import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from map_expensify_nav.documents import MappedDocument
    from map_expensify_nav.feed import Feed
    from map_expensify_nav.nav_reader import Books
    from map_expensify_nav.rule_set import RuleSet
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path

Named = tuple[str, str, str]
"""Kind, number, and dimension code where it is a dimension value."""
_LINE = re.compile(r"\(line (\d+)\)")
_WORDS = {"accounts": "G/L account", "vendors": "Vendor", "bank_accounts": "Bank account"}


LEVELS = {
    "problem": "what holds reports",
    "warning": "codes that NAV does not have or has blocked, and no report needs",
    "unmapped": "what can be chosen in Expensify and leads nowhere yet",
    "unused": "entries that no report needed",
}
"""Level of a finding → what it is; only a problem is an error."""


@dataclass(frozen=True)
class Finding:
    """Something a person should look at.

    Attributes:
        level: One of `LEVELS`.
        reports: How many reports it concerns.
    """

    level: str
    message: str
    reports: int = 0

    def __str__(self) -> str:
        count = (
            f" ({self.reports} report{'s' if self.reports != 1 else ''})" if self.reports else ""
        )
        return f"{self.level}: {self.message}{count}"


@dataclass(frozen=True)
class Against:
    """What rules are checked against, beside reports.

    Attributes:
        books: NAV company → what it has; empty where NAV was not read.
        company: The company of documents that name none.
        feed: The live lists of Expensify; empty where they were not read.
        day: The day on which something might be chosen.
        people: Whether employees are named.
    """

    books: Mapping[str, Books]
    company: str | None
    feed: Feed
    day: date
    people: bool = False


def check(documents: Iterable[MappedDocument], rules: RuleSet, against: Against) -> list[Finding]:
    """Everything to look at before a run.

    Args:
        documents: What the rules make of the reports.
        rules: The rules.
        against: What else they are checked against.

    Returns:
        Problems first, then the other levels in the order of `LEVELS`.
    """
    problems: dict[str, set[str]] = {}
    lines: set[tuple[str, int]] = set()
    used: set[tuple[str, Named]] = set()
    for document in documents:
        record = document.record
        report = str(record["source"]["id"])
        for rule in record["decided_by"].values():
            lines |= {(document.rules_file.name, int(line)) for line in _LINE.findall(rule)}
        for problem in record["problems"]:
            text = f"{problem['message']} {problem['hint'] or ''}".strip()
            problems.setdefault(text, set()).add(report)
        owner = against.books.get(record["company"] or against.company or "")
        if record["skip"] or owner is None:
            continue
        for named in _named(document):
            used.add((owner.company, named))
            fault = _fault(owner, named)
            if fault:
                problems.setdefault(fault, set()).add(report)
    findings = [Finding("problem", text, len(reports)) for text, reports in problems.items()]
    for file in rules.files:
        findings += _written(file, against.books, against.company, used)
    findings += _selectable(rules, against, set(problems))
    for file in rules.files:
        findings += _unused(file, lines, against.feed, several=len(rules.files) > 1)
    order = list(LEVELS)
    return sorted(dict.fromkeys(findings), key=lambda finding: order.index(finding.level))


def _selectable(rules: RuleSet, against: Against, problems: set[str]) -> Iterator[Finding]:
    """What can be chosen and leads nowhere, or to something NAV does not take; what holds reports is told already."""
    people: dict[tuple[str, str, str], set[str]] = {}
    for choice in choices(rules, against.feed, against.day):
        level, message = "unmapped", choice.message
        if choice.named is not None:
            owner = against.books.get(choice.company or against.company or "")
            level, message = "warning", _fault(owner, choice.named) if owner else None
        if message is None or message in problems:
            continue
        if choice.person is None:
            policy = "" if level == "warning" else f"{choice.policy}: "
            yield Finding(level, f"{policy}{message}")
        else:
            people.setdefault((level, choice.policy, message), set()).add(choice.person)
    for (level, policy, message), persons in people.items():
        count = f"{len(persons)} employee{'s' if len(persons) != 1 else ''}"
        named = f" {', '.join(sorted(persons))}" if against.people else ""
        yield Finding(level, f"{policy}: {message} ({count}{named})")


def reports_that_post(
    documents: Iterable[MappedDocument], books: Mapping[str, Books], company: str | None
) -> tuple[int, int]:
    """How many reports have everything that posting needs, and how many there are."""
    every: set[str] = set()
    held: set[str] = set()
    for document in documents:
        record = document.record
        report = str(record["source"]["id"])
        every.add(report)
        owner = books.get(record["company"] or company or "")
        if record["problems"] or (
            owner is not None and any(_fault(owner, named) for named in _named(document))
        ):
            held.add(report)
    return len(every) - len(held), len(every)


def _named(document: MappedDocument) -> Iterator[Named]:
    """Everything of NAV that a document names."""
    record = document.record
    if record.get("vendor_number"):
        yield "vendors", record["vendor_number"], ""
    account = record.get("balancing_account")
    if account:
        yield _kind(account["type"]), account["number"].upper(), ""
    for part in [record, *record["lines"]]:
        for dimension in part["dimensions"]:
            yield "values", dimension["value"], dimension["code"]
        if part.get("account_number"):
            yield "accounts", part["account_number"], ""


def _kind(account_type: str) -> str:
    return {"Vendor": "vendors", "Bank Account": "bank_accounts"}.get(account_type, "accounts")


def _fault(books: Books, named: Named) -> str | None:
    """Why nothing can be posted there, as a sentence; None when it can."""
    kind, number, dimension = named
    if kind == "values":
        key = (dimension, number)
        words = f"Value {number} of dimension {dimension}"
        if key not in books.values:
            return f"{words} does not exist in {books.company}."
        fault = books.values[key]
    else:
        numbers: Mapping[str, str | None] | None = getattr(books, kind)
        if numbers is None:
            return None  # the server does not tell
        words = f"{_WORDS[kind]} {number}"
        if number not in numbers:
            return f"{words} does not exist in {books.company}."
        fault = numbers[number]
    return f"{words} {fault} in {books.company}." if fault else None


def _written(
    rules_file: RulesFile,
    books: Mapping[str, Books],
    company: str | None,
    used: set[tuple[str, Named]],
) -> Iterator[Finding]:
    """Codes of the file that no company can post to, and that no report has told of already."""
    for path, named in _codes(rules_file):
        faults = [_fault(owner, named) for owner in books.values()]
        told = any((owner.company, named) in used for owner in books.values())
        if faults and all(faults) and not told:
            first = (
                faults[0] if len(faults) == 1 or company is None else _fault(books[company], named)
            )
            yield Finding("warning", f"{first} It stands in {rules_file.place(path)}.")


def _unused(
    rules_file: RulesFile, lines: set[tuple[str, int]], feed: Feed, *, several: bool
) -> Iterator[Finding]:
    """Entries of tables that no report needed."""
    for path, _ in _lookup_codes(rules_file.rules, ()):
        tables = [index for index, key in enumerate(path[:-1]) if key in TABLES]
        line = rules_file.marks.line(path)
        if not tables or (rules_file.name, line) in lines:
            continue
        words = f"{rules_file.name} " if several else ""
        known = known_names(feed, str(path[tables[-1]]))
        name = str(path[tables[-1] + 1])
        gone = known is not None and not any(matches(each, [name]) for each in known)
        more = "; Expensify has nothing of that name" if gone else ""
        yield Finding("unused", f"{words}{key_path(path)} (line {line}){more}")


def _codes(rules_file: RulesFile) -> Iterator[tuple[Path, Named]]:
    """Every code of the file that names something of NAV."""
    for path, (lookup, code) in _lookup_codes(rules_file.rules, ()):
        number = code.upper()
        if isinstance(lookup, DimensionRule):
            yield path, ("values", number, str(path[1]).upper())
        elif isinstance(lookup, BalancingAccount):
            yield path, (_kind(lookup.type), number, "")
        elif "vendor" in path:
            yield path, ("vendors", number, "")
        elif "accounts" in path:
            yield path, ("accounts", number, "")


def _lookup_codes(part: object, path: Path) -> Iterator[tuple[Path, tuple[Lookup, str]]]:
    """Every code of every lookup, with its path; companies are no codes of a company."""
    if isinstance(part, CompanyLookup):
        return
    if isinstance(part, Lookup):
        for inner, code in part.codes():
            yield (*path, *inner), (part, code)
    elif isinstance(part, RuleModel):
        for name, field in type(part).model_fields.items():
            yield from _lookup_codes(getattr(part, name), (*path, field.alias or name))
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _lookup_codes(value, (*path, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _lookup_codes(value, (*path, index))
