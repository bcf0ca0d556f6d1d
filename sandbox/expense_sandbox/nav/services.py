"""The Web Services table: which pages and codeunits are published, and which endpoints are on."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from expense_sandbox.http import Request, Response, json_response

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Kind = Literal["Page", "Codeunit"]
Endpoint = Literal["soap", "odata_v4", "api"]

ENDPOINTS: Final[tuple[Endpoint, ...]] = get_args(Endpoint)
HOW_TO_PUBLISH = 'Send {"kind": "Page" or "Codeunit", "name": service name, "object_id": number}.'
HOW_TO_SWITCH = 'Send {"enabled": true or false}.'


@dataclass(frozen=True)
class Service:
    """One line of page 810, Web Services.

    Attributes:
        kind: What is published.
        name: Service name, part of its address.
        object_id: Number of the page or codeunit.
    """

    kind: Kind
    name: str
    object_id: int


EXPENSE_POSTING: Final = Service("Codeunit", "ExpensePosting", 50100)
"""The codeunit a customer adds so that documents can be posted from outside."""

STANDARD_SERVICES: Final = (
    Service("Page", "Currencies", 5),
    Service("Page", "Chart_of_Accounts", 16),
    Service("Page", "GL_Account_Card", 17),
    Service("Page", "General_Ledger_Entries", 20),
    Service("Page", "Vendor_Card", 26),
    Service("Page", "Vendor_List", 27),
    Service("Page", "Vendor_Ledger_Entries", 29),
    Service("Page", "General_Journal", 39),
    Service("Page", "Purchase_Invoice", 51),
    Service("Page", "Purchase_Credit_Memo", 52),
    Service("Page", "General_Ledger_Setup", 118),
    Service("Page", "User_Setup", 119),
    Service("Page", "Posted_Purchase_Invoice", 138),
    Service("Page", "Posted_Purchase_Credit_Memo", 140),
    Service("Page", "Posted_Purchase_Invoices", 146),
    Service("Page", "Posted_Purchase_Credit_Memos", 147),
    Service("Page", "General_Journal_Batches", 251),
    Service("Page", "Purchases_Payables_Setup", 460),
    Service("Page", "Dimensions", 536),
    Service("Page", "Dimension_Values", 537),
    Service("Page", "Default_Dimensions", 540),
    Service("Page", "Dimension_Value_List", 560),
    Service("Page", "Purchase_Invoices", 9308),
    Service("Page", "Purchase_Credit_Memos", 9309),
    EXPENSE_POSTING,
)


class PublishedServices:
    """What an administrator published; safe to use from any thread.

    One table serves SOAP and OData alike. Which of the endpoints answer at all is a setting of
    the server beside it.

    Args:
        services: What is published from the start.
    """

    def __init__(self, services: Iterable[Service] = STANDARD_SERVICES) -> None:
        self._lock = threading.Lock()
        self._services = {(service.kind, service.name): service for service in services}
        self._disabled: set[Endpoint] = set()

    def publish(self, kind: Kind, name: str, object_id: int) -> Service:
        """Publish an object under a name; a name taken before now leads to this object."""
        service = Service(kind, name, object_id)
        with self._lock:
            self._services[kind, name] = service
        return service

    def unpublish(self, kind: Kind, name: str) -> bool:
        """Withdraw a service; whether there was one."""
        with self._lock:
            return self._services.pop((kind, name), None) is not None

    def find(self, kind: Kind, name: str) -> Service | None:
        """The service of this name, in whatever case it is written."""
        with self._lock:
            exact = self._services.get((kind, name))
            return exact or next(
                (
                    service
                    for service in self._services.values()
                    if service.kind == kind and service.name.lower() == name.lower()
                ),
                None,
            )

    def listed(self, kind: Kind | None = None) -> Sequence[Service]:
        """All services of a kind, or all, by name."""
        with self._lock:
            chosen = [s for s in self._services.values() if kind is None or s.kind == kind]
        return sorted(chosen, key=lambda service: (service.kind, service.name))

    def enable(self, endpoint: Endpoint) -> None:
        """Let an endpoint answer."""
        with self._lock:
            self._disabled.discard(endpoint)

    def disable(self, endpoint: Endpoint) -> None:
        """Switch an endpoint off: everything below it answers HTTP 405."""
        with self._lock:
            self._disabled.add(endpoint)

    def is_enabled(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint answers."""
        with self._lock:
            return endpoint not in self._disabled


def answer_control(
    services: PublishedServices, request: Request, path: Sequence[str]
) -> Response | None:
    """Answer `/_sandbox/services…` and `/_sandbox/endpoints…`; None for anything else.

    Args:
        services: What is shown and changed.
        request: The request.
        path: Its path below `/_sandbox/`, decoded, by segments.
    """
    if path[0] == "services":
        return _answer_services(services, request, path[1:])
    if path[0] == "endpoints":
        return _answer_endpoints(services, request, path[1:])
    return None


def _answer_services(
    services: PublishedServices, request: Request, path: Sequence[str]
) -> Response | None:
    match (request.method, *path):
        case ("GET",):
            return json_response([asdict(service) for service in services.listed()])
        case ("POST",):
            return _publish(services, request.body)
        case ("DELETE", kind, name):
            if kind in get_args(Kind) and services.unpublish(_kind(kind), name):
                return Response(204)
            return json_response({"error": f"No {kind} is published as {name!r}."}, 404)
    return None


def _answer_endpoints(
    services: PublishedServices, request: Request, path: Sequence[str]
) -> Response | None:
    match (request.method, *path):
        case ("GET",):
            return json_response({name: services.is_enabled(name) for name in ENDPOINTS})
        case ("POST", endpoint) if endpoint in ENDPOINTS:
            return _switch(services, _endpoint(endpoint), request.body)
    return None


def _publish(services: PublishedServices, body: bytes) -> Response:
    wanted = _json_object(body)
    kind, name, object_id = (wanted.get(key) for key in ("kind", "name", "object_id"))
    if kind not in get_args(Kind) or not isinstance(name, str) or not isinstance(object_id, int):
        return json_response({"error": HOW_TO_PUBLISH}, 400)
    return json_response(asdict(services.publish(_kind(kind), name, object_id)), 201)


def _switch(services: PublishedServices, endpoint: Endpoint, body: bytes) -> Response:
    enabled = _json_object(body).get("enabled")
    if not isinstance(enabled, bool):
        return json_response({"error": HOW_TO_SWITCH}, 400)
    (services.enable if enabled else services.disable)(endpoint)
    return json_response({endpoint: enabled})


def _json_object(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _kind(kind: object) -> Kind:
    return "Page" if kind == "Page" else "Codeunit"


def _endpoint(name: str) -> Endpoint:
    return next(endpoint for endpoint in ENDPOINTS if endpoint == name)
