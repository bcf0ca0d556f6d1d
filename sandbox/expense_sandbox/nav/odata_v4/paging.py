"""Pages of a collection: cut by the server, continued after the key of the last entity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from expense_sandbox.nav.odata_v4 import addresses, entities

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.odata_v4.entities import Published
    from expense_sandbox.nav.query import Query
    from expense_sandbox.nav.quirks import NavQuirks
    from expense_sandbox.nav.store import Record

_PREFERENCE = re.compile(r"odata\.maxpagesize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Cut:
    """What of a collection goes into one answer.

    Attributes:
        rows: In order.
        token: Skip token of the answer after it; None when this is the last.
    """

    rows: Sequence[Record]
    token: str | None


def page_size(preference: str, quirks: NavQuirks) -> int:
    """Entities in an answer at most: what the client prefers, if the server allows it."""
    match = _PREFERENCE.search(preference)
    wanted = int(match[1]) if match is not None else 0
    return min(wanted, quirks.odata_v4.page_size) if wanted else quirks.odata_v4.page_size


def cut(
    published: Published,
    company: Company,
    rows: Sequence[Record],
    query: Query,
    token: str | None,
    *,
    size: int,
    quirks: NavQuirks,
) -> Cut:
    """The rows of one answer.

    A client that asks for `$top` gets no next link, even when the server's page was smaller.

    Args:
        published: The set.
        company: Whose rows.
        rows: All that pass the filter, in the order asked for.
        query: Asked for.
        token: The skip token the address brought.
        size: Entities in an answer at most.
        quirks: How this server behaves.

    Raises:
        NavError: When the token is none.
    """
    start = (
        query.skip if token is None else _position_after(published, company, rows, token, quirks)
    )
    limit = size if query.top is None else min(size, query.top)
    here = rows[start : start + limit]
    if query.top is not None or start + len(here) >= len(rows) or not here:
        return Cut(here, None)
    return Cut(here, ",".join(entities.key_of(published, company, here[-1], quirks)))


def _position_after(
    published: Published, company: Company, rows: Sequence[Record], token: str, quirks: NavQuirks
) -> int:
    key = entities.key_values(published, addresses.read_key(token), quirks)
    page = published.page
    keys = [page.key_values(company, row) for row in rows]
    if key in keys:
        return keys.index(key) + 1
    # Deleted meanwhile: what comes after it in key order.
    return next((position for position, known in enumerate(keys) if known > key), len(rows))


def next_link(url: str, options: Mapping[str, Any], token: str, *, keeps_tenant: bool) -> str:
    """The address of the answer after this one."""
    dropped = {"$skip", "$skiptoken"} if keeps_tenant else {"$skip", "$skiptoken", "tenant"}
    kept = [
        f"{quote(name, safe='$')}={quote(str(value), safe=',')}"
        for name, value in options.items()
        if name not in dropped
    ]
    return f"{url}?{'&'.join([*kept, '$skiptoken=' + quote(token, safe=chr(39) + ',')])}"
