"""What a document is: its contract, its content and the digest of its content. Pure: no I/O.

A record of one of the document streams becomes a `Document`. Whatever in it does not fit the contract becomes a
`Problem` of the document, so that a person reads all of them at once; only a record that has no usable key at all is
refused with an error, because nothing could be recorded about it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.errors import ContractError
from target_dynamics_nav.nav.port import DocumentKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAXIMUM_KEY_LENGTH = {
    DocumentKind.PURCHASE_INVOICE: 35,
    DocumentKind.PURCHASE_CREDIT_MEMO: 35,
    DocumentKind.JOURNAL_ENTRY: 20,
}
_KEY = re.compile(r"[A-Z0-9-]+")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,5})?")


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
class Document:
    """A NAV document as upstream wants it, checked for shape but not yet against any master data.

    Attributes:
        kind: What it becomes in NAV.
        key: Unique; written into NAV as external document number.
        company: NAV company name or id, or None for the target's own setting.
        balancing_account: (type, number), journals only.
        total: Control total in document currency, tax included.
        problems: From upstream and from the contract; non-empty means: hold.
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

    @property
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

    @property
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


def read_document(kind: DocumentKind, record: Mapping[str, Any]) -> Document:
    """Read a record of a document stream.

    Args:
        kind: The stream it came on.
        record: The record, as in the JSON Schema of the contract; amounts as decimal strings or exact numbers.

    Returns:
        The document; whatever does not fit the contract is among its problems.

    Raises:
        ContractError: If there is no usable `document_key`.
    """
    key = record.get("document_key")
    limit = MAXIMUM_KEY_LENGTH[kind]
    if not isinstance(key, str) or not _KEY.fullmatch(key) or len(key) > limit:
        raise ContractError(
            f"A record of stream '{kind.value}' has no usable document_key: it must be 1 to {limit} characters of "
            "A-Z, 0-9 and '-'.",
            code="document_key_unusable",
            field="document_key",
            value=str(key)[:60] if key is not None else None,
            hint="Correct the mapper: every document needs a unique upper-case key.",
        )
    reader = _Reader(record)
    lines = [
        _read_line(reader, index, line)
        for index, line in enumerate(reader.objects(record, "lines"))
    ]
    skip = reader.object(record, "skip")
    upstream = [_read_problem(problem) for problem in reader.objects(record, "problems")]
    document = Document(
        kind=kind,
        key=key,
        company=reader.text(record, "company"),
        vendor_number=reader.text(record, "vendor_number"),
        balancing_account=reader.balancing_account(record),
        posting_date=reader.date(record, "posting_date"),
        document_date=reader.date(record, "document_date"),
        due_date=reader.date(record, "due_date"),
        currency_code=reader.text(record, "currency_code"),
        prices_include_tax=reader.flag(record, "prices_include_tax"),
        total=reader.amount(record, "total"),
        description=reader.text(record, "description") or "",
        dimensions=reader.dimensions(record, "dimensions", "dimensions"),
        lines=lines,
        skip=Skip(str(skip.get("code")), str(skip.get("reason"))) if skip is not None else None,
        notes=[_read_note(note) for note in reader.objects(record, "notes")],
        source=reader.object(record, "source") or {},
        decided_by=reader.object(record, "decided_by") or {},
    )
    # Upstream's own explanation comes first and stands alone: a missing value that upstream already explained
    # would only be reported a second time, in less helpful words.
    problems = upstream or ([] if document.skip else [*reader.problems, *_missing(document)])
    return _with_problems(document, problems)


def _with_problems(document: Document, problems: Sequence[Problem]) -> Document:
    return Document(**{**document.__dict__, "problems": list(problems)})


def _missing(document: Document) -> list[Problem]:
    """What the contract asks for and the record does not have."""
    required: dict[str, object] = {
        "posting_date": document.posting_date,
        "document_date": document.document_date,
        "total": document.total,
        "lines": document.lines,
    }
    if document.kind is DocumentKind.JOURNAL_ENTRY:
        required["balancing_account"] = document.balancing_account
    else:
        required["vendor_number"] = document.vendor_number
    return [
        Problem(
            code="field_missing",
            field=name,
            message=f"The document has no {name.replace('_', ' ')}.",
            hint="Correct the mapper or its rules so that this field is filled.",
        )
        for name, value in required.items()
        if value is None or value == []
    ]


class _Reader:
    """Reads values of a record and collects what does not fit."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = record
        self.problems: list[Problem] = []

    def _unfit(self, path: str, value: object, expected: str) -> None:
        self.problems.append(
            Problem(
                code="field_unfit",
                field=path,
                value=str(value)[:60],
                message=f"The field {path} is not {expected}.",
                hint="Correct the mapper or its rules; the target's README describes the contract.",
            )
        )

    def text(self, container: Mapping[str, Any], name: str, path: str | None = None) -> str | None:
        value = container.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return value
        self._unfit(path or name, value, "a text")
        return None

    def date(self, container: Mapping[str, Any], name: str) -> date | None:
        value = container.get(name)
        if value is None:
            return None
        match = _DATE.fullmatch(value) if isinstance(value, str) else None
        if match:
            try:
                return date(*(int(part) for part in match.groups()))
            except ValueError:
                pass
        self._unfit(name, value, "a date like 2026-01-31")
        return None

    def amount(
        self, container: Mapping[str, Any], name: str, path: str | None = None
    ) -> Decimal | None:
        value = container.get(name)
        if value is None:
            return None
        exact = isinstance(value, (str, int, Decimal)) and not isinstance(value, bool)
        text = str(value) if exact else ""
        if isinstance(value, Decimal):
            text = format(value, "f")
        try:
            if _AMOUNT.fullmatch(text):
                return Decimal(text)
        except InvalidOperation:
            pass
        self._unfit(path or name, value, 'an exact amount like "123.45"')
        return None

    def flag(self, container: Mapping[str, Any], name: str) -> bool:
        value = container.get(name)
        if value is not None and not isinstance(value, bool):
            self._unfit(name, value, "true or false")
        return value is True

    def object(self, container: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
        value = container.get(name)
        if value is None or isinstance(value, dict):
            return value
        self._unfit(name, value, "an object")
        return None

    def objects(
        self, container: Mapping[str, Any], name: str, path: str | None = None
    ) -> list[Mapping[str, Any]]:
        value = container.get(name)
        if value is None:
            return []
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
        self._unfit(path or name, value, "a list of objects")
        return []

    def dimensions(self, container: Mapping[str, Any], name: str, path: str) -> dict[str, str]:
        result: dict[str, str] = {}
        for item in self.objects(container, name, path):
            code, value = item.get("code"), item.get("value")
            if not isinstance(code, str) or not code or not isinstance(value, str) or not value:
                self._unfit(path, item, "a list of {code, value}")
                continue
            if code.upper() in result:
                self.problems.append(
                    Problem(
                        code="dimension_twice",
                        field=path,
                        value=code,
                        message=f"The dimension {code} is given twice on the same document or line.",
                        hint="Correct the mapping rules so that each dimension is decided once.",
                    )
                )
            result[code.upper()] = value.upper()
        return result

    def balancing_account(self, container: Mapping[str, Any]) -> tuple[str, str] | None:
        value = container.get("balancing_account")
        if value is None:
            return None
        if isinstance(value, dict) and value.get("type") and value.get("number"):
            return str(value["type"]), str(value["number"]).upper()
        self._unfit("balancing_account", value, "an object {type, number}")
        return None


def _read_line(reader: _Reader, index: int, line: Mapping[str, Any]) -> Line:
    path = f"lines[{index}]"
    account_number = reader.text(line, "account_number", f"{path}.account_number")
    amount = reader.amount(line, "amount", f"{path}.amount")
    for name, value in (("account_number", account_number), ("amount", amount)):
        if value is None and line.get(name) in (None, ""):
            reader.problems.append(
                Problem(
                    code="field_missing",
                    field=f"{path}.{name}",
                    message=f"Line {index + 1} has no {name.replace('_', ' ')}.",
                    hint="Correct the mapper or its rules so that this field is filled.",
                )
            )
    return Line(
        account_type=reader.text(line, "account_type", f"{path}.account_type") or "G/L Account",
        account_number=(account_number or "").upper(),
        description=reader.text(line, "description", f"{path}.description") or "",
        amount=amount if amount is not None else Decimal(0),
        tax_code=reader.text(line, "tax_code", f"{path}.tax_code"),
        dimensions=reader.dimensions(line, "dimensions", f"{path}.dimensions"),
        source_id=str(line.get("source_id") or ""),
    )


def _read_problem(problem: Mapping[str, Any]) -> Problem:
    return Problem(
        code=str(problem.get("code") or "unexplained"),
        message=str(problem.get("message") or "The mapper reported a problem without a message."),
        field=_optional(problem.get("field")),
        value=_optional(problem.get("value")),
        hint=_optional(problem.get("hint")),
    )


def _read_note(note: Mapping[str, Any]) -> Note:
    return Note(
        code=str(note.get("code") or "note"),
        message=str(note.get("message") or ""),
        field=_optional(note.get("field")),
        value=_optional(note.get("value")),
    )


def _optional(value: object) -> str | None:
    return None if value is None else str(value)


def _upper(text: str | None) -> str | None:
    """NAV stores codes in upper case; two spellings of one code are one code."""
    return text.upper() if text is not None else None


def _canonical(amount: Decimal | None) -> str | None:
    """An amount without insignificant zeros: 1.50 and 1.5 are the same money."""
    if amount is None:
        return None
    text = format(amount, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
