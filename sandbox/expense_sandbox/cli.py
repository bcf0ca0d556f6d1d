"""The command line: `sandbox serve`, and small repairs of the NAV it serves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import quote

import click
import requests

from expense_sandbox.claims import ClaimsFileError, load_claims
from expense_sandbox.credentials import SandboxCredentials
from expense_sandbox.data import DEFAULT_SEED, build_world
from expense_sandbox.demo import demo
from expense_sandbox.nav import switches
from expense_sandbox.nav.auth import CredentialType
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.serving import (
    DEFAULT_EXPENSIFY_PORT,
    DEFAULT_NAV_PORT,
    serve_until_signalled,
)
from expense_sandbox.testing import build_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

_TIMEOUT: Final = 60
MILLISECONDS: Final = 1000

_nav_url_option = click.option(
    "--nav-url",
    default=f"http://127.0.0.1:{DEFAULT_NAV_PORT}",
    show_default=True,
    envvar="SANDBOX_NAV_URL",
    help="Where the sandbox's NAV is.",
)
_company_option = click.option(
    "--company", default=None, help="NAV company, by name or id; all of them if left out."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Local stand-ins for Expensify's Integration Server and for Dynamics NAV.

    They listen on 127.0.0.1 only and hold made-up data, or expense claims of your own.
    """


@main.command()
@click.option(
    "--expensify-port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_EXPENSIFY_PORT,
    show_default=True,
    help="Port of the Expensify stand-in; 0 lets the system choose.",
)
@click.option(
    "--nav-port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_NAV_PORT,
    show_default=True,
    help="Port of the NAV stand-in; 0 lets the system choose.",
)
@click.option(
    "--books",
    "books_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File NAV's books are loaded from, if it exists, and saved to at the end. "
    "Without it they are forgotten.",
)
@click.option(
    "--claims",
    "claims_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Expense claims to serve instead of the generated reports: JSON lines or CSV, also "
    "gzipped. Fields: claimant, date, category, subcategory, details, amount or cents, currency.",
)
@click.option(
    "--seed",
    type=int,
    default=DEFAULT_SEED,
    show_default=True,
    help="Another seed generates other reports.",
)
@click.option(
    "--today",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The servers' date, YYYY-MM-DD. Expensify's one-year rules go by it. "
    "The real date if left out.",
)
@click.option(
    "--rate-limits/--no-rate-limits",
    default=True,
    show_default=True,
    help="Whether Expensify allows only 5 requests in 10 seconds and 20 in 60.",
)
@click.option(
    "--nav-latency-ms",
    type=click.FloatRange(0),
    default=0,
    help="Milliseconds every HTTP request to NAV waits, as over a network.",
)
@click.option(
    "--nav-operation-ms",
    type=click.FloatRange(0),
    default=0,
    help="Milliseconds NAV takes at least for an operation: a request, or each part of a $batch.",
)
@click.option(
    "--credential-type",
    "credential_type",
    type=click.Choice(get_args(CredentialType)),
    default="Any",
    show_default=True,
    help="How NAV's on-premises addresses let users in; Any takes what comes.",
)
@click.option(
    "--nav-quirk",
    "nav_quirks",
    metavar="GROUP.NAME=VALUE",
    multiple=True,
    help="A switch of NAV's pages or OData V4, e.g. odata_v4.language=de-DE. May be repeated.",
)
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that gets both addresses as JSON once the servers answer.",
)
def serve(
    *,
    expensify_port: int,
    nav_port: int,
    books_file: Path | None,
    claims_file: Path | None,
    seed: int,
    today: datetime | None,
    rate_limits: bool,
    nav_latency_ms: float,
    nav_operation_ms: float,
    credential_type: CredentialType,
    nav_quirks: tuple[str, ...],
    ready_file: Path | None,
) -> None:
    """Serve Expensify and NAV until Ctrl-C.

    Prints both addresses and the settings that lead tap and target here. The credentials both
    servers accept are read from SANDBOX_EXPENSIFY_USER_ID, SANDBOX_EXPENSIFY_USER_SECRET,
    SANDBOX_NAV_TENANT_ID, SANDBOX_NAV_CLIENT_ID, SANDBOX_NAV_CLIENT_SECRET, SANDBOX_NAV_USERNAME
    and SANDBOX_NAV_PASSWORD; those not set are made up and printed.
    """
    try:
        world = build_world(seed) if claims_file is None else load_claims(claims_file)
    except ClaimsFileError as error:
        raise click.ClickException(str(error)) from error
    try:
        sandbox = build_sandbox(
            world,
            SandboxCredentials.from_environment(),
            books_file=books_file,
            rate_limits=rate_limits,
            nav_quirks=switches.quirks_from_text(
                NavQuirks(today=today.date() if today is not None else None), nav_quirks
            ),
            today=_fixed(today),
            expensify_port=expensify_port,
            nav_port=nav_port,
            nav_latency=nav_latency_ms / MILLISECONDS,
            nav_operation_time=nav_operation_ms / MILLISECONDS,
            nav_credential_type=credential_type,
        )
    except OSError as error:
        raise click.ClickException(
            f"The sandbox can't start: {error}. If a port is taken, choose another with "
            "--expensify-port or --nav-port; 0 takes any."
        ) from error
    except ValueError as error:
        raise click.ClickException(f"The sandbox can't start: {error}") from error
    serve_until_signalled(sandbox, ready_file)


def _fixed(today: datetime | None) -> Callable[[], date] | None:
    if today is None:
        return None
    day = today.date()
    return lambda: day


@main.command("unblock-account")
@click.argument("number")
@_company_option
@_nav_url_option
def unblock_account(number: str, company: str | None, nav_url: str) -> None:
    """Unblock a G/L account in NAV, as an accountant would on its card.

    NUMBER is the account's number, e.g. 8320.
    """
    _control(nav_url, f"accounts/{quote(number, safe='')}", company)
    click.echo(f"G/L account {number} is no longer blocked.")


@main.command("activate-value")
@click.argument("dimension")
@click.argument("value")
@_company_option
@_nav_url_option
def activate_value(dimension: str, value: str, company: str | None, nav_url: str) -> None:
    """Unblock a dimension value in NAV.

    DIMENSION and VALUE are codes, e.g. PROJECT P-090.
    """
    path = f"dimension-values/{quote(dimension, safe='')}/{quote(value, safe='')}"
    _control(nav_url, path, company)
    click.echo(f"Dimension value {dimension} {value} is no longer blocked.")


def _control(nav_url: str, path: str, company: str | None) -> None:
    """Set `blocked` to false on a master record of the running NAV."""
    body: dict[str, Any] = {"blocked": False}
    if company is not None:
        body["company"] = company
    _ask(nav_url, "POST", path, json=body)


@main.command("trial-balance")
@_company_option
@_nav_url_option
def trial_balance(company: str | None, nav_url: str) -> None:
    """Print what NAV's general ledger holds: each account's sum, in the company's currency."""
    parameters = {} if company is None else {"company": company}
    books = _ask(nav_url, "GET", "books", params=parameters).json()
    for company_books in books.get("companies", [books]):
        _print_trial_balance(company_books["company"], company_books["gl_entries"])


def _print_trial_balance(company: str, entries: list[dict[str, Any]]) -> None:
    sums: dict[str, Decimal] = {}
    for entry in entries:
        number = entry["account_number"]
        sums[number] = sums.get(number, Decimal(0)) + Decimal(entry["amount"])
    click.echo(f"{company}, {len(entries)} entries")
    for number, amount in sorted(sums.items()):
        click.echo(f"  {number:<20} {amount:>18,.2f}")
    click.echo(f"  {'Total':<20} {sum(sums.values(), Decimal(0)):>18,.2f}")


def _ask(nav_url: str, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401
    """One control request.

    Raises:
        click.ClickException: When nobody answers, or the answer is a refusal.
    """
    url = f"{nav_url.rstrip('/')}/_sandbox/{path}"
    try:
        response = requests.request(method, url, timeout=_TIMEOUT, **options)
    except requests.RequestException as error:
        raise click.ClickException(
            f"No sandbox answers at {nav_url}. Start it with `sandbox serve`, or give --nav-url."
        ) from error
    if not response.ok:
        raise click.ClickException(f"The sandbox refused: {_reason(response)}")
    return response


def _reason(response: requests.Response) -> str:
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"


main.add_command(demo)
