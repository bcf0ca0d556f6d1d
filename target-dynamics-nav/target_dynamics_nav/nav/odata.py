"""OData as NAV writes it: exact numbers, enum members, blank dates, literals and paths. Pure."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]
"""A JSON object as parsed from, or written to, the wire."""

_ENCODED_CHARACTER = re.compile(r"_x([0-9A-Fa-f]{4})_")
_BLANK_DATE = "0001-01-01"
_quoted = json.encoder.encode_basestring_ascii
"""JSON text of a string, without the detour over an encoder."""


def to_json(value: object) -> str:
    """JSON text in which every Decimal is a plain number, digit by digit (`json` would need a float).

    Args:
        value: dict, list, str, int, bool, None, date or Decimal, nested as you like.

    Raises:
        TypeError: For any other type; floats above all, as money is never one.
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{_quoted(str(k))}:{to_json(v)}" for k, v in value.items()]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([to_json(item) for item in value]) + "]"
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise TypeError(f"{value} is not a number JSON knows")
        return format(value, "f")
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if value is None or isinstance(value, (bool, int)):
        return json.dumps(value)
    raise TypeError(f"{type(value).__name__} does not go into a NAV request")


def from_json(text: str | bytes) -> object:
    """The parsed JSON text, with fractions as Decimal. Raises ValueError."""
    parsed: object = json.loads(text, parse_float=Decimal)
    return parsed


def decimal(value: object) -> Decimal:
    """A number of the wire as Decimal; text too, since a server may be set to write decimals so. Raises ValueError."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            return Decimal(value)
        except ArithmeticError as error:
            raise ValueError(f"{value!r} is not a decimal") from error
    raise ValueError(f"{value!r} is not a decimal")


def caption(member: object) -> str:
    """The caption behind an enum member: `G_x002F_L_x0020_Account` is "G/L Account", `_x0020_` is blank, so ""."""
    return _ENCODED_CHARACTER.sub(lambda hit: chr(int(hit[1], 16)), str(member or "")).strip()


def day(value: object) -> date | None:
    """A date of the wire; NAV writes a blank one as 0001-01-01. Raises ValueError."""
    if value is None or value in ("", _BLANK_DATE):
        return None
    return date.fromisoformat(str(value))


def code(value: object) -> str:
    """A code as NAV keeps it: trimmed, upper case."""
    return str(value or "").strip().upper()


def text(value: object) -> str:
    """Text of the wire; null is ""."""
    return "" if value is None else str(value)


def literal(value: str) -> str:
    """A string literal for `$filter`, single quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def query(**options: str | None) -> str:
    """`?$filter=…&$select=…` from keyword arguments without the dollar; None is left out."""
    parts = [f"${name}={quote(value, safe='(),$=')}" for name, value in options.items() if value]
    return "?" + "&".join(parts) if parts else ""
