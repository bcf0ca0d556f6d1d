"""The executable as a person or Meltano runs it."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.expensify import faults
from tap_expensify.command_line import settings_from_environment
from tap_expensify.errors import ConfigurationError
from tap_expensify.tap import TapExpensify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expense_sandbox.expensify.server import ExpensifyServer

BY_DEFAULT = {
    "reports",
    "expenses",
    "report_approvers",
    "policies",
    "policy_categories",
    "policy_tags",
    "policy_report_fields",
    "policy_tax_rates",
    "policy_employees",
}
EXECUTABLE = Path(sys.executable).with_name("tap-expensify")


@pytest.fixture
def run_executable(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the executable with a configuration file, if any, and further arguments."""

    def execute(
        *arguments: str, config: Any = None, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [str(EXECUTABLE)]
        if config is not None:
            file = tmp_path / "config.json"
            file.write_text(config if isinstance(config, str) else json.dumps(config))
            command += ["--config", str(file)]
        return subprocess.run(
            [*command, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=tmp_path,
            env={**os.environ, **(environment or {})},
        )

    return execute


@dataclass(frozen=True)
class Done:
    returncode: object
    stdout: str
    stderr: str


@pytest.fixture
def run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_tap: Any
) -> Iterator[Callable[..., Done]]:
    """The same command line within this process, which is faster; waiting takes no time."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    hook = sys.excepthook
    monkeypatch.chdir(tmp_path)

    def execute(*arguments: str, config: Any = None) -> Done:
        options = list(arguments)
        if config is not None:
            file = tmp_path / "config.json"
            file.write_text(config if isinstance(config, str) else json.dumps(config))
            options += ["--config", str(file)]
        stdout, stderr = io.StringIO(), io.StringIO()
        with redirect_stdout(stdout), redirect_stderr(stderr), pytest.raises(SystemExit) as ended:
            new_tap.cli.main(options)
        return Done(ended.value.code, stdout.getvalue(), stderr.getvalue())

    yield execute
    root.handlers[:] = handlers
    sys.excepthook = hook
    logging.captureWarnings(capture=False)


def error_lines(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if "| ERROR" in line]


def assert_one_sentence(done: Any, code: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = error_lines(done.stderr)
    assert f"[{code}]" in line
    assert done.stderr.splitlines()[-1] == line


def test_about(run_executable: Any) -> None:
    about = json.loads(run_executable("--about", "--format", "json").stdout)
    properties = about["settings"]["properties"]
    ours = [
        name for name in properties if not name.startswith(("stream_map", "flattening", "faker"))
    ]
    assert ours == [
        "partner_user_id",
        "partner_user_secret",
        "base_url",
        "start_date",
        "end_date",
        "policy_ids",
        "report_states",
        "lookback_days",
        "request_timeout",
        "recheck_days",
        "report_ids",
        "domains",
        "card_feed",
        "card_days",
        "include_attendees",
        "include_action_comments",
        "include_receipt_urls",
    ]  # fmt: skip
    assert all(properties[name]["description"] for name in ours)
    assert properties["partner_user_secret"]["secret"] is True
    assert properties["lookback_days"]["default"] == 7
    assert properties["request_timeout"]["default"] == 300
    assert properties["report_states"]["default"] == ["APPROVED", "REIMBURSED"]
    assert "batch" not in about["capabilities"]
    assert "structured-logging" in about["capabilities"]


def test_discovery_needs_no_settings(run_executable: Any) -> None:
    done = run_executable("--discover")
    assert done.returncode == 0
    streams = {entry["stream"]: entry for entry in json.loads(done.stdout)["streams"]}
    assert set(streams) == BY_DEFAULT | {"domain_cards", "report_actions", "card_transactions"}
    assert all(
        column.get("description")
        for entry in streams.values()
        for column in entry["schema"]["properties"].values()
    )
    assert streams["reports"]["key_properties"] == ["report_id"]
    assert streams["reports"]["replication_key"] == "approved_at"
    assert streams["reports"]["replication_method"] == "INCREMENTAL"
    assert streams["policies"]["replication_method"] == "FULL_TABLE"


def test_a_run(run_executable: Any, config: dict[str, Any], tmp_path: Path) -> None:
    done = run_executable(config=config)
    assert done.returncode == 0, done.stderr
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert {m["stream"] for m in messages if m["type"] == "RECORD"} == BY_DEFAULT
    state = tmp_path / "state.json"
    state.write_text(json.dumps(messages[-1]["value"]))
    again = run_executable("--state", str(state), config=config)
    assert again.returncode == 0
    assert 0 < len(again.stdout) < len(done.stdout)


def test_a_connection_test_asks_for_one_report(
    run_executable: Any, config: dict[str, Any], expensify: ExpensifyServer
) -> None:
    done = run_executable("--test", config=config)
    assert done.returncode == 0, done.stderr
    exports = [job for job in expensify.jobs_log if job.operation == "file"]
    assert exports
    assert {job.description["inputSettings"]["limit"] for job in exports} == {"1"}


def test_settings_come_from_the_environment(
    run_executable: Any, config: dict[str, Any], world: Any
) -> None:
    environment = {f"TAP_EXPENSIFY_{name.upper()}": str(value) for name, value in config.items()}
    environment["TAP_EXPENSIFY_POLICY_IDS"] = world.policies[0].policy_id
    for arguments in (("--config", "ENV"), ()):
        done = run_executable(*arguments, environment=environment)
        assert done.returncode == 0, done.stderr
        messages = [json.loads(line) for line in done.stdout.splitlines()]
        policies = [m for m in messages if m["type"] == "RECORD" and m["stream"] == "policies"]
        assert len(policies) == 1


def test_the_secret_alone_may_come_from_the_environment(
    run_executable: Any, config: dict[str, Any]
) -> None:
    secret = config.pop("partner_user_secret")
    done = run_executable(config=config, environment={"TAP_EXPENSIFY_PARTNER_USER_SECRET": secret})
    assert done.returncode == 0, done.stderr
    assert secret not in done.stderr + done.stdout


def test_a_file_goes_before_the_environment_unless_asked_otherwise(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAP_EXPENSIFY_LOOKBACK_DAYS", "30")
    monkeypatch.setenv("TAP_EXPENSIFY_END_DATE", "")
    assert TapExpensify(config=config).settings.lookback_days == 7
    assert TapExpensify(config=config, parse_env_config=True).settings.lookback_days == 30
    assert TapExpensify(config=config, parse_env_config=True).settings.end is None


@pytest.mark.parametrize(
    ("written", "read"),
    [("A,B", ("A", "B")), ('["A","B"]', ("A", "B")), ("0123", ("0123",)), ("null", ("null",))],
)
def test_lists_from_the_environment(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, written: str, read: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TAP_EXPENSIFY_POLICY_IDS", written)
    assert TapExpensify(config=config).settings.policy_ids == read


def test_a_number_from_the_environment_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAP_EXPENSIFY_LOOKBACK_DAYS", "a week")
    with pytest.raises(ConfigurationError) as caught:
        settings_from_environment(TapExpensify.config_jsonschema)
    assert caught.value.field == "lookback_days"


def test_a_wrong_secret(run_executable: Any, config: dict[str, Any]) -> None:
    wrong = "31337-not-the-secret"
    done = run_executable(config={**config, "partner_user_secret": wrong})
    assert_one_sentence(done, "credentials_refused")
    assert wrong not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"partner_user_secret": None}, "setting_wrong"),
        ({"partner_user_secret": 12345678}, "setting_wrong"),
        ({"base_url": "http://expensify.example/x"}, "setting_wrong"),
        ({"start_date": "soon"}, "setting_wrong"),
        ({"lookback_days": "many"}, "setting_wrong"),
        ({"lookback_days": 99999}, "setting_wrong"),
        ({"stream_maps": 7}, "setting_wrong"),
    ],
)
@pytest.mark.parametrize("arguments", [(), ("--test",)])
def test_wrong_settings(
    run_here: Any,
    config: dict[str, Any],
    changes: dict[str, Any],
    code: str,
    arguments: tuple[str, ...],
) -> None:
    done = run_here(*arguments, config={**config, **changes})
    assert_one_sentence(done, code)
    assert "12345678" not in done.stderr


@pytest.mark.parametrize("content", ["{", "[]", '"text"', "\x00"])
def test_files_that_are_not_json_objects(
    run_here: Any, config: dict[str, Any], tmp_path: Path, content: str
) -> None:
    assert_one_sentence(run_here(config=content), "json_file")
    file = tmp_path / "other.json"
    file.write_text(content)
    for option in ("--state", "--catalog"):
        assert_one_sentence(run_here(option, str(file), config=config), "json_file")


def test_a_configuration_file_that_is_missing(run_here: Any) -> None:
    assert_one_sentence(run_here("--config", "nowhere.json"), "file_unreadable")


def test_a_state_that_is_none(run_here: Any, config: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"bookmarks": {"reports": {"replication_key_value": "last week"}}}')
    assert_one_sentence(run_here("--state", str(file), config=config), "bookmark_wrong")


def test_nobody_answers(run_here: Any, config: dict[str, Any]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = run_here(config={**config, "base_url": f"http://127.0.0.1:{port}/x"})
    assert_one_sentence(done, "expensify_unavailable")
    assert f"Expensify at 127.0.0.1:{port} could not be reached." in done.stderr
    assert '"RECORD"' not in done.stdout


def test_the_reader_of_the_output_goes_away(config: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    with subprocess.Popen(
        [EXECUTABLE, "--config", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read()
        assert process.wait(timeout=60) == 1
    assert "Traceback" not in stderr
    assert "BrokenPipeError" not in stderr
    assert "[output_closed]" in error_lines(stderr)[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_does_not_pass_for_success(
    config: dict[str, Any], expensify: ExpensifyServer, tmp_path: Path, number: signal.Signals
) -> None:
    expensify.faults.add(faults.slow(30))
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config))
    with subprocess.Popen(
        [EXECUTABLE, "--config", file], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "SCHEMA" in process.stdout.readline()
        time.sleep(0.2)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert "replication_key_value" not in stdout
    assert "Traceback" not in stderr
