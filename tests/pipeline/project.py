"""A Meltano project of a test's own: the repository's `meltano.yml`, run by the real `meltano run`."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import yaml

if TYPE_CHECKING:
    from expense_sandbox.testing import Sandbox

REPOSITORY = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
STATE_ID = "sandbox:tap-expensify-to-target-dynamics-nav"
JOB = "expensify-to-nav"
_SETTINGS = (
    "TAP_EXPENSIFY_",
    "MAP_EXPENSIFY_NAV_",
    "TARGET_DYNAMICS_NAV_",
    "MELTANO_",
    "SANDBOX_",
    "VAULT_",
)


@dataclass(frozen=True)
class Finished:
    """A finished command; `entries` is its structured log, where it has one."""

    exit_code: int
    output: str
    entries: list[dict[str, Any]]

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Log entries of one event type, e.g. `document.held`."""
        return [entry for entry in self.entries if entry.get("event_type") == kind]

    def counts(self) -> dict[str, int]:
        """Documents by status, as the run's summary says."""
        return {
            entry["status"]: entry["documents"]
            for entry in self.events("run.summary")
            if "status" in entry
        }

    def held(self) -> dict[str, list[str]]:
        """Reasons by report of what is held."""
        result: dict[str, list[str]] = {}
        for entry in self.events("document.held"):
            if entry.get("level") == "warning":
                result.setdefault(entry["report"], []).append(entry["reason"])
        return result

    def errors(self) -> list[str]:
        """What was logged as an error by a plug-in."""
        return [
            str(entry.get("event"))
            for entry in self.entries
            if entry.get("level") == "error" and entry.get("string_id")
        ]


def third_party_python(name: str) -> Path:
    """Python of the environment in which `make setup` installed somebody else's client."""
    python = REPOSITORY / ".third-party" / name / "bin" / "python"
    assert python.exists(), f"{python} is missing: `make setup` installs it"
    return python


def books_of(sandbox: Sandbox) -> dict[str, Any]:
    """The books of the company everything is posted to, by the sandbox's control plane rather than by NAV's API."""
    answer = requests.get(
        f"{sandbox.nav.url}/_sandbox/books", params={"company": "CRONUS Europe"}, timeout=60
    )
    answer.raise_for_status()
    books: dict[str, Any] = answer.json()
    return books


def postings_of(books: dict[str, Any]) -> Counter[str]:
    """How often each key is posted: vendor entries of invoices and memos, clearing entries of journals."""
    keys = Counter(entry["external_document_number"] for entry in books["vendor_ledger_entries"])
    # Each journal has one line on the clearing account.
    keys.update(
        entry["document_number"]
        for entry in books["gl_entries"]
        if entry["account_number"] == "2910"
    )
    return keys


def clean_environment(**variables: str) -> dict[str, str]:
    """This process's environment without settings of the pipeline, plus `variables`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
    return {**kept, "PATH": f"{TOOLS}{os.pathsep}{kept.get('PATH', '')}", **variables}


class Project:
    """A copy of the project in a folder of its own, with the plug-ins of the test's own environment."""

    def __init__(self, root: Path, sandbox: Sandbox) -> None:
        self.root = root
        self.environment = clean_environment(
            **sandbox.settings(), XDG_STATE_HOME=str(root / ".meltano" / "logs")
        )
        root.mkdir(parents=True, exist_ok=True)
        (root / "output").mkdir()
        shutil.copytree(REPOSITORY / "transforms" / "rules", root / "transforms" / "rules")
        shutil.copytree(
            REPOSITORY / "vault",
            root / "vault",
            ignore=shutil.ignore_patterns("*.age", "__pycache__"),
        )
        definition = yaml.safe_load((REPOSITORY / "meltano.yml").read_text(encoding="utf-8"))
        for plugins in definition["plugins"].values():
            for plugin in plugins:
                # Nothing is installed during tests: `make setup` did, and the demo shows that Meltano can.
                del plugin["pip_url"]
                tools = TOOLS
                if plugin["name"] == "target-jsonl":
                    tools = REPOSITORY / ".meltano" / "loaders" / "target-jsonl" / "venv" / "bin"
                plugin["executable"] = str(tools / plugin["executable"])
        (root / "meltano.yml").write_text(
            yaml.safe_dump(definition, sort_keys=False), encoding="utf-8"
        )

    @property
    def rules(self) -> Path:
        """The rules file of this project."""
        return self.root / "transforms" / "rules" / "expensify-to-nav.yml"

    @property
    def ledger(self) -> Path:
        """The audit ledger of this project."""
        return self.root / "output" / "sandbox-ledger.sqlite3"

    def meltano(self, *arguments: str, **variables: str) -> Finished:
        """Call Meltano with a structured log."""
        return self.call("meltano", "--log-format", "json", *arguments, **variables)

    def run(self, **variables: str) -> Finished:
        """`meltano run expensify-to-nav`."""
        return self.meltano("run", JOB, **variables)

    def call(self, *command: str, **variables: str) -> Finished:
        """Call any command in the project's folder."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env={**self.environment, **variables},
            capture_output=True,
            check=False,
            timeout=280,
        )
        output = (done.stdout + done.stderr).decode()
        return Finished(done.returncode, output, list(_entries(output)))

    def state(self) -> dict[str, Any]:
        """The STATE that Meltano keeps, as the tap will get it."""
        with sqlite3.connect(self.root / ".meltano" / "meltano.db") as connection:
            row = connection.execute(
                "SELECT completed_state FROM state WHERE state_id = ?", (STATE_ID,)
            ).fetchone()
        return json.loads(row[0]).get("singer_state", {}) if row and row[0] else {}

    def bookmark(self) -> str | None:
        """Up to which approval the pipeline is done."""
        reports = self.state().get("bookmarks", {}).get("reports", {})
        value: str | None = reports.get("replication_key_value")
        return value

    def forget(self) -> None:
        """Lose the audit ledger and Meltano's state."""
        shutil.rmtree(self.root / "output", ignore_errors=True)
        shutil.rmtree(self.root / ".meltano", ignore_errors=True)

    def standings(self) -> dict[str, str]:
        """Status by document key, as the audit ledger has it."""
        with sqlite3.connect(self.ledger) as connection:
            return dict(connection.execute("SELECT document_key, status FROM documents"))


def _entries(output: str) -> Any:
    for line in output.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
