"""`sandbox demo`: the whole pipeline on this machine, twice, and what happened; also with claims of one's own.

It does what a user does by hand: makes a key, stores the secrets, serves the sandbox and calls `meltano run`. It
reads the outcome from Meltano's structured log, and from the sandbox's own books what NAV was asked to write.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import requests

from expense_sandbox.serving import DEFAULT_EXPENSIFY_PORT, DEFAULT_NAV_PORT

JOB = "expensify-to-nav"
SECONDS_TO_START = 120
LINES_SHOWN = 12


class DemoError(click.ClickException):
    """The demo could not be shown; the sentence says why."""


@dataclass
class RunReport:
    """What one `meltano run` said in its structured log."""

    exit_code: int = 0
    seconds: float = 0.0
    posted: int = 0
    summary: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class Demo:
    """One demonstration in a project folder."""

    def __init__(self, project: Path, ports: tuple[int, int], claims: Path | None) -> None:
        self.project = project
        self.claims = claims
        self.name = "sandbox" if claims is None else "claims"
        self.folder = project / ".demo" / self.name
        self.ports = ports
        tools = str(Path(sys.executable).parent)
        self.environment = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
            "VAULT_KEY_FILE": str(project / ".demo" / f"{self.name}.key"),
        }

    def reset(self) -> None:
        """Forget earlier demonstrations: books, ledger, STATE, secrets."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        for leftover in (self.project / "output").glob(f"{self.name}-ledger.sqlite3*"):
            leftover.unlink()
        Path(self.environment["VAULT_KEY_FILE"]).unlink(missing_ok=True)
        (self.project / "vault" / f"{self.name}.env.age").unlink(missing_ok=True)
        if (self.project / ".meltano" / "meltano.db").exists():
            state = f"{self.name}:tap-expensify-to-target-dynamics-nav"
            self._call(["meltano", "--log-level", "warning", "state", "clear", "--force", state])

    def store_secrets(self) -> None:
        """Make a key and random credentials, known to both the pipeline and the sandbox."""
        self._vault("keygen", self.name)
        user_id, user_secret = f"aa_demo_{secrets.token_hex(4)}", secrets.token_hex(20)
        tenant_id, client_id = "northwind.example", f"demo-{secrets.token_hex(4)}"
        client_secret = secrets.token_urlsafe(30)
        for name, value in {
            "TAP_EXPENSIFY_PARTNER_USER_ID": user_id,
            "TAP_EXPENSIFY_PARTNER_USER_SECRET": user_secret,
            "TARGET_DYNAMICS_NAV_TENANT_ID": tenant_id,
            "TARGET_DYNAMICS_NAV_CLIENT_ID": client_id,
            "TARGET_DYNAMICS_NAV_CLIENT_SECRET": client_secret,
            "SANDBOX_EXPENSIFY_USER_ID": user_id,
            "SANDBOX_EXPENSIFY_USER_SECRET": user_secret,
            "SANDBOX_NAV_TENANT_ID": tenant_id,
            "SANDBOX_NAV_CLIENT_ID": client_id,
            "SANDBOX_NAV_CLIENT_SECRET": client_secret,
        }.items():
            self._vault("set", self.name, name, value=value)

    def serve(self) -> subprocess.Popen[bytes]:
        """Start the sandbox and wait until it answers.

        Raises:
            DemoError: If it does not start.
        """
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        log = (self.folder / "sandbox.log").open("wb")
        expensify_port, nav_port = self.ports
        process = subprocess.Popen(  # noqa: S603 - our own command
            [
                *self._launcher,
                "sandbox",
                "serve",
                f"--expensify-port={expensify_port}",
                f"--nav-port={nav_port}",
                f"--books={self.folder / 'books.json'}",
                f"--ready-file={ready}",
                *([f"--claims={self.claims}"] if self.claims else []),
            ],
            cwd=self.project,
            env=self.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        deadline = time.monotonic() + SECONDS_TO_START
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise DemoError(f"The sandbox did not start; see {self.folder / 'sandbox.log'}.")
            time.sleep(0.05)
        urls = json.loads(ready.read_text(encoding="utf-8"))
        self.nav_url = str(urls["nav_url"])
        self.environment |= {
            "TAP_EXPENSIFY_BASE_URL": f"{urls['expensify_url']}/Integration-Server/ExpensifyIntegrations",
            "TARGET_DYNAMICS_NAV_BASE_URL": f"{self.nav_url}/api/v2.0",
            "TARGET_DYNAMICS_NAV_TOKEN_URL": f"{self.nav_url}/northwind.example/oauth2/v2.0/token",
        }
        return process

    def run_pipeline(self, number: int) -> RunReport:
        """Run the job once through `meltano run` and listen to its structured log."""
        report = RunReport()
        started = time.monotonic()
        with (self.folder / f"run-{number}.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command
                [*self._launcher, "meltano", "--log-format", "json", "run", JOB],
                cwd=self.project,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
            for line in process.stderr or ():
                log.write(line)
                self._listen(line, report)
            report.exit_code = process.wait()
        report.seconds = time.monotonic() - started
        if sys.stderr.isatty():
            click.echo("\r\033[K", nl=False, err=True)
        return report

    def nav_writes(self) -> int:
        """How many writes NAV has carried out so far."""
        books = requests.get(f"{self.nav_url}/_sandbox/books", timeout=60).json()
        return int(books["write_count"])

    @property
    def _launcher(self) -> list[str]:
        return [sys.executable, str(self.project / "vault" / "vault.py"), "run", self.name]

    def _vault(self, *arguments: str, value: str | None = None) -> None:
        self._call([sys.executable, "vault/vault.py", *arguments], value)

    def _call(self, command: list[str], text: str | None = None) -> None:
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            cwd=self.project,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DemoError(f"{' '.join(command[:3])} failed: {done.stderr.strip()}")

    @staticmethod
    def _listen(line: str, report: RunReport) -> None:
        try:
            entry: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        kind = str(entry.get("event_type") or "")
        text = str(entry.get("event") or entry.get("message") or "")
        if kind == "run.summary":
            report.summary.append(text)
        elif kind.startswith("document.") and entry.get("level") == "warning":
            report.held.append(text)
        elif kind == "document.posted":
            report.posted += 1
            if sys.stderr.isatty():
                click.echo(f"\r  posted {report.posted} documents …", nl=False, err=True)
        elif entry.get("level") == "error":
            report.errors.append(text)


def _free_or_any(port: int) -> int:
    """The port itself if nobody listens there, or 0: let the system choose."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def _show(title: str, report: RunReport, writes: int) -> None:
    click.secho(f"\n{title}", bold=True)
    for line in [*report.summary, *report.held[:LINES_SHOWN], *report.errors]:
        click.echo(f"  {line}")
    if len(report.held) > LINES_SHOWN:
        click.echo(f"  … and {len(report.held) - LINES_SHOWN} more, in the log of the run.")
    click.echo(f"  NAV carried out {writes} writes. {report.seconds:.1f} s.")


@click.command()
@click.option(
    "--expensify-port",
    default=DEFAULT_EXPENSIFY_PORT,
    show_default=True,
    help="Port of the sandbox's Expensify; if it is taken, any other.",
)
@click.option(
    "--nav-port",
    default=DEFAULT_NAV_PORT,
    show_default=True,
    help="Port of the sandbox's NAV; if it is taken, any other.",
)
@click.option(
    "--claims",
    type=click.Path(exists=True, dir_okay=False, path_type=Path, resolve_path=True),
    help="Expense claims of your own instead of generated reports: JSON lines or CSV, see `sandbox serve --help`. "
    "They are mapped by transforms/rules/claims.yml.",
)
def demo(expensify_port: int, nav_port: int, claims: Path | None) -> None:
    """Run the pipeline twice against a fresh sandbox and say what happened.

    Run it in the project's folder, or with `make demo`, which installs everything first. All it writes is below
    .demo/, output/, .meltano/ and vault/.
    """
    project = Path.cwd()
    if not (project / "meltano.yml").exists():
        raise DemoError("There is no meltano.yml here: run this in the project's folder.")
    ports = (_free_or_any(expensify_port), _free_or_any(nav_port))
    demonstration = Demo(project, ports, claims)
    click.echo("Fresh books, a new key, secrets encrypted with it …")
    demonstration.reset()
    demonstration.store_secrets()
    click.echo(
        "Starting the sandbox: an Expensify with approved reports, and a NAV with empty journals …"
    )
    server = demonstration.serve()
    try:
        click.echo("First run: meltano run expensify-to-nav …")
        before = demonstration.nav_writes()
        first = demonstration.run_pipeline(1)
        after_first = demonstration.nav_writes()
        _show("First run", first, after_first - before)
        if first.exit_code:
            raise DemoError(f"The first run failed; see {demonstration.folder / 'run-1.log'}.")
        click.echo("\nSecond run: the same command again …")
        second = demonstration.run_pipeline(2)
        _show("Second run", second, demonstration.nav_writes() - after_first)
        if second.exit_code:
            raise DemoError(f"The second run failed; see {demonstration.folder / 'run-2.log'}.")
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
    if claims is not None:
        return
    click.echo(
        "\nThe books are kept in .demo/. To clear what is held, follow “What held means” in README.md:\n"
        "  make sandbox     serve the same books again (in another terminal)\n"
        "  make run         run the pipeline once more"
    )
