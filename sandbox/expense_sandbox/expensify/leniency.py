r"""Rewrites FreeMarker templates so that what fails prints nothing and the rest goes on.

Expensify seems to run FreeMarker with its IGNORE handler: `${missing}` prints nothing, a failing
`<#if>` or `<#list>` is left out whole, a failing `<#assign>` does nothing. The engine used here
gives up the whole output instead. Wrapping each such element in `<#attempt>…<#recover>` brings
the documented behaviour about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_START: Final = re.compile(r"<#--|<#noparse>|\$\{|</?[#@][A-Za-z]")
_TAG_NAME: Final = re.compile(r"</?[#@][A-Za-z_.]+")
_ATTEMPT: Final = "<#attempt>"
_RECOVER: Final = "<#recover></#attempt>"
_BLOCKS: Final = frozenset({"#if", "#list", "#switch"})
_STATEMENTS: Final = frozenset({"#assign", "#local", "#global"})


@dataclass(frozen=True)
class _Piece:
    """A stretch of a template: `interpolation`, `tag`, or `text` that is copied as it is."""

    kind: Literal["text", "interpolation", "tag"]
    text: str

    @property
    def name(self) -> str:
        """Of a tag: `#if`, `/#if`, `@macro`."""
        match = _TAG_NAME.match(self.text)
        return match.group()[1:] if match is not None else ""

    @property
    def is_closed(self) -> bool:
        """Whether a tag closes itself, as `<@macro/>` does."""
        return self.text.endswith("/>")


def on_one_line(template: str) -> str:
    """The template with no line break inside an interpolation, which changes nothing it prints.

    The engine takes a line on which such an interpolation ends for one with nothing but tags, and
    swallows the line break after it.
    """
    return "".join(
        _join_lines(piece.text) if piece.kind == "interpolation" else piece.text
        for piece in _pieces(template)
    )


def lenient(template: str) -> str:
    """The template with every element that can fail wrapped, so that it fails alone."""
    output: list[str] = []
    blocks: list[str] = []
    for piece in _pieces(template):
        name = piece.name
        if piece.kind == "interpolation" or name == "#return" or _is_statement(piece):
            output += (_ATTEMPT, piece.text, _RECOVER)
        elif name in _BLOCKS:
            blocks.append(name)
            output += (_ATTEMPT, piece.text)
        elif blocks and name == f"/{blocks[-1]}":
            blocks.pop()
            output += (piece.text, _RECOVER)
        elif name.startswith("@") and piece.is_closed:
            output += (_ATTEMPT, piece.text, _RECOVER)
        else:
            output.append(piece.text)
    return "".join(output)


def _is_statement(piece: _Piece) -> bool:
    # `<#assign name>…</#assign>` captures a text and has nothing of its own that could fail.
    return piece.name in _STATEMENTS and "=" in piece.text


def _join_lines(interpolation: str) -> str:
    parts = re.split(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", interpolation, flags=re.DOTALL)
    parts[::2] = [re.sub(r"[\r\n]+", " ", part) for part in parts[::2]]
    return "".join(parts)


def _pieces(template: str) -> Iterator[_Piece]:
    position = 0
    while (match := _START.search(template, position)) is not None:
        if match.start() > position:
            yield _Piece("text", template[position : match.start()])
        opening = match.group()
        if opening in ("<#--", "<#noparse>"):
            closing = "-->" if opening == "<#--" else "</#noparse>"
            end = template.find(closing, match.end())
            position = len(template) if end < 0 else end + len(closing)
            yield _Piece("text", template[match.start() : position])
        elif opening == "${":
            position = _end_of(template, match.end(), "}")
            yield _Piece("interpolation", template[match.start() : position])
        else:
            position = _end_of(template, match.end(), ">")
            yield _Piece("tag", template[match.start() : position])
    if position < len(template):
        yield _Piece("text", template[position:])


def _end_of(template: str, position: int, closing: str) -> int:
    """Where an expression that began before `position` ends: after `closing`, outside brackets."""
    depth = 0
    while position < len(template):
        character = template[position]
        if character in "\"'":
            position = _end_of_string(template, position)
            continue
        if character == closing and depth == 0:
            return position + 1
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        position += 1
    return len(template)


def _end_of_string(template: str, start: int) -> int:
    quote = template[start]
    is_raw = start > 0 and template[start - 1] == "r"
    position = start + 1
    while position < len(template):
        if template[position] == "\\" and not is_raw:
            position += 2
            continue
        if template[position] == quote:
            return position + 1
        position += 1
    return len(template)
