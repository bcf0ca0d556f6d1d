from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav

GOOD = {
    "grant_type": "client_credentials",
    "client_id": "client-1",
    "client_secret": "secret-1",
    "scope": "https://api.businesscentral.dynamics.com/.default",
}


def ask(nav: Nav, tenant: str = "tenant-1", **changes: str) -> requests.Response:
    url = f"{nav.server.url}/{tenant}/oauth2/v2.0/token"
    return requests.post(url, data={**GOOD, **changes}, timeout=10)


def with_token(nav: Nav, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{nav.root}/companies", headers=headers, timeout=10)


def test_a_token_opens_the_api(nav: Nav) -> None:
    answer = ask(nav)
    assert answer.status_code == 200
    grant = answer.json()
    assert (grant["token_type"], grant["expires_in"], grant["ext_expires_in"]) == (
        "Bearer",
        3599,
        3599,
    )
    assert with_token(nav, grant["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("tenant", "changes", "status", "error", "number"),
    [
        ("tenant-1", {"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ("tenant-1", {"client_id": "other"}, 400, "unauthorized_client", 700016),
        ("elsewhere", {}, 400, "invalid_request", 90002),
        ("tenant-1", {"scope": "openid"}, 400, "invalid_scope", 70011),
        ("tenant-1", {"grant_type": "refresh_token"}, 400, "invalid_grant", 70000),
    ],
)
def test_entra_refusals(
    nav: Nav, *, tenant: str, changes: dict[str, str], status: int, error: str, number: int
) -> None:
    answer = ask(nav, tenant, **changes)
    assert answer.status_code == status
    body = answer.json()
    assert set(body) == {
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    }
    assert (body["error"], body["error_codes"]) == (error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["error_uri"] == f"https://login.microsoftonline.com/error?code={number}"
    assert "secret-1" not in answer.text


def test_tokens_expire(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(token_lifetime_seconds=0)
    token = ask(nav).json()["access_token"]
    answer = with_token(nav, token)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "Authentication_InvalidCredentials"
    assert answer.json()["error"]["message"].startswith(
        "The server has rejected the client credentials.  CorrelationId:  "
    )


def test_tokens_can_be_revoked_by_the_tester(nav: Nav) -> None:
    token = ask(nav).json()["access_token"]
    assert nav.control("POST", "expire-tokens").status_code == 204
    assert with_token(nav, token).status_code == 401
    assert with_token(nav, ask(nav).json()["access_token"]).status_code == 200


@pytest.mark.parametrize("auth", [("API", "wrong"), ("api2", "access-key-1")])
def test_basic_authentication_needs_the_access_key(nav: Nav, auth: Any) -> None:
    answer = requests.get(f"{nav.root}/companies", auth=auth, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_nobody_enters_without_credentials(nav: Nav) -> None:
    for path in ("companies", "$batch", "nothing"):
        assert requests.get(f"{nav.root}/{path}", timeout=10).status_code == 401


def test_the_rate_limit_answers_429(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(rate_limit=2)
    nav.rows("accounts")
    nav.rows("accounts")
    status, code, message = nav.refused("GET", "accounts")
    assert (status, code) == (429, "Application_TooManyRequests")
    assert message == "Too many requests reached. Actual (3). Maximum (2)."
