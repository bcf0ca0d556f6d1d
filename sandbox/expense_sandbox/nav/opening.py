"""Fills a company's tables from its seed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from expense_sandbox.nav import records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expense_sandbox.nav.company import Company
    from expense_sandbox.seeds import CompanySeed, DefaultDimensionSeed

PAYMENT_TERMS = (
    ("14 DAYS", "Net 14 days", 14),
    ("30 DAYS", "Net 30 days", 30),
    ("COD", "Cash on delivery", 0),
)
FIRST_PERIOD_YEAR = 2018
PERIOD_YEARS = 12


def fill(company: Company, seed: CompanySeed) -> None:
    """Write the seed's master data to the company's empty tables."""
    company.rows.put(
        records.CompanyRow(id=company.id, name=seed.name, display_name=seed.name, timestamp=1)
    )
    company.setups.put(
        records.LedgerSetup(
            id=company.master_id("setup", ""),
            local_currency_code=seed.local_currency_code,
            allow_posting_from=seed.allow_posting_from,
            allow_posting_to=seed.allow_posting_to,
            shortcut_dimensions=seed.shortcut_dimensions,
            payables_account=seed.payables_account,
            input_tax_account=seed.input_tax_account,
            tax_rates=dict(seed.tax_rates),
        )
    )
    _fill_dimensions(company, seed)
    _fill_accounts(company, seed)
    _fill_people(company, seed)
    _fill_currencies(company, seed)
    _fill_calendar(company)


def _fill_dimensions(company: Company, seed: CompanySeed) -> None:
    number = 0
    for dimension in seed.dimensions:
        company.dimensions.put(
            records.Dimension(
                id=company.master_id("dimension", dimension.code),
                code=dimension.code,
                name=dimension.name,
                blocked=dimension.blocked,
            )
        )
        for value in dimension.values:
            number += 1
            company.dimension_values.put(
                records.DimensionValue(
                    id=company.master_id("value", f"{dimension.code}/{value.code}"),
                    dimension_code=dimension.code,
                    code=value.code,
                    name=value.name,
                    value_type=value.value_type,
                    blocked=value.blocked,
                    value_number=number,
                )
            )


def _fill_accounts(company: Company, seed: CompanySeed) -> None:
    for account in seed.accounts:
        company.accounts.put(
            records.Account(
                id=company.master_id("account", account.number),
                number=account.number,
                name=account.name,
                category=account.category,
                account_type=account.account_type,
                blocked=account.blocked,
                direct_posting=account.direct_posting,
                tax_code=account.tax_code,
            )
        )
        _fill_defaults(company, records.GL_ACCOUNT, account.number, account.default_dimensions)
    for bank in seed.bank_accounts:
        company.bank_accounts.put(
            records.BankAccount(
                id=company.master_id("bank", bank.number),
                number=bank.number,
                name=bank.name,
                gl_account=bank.gl_account,
            )
        )


def _fill_people(company: Company, seed: CompanySeed) -> None:
    for vendor in seed.vendors:
        company.vendors.put(
            records.Vendor(
                id=company.master_id("vendor", vendor.number),
                number=vendor.number,
                name=vendor.name,
                email=vendor.email,
                currency_code=vendor.currency_code,
                blocked=vendor.blocked,
                prices_include_tax=vendor.prices_include_tax,
            )
        )
        _fill_defaults(company, "Vendor", vendor.number, vendor.default_dimensions)
    for employee in seed.employees:
        company.employees.put(
            records.Employee(
                id=company.master_id("employee", employee.number),
                number=employee.number,
                given_name=employee.given_name,
                surname=employee.surname,
                email=employee.email,
                status=employee.status,
            )
        )


def _fill_defaults(
    company: Company, parent_type: str, number: str, defaults: Iterable[DefaultDimensionSeed]
) -> None:
    for default in defaults:
        key = f"{parent_type}/{number}/{default.dimension_code}"
        company.default_dimensions.put(
            records.DefaultDimension(
                id=company.master_id("default", key),
                parent_type=parent_type,
                parent_number=number,
                dimension_code=default.dimension_code,
                value_code=default.value_code,
                posting_rule=default.posting_rule,
            )
        )


def _fill_currencies(company: Company, seed: CompanySeed) -> None:
    for currency in seed.currencies:
        company.currencies.put(
            records.Currency(
                id=company.master_id("currency", currency.code),
                code=currency.code,
                name=currency.name,
                rounding_precision=currency.rounding_precision,
            )
        )
        for rate in currency.rates:
            company.exchange_rates.put(
                records.ExchangeRate(
                    id=company.master_id("rate", f"{currency.code}/{rate.starting_date}"),
                    currency_code=currency.code,
                    starting_date=rate.starting_date,
                    amount=rate.amount,
                    relational_amount=rate.relational_amount,
                )
            )


def _fill_calendar(company: Company) -> None:
    for code, name, days in PAYMENT_TERMS:
        company.payment_terms.put(
            records.PaymentTerms(
                id=company.master_id("terms", code), code=code, name=name, days=days
            )
        )
    for year in range(FIRST_PERIOD_YEAR, FIRST_PERIOD_YEAR + PERIOD_YEARS):
        for month in range(1, 13):
            start = date(year, month, 1)
            company.accounting_periods.put(
                records.AccountingPeriod(
                    id=company.master_id("period", start.isoformat()),
                    starting_date=start,
                    name=f"{start:%B}",
                    new_fiscal_year=month == 1,
                )
            )
