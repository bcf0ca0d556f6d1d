"""One document against what NAV posted for it: header and lines, then its entries in the general ledger. Pure: no I/O.

A difference is told once, by its nature: another account is no wrong amount as well.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from target_dynamics_nav.comparison import differences, unmatched_lines
from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_dynamics_nav.document import Document, Line
    from target_dynamics_nav.nav.entries import LedgerEntry
    from target_dynamics_nav.nav.port import FoundDocument, FoundLine

_BY_FIELD = {
    "kind of document": "kind",
    "vendor": "vendor",
    "currency": "currency",
    "total": "amount",
    "lines": "amount",
    "balancing account": "account",
}
_OWN_WORDS = frozenset({"line", "number of lines"})
"""Fields that are told line by line instead."""

CENT = Decimal("0.01")


def disagreements(
    document: Document,
    found: FoundDocument,
    entries: Sequence[LedgerEntry],
    local_currency_code: str,
) -> dict[str, list[str]]:
    """What differs: sentences by nature (amount, account, dimension, vendor, currency, kind).

    Args:
        document: As the ledger says it was posted.
        found: The posted document in NAV.
        entries: Its entries of the general ledger; journals are made of theirs, and need none.
        local_currency_code: The company's own currency.
    """
    told: dict[str, list[str]] = defaultdict(list)
    for item in differences(
        document, found, local_currency_code=local_currency_code, with_dates=False
    ):
        if item.field not in _OWN_WORDS:
            nature = _BY_FIELD.get(item.field, "dimension")
            told[nature].append(f"{item.field}: {item.wanted} in the ledger, {item.found} in NAV")
    for nature, sentence in _line_disagreements(document, found):
        told[nature].append(sentence)
    if not told and document.kind is not DocumentKind.JOURNAL_ENTRY:
        for nature, sentence in _entry_disagreements(document, entries, local_currency_code):
            told[nature].append(sentence)
    return dict(told)


def _line_disagreements(document: Document, found: FoundDocument) -> Iterator[tuple[str, str]]:
    """Lines that have no counterpart, each with the one that is most like it."""
    missing, surplus = unmatched_lines(document, found)
    rest = list(surplus)
    for wanted in missing:
        likeness = [(_likeness(document, wanted, line), line) for line in rest]
        nature, line = min(likeness, key=lambda pair: _ORDER.index(pair[0]), default=("", None))
        if line is None or nature == _UNLIKE:
            yield "amount", f"{_words(document, wanted)} is in the ledger, and not in NAV"
            continue
        rest.remove(line)
        yield nature, f"{_words(document, wanted)} in the ledger, {_found_words(line)} in NAV"
    for line in rest:
        yield "amount", f"{_found_words(line)} is in NAV, and not in the ledger"


_UNLIKE = "unlike"
_ORDER = ("dimension", "account", "amount", _UNLIKE)


def _likeness(document: Document, wanted: Line, line: FoundLine) -> str:
    """The one thing in which two lines differ, if it is one."""
    same_account = wanted.account_number.upper() == line.account_number.upper()
    same_amount = wanted.amount == line.amount
    same_dimensions = _dimensions(document, wanted).items() <= line.dimensions.items()
    if same_account and same_amount:
        return "dimension"
    if same_amount and same_dimensions:
        return "account"
    if same_account and same_dimensions:
        return "amount"
    return _UNLIKE


def _entry_disagreements(
    document: Document, entries: Sequence[LedgerEntry], local_currency_code: str
) -> Iterator[tuple[str, str]]:
    """The general ledger against the document, as far as it can be told: sums by account, dimensions of entries.

    Entries on other accounts are left alone: payables, tax, rounding. Amounts with tax in them are not compared. In a
    foreign currency, all accounts have to be converted at one rate.
    """
    sign = -1 if document.is_credit else 1
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    lines: dict[str, int] = defaultdict(int)
    for line in document.lines:
        wanted[line.account_number.upper()] += sign * line.amount
        lines[line.account_number.upper()] += 1
    actual: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.account_number in wanted:
            actual[entry.account_number] += entry.amount
    for account, amount in wanted.items():
        if amount and account not in actual:
            yield "account", f"the general ledger has no entry of it on account {account}"
    if any(amount and account not in actual for account, amount in wanted.items()):
        return
    if document.total == sum((line.amount for line in document.lines), Decimal(0)):
        rate = _rate(document, wanted, actual, local_currency_code)
        for account, amount in wanted.items():
            tolerance = CENT * lines[account] if rate != 1 else Decimal(0)
            if abs(actual[account] - amount * rate) > tolerance:
                yield (
                    "amount",
                    (
                        f"account {account}: {amount * rate:.2f} by the ledger, {actual[account]:.2f} in the general "
                        "ledger"
                    ),
                )
    for line in document.lines:
        dimensions = _dimensions(document, line)
        account = line.account_number.upper()
        if line.amount and not any(
            entry.account_number == account and dimensions.items() <= entry.dimensions.items()
            for entry in entries
        ):
            yield (
                "dimension",
                f"{_words(document, line)} has other dimensions in the general ledger",
            )


def _rate(
    document: Document,
    wanted: Mapping[str, Decimal],
    actual: Mapping[str, Decimal],
    local_currency_code: str,
) -> Decimal:
    foreign = (document.currency_code or local_currency_code) != local_currency_code
    total = sum(wanted.values(), Decimal(0))
    if not foreign or not total:
        return Decimal(1)
    return sum(actual.values(), Decimal(0)) / total


def _dimensions(document: Document, line: Line) -> dict[str, str]:
    return {**document.dimensions, **line.dimensions}


def _words(document: Document, line: Line) -> str:
    return _line_words(line.amount, line.account_number, _dimensions(document, line))


def _found_words(line: FoundLine) -> str:
    return _line_words(line.amount, line.account_number, line.dimensions)


def _line_words(amount: Decimal, account: str, dimensions: Mapping[str, str]) -> str:
    shown = ", ".join(f"{code} {value}" for code, value in sorted(dimensions.items()))
    return f"{amount:.2f} on account {account} ({shown or 'no dimensions'})"
