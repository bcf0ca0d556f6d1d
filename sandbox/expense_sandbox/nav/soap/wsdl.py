"""WSDL 1.1 as NAV writes it: document style, literal, one part a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from expense_sandbox.nav.soap.xml import DECLARATION, joined, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
SOAP: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
SCHEMA: Final = "http://www.w3.org/2001/XMLSchema"
HTTP_TRANSPORT: Final = "http://schemas.xmlsoap.org/soap/http"


@dataclass(frozen=True)
class Element:
    """One element of a sequence."""

    name: str
    type: str
    at_least: int = 1
    at_most: str = "1"


@dataclass(frozen=True)
class Operation:
    """One operation; its result has the operation's name with `_Result`."""

    name: str
    taken: Sequence[Element]
    given: Sequence[Element]


def element(item: Element) -> str:
    """An element's declaration."""
    return tag(
        "xsd:element",
        minOccurs=str(item.at_least),
        maxOccurs=item.at_most,
        name=item.name,
        type=item.type,
    )


def complex_type(name: str, elements: Iterable[Element]) -> str:
    """A named type that is a sequence."""
    return tag("xsd:complexType", tag("xsd:sequence", joined(map(element, elements))), name=name)


def _wrapper(name: str, elements: Iterable[Element]) -> str:
    sequence = tag("xsd:sequence", joined(map(element, elements)))
    return tag("xsd:element", tag("xsd:complexType", sequence), name=name)


def document(
    namespace: str,
    *,
    types: str,
    operations: Sequence[Operation],
    service_name: str,
    binding_name: str,
    port_name: str,
    location: str,
) -> str:
    """A whole WSDL.

    Args:
        namespace: Target namespace of types and operations.
        types: Declarations of the named types.
        operations: What the service does.
        service_name: Name of the service.
        binding_name: Name of the binding.
        port_name: Name of port and port type.
        location: Where the server says it is.
    """
    wrappers = joined(
        _wrapper(operation.name, operation.taken)
        + _wrapper(f"{operation.name}_Result", operation.given)
        for operation in operations
    )
    schema = tag(
        "xsd:schema", types + wrappers, elementFormDefault="qualified", targetNamespace=namespace
    )
    messages = joined(
        tag("message", tag("part", name="parameters", element=f"tns:{name}"), name=name)
        for operation in operations
        for name in (operation.name, f"{operation.name}_Result")
    )
    port_type = tag(
        "portType", joined(_abstract(operation.name) for operation in operations), name=port_name
    )
    transport = tag("soap:binding", transport=HTTP_TRANSPORT)
    bound = joined(_bound(operation.name, namespace) for operation in operations)
    binding = tag("binding", transport + bound, name=binding_name, type=f"tns:{port_name}")
    port = tag(
        "port",
        tag("soap:address", location=location),
        name=port_name,
        binding=f"tns:{binding_name}",
    )
    content = joined(
        (
            tag("types", schema),
            messages,
            port_type,
            binding,
            tag("service", port, name=service_name),
        )
    )
    definitions = tag(
        "definitions",
        content,
        targetNamespace=namespace,
        xmlns=WSDL,
        xmlns_tns=namespace,
        xmlns_soap=SOAP,
        xmlns_xsd=SCHEMA,
    )
    return DECLARATION + definitions


def _abstract(name: str) -> str:
    taken = tag("input", name=name, message=f"tns:{name}")
    given = tag("output", name=f"{name}_Result", message=f"tns:{name}_Result")
    return tag("operation", taken + given, name=name)


def _bound(name: str, namespace: str) -> str:
    literal = tag("soap:body", use="literal")
    operation = tag("soap:operation", soapAction=f"{namespace}:{name}", style="document")
    taken = tag("input", literal, name=name)
    given = tag("output", literal, name=f"{name}_Result")
    return tag("operation", operation + taken + given, name=name)
