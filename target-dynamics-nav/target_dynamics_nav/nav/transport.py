"""One HTTP exchange with NAV: session, pace, time-outs, one renewal of the token, network failures told apart.

It decides nothing about repeating; `http.py` does.
"""

from __future__ import annotations

import ipaddress
import logging
import threading
from contextlib import nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from requests.adapters import HTTPAdapter

from target_dynamics_nav.errors import (
    ConfigurationError,
    OutcomeUnknownError,
    ProtocolError,
    StillWorkingError,
)
from target_dynamics_nav.nav.error_table import NavProblem, problem
from target_dynamics_nav.nav.odata import Json, from_json
from target_dynamics_nav.nav.retry import Pace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from target_dynamics_nav.nav.auth import NavAuth
    from target_dynamics_nav.nav.retry import Clock

logger = logging.getLogger(__name__)

MAX_CONNECTIONS = 4
"""Business Central executes five requests of one application at a time and queues the rest."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `body` is parsed JSON (fractions as Decimal), or None where there is none or it is no JSON."""

    status: int
    headers: Mapping[str, str]
    body: object
    raw: str = ""

    @property
    def problem(self) -> NavProblem:
        """The answer, taken as an error."""
        return problem(self.status, self.body, self.raw)

    @property
    def json(self) -> Json | None:
        """The body when it is a JSON object."""
        return self.body if isinstance(self.body, dict) else None


class NetworkFailure(Exception):  # noqa: N818 - a signal between this module and http.py
    """No answer came. `unsent`: the request certainly never reached NAV. `timed_out`: we stopped waiting for it."""

    def __init__(self, reason: str, *, unsent: bool, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.unsent = unsent
        self.timed_out = timed_out

    def of_a_write(self) -> OutcomeUnknownError:
        """The error of a write that was sent."""
        kind = StillWorkingError if self.timed_out else OutcomeUnknownError
        return kind(
            f"A write was sent to NAV, but {self.reason}.",
            hint="The document is looked up before anything else is done.",
        )


class Transport:
    """Sends signed requests to one origin."""

    def __init__(
        self,
        base_url: str,
        auth: NavAuth,
        *,
        timeout: tuple[float, float],
        clock: Clock,
        requests_per_five_minutes: int,
        ca_file: str | None = None,
    ) -> None:
        """Open no connection yet.

        Args:
            base_url: Address whose origin requests go to.
            auth: Signs every request.
            timeout: Seconds to connect, seconds between bytes of an answer.
            clock: Time.
            requests_per_five_minutes: Pace.
            ca_file: PEM file with the authorities to trust instead of the machine's own.
        """
        self._base_url = base_url
        self._auth = auth
        self._verify: bool | str = ca_file or True
        # who is logged in on a connection stays logged in there: its handshake must not be interleaved
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if auth.connection_bound else nullcontext()
        )
        self._timeout = timeout
        self._clock = clock
        self._pace = Pace(requests_per_five_minutes, clock)
        self._session = requests.Session()
        # a proxy from the environment has no way to our own loopback
        self._session.trust_env = not is_loopback(urlsplit(base_url).hostname)
        self._session.auth = auth
        self._session.headers.update(
            {
                "Accept": "application/json",
                "Accept-Language": "en-US",
                "User-Agent": "target-dynamics-nav",
            }
        )
        connections = 1 if auth.connection_bound else MAX_CONNECTIONS
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, pool_block=True)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Release connections."""
        self._session.close()
        self._auth.close()

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> Answer:
        """Send one request; after a 401 once more with renewed credentials, as a 401 was not carried out.

        Args:
            method: HTTP method.
            url: Absolute, on the origin of the base.
            headers: Besides those of every request.
            data: Body, or None.

        Raises:
            NetworkFailure: No whole answer came.
            ConfigurationError: TLS fails, or the server sends us elsewhere.
        """
        return _answer(self.respond(method, url, headers, data))

    def respond(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> requests.Response:
        """As `exchange`, for answers that are no JSON."""
        response = self._send(method, url, headers, data)
        rejected = response.request.headers.get("Authorization")
        if response.status_code == HTTPStatus.UNAUTHORIZED and self._auth.renew(rejected):
            logger.info("NAV no longer accepts the token; asking for a new one")
            response = self._send(method, url, headers, data)
        if response.is_redirect:
            raise ConfigurationError(
                "NAV's address redirects to another one, and credentials are not sent there.",
                code="redirected",
                hint="Set base_url to the final address.",
                field="base_url",
                value=self._base_url,
            )
        return response

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> requests.Response:
        self._pace.wait()
        begun = self._clock.monotonic()
        try:
            with self._turn:
                response = self._session.request(
                    method,
                    url,
                    headers=dict(headers),
                    data=data,
                    timeout=self._timeout,
                    allow_redirects=False,
                    verify=self._verify,
                )
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise ConfigurationError(
                    "NAV's certificate is not trusted by this machine.",
                    code="certificate_not_trusted",
                    hint="Name the certificate's authority in ca_file; the host in base_url has to be one of the "
                    "certificate's names.",
                    field="base_url",
                    value=self._base_url,
                ) from error
            raise NetworkFailure("the encrypted connection broke", unsent=False) from error
        except requests.RequestException as error:
            unsent = _was_unsent(error)
            reason = (
                "no connection to NAV" if unsent else f"no answer from NAV ({type(error).__name__})"
            )
            timed_out = isinstance(error, requests.ReadTimeout)
            raise NetworkFailure(reason, unsent=unsent, timed_out=timed_out) from error
        logger.debug(
            "%s %s -> %d in %.0f ms, request id %s",
            method,
            urlsplit(url).path,
            response.status_code,
            (self._clock.monotonic() - begun) * 1000,
            response.headers.get("Request-Id", "-"),
        )
        return response


def _answer(response: requests.Response) -> Answer:
    try:
        body = from_json(response.content) if response.content else None
    except ValueError:
        return Answer(response.status_code, response.headers, None, response.text)
    return Answer(response.status_code, response.headers, body)


def _was_unsent(error: requests.RequestException) -> bool:
    """The connection was never made, so not a byte of the request left."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause: object = error.args[0] if error.args else None
    if isinstance(cause, urllib3.exceptions.MaxRetryError):
        cause = cause.reason
    if isinstance(cause, urllib3.exceptions.ProxyError):
        cause = cause.original_error
    return isinstance(
        cause, (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    )


def is_loopback(host: str | None) -> bool:
    """The host is this machine itself."""
    if not host:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_address(address: str) -> bool:
    """The address leads to this machine itself."""
    return is_loopback(urlsplit(address).hostname)


def checked_address(setting: str, address: str, *, allow_plain_http: bool = False) -> str:
    """The address without a trailing slash, if credentials may be sent there.

    Args:
        setting: Name of the setting, for the error.
        address: What it holds.
        allow_plain_http: The operator accepts that everything can be read on the way.

    Raises:
        ConfigurationError: Not an http(s) address, with credentials or a query in it, or unencrypted beyond this
            machine.
    """
    trimmed = address.strip().rstrip("/")
    try:
        parts = urlsplit(trimmed)
        _ = parts.port
    except ValueError:
        parts = urlsplit("")
    if (
        parts.scheme not in _DEFAULT_PORTS
        or not parts.hostname
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        # the value is not shown: an address may hold a password
        raise ConfigurationError(
            f"{setting} is not a plain http(s) address.",
            code="address_malformed",
            hint=f"Set {setting} to an address without user name, password and query.",
            field=setting,
        )
    if parts.scheme == "http" and not allow_plain_http and not is_loopback(parts.hostname):
        raise ConfigurationError(
            f"{setting} is not encrypted; secrets go over https only.",
            code="address_not_encrypted",
            hint=f"Set {setting} to an address that begins with https://. For a NAV server of your own that has no "
            "certificate, allow_plain_http accepts that anybody on the network can read password and data.",
            field=setting,
            value=trimmed,
        )
    return trimmed


def require_same_origin(url: str, base_url: str) -> None:
    """Raise ProtocolError when `url` leads to another scheme, host or port than `base_url`."""
    if _origin(url) != _origin(base_url):
        raise ProtocolError(
            "NAV's answer points to another server, and credentials are not sent there.",
            code="foreign_link",
            hint="Check base_url; behind a reverse proxy NAV must know its public address.",
            field="base_url",
            value=base_url,
        )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
