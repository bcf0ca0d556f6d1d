"""From settings to a NavClient."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.nav.api_v2 import ApiV2Client
from target_dynamics_nav.nav.auth import ENTRA_TOKEN_URL, BasicAuth, ClientCredentialsAuth, NavAuth
from target_dynamics_nav.nav.http import DEFAULT_REQUESTS_PER_FIVE_MINUTES, NavHttp
from target_dynamics_nav.nav.retry import Clock, RetryPolicy
from target_dynamics_nav.nav.transport import checked_address, is_loopback_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.port import NavClient

API_PATH = "/api/v2.0"
CONNECT_TIMEOUT_SECONDS = 10.0
DEFAULT_REQUEST_TIMEOUT_SECONDS = 300.0
_DIALECTS = ("api_v2",)
_AUTH_METHODS = ("oauth2", "basic")


def build_client(settings: Mapping[str, object], *, clock: Clock | None = None) -> NavClient:
    """A client for the NAV server the settings name; it opens no connection yet.

    Args:
        settings: `dialect` (default `api_v2`), `base_url`, `auth_method` (`oauth2`, the default, or `basic`);
            for OAuth `client_id`, `client_secret` and `tenant_id` or `token_url`; for Basic `username`, `password`
            (the web service access key). Optional: `request_timeout` (seconds without a byte, default 300),
            `retry_seconds` (how long one call is tried again, default 300), `requests_per_five_minutes`
            (default 5000).
        clock: Time; a target that can be asked to stop gives one whose `sleep` can be woken.

    Raises:
        ConfigurationError: A setting is missing or wrong; `field` names it.
    """
    clock = clock or Clock()
    _one_of(settings, "dialect", _DIALECTS)
    method = _one_of(settings, "auth_method", _AUTH_METHODS)
    base_url = checked_address("base_url", _required(settings, "base_url"))
    if not base_url.endswith(API_PATH):
        raise ConfigurationError(
            f"base_url does not end with {API_PATH}.",
            code="base_url_incomplete",
            hint="For Business Central online it is https://api.businesscentral.dynamics.com/v2.0/"
            f"<tenant>/<environment>{API_PATH}; on-premises "
            f"https://<server>:7048/<instance>{API_PATH}.",
            field="base_url",
            value=base_url,
        )
    timeout = (
        CONNECT_TIMEOUT_SECONDS,
        _positive(settings, "request_timeout", DEFAULT_REQUEST_TIMEOUT_SECONDS),
    )
    policy = RetryPolicy(budget=_positive(settings, "retry_seconds", RetryPolicy.budget))
    pace = _positive(settings, "requests_per_five_minutes", DEFAULT_REQUESTS_PER_FIVE_MINUTES)
    auth: NavAuth
    if method == "basic":
        auth = BasicAuth(_required(settings, "username"), _required(settings, "password"))
    else:
        token_url = _token_url(settings)
        auth = ClientCredentialsAuth(
            token_url,
            _required(settings, "client_id"),
            _required(settings, "client_secret"),
            timeout=timeout,
            policy=policy,
            clock=clock,
            trust_environment=not is_loopback_address(token_url),
        )
    http = NavHttp(
        base_url,
        auth,
        timeout=timeout,
        policy=policy,
        clock=clock,
        requests_per_five_minutes=max(1, int(pace)),
    )
    return ApiV2Client(http)


def _token_url(settings: Mapping[str, object]) -> str:
    given = settings.get("token_url")
    if given:
        return checked_address("token_url", str(given))
    if not settings.get("tenant_id"):
        raise _missing("tenant_id", "Set tenant_id, or token_url for another token endpoint.")
    tenant = quote(str(settings["tenant_id"]).strip(), safe="")
    return ENTRA_TOKEN_URL.format(tenant_id=tenant)


def _required(settings: Mapping[str, object], name: str) -> str:
    value = str(settings.get(name) or "").strip()
    if not value:
        raise _missing(name, f"Set {name}.")
    return value


def _missing(name: str, hint: str) -> ConfigurationError:
    return ConfigurationError(
        f"The setting {name} is missing.", code="setting_missing", hint=hint, field=name
    )


def _one_of(settings: Mapping[str, object], name: str, choices: tuple[str, ...]) -> str:
    value = str(settings.get(name) or choices[0])
    if value not in choices:
        raise ConfigurationError(
            f"{name} cannot be {value!r}; it is one of: {', '.join(choices)}.",
            code="setting_wrong",
            hint=f"Correct {name}.",
            field=name,
            value=value,
        )
    return value


def _positive(settings: Mapping[str, object], name: str, default: float) -> float:
    value = settings.get(name)
    if value is None or value == "":
        return default
    try:
        number = float(str(value))
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigurationError(
            f"{name} is not a positive number.",
            code="setting_wrong",
            hint=f"Correct {name}.",
            field=name,
            value=str(value),
        )
    return number
