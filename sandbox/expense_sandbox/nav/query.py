"""Query options: what a GET asks to see of a collection, and in which pages."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.filters import Filter, unknown_property

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import EntityType, Navigation
    from expense_sandbox.nav.store import Record

    TypeOf = Callable[[Navigation], EntityType]

KNOWN = {
    "$filter", "$select", "$expand", "$orderby", "$top", "$skip", "$count", "$skiptoken",
    "$schemaversion", "$format",
}  # fmt: skip


@dataclass(frozen=True)
class Expand:
    """One navigation property to expand, with its own options."""

    navigation: Navigation
    query: Query


@dataclass(frozen=True)
class Query:
    """Query options, checked against an entity type."""

    select: tuple[str, ...] = ()
    expands: tuple[Expand, ...] = ()
    filter: Filter | None = None
    order_by: tuple[tuple[str, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def sorted_rows(
        self, company: Company, entity: EntityType, rows: Sequence[Record]
    ) -> list[Record]:
        """The rows that pass the filter, in the order asked for."""
        if self.filter is not None:
            passes = self.filter
            rows = [row for row in rows if passes(company, row)]
        result = list(rows)
        for name, descending in reversed(self.order_by):
            item = entity.by_name[name]
            result.sort(
                key=lambda row: _sortable(item.value_of(company, row)),
                reverse=descending,
            )
        return result


def _sortable(value: Any) -> Any:  # noqa: ANN401 - any kind
    return date.min if value is None else value


def parse(query: str, entity: EntityType, type_of: TypeOf, *, enum_captions: bool = True) -> Query:
    """Read a URL's query.

    Args:
        query: Still percent-encoded.
        entity: What the URL addresses.
        type_of: Finds the type a navigation leads to.
        enum_captions: Whether filters understand captions with special characters.

    Raises:
        NavError: When NAV would refuse an option.
    """
    options = parse_qsl(query, keep_blank_values=True)
    parsed = _parsed(options, entity, type_of, enum_captions=enum_captions)
    token = dict(options).get("$skiptoken")
    if token is not None:
        offset, remaining = read_token(token)
        parsed = replace(parsed, skip=offset, top=remaining)
    return parsed


def _parsed(
    options: Sequence[tuple[str, str]],
    entity: EntityType,
    type_of: TypeOf,
    *,
    enum_captions: bool = True,
) -> Query:
    given = dict(options)
    for name in given:
        if name.startswith("$") and name not in KNOWN:
            raise NavError("BadRequest", f"The query option '{name}' is not supported.")
    filter_text = given.get("$filter")
    return Query(
        select=_selected(given.get("$select", ""), entity),
        expands=tuple(_expands(given.get("$expand", ""), entity, type_of)),
        filter=(
            Filter(
                filter_text,
                entity,
                allow_in=given.get("$schemaversion") == "2.1",
                enum_captions=enum_captions,
            )
            if filter_text is not None
            else None
        ),
        order_by=_ordered(given.get("$orderby", ""), entity),
        top=_whole("$top", given["$top"]) if "$top" in given else None,
        skip=_whole("$skip", given.get("$skip", "0")),
        count=given.get("$count", "false").lower() == "true",
        options=tuple(options),
    )


def _whole(name: str, text: str) -> int:
    if not text.isdigit():
        raise NavError("BadRequest", f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _selected(text: str, entity: EntityType) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        known = name in entity.by_name or name in entity.navigation_by_name
        if not known and name not in {"*", entity.media}:
            raise unknown_property(name, entity)
    return () if "*" in names else names


def _ordered(text: str, entity: EntityType) -> tuple[tuple[str, bool], ...]:
    result = []
    for part in text.split(","):
        words = part.split()
        if not words:
            continue
        if words[0] not in entity.by_name:
            raise unknown_property(words[0], entity)
        result.append((words[0], len(words) > 1 and words[1].lower() == "desc"))
    return tuple(result)


def _expands(text: str, entity: EntityType, type_of: TypeOf) -> list[Expand]:
    result = []
    for part in _split(text, ","):
        match = re.fullmatch(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", part, re.DOTALL)
        if match is None:
            raise NavError("BadRequest", f"Syntax error in $expand: {part}.")
        navigation = entity.navigation_by_name.get(match[1])
        if navigation is None:
            raise unknown_property(match[1], entity)
        inner = [
            (name.strip(), value)
            for name, _, value in (option.partition("=") for option in _split(match[2] or "", ";"))
        ]
        result.append(Expand(navigation, _parsed(inner, type_of(navigation), type_of)))
    return result


def _split(text: str, separator: str) -> list[str]:
    """Split where no parenthesis and no quote is open."""
    parts, depth, quoted, start = [], 0, False, 0
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif not quoted and depth == 0 and character == separator:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip()]


def token(offset: int, remaining: int | None) -> str:
    """An opaque `$skiptoken`."""
    return base64.urlsafe_b64encode(json.dumps([offset, remaining]).encode()).decode()


def read_token(text: str) -> tuple[int, int | None]:
    """Offset and rows still wanted.

    Raises:
        NavError: When this server never gave such a token.
    """
    try:
        offset, remaining = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, binascii.Error) as error:
        raise NavError("SkipTokenIsNoLongerValid", "The skip token is no longer valid.") from error
    return int(offset), remaining


def next_link(url: str, query: Query, offset: int, remaining: int | None) -> str:
    """The URL of the page after this one."""
    kept = [
        f"{quote(name, safe='$')}={quote(value, safe='')}"
        for name, value in query.options
        if name not in {"$skip", "$top", "$skiptoken", "aid"}
    ]
    return f"{url}?{'&'.join([*kept, 'aid=FIN', f'$skiptoken={token(offset, remaining)}'])}"
