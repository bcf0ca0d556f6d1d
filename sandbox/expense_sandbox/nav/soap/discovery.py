"""What services there are, and the one that lists the companies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from expense_sandbox.nav.soap.names import SYSTEM_SERVICE
from expense_sandbox.nav.soap.page_reading import unexpected
from expense_sandbox.nav.soap.wsdl import Element as Declared
from expense_sandbox.nav.soap.wsdl import Operation
from expense_sandbox.nav.soap.wsdl import document as wsdl_document
from expense_sandbox.nav.soap.xml import DECLARATION, joined, leaf, split_name, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from xml.etree.ElementTree import Element

DISCOVERY: Final = "http://schemas.xmlsoap.org/disco/"
CONTRACTS: Final = "http://schemas.xmlsoap.org/disco/scl/"


def document(system_service: str, services: Iterable[str]) -> str:
    """The discovery document of a company: where the WSDL of each service is.

    Args:
        system_service: Address of SystemService.
        services: Addresses of the company's services.
    """
    references = joined(
        tag("contractRef", ref=location, xmlns=CONTRACTS)
        for location in (system_service, *services)
    )
    return DECLARATION + tag("discovery", references, xmlns=DISCOVERY)


def system_service_wsdl(location: str) -> str:
    """The WSDL of SystemService."""
    companies = Declared("return_value", "xsd:string", 0, "unbounded")
    return wsdl_document(
        SYSTEM_SERVICE,
        types="",
        operations=[Operation("Companies", [], [companies])],
        service_name="SystemService",
        binding_name="SystemService_Binding",
        port_name="SystemService_Port",
        location=location,
    )


def system_result(operation: Element, companies: Sequence[str]) -> str:
    """The result of an operation of SystemService, as XML.

    Raises:
        NavError: When there is no such operation.
    """
    namespace, name = split_name(operation.tag)
    if name != "Companies" or namespace != SYSTEM_SERVICE:
        raise unexpected(name)
    names = joined(leaf("return_value", company) for company in companies)
    return tag("Companies_Result", names, xmlns=SYSTEM_SERVICE)
