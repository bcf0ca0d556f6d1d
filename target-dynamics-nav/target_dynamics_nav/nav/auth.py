"""Who we are towards NAV: OAuth 2.0 client credentials of Entra ID, or user name and web service access key.

Secrets stay in private attributes; no message, log line or `repr` here contains one.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from target_dynamics_nav.errors import ConfigurationError, CredentialsError, OutageError
from target_dynamics_nav.nav.odata import from_json
from target_dynamics_nav.nav.retry import (
    Clock,
    RetryPolicy,
    TransientFailure,
    call_with_retries,
    retry_after_seconds,
)

if TYPE_CHECKING:
    from target_dynamics_nav.errors import TargetError

BUSINESS_CENTRAL_SCOPE = "https://api.businesscentral.dynamics.com/.default"
ENTRA_TOKEN_URL = "https://login.microsoftonline.com/{tenant_id}/oauth2/v2.0/token"  # noqa: S105 - an address
RENEW_BEFORE_EXPIRY_SECONDS = 300.0
_DEFAULT_LIFETIME_SECONDS = 3600.0
_CONFIGURATION_ERRORS = {"invalid_scope", "invalid_resource"}


class NavAuth(AuthBase):
    """Signs requests, and knows whether new credentials can be had when the old ones are turned down."""

    connection_bound = False
    """A login holds for one connection, not for one request."""

    @abstractmethod
    def renew(self, rejected: str | bytes | None) -> bool:
        """Called on a 401 with the `Authorization` header that was turned down; True when it is worth another try."""

    def close(self) -> None:
        """Release connections."""


class BasicAuth(NavAuth):
    """User name and web service access key; NAV on-premises only."""

    def __init__(self, username: str, access_key: str) -> None:
        # bytes, since requests would encode text as Latin-1 and lose other characters
        self._sign = HTTPBasicAuth(username.encode(), access_key.encode())

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the `Authorization` header."""
        self._sign(request)
        return request

    def renew(self, rejected: str | bytes | None) -> bool:  # noqa: ARG002
        """Never: a user name and key are what they are."""
        return False


@dataclass(frozen=True)
class _Token:
    header: str
    renew_at: float


class ClientCredentialsAuth(NavAuth):
    """OAuth 2.0 client credentials: a token for about an hour, fetched anew five minutes before it expires.

    The grant, its answers and its errors are those of Entra ID's v2.0 token endpoint.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        timeout: tuple[float, float],
        policy: RetryPolicy,
        clock: Clock,
        scope: str = BUSINESS_CENTRAL_SCOPE,
        trust_environment: bool = True,
    ) -> None:
        self._scope = scope
        self._token_url = token_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._timeout = timeout
        self._policy = policy
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = trust_environment
        self._token: _Token | None = None
        self._lock = threading.Lock()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the `Authorization` header, fetching a token when there is none or it is about to expire."""
        with self._lock:
            if self._token is None or self._clock.monotonic() >= self._token.renew_at:
                self._token = self._fetch()
            request.headers["Authorization"] = self._token.header
        return request

    def renew(self, rejected: str | bytes | None) -> bool:
        """Forget the token that was turned down, so that the next request fetches one."""
        with self._lock:
            if self._token is not None and self._token.header == rejected:
                self._token = None
        return True

    def close(self) -> None:
        """Release connections."""
        self._session.close()

    def _fetch(self) -> _Token:
        return call_with_retries(
            self._ask,
            policy=self._policy,
            clock=self._clock,
            exhausted=lambda failure: OutageError(
                f"The token endpoint does not work: {failure.reason}.",
                code="token_endpoint_unavailable",
                hint="Try again later; if it lasts, check token_url or tenant_id and the network.",
                field="token_url",
                value=self._token_url,
            ),
        )

    def _ask(self) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "scope": self._scope,
        }
        asked_at = self._clock.monotonic()
        try:
            response = self._session.post(
                self._token_url,
                data=form,
                headers={"Accept": "application/json"},
                auth=_unsigned,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise ConfigurationError(
                "The token endpoint's certificate is not trusted, or it does not speak TLS.",
                code="certificate_not_trusted",
                hint="Check token_url and the machine's certificate authorities.",
                field="token_url",
                value=self._token_url,
            ) from error
        except requests.RequestException as error:
            raise TransientFailure(
                f"no answer from the token endpoint ({type(error).__name__})"
            ) from error
        body = _body(response)
        if response.status_code == HTTPStatus.OK and isinstance(body.get("access_token"), str):
            return _Token(
                f"Bearer {body['access_token']}",
                asked_at + _usable_seconds(_lifetime(body)),
            )
        raise self._refusal(response, body)

    def _refusal(
        self, response: requests.Response, body: dict[str, object]
    ) -> TargetError | TransientFailure:
        """The error of an answer without a token."""
        status, error = response.status_code, str(body.get("error") or "")
        if (
            status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
            or status >= HTTPStatus.INTERNAL_SERVER_ERROR
            or error == "temporarily_unavailable"
        ):
            return TransientFailure(
                f"the token endpoint answered {status}",
                retry_after=retry_after_seconds(
                    response.headers.get("Retry-After"), self._clock.now()
                ),
            )
        words = self._words(body)
        if error in _CONFIGURATION_ERRORS or not error:
            return ConfigurationError(
                "The token endpoint does not answer as Entra ID does."
                if not error
                else "Entra ID does not know Business Central in this tenant.",
                code="token_endpoint",
                hint="Check token_url or tenant_id.",
                field="token_url",
                value=self._token_url,
                nav_message=words or f"HTTP {status}",
            )
        return CredentialsError(
            f"Entra ID does not accept the application's credentials ({error}).",
            code="entra_rejected_credentials",
            hint="Check tenant_id, client_id and client_secret; a secret may have expired. "
            "The secret's value is needed, not its id.",
            field="client_id",
            value=self._client_id,
            nav_message=words,
        )

    def _words(self, body: dict[str, object]) -> str:
        """The first line of the description, without trace ids, and without the secret whatever the server echoes."""
        first = str(body.get("error_description") or "").split("Trace ID:")[0].strip()
        line = first.splitlines()[0].strip() if first else ""
        return line.replace(self._client_secret, "***")


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from taking credentials for the token endpoint out of a .netrc file."""
    return request


def _body(response: requests.Response) -> dict[str, object]:
    try:
        parsed = from_json(response.content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _lifetime(body: dict[str, object]) -> float:
    """Seconds; the older endpoint writes the number as a string."""
    try:
        return float(str(body.get("expires_in")))
    except ValueError:
        return _DEFAULT_LIFETIME_SECONDS


def _usable_seconds(lifetime: float) -> float:
    """How long to use a token: until five minutes before the end, or half of a life shorter than ten."""
    return lifetime - min(RENEW_BEFORE_EXPIRY_SECONDS, lifetime / 2)
