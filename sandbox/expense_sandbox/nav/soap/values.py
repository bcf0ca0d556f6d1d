"""Values of controls and parameters as SOAP writes and reads them."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from expense_sandbox.nav.edm import NO_DATE, Kind
from expense_sandbox.nav.errors import NavError, cannot_evaluate, too_long
from expense_sandbox.nav.pages.model import option_name

SCHEMA_TYPES: Final = {
    Kind.CODE: "xsd:string",
    Kind.TEXT: "xsd:string",
    Kind.GUID: "xsd:string",
    Kind.DATE: "xsd:date",
    Kind.DATETIME: "xsd:dateTime",
    Kind.DECIMAL: "xsd:decimal",
    Kind.INTEGER: "xsd:int",
    Kind.BOOLEAN: "xsd:boolean",
}
"""XML Schema's name of every type but options, which have types of their own."""
TYPE_NAMES: Final = {
    Kind.DATE: "Date", Kind.DECIMAL: "Decimal", Kind.INTEGER: "Integer", Kind.BOOLEAN: "Boolean",
}  # fmt: skip
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def written(kind: Kind, value: Any) -> str:  # noqa: ANN401 - of the type
    """A value as text."""
    if kind is Kind.OPTION:
        return option_name(str(value))
    if kind is Kind.BOOLEAN:
        return "true" if value else "false"
    if kind is Kind.DATE:
        return value.isoformat() if value is not None else NO_DATE
    if kind is Kind.DECIMAL:
        return _plain(value)
    return str(value)


def _plain(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros: `25.5`, `0`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def read(kind: Kind, text: str, *, length: int = 0, options: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - of the type
    """A value from text; empty text is the type's empty value.

    Raises:
        NavError: When it is no value of the type, or too long.
    """
    if kind in {Kind.CODE, Kind.TEXT, Kind.GUID}:
        value = text.strip().upper() if kind is Kind.CODE else text
        if length and len(value) > length:
            raise too_long(value, length)
        return value
    text = text.strip()
    if kind is Kind.OPTION:
        return _option(text, options)
    if kind is Kind.BOOLEAN:
        if text and text not in _BOOLEANS:
            raise cannot_evaluate(text, "Boolean")
        return _BOOLEANS.get(text, False)
    if kind is Kind.DATE:
        return _date(text)
    return _number(kind, text)


def _option(text: str, options: tuple[str, ...]) -> str:
    for option in options:
        if option_name(option) == (text or "_blank_"):
            return option
    known = ",".join(option_name(option) for option in dict.fromkeys(options))
    raise NavError("Unknown", f"'{text}' is not an option. The existing options are: {known}")


def _date(text: str) -> date | None:
    if text in {"", NO_DATE}:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise cannot_evaluate(text, "Date") from error


def _number(kind: Kind, text: str) -> Decimal | int:
    if not text:
        return Decimal(0) if kind is Kind.DECIMAL else 0
    try:
        if kind is Kind.DECIMAL and _DECIMAL.fullmatch(text):
            return Decimal(text)
        if kind is Kind.INTEGER:
            return int(text)
    except (ValueError, InvalidOperation) as error:
        raise cannot_evaluate(text, TYPE_NAMES[kind]) from error
    raise cannot_evaluate(text, TYPE_NAMES[kind])


def read_integer(text: str) -> int:
    """A whole number; 0 for empty text.

    Raises:
        NavError: When it is none.
    """
    return int(_number(Kind.INTEGER, text.strip()))
