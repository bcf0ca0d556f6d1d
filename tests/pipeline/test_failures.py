"""What a user sees when something is wrong: one clear sentence, a non-zero exit, and never a secret."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from expense_sandbox.testing import Sandbox

from .project import Project

WRONG = "W10ng-5ecret-of-this-test"


def secrets_of(sandbox: Sandbox) -> list[str]:
    credentials = sandbox.credentials
    return [
        WRONG,
        credentials.expensify.user_secret,
        credentials.nav.client_secret,
        credentials.nav.password,
    ]


def assert_no_secret_anywhere(project: Project, sandbox: Sandbox, output: str = "") -> None:
    """Not in what was printed, and in no file of the project: logs, ledger, state, databases, leftovers."""
    for secret in secrets_of(sandbox):
        assert secret not in output
        for path in project.root.rglob("*"):
            if path.is_file() and not path.is_symlink():
                assert secret.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        pytest.param(
            {"TAP_EXPENSIFY_PARTNER_USER_SECRET": WRONG},
            r"Expensify .*(credentials|partner)",
            id="wrong Expensify secret",
        ),
        pytest.param(
            {"TARGET_DYNAMICS_NAV_CLIENT_SECRET": WRONG},
            r"(client secret|credentials)",
            id="wrong client secret",
        ),
        pytest.param(
            {
                "TARGET_DYNAMICS_NAV_AUTH_METHOD": "basic",
                "TARGET_DYNAMICS_NAV_PASSWORD": WRONG,
            },
            r"(user name|credentials|access key)",
            id="wrong web service access key",
        ),
        pytest.param(
            {"TARGET_DYNAMICS_NAV_COMPANY": "CRONUS Nowhere"},
            r'no company "CRONUS Nowhere"\. There are: "CRONUS Europe", "CRONUS Services"',
            id="unknown company",
        ),
        pytest.param(
            {
                "TARGET_DYNAMICS_NAV_BASE_URL": "http://127.0.0.1:9/api/v2.0",
                "TARGET_DYNAMICS_NAV_RETRY_SECONDS": "2",
            },
            r"NAV is not available: no connection",
            id="NAV down",
        ),
    ],
)
def test_a_wrong_setting_ends_in_one_sentence(
    sandbox: Sandbox, project: Project, variables: dict[str, str], sentence: str
) -> None:
    run = project.run(**variables)
    assert run.exit_code != 0
    assert len(run.errors()) == 1, run.errors()
    assert re.search(sentence, run.errors()[0], re.IGNORECASE), run.errors()
    assert "Traceback" not in run.output
    assert project.bookmark() is None
    assert_no_secret_anywhere(project, sandbox, run.output)


def test_a_typo_in_the_rules_names_file_line_and_key(sandbox: Sandbox, project: Project) -> None:
    rules = project.rules.read_text(encoding="utf-8")
    project.rules.write_text(rules.replace("\naccounts:\n", "\nacounts:\n"), encoding="utf-8")
    line = rules.split("\naccounts:\n")[0].count("\n") + 2
    run = project.run()
    assert run.exit_code != 0
    errors = "\n".join(run.errors())
    assert f"expensify-to-nav.yml:{line} acounts" in errors
    assert "accounts" in errors.replace("acounts", ""), "it suggests the right key"
    assert "Traceback" not in run.output
    assert sandbox.nav.requests_log == [] or not any(
        request.method != "GET" and request.operation != "token"
        for request in sandbox.nav.requests_log
    )


def test_fail_on_held(sandbox: Sandbox, project: Project) -> None:
    held = sandbox.world.planted["unmapped_category"][0]
    approved = sandbox.world.report(held)["approved"][:10]
    variables = {
        "TAP_EXPENSIFY_START_DATE": approved,
        "TAP_EXPENSIFY_END_DATE": approved,
        "TARGET_DYNAMICS_NAV_FAIL_ON_HELD": "true",
    }
    run = project.run(**variables)
    assert run.exit_code == 1
    assert held in run.held()
    assert any("fail_on_held" in error for error in run.errors())
    assert any((entry.get("exit_codes") or {}).get("loaders") == 65 for entry in run.entries), (
        "Meltano's log has the target's own code"
    )


BATCHES = 3
"""Look-ups, then drafts: the run is in the middle of it."""


def test_nothing_secret_is_on_disk_even_after_sigkill(
    sandbox: Sandbox, project: Project, memory: Path, tmp_path: Path
) -> None:
    """The whole of it is killed in the middle of a run that was started by the vault."""
    environment = dict(project.environment)
    stored = sandbox.credentials.settings()
    for name in stored:
        environment.pop(name, None)
    environment |= {
        "VAULT_KEY_FILE": str(tmp_path / "keys" / "sandbox.key"),
        "XDG_RUNTIME_DIR": str(memory),
    }

    def vault(*arguments: str, text: str = "") -> None:
        subprocess.run(
            ["vault/vault.py", *arguments],
            cwd=project.root,
            env=environment,
            input=text,
            text=True,
            check=True,
            capture_output=True,
        )

    vault("keygen", "sandbox")
    for name, value in stored.items():
        vault("set", "sandbox", name, text=value)
    process = subprocess.Popen(
        ["vault/vault.py", "run", "sandbox", "meltano", "run", "expensify-to-nav"],
        cwd=project.root,
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while [request.operation for request in sandbox.nav.requests_log].count("$batch") < BATCHES:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert_no_secret_anywhere(project, sandbox)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    in_memory = [
        path
        for path in memory.rglob("*.json")
        if stored["TARGET_DYNAMICS_NAV_CLIENT_SECRET"] in path.read_text()
    ]
    assert in_memory, (
        "Meltano did write the settings of the plug-ins: the test looks at the right thing"
    )
    assert all(path.stat().st_mode & 0o077 == 0 for path in in_memory)
    assert_no_secret_anywhere(project, sandbox)
