"""What a set of NAV books starts with: plain master data, without behaviour.

The generated world (`data.py`) and the claims loader (`claims.py`) describe NAV companies in these terms; the
posting engine (`nav/books.py`) is filled from them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True)
class AccountSeed:
    """A G/L account. `account_type` is NAV's caption: Posting, Heading, Total, Begin-Total or End-Total."""

    number: str
    name: str
    category: str = "Expense"
    account_type: str = "Posting"
    blocked: bool = False
    direct_posting: bool = True
    tax_code: str = "NOVAT"
    default_dimensions: tuple[DefaultDimensionSeed, ...] = ()


@dataclass(frozen=True)
class DefaultDimensionSeed:
    """A default dimension of a vendor or account. `posting_rule`: "", Code Mandatory, Same Code or No Code."""

    dimension_code: str
    value_code: str
    posting_rule: str = ""


@dataclass(frozen=True)
class DimensionValueSeed:
    """A dimension value. `value_type`: Standard, Heading, Total, Begin-Total or End-Total."""

    code: str
    name: str
    value_type: str = "Standard"
    blocked: bool = False


@dataclass(frozen=True)
class DimensionSeed:
    """A dimension with its values, in the order NAV lists them."""

    code: str
    name: str
    values: tuple[DimensionValueSeed, ...]
    blocked: bool = False


@dataclass(frozen=True)
class VendorSeed:
    """A vendor. `blocked`: "", Payment or All. `currency_code` "" means the company's own currency."""

    number: str
    name: str
    email: str = ""
    currency_code: str = ""
    blocked: str = ""
    prices_include_tax: bool = False
    default_dimensions: tuple[DefaultDimensionSeed, ...] = ()


@dataclass(frozen=True)
class BankAccountSeed:
    """A bank account in the company's own currency and the G/L account of its posting group."""

    number: str
    name: str
    gl_account: str


@dataclass(frozen=True)
class EmployeeSeed:
    """An employee card."""

    number: str
    given_name: str
    surname: str
    email: str
    status: str = "Active"


@dataclass(frozen=True)
class ExchangeRateSeed:
    """`amount` units of the currency are worth `relational_amount` units of the company's own, from `starting_date`."""

    starting_date: date
    amount: Decimal
    relational_amount: Decimal


@dataclass(frozen=True)
class CurrencySeed:
    """A foreign currency; the company's own is not among them, as in NAV."""

    code: str
    name: str
    rounding_precision: Decimal
    rates: tuple[ExchangeRateSeed, ...]


@dataclass(frozen=True)
class CompanySeed:
    """One NAV company with its master data."""

    name: str
    local_currency_code: str
    accounts: tuple[AccountSeed, ...]
    vendors: tuple[VendorSeed, ...] = ()
    employees: tuple[EmployeeSeed, ...] = ()
    dimensions: tuple[DimensionSeed, ...] = ()
    currencies: tuple[CurrencySeed, ...] = ()
    tax_rates: dict[str, Decimal] = field(
        default_factory=lambda: {"NOVAT": Decimal(0), "VAT10": Decimal(10), "VAT20": Decimal(20)}
    )
    payables_account: str = "5410"
    input_tax_account: str = "5630"
    allow_posting_from: date | None = None
    allow_posting_to: date | None = None
    shortcut_dimensions: tuple[str, ...] = ("DEPARTMENT", "PROJECT")
    bank_accounts: tuple[BankAccountSeed, ...] = ()
