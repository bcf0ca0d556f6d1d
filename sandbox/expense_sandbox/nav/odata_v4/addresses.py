"""Addresses below `/ODataV4/`: companies, entity sets, keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlencode

from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from expense_sandbox.nav.odata_v4.quirks import ODataV4Quirks

COMPANY = "Company"
_PAGING = "$skiptoken"
_KEY = re.compile(r"\s*(?:([A-Za-z_]\w*)\s*=)?\s*('(?:[^']|'')*'|[^',()\s]+)\s*(?:,|$)")


def malformed() -> NavError:
    """The refusal of an address that cannot be read."""
    return NavError("BadRequest_NotFound", "Bad Request - Error in query syntax", 404)


def no_resource(segment: str) -> NavError:
    """The refusal of a segment that names nothing."""
    return NavError(
        "BadRequest_ResourceNotFound", f"Resource not found for the segment '{segment}'.", 404
    )


@dataclass(frozen=True)
class Key:
    """A key predicate.

    Attributes:
        names: Names of its fields, "" for each of those given by position.
        values: Their literals, text without its quotes.
    """

    names: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Segment:
    """One segment of a path, with its key if it has one."""

    name: str
    key: Key | None = None


@dataclass(frozen=True)
class Address:
    """What a request addresses.

    Attributes:
        company: Name or id of the company; "" when the address names none.
        in_path: Whether the company was a segment of the path.
        segments: What follows it.
        options: The query, decoded.
    """

    company: str
    in_path: bool
    segments: tuple[Segment, ...]
    options: dict[str, str]

    @property
    def query(self) -> str:
        """The query without the skip token, which every face reads in its own way."""
        return urlencode({name: text for name, text in self.options.items() if name != _PAGING})


def read(path: str, query: str, quirks: ODataV4Quirks) -> Address:
    """Read an address.

    Args:
        path: Below `/ODataV4`, percent-encoded.
        query: Percent-encoded.
        quirks: How this server reads companies.

    Raises:
        NavError: When it cannot be read.
    """
    options = dict(parse_qsl(query, keep_blank_values=True))
    # The web server in front decodes the path first: a slash within a key splits it.
    segments = [_segment(text) for text in unquote(path).strip("/").split("/") if text]
    if segments and segments[0].name == COMPANY and segments[0].key is not None:
        key = segments[0].key
        if len(key.values) != 1 or key.names[0] not in {"", "Name"}:
            raise malformed()
        if quirks.encoded_quotes == "ignored" and "%27" in path.strip("/").split("/")[0].upper():
            return Address("", in_path=False, segments=tuple(segments[1:]), options=options)
        return Address(key.values[0], True, tuple(segments[1:]), options)  # noqa: FBT003
    wanted = options.get("company", "")
    if quirks.quoted_company_parameter and len(wanted) > 1 and wanted[0] == wanted[-1] == "'":
        wanted = wanted[1:-1].replace("''", "'")
    return Address(wanted, in_path=False, segments=tuple(segments), options=options)


def _segment(text: str) -> Segment:
    name, parenthesis, rest = text.partition("(")
    if not parenthesis:
        return Segment(name)
    if not rest.endswith(")"):
        raise malformed()
    return Segment(name, read_key(rest[:-1]))


def read_key(text: str) -> Key:
    """Read what stands between the parentheses, or in a skip token.

    Raises:
        NavError: When it is no key.
    """
    names, values, position = [], [], 0
    while position < len(text):
        match = _KEY.match(text, position)
        if match is None:
            raise malformed()
        literal = match[2]
        names.append(match[1] or "")
        values.append(literal[1:-1].replace("''", "'") if literal[0] == "'" else literal)
        position = match.end()
    if not values:
        raise malformed()
    return Key(tuple(names), tuple(values))
