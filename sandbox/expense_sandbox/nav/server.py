"""Puts books, API and token endpoint behind one port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expense_sandbox.http import Request, Response, SandboxServer
from expense_sandbox.nav.books import Books
from expense_sandbox.nav.quirks import NavQuirks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expense_sandbox.faults import FaultPlan
    from expense_sandbox.nav.auth import NavCredentials
    from expense_sandbox.seeds import CompanySeed


def build_nav_server(
    companies: Sequence[CompanySeed],
    *,
    credentials: NavCredentials,
    faults: FaultPlan | None,
    port: int = 0,
    books_file: Path | None = None,
    quirks: NavQuirks = NavQuirks(),  # noqa: B008 - frozen
) -> tuple[SandboxServer, Books]:
    """A server, not yet started, over fresh books or those of `books_file`.

    Args:
        companies: Master data the books start with; unused when `books_file` exists.
        credentials: What the server accepts.
        faults: Faults in force from the start.
        port: Port on 127.0.0.1; 0 lets the system choose.
        books_file: Where the books are loaded from and saved to; None keeps them in memory.
        quirks: How this NAV behaves where real ones differ.
    """
    del companies, credentials, books_file, quirks

    def refuse(_request: Request) -> Response:
        return Response(503)

    return SandboxServer(refuse, name="nav", port=port, faults=faults), Books()
