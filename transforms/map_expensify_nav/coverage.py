"""Whether rules cover the reports, and NAV what the rules name. Pure: documents, rules and books in, findings out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from map_expensify_nav.lookup_rules import BalancingAccount, CompanyLookup, DimensionRule, Lookup
from map_expensify_nav.rule_model import RuleModel
from map_expensify_nav.rules_file import key_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from map_expensify_nav.documents import MappedDocument
    from map_expensify_nav.nav_reader import Books
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path

Named = tuple[str, str, str]
"""Kind, number, and dimension code where it is a dimension value."""
_LINE = re.compile(r"\(line (\d+)\)")
_WORDS = {"accounts": "G/L account", "vendors": "Vendor", "bank_accounts": "Bank account"}


@dataclass(frozen=True)
class Finding:
    """Something a person should look at.

    Attributes:
        level: `problem` (reports will be held), `warning` (may hold reports to come) or `unused`.
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


def check(
    documents: Iterable[MappedDocument],
    rules_file: RulesFile,
    books: Mapping[str, Books],
    company: str | None,
) -> list[Finding]:
    """Everything to look at before a run.

    Args:
        documents: What the rules make of the reports.
        rules_file: The rules.
        books: NAV company → what it has; empty to check the rules against the reports alone.
        company: The company of documents that name none.

    Returns:
        Problems first, then warnings, then what no report uses.
    """
    problems: dict[str, set[str]] = {}
    lines: set[int] = set()
    used: set[tuple[str, Named]] = set()
    for document in documents:
        record = document.record
        report = str(record["source"]["id"])
        for rule in record["decided_by"].values():
            lines |= {int(number) for number in _LINE.findall(rule)}
        for problem in record["problems"]:
            text = f"{problem['message']} {problem['hint'] or ''}".strip()
            problems.setdefault(text, set()).add(report)
        owner = books.get(record["company"] or company or "")
        if record["skip"] or owner is None:
            continue
        for named in _named(document):
            used.add((owner.company, named))
            fault = _fault(owner, named)
            if fault:
                problems.setdefault(fault, set()).add(report)
    findings = [Finding("problem", text, len(reports)) for text, reports in problems.items()]
    findings += _written(rules_file, books, company, used)
    findings += _unused(rules_file, lines)
    return findings


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


def _unused(rules_file: RulesFile, lines: set[int]) -> Iterator[Finding]:
    """Entries of tables that no report needed."""
    for path, _ in _lookup_codes(rules_file.rules, ()):
        is_entry = any(isinstance(key, str) and key.startswith("by_") for key in path[:-1])
        if is_entry and rules_file.marks.line(path) not in lines:
            yield Finding("unused", f"{key_path(path)} (line {rules_file.marks.line(path)})")


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
