"""Both stand-ins for tests: in threads of the test's own process, on ports the system chooses."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expense_sandbox.claims import load_claims
from expense_sandbox.credentials import SandboxCredentials
from expense_sandbox.data import build_world
from expense_sandbox.expensify.jobs import utc_today
from expense_sandbox.expensify.server import ExpensifyServer
from expense_sandbox.nav.on_premises import INSTANCE
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from expense_sandbox.expensify.quirks import Quirks
    from expense_sandbox.http import SandboxServer
    from expense_sandbox.nav.auth import CredentialType
    from expense_sandbox.nav.books import Books
    from expense_sandbox.world import World


@dataclass(frozen=True)
class Sandbox:
    """Two stand-ins over one world.

    Attributes:
        expensify: The Integration Server; `expensify.endpoint_url` is what a client needs.
        nav: The NAV server.
        credentials: What both let in.
        world: What they started with.
        books: NAV's books, for a look inside.
    """

    expensify: ExpensifyServer
    nav: SandboxServer
    credentials: SandboxCredentials
    world: World
    books: Books

    @property
    def on_premises_url(self) -> str:
        """NAV as a server of one's own: `/ODataV4`, `/WS` and `/api/v2.0` are below it."""
        return f"{self.nav.url}/{INSTANCE}"

    def settings(self) -> dict[str, str]:
        """Settings of the tap and the target as environment variables, secrets included."""
        return {
            "TAP_EXPENSIFY_BASE_URL": self.expensify.endpoint_url,
            "TARGET_DYNAMICS_NAV_BASE_URL": f"{self.nav.url}/api/v2.0",
            "TARGET_DYNAMICS_NAV_TOKEN_URL": (
                f"{self.nav.url}/{self.credentials.nav.tenant_id}/oauth2/v2.0/token"
            ),
            **self.credentials.settings(),
        }


def build_sandbox(
    world: World,
    credentials: SandboxCredentials,
    *,
    books_file: Path | None = None,
    rate_limits: bool = True,
    quirks: Quirks | None = None,
    nav_quirks: NavQuirks | None = None,
    today: Callable[[], date] | None = None,
    expensify_port: int = 0,
    nav_port: int = 0,
    nav_latency: float = 0.0,
    nav_operation_time: float = 0.0,
    nav_credential_type: CredentialType = "Any",
) -> Sandbox:
    """Both servers, not yet started.

    Args:
        world: What they start with.
        credentials: What they let in.
        books_file: Where NAV's books are loaded from and saved to; None keeps them in memory.
        rate_limits: Whether Expensify's rate limits are enforced.
        quirks: Expensify's behaviour where nobody knows.
        nav_quirks: NAV's behaviour where real ones differ.
        today: Expensify's date; today in UTC when None.
        expensify_port: Port on 127.0.0.1; 0 lets the system choose.
        nav_port: Port on 127.0.0.1; 0 lets the system choose.
        nav_latency: Seconds every HTTP request to NAV waits.
        nav_operation_time: Seconds NAV takes at least for an operation: a request, or each part
            of a `$batch`.
        nav_credential_type: How NAV's on-premises addresses let users in.
    """
    expensify = ExpensifyServer(
        world,
        credentials=credentials.expensify,
        port=expensify_port,
        rate_limits=rate_limits,
        quirks=quirks,
        today=today if today is not None else utc_today,
    )
    nav, books = build_nav_server(
        world.nav_companies,
        credentials=credentials.nav,
        faults=None,
        port=nav_port,
        books_file=books_file,
        quirks=nav_quirks if nav_quirks is not None else NavQuirks(),
        latency=nav_latency,
        operation_time=nav_operation_time,
        credential_type=nav_credential_type,
    )
    return Sandbox(expensify, nav, credentials, world, books)


@contextlib.contextmanager
def running_sandbox(
    world: World | None = None,
    *,
    claims: Path | None = None,
    credentials: SandboxCredentials | None = None,
    rate_limits: bool = False,
    **options: Any,  # noqa: ANN401 - handed on to build_sandbox, which names them
) -> Iterator[Sandbox]:
    """Both servers, running until the block ends.

    Args:
        world: What they start with; the generated world when None.
        claims: A claims file to start with instead.
        credentials: What they let in; made up when None.
        rate_limits: Whether Expensify's rate limits are enforced; off, unlike `sandbox serve`.
        **options: See `build_sandbox`.
    """
    if world is None:
        world = build_world() if claims is None else load_claims(claims)
    if credentials is None:
        credentials = SandboxCredentials.made_up()
    sandbox = build_sandbox(world, credentials, rate_limits=rate_limits, **options)
    sandbox.expensify.start()
    sandbox.nav.start()
    try:
        yield sandbox
    finally:
        sandbox.nav.stop()
        sandbox.expensify.stop()
