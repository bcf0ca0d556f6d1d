"""SOAP calls over HTTP: WSDL, envelopes by zeep, what may be sent twice, and what an answer is worth.

NAV answers a refusal with HTTP 500 and a fault. That is an answer: it is never a reason to repeat anything. A read is
repeated on what may pass (no answer, an answer that is cut off, 5xx without a fault, locked records). A write is
repeated only when it is certain that NAV did not carry it out: 429, a connection that was never made, a 401 after the
token ran out. In every other case its fate is unknown, and `OutcomeUnknownError` says so.

zeep reaches the network through our transport only, and only on the origin of `base_url`; document types and entities
in what is read are refused. Bodies are never logged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import zeep
import zeep.exceptions
import zeep.helpers

from target_dynamics_nav.errors import (
    ConfigurationError,
    OutageError,
    OutcomeUnknownError,
    ProtocolError,
    RetryLaterError,
    TargetError,
)
from target_dynamics_nav.nav.error_table import NavProblem, is_lock_conflict
from target_dynamics_nav.nav.retry import (
    Clock,
    RetryPolicy,
    TransientFailure,
    call_with_retries,
)
from target_dynamics_nav.nav.soap_faults import fault_problem, not_soap, read_refusal, refusal
from target_dynamics_nav.nav.soap_relay import SAFE, AnswerCheck, Answered, Garbled, Relay
from target_dynamics_nav.nav.transport import NetworkFailure, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_dynamics_nav.nav.auth import NavAuth

_BUSY = frozenset({408, 429, 502, 503, 504})
_LOOK_AGAIN = "The document is looked up before anything else is done."
_COMPANY_IN_ADDRESS = re.compile(r"/WS/(?P<first>[^/]+)/", re.IGNORECASE)
_KINDS = ("page", "codeunit")
_FROM_ZEEP = (
    zeep.exceptions.Error,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
"""What zeep raises over a value that is not what the WSDL says."""


@dataclass(frozen=True)
class SoapService:
    """A page or codeunit as its WSDL describes it.

    Attributes:
        name: As `Page/Vendor_List`, for messages.
        service: Its own name.
        operations: zeep's callables by name.
        parameters: Names of the parameters of each operation.
        wsdl: zeep's client, for the types.
    """

    name: str
    service: str
    operations: Mapping[str, Any]
    parameters: Mapping[str, frozenset[str]]
    wsdl: zeep.Client


class SoapHttp:
    """Calls of one NAV server's SOAP services."""

    def __init__(
        self,
        base_url: str,
        auth: NavAuth,
        *,
        timeout: tuple[float, float],
        policy: RetryPolicy,
        clock: Clock,
        requests_per_five_minutes: int,
        tenant: str | None = None,
        ca_file: str | None = None,
    ) -> None:
        """Open no connection yet.

        Args:
            base_url: Address up to and including `/WS`, as `transport.checked_address` gave it.
            auth: Signs every request.
            timeout: Seconds to connect, seconds between bytes of an answer.
            policy: How long to repeat what may be repeated.
            clock: Time.
            requests_per_five_minutes: Pace.
            tenant: Tenant of a server that has several.
            ca_file: PEM file with the authorities to trust instead of the machine's own.
        """
        self.base_url = base_url
        self.clock = clock
        self._policy = policy
        self._tenant = tenant
        self._transport = Transport(
            base_url,
            auth,
            timeout=timeout,
            clock=clock,
            requests_per_five_minutes=requests_per_five_minutes,
            ca_file=ca_file,
        )
        self._relay = Relay(base_url, self._transport, clock)
        self._services: dict[str, SoapService] = {}

    def close(self) -> None:
        """Release connections."""
        self._transport.close()

    # Services

    def system_service(self) -> SoapService:
        """The service that belongs to no company.

        Raises:
            TargetError: As `service`.
        """
        return self._known("SystemService", "SystemService", None)

    def service(self, company_name: str, kind: str, name: str) -> SoapService:
        """A published page or codeunit of a company; its WSDL is read once.

        Args:
            company_name: As NAV spells it.
            kind: "Page" or "Codeunit".
            name: The service name.

        Raises:
            ConfigurationError: It is not published; or the server takes the address for one of another company.
            OutageError: No usable answer after all retries.
            StopRunError: The request is refused.
        """
        path = f"{_segment(company_name)}/{kind}/{_segment(name)}"
        return self._known(path, f"{kind}/{name}", company_name)

    def _known(self, path: str, name: str, company_name: str | None) -> SoapService:
        if path not in self._services:
            self._services[path] = self._load(path, name, company_name)
        return self._services[path]

    def _load(self, path: str, name: str, company_name: str | None) -> SoapService:
        tenant = f"tenant={quote(self._tenant, safe='')}" if self._tenant else ""
        address = f"{self.base_url}/{path}"
        wsdl_address = f"{address}?wsdl" + (f"&{tenant}" if tenant else "")

        def attempt() -> zeep.Client:
            try:
                return zeep.Client(
                    wsdl_address, transport=self._relay, settings=SAFE, plugins=[AnswerCheck()]
                )
            except NetworkFailure as failure:
                raise TransientFailure(failure.reason) from failure
            except zeep.exceptions.XMLSyntaxError:
                raise TransientFailure("NAV's description of a service was cut off") from None

        try:
            wsdl = self._repeat(lambda: self._reading(attempt, name))
        except zeep.exceptions.Error as error:
            raise not_soap(self.base_url, str(error)) from None
        if not wsdl.wsdl.bindings:
            raise not_soap(self.base_url, "no binding")
        if company_name is not None:
            self._require_company(wsdl, company_name)
        binding = next(iter(wsdl.wsdl.bindings))
        calls = wsdl.create_service(binding, address + (f"?{tenant}" if tenant else ""))
        return SoapService(
            name=name,
            service=name.rpartition("/")[2],
            operations=dict(calls),
            parameters={
                operation: frozenset(
                    parameter
                    for parameter, _ in wsdl.wsdl.bindings[binding]
                    .get(operation)
                    .input.body.type.elements
                )
                for operation, _ in calls
            },
            wsdl=wsdl,
        )

    def _require_company(self, wsdl: zeep.Client, company_name: str) -> None:
        """A server that cannot make out the company in an address answers for a default one; its WSDL shows which."""
        for service in wsdl.wsdl.services.values():
            for port in service.ports.values():
                location = str(port.binding_options.get("address") or "")
                hit = _COMPANY_IN_ADDRESS.search(urlsplit(location).path)
                if hit is None:
                    continue
                named = unquote(hit["first"])
                if named.lower() in _KINDS or named != company_name:
                    raise ConfigurationError(
                        f"NAV answers for {'a default company' if named.lower() in _KINDS else named}, not for "
                        f'"{company_name}".',
                        code="company_not_confirmed",
                        hint="Check that base_url ends with /WS and that nothing between here and NAV changes "
                        "addresses.",
                        field="company",
                        value=company_name,
                    )

    # Calls

    def read(self, service: SoapService, operation: str, **parameters: Any) -> Any:  # noqa: ANN401 - as in the WSDL
        """Call an operation that changes nothing.

        Returns:
            Its result as dicts, lists and plain values.

        Raises:
            OutageError: No usable answer after all retries.
            RetryLaterError: NAV works, but records are locked all the time.
            StopRunError: The call is refused. A read never raises a DocumentError.
        """

        def attempt() -> Any:  # noqa: ANN401
            try:
                return self._called(service, operation, parameters)
            except NetworkFailure as failure:
                raise TransientFailure(failure.reason) from failure
            except zeep.exceptions.Fault as fault:
                found = _fault(fault)
                if found is None:
                    raise TransientFailure("NAV answered 500") from None
                if is_lock_conflict(found) or found.status == HTTPStatus.REQUEST_TIMEOUT:
                    raise TransientFailure(f"NAV says: {found.text}", answered=True) from None
                raise read_refusal(found, service.name) from None
            except zeep.exceptions.TransportError:
                raise TransientFailure("NAV's answer was cut off") from None
            except (Garbled, zeep.exceptions.Error) as error:
                raise _unexpected_answer(service.name, error) from None

        return self._repeat(lambda: self._reading(attempt, service.name))

    def write(self, service: SoapService, operation: str, **parameters: Any) -> Any:  # noqa: ANN401 - as in the WSDL
        """Call an operation that changes something, carried out at most once as far as anyone can know.

        Raises:
            OutcomeUnknownError: It was sent, and whether it was carried out is not known.
            OutageError: It could not be sent, or NAV was too busy to take it, after all retries; nothing was written.
            TargetError: NAV refused it; nothing was written.
        """

        def attempt() -> Any:  # noqa: ANN401
            try:
                return self._called(service, operation, parameters)
            except NetworkFailure as failure:
                if failure.unsent:
                    raise TransientFailure(failure.reason) from failure
                raise failure.of_a_write() from failure
            except Answered as answered:
                if answered.found.status == HTTPStatus.TOO_MANY_REQUESTS:
                    raise TransientFailure(
                        "NAV answered 429", retry_after=answered.retry_after
                    ) from None
                raise refusal(answered.found, service.name) from None
            except zeep.exceptions.Fault as fault:
                found = _fault(fault)
                if found is None:
                    raise _unknown(
                        "NAV answered 500; whether it carried out the write is not known."
                    ) from None
                raise refusal(found, service.name) from None
            except Garbled as garbled:
                if not garbled.sent:
                    raise _unexpected_answer(service.name, garbled) from None
                raise _unknown(
                    "NAV's answer to a write was cut off or is none of this service."
                ) from None

        return self._repeat(attempt)

    def _called(self, service: SoapService, operation: str, parameters: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as in the WSDL
        """One call. What goes wrong within zeep went wrong before or after sending, and that makes a difference."""
        sent_before = self._relay.sent
        try:
            answer = service.operations[operation](**parameters)
            return zeep.helpers.serialize_object(answer, dict)
        except (zeep.exceptions.Fault, zeep.exceptions.TransportError):
            raise
        except _FROM_ZEEP as error:
            raise Garbled(sent=self._relay.sent != sent_before) from error

    def _reading(self, attempt: Callable[[], Any], name: str) -> Any:  # noqa: ANN401 - what it returns
        """One try of something that changes nothing, with answers that are no SOAP sorted out."""
        try:
            return attempt()
        except Answered as answered:
            if answered.found.status in _BUSY | {HTTPStatus.INTERNAL_SERVER_ERROR}:
                raise TransientFailure(
                    f"NAV answered {answered.found.status}", retry_after=answered.retry_after
                ) from None
            raise read_refusal(answered.found, name) from None

    def _repeat(self, attempt: Callable[[], Any]) -> Any:  # noqa: ANN401 - what it returns
        return call_with_retries(
            attempt, policy=self._policy, clock=self.clock, exhausted=_exhausted
        )


def _segment(name: str) -> str:
    """A name as one segment of an address.

    Raises:
        ConfigurationError: It holds a character that no NAV server finds again in an address.
    """
    if "/" in name or "\\" in name:
        raise ConfigurationError(
            f'"{name}" cannot be part of an address, because of the slash in it.',
            code="name_not_addressable",
            hint="Use the dialect odata_v4 or api_v2 for this company, or rename it in NAV.",
            field="company",
            value=name,
        )
    return quote(name, safe="'(),!*$&+;=:@")


def _fault(fault: zeep.exceptions.Fault) -> NavProblem | None:
    """What a fault says; None when the answer holds no fault, which a gateway's error page does not."""
    if fault.code is None:
        return None
    return fault_problem(str(fault.code), str(fault.message or ""))


def _unknown(message: str) -> OutcomeUnknownError:
    return OutcomeUnknownError(message, hint=_LOOK_AGAIN)


def _unexpected_answer(service: str, error: Exception) -> ProtocolError:
    return ProtocolError(
        f"What NAV and this program say to each other about {service} is not what NAV's own description says.",
        code="answer_garbled",
        hint="Run again: the service may have been changed in NAV meanwhile. If it lasts, report a bug.",
        nav_message=type(error).__name__,
    )


def _exhausted(failure: TransientFailure) -> TargetError:
    if failure.answered:
        return RetryLaterError(
            f"NAV could not be asked: {failure.reason}, also after several tries.",
            code="lookup_incomplete",
            hint="The next run tries again.",
            retry_after=failure.retry_after,
        )
    return OutageError(
        f"NAV is not available: {failure.reason}, also after several tries.",
        hint="Check that NAV is running and that base_url is right; the next run goes on from here.",
    )
