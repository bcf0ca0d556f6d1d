"""From documents to rows of the ledger, and back. Pure: no I/O."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_dynamics_nav.ledger.standing import Standing
from target_dynamics_nav.ledger.tables import contents, documents, nav_documents
from target_dynamics_nav.settlement import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_dynamics_nav.document import Document, Problem
    from target_dynamics_nav.ledger.standing import Books, NavDocument

Row = dict[str, Any]

POSTED_CONTENT = "posted_content"
"""Beside the columns of `documents`: the content of the version that is posted."""

NEW_DOCUMENT: Row = {
    **{column.name: None for column in documents.columns},
    "part_number": 0,
    "attempts": 0,
    POSTED_CONTENT: None,
}

FRACTIONS = 100_000
"""`documents.total_fraction` counts in 1/100,000: the contract allows five decimals."""

PERSONAL = {
    "submitter": None,
    "policy_name": None,
    "source_url": None,
    "waived_reason": None,
}
"""Columns of `documents` that a purge empties; `source` and `reasons` are cut down, see `purged`."""

_NOT_AN_ID = ("rounding", "#")


def document_row(books: Books, document: Document, reasons: Sequence[Problem]) -> Row:
    """What the row of a document says of the document as it was read."""
    source, total = document.source, document.total
    row: Row = {
        "company": books.company_name,
        "kind": document.kind.value,
        "reasons": [problem.as_dict() for problem in reasons],
        "reason_code": reasons[0].code if reasons else None,
        "source_id": document.source_name,
        "source_number": source.get("number"),
        "source": dict(source),
        "source_url": source.get("url"),
        "policy_id": source.get("policy_id"),
        "policy_name": source.get("policy_name"),
        "submitter": source.get("submitter"),
        "approved_at": source.get("approved_at"),
        "part": source.get("part"),
        "vendor_number": document.vendor_number,
        "posting_date": document.posting_date and document.posting_date.isoformat(),
        "document_date": document.document_date and document.document_date.isoformat(),
        "total": None if total is None else str(total),
        "total_whole": None if total is None else int(total),
        "total_fraction": None if total is None else int((total - int(total)) * FRACTIONS),
        "currency_code": document.currency_code,
        "content_digest": document.digest,
        "version": version_of(document),
    }
    return fitted(documents, row)


def version_of(document: Document) -> str:
    """Digest of everything a person may want to compare: content, texts, order and sources of lines, rules.

    Dates are left out: a document that is held while its posting date moves with the calendar is one version.
    """
    told = {"content": document.content, **_told(document), "decided_by": dict(document.decided_by)}
    text = json.dumps(told, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def content_row(books: Books, document: Document, version: str, at: str, run_id: str) -> Row:
    """The row of one version of a document."""
    dates = {
        name: value.isoformat() if value else None
        for name in ("posting_date", "document_date", "due_date")
        for value in (getattr(document, name),)
    }
    return fitted(
        contents,
        {
            "ledger_id": books.ledger_id,
            "document_key": document.key,
            "version": version,
            "digest": document.digest,
            "content": document.content,
            "document": {
                **_told(document),
                **dates,
                "notes": [vars(note) for note in document.notes],
            },
            "decided_by": dict(document.decided_by),
            "first_read_at": at,
            "run_id": run_id,
        },
    )


def nav_document_row(
    ledger_id: str, document_key: str, found: NavDocument, at: str, run_id: str
) -> Row:
    """The row of a document in NAV."""
    return fitted(
        nav_documents,
        {
            "ledger_id": ledger_id,
            "nav_key": found.nav_key,
            "nav_id": found.nav_id or found.nav_number or "",
            "document_key": document_key,
            "part_number": found.part_number,
            "role": found.role,
            "kind": found.kind,
            "nav_number": found.nav_number,
            "digest": found.digest,
            "total": None if found.total is None else str(found.total),
            "currency_code": found.currency_code,
            "posting_date": found.posting_date and found.posting_date.isoformat(),
            "at": at,
            "removed_at": None,
            "run_id": run_id,
        },
    )


def source_ids(document: Document) -> list[str]:
    """What the lines were made of, e.g. expenses; lines made of nothing (a rounding, a place in the report) aside."""
    return list(
        dict.fromkeys(
            line.source_id[:64]
            for line in document.lines
            if line.source_id and not line.source_id.startswith(_NOT_AN_ID)
        )
    )


def standing_of(row: Mapping[str, Any]) -> Standing:
    """A row of `documents`, with the posted content beside it, as what is known of the document."""
    return Standing(
        status=Status(row["status"]),
        nav_id=row["nav_id"],
        nav_number=row["nav_number"],
        posted_digest=row["posted_digest"],
        draft_digest=row["draft_digest"],
        posted_content=row[POSTED_CONTENT],
        part_number=row["part_number"],
        attempts=row["attempts"],
        waived_digest=row["waived_digest"],
    )


def purged(row: Mapping[str, Any], at: str) -> Row:
    """What a purge makes of a row of `documents`: who and which words go, codes and numbers stay."""
    source, reasons = row["source"] or {}, row["reasons"] or []
    return {
        **PERSONAL,
        "source": {name: source[name] for name in ("system", "id", "number") if name in source},
        "reasons": [
            {"code": reason.get("code"), "message": "", "field": reason.get("field")}
            | {"value": None, "hint": None}
            for reason in reasons
        ],
        "purged_at": at,
    }


def fitted(table: sa.Table, row: Row) -> Row:
    """Texts as the columns can take them: no longer, without NUL and half surrogate pairs."""
    return {name: _fitted(value, table.columns[name].type) for name, value in row.items()}


def _fitted(value: object, kind: sa.types.TypeEngine[Any]) -> object:
    if value is None or not isinstance(kind, sa.String):
        return value
    # A feed may give something else than text for a text.
    text = str(value).replace("\0", "").encode("utf-8", "replace").decode()
    return text if kind.length is None else text[: kind.length]


def _told(document: Document) -> Row:
    """The document for people: its texts, and its lines in their order with what they were made of."""
    return {
        "description": document.description,
        "vendor_number": document.vendor_number,
        "dimensions": dict(document.dimensions),
        "lines": [
            {
                "account_type": line.account_type,
                "account_number": line.account_number,
                "description": line.description,
                "amount": str(line.amount),
                "tax_code": line.tax_code,
                "dimensions": dict(line.dimensions),
                "source_id": line.source_id,
            }
            for line in document.lines
        ],
    }
