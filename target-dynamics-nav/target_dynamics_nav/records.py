"""From a record of a document stream to a `Document`. Pure: no I/O.

Whatever in the record does not fit the contract becomes a `Problem` of the document, so that a person reads all of them
at once; only a record that has no usable key at all is refused with an error, because nothing could be recorded about
it.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.document import Attachment, Document, Line, Note, Problem, Skip
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
        attachments=[_read_attachment(one) for one in reader.objects(record, "attachments")],
    )
    # Upstream's own explanation comes first and stands alone: a missing value that upstream already explained
    # would only be reported a second time, in less helpful words.
    problems = upstream or ([] if document.skip else [*reader.problems, *_missing(document)])
    return _with_problems(document, problems)


def _read_attachment(attachment: Mapping[str, Any]) -> Attachment:
    """A receipt; one without a name gets a plain one, as a receipt never holds a document."""
    url, path = attachment.get("url"), attachment.get("path")
    return Attachment(
        file_name=str(attachment.get("file_name") or "receipt"),
        url=str(url) if url else None,
        path=str(path) if path else None,
    )


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
