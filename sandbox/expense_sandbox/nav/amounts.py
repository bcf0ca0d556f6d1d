"""Amounts of document lines: rounding, tax, local currency. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ZERO = Decimal(0)
HUNDRED = Decimal(100)


def rounded(amount: Decimal, precision: Decimal) -> Decimal:
    """The amount to the nearest multiple of the precision, halves away from zero."""
    return (amount / precision).quantize(Decimal(1), ROUND_HALF_UP) * precision


@dataclass(frozen=True)
class LineValue:
    """What a line is worth before tax is worked out: `amount` includes tax when prices do."""

    amount: Decimal
    tax_code: str
    tax_percent: Decimal


@dataclass(frozen=True)
class TaxedAmount:
    """One line's amounts in the document's currency."""

    excluding_tax: Decimal
    tax: Decimal

    @property
    def including_tax(self) -> Decimal:
        """Both together."""
        return self.excluding_tax + self.tax


def taxed(
    lines: Sequence[LineValue], *, prices_include_tax: bool, precision: Decimal
) -> list[TaxedAmount]:
    """Tax per line, rounded per tax code over the whole document, differences carried along."""
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    result = []
    for line in lines:
        amount_before, tax_before = sums.get(line.tax_code, (ZERO, ZERO))
        amount = amount_before + line.amount
        divisor = HUNDRED + line.tax_percent if prices_include_tax else HUNDRED
        tax = rounded(amount * line.tax_percent / divisor, precision)
        sums[line.tax_code] = (amount, tax)
        tax_here = tax - tax_before
        net = line.amount - tax_here if prices_include_tax else line.amount
        result.append(TaxedAmount(net, tax_here))
    return result


def to_local(
    amounts: Iterable[Decimal], local: Decimal, foreign: Decimal, precision: Decimal
) -> list[Decimal]:
    """Each amount in local currency; what rounding leaves over is carried to the next.

    Args:
        amounts: In the document's currency, in line order.
        local: Local amount that `foreign` units are worth.
        foreign: Units of the document's currency.
        precision: Smallest amount of the local currency.
    """
    total = local_total = ZERO
    result = []
    for amount in amounts:
        total += amount
        local_now = rounded(total * local / foreign, precision)
        result.append(local_now - local_total)
        local_total = local_now
    return result


def shown(amount: Decimal) -> str:
    """An amount as NAV's English messages show it: `1,638.40`."""
    return f"{amount:,.2f}"
