"""Who may talk to the stand-in: an Entra-like token endpoint, Bearer and Basic checks."""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from expense_sandbox.http import Request, Response, json_response
from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPE = "https://api.businesscentral.dynamics.com/.default"
RESOURCE = "https://api.businesscentral.dynamics.com"
SHARED_TENANTS = ("organizations", "common")


@dataclass(frozen=True)
class NavCredentials:
    """The one app registration and the one user this NAV knows.

    Attributes:
        tenant_id: Entra tenant, part of the token endpoint's path.
        client_id: The app registration.
        client_secret: Its secret.
        username: User for Basic authentication.
        password: That user's web service access key.
        refresh_token: Accepted by the refresh_token grant of clients that act for a user; "" is
            none.
    """

    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)


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
        return secrets.compare_digest(pair.encode(), known.encode())
