"""Windows logins on-premises: NTLM.

The login is a conversation of three requests on one connection, each with the whole body; NAV turns the first two down
with 401 and so carries out the last one only. From then on the connection is logged in, and requests go through.
A handshake that breaks off in between leaves the fate of a write unknown, like any answer that is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from requests_ntlm import HttpNtlmAuth
from spnego.exceptions import SpnegoError

from target_dynamics_nav.nav.auth import NavAuth

if TYPE_CHECKING:
    from typing import Any


class NtlmAuth(NavAuth):
    """Windows user and password."""

    connection_bound = True

    def __init__(self, username: str, password: str) -> None:
        r"""Take `DOMAIN\\user` or `user@domain`, and the password."""
        self._handshake = _Handshake(username, password)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Prepare for the handshake, which begins when the server asks for it."""
        signed: requests.PreparedRequest = self._handshake(request)
        return signed

    def renew(self, rejected: str | bytes | None) -> bool:  # noqa: ARG002
        """Never: a user name and password are what they are."""
        return False


class _Handshake(HttpNtlmAuth):
    def response_hook(self, r: requests.Response, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as in the library
        """Log in when the server asks for it.

        Raises:
            requests.ConnectionError: The server ended the handshake in a way that does not say whether it carried the
                request out.
        """
        try:
            answer: requests.Response = super().response_hook(r, **kwargs)
        except (PermissionError, SpnegoError):
            return r  # the 401: this server speaks no NTLM, or not with these credentials
        except (KeyError, ValueError) as error:
            raise requests.ConnectionError("the server broke off the login") from error
        return answer

    def _get_server_cert(self, response: requests.Response) -> bytes | None:
        """The certificate that the login is bound to; none after an empty answer, as its connection is gone then."""
        try:
            certificate: bytes | None = super()._get_server_cert(response)
        except AttributeError:
            return None
        return certificate
