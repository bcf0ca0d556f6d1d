"""JSON Schemas of the document streams: what the target takes, for those who make documents. Pure data.

The target does not validate by them, because one unfit record would end the run: `document.read_document` reads what is
there and holds a document that does not fit, with the reasons.
"""

from __future__ import annotations

from typing import Any

from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import MAXIMUM_KEY_LENGTH

KEY_PROPERTIES = ("document_key",)

Schema = dict[str, Any]


def document_schema(kind: DocumentKind) -> Schema:
    """The JSON Schema of one document stream. Every field but the key and the source may be null or missing.

    Args:
        kind: The kind of document; its value is the name of the stream.
    """
    return {
        "type": "object",
        "required": ["document_key", "source"],
        "properties": {
            "document_key": {
                "type": "string",
                "pattern": "^[A-Z0-9-]+$",
                "maxLength": MAXIMUM_KEY_LENGTH[kind],
            },
            "company": _TEXT,
            **(
                {"balancing_account": _object(type=_ACCOUNT_TYPE, number=_CODE)}
                if kind is DocumentKind.JOURNAL_ENTRY
                else {"vendor_number": _CODE}
            ),
            "posting_date": _DATE,
            "document_date": _DATE,
            "due_date": _DATE,
            "currency_code": _TEXT,
            "prices_include_tax": {"type": ["boolean", "null"]},
            "total": _AMOUNT,
            "description": _TEXT,
            "dimensions": _DIMENSIONS,
            "lines": _list(
                line_number={"type": ["integer", "null"], "minimum": 1},
                account_type=_TEXT,
                account_number=_CODE,
                description=_TEXT,
                amount=_AMOUNT,
                tax_code=_TEXT,
                dimensions=_DIMENSIONS,
                source_id=_TEXT,
            ),
            "attachments": _list(file_name=_TEXT, url=_TEXT, path=_TEXT),
            "skip": _object(code=_TEXT, reason=_TEXT),
            "notes": _MESSAGES,
            "problems": _MESSAGES,
            "source": {"type": "object", "properties": {"system": _TEXT, "id": _TEXT}},
            "decided_by": {"type": ["object", "null"], "additionalProperties": _TEXT},
        },
    }


def _object(**properties: Schema) -> Schema:
    return {"type": ["object", "null"], "properties": properties}


def _list(**properties: Schema) -> Schema:
    return {"type": ["array", "null"], "items": {"type": "object", "properties": properties}}


_TEXT: Schema = {"type": ["string", "null"]}
_CODE: Schema = {"type": ["string", "null"], "maxLength": 20}
_DATE: Schema = {"type": ["string", "null"], "format": "date"}
_ACCOUNT_TYPE: Schema = {
    "type": ["string", "null"],
    "enum": ["G/L Account", "Vendor", "Bank Account", None],
}
_AMOUNT: Schema = {
    "type": ["string", "number", "null"],
    "pattern": r"^-?\d{1,15}(\.\d{1,5})?$",
    "description": "Decimal text, so that no reader in between makes a float of it.",
}
_DIMENSIONS = _list(code=_CODE, value=_CODE)
_MESSAGES = _list(code=_TEXT, field=_TEXT, value=_TEXT, message=_TEXT, hint=_TEXT)
