"""Records to JSON and back, exactly: decimals travel as text."""

from __future__ import annotations

import base64
import types
from collections.abc import Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable

    from expense_sandbox.nav.store import RecordT


def to_json(value: object) -> Any:  # noqa: ANN401 - JSON
    """A field's value as JSON."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date):  # a time too
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: to_json(member) for key, member in value.items()}
    if isinstance(value, tuple):
        return [to_json(member) for member in value]
    return value


def record_to_json(record: object) -> dict[str, Any]:
    """A record with all its fields as a JSON object."""
    return {name: to_json(getattr(record, name)) for name, _ in _decoders(type(record))}


def record_from_json(record_type: type[RecordT], document: Mapping[str, Any]) -> RecordT:
    """The inverse of `record_to_json`; a field that was added since has its default.

    Raises:
        TypeError: When a field without a default is missing.
    """
    given = {
        name: decode(document[name]) for name, decode in _decoders(record_type) if name in document
    }
    return record_type(**given)


_KNOWN: dict[type, tuple[tuple[str, Callable[[Any], Any]], ...]] = {}


def _decoders(record_type: type) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    if record_type not in _KNOWN:
        hints = get_type_hints(record_type)
        _KNOWN[record_type] = tuple((name, _decoder(hint)) for name, hint in hints.items())
    return _KNOWN[record_type]


def _decoder(hint: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a type hint
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = _decoder(next(member for member in get_args(hint) if member is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _decoder(get_args(hint)[0])
        return lambda value: tuple(item(member) for member in value)
    if origin is not None and issubclass(origin, Mapping):
        member_of = _decoder(get_args(hint)[1])
        return lambda value: {key: member_of(member) for key, member in value.items()}
    simple: dict[Any, Callable[[Any], Any]] = {
        Decimal: Decimal,
        bytes: base64.b64decode,
        date: date.fromisoformat,
        datetime: lambda value: datetime.fromisoformat(value).astimezone(timezone.utc),
    }
    return simple.get(hint, lambda value: value)
