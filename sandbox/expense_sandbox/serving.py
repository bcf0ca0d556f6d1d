"""`sandbox serve`: both servers in the foreground until a signal ends them."""

from __future__ import annotations

import json
import os
import signal
import threading
from typing import TYPE_CHECKING, Final

import click

from expense_sandbox.credentials import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import FrameType

    from expense_sandbox.testing import Sandbox

DEFAULT_EXPENSIFY_PORT: Final = 8701
DEFAULT_NAV_PORT: Final = 8702


def serve_until_signalled(sandbox: Sandbox, ready_file: Path | None = None) -> None:
    """Start both servers, say where they are, and stop them on SIGTERM or SIGINT.

    NAV's books are saved when it stops.

    Args:
        sandbox: The servers, not yet started.
        ready_file: Gets `{"expensify_url", "nav_url"}` as JSON once both answer.
    """
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    sandbox.expensify.start()
    sandbox.nav.start()
    try:
        announce(sandbox, os.environ)
        if ready_file is not None:
            _write_whole(ready_file, _addresses(sandbox))
        stopped.wait()
    finally:
        sandbox.nav.stop()
        sandbox.expensify.stop()


def announce(sandbox: Sandbox, environment: Mapping[str, str]) -> None:
    """Print the addresses and the settings that lead a client here.

    Credentials that came from the environment are not repeated: they are somebody's secrets.
    Made-up ones are printed, because nobody else knows them.
    """
    given = {setting for setting, variable in VARIABLES.items() if environment.get(variable)}
    click.echo(f"Expensify  {sandbox.expensify.url}")
    click.echo(f"NAV        {sandbox.nav.url}")
    click.echo(f"           on-premises {sandbox.on_premises_url} (ODataV4, WS, api/v2.0)")
    for company in sandbox.world.nav_companies:
        click.echo(f"           company {company.name} ({company.local_currency_code})")
    click.echo("\nSettings:")
    for name, value in sandbox.settings().items():
        shown = f"(from {VARIABLES[name]})" if name in given else value
        click.echo(f"  {name}={shown}")
    click.echo("\nServing until Ctrl-C or SIGTERM.")  # echo flushes


def _addresses(sandbox: Sandbox) -> str:
    return json.dumps({"expensify_url": sandbox.expensify.url, "nav_url": sandbox.nav.url})


def _write_whole(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    unfinished.write_text(f"{text}\n", encoding="utf-8")
    unfinished.replace(path)
