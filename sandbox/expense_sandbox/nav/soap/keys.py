"""Keys: a row's primary key and version as one opaque text, e.g. `36;WyJ…;9;2305;`."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.pages.model import Page


@dataclass(frozen=True)
class Key:
    """What a key says."""

    object_table: str
    values: tuple[Any, ...]
    version: int


def key_of(page: Page, company: Company, row: Any) -> str:  # noqa: ANN401 - any row
    """The key of a row as it is now."""
    values = [page.table, *page.key_values(company, row)]
    text = base64.b64encode(json.dumps(values, default=_shown).encode()).decode()
    return f"{len(text)};{text};{len(str(row.version))};{row.version};"


def _shown(value: object) -> str:
    if isinstance(value, date | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no part of a primary key.")


def read_key(page: Page, text: str) -> Key:
    """Read a key.

    Raises:
        NavError: When it is none, or another table's.
    """
    try:
        _, encoded, _, version, _ = text.strip().split(";")
        table, *values = json.loads(base64.b64decode(encoded, validate=True))
        key = Key(table, tuple(values), int(version))
    except (ValueError, TypeError, binascii.Error) as error:
        raise _no_key(text) from error
    if key.object_table != page.table:
        raise _no_key(text)
    return key


def _no_key(text: str) -> NavError:
    return NavError("BadRequest_NotFound", f"The key '{text}' is not valid.")
