"""The NAV companies of the generated world."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from expense_sandbox.catalogue import COST_CENTRES, DEPARTMENTS, INACTIVE_PROJECT, PROJECTS
from expense_sandbox.people import AREAS, PEOPLE, Person
from expense_sandbox.seeds import (
    AccountSeed,
    BankAccountSeed,
    CompanySeed,
    CurrencySeed,
    DefaultDimensionSeed,
    DimensionSeed,
    DimensionValueSeed,
    EmployeeSeed,
    ExchangeRateSeed,
    VendorSeed,
)

OPEN_FROM = date(2018, 1, 1)
"""First day that can be posted to, and the day the exchange rates start."""

_EXPENSE_ACCOUNTS = (
    ("8210", "Office Supplies"),
    ("8220", "Software"),
    ("8230", "Telephone"),
    ("8240", "Postage"),
    ("8430", "Airfare"),
    ("8440", "Hotels"),
    ("8450", "Meals"),
    ("8460", "Entertainment and PR"),
    ("8470", "Taxi and Rideshare"),
    ("8480", "Rail"),
    ("8490", "Mileage"),
    ("8610", "Books and Periodicals"),
    ("8620", "Conferences and Training"),
)


def nav_companies() -> tuple[CompanySeed, ...]:
    """CRONUS Europe, which all three policies post to, and the small CRONUS Services."""
    return (_cronus_europe(), _cronus_services())


def _cronus_europe() -> CompanySeed:
    return CompanySeed(
        name="CRONUS Europe",
        local_currency_code="EUR",
        accounts=(
            _account("1000", "BALANCE SHEET", "Assets", "Begin-Total"),
            _account("2910", "Company Card Clearing", "Liabilities"),
            _account("2920", "Bank, Checking", "Assets"),
            _account("5410", "Vendors, Domestic", "Liabilities", direct_posting=False),
            _account("5630", "Purchase VAT", "Liabilities", direct_posting=False),
            _account("5999", "TOTAL BALANCE SHEET", "Assets", "End-Total"),
            _account("8000", "OPERATING EXPENSES", "Expense", "Begin-Total"),
            *(_account(number, name) for number, name in _EXPENSE_ACCOUNTS if number < "8320"),
            AccountSeed("8320", "Telephone, Fixed Lines (closed)", blocked=True),
            *(_account(number, name) for number, name in _EXPENSE_ACCOUNTS if number > "8320"),
            _account("8999", "TOTAL OPERATING EXPENSES", "Expense", "End-Total"),
        ),
        vendors=(
            *(_employee_vendor(person) for person in PEOPLE),
            VendorSeed("CARD-USD", "Commercial Card (USD)", currency_code="USD"),
            VendorSeed("CARD-GBP", "Commercial Card (GBP)", currency_code="GBP"),
            VendorSeed("10000", "London Postmaster", blocked="All"),
            VendorSeed("20000", "AR Day Property Management", blocked="Payment"),
        ),
        employees=tuple(
            EmployeeSeed(
                f"NW-{person.number:03d}", person.first_name, person.last_name, person.email
            )
            for person in PEOPLE
        ),
        dimensions=_dimensions(),
        currencies=(
            _currency("AUD", "Australian dollar", "60.00"),
            _currency("GBP", "Pound sterling", "117.00"),
            _currency("USD", "US dollar", "92.00"),
        ),
        allow_posting_from=OPEN_FROM,
        bank_accounts=(BankAccountSeed("CHECKING", "Bank, Checking", "2920"),),
        # The first two are global; pages of NAV reach the others only because they are shortcuts.
        shortcut_dimensions=("DEPARTMENT", "PROJECT", "AREA", "COSTCENTRE", "BUSINESSGROUP"),
    )


def _cronus_services() -> CompanySeed:
    return CompanySeed(
        name="CRONUS Services",
        local_currency_code="EUR",
        accounts=(
            _account("2910", "Company Card Clearing", "Liabilities"),
            _account("5410", "Vendors, Domestic", "Liabilities", direct_posting=False),
            _account("5630", "Purchase VAT", "Liabilities", direct_posting=False),
            _account("8440", "Hotels"),
            _account("8450", "Meals"),
        ),
        vendors=(VendorSeed("S1001", "Ingrid Larsen", "ingrid.larsen@northwind.example"),),
        dimensions=(
            DimensionSeed(
                "DEPARTMENT",
                "Department",
                tuple(DimensionValueSeed(code, name) for name, code in DEPARTMENTS),
            ),
        ),
        currencies=(_currency("USD", "US dollar", "92.00"),),
        allow_posting_from=OPEN_FROM,
        shortcut_dimensions=("DEPARTMENT",),
    )


def _account(
    number: str,
    name: str,
    category: str = "Expense",
    account_type: str = "Posting",
    *,
    direct_posting: bool = True,
) -> AccountSeed:
    return AccountSeed(
        number,
        name,
        category,
        account_type,
        direct_posting=direct_posting and account_type == "Posting",
    )


def _employee_vendor(person: Person) -> VendorSeed:
    # Every fourth vendor brings AREA by default: the report's own value, or another one.
    defaults: tuple[DefaultDimensionSeed, ...] = ()
    if person.number % 4 == 0:
        defaults = (DefaultDimensionSeed("AREA", person.area, "Code Mandatory"),)
    elif person.number % 7 == 0:
        other = next(area for area in AREAS.values() if area != person.area)
        defaults = (DefaultDimensionSeed("AREA", other),)
    return VendorSeed(
        person.vendor_number, person.full_name, person.email, default_dimensions=defaults
    )


def _dimensions() -> tuple[DimensionSeed, ...]:
    name, code = INACTIVE_PROJECT
    return (
        DimensionSeed(
            "AREA",
            "Area",
            (
                DimensionValueSeed("EUROPE-BEG", "Europe", "Begin-Total"),
                DimensionValueSeed("EU", "European Union"),
                DimensionValueSeed("UK", "United Kingdom"),
                DimensionValueSeed("EUROPE-END", "Europe, total", "End-Total"),
                DimensionValueSeed("US", "United States"),
            ),
        ),
        DimensionSeed(
            "BUSINESSGROUP",
            "Business Group",
            (DimensionValueSeed("HOME", "Home"), DimensionValueSeed("OFFICE", "Office")),
        ),
        DimensionSeed(
            "COSTCENTRE",
            "Cost Centre",
            tuple(DimensionValueSeed(value, f"Cost centre {value[2:]}") for value in COST_CENTRES),
        ),
        DimensionSeed(
            "DEPARTMENT",
            "Department",
            tuple(DimensionValueSeed(value, text) for text, value in DEPARTMENTS),
        ),
        DimensionSeed(
            "PROJECT",
            "Project",
            (
                DimensionValueSeed(code, name, blocked=True),
                *(DimensionValueSeed(value, text) for text, value in PROJECTS),
            ),
        ),
    )


def _currency(code: str, name: str, euros_for_hundred: str) -> CurrencySeed:
    return CurrencySeed(
        code,
        name,
        Decimal("0.01"),
        (ExchangeRateSeed(OPEN_FROM, Decimal(100), Decimal(euros_for_hundred)),),
    )
