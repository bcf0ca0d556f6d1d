from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from requests_ntlm import HttpNtlmAuth

from expense_sandbox.nav.ntlm import Challenge, NtlmError, md4

USER = "NORTHWIND\\API"


def _windows(pages: Any, *, ntlm: bool = True) -> None:
    answer = pages.control("POST", "authentication", {"credential_type": "Windows", "ntlm": ntlm})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("digest", "text"),
    [
        ("31d6cfe0d16ae931b73c59d7e0c089c0", b""),
        ("a448017aaf21d8525fc10ae87aa6729d", b"abc"),
        ("e33b4ddc9c38f2199c3e7b164fcc0536", b"1234567890" * 8),
    ],
)
def test_md4_as_its_specification_has_it(digest: str, text: bytes) -> None:
    assert md4(text).hex() == digest


def test_basic_with_a_web_service_access_key(pages: Any) -> None:
    pages.control("POST", "authentication", {"credential_type": "NavUserPassword"})
    url = f"{pages.company_url}/Vendor_List"
    refused = requests.get(url, timeout=10)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Basic realm=""'
    assert refused.json()["error"]["code"] == "Authentication_InvalidCredentials"
    assert requests.get(url, auth=("API", "access-key-1"), timeout=10).ok
    assert requests.get(url, auth=(USER, "access-key-1"), timeout=10).ok
    wrong = requests.get(url, auth=("API", "another-key"), timeout=10)
    assert wrong.status_code == 401


@pytest.mark.parametrize("user", [USER, "API", "api", "northwind\\api"])
def test_ntlm_by_somebody_elses_client(pages: Any, user: str) -> None:
    _windows(pages)
    session = requests.Session()
    session.auth = HttpNtlmAuth(user, "access-key-1")
    url = f"{pages.company_url}/Purchase_Invoice"
    created = session.post(url, json={"Buy_from_Vendor_No": "E1001"}, timeout=10)
    assert created.status_code == 201, created.text
    assert len(session.get(url, timeout=10).json()["value"]) == 1
    statuses = [entry.status for entry in pages.nav.server.requests_log]
    # Two refusals, each with the whole body, before the write; later requests need none.
    assert statuses == [401, 401, 201, 200]


def test_ntlm_refuses_a_wrong_password(pages: Any) -> None:
    _windows(pages)
    session = requests.Session()
    session.auth = HttpNtlmAuth(USER, "not-the-key")
    answer = session.get(f"{pages.company_url}/Vendor_List", timeout=10)
    assert answer.status_code == 401
    other = requests.Session()
    other.auth = HttpNtlmAuth("ELSEWHERE\\API", "access-key-1")
    assert other.get(f"{pages.company_url}/Vendor_List", timeout=10).status_code == 401


def test_ntlm_lets_a_connection_in_and_no_other(pages: Any) -> None:
    _windows(pages)
    session = requests.Session()
    session.auth = HttpNtlmAuth(USER, "access-key-1")
    url = f"{pages.company_url}/Vendor_List"
    assert session.get(url, timeout=10).ok
    session.auth = None
    assert session.get(url, timeout=10).ok
    assert requests.get(url, timeout=10).status_code == 401


def test_basic_is_not_for_windows_and_ntlm_not_for_kerberos_only(pages: Any) -> None:
    _windows(pages)
    url = f"{pages.company_url}/Vendor_List"
    refused = requests.get(url, auth=("API", "access-key-1"), timeout=10)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Negotiate, NTLM")
    _windows(pages, ntlm=False)
    session = requests.Session()
    session.auth = HttpNtlmAuth(USER, "access-key-1")
    with pytest.raises(PermissionError, match="did not respond with NTLM challenge"):
        session.get(url, timeout=10)
    offered = requests.get(url, timeout=10).headers["WWW-Authenticate"]
    assert offered == "Negotiate"


@pytest.mark.parametrize("token", ["", "!!!", base64.b64encode(b"NTLMSSP\0\3\0\0\0").decode()])
def test_tokens_that_are_none(pages: Any, token: str) -> None:
    _windows(pages)
    headers = {"Authorization": f"NTLM {token}"}
    answer = requests.get(f"{pages.company_url}/Vendor_List", headers=headers, timeout=10)
    assert answer.status_code == 401


def test_a_challenge_is_answered_once(pages: Any) -> None:
    """A recorded answer is worth nothing on another connection."""
    _windows(pages)
    recorded: list[str] = []
    session = requests.Session()
    session.auth = HttpNtlmAuth(USER, "access-key-1")
    session.hooks["response"].append(
        lambda answer, **_: recorded.append(answer.request.headers.get("Authorization", ""))
    )
    assert session.get(f"{pages.company_url}/Vendor_List", timeout=10).ok
    last = recorded[-1]
    assert last
    replayed = requests.get(
        f"{pages.company_url}/Vendor_List", headers={"Authorization": last}, timeout=10
    )
    assert replayed.status_code == 401


def test_messages_that_are_malformed() -> None:
    challenge = Challenge.fresh("NORTHWIND")
    for token in (b"nonsense", b"NTLMSSP\0\1\0\0\0", b"NTLMSSP\0\3\0\0\0" + bytes(20)):
        with pytest.raises(NtlmError):
            challenge.is_answered(token, "API", "access-key-1")


def test_the_api_is_behind_the_same_door(pages: Any) -> None:
    _windows(pages)
    url = f"{pages.nav.server.url}/NAV/api/v2.0/companies"
    assert requests.get(url, auth=("API", "access-key-1"), timeout=10).status_code == 401
    session = requests.Session()
    session.auth = HttpNtlmAuth(USER, "access-key-1")
    companies = session.get(url, timeout=10).json()
    assert [row["name"] for row in companies["value"]] == ["CRONUS Europe", "CRONUS Services"]
    assert companies["@odata.context"].startswith(f"{pages.nav.server.url}/NAV/api/v2.0/$metadata")
    online = requests.get(pages.nav.root + "/companies", auth=("API", "access-key-1"), timeout=10)
    assert online.ok


def test_oauth_on_premises(pages: Any) -> None:
    token = requests.post(
        f"{pages.nav.server.url}/tenant-1/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": "client-1",
            "client_secret": "secret-1",
            "scope": "https://api.businesscentral.dynamics.com/.default",
        },
        timeout=10,
    ).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{pages.company_url}/Vendor_List"
    for credential_type, status in (("AccessControlService", 200), ("NavUserPassword", 401)):
        pages.control("POST", "authentication", {"credential_type": credential_type})
        assert requests.get(url, headers=headers, timeout=10).status_code == status


@pytest.mark.parametrize(
    ("endpoint", "path"), [("odata_v4", "ODataV4/Company"), ("api", "api/v2.0/companies")]
)
def test_a_disabled_endpoint_answers_405(pages: Any, endpoint: str, path: str) -> None:
    url = f"{pages.nav.server.url}/NAV/{path}"
    assert pages.call("GET", url).status_code == 200
    pages.control("POST", f"endpoints/{endpoint}", {"enabled": False})
    assert pages.call("GET", url).status_code == 405
    pages.control("POST", f"endpoints/{endpoint}", {"enabled": True})
    assert pages.call("GET", url).status_code == 200


@pytest.mark.parametrize(
    "path", ["NAV/OData/Company", "OTHER/ODataV4/Company", "NAV/ODataV4/$batch"]
)
def test_there_is_nothing_else(pages: Any, path: str) -> None:
    answer = pages.call("GET", f"{pages.nav.server.url}/{path}?company=CRONUS Europe")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"odata_v4": {"nonsense": 1}},
        {"odata_v4": {"language": "fr-FR"}},
        {"odata_v4": {"page_size": "2"}},
        {"pages": 1},
        {"today": "2026-01-01"},
    ],
)
def test_switches_that_are_none(pages: Any, body: dict[str, Any]) -> None:
    assert pages.control("POST", "quirks", body).status_code == 400
    shown = pages.control("GET", "quirks").json()
    assert shown["odata_v4"]["language"] == "en-US"


def test_authentication_that_is_none(pages: Any) -> None:
    assert pages.control("POST", "authentication", {"credential_type": "Trust"}).status_code == 400
    shown = pages.control("GET", "authentication").json()
    assert shown == {"credential_type": "Any", "ntlm": True}


def test_writers_on_many_connections_all_get_numbers(start_pages: Callable[..., Any]) -> None:
    pages = start_pages()
    numbers: list[str] = []

    def write(index: int) -> None:
        answer = requests.post(
            f"{pages.company_url}/Purchase_Invoice",
            json={"Buy_from_Vendor_No": "E1001", "Vendor_Invoice_No": f"T-{index}"},
            auth=("API", "access-key-1"),
            timeout=10,
        )
        numbers.append(answer.json()["No"])

    threads = [threading.Thread(target=write, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 8


def test_too_many_requests(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(rate_limit=2)
    assert [pages.call("GET", "Vendor_List").status_code for _ in range(3)] == [200, 200, 429]


def test_a_refused_connection_stays_open(pages: Any) -> None:
    """The handshake would fail on a server that hangs up after each 401."""
    _windows(pages)
    host, port = pages.nav.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for _ in range(2):
            connection.sendall(b"GET /NAV/ODataV4 HTTP/1.1\r\nHost: nav\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
