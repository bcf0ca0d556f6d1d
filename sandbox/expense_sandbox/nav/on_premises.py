"""The web service endpoints of a server somebody runs themselves: the instance `NAV`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from expense_sandbox.http import Response, text_response
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.odata_v4.face import ODataV4
from expense_sandbox.nav.wire import error_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expense_sandbox.http import Request
    from expense_sandbox.nav.auth import Gatekeeper
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.pace import Pace
    from expense_sandbox.nav.services import Endpoint
    from expense_sandbox.nav.throttle import Throttle

    Face = Callable[[Request, str], Response]

INSTANCE: Final = "NAV"
_PATH = re.compile(rf"/{INSTANCE}/(?P<endpoint>ODataV4|WS|api)(?P<rest>/.*)?", re.IGNORECASE)
_ENDPOINTS: Mapping[str, Endpoint] = {"odatav4": "odata_v4", "ws": "soap", "api": "api"}


class OnPremises:
    """Lets requests in and hands them to their face.

    Args:
        books: Behind all faces.
        gatekeeper: Knows who may come in.
        pace: How long operations take.
        throttle: How many requests are executed at a time.
    """

    def __init__(
        self, books: Books, gatekeeper: Gatekeeper, pace: Pace, throttle: Throttle
    ) -> None:
        self._books = books
        self._pace = pace
        self._throttle = throttle
        self._gatekeeper = gatekeeper
        self.odata_v4 = ODataV4(books)
        self._faces: dict[Endpoint, Face] = {"odata_v4": self.odata_v4.answer}

    def add_face(self, endpoint: Endpoint, face: Face) -> None:
        """Let a face answer an endpoint's requests; it gets the path below the endpoint too."""
        self._faces[endpoint] = face

    def answer(self, request: Request) -> Response | None:
        """The answer to a request below the instance.

        None when there is nothing to say: for every other path, and for requests to the API that
        have been let in.
        """
        match = _PATH.fullmatch(request.path)
        if match is None:
            return None
        endpoint = _ENDPOINTS[match["endpoint"].lower()]
        if not self._books.services.is_enabled(endpoint):
            status = self._books.quirks.odata_v4.disabled_status
            return text_response("The service is not enabled.", status)
        challenge = self._gatekeeper.challenge(request)
        if challenge is not None:
            return self._unauthorized(endpoint, challenge)
        face = self._faces.get(endpoint)
        if face is None:
            return None
        with self._throttle.admitted(1), self._pace.operation():
            return face(request, match["rest"] or "")

    def _unauthorized(self, endpoint: Endpoint, challenge: str) -> Response:
        error = NavError(
            "Authentication_InvalidCredentials",
            "The server has rejected the client credentials.",
            401,
        )
        response = Response(401) if endpoint == "soap" else error_response(error)
        response.headers["WWW-Authenticate"] = challenge
        return response
