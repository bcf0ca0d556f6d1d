"""Master data over API v2.0: companies, accounts, vendors, dimensions, currencies, posting window.

What v2.0 does not tell (whether a dimension value is blocked, and its type) comes from Microsoft's `reportsFinance`
API where the server has it; otherwise it stays unknown, and NAV decides at posting.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.errors import ConfigurationError, ProtocolError
from target_dynamics_nav.nav.odata import caption, code, day, query, text
from target_dynamics_nav.nav.port import Account, Company, DimensionValue, MasterData, Vendor

if TYPE_CHECKING:
    from datetime import date

    from target_dynamics_nav.nav.http import NavHttp
    from target_dynamics_nav.nav.odata import Json

logger = logging.getLogger(__name__)

_NOT_OFFERED = frozenset({403, 404, 405, 501})
_NAMES_SHOWN = 20


def company_path(company: Company) -> str:
    """The company's part of an address, relative to the base."""
    return f"companies({company.id})"


def resolve_company(http: NavHttp, name_or_id: str) -> Company:
    """The company of exactly this name (case counts) or id.

    Raises:
        ConfigurationError: There is none; the message lists those there are.
    """
    companies = [
        Company(id=text(row.get("id")), name=text(row.get("name")))
        for row in http.get_all("companies") or []
    ]
    for company in companies:
        if company.name == name_or_id or company.id.lower() == name_or_id.lower():
            return company
    names = sorted(company.name for company in companies)
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    listed = ", ".join(f'"{name}"' for name in names[:_NAMES_SHOWN]) or "none"
    raise ConfigurationError(
        f'NAV has no company "{name_or_id}". There are: {listed}{more}.',
        code="company_unknown",
        hint="Set company to one of these names, upper and lower case as shown, or to an id.",
        field="company",
        value=name_or_id,
    )


def local_currency_code(http: NavHttp, company: Company) -> str:
    """ISO code of the company's own currency."""
    return code(_setup(http, company, "localCurrencyCode").get("localCurrencyCode"))


def read_master_data(http: NavHttp, company: Company) -> MasterData:
    """Everything validation needs, in about ten requests."""
    setup = _setup(
        http, company, "id,allowPostingFrom,allowPostingTo,localCurrencyCode,lastModifiedDateTime"
    )
    local = code(setup.get("localCurrencyCode"))
    dimensions, values = _dimensions(http, company)
    return MasterData(
        company=company,
        local_currency_code=local,
        posting_from=_day(setup, "allowPostingFrom"),
        posting_to=_day(setup, "allowPostingTo"),
        accounts=_accounts(http, company),
        vendors=_vendors(http, company, local),
        bank_accounts=_bank_accounts(http, company),
        dimensions=dimensions,
        dimension_values=values,
        exchange_rates=_exchange_rates(http, company),
    )


def _list(http: NavHttp, company: Company, entity_set: str, **options: str | None) -> list[Json]:
    return http.get_all(f"{company_path(company)}/{entity_set}{query(**options)}") or []


def _setup(http: NavHttp, company: Company, select: str) -> Json:
    rows = _list(http, company, "generalLedgerSetup", select=select)
    if not rows:
        raise ProtocolError(
            "NAV shows no general ledger setup.",
            code="general_ledger_setup_missing",
            hint="Check that the company is set up, and that the user may read table 98.",
        )
    return rows[0]


def _day(row: Json, name: str) -> date | None:
    try:
        return day(row.get(name))
    except ValueError as error:
        raise ProtocolError(f"NAV writes {name} as something that is no date.") from error


def _accounts(http: NavHttp, company: Company) -> dict[str, Account]:
    rows = _list(
        http,
        company,
        "accounts",
        select="id,number,displayName,accountType,blocked,directPosting",
    )
    accounts = (
        Account(
            number=code(row.get("number")),
            name=text(row.get("displayName")),
            account_type=caption(row.get("accountType")),
            blocked=bool(row.get("blocked")),
            direct_posting=bool(row.get("directPosting")),
        )
        for row in rows
    )
    return {account.number: account for account in accounts}


def _vendors(http: NavHttp, company: Company, local_currency: str) -> dict[str, Vendor]:
    rows = _list(
        http,
        company,
        "vendors",
        select="id,number,displayName,blocked,currencyCode",
        expand="defaultDimensions",
    )
    vendors = (
        Vendor(
            number=code(row.get("number")),
            name=text(row.get("displayName")),
            blocked=caption(row.get("blocked")),
            currency_code=_foreign(code(row.get("currencyCode")), local_currency),
            default_dimensions={
                code(entry.get("dimensionCode")): code(entry.get("dimensionValueCode"))
                for entry in row.get("defaultDimensions") or []
                if code(entry.get("dimensionValueCode"))
            },
        )
        for row in rows
    )
    return {vendor.number: vendor for vendor in vendors}


def _foreign(currency: str, local_currency: str) -> str:
    """The currency's code; "" for the company's own, which NAV shows by its code and keeps as blank."""
    return "" if currency == local_currency else currency


def _bank_accounts(http: NavHttp, company: Company) -> frozenset[str] | None:
    rows = http.get_all(
        f"{company_path(company)}/bankAccounts{query(select='id,number')}", absent=_NOT_OFFERED
    )
    return None if rows is None else frozenset(code(row.get("number")) for row in rows)


def _dimensions(
    http: NavHttp, company: Company
) -> tuple[frozenset[str], dict[tuple[str, str], DimensionValue]]:
    codes = {
        text(row.get("id")): code(row.get("code"))
        for row in _list(http, company, "dimensions", select="id,code")
    }
    values = {}
    for entry in _list(http, company, "dimensionValues", select="id,code,dimensionId,displayName"):
        key = (codes.get(text(entry.get("dimensionId")), ""), code(entry.get("code")))
        values[key] = DimensionValue(*key, name=text(entry.get("displayName")))
    for entry in _reported_values(http, company):
        key = (code(entry.get("dimensionCode")), code(entry.get("dimensionValueCode")))
        values[key] = DimensionValue(
            *key,
            name=text(entry.get("dimensionValueName")),
            blocked=_flag(entry.get("blocked")),
            value_type=caption(entry.get("dimensionValueType")) or None,
        )
    return frozenset(codes.values()), values


def _reported_values(http: NavHttp, company: Company) -> list[Json]:
    """Dimension values of the reportsFinance API, still a beta; none where the server does not offer it to us."""
    root = http.base_url.removesuffix("/api/v2.0")
    select = "dimensionCode,dimensionValueCode,dimensionValueName,dimensionValueType,blocked"
    rows = http.get_all(
        f"{root}/api/microsoft/reportsFinance/beta/{company_path(company)}/dimensionValues"
        f"{query(select=select)}",
        absent=_NOT_OFFERED,
    )
    if rows is None:
        logger.info("NAV does not tell which dimension values are blocked; it decides at posting")
    return rows or []


def _flag(value: Any) -> bool | None:  # noqa: ANN401 - whatever the wire has
    return value if isinstance(value, bool) else None


def _exchange_rates(http: NavHttp, company: Company) -> dict[str, list[date]]:
    rates: dict[str, list[date]] = {
        code(row.get("code")): [] for row in _list(http, company, "currencies", select="id,code")
    }
    for row in _list(http, company, "currencyExchangeRates", select="id,currencyCode,startingDate"):
        starting = _day(row, "startingDate")
        if starting is not None:
            rates.setdefault(code(row.get("currencyCode")), []).append(starting)
    return {currency: sorted(dates) for currency, dates in rates.items()}
