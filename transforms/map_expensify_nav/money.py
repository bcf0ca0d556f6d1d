"""Exact amounts: whole minor units in, decimal texts out. Pure: no I/O, no floats."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

_ISO_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: decimals for decimals, codes in _ISO_DECIMALS.items() for code in codes.split()}


def iso_decimals(currency: str) -> int:
    """How many decimals ISO 4217 gives a currency: two, unless it is listed otherwise."""
    return _DECIMALS.get(currency, 2)


def decimals_of(currency: str | None, minor_units: str) -> int:
    """How many decimals the whole-number amounts of a report have.

    Args:
        currency: ISO code, or None when the report names none.
        minor_units: `hundredths` or `iso`, from the rules.
    """
    return iso_decimals(currency) if minor_units == "iso" and currency else 2


def decimal_text(minor: int, decimals: int) -> str:
    """An amount as exact decimal text, e.g. -5 with two decimals is "-0.05".

    Args:
        minor: Whole minor units.
        decimals: How many of its digits stand behind the point.
    """
    digits = str(abs(minor)).rjust(decimals + 1, "0")
    sign = "-" if minor < 0 else ""
    if decimals == 0:
        return f"{sign}{digits}"
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def is_finer_than_currency(minor: int, decimals: int, currency: str) -> bool:
    """Whether an amount has decimals that its currency does not have, like 12.34 yen."""
    surplus = decimals - iso_decimals(currency)
    return surplus > 0 and minor % 10**surplus != 0


def converted(minor: int, rate: Decimal, decimals: int, into: int) -> int:
    """An amount in another currency, rounded half away from zero.

    Args:
        minor: Whole minor units.
        rate: How many units of the other currency one unit of this one is.
        decimals: Decimals of the amount.
        into: Decimals of the other currency.

    Returns:
        Whole minor units of the other currency.
    """
    numerator, denominator = rate.as_integer_ratio()
    numerator *= abs(minor) * 10**into
    denominator *= 10**decimals
    rounded: int = (2 * numerator + denominator) // (2 * denominator)
    return -rounded if minor < 0 else rounded
