"""Pages and codeunits as records and functions: names from the WSDL, rows as dicts, page after page of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.errors import ProtocolError
from target_dynamics_nav.nav.soap_faults import lacks
from target_dynamics_nav.nav.soap_values import criteria

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from target_dynamics_nav.nav.soap_http import SoapHttp, SoapService
    from target_dynamics_nav.nav.soap_values import Row

ROWS_AT_A_TIME = 200
"""Old servers send no answer larger than 1 MB."""
_KEY = "Key"
_BATCH_PARAMETER = "CurrentJnlBatchName"


@dataclass(frozen=True)
class Part:
    """The lines within a document's page: the part's own name, and the name of one line in it."""

    name: str
    line: str
    fields: frozenset[str]


class SoapPage:
    """A published page of one company."""

    def __init__(self, http: SoapHttp, service: SoapService, needed: Collection[str] = ()) -> None:
        """Look at the page's fields.

        Raises:
            ConfigurationError: A needed one is missing: something else is published under the name.
        """
        self._http = http
        self._service = service
        self.name, fields, self.part = _shape(service)
        self.fields = fields
        missing = set(needed) - fields
        if missing:
            raise lacks(service.name, missing, "field")

    def can(self, operation: str) -> bool:
        """Whether the page allows it."""
        return operation in self._service.operations

    def need_to(self, *operations: str) -> None:
        """Raise ConfigurationError unless the page allows all of these."""
        missing = [operation for operation in operations if not self.can(operation)]
        if missing:
            raise lacks(self._service.name, missing, "function")

    # Reading

    def all(self, batch: str | None = None, **equal: str) -> list[Row]:
        """Every record of which these fields have these values, however many there are.

        Args:
            batch: The journal batch to open the page on.
            **equal: Field names and the values they have to have.
        """
        rows: list[Row] = []
        bookmark: str | None = None
        while True:
            found = self._read_multiple(batch, equal, bookmark, ROWS_AT_A_TIME)
            if not found:
                return rows
            last = str(found[-1].get(_KEY) or "")
            if not last or last == bookmark:
                raise ProtocolError(
                    f"NAV sends the same part of {self.name} again and again.", code="list_stuck"
                )
            rows.extend(found)
            bookmark = last

    def matching(self, batch: str | None = None, **equal: str) -> list[Row]:
        """The few records of which these fields have these values, in one call."""
        return self._read_multiple(batch, equal, None, 0)

    def read(self, **key: str) -> Row | None:
        """The record with this primary key; None when NAV says that there is none."""
        filters = {name: criteria(value) for name, value in key.items()}
        found = self._record(self._http.read(self._service, "Read", **filters))
        return found or None

    def _read_multiple(
        self, batch: str | None, equal: Mapping[str, str], bookmark: str | None, size: int
    ) -> list[Row]:
        filters = [{"Field": name, "Criteria": criteria(value)} for name, value in equal.items()]
        # the WSDL wants one at least; an empty one lets everything through
        filters = filters or [{"Field": min(self.fields - {_KEY}), "Criteria": ""}]
        answer = self._http.read(
            self._service,
            "ReadMultiple",
            **self._opened("ReadMultiple", batch),
            filter=filters,
            bookmarkKey=bookmark,
            setSize=size,
        )
        return self._records(answer)

    # Writing

    def create(self, record: Row) -> Row:
        """Insert one record, with its lines; as NAV has it afterwards (raises as `SoapHttp.write`)."""
        return self._record(
            self._http.write(self._service, "Create", **{self.name: self._fitting(record)})
        )

    def create_all(self, records: Sequence[Row], batch: str | None = None) -> list[Row]:
        """Insert several records, all of them or none."""
        answer = self._http.write(
            self._service,
            "CreateMultiple",
            **self._opened("CreateMultiple", batch),
            **{f"{self.name}_List": {self.name: [self._fitting(record) for record in records]}},
        )
        return self._records(answer)

    def update(self, record: Row) -> Row:
        """Change fields of the version of the record that its `Key` names, and of its lines."""
        return self._record(
            self._http.write(self._service, "Update", **{self.name: self._fitting(record)})
        )

    def delete(self, key: str) -> bool:
        """Delete the version of the record with this key; whether NAV did."""
        return bool(self._http.write(self._service, "Delete", Key=key))

    def _fitting(self, record: Row) -> Row:
        """The record as the page has it; a field that the page does not show cannot be left out silently."""
        part = self.part
        lines = record.get(part.name) if part else None
        unknown = set(record) - self.fields - {_KEY} - ({part.name} if part else set())
        if part and lines:
            for line in lines[part.line]:
                unknown |= {f"{part.name}.{name}" for name in set(line) - part.fields - {_KEY}}
        if unknown:
            raise lacks(self._service.name, unknown, "field")
        return record

    def _opened(self, operation: str, batch: str | None) -> Row:
        """The parameter that chooses a journal batch, on pages that have it."""
        if batch is None:
            return {}
        if _BATCH_PARAMETER not in self._service.parameters.get(operation, frozenset()):
            raise lacks(self._service.name, [_BATCH_PARAMETER], "parameter")
        return {_BATCH_PARAMETER: batch}

    def _record(self, answer: Any) -> Row:  # noqa: ANN401 - as zeep unwraps it
        """The record in an answer, {} where there is none."""
        if isinstance(answer, dict) and self.name in answer and _KEY not in answer:
            answer = answer[self.name]
        if answer is None:
            return {}
        if not isinstance(answer, dict):
            raise ProtocolError(
                f"NAV answered something else where a record of {self.name} was expected."
            )
        return answer

    def _records(self, answer: Any) -> list[Row]:  # noqa: ANN401 - as zeep unwraps it
        """The records in an answer, however many elements are wrapped around them."""
        while isinstance(answer, dict) and _KEY not in answer:
            inner = answer.get(self.name)
            if inner is None:
                inner = next(
                    (value for value in answer.values() if isinstance(value, (dict, list))), None
                )
            answer = inner
        if answer is None:
            return []
        rows = answer if isinstance(answer, list) else [answer]
        if not all(isinstance(row, dict) for row in rows):
            raise ProtocolError(
                f"NAV answered something else where records of {self.name} were expected."
            )
        return rows


class SoapCodeunit:
    """A published codeunit of one company."""

    def __init__(self, http: SoapHttp, service: SoapService) -> None:
        self._http = http
        self._service = service

    def has(self, *functions: str) -> bool:
        """Whether it has all of these functions."""
        return all(function in self._service.operations for function in functions)

    def ask(self, function: str, **parameters: Any) -> Any:  # noqa: ANN401 - what the function returns
        """Call a function that changes nothing; what it returns."""
        return _returned(self._http.read(self._service, function, **parameters))

    def do(self, function: str, **parameters: Any) -> Any:  # noqa: ANN401 - what the function returns
        """Call a function that changes something (raises as `SoapHttp.write`); what it returns."""
        return _returned(self._http.write(self._service, function, **parameters))


def _returned(answer: Any) -> Any:  # noqa: ANN401 - what the function returns
    return answer["return_value"] if isinstance(answer, dict) else answer


def _shape(service: SoapService) -> tuple[str, frozenset[str], Part | None]:
    """Name of a page's records, their fields, and the part with lines, from the type that has the service's name.

    Raises:
        ConfigurationError: The service is not that of a page.
    """
    types = {kind.name: kind for kind in service.wsdl.wsdl.types.types if hasattr(kind, "elements")}
    record = types.get(service.service) or next(
        (kind for name, kind in types.items() if str(name).lower() == service.service.lower()), None
    )
    if record is None:
        raise lacks(service.name, [service.service], "record")
    fields: set[str] = set()
    part: Part | None = None
    for name, element in record.elements:
        inner = getattr(element.type, "elements", None)
        if not inner:
            fields.add(name)
            continue
        line_name, line = inner[0]
        line_fields = {field for field, _ in getattr(line.type, "elements", [])}
        if part is None or "Line_Amount" in line_fields:  # fact boxes are parts too
            part = Part(name, line_name, frozenset(line_fields))
    return str(record.name), frozenset(fields), part
