"""Codeunits as SOAP services: their WSDL, and calls of their procedures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.soap import names, values
from expense_sandbox.nav.soap.page_reading import unexpected
from expense_sandbox.nav.soap.values import SCHEMA_TYPES
from expense_sandbox.nav.soap.wsdl import Element as Declared
from expense_sandbox.nav.soap.wsdl import Operation, document
from expense_sandbox.nav.soap.xml import leaf, split_name, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.codeunits import Codeunit, Procedure
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.services import Service

RETURN_VALUE = "return_value"


def codeunit_wsdl(service: Service, codeunit: Codeunit, location: str) -> str:
    """The WSDL of a codeunit published as a service."""
    return document(
        names.codeunit_namespace(service),
        types="",
        operations=[_operation(procedure) for procedure in codeunit.procedures],
        service_name=service.name,
        binding_name=f"{service.name}_Binding",
        port_name=f"{service.name}_Port",
        location=location,
    )


def _operation(procedure: Procedure) -> Operation:
    taken = [
        Declared(parameter.name, SCHEMA_TYPES[parameter.kind]) for parameter in procedure.parameters
    ]
    given = []
    if procedure.returns is not None:
        given.append(Declared(RETURN_VALUE, SCHEMA_TYPES[procedure.returns]))
    return Operation(procedure.name, taken, given)


class CodeunitService:
    """One codeunit, published, in one company.

    Args:
        books: What it works on.
        company: In which company.
        service: How it is published.
        codeunit: What is published.
    """

    def __init__(
        self, books: Books, company: Company, service: Service, codeunit: Codeunit
    ) -> None:
        self._books = books
        self._company = company
        self._service = service
        self._codeunit = codeunit

    def call(self, operation: str, request: Element) -> str:
        """Run a procedure; the content of its result, as XML.

        Raises:
            NavError: As NAV refuses it.
        """
        procedure = next(
            (item for item in self._codeunit.procedures if item.name == operation), None
        )
        if procedure is None:
            raise unexpected(operation)
        arguments = self._arguments(procedure, request)
        with self._books.transaction():
            result = procedure.run(self._books, self._company, arguments)
            self._books.count_write()
        if procedure.returns is None:
            return ""
        return leaf(RETURN_VALUE, values.written(procedure.returns, result))

    def _arguments(self, procedure: Procedure, request: Element) -> dict[str, Any]:
        parameters = {parameter.name: parameter for parameter in procedure.parameters}
        given: dict[str, str] = {}
        for child in request:
            namespace, name = split_name(child.tag)
            own = namespace in {"", names.codeunit_namespace(self._service)}
            if not own or name not in parameters:
                raise unexpected(name)
            given[name] = text_of(child)
        for name in parameters:
            if name not in given:
                raise NavError(
                    "BadRequest",
                    f"Parameter {name} in method {procedure.name} in service "
                    f"{self._service.name} is null!",
                )
        return {
            name: values.read(parameter.kind, given[name], length=parameter.length)
            for name, parameter in parameters.items()
        }
