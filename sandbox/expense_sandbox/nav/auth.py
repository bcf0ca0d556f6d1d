"""Who may talk to the stand-in: an Entra-like token endpoint; Bearer, Basic and NTLM checks."""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import parse_qs

from expense_sandbox.http import Request, Response, json_response
from expense_sandbox.nav import ntlm
from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPE = "https://api.businesscentral.dynamics.com/.default"
RESOURCE = "https://api.businesscentral.dynamics.com"
SHARED_TENANTS = ("organizations", "common")
CredentialType = Literal["Any", "Windows", "UserName", "NavUserPassword", "AccessControlService"]
"""NAV's setting ClientServicesCredentialType; `Any`, unlike a real server, takes what comes."""
_SCHEMES: dict[CredentialType, tuple[str, ...]] = {
    "Any": ("negotiate", "ntlm", "basic", "bearer"),
    "Windows": ("negotiate", "ntlm"),
    "UserName": ("basic",),
    "NavUserPassword": ("basic",),
    "AccessControlService": ("basic", "bearer"),
}
_OFFERS = {"negotiate": "Negotiate", "ntlm": "NTLM", "basic": 'Basic realm=""'}
_CHALLENGE, _USER = "ntlm_challenge", "ntlm_user"
"""What is remembered about a connection."""


@dataclass(frozen=True)
class NavCredentials:
    """The one app registration and the one user this NAV knows.

    Attributes:
        tenant_id: Entra tenant, part of the token endpoint's path.
        client_id: The app registration.
        client_secret: Its secret.
        username: User for Basic authentication and NTLM.
        password: That user's web service access key, and the password with NTLM.
        refresh_token: Accepted by the refresh_token grant of clients that act for a user; "" is
            none.
        domain: The Windows domain of the user, who may be named with or without it.
    """

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    domain: str = "NORTHWIND"


class Gatekeeper:
    """Hands out access tokens and checks who asks.

    Args:
        credentials: What is accepted.
        lifetime_seconds: Validity of tokens.
        clock: The present, UTC.
    """

    def __init__(
        self,
        credentials: NavCredentials,
        lifetime_seconds: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._credentials = credentials
        self._lifetime = lifetime_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, datetime] = {}
        self.credential_type: CredentialType = "Any"
        """How the on-premises server lets users in."""
        self.takes_ntlm = True
        """NAV's setting ServicesUseNTLMAuthentication: off, only Kerberos would do."""

    def expire_tokens(self) -> None:
        """Let every token handed out so far be refused from now on."""
        with self._lock:
            self._tokens.clear()

    def answer_token_request(self, tenant: str, request: Request) -> Response:
        """Answer `POST /{tenant}/oauth2/v2.0/token`."""
        form = {
            name: values[0]
            for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()
        }
        query = {name: values[0] for name, values in parse_qs(request.query).items()}
        refusal = self._refusal_of_client(tenant, form)
        if refusal is not None:
            return refusal
        if form["grant_type"] == "refresh_token":
            return self._refreshed(form, query)
        scope = form.get("scope", "")
        if scope != SCOPE:
            text = f"The provided value for the input parameter 'scope' is not valid: '{scope}'."
            return self._refusal("invalid_scope", 70011, text, 400)
        return json_response(self._grant())

    def _refusal_of_client(self, tenant: str, form: dict[str, str]) -> Response | None:
        known = self._credentials
        if tenant not in {known.tenant_id, *SHARED_TENANTS}:
            return self._refusal("invalid_request", 90002, f"Tenant '{tenant}' not found.", 400)
        grant = form.get("grant_type", "")
        if grant not in {"client_credentials", "refresh_token"}:
            text = f"The app requested an unsupported grant type '{grant}'."
            return self._refusal("unsupported_grant_type", 70003, text, 400)
        if form.get("client_id") != known.client_id:
            text = (
                f"Application with identifier '{form.get('client_id', '')}' was not found in the "
                f"directory '{tenant}'."
            )
            return self._refusal("unauthorized_client", 700016, text, 400)
        given = form.get("client_secret", "").encode()
        if not secrets.compare_digest(given, known.client_secret.encode()):
            text = (
                "Invalid client secret provided. Ensure the secret being sent in the request is "
                "the client secret value, not the client secret ID, for a secret added to app "
                f"'{known.client_id}'."
            )
            return self._refusal("invalid_client", 7000215, text, 401)
        return None

    def _refreshed(self, form: dict[str, str], query: dict[str, str]) -> Response:
        known = self._credentials.refresh_token
        if not known or form.get("refresh_token") != known:
            return self._refusal("invalid_grant", 70000, "The refresh token is not valid.", 400)
        resource = form.get("scope") or form.get("resource") or query.get("resource") or RESOURCE
        if not resource.startswith(RESOURCE):
            text = f"The resource principal named {resource} was not found in the tenant."
            return self._refusal("invalid_resource", 500011, text, 400)
        return json_response({**self._grant(), "refresh_token": known})

    def _grant(self) -> dict[str, Any]:
        token = f"eyJ0eXAiOiJKV1Qi.{secrets.token_urlsafe(32)}"
        with self._lock:
            self._tokens[token] = self._clock() + timedelta(seconds=self._lifetime)
        return {
            "token_type": "Bearer",
            "expires_in": self._lifetime,
            "ext_expires_in": self._lifetime,
            "access_token": token,
        }

    def _refusal(self, error: str, code: int, text: str, status: int) -> Response:
        moment = f"{self._clock():%Y-%m-%d %H:%M:%SZ}"
        trace_id, correlation_id = str(uuid.uuid4()), str(uuid.uuid4())
        return json_response(
            {
                "error": error,
                "error_description": (
                    f"AADSTS{code}: {text} Trace ID: {trace_id} Correlation ID: {correlation_id} "
                    f"Timestamp: {moment}"
                ),
                "error_codes": [code],
                "timestamp": moment,
                "trace_id": trace_id,
                "correlation_id": correlation_id,
                "error_uri": f"https://login.microsoftonline.com/error?code={code}",
            },
            status,
        )

    def set_credential_type(self, name: object) -> bool:
        """Choose how the on-premises server lets users in; whether there is such a way."""
        chosen = next((known for known in get_args(CredentialType) if known == name), None)
        if chosen is not None:
            self.credential_type = chosen
        return chosen is not None

    def challenge(self, request: Request) -> str | None:
        """What an on-premises server answers a request with before it looks at it.

        NTLM lets a connection in, not a request: a handshake of three messages, each a request of
        its own, after which the connection's other requests need no credentials.

        Returns:
            The `WWW-Authenticate` header to refuse the request with, or None to let it pass.
        """
        accepted = _SCHEMES[self.credential_type]
        if not self.takes_ntlm:
            accepted = tuple(scheme for scheme in accepted if scheme != "ntlm")
        offer = ", ".join(_OFFERS[scheme] for scheme in accepted if scheme in _OFFERS)
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None if _USER in request.connection else offer
        request.connection.pop(_USER, None)
        if scheme.lower() not in accepted:
            return offer
        if scheme.lower() in {"negotiate", "ntlm"}:
            answer = self._shake_hands(request, value.strip())
            return offer if answer == "" else answer and f"{scheme} {answer}"
        if scheme.lower() == "basic":
            return None if self._knows_user(value.strip()) else offer
        return None if self._knows_token(value.strip()) else offer

    def _shake_hands(self, request: Request, token: str) -> str | None:
        """The next message of a handshake in base64, "" to refuse it, None when it is complete."""
        known = self._credentials
        challenge = request.connection.pop(_CHALLENGE, None)
        if not self.takes_ntlm:
            return ""
        try:
            message = base64.b64decode(token, validate=True)
            if ntlm.message_type(message) == ntlm.NEGOTIATE_MESSAGE:
                fresh = ntlm.Challenge.fresh(known.domain)
                request.connection[_CHALLENGE] = fresh
                return base64.b64encode(fresh.message()).decode()
            if not isinstance(challenge, ntlm.Challenge):
                return ""
            if not challenge.is_answered(message, known.username, known.password):
                return ""
        except (ValueError, ntlm.NtlmError):
            return ""
        request.connection[_USER] = known.username
        return None

    def check(self, request: Request) -> None:
        """Let the request pass.

        Raises:
            NavError: When it is nobody's.
        """
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._knows_token(value.strip()):
            return
        if scheme.lower() == "basic":
            if self._knows_user(value.strip()):
                return
            raise NavError("Unauthorized", "The credentials provided are incorrect", 401)
        raise NavError(
            "Authentication_InvalidCredentials",
            "The server has rejected the client credentials.",
            401,
        )

    def _knows_token(self, token: str) -> bool:
        with self._lock:
            expires = self._tokens.get(token)
        return expires is not None and self._clock() < expires

    def _knows_user(self, encoded: str) -> bool:
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        known = f"{self._credentials.username}:{self._credentials.password}"
        given = pair.removeprefix(f"{self._credentials.domain}\\")
        return secrets.compare_digest(given.encode(), known.encode())
