"""From settings to a NavClient, or to what checks a server."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.nav.api_v2 import ApiV2Client
from target_dynamics_nav.nav.api_v2_inspection import ApiV2Inspector
from target_dynamics_nav.nav.auth import (
    BUSINESS_CENTRAL_SCOPE,
    ENTRA_TOKEN_URL,
    BasicAuth,
    ClientCredentialsAuth,
    NavAuth,
)
from target_dynamics_nav.nav.batch import MAX_BATCH_PARTS
from target_dynamics_nav.nav.http import DEFAULT_REQUESTS_PER_FIVE_MINUTES, NavHttp
from target_dynamics_nav.nav.odata_v4 import OdataV4Client
from target_dynamics_nav.nav.odata_v4_http import SERVICE_PATH, PageHttp
from target_dynamics_nav.nav.odata_v4_inspection import OdataV4Inspector
from target_dynamics_nav.nav.odata_v4_settings import (
    DEFAULT_JOURNAL_TEMPLATE,
    DEFAULT_POSTING_SERVICE,
    PageSettings,
    PostPolicy,
)
from target_dynamics_nav.nav.retry import Clock, RetryPolicy
from target_dynamics_nav.nav.transport import Transport, checked_address, is_loopback_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_dynamics_nav.nav.inspection import Inspector
    from target_dynamics_nav.nav.port import NavClient, SteppedNavClient
    from target_dynamics_nav.nav.soap_http import SoapHttp

API_PATH = "/api/v2.0"
SOAP_PATH = "/WS"
CONNECT_TIMEOUT_SECONDS = 10.0
DEFAULT_REQUEST_TIMEOUT_SECONDS = 300.0
_DEFAULT_PACE = {
    "api_v2": float(DEFAULT_REQUESTS_PER_FIVE_MINUTES),
    "odata_v4": 300_000.0,
    "soap": 300_000.0,
}
"""Only Business Central online counts requests; on-premises, requests are sent one at a time anyway."""
DIALECTS = ("api_v2", "odata_v4", "soap")
AUTH_METHODS = ("oauth2", "basic", "ntlm")

Settings = Mapping[str, object]


@dataclass(frozen=True)
class Connection:
    """How a server is reached, whatever the dialect."""

    base_url: str
    auth: NavAuth
    timeout: tuple[float, float]
    policy: RetryPolicy
    clock: Clock
    requests_per_five_minutes: int
    ca_file: str | None
    nav_tenant: str | None

    def nav_http(self) -> NavHttp:
        """Requests to the API."""
        return NavHttp(
            self.base_url,
            self.auth,
            timeout=self.timeout,
            policy=self.policy,
            clock=self.clock,
            requests_per_five_minutes=self.requests_per_five_minutes,
            ca_file=self.ca_file,
        )

    def page_http(self) -> PageHttp:
        """Requests to OData V4 page services."""
        transport = Transport(
            self.base_url,
            self.auth,
            timeout=self.timeout,
            clock=self.clock,
            requests_per_five_minutes=self.requests_per_five_minutes,
            ca_file=self.ca_file,
        )
        return PageHttp(
            self.base_url,
            transport,
            policy=self.policy,
            clock=self.clock,
            nav_tenant=self.nav_tenant,
        )


def build_client(settings: Settings, *, clock: Clock | None = None) -> NavClient | SteppedNavClient:
    """A client for the NAV server the settings name; it opens no connection yet.

    Args:
        settings: As the target's settings have them. `dialect` (default `api_v2`), `base_url`, `auth_method`
            (`oauth2`, the default, `basic` or `ntlm`); for OAuth `client_id`, `client_secret` and `tenant_id` or
            `token_url`; for the others `username` and `password`. Everything else has a default.
        clock: Time; a target that can be asked to stop gives one whose `sleep` can be woken.

    Raises:
        ConfigurationError: A setting is missing or wrong; `field` names it.
    """
    connection = build_connection(settings, clock=clock)
    dialect = _one_of(settings, "dialect", DIALECTS)
    if dialect == "odata_v4":
        return OdataV4Client(
            connection.page_http(),
            page_settings(settings),
            username=_optional(settings, "username"),
        )
    if dialect == "soap":
        return _soap_client(settings, connection)
    return ApiV2Client(
        connection.nav_http(),
        operations=_whole(settings, "batch_operations", MAX_BATCH_PARTS),
    )


def build_inspector(settings: Settings, *, clock: Clock | None = None) -> Inspector:
    """What checks the NAV server the settings name, without changing anything; it opens no connection yet.

    Args:
        settings: As for `build_client`.
        clock: Time.

    Raises:
        ConfigurationError: A setting is missing or wrong; `field` names it.
    """
    connection = build_connection(settings, clock=clock)
    dialect = _one_of(settings, "dialect", DIALECTS)
    if dialect == "odata_v4":
        return OdataV4Inspector(
            connection.page_http(),
            page_settings(settings),
            username=_optional(settings, "username"),
        )
    if dialect == "soap":
        with _soap_extra():
            from target_dynamics_nav.nav.soap_inspection import SoapInspector  # noqa: PLC0415

            return SoapInspector(_soap_http(connection), page_settings(settings))
    return ApiV2Inspector(connection.nav_http())


@contextmanager
def _soap_extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "zeep":
            raise
        raise ConfigurationError(
            "The dialect soap needs a library that is not installed.",
            code="extra_not_installed",
            hint="Install target-dynamics-nav[soap].",
            field="dialect",
            value="soap",
        ) from error


def _soap_client(settings: Settings, connection: Connection) -> NavClient:
    with _soap_extra():
        from target_dynamics_nav.nav.soap import SoapClient  # noqa: PLC0415 - an optional extra

        return SoapClient(_soap_http(connection), page_settings(settings))


def _soap_http(connection: Connection) -> SoapHttp:
    from target_dynamics_nav.nav.soap_http import SoapHttp  # noqa: PLC0415 - an optional extra

    return SoapHttp(
        connection.base_url,
        connection.auth,
        timeout=connection.timeout,
        policy=connection.policy,
        clock=connection.clock,
        requests_per_five_minutes=connection.requests_per_five_minutes,
        tenant=connection.nav_tenant,
        ca_file=connection.ca_file,
    )


def build_connection(settings: Settings, *, clock: Clock | None = None) -> Connection:
    """How the server is reached.

    Raises:
        ConfigurationError: A setting is missing or wrong; `field` names it.
    """
    clock = clock or Clock()
    dialect = _one_of(settings, "dialect", DIALECTS)
    plain = bool(settings.get("allow_plain_http"))
    base_url = _base_url(
        dialect,
        checked_address("base_url", _required(settings, "base_url"), allow_plain_http=plain),
    )
    timeout = (
        CONNECT_TIMEOUT_SECONDS,
        _positive(settings, "request_timeout", DEFAULT_REQUEST_TIMEOUT_SECONDS),
    )
    policy = RetryPolicy(budget=_positive(settings, "retry_seconds", RetryPolicy.budget))
    return Connection(
        base_url=base_url,
        auth=_auth(settings, timeout, policy, clock, allow_plain_http=plain),
        timeout=timeout,
        policy=policy,
        clock=clock,
        requests_per_five_minutes=max(
            1,
            int(_positive(settings, "requests_per_five_minutes", _DEFAULT_PACE[dialect])),
        ),
        ca_file=_ca_file(settings),
        nav_tenant=_optional(settings, "nav_tenant"),
    )


def page_settings(settings: Settings) -> PageSettings:
    """What the page dialects need to know beyond address and login.

    Raises:
        ConfigurationError: A setting is wrong; `field` names it.
    """
    post = PostPolicy(_one_of(settings, "post", tuple(policy.value for policy in PostPolicy)))
    if str(settings.get("mode") or "post") != "post":
        post = PostPolicy.NEVER
    return PageSettings(
        services=_texts(settings, "services"),
        option_captions=_texts(settings, "option_captions"),
        post=post,
        posting_service=_optional(settings, "posting_service") or DEFAULT_POSTING_SERVICE,
        posting_actions=_texts(settings, "posting_actions"),
        journal_template=_optional(settings, "journal_template") or DEFAULT_JOURNAL_TEMPLATE,
    )


def _base_url(dialect: str, address: str) -> str:
    """The address in the form the dialect takes: the API's, the server instance's, or SOAP's.

    Raises:
        ConfigurationError: It is another dialect's.
    """
    lower = address.lower()
    if dialect == "api_v2":
        if not address.endswith(API_PATH):
            raise _incomplete(
                address,
                f"base_url does not end with {API_PATH}.",
                "For Business Central online it is https://api.businesscentral.dynamics.com/v2.0/"
                f"<tenant>/<environment>{API_PATH}; on-premises "
                f"https://<server>:7048/<instance>{API_PATH}.",
            )
        return address
    path = SERVICE_PATH if dialect == "odata_v4" else SOAP_PATH
    if "/api/" in lower or lower.endswith("/odata") or _is_for_the_other(dialect, lower):
        raise _incomplete(
            address,
            f"base_url is not the address of a server instance as dialect {dialect} needs it.",
            f"It is https://<server>:{7048 if dialect == 'odata_v4' else 7047}/<server instance>.",
        )
    instance = address[: -len(path)] if lower.endswith(path.lower()) else address
    return instance if dialect == "odata_v4" else f"{instance}{path}"


def _is_for_the_other(dialect: str, lower: str) -> bool:
    return lower.endswith((SOAP_PATH if dialect == "odata_v4" else SERVICE_PATH).lower())


def _incomplete(address: str, message: str, hint: str) -> ConfigurationError:
    return ConfigurationError(
        message, code="base_url_incomplete", hint=hint, field="base_url", value=address
    )


def _auth(
    settings: Settings,
    timeout: tuple[float, float],
    policy: RetryPolicy,
    clock: Clock,
    *,
    allow_plain_http: bool,
) -> NavAuth:
    method = _one_of(settings, "auth_method", AUTH_METHODS)
    if method == "basic":
        return BasicAuth(_required(settings, "username"), _required(settings, "password"))
    if method == "ntlm":
        # takes a fifth of a second to load, and few need it
        from target_dynamics_nav.nav.auth_ntlm import NtlmAuth  # noqa: PLC0415

        return NtlmAuth(_required(settings, "username"), _required(settings, "password"))
    token_url = _token_url(settings, allow_plain_http=allow_plain_http)
    return ClientCredentialsAuth(
        token_url,
        _required(settings, "client_id"),
        _required(settings, "client_secret"),
        scope=_optional(settings, "oauth_scope") or BUSINESS_CENTRAL_SCOPE,
        timeout=timeout,
        policy=policy,
        clock=clock,
        trust_environment=not is_loopback_address(token_url),
    )


def _token_url(settings: Settings, *, allow_plain_http: bool) -> str:
    given = settings.get("token_url")
    if given:
        return checked_address("token_url", str(given), allow_plain_http=allow_plain_http)
    if not settings.get("tenant_id"):
        raise _missing("tenant_id", "Set tenant_id, or token_url for another token endpoint.")
    tenant = quote(str(settings["tenant_id"]).strip(), safe="")
    return ENTRA_TOKEN_URL.format(tenant_id=tenant)


def _ca_file(settings: Settings) -> str | None:
    """The file of trusted authorities, if it is one.

    Raises:
        ConfigurationError: It cannot be read, or holds no certificate.
    """
    path = _optional(settings, "ca_file")
    if path is None:
        return None
    try:
        context = ssl.create_default_context(cafile=str(Path(path).expanduser()))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            "ca_file cannot be read as certificates in PEM form.",
            code="setting_wrong",
            hint="Export the certificate of the authority that signed NAV's as Base-64 (.cer or .pem), and name it.",
            field="ca_file",
            value=path,
        ) from error
    del context
    return str(Path(path).expanduser())


def _required(settings: Settings, name: str) -> str:
    value = _optional(settings, name)
    if value is None:
        raise _missing(name, f"Set {name}.")
    return value


def _optional(settings: Settings, name: str) -> str | None:
    return str(settings.get(name) or "").strip() or None


def _missing(name: str, hint: str) -> ConfigurationError:
    return ConfigurationError(
        f"The setting {name} is missing.", code="setting_missing", hint=hint, field=name
    )


def _one_of(settings: Settings, name: str, choices: tuple[str, ...]) -> str:
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


def _texts(settings: Settings, name: str) -> dict[str, str]:
    """Texts by text; also from JSON text, as an environment variable has it."""
    value = settings.get(name) or {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise ConfigurationError(
            f"{name} is not an object of texts.",
            code="setting_wrong",
            hint=f'Write {name} as JSON, for example {{"vendors": "Vendor_List"}}.',
            field=name,
        )
    return {str(key): text for key, text in value.items()}


def _positive(settings: Settings, name: str, default: float) -> float:
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


def _whole(settings: Settings, name: str, largest: int) -> int:
    """A whole number from 1 to `largest`, which is also the default."""
    return min(largest, max(1, int(_positive(settings, name, largest))))
