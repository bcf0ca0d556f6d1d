"""A document as a person reads it: debit and credit, dimensions, the rule behind each. Pure: documents in, text out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from map_expensify_nav.schemas import JOURNAL_ENTRIES, PURCHASE_CREDIT_MEMOS, PURCHASE_INVOICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from map_expensify_nav.documents import MappedDocument

_NAMES = {
    PURCHASE_INVOICES: "Purchase invoice",
    PURCHASE_CREDIT_MEMOS: "Purchase credit memo",
    JOURNAL_ENTRIES: "Journal entry",
}
_HEADINGS = ("Account", "Description", "Debit", "Credit", "Tax", "Dimensions")
_AMOUNTS = (2, 3)


def preview(document: MappedDocument) -> str:
    """One document as text, ending with a line break.

    Args:
        document: As the mapper makes it.
    """
    record = document.record
    text = [f"{_NAMES[document.stream]} {record['document_key']}", *_header(record)]
    if record["skip"]:
        text.append(f"  Not posted: {record['skip']['reason']}")
    else:
        text += ["", *_table(_rows(document)), ""]
    text += [
        f"  Held: {problem['message']} {problem['hint'] or ''}".rstrip()
        for problem in record["problems"]
    ]
    text += [f"  Note: {note['message']}" for note in record["notes"]]
    if record["decided_by"]:
        text.append("  Decided by")
        text += [f"    {field}: {rule}" for field, rule in record["decided_by"].items()]
    return "\n".join(text) + "\n"


def _header(record: Mapping[str, Any]) -> Iterator[str]:
    source = record["source"]
    name = f' "{source["name"]}"' if source["name"] else ""
    yield f"  Report {source['id']}{name}, {source['policy_name'] or 'no policy'}, approved {source['approved_at']}"
    yield (
        f"  Company {record['company'] or 'of the target'} · posting date {record['posting_date'] or '?'} · "
        f"document date {record['document_date'] or '?'} · currency {record['currency_code'] or 'of the company'}"
    )
    if record["dimensions"]:
        yield f"  {_said(record['dimensions'])}"


def _rows(document: MappedDocument) -> list[tuple[str, ...]]:
    """The lines, the other side, and the sums; debits equal credits when nothing is missing."""
    record = document.record
    turned = -1 if document.stream == PURCHASE_CREDIT_MEMOS else 1
    rows: list[tuple[str, ...]] = []
    debit, credit = Decimal(0), Decimal(0)
    entries = [
        (
            line["account_number"] or "?",
            line["description"] or "",
            line["amount"],
            turned,
            line["tax_code"] or "",
            _said(line["dimensions"]),
        )
        for line in record["lines"]
    ]
    tax = _tax(record)
    if tax:
        entries.append(("Tax", "as NAV computes it", str(tax), turned, "", ""))
    entries.append((_other_side(record), "", record["total"], -turned, "", ""))
    for account, words, amount, sign, tax_code, dimensions in entries:
        if amount is None:
            rows.append((account, words, "?", "?", tax_code, dimensions))
            continue
        value = sign * Decimal(amount)
        sides = (str(value), "") if value > 0 else ("", str(-value))
        if value > 0:
            debit += value
        else:
            credit -= value
        rows.append((account, words, *sides, tax_code, dimensions))
    return [*rows, ("", "", str(debit), str(credit), "", "")]


def _tax(record: Mapping[str, Any]) -> Decimal:
    """What NAV has to add for the total to come out; none where amounts include it or are not known."""
    amounts = [line["amount"] for line in record["lines"]]
    taxed = any(line["tax_code"] for line in record["lines"])
    if not taxed or record["total"] is None or None in amounts:
        return Decimal(0)
    return Decimal(record["total"]) - sum((Decimal(amount) for amount in amounts), Decimal(0))


def _other_side(record: Mapping[str, Any]) -> str:
    if "balancing_account" in record:
        account = record["balancing_account"]
        return f"{account['type']} {account['number']}" if account else "?"
    return f"Vendor {record['vendor_number'] or '?'}"


def _said(dimensions: Sequence[Mapping[str, str]]) -> str:
    return " ".join(f"{dimension['code']}={dimension['value']}" for dimension in dimensions)


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Rows in columns; columns that say nothing are left out, amounts are set to the right."""
    shown = [index for index in range(len(_HEADINGS)) if any(row[index] for row in rows)]
    table = [_HEADINGS, *rows]
    widths = {index: max(len(row[index]) for row in table) for index in shown}
    for row in table:
        cells = [
            row[index].rjust(widths[index])
            if index in _AMOUNTS
            else row[index].ljust(widths[index])
            for index in shown
        ]
        yield "  " + "  ".join(cells).rstrip()
