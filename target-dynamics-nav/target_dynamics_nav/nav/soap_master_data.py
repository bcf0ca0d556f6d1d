"""Master data over SOAP: companies, accounts, vendors, dimensions, currencies, posting window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ConfigurationError, ProtocolError
from target_dynamics_nav.nav.odata import code, text
from target_dynamics_nav.nav.port import Account, Company, DimensionValue, MasterData, Vendor
from target_dynamics_nav.nav.soap_values import caption, day

if TYPE_CHECKING:
    from datetime import date

    from target_dynamics_nav.nav.soap_http import SoapHttp
    from target_dynamics_nav.nav.soap_services import CompanyServices
    from target_dynamics_nav.nav.soap_values import Row

LAST_SHORTCUT = 8
_NAMES_SHOWN = 20


def resolve_company(http: SoapHttp, name: str) -> Company:
    """The company of exactly this name (case counts); SOAP shows no ids.

    Raises:
        ConfigurationError: There is none; the message lists those there are.
    """
    answer = http.read(http.system_service(), "Companies")
    if isinstance(answer, dict):
        answer = answer.get("return_value")
    names = [answer] if isinstance(answer, str) else sorted(map(str, answer or []))
    if name in names:
        return Company(id=name, name=name)
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    listed = ", ".join(f'"{known}"' for known in names[:_NAMES_SHOWN]) or "none"
    raise ConfigurationError(
        f'NAV has no company "{name}". There are: {listed}{more}.',
        code="company_unknown",
        hint="Set company to one of these names, upper and lower case as shown.",
        field="company",
        value=name,
    )


def setup_of(services: CompanyServices) -> Row:
    """The company's general ledger setup.

    Raises:
        ProtocolError: It is not shown.
        ConfigurationError: The company's own currency is not named in it.
    """
    rows = services.page("general_ledger_setup").matching()
    if not rows:
        raise ProtocolError(
            "NAV shows no general ledger setup.",
            code="general_ledger_setup_missing",
            hint="Check that the company is set up, and that the user may read table 98.",
        )
    if not code(rows[0].get("LCY_Code")):
        raise ConfigurationError(
            "The company's own currency is not known.",
            code="local_currency_missing",
            hint="Fill in LCY Code on NAV's page General Ledger Setup.",
        )
    return rows[0]


def shortcut_positions(setup: Row) -> dict[str, int]:
    """Which dimension stands at which of the eight shortcut positions: {dimension code: 1 to 8}."""
    positions: dict[str, int] = {}
    for position in range(1, LAST_SHORTCUT + 1):
        named = code(setup.get(f"Shortcut_Dimension_{position}_Code"))
        if not named and position <= 2:  # noqa: PLR2004 - the two global dimensions are the first shortcuts
            named = code(setup.get(f"Global_Dimension_{position}_Code"))
        if named:
            positions[named] = position
    return positions


def read_master_data(services: CompanyServices, company: Company, setup: Row) -> MasterData:
    """Everything validation needs, a few calls for each list."""
    local = code(setup.get("LCY_Code"))
    dimensions = [code(row.get("Code")) for row in services.page("dimensions").all()]
    return MasterData(
        company=company,
        local_currency_code=local,
        posting_from=_day(setup, "Allow_Posting_From"),
        posting_to=_day(setup, "Allow_Posting_To"),
        accounts=_accounts(services),
        vendors=_vendors(services, local),
        bank_accounts=_bank_accounts(services),
        dimensions=frozenset(dimensions),
        dimension_values=_dimension_values(services, dimensions),
        exchange_rates=_exchange_rates(services),
    )


def _day(row: Row, name: str) -> date | None:
    try:
        return day(row.get(name))
    except ValueError as error:
        raise ProtocolError(f"NAV writes {name} as something that is no date.") from error


def _accounts(services: CompanyServices) -> dict[str, Account]:
    page = services.page("accounts")
    accounts = (
        Account(
            number=code(row.get("No")),
            name=text(row.get("Name")),
            account_type=caption(row.get("Account_Type")),
            blocked=bool(row.get("Blocked")),
            direct_posting=bool(row.get("Direct_Posting")) or "Direct_Posting" not in page.fields,
        )
        for row in page.all()
    )
    return {account.number: account for account in accounts}


def _vendors(services: CompanyServices, local_currency: str) -> dict[str, Vendor]:
    vendors = (
        Vendor(
            number=code(row.get("No")),
            name=text(row.get("Name")),
            blocked="All" if row.get("Privacy_Blocked") else caption(row.get("Blocked")),
            currency_code=_foreign(code(row.get("Currency_Code")), local_currency),
        )
        for row in services.page("vendors").all()
    )
    return {vendor.number: vendor for vendor in vendors}


def _foreign(currency: str, local_currency: str) -> str:
    return "" if currency == local_currency else currency


def _bank_accounts(services: CompanyServices) -> frozenset[str] | None:
    page = services.optional("bank_accounts")
    return None if page is None else frozenset(code(row.get("No")) for row in page.all())


def _dimension_values(
    services: CompanyServices, dimensions: list[str]
) -> dict[tuple[str, str], DimensionValue]:
    """Asked dimension by dimension, as the page wants a dimension in its filter."""
    page = services.page("dimension_values")
    values: dict[tuple[str, str], DimensionValue] = {}
    for dimension in dimensions:
        for row in page.all(Dimension_Code=dimension):
            key = (code(row.get("Dimension_Code")), code(row.get("Code")))
            if key[0] != dimension:
                continue
            blocked = row.get("Blocked")
            values[key] = DimensionValue(
                *key,
                name=text(row.get("Name")),
                blocked=bool(blocked) if "Blocked" in page.fields else None,
                value_type=caption(row.get("Dimension_Value_Type")) or None,
            )
    return values


def _exchange_rates(services: CompanyServices) -> dict[str, list[date]] | None:
    """Starting dates of the rates of each currency; None where NAV does not show them."""
    currencies, page = services.optional("currencies"), services.optional("exchange_rates")
    if currencies is None or page is None:
        return None
    rates: dict[str, list[date]] = {code(row.get("Code")): [] for row in currencies.all()}
    for row in page.all():
        starting = _day(row, "Starting_Date")
        if starting is not None:
            rates.setdefault(code(row.get("Currency_Code")), []).append(starting)
    return {currency: sorted(dates) for currency, dates in rates.items()}
