"""The command line as a person uses it: the installed executable, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from click.testing import CliRunner

from expense_sandbox.cli import main
from expense_sandbox.nav.books import Books
from expense_sandbox.testing import running_sandbox
from expense_sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SANDBOX = str(Path(sys.executable).with_name("sandbox"))
CLAIMS = Path(__file__).parent / "data" / "claims.jsonl"
SECRET = "0123456789abcdef0123456789abcdef01234567"


class Served:
    """A running `sandbox serve`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        ready = folder / "ready.json"
        self.process = subprocess.Popen(
            [
                SANDBOX,
                "serve",
                "--expensify-port=0",
                "--nav-port=0",
                f"--ready-file={ready}",
                *arguments,
            ],
            env={**os.environ, "SANDBOX_EXPENSIFY_USER_SECRET": SECRET},
            stdout=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while not ready.exists():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        urls = json.loads(ready.read_text(encoding="utf-8"))
        self.expensify_url, self.nav_url = urls["expensify_url"], urls["nav_url"]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*arguments: str) -> Served:
        (tmp_path / "ready.json").unlink(missing_ok=True)
        started.append(Served(tmp_path, *arguments))
        return started[-1]

    yield start
    for served in started:
        served.process.kill()
        served.process.communicate(timeout=30)


def test_serve_answers_says_how_to_reach_it_and_ends_with_zero(serve: Any, tmp_path: Path) -> None:
    served = serve()
    for url in (served.expensify_url, served.nav_url):
        assert requests.get(f"{url}/_sandbox/health", timeout=30).json()["status"] == "ok"
    code, output = served.stop(signal.SIGINT)
    assert code == 0
    endpoint = f"{served.expensify_url}/Integration-Server/ExpensifyIntegrations"
    assert f"TAP_EXPENSIFY_BASE_URL={endpoint}" in output
    assert f"TARGET_DYNAMICS_NAV_BASE_URL={served.nav_url}/api/v2.0" in output
    assert SECRET not in output  # given by the user: not for the screen
    assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]


def test_books_survive_a_stop_and_a_start(serve: Any, tmp_path: Path) -> None:
    books = tmp_path / "books.json"
    served = serve(f"--books={books}")
    answer = requests.post(
        f"{served.nav_url}/_sandbox/accounts/8440", json={"blocked": True}, timeout=30
    )
    assert answer.status_code == 200
    code, _ = served.stop()
    assert code == 0
    company = Books.load(books).company("CRONUS Europe")
    assert company is not None
    account = company.accounts.first("number", "8440")
    assert account is not None
    assert account.blocked
    assert serve(f"--books={books}").stop()[0] == 0


def test_serve_takes_a_claims_file_and_a_date(serve: Any) -> None:
    served = serve(f"--claims={CLAIMS}", "--today=2019-06-01", "--no-rate-limits")
    reports = requests.get(f"{served.expensify_url}/_sandbox/reports", timeout=30).json()
    assert {report["currency"] for report in reports} == {"AUD"}
    code, output = served.stop()
    assert code == 0
    assert "Claims Ledger" in output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--claims={folder}/bad.csv"], "bad.csv, line 2: amount 'x' is not a number"),
        (["--books={folder}/bad.csv"], "can't start"),
        (["--expensify-port={port}"], "choose another"),
    ],
)
def test_what_keeps_it_from_serving_is_one_sentence(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "bad.csv").write_text(
        "claimant,date,category,subcategory,details,amount,currency\na,,b,,,x,EUR\n"
    )
    with running_sandbox(World((), (), ())) as sandbox:
        port = sandbox.expensify.url.rsplit(":", 1)[1]
        ports = ["--expensify-port=0", "--nav-port=0"]
        filled = [argument.format(folder=tmp_path, port=port) for argument in arguments]
        done = subprocess.run(
            [SANDBOX, "serve", *ports, *filled],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_accounts_and_values_are_unblocked_in_the_running_books() -> None:
    runner = CliRunner()
    with running_sandbox() as sandbox:
        option = f"--nav-url={sandbox.nav.url}"
        done = runner.invoke(main, ["unblock-account", "8320", option])
        assert (done.exit_code, done.output) == (0, "G/L account 8320 is no longer blocked.\n")
        done = runner.invoke(main, ["activate-value", "PROJECT", "P-090", option])
        assert (done.exit_code, done.output) == (
            0,
            "Dimension value PROJECT P-090 is no longer blocked.\n",
        )
        company = sandbox.books.company("CRONUS Europe")
        assert company is not None
        account = company.accounts.first("number", "8320")
        value = company.dimension_values.first("code", ("PROJECT", "P-090"))
        assert account is not None
        assert value is not None
        assert (account.blocked, value.blocked) == (False, False)


def test_what_is_not_there_is_said() -> None:
    runner = CliRunner()
    with running_sandbox() as sandbox:
        option = f"--nav-url={sandbox.nav.url}"
        done = runner.invoke(main, ["unblock-account", "9999", option])
        assert done.exit_code == 1
        assert "9999" in done.output
    done = runner.invoke(main, ["trial-balance", option])
    assert done.exit_code == 1
    assert "No sandbox answers" in done.output


def test_the_trial_balance_of_untouched_books_is_zero() -> None:
    with running_sandbox() as sandbox:
        done = CliRunner().invoke(main, ["trial-balance", f"--nav-url={sandbox.nav.url}"])
    assert done.exit_code == 0
    assert "CRONUS Europe, 0 entries" in done.output
    assert done.output.splitlines()[1].split() == ["Total", "0.00"]


@pytest.mark.parametrize("command", ["serve", "unblock-account", "activate-value", "trial-balance"])
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(main, [command, "--help"])
    assert done.exit_code == 0
    assert len(done.output) > 200
