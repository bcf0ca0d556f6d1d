"""JSON Schemas of the streams of documents. Pure data.

Every field but the key and the source may be null: a document with problems is emitted with whatever could be
decided, so that a person sees how far it came.
"""

from __future__ import annotations

from typing import Any

PURCHASE_INVOICES = "purchase_invoices"
PURCHASE_CREDIT_MEMOS = "purchase_credit_memos"
JOURNAL_ENTRIES = "journal_entries"
STREAMS = (PURCHASE_INVOICES, PURCHASE_CREDIT_MEMOS, JOURNAL_ENTRIES)
KEY_PROPERTIES = ["document_key"]

Schema = dict[str, Any]


def document_schema(stream: str) -> Schema:
    """The JSON Schema of one stream of documents.

    Args:
        stream: One of `STREAMS`.
    """
    journal = stream == JOURNAL_ENTRIES
    party: Schema = (
        {
            "balancing_account": _object(
                "The other side of the entry.",
                {
                    "type": _text(
                        "Kind of account.", enum=["G/L Account", "Vendor", "Bank Account", None]
                    ),
                    "number": _text("Its number in NAV.", maxLength=20),
                },
            )
        }
        if journal
        else {"vendor_number": _text("Vendor number in NAV.", maxLength=20)}
    )
    return {
        "type": "object",
        "required": ["document_key", "source"],
        "properties": {
            "document_key": {
                "type": "string",
                "pattern": "^[A-Z0-9-]+$",
                "maxLength": 20,
                "description": "Unique; becomes the external document number in NAV.",
            },
            "company": _text("NAV company, name or id; null: the target's own setting."),
            **party,
            "posting_date": _date("Posting date."),
            "document_date": _date("Document date."),
            "due_date": _date("Due date; null: by NAV's payment terms."),
            "currency_code": _text("ISO code; null: the company's own currency."),
            "prices_include_tax": {
                "type": ["boolean", "null"],
                "description": "Whether line amounts include tax.",
            },
            "total": _amount(
                "Sum of the line amounts, tax included; positive on credit memos as well."
            ),
            "description": _text("Description of the document.", maxLength=100),
            "dimensions": _dimensions("Dimensions of the whole document."),
            "lines": {
                "type": ["array", "null"],
                "description": "One line for each expense whose amount is not zero, in the report's order.",
                "items": _line_schema(stream),
            },
            "skip": _object(
                "Why the document is not to be posted, by rule; null: it is to be posted.",
                {"code": _text("Stable code."), "reason": _text("For people.")},
            ),
            "notes": _messages(
                "What was decided without asking: defaults, cut texts, lines left out."
            ),
            "problems": _messages(
                "What a person has to put right first; if any, the document is held."
            ),
            "source": _source_schema(),
            "decided_by": {
                "type": ["object", "null"],
                "description": "Field → the rule that decided it.",
                "additionalProperties": {"type": "string"},
            },
        },
    }


def _line_schema(stream: str) -> Schema:
    amount = {
        PURCHASE_INVOICES: "Amount; positive is cost.",
        PURCHASE_CREDIT_MEMOS: "Amount; positive is a reduction of cost.",
        JOURNAL_ENTRIES: "Amount; positive is debit.",
    }
    return {
        "type": "object",
        "properties": {
            "line_number": {"type": "integer", "minimum": 1, "description": "1, 2, 3 …"},
            "account_type": _text("Kind of account: G/L Account."),
            "account_number": _text("G/L account number in NAV.", maxLength=20),
            "description": _text("Description of the line.", maxLength=100),
            "amount": _amount(amount[stream]),
            "tax_code": _text("NAV's tax code; null: by NAV's own setup."),
            "dimensions": _dimensions("Dimensions of the line."),
            "source_id": _text("The expense's transaction id in Expensify."),
        },
    }


def _source_schema() -> Schema:
    return {
        "type": "object",
        "required": ["system", "id", "part"],
        "description": "Where the document comes from, for people.",
        "properties": {
            "system": {"type": "string", "const": "expensify", "description": "Always expensify."},
            "id": {"type": "string", "description": "Report id."},
            "number": _text("Report number."),
            "name": _text("Report name."),
            "url": _text("Where to see it."),
            "approved_at": _text("When it was approved, UTC."),
            "policy_id": _text("Policy id."),
            "policy_name": _text("Policy name."),
            "submitter": _text("Who submitted it: e-mail address, else name."),
            "part": {
                "type": "string",
                "enum": ["reimbursable", "company_card", "all"],
                "description": "Which expenses of the report the document holds.",
            },
            "expense_id": _text(
                "Transaction id of the only expense; only where each has a document of its own."
            ),
        },
    }


def _text(description: str, **constraints: object) -> Schema:
    return {"type": ["string", "null"], "description": description, **constraints}


def _date(description: str) -> Schema:
    return _text(description, format="date")


def _amount(description: str) -> Schema:
    """Amounts travel as text, so that no reader in between makes floats of them."""
    return _text(f"{description} Decimal text.", pattern=r"^-?\d+(\.\d+)?$")


def _object(description: str, properties: Schema) -> Schema:
    return {"type": ["object", "null"], "description": description, "properties": properties}


def _dimensions(description: str) -> Schema:
    return {
        "type": ["array", "null"],
        "description": description,
        "items": {
            "type": "object",
            "properties": {
                "code": _text("Dimension code.", maxLength=20),
                "value": _text("Dimension value code.", maxLength=20),
            },
        },
    }


def _messages(description: str) -> Schema:
    return {
        "type": ["array", "null"],
        "description": description,
        "items": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "Stable code."},
                "field": _text("Field of the document."),
                "value": _text("The value in question."),
                "message": {"type": "string", "description": "Plain sentence."},
                "hint": _text("What to do next."),
            },
        },
    }
