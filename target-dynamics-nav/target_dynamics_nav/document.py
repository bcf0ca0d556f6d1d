"""What a document is: its content and the digest of its content. Pure: no I/O.

`records.py` makes documents of the records of a feed; `contract.py` publishes what such a record looks like.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal


@dataclass(frozen=True)
class Problem:
    """Why a document is not posted: for people, with a stable code."""

    code: str
    message: str
    field: str | None = None
    value: str | None = None
    hint: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        """The problem as plain data, for the ledger and the logs."""
        return {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "value": self.value,
            "hint": self.hint,
        }


@dataclass(frozen=True)
class Note:
    """Something that was decided without asking: a default, a cut text, a moved date, an inherited dimension."""

    code: str
    message: str
    field: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class Skip:
    """A rule says that this document is not to be posted."""

    code: str
    reason: str


@dataclass(frozen=True)
class Line:
    """One line. `amount` in document currency, positive is cost on invoices and debit on journals."""

    account_type: str
    account_number: str
    description: str
    amount: Decimal
    tax_code: str | None
    dimensions: Mapping[str, str]
    source_id: str


@dataclass(frozen=True)
class Attachment:
    """A receipt, by its address or as a file."""

    file_name: str
    url: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Document:
    """A NAV document as upstream wants it, checked for shape but not yet against any master data.

    Attributes:
        kind: What it becomes in NAV.
        key: Unique; written into NAV as external document number.
        company: NAV company name or id, or None for the target's own setting.
        balancing_account: (type, number), journals only.
        total: Control total in document currency, tax included.
        problems: From upstream and from the contract; non-empty means: hold.
        part_of: Key of the document that this one corrects, for what a correction posts.
    """

    kind: DocumentKind
    key: str
    company: str | None
    vendor_number: str | None
    balancing_account: tuple[str, str] | None
    posting_date: date | None
    document_date: date | None
    due_date: date | None
    currency_code: str | None
    prices_include_tax: bool
    total: Decimal | None
    description: str
    dimensions: Mapping[str, str]
    lines: Sequence[Line]
    skip: Skip | None = None
    notes: Sequence[Note] = ()
    problems: Sequence[Problem] = ()
    source: Mapping[str, Any] = field(default_factory=dict)
    decided_by: Mapping[str, str] = field(default_factory=dict)
    part_of: str | None = None
    attachments: Sequence[Attachment] = ()

    @cached_property
    def content(self) -> dict[str, Any]:
        """The financial substance: what must not change once it is posted.

        Dates and texts are left out on purpose: a report that was re-approved without any other change, or a new
        description template, is not a different posting.
        """
        return {
            "kind": self.kind.value,
            "vendor_number": _upper(self.vendor_number),
            "balancing_account": list(self.balancing_account) if self.balancing_account else None,
            "currency_code": _upper(self.currency_code),
            "prices_include_tax": self.prices_include_tax,
            "total": _canonical(self.total),
            "lines": sorted(
                (
                    {
                        "account_type": line.account_type,
                        "account_number": _upper(line.account_number),
                        "amount": _canonical(line.amount),
                        "tax_code": _upper(line.tax_code),
                        "dimensions": {**self.dimensions, **line.dimensions},
                    }
                    for line in self.lines
                ),
                key=lambda line: json.dumps(line, sort_keys=True),
            ),
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `content` in canonical JSON: equal digests mean an equal posting."""
        canonical = json.dumps(
            self.content, sort_keys=True, separators=(",", ":"), ensure_ascii=True
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def is_credit(self) -> bool:
        """Whether its positive total is money coming back."""
        return self.kind is DocumentKind.PURCHASE_CREDIT_MEMO

    @property
    def posted_as_nothing(self) -> bool:
        """Whether upstream wants nothing posted: a rule skips the document, or it could not be mapped."""
        return self.skip is not None or bool(self.problems)

    @property
    def why_nothing(self) -> str:
        """Why upstream wants nothing posted, as a sentence."""
        if self.skip is not None:
            return self.skip.reason
        return " ".join(problem.message for problem in self.problems)

    @property
    def source_name(self) -> str:
        """How a person calls the source of this document, e.g. a report id."""
        identifier = self.source.get("id")
        return str(identifier) if identifier else self.key


def _upper(text: str | None) -> str | None:
    """NAV stores codes in upper case; two spellings of one code are one code."""
    return text.upper() if text is not None else None


def _canonical(amount: Decimal | None) -> str | None:
    """An amount without insignificant zeros: 1.50 and 1.5 are the same money."""
    if amount is None:
        return None
    text = format(amount, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
