"""Opens a ledger that exists, and finds the documents that a person names."""

from __future__ import annotations

import contextlib
import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.errors import ConfigurationError, DocumentError
from target_dynamics_nav.ledger import Books, Ledger, queries

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]

_SQLITE = "sqlite:///"


@contextlib.contextmanager
def opened(url: str) -> Iterator[Ledger]:
    """The ledger, closed when the block ends.

    Raises:
        ConfigurationError: There is none (ledger_missing), or it cannot be opened.
    """
    place = url.removeprefix(_SQLITE)
    if place != url and place not in {"", ":memory:"} and not Path(place.split("?")[0]).exists():
        raise ConfigurationError(
            f"There is no audit ledger at {place}.",
            code="ledger_missing",
            field="ledger_url",
            value=place,
            hint="Name it with --ledger or TARGET_DYNAMICS_NAV_LEDGER_URL; `meltano invoke target-dynamics-nav:status` "
            "knows where the project keeps it. The first run makes one.",
        )
    ledger = Ledger(url)
    try:
        yield ledger
    finally:
        ledger.close()


def named(ledger: Ledger, name: str, company: str | None = None) -> list[Row]:
    """Rows of `documents` that a person means by a report id or number, document key, NAV number or expense id."""
    return [
        row
        for row in queries.named(ledger, name.strip())
        if company is None or row["company"] == company
    ]


def require_named(ledger: Ledger, name: str, company: str | None = None) -> list[Row]:
    """As `named`.

    Raises:
        DocumentError: The ledger has never seen it (report_unknown).
    """
    found = named(ledger, name, company)
    if not found:
        raise DocumentError(
            f"The audit ledger has never seen {name}.",
            code="report_unknown",
            field="report",
            value=name,
            hint=f"Check the id (upper and lower case count), or ask why with `nav-audit explain {name}`.",
        )
    return found


def books_of(row: Row) -> Books:
    """The books a row belongs to."""
    return Books.of(row["ledger_id"], row["company"])


def operator(who: str | None) -> str:
    """Who decides: as given, else the operating system's user."""
    if who and who.strip():
        return who.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user id
        return f"user id {os.getuid()}" if hasattr(os, "getuid") else "unknown"
