"""Reads from NAV what a rules file names: accounts, vendors, dimension values. It only reads.

Where NAV is and who we are comes from the target's settings in the environment, `TARGET_DYNAMICS_NAV_…`; the target
itself need not be installed. Wire facts: Business Central API v2.0; whether a dimension value is blocked is told
only by the `reportsFinance` API.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
from requests.auth import HTTPBasicAuth

from map_expensify_nav.errors import NavReadError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "TARGET_DYNAMICS_NAV_"
_TIMEOUT = (10.0, 120.0)
_SCOPE = "https://api.businesscentral.dynamics.com/.default"
_ENTRA = "https://login.microsoftonline.com/{tenant_id}/oauth2/v2.0/token"
_ENCODED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Books:
    """What one NAV company has; each number in capitals → why nothing can be posted there, or None.

    Attributes:
        values: (dimension code, value code) → the same.
        names: ("accounts" or "vendors", number) → name.
        vendor_currencies: Vendor → its currency; the company's own where there is none.
    """

    company: str
    accounts: Mapping[str, str | None] = field(default_factory=dict)
    vendors: Mapping[str, str | None] = field(default_factory=dict)
    bank_accounts: Mapping[str, str | None] | None = None
    values: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    vendor_currencies: Mapping[str, str] = field(default_factory=dict)
    local_currency: str | None = None


class NavReader:
    """A session with NAV, for reading."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Start a session.

        Args:
            settings: The target's settings by name, e.g. `base_url`.

        Raises:
            NavReadError: If a setting is missing, or NAV does not let us in.
        """
        self._base_url = _needed(settings, "base_url").rstrip("/")
        self._session = requests.Session()
        if settings.get("auth_method", "oauth2") == "basic":
            user, key = _needed(settings, "username"), _needed(settings, "password")
            self._session.auth = HTTPBasicAuth(user.encode(), key.encode())
        else:
            self._session.headers["Authorization"] = f"Bearer {self._token(settings)}"
        self._companies: dict[str, str] | None = None

    def close(self) -> None:
        """Release connections."""
        self._session.close()

    def books(self, company: str) -> Books:
        """What a company has.

        Raises:
            NavReadError: If there is no such company, or NAV cannot be read.
        """
        if self._companies is None:
            self._companies = {
                name: row["id"]
                for row in self._rows(f"{self._base_url}/companies")
                for name in (row["name"], row["id"])
            }
        if company not in self._companies:
            raise NavReadError(f"NAV has no company '{company}'. Check its spelling.")
        path = f"companies({self._companies[company]})"
        root = self._base_url.removesuffix("/api/v2.0")
        finance = f"{root}/api/microsoft/reportsFinance/beta/{path}/dimensionValues"
        base = f"{self._base_url}/{path}"
        dimensions = {row["id"]: _code(row["code"]) for row in self._rows(f"{base}/dimensions")}
        values = {
            (dimensions.get(row["dimensionId"], ""), _code(row["code"])): None
            for row in self._rows(f"{base}/dimensionValues")
        }
        reported = {
            (_code(row["dimensionCode"]), _code(row["dimensionValueCode"])): "is blocked"
            for row in self._rows(finance, optional=True) or []
            if row.get("blocked") is True
        }
        banks = self._rows(f"{base}/bankAccounts", optional=True)
        accounts = self._rows(f"{base}/accounts")
        vendors = self._rows(f"{base}/vendors")
        setup = self._rows(f"{base}/generalLedgerSetup", optional=True) or [{}]
        return Books(
            company=company,
            accounts={_code(row["number"]): _account(row) for row in accounts},
            vendors={
                _code(row["number"]): "is blocked"
                if _caption(row.get("blocked")) == "All"
                else None
                for row in vendors
            },
            bank_accounts=None if banks is None else {_code(row["number"]): None for row in banks},
            values={**values, **reported},
            names={
                (kind, _code(row["number"])): str(row.get("displayName") or "")
                for kind, rows in (("accounts", accounts), ("vendors", vendors))
                for row in rows
            },
            vendor_currencies={
                _code(row["number"]): _code(row.get("currencyCode")) for row in vendors
            },
            local_currency=_code(setup[0].get("localCurrencyCode")) or None,
        )

    def _rows(self, url: str, *, optional: bool = False) -> Any:  # noqa: ANN401 (JSON)
        """All rows of a collection, page by page; None when it may be absent and is."""
        rows: list[Any] = []
        following: str | None = url
        while following:
            answer = self._get(following)
            if optional and answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST):
                return None
            if answer.status_code != HTTPStatus.OK:
                raise NavReadError(
                    f"NAV answered {answer.status_code} to {url.removeprefix(self._base_url)}. "
                    "Check the credentials and what they may read."
                )
            try:
                page = answer.json()
                rows += page["value"]
            except (ValueError, KeyError, TypeError):
                raise NavReadError(
                    f"NAV's answer to {url.removeprefix(self._base_url)} is no list. Check base_url."
                ) from None
            following = page.get("@odata.nextLink")
        return rows

    def _get(self, url: str) -> requests.Response:
        if not url.startswith(self._base_url.removesuffix("/api/v2.0")):
            raise NavReadError("NAV's answer goes on at another server, which is not followed.")
        try:
            return self._session.get(url, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise NavReadError(
                f"NAV cannot be reached ({type(error).__name__}). Check base_url and the network."
            ) from None

    def _token(self, settings: Mapping[str, str]) -> str:
        tenant = settings.get("tenant_id", "")
        url = settings.get("token_url") or _ENTRA.format(tenant_id=_needed(settings, "tenant_id"))
        form = {
            "grant_type": "client_credentials",
            "client_id": _needed(settings, "client_id"),
            "client_secret": _needed(settings, "client_secret"),
            "scope": _SCOPE,
        }
        try:
            answer = self._session.post(url, data=form, timeout=_TIMEOUT, allow_redirects=False)
            token = answer.json().get("access_token") if answer.ok else None
        except (requests.RequestException, ValueError):
            token = None
        if not isinstance(token, str):
            raise NavReadError(
                f"No access token for NAV was given for tenant '{tenant}'. Check client_id and client_secret."
            )
        return token


def settings_from_environment() -> dict[str, str]:
    """The target's settings as they are in the environment."""
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in os.environ.items()
        if name.startswith(PREFIX)
    }


def _needed(settings: Mapping[str, str], name: str) -> str:
    value = settings.get(name)
    if not value:
        raise NavReadError(f"{PREFIX}{name.upper()} is not set; check needs it to read NAV.")
    return value


def _code(value: object) -> str:
    return str(value or "").strip().upper()


def _caption(member: object) -> str:
    """The words of an enumeration's member: `G_x002F_L_x0020_Account` is "G/L Account"."""
    return _ENCODED.sub(lambda match: chr(int(match[1], 16)), str(member or "")).strip()


def _account(row: Mapping[str, Any]) -> str | None:
    if row.get("blocked"):
        return "is blocked"
    if _caption(row.get("accountType")) != "Posting":
        return "is no posting account"
    return None if row.get("directPosting") else "does not allow direct posting"
