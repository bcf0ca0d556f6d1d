"""Texts that no spreadsheet takes for a formula. Pure: no I/O.

A report's text is written by whoever submits it. Excel, LibreOffice and Google Sheets compute a cell that begins with
one of a few characters, which may send the sheet's content elsewhere. Such a text gets an apostrophe in front, the sign
by which spreadsheets know text; so do those whose first visible character is one, as some programs skip blanks.
"""

from __future__ import annotations

import re

_BEGINS_A_FORMULA = re.compile(r"[\s\x00-\x20]*[=+\-@|%\t\r\n＝＋－＠]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LONGEST = 32_767
"""Characters that a cell takes."""


def harmless(text: str) -> str:
    """The text, so that no spreadsheet computes it; without characters that files of spreadsheets cannot hold."""
    kept = _CONTROL.sub("", text)
    if kept[:1] in {"\t", "\r", "\n"} or _BEGINS_A_FORMULA.match(kept):
        kept = f"'{kept}"
    return kept[:LONGEST]
