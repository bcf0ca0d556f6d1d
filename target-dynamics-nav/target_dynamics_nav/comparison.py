"""Is what NAV holds the document that was meant? Pure: no I/O.

The same comparison decides whether a draft may be posted and whether a posted document is the one of this report.
Dimensions that NAV added by default (from the vendor or the account) and that the document does not mention are not
a difference; they are reported as notes. A dimension the document does mention must be exactly as it says, wherever the
dialect can see it (`FoundDocument.readable_line_dimensions`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.document import Note
from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_dynamics_nav.document import Document, Line
    from target_dynamics_nav.nav.port import FoundDocument, FoundLine

_LINES_SHOWN = 5


@dataclass(frozen=True)
class Difference:
    """One way in which NAV's document is not the one meant; `wanted` and `found` as a person reads them."""

    field: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.field}: {self.wanted} in the report, {self.found} in NAV"


def differences(
    document: Document, found: FoundDocument, *, local_currency_code: str, with_dates: bool
) -> list[Difference]:
    """Compare a document with what NAV holds under its key.

    Args:
        document: The document as meant; its total must be known.
        found: The document as NAV holds it, with lines.
        local_currency_code: The company's own currency, which NAV leaves blank.
        with_dates: Whether the posting date counts: for drafts yes, for posted documents no.

    Returns:
        Every difference; none means that it is the same posting.
    """
    result: list[Difference] = []

    def compare(field: str, wanted: object, actual: object) -> None:
        if wanted != actual:
            result.append(Difference(field, _show(wanted), _show(actual)))

    compare("kind of document", _KIND_NAMES[document.kind], _KIND_NAMES[found.kind])
    if document.kind is not DocumentKind.JOURNAL_ENTRY:
        compare("vendor", _upper(document.vendor_number), _upper(found.vendor_number))
        compare(
            "currency",
            _currency(document.currency_code, local_currency_code),
            _currency(found.currency_code, local_currency_code),
        )
    compare("total", document.total, found.total)
    if with_dates:
        compare("posting date", document.posting_date, found.posting_date)
    if found.lines is None:
        result.append(Difference("lines", f"{len(document.lines)} lines", "not readable"))
        return result
    compare("number of lines", len(document.lines), len(found.lines))
    result.extend(_line_differences(document, found, found.lines))
    result.extend(_other_side(document, found))
    return result


def content_differences(
    posted: Mapping[str, Any], current: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """What changed in the financial substance since it was posted, when the audit ledger knows what was.

    Args:
        posted: `Document.content` of what was posted.
        current: `Document.content` of the document as it is now.

    Returns:
        (field, sentence) of each difference.
    """
    return [
        (
            name,
            _changed_lines(posted.get(name) or [], value or [])
            if name == "lines"
            else f"{name.replace('_', ' ')}: posted {_plain(name, posted.get(name))}, now {_plain(name, value)}.",
        )
        for name, value in current.items()
        if posted.get(name) != value
    ]


def unmatched_lines(document: Document, found: FoundDocument) -> tuple[list[Line], list[FoundLine]]:
    """Lines of the document that NAV does not have so, and lines of NAV that the document does not have so."""
    _, missing, surplus = _match(document, found, found.lines or [])
    return missing, surplus


def inherited_dimensions(document: Document, found: FoundDocument) -> list[Note]:
    """Dimensions that NAV added by itself, and what its pages could not take, for the record."""
    pairs, _, _ = _match(document, found, found.lines or [])
    added = {
        (code, value)
        for wanted, line in pairs
        for code, value in line.dimensions.items()
        if code not in _dimensions(document, wanted)
    }
    return [
        *_not_on_the_header(document, found),
        *_cut_texts(pairs),
    ] + [
        Note(
            code="dimension_inherited",
            field=code,
            value=value,
            message=f"NAV added the default dimension {code} = {value}.",
        )
        for code, value in sorted(added)
    ]


def _not_on_the_header(document: Document, found: FoundDocument) -> Iterator[Note]:
    """The header's page has fields for some dimensions only, and nothing else showed that the others are there."""
    for code, value in document.dimensions.items():
        if not _is_readable(code, found.readable_header_dimensions):
            yield Note(
                code="dimension_on_lines_only",
                field=code,
                value=value,
                message=f"{code} = {value} is on the lines; the document's own entry (vendor or balancing account) has "
                "no field for it in this dialect.",
            )


def _cut_texts(pairs: Sequence[tuple[Line, FoundLine]]) -> Iterator[Note]:
    for wanted, line in pairs:
        kept = line.description
        if len(kept) < len(wanted.description) and wanted.description.startswith(kept):
            yield Note(
                code="text_cut",
                field=f"lines[{line.line_number - 1}].description",
                value=kept,
                message=f"NAV keeps {len(kept)} of {len(wanted.description)} characters of a description.",
            )


_KIND_NAMES = {
    DocumentKind.PURCHASE_INVOICE: "purchase invoice",
    DocumentKind.PURCHASE_CREDIT_MEMO: "purchase credit memo",
    DocumentKind.JOURNAL_ENTRY: "journal entry",
}


def _line_differences(
    document: Document, found: FoundDocument, found_lines: Sequence[FoundLine]
) -> list[Difference]:
    _, missing, surplus = _match(document, found, found_lines)
    return [
        Difference(
            "line",
            _describe(wanted, _dimensions(document, wanted)) if wanted else "no such line",
            _describe(line, line.dimensions) if line else "no such line",
        )
        for wanted, line in zip_longest(missing, surplus)
    ]


def _match(
    document: Document, found: FoundDocument, found_lines: Sequence[FoundLine]
) -> tuple[list[tuple[Line, FoundLine]], list[Line], list[FoundLine]]:
    """Pair each wanted line with one of NAV's; NAV may number them in another order.

    A pair has the same account and amount, and NAV's line has every dimension of the wanted one with its value. Lines
    with most dimensions choose first, and take the one with the fewest additions, so that a line with an inherited
    dimension is not taken from the line that asked for it.

    Returns:
        The pairs, wanted lines without a counterpart, and NAV's lines without one.
    """
    candidates: dict[tuple[str, str, Decimal], list[FoundLine]] = {}
    for line in found_lines:
        candidates.setdefault(_identity(line), []).append(line)
    pairs: list[tuple[Line, FoundLine]] = []
    missing: list[Line] = []
    for wanted in sorted(document.lines, key=lambda line: -len(_dimensions(document, line))):
        dimensions = {
            (code, value)
            for code, value in _dimensions(document, wanted).items()
            if _is_readable(code, found.readable_line_dimensions)
        }
        rest = candidates.get(_identity(wanted), [])
        fitting = [line for line in rest if dimensions <= line.dimensions.items()]
        if not fitting:
            missing.append(wanted)
            continue
        chosen = min(fitting, key=lambda line: len(line.dimensions))
        rest.remove(chosen)
        pairs.append((wanted, chosen))
    surplus = [line for rest in candidates.values() for line in rest]
    return pairs, missing, surplus


def _identity(line: Line | FoundLine) -> tuple[str, str, Decimal]:
    return line.account_type, line.account_number.upper(), line.amount


def _dimensions(document: Document, line: Line) -> dict[str, str]:
    """What a line has to end up with: the document's dimensions, unless the line says otherwise."""
    return {**document.dimensions, **line.dimensions}


def _is_readable(code: str, readable: frozenset[str] | None) -> bool:
    return readable is None or code in readable


def _other_side(document: Document, found: FoundDocument) -> Iterator[Difference]:
    """What balances the lines: the vendor's entry has the header's dimensions, a journal has an account for it.

    A posted journal shows the G/L account behind a vendor or bank account, so only G/L accounts compare there.
    """
    journal = document.kind is DocumentKind.JOURNAL_ENTRY
    if journal and found.balancing_account is None:
        if document.total:
            yield Difference("balancing account", _account(document.balancing_account), "nothing")
        return
    wanted = document.balancing_account
    comparable = not found.posted or (wanted is not None and wanted[0] == "G/L Account")
    if journal and comparable and wanted != found.balancing_account:
        yield Difference("balancing account", _account(wanted), _account(found.balancing_account))
    for code, value in document.dimensions.items():
        if not _is_readable(code, found.readable_header_dimensions):
            continue
        actual = found.dimensions.get(code)
        if actual != value:
            yield Difference(f"dimension {code} of the document", value, _show(actual))


def _account(account: tuple[str, str] | None) -> str:
    return " ".join(account) if account else "nothing"


def _changed_lines(
    posted: Sequence[Mapping[str, Any]], current: Sequence[Mapping[str, Any]]
) -> str:
    before = Counter(_line_text(line) for line in posted)
    after = Counter(_line_text(line) for line in current)
    gone, come = (before - after).elements(), (after - before).elements()
    return f"lines no longer in the report: {_listed(gone)}; new lines: {_listed(come)}."


def _line_text(line: Mapping[str, Any]) -> str:
    details = [f"{code} {value}" for code, value in sorted((line.get("dimensions") or {}).items())]
    if line.get("tax_code"):
        details.append(f"tax code {line['tax_code']}")
    shown = f" ({', '.join(details)})" if details else ""
    return f"{_money(Decimal(line['amount']))} on account {line.get('account_number')}{shown}"


def _listed(lines: Iterator[str]) -> str:
    shown = list(islice(lines, _LINES_SHOWN + 1))
    more = ["…"] if len(shown) > _LINES_SHOWN else []
    return ", ".join(shown[:_LINES_SHOWN] + more) or "none"


def _plain(name: str, value: object) -> str:
    """A value of a document's content for people; stream names become words, lists too."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    if name == "total" and isinstance(value, str):
        return _money(Decimal(value))
    kinds: dict[object, str] = {kind.value: name for kind, name in _KIND_NAMES.items()}
    return kinds.get(value, _show(value))


def _describe(line: Line | FoundLine, dimensions: Mapping[str, str]) -> str:
    shown = ", ".join(f"{code} {value}" for code, value in sorted(dimensions.items()))
    return f"{_money(line.amount)} on account {line.account_number} ({shown or 'no dimensions'})"


def _money(amount: Decimal) -> str:
    """With two decimals at least, as people write amounts."""
    whole_or_tenths = amount == amount.quantize(Decimal("0.01"))
    return f"{amount:.2f}" if whole_or_tenths else f"{amount.normalize():f}"


def _upper(text: str | None) -> str | None:
    return text.upper() if text is not None else None


def _currency(code: str | None, local_currency_code: str) -> str:
    return (code or local_currency_code).upper()


def _show(value: object) -> str:
    if isinstance(value, Decimal):
        return _money(value)
    return "nothing" if value is None or value == "" else str(value)
