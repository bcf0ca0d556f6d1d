"""`If-Match`: clients change only what they have seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expense_sandbox.nav.edm import etag_of
from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from expense_sandbox.http import Request
    from expense_sandbox.nav.store import Record

_ETAG = re.compile(r'(W/)?"[^"]*"')


def require(request: Request, row: Record) -> None:
    """Require the etag the row has now, or `*`.

    Raises:
        NavError: Without one, and with one that is stale.
    """
    expected = request.headers.get("If-Match")
    if expected is None:
        raise _invalid()
    compare(expected, row)


def compare(expected: str, row: Record) -> None:
    """Compare what a client sent as `If-Match`.

    Raises:
        NavError: When it is no etag, or not the row's.
    """
    expected = expected.strip()
    if expected == "*":
        return
    if _ETAG.fullmatch(expected) is None:
        raise _invalid()
    if expected != etag_of(row):
        raise NavError("Request_EntityChanged", "Another user has already changed the record.", 409)


def _invalid() -> NavError:
    return NavError(
        "BadRequest_InvalidToken",
        "Could not validate the client concurrency token required by the service. Please provide "
        "a valid token in the client request.",
    )
