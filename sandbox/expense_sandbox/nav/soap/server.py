"""Addresses below `/{instance}/WS`: services, WSDLs, calls, and who is let in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, unquote

from expense_sandbox.http import Request, Response
from expense_sandbox.nav.codeunits import CODEUNITS
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.pages.catalogue import PAGES
from expense_sandbox.nav.soap import codeunit_service, discovery, names
from expense_sandbox.nav.soap.faults import XML_TYPE, envelope, fault
from expense_sandbox.nav.soap.page_reading import unexpected
from expense_sandbox.nav.soap.page_service import PageService
from expense_sandbox.nav.soap.page_wsdl import page_wsdl
from expense_sandbox.nav.soap.xml import UnreadableXml, parse, split_name, tag

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.services import Kind, Service
    from expense_sandbox.nav.soap.quirks import SoapQuirks

ROOT: Final = "/NAV/WS"
BODY: Final = "{http://schemas.xmlsoap.org/soap/envelope/}Body"
KINDS: Final[dict[str, Kind]] = {"page": "Page", "codeunit": "Codeunit"}
TOO_LARGE: Final = (
    "The maximum message size quota for incoming messages ({limit}) has been exceeded. To increase "
    "the quota, use the MaxReceivedMessageSize property on the appropriate binding element."
)


@dataclass(frozen=True)
class Address:
    """What a path below `/WS` leads to.

    Attributes:
        company: Name of the company; "" when the path has none.
        kind: `Page`, `Codeunit`, `services` or `SystemService`.
        service: Name of the service; "" for the last two.
    """

    company: str
    kind: str
    service: str = ""


def read_address(path: str) -> Address | None:
    """What a path below `/WS` leads to; None for nothing."""
    segments = [unquote(segment) for segment in path.strip("/").split("/")]
    match [segment.lower() for segment in segments]:
        case ["systemservice"] | [_, "systemservice"]:
            return Address("", "SystemService")
        case ["services"]:
            return Address("", "services")
        case [_, "services"]:
            return Address(segments[0], "services")
        case [("page" | "codeunit") as kind, _]:
            return Address("", KINDS[kind], segments[1])
        case [_, ("page" | "codeunit") as kind, _]:
            return Address(segments[0], KINDS[kind], segments[2])
    return None


class SoapServer:
    """Answers everything below `/{instance}/WS`, once the request has been let in.

    Args:
        books: What it serves.
    """

    def __init__(self, books: Books) -> None:
        self._books = books
        self.url = ""
        """Where the server is; the WSDLs say so unless a switch has them say something else."""

    @property
    def _quirks(self) -> SoapQuirks:
        """The switches as they are now."""
        return self._books.quirks.soap

    def answer(self, request: Request, path: str) -> Response:
        """Answer one request; `path` is what follows `/WS`, percent-encoded."""
        tenant = parse_qs(request.query).get("tenant", [""])[0]
        address = read_address(path)
        if address is None or self._quirks.tenant not in {"", tenant}:
            return Response(404)
        if request.method not in {"GET", "POST"}:
            return Response(405)
        try:
            if address.kind == "SystemService":
                return self._system_service(request)
            return self._answer(request, address)
        except NavError as error:
            return fault(error, self._quirks)

    def _answer(self, request: Request, address: Address) -> Response:
        if address.kind == "services" and not (address.company or self._quirks.default_company):
            return _xml(discovery.document(self._system_location(), ()))
        company = self._company(address.company)
        if company is None:
            return Response(404)
        if address.kind == "services":
            locations = [
                self._location(company, service) for service in self._books.services.listed()
            ]
            return _xml(discovery.document(self._system_location(), locations))
        service = self._service(address)
        if service is None:
            return self._not_found(address)
        if request.method == "GET":
            return _xml(self._wsdl(company, service))
        return self._call(request, company, service)

    def _company(self, name: str) -> Company | None:
        """The company an address means; None for HTTP 404.

        Raises:
            NavError: When there is none.
        """
        wanted = name or self._quirks.default_company
        if not wanted:
            companies = list(self._books.companies.values())
            if len(companies) == 1:
                return companies[0]
            raise NavError(
                "Internal_CompanyNotFound",
                "Cannot process the request because the default company cannot be found. You can "
                "specify a default company in the service configuration file, or in each client "
                "request.",
            )
        found = next((c for c in self._books.companies.values() if c.name == wanted), None)
        if found is None and self._quirks.unknown_company == "fault":
            raise NavError("Internal_CompanyNotFound", f"The company {wanted} does not exist.")
        return found

    def _service(self, address: Address) -> Service | None:
        kind = KINDS[address.kind.lower()]
        service = self._books.services.find(kind, address.service)
        if service is None:
            return None
        if self._quirks.case_sensitive_service_names and service.name != address.service:
            return None
        known = PAGES if kind == "Page" else CODEUNITS
        return service if service.object_id in known else None

    def _not_found(self, address: Address) -> Response:
        text = f'Service "{address.kind}/{address.service}" was not found!'
        if self._quirks.unpublished == "fault":
            raise NavError("BadRequest_NotFound", text)
        return Response(404, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())

    def _location(self, company: Company, service: Service) -> str:
        service_path = f"{service.kind}/{quote(service.name, safe='')}"
        return self._below_root(f"{quote(company.name, safe='')}/{service_path}")

    def _system_location(self) -> str:
        return self._below_root("SystemService")

    def _below_root(self, path: str) -> str:
        """An address as the server itself writes it."""
        root = (self._quirks.own_address or self.url).rstrip("/")
        tenant = f"?tenant={quote(self._quirks.tenant)}" if self._quirks.tenant else ""
        return f"{root}{ROOT}/{path}{tenant}"

    def _wsdl(self, company: Company, service: Service) -> str:
        location = self._location(company, service)
        if service.kind == "Page":
            return page_wsdl(service, PAGES[service.object_id], company.quirks.pages, location)
        return codeunit_service.codeunit_wsdl(service, CODEUNITS[service.object_id], location)

    def _call(self, request: Request, company: Company, service: Service) -> Response:
        operation = self._operation(request)
        if isinstance(operation, Response):
            return operation
        namespace, name = split_name(operation.tag)
        if namespace != names.namespace(service):
            raise unexpected(name)
        with self._books.lock:
            content = self._result(company, service, name, operation)
        result = tag(f"{name}_Result", content, xmlns=namespace)
        return self._sent(envelope(result))

    def _result(self, company: Company, service: Service, name: str, operation: Element) -> str:
        if service.kind == "Page":
            page = PAGES[service.object_id]
            return PageService(self._books, company, service, page, self._quirks).call(
                name, operation
            )
        codeunit = CODEUNITS[service.object_id]
        return codeunit_service.CodeunitService(self._books, company, service, codeunit).call(
            name, operation
        )

    def _operation(self, request: Request) -> Element | Response:
        """What the body of a request asks for, or why it is not even looked at."""
        content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type != "text/xml":
            return Response(400)
        limit = self._quirks.maximum_message_bytes
        if len(request.body) > limit:
            return Response(413, {}, TOO_LARGE.format(limit=limit).encode())
        try:
            root = parse(request.body)
        except UnreadableXml as error:
            raise NavError("BadRequest", str(error)) from error
        body = root.find(BODY)
        operation = next(iter(body), None) if body is not None else None
        if operation is None:
            raise NavError("BadRequest", "The SOAP message has no operation.")
        return operation

    def _sent(self, body: bytes) -> Response:
        limit = self._quirks.maximum_message_bytes
        if len(body) > limit:
            raise NavError("BadRequest", TOO_LARGE.format(limit=limit))
        return Response(200, {"Content-Type": XML_TYPE}, body)

    def _system_service(self, request: Request) -> Response:
        if request.method == "GET":
            return _xml(discovery.system_service_wsdl(self._system_location()))
        operation = self._operation(request)
        if isinstance(operation, Response):
            return operation
        companies = sorted(company.name for company in self._books.companies.values())
        return self._sent(envelope(discovery.system_result(operation, companies)))


def _xml(text: str) -> Response:
    return Response(200, {"Content-Type": XML_TYPE}, text.encode())
