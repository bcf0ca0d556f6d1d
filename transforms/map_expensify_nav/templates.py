"""Descriptions by template, fit for NAV. Pure: no I/O.

A template is text with fields in braces, e.g. `{merchant} – {category}`. The text between two fields is written only
when both have something to say, so that an expense without category reads "Hotel Adler" and not "Hotel Adler – ".
"""

from __future__ import annotations

import string
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from map_expensify_nav.report import Expense, Report

LONGEST_DESCRIPTION = 100
"""Description of a line or document: Text[100] in NAV, counted in UTF-16 code units (an emoji is two)."""

HEADER_FIELDS = (
    "report_name",
    "report_number",
    "report_id",
    "policy",
    "submitter",
    "submitter_email",
    "employee_custom_field_1",
    "employee_custom_field_2",
)
LINE_FIELDS = ("merchant", "category", "comment", "date", "tag", "transaction_id", *HEADER_FIELDS)


def check_template(template: str, fields: tuple[str, ...]) -> str:
    """The template itself, if it can be used.

    Args:
        template: Text with fields in braces; `{{` and `}}` are braces themselves.
        fields: The names it may use.

    Raises:
        PydanticCustomError: If it cannot: `unknown_field` (with `field` and `fields`) or `template`.
    """
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError:
        raise PydanticCustomError(
            "template", "has a brace that does not close; write {{ for a brace itself."
        ) from None
    for _, name, specification, conversion in parsed:
        if name is None:
            continue
        if specification or conversion:
            raise PydanticCustomError(
                "template", "has a field with a format; only the name may stand in braces."
            )
        if name not in fields:
            raise PydanticCustomError(
                "unknown_field", "has an unknown field.", {"field": name, "fields": fields}
            )
    return template


def header_values(report: Report) -> dict[str, str | None]:
    """The fields of a header template."""
    return {
        "report_name": report.report_name,
        "report_number": report.report_number,
        "report_id": report.report_id,
        "policy": report.policy_name or report.policy_id,
        "submitter": report.submitter_full_name,
        "submitter_email": report.submitter_email,
        "employee_custom_field_1": report.employee_custom_field_1,
        "employee_custom_field_2": report.employee_custom_field_2,
    }


def line_values(
    template: str, header: Mapping[str, str | None], expense: Expense
) -> dict[str, str | None]:
    """The fields that a line template names: those of the header and the expense's own."""
    values: dict[str, str | None] = {}
    for _, name in _parsed(template):
        if name is None:
            continue
        if name in header:
            values[name] = header[name]
        elif name == "date":
            values[name] = expense.date.isoformat() if expense.date else None
        else:
            values[name] = getattr(expense, name)
    return values


def render(template: str, values: Mapping[str, str | None]) -> str:
    """The text of a template: one line, without control characters, not cut.

    Args:
        template: One that `check_template` accepts.
        values: Field → its text, or None.
    """
    text = ""
    opening: str | None = None
    between = ""
    last_was_empty = False
    for literal, name in _parsed(template):
        between += literal
        if name is None:
            continue
        if opening is None:
            opening, between = between, ""
        value = one_line(values.get(name) or "")
        last_was_empty = not value
        if value:
            text += (between if text else opening) + value
        between = ""
    if not text:
        return one_line((opening or "") + between)
    return one_line(text if last_was_empty else text + between)


@lru_cache(maxsize=64)
def _parsed(template: str) -> tuple[tuple[str, str | None], ...]:
    """A template's pieces: text, and the field that follows it."""
    return tuple((literal, name) for literal, name, _, _ in string.Formatter().parse(template))


def one_line(text: str) -> str:
    """The text on one line: line breaks, tabs and control characters become blanks, halves of characters "�"."""
    if text.isprintable():  # so that the only blank in it is the ordinary one
        return " ".join(text.split()) if "  " in text else text.strip(" ")
    return " ".join("".join(map(_printable, text)).split())


def cut(text: str, longest: int = LONGEST_DESCRIPTION) -> str:
    """The text, cut visibly with "…" if NAV has no room for it; no character is cut in half."""
    if 2 * len(text) <= longest or length(text) <= longest:  # no character is longer than two
        return text
    room = longest - 1
    kept: list[str] = []
    for character in text:
        room -= length(character)
        if room < 0:
            break
        kept.append(character)
    # A joiner between two halves of an emoji has nothing to join before the mark.
    return "".join(kept).rstrip().rstrip("\u200d") + "…"


def length(text: str) -> int:
    """How long NAV finds a text: in UTF-16 code units."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return " " if category == "Cc" else character
