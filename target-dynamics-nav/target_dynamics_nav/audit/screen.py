"""Prints what a command found: JSON for programs, tables on a terminal, aligned plain text anywhere else."""

from __future__ import annotations

import json
import re
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_GAP = "  "


def clean(text: object) -> str:
    """One line of text without control characters: what a report says must not steer a terminal."""
    return "" if text is None else _CONTROL.sub(" ", str(text)).strip()


def money(amount: Decimal | str | None) -> str:
    """With thousands apart and two decimals at least; nothing for no amount."""
    if amount is None or amount == "":
        return ""
    exact = Decimal(amount)
    exponent = exact.normalize().as_tuple().exponent
    decimals = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{exact:,.{decimals}f}"


def counted(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def as_json(data: object) -> str:
    """Plain data as JSON; amounts as exact texts."""
    return json.dumps(data, indent=2, ensure_ascii=False, default=_plain)


def print_json(data: object) -> None:
    """Print plain data as JSON."""
    click.echo(as_json(data))


def _plain(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def line(text: str = "", *, indent: int = 0) -> None:
    """Print one line."""
    click.echo(f"{' ' * indent}{clean(text)}")


def heading(text: str) -> None:
    """Print a heading; bold where there is a terminal."""
    click.secho(f"\n{clean(text)}", bold=True)


def table(
    headers: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[int] = ()
) -> None:
    """Print a table.

    Args:
        headers: Names of the columns.
        rows: A cell for each column.
        right: Numbers of columns that are aligned to the right.
    """
    cells = [[clean(cell) for cell in row] for row in rows]
    to_the_right = set(right)
    if sys.stdout.isatty():
        _print_rich(headers, cells, to_the_right)
        return
    widths = [
        max([len(header), *(len(row[number]) for row in cells)])
        for number, header in enumerate(headers)
    ]
    for row in ([*headers], *cells):
        shown = [
            cell.rjust(width) if number in to_the_right else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo(_GAP.join(shown).rstrip())


def _print_rich(headers: Sequence[str], cells: list[list[str]], right: set[int]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to load, and only for terminals
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    shown: Any = Table(box=None, pad_edge=False, header_style="bold")
    for number, header in enumerate(headers):
        shown.add_column(header, justify="right" if number in right else "left", overflow="fold")
    for row in cells:
        shown.add_row(*(Text(cell) for cell in row))
    Console().print(shown)
