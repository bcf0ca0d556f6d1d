"""Reads single values as Expensify writes them. Pure: no input or output.

Expensify's fields may be missing, `""`, an empty list where an object is documented, or a number in quotes. What is
absent becomes None; what is there but cannot be read raises: nothing is guessed.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from functools import lru_cache

BASE_62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE_62_VALUES = {character: value for value, character in enumerate(BASE_62)}

_INTEGER = re.compile(r"([+-]?\d+)(?:\.0*)?", re.ASCII)
_TIMESTAMP = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_REMEMBERED = 4096
_TAG_SEPARATOR = re.compile(r"(?<!\\):")


class UnreadableValueError(ValueError):
    """A value is there but is not of the documented form. The text never contains the value."""


def text(value: object) -> str | None:
    """Text as it is, or None when absent.

    Args:
        value: A JSON scalar of the export.

    Raises:
        UnreadableValueError: It is an object or a list with something in it.
    """
    # The commonest first: an export of a large company holds tens of millions of these.
    if type(value) is str and value.isascii():
        return value or None
    if value is None or value == "" or value in ([], {}):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        # Half of an emoji cannot be written as UTF-8 and would stop every target.
        return _LONE_SURROGATE.sub("\ufffd", str(value))
    raise UnreadableValueError("text was expected")


def integer(value: object) -> int | None:
    """A whole number such as an amount in hundredths, or None when absent.

    Raises:
        UnreadableValueError: It is not a whole number.
    """
    if type(value) is str and value.isascii() and value.isdigit():
        return int(value)
    written = text(value)
    if written is None:
        return None
    match = _INTEGER.fullmatch(written.strip())
    if match is None:
        raise UnreadableValueError("a whole number was expected")
    return int(match[1])


def boolean(value: object) -> bool | None:
    """A truth value, or None when absent.

    Raises:
        UnreadableValueError: It is neither true nor false.
    """
    written = text(value)
    if written is None:
        return None
    if (found := _TRUTH.get(written.strip().lower())) is None:
        raise UnreadableValueError("true or false was expected")
    return found


def timestamp(value: object) -> str | None:
    """A date-time as `YYYY-MM-DDTHH:MM:SSZ`, or None when absent.

    Expensify names no time zone; without one the value is taken as UTC. A date alone is its midnight.

    Raises:
        UnreadableValueError: It is not a date-time.
    """
    written = text(value)
    return None if written is None else _timestamp(written)


@lru_cache(_REMEMBERED)
def _timestamp(written: str) -> str | None:
    # MySQL's way to say "never".
    if written.startswith("0000-00-00"):
        return None
    match = _TIMESTAMP.fullmatch(written.strip())
    if match is None:
        raise UnreadableValueError("a date-time was expected")
    day, time_of_day, zone = match.groups()
    offset = "+00:00" if zone in (None, "Z", "UTC") else f"{zone[:3]}:{zone[-2:]}"
    try:
        moment = datetime.fromisoformat(f"{day}T{time_of_day or '00:00:00'}{offset}")
    except ValueError as error:
        raise UnreadableValueError("a date-time was expected") from error
    return timestamp_of(moment)


def timestamp_of(moment: datetime) -> str:
    """Writes an aware date-time the way records carry it, in UTC; whole seconds."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def moment_of(written: str) -> datetime:
    """Reads back what `timestamp` wrote."""
    return datetime.strptime(written, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def day(value: object) -> str | None:
    """A date as `YYYY-MM-DD`, without its time of day if it has one; None when absent.

    Raises:
        UnreadableValueError: It is not a date.
    """
    written = text(value)
    return None if written is None else _day(written)


@lru_cache(_REMEMBERED)
def _day(written: str) -> str | None:
    if written.startswith("0000-00-00"):
        return None
    match = _TIMESTAMP.fullmatch(written.strip())
    if match is None:
        raise UnreadableValueError("a date was expected")
    try:
        return date.fromisoformat(match[1]).isoformat()
    except ValueError as error:
        raise UnreadableValueError("a date was expected") from error


def report_number(report_id: str, old_report_id: str | None) -> str | None:
    """The base-10 id of a report as digits.

    Args:
        report_id: The id as on the wire: "R" and base-62 digits, or base-10 digits in old accounts.
        old_report_id: Expensify's own base-10 form, if it sent it.

    Returns:
        Digits without leading zeros, or None when the id is of an unknown form.
    """
    for candidate in (old_report_id, report_id):
        if candidate is not None and candidate.isascii() and candidate.isdigit():
            return str(int(candidate))
    if len(report_id) < 2 or not report_id.startswith("R"):  # noqa: PLR2004 - "R" and a digit
        return None
    number = 0
    for character in report_id[1:]:
        if character not in _BASE_62_VALUES:
            return None
        number = number * len(BASE_62) + _BASE_62_VALUES[character]
    return str(number)


def split_tag(tag: str) -> list[str]:
    r"""Splits a multi-level tag at its colons; `\:` is a colon within a name.

    Args:
        tag: e.g. ``Sales:Zürich\: Phase 2``.

    Returns:
        One name a level, e.g. ``["Sales", "Zürich: Phase 2"]``; a level may be "".
    """
    return [name.replace("\\:", ":") for name in _TAG_SEPARATOR.split(tag)]
