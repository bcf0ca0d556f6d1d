"""Windows logins, own certificate authorities, addresses: against the NAV stand-in over real connections."""

from __future__ import annotations

import base64
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expense_sandbox.faults import FaultPlan
from expense_sandbox.http import Response
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from target_dynamics_nav.errors import (
    ConfigurationError,
    CredentialsError,
    OutageError,
    OutcomeUnknownError,
)
from target_dynamics_nav.nav.factory import build_client, build_connection

from .encrypted import encrypt
from .nav_stand_in import CREDENTIALS, INVOICE, NAME, SERVICES, draft
from .pages_stand_in import EUROPE, pages_of, settings_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from expense_sandbox.http import Request, SandboxServer

NTLM_AUTHENTICATE = 3


def ntlm_message(request: Request) -> int:
    """Which message of the handshake a request carries; 0 for none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme not in {"NTLM", "Negotiate"}:
        return 0
    return int.from_bytes(base64.b64decode(token)[8:12], "little")


def handshakes(server: SandboxServer, change: Callable[[Request, int], Response | None]) -> None:
    """Let `change` answer requests by the message they carry; what it answers None goes on to NAV."""
    handler = server._handler

    def changed(request: Request) -> Response:
        return change(request, ntlm_message(request)) or handler(request)

    server._handler = changed


@pytest.mark.parametrize("username", ["exporter", r"NORTHWIND\exporter"])
def test_a_windows_login_holds_for_the_connection(username: str) -> None:
    seen: list[tuple[str, int, int]] = []
    with pages_of(auth_method="ntlm", username=username) as it:
        handshakes(
            it.server,
            lambda request, number: seen.append((request.method, number, len(request.body))),
        )
        made = it.client.create_draft(it.company, draft())
        it.client.post(it.company, made)
        assert it.find_one().posted
    assert {number for _, number, _ in seen} == {0}  # logged in before, by resolve_company


def test_a_write_that_begins_a_connection_is_carried_out_once() -> None:
    seen: list[tuple[int, int]] = []
    with pages_of(auth_method="ntlm") as it:
        it.client.find(it.company, "E100-R")
        it.client._http._transport._session.close()  # the next request needs a new connection

        def watch(request: Request, number: int) -> None:
            if request.path.endswith("/Purchase_Invoice") and request.method == "POST":
                seen.append((number, len(request.body)))

        handshakes(it.server, watch)
        it.client.create_draft(it.company, draft())
        assert len(it.client.find(it.company, "E100-R")) == 1
    assert [number for number, _ in seen] == [0, 1, NTLM_AUTHENTICATE]
    assert len({length for _, length in seen}) == 1  # the body goes along each time


@pytest.mark.parametrize("message", [1, NTLM_AUTHENTICATE])
@pytest.mark.parametrize("status", [500, 503])
def test_a_handshake_that_breaks_off_leaves_a_write_unknown(message: int, status: int) -> None:
    with pages_of(auth_method="ntlm") as it:
        it.client.find(it.company, "E100-R")
        it.client._http._transport._session.close()

        def broken(request: Request, number: int) -> Response | None:
            if request.method == "POST" and number == message:
                return Response(status)
            return None

        handshakes(it.server, broken)
        with pytest.raises(OutcomeUnknownError):
            it.client.create_draft(it.company, draft())
        assert it.client.find(it.company, "E100-R") == []


def test_a_wrong_windows_password() -> None:
    with (
        pytest.raises(CredentialsError) as caught,
        pages_of(auth_method="ntlm", password="wrong-one"),
    ):
        pass
    assert caught.value.code == "nav_rejected_credentials"
    assert "wrong-one" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("offer", ["Negotiate", 'Basic realm=""', "NTLM"])
def test_a_server_that_speaks_no_ntlm(offer: str) -> None:
    """It turns the handshake down without a challenge, as one that takes Kerberos only does."""
    server, _ = build_nav_server(
        [EUROPE], credentials=CREDENTIALS, faults=FaultPlan(), quirks=NavQuirks()
    )
    handshakes(server, lambda request, number: Response(401, {"WWW-Authenticate": offer}))
    server.start()
    client = build_client(settings_for(server.url, auth_method="ntlm"))
    try:
        with pytest.raises(CredentialsError) as caught:
            client.resolve_company(NAME)
        assert offer in str(caught.value.hint)
    finally:
        client.close()
        server.stop()


# Encryption


@contextmanager
def encrypted(folder: Path) -> Iterator[tuple[str, Path]]:
    server, _ = build_nav_server(
        [EUROPE, SERVICES], credentials=CREDENTIALS, faults=FaultPlan(), quirks=NavQuirks()
    )
    address = encrypt(server, folder)
    server.start()
    try:
        yield address
    finally:
        server.stop()


@pytest.mark.parametrize("auth_method", ["basic", "ntlm"])
@pytest.mark.parametrize(
    ("dialect", "path"), [("odata_v4", "/NAV"), ("soap", "/NAV"), ("api_v2", "/NAV/api/v2.0")]
)
def test_an_authority_of_our_own(dialect: str, path: str, auth_method: str, tmp_path: Path) -> None:
    with encrypted(tmp_path) as (url, authority):
        settings = settings_for(
            url, auth_method=auth_method, dialect=dialect, ca_file=str(authority)
        )
        client = build_client({**settings, "base_url": f"{url}{path}"})
        try:
            assert client.resolve_company(NAME).name == NAME
        finally:
            client.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_that_is_not_trusted(host: str, tmp_path: Path) -> None:
    """Nobody vouches for it; or somebody does, but for another host."""
    with encrypted(tmp_path) as (url, authority):
        trusted = {"ca_file": str(authority)} if host == "localhost" else {}
        client = build_client(settings_for(url.replace("127.0.0.1", host), **trusted))
        try:
            with pytest.raises(ConfigurationError) as caught:
                client.resolve_company(NAME)
        finally:
            client.close()
    assert caught.value.code == "certificate_not_trusted"
    assert "ca_file" in str(caught.value.hint)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        build_client(settings_for("https://nav.example", ca_file=str(path)))
    assert (caught.value.code, caught.value.field) == ("setting_wrong", "ca_file")


@pytest.mark.parametrize("dialect", ["odata_v4", "soap"])
def test_plain_http_beyond_this_machine_has_to_be_allowed(dialect: str) -> None:
    settings = settings_for("http://nav.example", dialect=dialect)
    with pytest.raises(ConfigurationError) as caught:
        build_client(settings)
    assert caught.value.code == "address_not_encrypted"
    assert "allow_plain_http" in str(caught.value.hint)
    build_client({**settings, "allow_plain_http": True}).close()


# Addresses


@pytest.mark.parametrize(
    ("dialect", "base_url"),
    [
        ("odata_v4", "https://nav.example:7048/BC"),
        ("odata_v4", "https://nav.example:7048/BC/"),
        ("odata_v4", "https://nav.example:7048/BC/ODataV4/"),
        ("soap", "https://nav.example:7047/BC"),
        ("soap", "https://nav.example:7047/BC/WS"),
        ("api_v2", "https://nav.example:7048/BC/api/v2.0"),
    ],
)
def test_addresses_of_a_server(dialect: str, base_url: str) -> None:
    settings = settings_for("https://unused", dialect=dialect)
    build_client({**settings, "base_url": base_url}).close()


@pytest.mark.parametrize(
    ("dialect", "base_url"),
    [
        ("odata_v4", "https://nav.example:7048/BC/api/v2.0"),
        ("odata_v4", "https://nav.example:7048/BC/OData"),
        ("odata_v4", "https://nav.example:7047/BC/WS"),
        ("soap", "https://nav.example:7048/BC/ODataV4"),
        ("api_v2", "https://nav.example:7048/BC"),
        ("api_v2", "https://nav.example:7048/BC/ODataV4"),
    ],
)
def test_addresses_of_another_dialect(dialect: str, base_url: str) -> None:
    settings = settings_for("https://unused", dialect=dialect)
    with pytest.raises(ConfigurationError) as caught:
        build_client({**settings, "base_url": base_url})
    assert (caught.value.code, caught.value.field) == ("base_url_incomplete", "base_url")


def test_nobody_listens() -> None:
    client = build_client(settings_for("http://127.0.0.1:1", retry_seconds=1))
    try:
        with pytest.raises(OutageError):
            client.resolve_company(NAME)
    finally:
        client.close()


def test_oauth_on_premises_asks_for_its_own_scope() -> None:
    """The server's application is an audience of its own."""
    forms: list[str] = []
    server, _ = build_nav_server(
        [EUROPE], credentials=CREDENTIALS, faults=FaultPlan(), quirks=NavQuirks()
    )
    handler = server._handler

    def watch(request: Request) -> Response:
        if request.path.endswith("/token"):
            forms.append(request.body.decode())
            known = b"https%3A%2F%2Fapi.businesscentral.dynamics.com"
            return handler(replace(request, body=request.body.replace(b"api%3A%2F%2Fnav", known)))
        return handler(request)

    server._handler = watch
    server.start()
    settings = settings_for(server.url, auth_method="oauth2", oauth_scope="api://nav/.default")
    client = build_client(
        {
            **settings,
            "client_id": CREDENTIALS.client_id,
            "client_secret": CREDENTIALS.client_secret,
            "token_url": f"{server.url}/tenant/oauth2/v2.0/token",
        }
    )
    try:
        company = client.resolve_company(NAME)
        assert client.find(company, "E100-R") == []
        made = client.create_draft(company, draft(INVOICE))  # type: ignore[attr-defined]
        client.post(company, made)  # type: ignore[arg-type]
    finally:
        client.close()
        server.stop()
    assert "scope=api%3A%2F%2Fnav%2F.default" in forms[0]


@pytest.mark.parametrize(
    ("dialect", "base_url", "expected"),
    [
        ("api_v2", "https://nav.example/api/v2.0", 5_000),
        ("odata_v4", "https://nav.example/BC", 300_000),
        ("soap", "https://nav.example/BC", 300_000),
    ],
)
def test_only_the_pace_of_business_central_online_is_limited(
    dialect: str, base_url: str, expected: int
) -> None:
    settings = {**settings_for("https://unused", dialect=dialect), "base_url": base_url}
    assert build_connection(settings).requests_per_five_minutes == expected
    told = {**settings, "requests_per_five_minutes": 77}
    assert build_connection(told).requests_per_five_minutes == 77
