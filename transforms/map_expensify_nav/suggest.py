"""A starter rules file from both sides: by codes that agree first, then by names that are alike. Pure: text out.

What was found by name is a guess, and marked `GUESS` for a person to confirm. What nothing was found for is left to be
held, with a comment.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from map_expensify_nav.nav_reader import Books
    from map_expensify_nav.report import Expense, Report

_ALIKE = 0.6
_AGREE = 0.8
"""How many of the different values of a source have to be values of a dimension."""
_PERSON_SOURCES: dict[str, Callable[[Report], str | None]] = {
    "employee_custom_field_1": lambda report: report.employee_custom_field_1,
    "employee_custom_field_2": lambda report: report.employee_custom_field_2,
    "account_id": lambda report: report.account_id,
}


def suggest(
    reports: Sequence[Report],
    books: Books,
    categories: Sequence[Mapping[str, object]] = (),
    policies: Sequence[str] = (),
) -> str:
    """The text of a rules file.

    Args:
        reports: Reports as the tap gives them.
        books: The NAV company to post them in.
        categories: Categories that can be chosen, as the tap's stream `policy_categories` gives them.
        policies: The only policies the file is for.
    """
    lines = [
        f"# Suggested from {len(reports)} reports and the company {books.company}.",
        "# Lines marked GUESS were found by name: confirm or correct them.",
        "version: 1",
        *([f"reports: {{policy: [{', '.join(map(_quoted, policies))}]}}"] if policies else []),
        f"local_currency: {books.local_currency or 'EUR  # GUESS: NAV does not say'}",
        f"company: {{fixed: {_quoted(books.company)}}}",
        "documents:",
        *_out_of_pocket(reports, books),
        *_company_card(reports, books),
        *_accounts(reports, categories, books),
        *_dimensions(reports, books),
    ]
    return "\n".join(lines) + "\n"


def _out_of_pocket(reports: Sequence[Report], books: Books) -> Iterator[str]:
    """The employee's vendor: the field that holds vendor numbers, else vendors of the same name."""
    hits = Counter(
        {
            name: sum((value(report) or "").upper() in books.vendors for report in reports)
            for name, value in _PERSON_SOURCES.items()
        }
    )
    source, found = hits.most_common(1)[0]
    named = {
        report.submitter_email: report.submitter_full_name
        for report in reports
        if report.submitter_email
        and (not found or (_PERSON_SOURCES[source](report) or "").upper() not in books.vendors)
    }
    sources = ["by_submitter"] if named or not found else []
    yield "  out_of_pocket:"
    yield "    document: purchase_invoice"
    yield "    vendor:"
    yield f"      from: [{', '.join([*sources, source] if found else sources)}]"
    if sources:
        vendors = _names(books, "vendors")
        entries = [
            _entry("        ", email, name, vendors) for email, name in sorted(named.items())
        ]
        yield from _table("      by_submitter", entries)


def _company_card(reports: Sequence[Report], books: Books) -> Iterator[str]:
    """The card company's vendor in the report's currency, or in the own currency a clearing account."""
    currencies: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        policy = report.policy_name or report.policy_id
        if policy and any(expense.reimbursable is False for expense in report.expenses):
            currencies[policy].add(report.currency or "")
    accounts = {
        number: name
        for number, name in _names(books, "accounts").items()
        if "card" in name.casefold()
    }
    rules: list[str] = []
    for policy, used in sorted(currencies.items()):
        currency = next(iter(used)) if len(used) == 1 else None
        vendor = next(
            (
                number
                for number, name in _names(books, "vendors").items()
                if "card" in f"{number} {name}".casefold()
                and (books.vendor_currencies.get(number) or books.local_currency) == currency
            ),
            None,
        )
        rules.append(f"      {_quoted(policy)}:")
        if vendor is not None:
            name = books.names["vendors", vendor]
            rules.append("        document: purchase_invoice")
            rules.append(f"        vendor: {{fixed: {_quoted(vendor)}}}  # GUESS: {name}")
        elif accounts and currency == books.local_currency:
            number = next(iter(accounts))
            rules.append("        document: journal_entry")
            rules.append("        balancing_account:")
            rules.append("          type: G/L Account")
            rules.append(f"          fixed: {_quoted(number)}  # GUESS: {accounts[number]}")
        else:
            rules[-1] = f"      # {_quoted(policy)}: nothing like a card in NAV"
    if any(not line.lstrip().startswith("#") for line in rules):
        yield "  company_card:"
        yield "    by_policy:"
        yield from rules
    else:
        yield from rules
        yield "  company_card:  # held until a vendor or account is named here"
        yield "    document: purchase_invoice"
        yield "    vendor: {from: by_policy, by_policy: {}}"


def _accounts(
    reports: Sequence[Report], categories: Sequence[Mapping[str, object]], books: Books
) -> Iterator[str]:
    """GL codes that are accounts of NAV; for all other categories, accounts of a similar name."""
    coded: set[str] = set()
    others: set[str] = set()
    used = {(item.category, item.category_gl_code or "") for item in _expenses(reports)}
    listed = {
        (str(item["name"]), str(item.get("gl_code") or ""))
        for item in categories
        if item.get("name") and item.get("enabled") is not False
    }
    for category, code in used | listed:
        if category:
            (coded if code.upper() in books.accounts else others).add(category)
    sources = [*(["by_category"] if others else []), *(["category_gl_code"] if coded else [])]
    yield "accounts:"
    yield f"  from: [{', '.join(sources or ['category_gl_code'])}]"
    if others:
        accounts = _names(books, "accounts")
        entries = [_entry("    ", category, category, accounts) for category in sorted(others)]
        yield from _table("  by_category", entries)


def _dimensions(reports: Sequence[Report], books: Books) -> Iterator[str]:
    """For each dimension, the source whose values are values of it."""
    said: dict[tuple[str, str], set[str]] = defaultdict(set)
    for report in reports:
        for name, value in _PERSON_SOURCES.items():
            _add(said[name, ""], value(report))
        for name, text in report.custom_fields.items():
            _add(said["report_field", name], text)
    for expense in _expenses(reports):
        for tag in expense.tags:
            _add(said["tag_gl_code", str(tag.level)], tag.gl_code)
            _add(said["tag_name", str(tag.level)], tag.name)
    chosen: dict[str, tuple[str, str]] = {}
    for code in sorted({dimension for dimension, _ in books.values}):
        values = {value for dimension, value in books.values if dimension == code}
        shares = {
            source: len(texts & values) / len(texts)
            for source, texts in said.items()
            if texts and source not in chosen.values()
        }
        best = max(shares, key=lambda source: shares[source], default=None)
        if best is not None and shares[best] >= _AGREE:
            chosen[code] = best
    if not chosen:
        return
    yield "dimensions:"
    for code, (source, detail) in chosen.items():
        place = "lines" if source.startswith("tag_") else "header"
        extra = {"tag_level": "tag_level", "report_field": "report_field"}
        key = extra["tag_level"] if source.startswith("tag_") else extra.get(source)
        more = f", {key}: {_quoted(detail)}" if key and detail else ""
        yield f"  {_quoted(code)}: {{applies_to: {place}, from: {source}{more}}}"


def _add(texts: set[str], text: str | None) -> None:
    if text:
        texts.add(text.upper())


def _expenses(reports: Iterable[Report]) -> Iterator[Expense]:
    for report in reports:
        yield from report.expenses


def _names(books: Books, kind: str) -> dict[str, str]:
    """Number → name, of what can be posted to."""
    faults = books.accounts if kind == "accounts" else books.vendors
    return {
        number: name
        for (of_kind, number), name in books.names.items()
        if of_kind == kind and faults.get(number) is None
    }


def _table(heading: str, entries: list[str]) -> Iterator[str]:
    """A table; an empty one where all its entries are only comments."""
    empty = all(entry.lstrip().startswith("#") for entry in entries)
    yield f"{heading}: {{}}" if empty else f"{heading}:"
    yield from entries


def _entry(indent: str, key: str, name: str | None, candidates: dict[str, str]) -> str:
    """A line of a table by the most similar name, marked as a guess; a comment when nothing is similar."""
    number, score = max(
        ((number, _likeness(name or key, other)) for number, other in candidates.items()),
        key=lambda pair: pair[1],
        default=("", 0.0),
    )
    if score < _ALIKE:
        return f"{indent}# {_quoted(key)}:   # nothing of a similar name in NAV"
    return f"{indent}{_quoted(key)}: {_quoted(number)}  # GUESS: {candidates[number]}"


def _likeness(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1: by their words, whatever the order, and by their letters."""
    first, second = (sorted(set(re.findall(r"\w+", text.casefold()))) for text in (one, other))
    if not first or not second:
        return 0.0
    words = 2 * len(set(first) & set(second)) / (len(first) + len(second))
    letters = difflib.SequenceMatcher(None, " ".join(first), " ".join(second)).ratio()
    return max(words, letters)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
