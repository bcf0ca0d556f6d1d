"""zeep's way to the network: our transport, on one origin, with what comes back checked before zeep looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

import zeep
import zeep.exceptions
from zeep.loader import load_external

from target_dynamics_nav.nav.error_table import NavProblem, problem
from target_dynamics_nav.nav.retry import Clock, retry_after_seconds
from target_dynamics_nav.nav.soap_faults import fault_problem, not_soap
from target_dynamics_nav.nav.soap_values import readable_xml
from target_dynamics_nav.nav.transport import Transport, require_same_origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

_XML = {"Accept": "text/xml"}
SAFE = zeep.Settings(strict=True, force_https=False, forbid_dtd=True, forbid_entities=True)
"""Strict also means that an answer that was cut off is none: half a list is never taken for a whole one."""


class Answered(Exception):  # noqa: N818 - a signal to `soap_http.py`
    """The server answered with a status that is no SOAP answer."""

    def __init__(self, found: NavProblem, retry_after: float | None) -> None:
        super().__init__(found.status)
        self.found = found
        self.retry_after = retry_after


class Garbled(Exception):  # noqa: N818 - a signal to `soap_http.py`
    """What came is no answer to what was asked. `sent`: the question left us."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__(sent)
        self.sent = sent


class AnswerCheck(zeep.Plugin):
    """Sees to it that an answer is one: zeep takes a message without the result for an empty result."""

    def ingress(self, envelope: Any, http_headers: Any, operation: Any) -> tuple[Any, Any]:  # noqa: ANN401 - zeep's
        """Look at an answer before zeep makes something of it."""
        body = next((part for part in envelope if str(part.tag).endswith("}Body")), None)
        names = [] if body is None else [str(part.tag).rpartition("}")[2] for part in body]
        if names not in ([operation.output.body.qname.localname], ["Fault"]):
            raise Garbled(sent=True)
        return envelope, http_headers


@dataclass(frozen=True)
class _Reply:
    """What zeep looks at in an answer."""

    status_code: int
    content: bytes
    headers: Mapping[str, str]
    encoding: str = "utf-8"


class Relay(zeep.Transport):
    """zeep's way to the network: our transport, on one origin."""

    def __init__(self, base_url: str, transport: Transport, clock: Clock) -> None:
        # zeep's own constructor is not called: it would make a session of its own, with a way to local files
        self._base_url = base_url
        self._transport = transport
        self._clock = clock
        self._close_session = False
        self.cache = None
        self.sent = 0

    def load(self, url: str) -> bytes:
        """A WSDL, or what it refers to on the same server."""
        require_same_origin(url, self._base_url)
        response = self._transport.respond("GET", url, _XML, None)
        if response.status_code != HTTPStatus.OK:
            raise self._fault_in(response) or self._answered(response)
        if "html" in response.headers.get("Content-Type", ""):
            raise not_soap(self._base_url, "a web page")
        return readable_xml(response.content)

    def post(self, address: str, message: bytes, headers: Mapping[str, str]) -> _Reply:
        """One call."""
        require_same_origin(address, self._base_url)
        self.sent += 1
        response = self._transport.respond("POST", address, {**_XML, **headers}, message)
        told = response.status_code == HTTPStatus.OK or (
            response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
            and b"Fault>" in response.content
        )
        if not told:
            raise self._answered(response)
        return _Reply(response.status_code, readable_xml(response.content), response.headers)

    def _fault_in(self, response: requests.Response) -> Answered | None:
        """A refusal to describe a service comes as a fault too; zeep looks for one in answers to calls only."""
        try:
            document = load_external(BytesIO(readable_xml(response.content)), self, settings=SAFE)
        except zeep.exceptions.Error:
            return None
        code, text = document.findtext(".//faultcode"), document.findtext(".//faultstring")
        return Answered(fault_problem(code, text or ""), None) if code else None

    def _answered(self, response: requests.Response) -> Answered:
        return Answered(
            problem(response.status_code, None, response.text),
            retry_after_seconds(response.headers.get("Retry-After"), self._clock.now()),
        )
