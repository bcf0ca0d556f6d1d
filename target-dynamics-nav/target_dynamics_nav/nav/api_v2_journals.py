"""Journal entries over API v2.0: one journal batch for each document, and the ledger entries it became.

NAV checks nothing twice here: the same lines post as often as they are sent. So each document has a batch of its own,
whose code follows from the document's key. Creating it a second time is refused, and posting it posts nothing else.
After posting, the ledger entries with our document number are the document; the emptied batch is removed.

A ledger entry does not tell which line balanced the others. Therefore the balancing line's description begins with the
document's key, and it comes last.
"""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import DocumentRefusedError, ProtocolError
from target_dynamics_nav.nav.api_v2_dimensions import dimensions_of, set_lines
from target_dynamics_nav.nav.journal_lines import (
    balancing_amount,
    balancing_title,
    is_reversed,
    split,
)
from target_dynamics_nav.nav.odata import Json, caption, code, day, decimal, text
from target_dynamics_nav.nav.parts import LookUp
from target_dynamics_nav.nav.port import DocumentKind, FoundDocument, FoundLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.nav.port import DraftDocument

_BATCH_CODE_LENGTH = 10
_LONGEST_TEXT = 100
_LINE_NUMBER_STEP = 10000


def batch_code(key: str) -> str:
    """The code of a document's journal batch: ten base-32 characters of the key's SHA-256."""
    digest = hashlib.sha256(key.encode()).digest()
    return base64.b32encode(digest).decode()[:_BATCH_CODE_LENGTH]


def batch_look_up(company: str, key: str) -> LookUp:
    """A document's journal batch, with its lines."""
    return LookUp(
        f"{company}/journals",
        "code",
        batch_code(key),
        "journalLines($expand=dimensionSetLines)",
    )


def ledger_look_up(company: str, key: str) -> LookUp:
    """The ledger entries with the document's key as document number."""
    return LookUp(f"{company}/generalLedgerEntries", "documentNumber", key, "dimensionSetLines")


def draft_body(draft: DraftDocument, line_dimensions: Sequence[Mapping[str, str]]) -> Json:
    """The deep insert of a batch with its lines.

    Args:
        draft: The document.
        line_dimensions: Dimensions to send with each line, the balancing one last when there is one.
    """
    title = balancing_title(draft.key, draft.description)[:_LONGEST_TEXT].strip()
    wanted = [
        (line.account_type, line.account_number, line.amount, line.description, line.tax_code)
        for line in draft.lines
    ]
    if balancing_amount(draft):
        if draft.balancing_account is None:
            raise DocumentRefusedError(
                "The journal entry has no balancing account.",
                code="balancing_account_missing",
                field="balancing_account",
                hint="Name a balancing account where the document comes from.",
            )
        wanted.append((*draft.balancing_account, balancing_amount(draft), title, None))
    lines: list[Json] = []
    for number, (row, dimensions) in enumerate(zip(wanted, line_dimensions, strict=True), start=1):
        account_type, account_number, amount, description, tax_code = row
        line: Json = {
            "lineNumber": number * _LINE_NUMBER_STEP,
            "accountType": account_type,
            "accountNumber": account_number,
            "postingDate": draft.posting_date,
            "documentNumber": draft.key,
            "externalDocumentNumber": draft.key,
            "amount": amount,
            "description": description,
        }
        if tax_code is not None:
            line["taxCode"] = tax_code
        if dimensions:
            line["dimensionSetLines"] = set_lines(dimensions)
        lines.append(line)
    return {"code": batch_code(draft.key), "displayName": title, "journalLines": lines}


def lines_of(row: Json) -> list[Json]:
    """The filled lines of a batch as read whole; NAV may leave an empty one after posting.

    Raises:
        ProtocolError: NAV did not send them all.
    """
    lines = row.get("journalLines")
    if not isinstance(lines, list) or "journalLines@odata.nextLink" in row:
        raise ProtocolError(f"NAV did not send all lines of journal {row.get('code')}.")
    filled = [line for line in lines if text(line.get("accountNumber")) or line.get("amount")]
    return sorted(filled, key=lambda line: int(line.get("lineNumber") or 0))


def found_batch(row: Json, key: str) -> FoundDocument:
    """A journal batch that is not posted.

    Raises:
        DocumentRefusedError: The batch holds lines of something else, so it is not ours to touch.
        ProtocolError: The row lacks something.
    """
    rows = lines_of(row)
    for line in rows:
        if code(line.get("documentNumber")) != key:
            raise DocumentRefusedError(
                f"Journal batch {row.get('code')} holds lines of another document.",
                code="journal_batch_in_use",
                field="document_key",
                value=key,
                hint="Move or delete those lines in NAV; the next run tries the document again.",
            )
    try:
        lines = [
            _found_line(number, line, caption(line.get("accountType")), decimal(line["amount"]))
            for number, line in enumerate(rows, start=1)
        ]
        posting_date = day(rows[0].get("postingDate")) if rows else None
    except (KeyError, ValueError) as error:
        raise ProtocolError(
            f"NAV's answer for journal {row.get('code')} lacks or garbles a field: {error}.",
            code="answer_garbled",
        ) from error
    balancing, others = split(lines, key)
    return FoundDocument(
        kind=DocumentKind.JOURNAL_ENTRY,
        id=text(row.get("id")),
        number=key,
        key=key,
        posted=False,
        status="Draft",
        etag=text(row.get("@odata.etag")) or None,
        vendor_number=None,
        posting_date=posting_date,
        currency_code=None,
        total=sum((line.amount for line in others), Decimal(0)),
        dimensions=balancing.dimensions if balancing else {},
        lines=others,
        balancing_account=_account(balancing),
    )


def found_entries(entries: Sequence[Json], key: str, leftover: Json | None) -> FoundDocument | None:
    """The document that ledger entries make up; None when they are none of a journal.

    Args:
        entries: Rows of `generalLedgerEntries` with the document's number; those of invoices and payments, which may
            use the same number, are left out.
        key: The document's key.
        leftover: The batch, when it is still there without lines.

    Raises:
        ProtocolError: A row lacks something.
    """
    ours = [entry for entry in entries if not caption(entry.get("documentType"))]
    if not ours:
        return None
    try:
        ours.sort(key=lambda entry: int(entry["entryNumber"]))
        lines = [
            _found_line(number, entry, "G/L Account", _entry_amount(entry))
            for number, entry in enumerate(ours, start=1)
        ]
        posting_date = day(ours[0].get("postingDate"))
    except (KeyError, ValueError) as error:
        raise ProtocolError(
            f"NAV's ledger entries of {key} lack or garble a field: {error}.", code="answer_garbled"
        ) from error
    reversed_ = is_reversed(lines)
    if reversed_:
        lines = lines[: len(lines) // 2]
    balancing, others = split(lines, key)
    return FoundDocument(
        kind=DocumentKind.JOURNAL_ENTRY,
        id=text(ours[0].get("id")),
        number=key,
        key=key,
        posted=True,
        status="Reversed" if reversed_ else "Posted",
        etag=None,
        vendor_number=None,
        posting_date=posting_date,
        currency_code=None,
        total=sum((line.amount for line in others), Decimal(0)),
        dimensions=balancing.dimensions if balancing else {},
        lines=others,
        cancelled=reversed_,
        balancing_account=_account(balancing),
        leftover_id=text(leftover.get("id")) if leftover else None,
    )


def _entry_amount(entry: Json) -> Decimal:
    return decimal(entry["debitAmount"]) - decimal(entry["creditAmount"])


def _found_line(number: int, row: Json, account_type: str, amount: Decimal) -> FoundLine:
    return FoundLine(
        line_number=number,
        account_type=account_type,
        account_number=code(row.get("accountNumber")),
        description=text(row.get("description")),
        amount=amount,
        dimensions=dimensions_of(row),
    )


def _account(line: FoundLine | None) -> tuple[str, str] | None:
    return (line.account_type, line.account_number) if line else None
