"""The README is true: every command it shows is run here, or its form is checked where it needs a real account.

The story runs in a copy of the project, by the same `make` targets, on ports of its own. The copy borrows the installed
environments, so that nothing is fetched.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from .project import REPOSITORY, TOOLS, clean_environment

DOCUMENTS = ("README.md", "vault/README.md", "CONTRIBUTING.md", "transforms/README.md")

# Run by the story below.
STORY = {
    "make demo",
    "make sandbox",
    ".venv/bin/sandbox unblock-account 8320",
    ".venv/bin/sandbox activate-value PROJECT P-090",
    "make check-rules",
    "make run",
    "make demo CLAIMS=my-claims.csv",
}
# Other words for things that are tested elsewhere, or would call this test from itself.
ELSEWHERE = {
    "make test": "what runs this",
    "make setup      # tools and plug-ins, all inside this folder": "what installed this",
    "make test       # lint, types and tests; what CI runs (make test-thorough: more of each kind)": "what runs this",
    "make chaos      # after a change of the target's protocol: every crash and fault, about an hour on two cores": (
        "tests/chaos runs shares of it"
    ),
    "make chaos CHAOS='--share 20'    # every twentieth point, in some minutes": "tests/chaos runs shares",
    "make chaos CHAOS='--all'         # every point of every way": "tests/chaos runs shares of it",
    "make format     # let ruff put things in order": "changes files; `make check` runs the same tools",
    "make lock       # after a change of dependencies: lock file and constraints": "asks the package index",
    ". .venv/bin/activate": "only changes the shell",
    "age --decrypt -i ~/.config/expensify-to-nav/prod.key vault/prod.env.age": "tests/vault decrypts without the vault",
}
# Need a real account, so that their forms are checked: variables are settings, the vault knows the words.
VAULT = re.compile(
    r"(?P<variables>([A-Z_]+=\S+ )*)vault/vault\.py (?P<word>keygen|set|unset|list|run) prod(?P<rest>.*)"
)

# Run by test_rules_commands.py.
RULES_COMMANDS = {f"expense-rules:{name}" for name in ("check", "suggest", "preview")}
# Run by test_audit_console.py and the tests of the console.
AUDIT_COMMANDS = {f"target-dynamics-nav:{name}" for name in ("status", "explain", "reconcile")}


def shown_commands(document: str) -> list[str]:
    """Commands in the shell blocks of a document, one a line."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```console\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_command_is_shown_that_nothing_runs(document: str) -> None:
    commands = shown_commands(document)
    assert commands
    unknown = [
        command
        for command in commands
        if command not in STORY and command not in ELSEWHERE and not VAULT.fullmatch(command)
    ]
    assert unknown == []


def test_vault_commands_name_settings_that_exist() -> None:
    words = set()
    for document in DOCUMENTS:
        for command in shown_commands(document):
            match = VAULT.fullmatch(command)
            if not match:
                continue
            words.add(match["word"])
            rest = shlex.split(match["rest"])
            names = [pair.split("=")[0] for pair in match["variables"].split()]
            if match["word"] in {"set", "unset"}:
                names += rest
            for name in names:
                plugin = (
                    "tap-expensify" if name.startswith("TAP_EXPENSIFY_") else "target-dynamics-nav"
                )
                setting = name.removeprefix(plugin.upper().replace("-", "_") + "_").lower()
                about = subprocess.run(
                    [TOOLS / plugin, "--about"],
                    capture_output=True,
                    text=True,
                    check=True,
                    timeout=60,
                )
                assert re.search(rf"\b{setting}\b", about.stdout), name
            if match["word"] == "run":
                assert rest[:3] == ["meltano", "run", "expensify-to-nav"] or (
                    rest[:2] == ["meltano", "invoke"] and rest[2] in RULES_COMMANDS | AUDIT_COMMANDS
                )
    assert words == {"keygen", "set", "unset", "list", "run"}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as git has it, with the installed environments of this one."""
    root = tmp_path / "expensify-to-nav"
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in files:
        if (REPOSITORY / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, root / name)
    for borrowed in (".venv", ".uv"):
        (root / borrowed).symlink_to(REPOSITORY / borrowed)
    (root / ".meltano").mkdir()
    for plugins in ("extractors", "mappers", "loaders", "utilities"):
        (root / ".meltano" / plugins).symlink_to(REPOSITORY / ".meltano" / plugins)
    # Installed already: `make setup` has nothing to do.
    past = root.stat().st_mtime - 86_400
    for name in files:
        if (root / name).exists():
            os.utime(root / name, (past, past))
    (root / ".meltano" / ".installed").touch()
    return root


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_story_as_the_readme_tells_it(copy: Path, memory: Path) -> None:
    ports = {"EXPENSIFY_PORT": str(free_port()), "NAV_PORT": str(free_port())}
    nav_url = f"http://127.0.0.1:{ports['NAV_PORT']}"
    environment = clean_environment(**ports, SANDBOX_NAV_URL=nav_url, XDG_RUNTIME_DIR=str(memory))

    def call(command: str) -> str:
        assert command in shown_commands("README.md")
        done = subprocess.run(
            shlex.split(command),
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    first, second = call("make demo").split("\nSecond run\n")
    assert "3 documents held" in first
    assert re.search(r"\d{3} documents posted", first)
    assert "already posted before" in second
    assert "documents posted" not in second
    assert "NAV carried out 0 writes" in second

    server = subprocess.Popen(
        ["make", "sandbox"],
        cwd=copy,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until_it_answers(nav_url, server)
        rules = copy / "transforms" / "rules" / "expensify-to-nav.yml"
        shown = re.findall(
            r"```yaml\n(.*?)```", (copy / "README.md").read_text(encoding="utf-8"), re.DOTALL
        )[0]
        line_there = shown.splitlines(keepends=True)[0]
        text = rules.read_text(encoding="utf-8")
        assert text.count(line_there) == 1
        rules.write_text(text.replace(line_there, shown), encoding="utf-8")
        call(".venv/bin/sandbox unblock-account 8320")
        call(".venv/bin/sandbox activate-value PROJECT P-090")
        assert "234 reports, 438 documents: 0 problems." in call("make check-rules")
        last = call("make run")
        assert "3 documents posted" in last
        assert "HELD R" not in last
        assert "documents held" not in last
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=60)


def wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            if requests.get(f"{url}/_sandbox/health", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(url)


CLAIMS = """\
claimant,date,category,subcategory,details,amount,currency
Ann,2025-03-02,Travel,Rail,Oslo – Bergen,120.50,NOK
Ann,2025-03-04,Travel,Hotel,Two nights,1890.00,NOK
Bob,2025-03-09,Office,Paper,"Paper, A4",59.90,NOK
Bob,2025-04-01,Office,Paper,Returned,-59.90,NOK
Cæcilie,2025-03-31,Travel,Rail,"Late, a ""quote"" in it",0.10,NOK
Cæcilie,,Travel,Rail,Undated,0.20,NOK
"""


def test_the_demo_with_claims_of_ones_own(copy: Path, memory: Path) -> None:
    (copy / "my-claims.csv").write_text(CLAIMS, encoding="utf-8")
    rules = copy / "transforms" / "rules" / "claims.yml"
    rules.write_text(
        rules.read_text(encoding="utf-8").replace("local_currency: AUD", "local_currency: NOK"),
        encoding="utf-8",
    )
    done = subprocess.run(
        ["make", "demo", "CLAIMS=my-claims.csv"],
        cwd=copy,
        env=clean_environment(EXPENSIFY_PORT="0", NAV_PORT="0", XDG_RUNTIME_DIR=str(memory)),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 documents posted (2,010.80 NOK)" in done.stdout

    # Sums by category, of the file alone, are those of the ledger by account.
    by_category: Counter[str] = Counter()
    for claim in csv.DictReader(io.StringIO(CLAIMS)):
        by_category[f"{claim['category']}: {claim['subcategory']}"] += Decimal(claim["amount"])
    books = json.loads((copy / ".demo" / "claims" / "books.json").read_text(encoding="utf-8"))
    tables = books["companies"][0]["tables"]
    names = {account["number"]: account["name"] for account in tables["accounts"]}
    by_account: Counter[str] = Counter()
    for entry in tables["ledger_entries"]:
        by_account[names[entry["account_number"]]] += Decimal(entry["amount"])
    payables = by_account.pop("Vendors")
    assert {name: amount for name, amount in by_account.items() if amount} == {
        name: amount for name, amount in by_category.items() if amount
    }
    assert payables == -sum(by_category.values())
