"""NAV's values as SOAP writes them: filters, option names, blank dates, texts that XML can carry. Pure."""

from __future__ import annotations

import re
import sys
from datetime import date
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
"""One record of a page, as zeep reads it: text, Decimal, bool, int, date; None where the element is absent."""

_PLAIN = re.compile(r"[A-Za-z0-9 _-]+")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(rb"&#(?:x([0-9A-Fa-f]+)|([0-9]+));")
_RAW_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BLANK_DATE = date(1, 1, 1)
_ENCODED_CHARACTER = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CAPTIONS = {
    "_blank_": "",
    "G_L_Account": "G/L Account",
    "Begin_Total": "Begin-Total",
    "End_Total": "End-Total",
}


def criteria(value: str) -> str:
    """A filter that matches exactly this value: quoted where NAV would read an operator, a wildcard or a blank."""
    if _PLAIN.fullmatch(value) and value == value.strip():
        return value
    return "'" + value.replace("'", "''") + "'"


def caption(option: object) -> str:
    """The caption behind an option's name, which is the same in every language: `G_L_Account` is "G/L Account"."""
    name = str(option or "")
    if name in _CAPTIONS:
        return _CAPTIONS[name]
    return _ENCODED_CHARACTER.sub(lambda hit: chr(int(hit[1], 16)), name).replace("_", " ").strip()


def option_name(wanted: str) -> str:
    """The name of the option with this caption; blank is `_blank_`."""
    if not wanted.strip():
        return "_blank_"
    return re.sub(r"[^0-9A-Za-z]+", "_", wanted).strip("_")


def day(value: object) -> date | None:
    """A date, None where it is blank. Raises ValueError when it is none."""
    if value is None or value == _BLANK_DATE:
        return None
    if not isinstance(value, date):
        raise ValueError(f"{value!r} is not a date")  # noqa: TRY004 - what the wire says, not a mistake of a caller
    return value


def amount(value: object) -> Decimal:
    """An exact amount. Raises ValueError when there is none, as a missing amount is never zero."""
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ValueError(f"{value!r} is not an amount")
    return value


def sendable(text: str) -> str:
    """Text without the control characters that XML cannot carry; each becomes a blank."""
    return _ILLEGAL.sub(" ", text)


def readable_xml(content: bytes) -> bytes:
    """An answer without what makes it no XML: data in NAV may hold control characters, and NAV sends them on."""

    def legal(hit: re.Match[bytes]) -> bytes:
        number = int(hit[1], 16) if hit[1] else int(hit[2])
        is_character = number <= sys.maxunicode and not _ILLEGAL.match(chr(number))
        return hit[0] if is_character else b" "

    return _RAW_CONTROLS.sub(b" ", _REFERENCE.sub(legal, content))
