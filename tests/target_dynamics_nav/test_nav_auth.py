"""Tokens: fetched, kept, renewed in time and after a 401; refusals without the secret."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from expense_sandbox.http import Request, Response, SandboxServer, json_response
from target_dynamics_nav.errors import ConfigurationError, CredentialsError, OutageError
from target_dynamics_nav.nav.auth import ClientCredentialsAuth
from target_dynamics_nav.nav.factory import build_client
from target_dynamics_nav.nav.http import NavHttp
from target_dynamics_nav.nav.retry import Clock, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "s3cret~value"


@dataclass
class Server:
    """Token endpoint and API in one; accepts the tokens in `valid`."""

    lifetime: object = 3599
    refusal: Response | None = None
    outages: int = 0
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    calls: int = 0
    valid: set[str] = field(default_factory=set)
    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        if request.path == "/tenant/oauth2/v2.0/token":
            return self._token(request)
        self.calls += 1
        if request.headers.get("Authorization") not in self.valid:
            error = {
                "code": "Authentication_InvalidCredentials",
                "message": "The server has rejected the client credentials.",
            }
            return json_response({"error": error}, status=401)
        return json_response({"value": []})

    def _token(self, request: Request) -> Response:
        self.forms.append(parse_qs(request.body.decode()))
        if self.outages:
            self.outages -= 1
            return Response(503)
        if self.refusal is not None:
            return self.refusal
        token = f"token-{len(self.forms)}"
        self.valid = {f"Bearer {token}"}
        return json_response(
            {
                "token_type": "Bearer",
                "expires_in": self.lifetime,
                "access_token": token,
            }
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@contextmanager
def serving(server: Server) -> Iterator[NavHttp]:
    sandbox = SandboxServer(server, name="script")
    sandbox.start()
    clock = Clock(
        monotonic=lambda: server.time,
        now=lambda: datetime(2026, 1, 1, tzinfo=timezone.utc),
        sleep=server.sleep,
        jitter=lambda: 0.5,
    )
    auth = ClientCredentialsAuth(
        f"{sandbox.url}/tenant/oauth2/v2.0/token",
        "client",
        SECRET,
        timeout=(5.0, 5.0),
        policy=RetryPolicy(attempts=4),
        clock=clock,
        trust_environment=False,
    )
    http = NavHttp(
        f"{sandbox.url}/api/v2.0", auth, timeout=(5.0, 5.0), policy=RetryPolicy(), clock=clock
    )
    try:
        yield http
    finally:
        http.close()
        sandbox.stop()


def entra(status: int, error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, status=status)


def test_one_token_serves_until_five_minutes_before_its_end() -> None:
    server = Server(lifetime=3600)
    with serving(server) as http:
        http.get("companies")
        server.time = 3299.0
        http.get("companies")
        assert len(server.forms) == 1
        server.time = 3300.0
        http.get("companies")
    assert len(server.forms) == 2
    assert server.calls == 3
    assert server.forms[0] == {
        "grant_type": ["client_credentials"],
        "client_id": ["client"],
        "client_secret": [SECRET],
        "scope": ["https://api.businesscentral.dynamics.com/.default"],
    }


def test_a_lifetime_in_a_string_counts() -> None:
    server = Server(lifetime="7200")
    with serving(server) as http:
        http.get("companies")
        server.time = 6899.0
        http.get("companies")
        assert len(server.forms) == 1
        server.time = 6900.0
        http.get("companies")
    assert len(server.forms) == 2


def test_a_short_life_is_used_for_its_first_half() -> None:
    server = Server(lifetime=60)
    with serving(server) as http:
        http.get("companies")
        server.time = 29.0
        http.get("companies")
        assert len(server.forms) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_token_that_ends_early_is_renewed_once_and_the_call_repeated(method: str) -> None:
    server = Server()
    with serving(server) as http:
        http.get("companies")
        server.valid = set()
        if method == "GET":
            http.get("companies")
        else:
            http.write("POST", "purchaseInvoices", {})
    assert len(server.forms) == 2
    assert server.calls == 3


def test_a_fresh_token_that_is_turned_down_ends_the_run() -> None:
    class Stubborn(Server):
        def _token(self, request: Request) -> Response:
            answer = super()._token(request)
            self.valid = set()
            return answer

    server = Stubborn()
    with serving(server) as http, pytest.raises(CredentialsError) as caught:
        http.get("companies")
    assert caught.value.exit_code == 77
    assert server.calls == 2


@pytest.mark.parametrize(
    ("status", "error", "description", "raised"),
    [
        (401, "invalid_client", "AADSTS7000215: Invalid client secret provided.", CredentialsError),
        (401, "invalid_client", "AADSTS7000222: The secret is expired.", CredentialsError),
        (400, "unauthorized_client", "AADSTS700016: Application not found.", CredentialsError),
        (400, "invalid_request", "AADSTS90002: Tenant not found.", CredentialsError),
        (400, "invalid_scope", "AADSTS70011: The scope is not valid.", ConfigurationError),
        (400, "invalid_resource", "AADSTS500011: Principal not found.", ConfigurationError),
    ],
)
def test_entras_refusals(
    status: int, error: str, description: str, raised: type[CredentialsError | ConfigurationError]
) -> None:
    words = f"{description} You sent {SECRET}. Trace ID: 1 Correlation ID: 2\r\nTimestamp: now"
    server = Server(refusal=entra(status, error, words))
    with serving(server) as http, pytest.raises(raised) as caught:
        http.get("companies")
    assert len(server.forms) == 1
    nav_message = caught.value.nav_message or ""
    assert nav_message.startswith(description)
    assert "Trace ID" not in nav_message
    assert SECRET not in repr(vars(caught.value))
    assert SECRET not in repr(caught.getrepr(showlocals=False))


def test_an_endpoint_that_is_not_entra_is_a_wrong_setting() -> None:
    server = Server(refusal=Response(404, {}, b"<html>not here</html>"))
    with serving(server) as http, pytest.raises(ConfigurationError) as caught:
        http.get("companies")
    assert caught.value.field == "token_url"


def test_an_endpoint_in_trouble_is_asked_again_and_then_an_outage() -> None:
    server = Server(outages=2)
    with serving(server) as http:
        http.get("companies")
    assert server.slept == [1.0, 2.0]
    server = Server(outages=99)
    with serving(server) as http, pytest.raises(OutageError) as caught:
        http.write("POST", "purchaseInvoices", {})
    assert caught.value.code == "token_endpoint_unavailable"
    assert server.calls == 0


BASIC = {
    "base_url": "https://nav.example:7048/BC/api/v2.0",
    "auth_method": "basic",
    "username": "exporter",
    "password": "key",
}
OAUTH = {
    "base_url": "https://api.businesscentral.dynamics.com/v2.0/t/Production/api/v2.0/",
    "tenant_id": "t",
    "client_id": "c",
    "client_secret": SECRET,
}


@pytest.mark.parametrize(
    "settings", [BASIC, OAUTH, {**OAUTH, "tenant_id": "", "token_url": "https://x/t"}]
)
def test_complete_settings_make_a_client(settings: dict[str, object]) -> None:
    client = build_client(settings)
    assert client.capabilities.dialect == "api_v2"
    client.close()


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({**BASIC, "base_url": ""}, "base_url"),
        ({**BASIC, "base_url": "https://nav.example/BC"}, "base_url"),
        ({**BASIC, "base_url": "http://nav.example/BC/api/v2.0"}, "base_url"),
        ({**BASIC, "base_url": "https://user:pa55phrase@nav.example/api/v2.0"}, "base_url"),
        ({**BASIC, "base_url": "nav.example/api/v2.0"}, "base_url"),
        ({**BASIC, "username": None}, "username"),
        ({**BASIC, "password": " "}, "password"),
        ({**BASIC, "auth_method": "kerberos"}, "auth_method"),
        ({**BASIC, "dialect": "odata_v3"}, "dialect"),
        ({**BASIC, "request_timeout": "-1"}, "request_timeout"),
        ({**OAUTH, "tenant_id": None}, "tenant_id"),
        ({**OAUTH, "client_id": None}, "client_id"),
        ({**OAUTH, "client_secret": ""}, "client_secret"),
        ({**OAUTH, "token_url": "http://login.example/token"}, "token_url"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(
    settings: dict[str, object], field: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build_client(settings)
    assert caught.value.field == field
    assert caught.value.exit_code == 78
    assert "pa55phrase" not in str(vars(caught.value))


@pytest.mark.parametrize("host", ["127.0.0.1:8702", "localhost", "[::1]:80"])
def test_plain_http_is_for_this_machine_only(host: str) -> None:
    build_client({**BASIC, "base_url": f"http://{host}/api/v2.0"}).close()
