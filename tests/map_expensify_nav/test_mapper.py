"""The mapper as Meltano runs it: the real executable, messages on standard input and output."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sysconfig
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from singer_sdk.plugin_base import _ConfigInput

from map_expensify_nav.mapper import MapExpensifyNav

EXECUTABLE = Path(sysconfig.get_path("scripts")) / "map-expensify-nav"
GOLDEN = Path(__file__).parent / "golden"
SCHEMA = '{"type": "SCHEMA", "stream": "reports", "schema": {"type": "object"}, "key_properties": ["report_id"]}\n'
RULES = GOLDEN / "combined_in_one_document" / "rules.yml"
DOCUMENT_STREAMS = ["purchase_invoices", "purchase_credit_memos", "journal_entries"]


def settings_file(folder: Path, rules: Path | str) -> Path:
    file = folder / "config.json"
    file.write_text(json.dumps({"rules_file": str(rules)}))
    return file


def run(
    folder: Path, lines: str, rules: Path | str = RULES, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EXECUTABLE, "--config", settings_file(folder, rules)],
        input=lines,
        capture_output=True,
        encoding="utf-8",
        cwd=folder,
        env={**os.environ, **environment},
        timeout=60,
        check=False,
    )


def error_lines(result: subprocess.CompletedProcess[str]) -> list[str]:
    """What a person reads: the messages of level ERROR, without time and name."""
    return [line.split(" | ")[-1] for line in result.stderr.splitlines() if "| ERROR" in line]


def test_reports_become_documents_and_all_else_passes(tmp_path: Path) -> None:
    case = GOLDEN / "everything_else_passes"
    lines = (case / "input.singer").read_text(encoding="utf-8")
    result = run(tmp_path, lines, case / "rules.yml")
    assert result.returncode == 0
    out = result.stdout.splitlines()
    assert [json.loads(line).get("stream") for line in out] == [
        *DOCUMENT_STREAMS,
        "expenses",
        "expenses",
        "purchase_invoices",
        None,
        "expenses",
        "policies",
    ]
    passed = [line for line in out if json.loads(line).get("stream") not in DOCUMENT_STREAMS]
    came = [line for line in lines.splitlines() if json.loads(line).get("stream") != "reports"]
    assert passed == came


def test_output_is_the_same_in_every_time_zone_and_locale(tmp_path: Path) -> None:
    lines = SCHEMA + "".join(
        line + "\n"
        for case in sorted(GOLDEN.iterdir())
        for line in (case / "input.singer").read_text(encoding="utf-8").splitlines()
        if '"stream": "reports"' in line and '"RECORD"' in line
    )
    rules = tmp_path / "rules.yml"
    shutil.copy(GOLDEN / "dates" / "rules.yml", rules)
    places = [
        ("Asia/Tokyo", "C"),
        ("America/Los_Angeles", "C.UTF-8"),
        ("Pacific/Kiritimati", "POSIX"),
    ]
    outputs = {run(tmp_path, lines, rules, TZ=zone, LC_ALL=name).stdout for zone, name in places}
    assert len(outputs) == 1
    assert outputs.pop().count("\n") > 50


def test_a_report_leaves_before_the_next_message_is_read(tmp_path: Path) -> None:
    """Nothing is kept back: the end of input is no sign that the tap finished."""
    with subprocess.Popen(
        [EXECUTABLE, "--config", settings_file(tmp_path, RULES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    ) as process:
        assert process.stdin
        assert process.stdout
        case = (GOLDEN / "combined_in_one_document" / "input.singer").read_text(encoding="utf-8")
        process.stdin.write(case)
        process.stdin.flush()
        streams = [json.loads(process.stdout.readline())["stream"] for _ in range(4)]
        assert streams == [*DOCUMENT_STREAMS, "purchase_invoices"]
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == ""
        assert process.wait(timeout=30) == 143


def test_a_reader_that_has_gone_is_one_sentence(tmp_path: Path) -> None:
    lines = SCHEMA + '{"type": "STATE", "value": {}}\n' * 20_000
    with subprocess.Popen(
        [EXECUTABLE, "--config", settings_file(tmp_path, RULES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(lines, timeout=60)
    assert process.returncode == 1
    assert "The program that reads the documents has ended." in errors
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors


def test_a_typo_in_the_rules_file_is_one_line(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(RULES.read_text().replace("accounts:", "acounts:"))
    result = run(tmp_path, SCHEMA, rules)
    assert result.returncode == 78
    assert result.stdout == ""
    assert error_lines(result) == [
        "rules.yml:2 accounts: is missing. Add accounts.",
        "rules.yml:6 acounts: is not a key here. Did you mean accounts?",
    ]
    assert "Traceback" not in result.stderr


def test_a_missing_rules_file_is_one_line(tmp_path: Path) -> None:
    result = run(tmp_path, SCHEMA, "nowhere.yml")
    assert result.returncode == 78
    assert error_lines(result) == [
        "nowhere.yml: cannot be read: no such file or directory. Check the setting rules_file."
    ]
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (
            '{"type": "BATCH", "stream": "reports", "encoding": {"format": "jsonl"}, "manifest": ["file:///tmp/a"]}',
            (
                "The tap sent a BATCH message for the stream 'reports', which the mapper does not read. Remove "
                "batch_config from the tap's settings."
            ),
        ),
        (
            '{"type": "BATCH", "stream": "expenses", "encoding": {"format": "jsonl"}, "manifest": []}',
            (
                "The tap sent a BATCH message for the stream 'expenses', which the mapper does not read. Remove "
                "batch_config from the tap's settings."
            ),
        ),
        (
            '{"type": "RECORD", "stream": "reports", "record": {"secret_name": "Ann"}}',
            (
                "A record of the stream 'reports' is no report: it has no report_id. Check that the mapper follows "
                "tap-expensify (or a tap with the same `reports` stream)."
            ),
        ),
        (
            '{"type": "RECORD", "stream": "reports", "record": {"report_id": "R1", "expenses": ["Ann"]}}',
            "Report R1 cannot be read: its 'expenses' are not a list of objects. Check the tap's version.",
        ),
        (
            '{"type": "RECORD", "stream": "reports"}',
            (
                "A record of the stream 'reports' is no report: it has no report_id. Check that the mapper follows "
                "tap-expensify (or a tap with the same `reports` stream)."
            ),
        ),
        (
            '{"type": "RECORD", "Ann',
            (
                "Standard input holds a line of 23 characters that is not JSON (JSONDecodeError). Check what runs "
                "before the mapper."
            ),
        ),
        (
            '{"type": "RECURD", "Ann": 1}',
            "Standard input holds a line that is no Singer message. Check what runs before the mapper.",
        ),
        (
            '["Ann"]',
            "Standard input holds a line that is no Singer message. Check what runs before the mapper.",
        ),
    ],
)
def test_what_cannot_be_mapped_ends_the_run_without_telling_peoples_data(
    message: str, error: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SystemExit) as ended:
        MapExpensifyNav.invoke(
            config=_ConfigInput({"rules_file": str(RULES)}),
            file_input=StringIO(f"{SCHEMA}{message}\n"),
        )
    assert ended.value.code == 65
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.getMessage() for record in errors] == [error]
    assert not any(record.exc_info for record in errors)
    assert "Ann" not in caplog.text


def test_a_batch_ends_the_run_with_one_sentence(tmp_path: Path) -> None:
    result = run(tmp_path, SCHEMA + '{"type": "BATCH", "stream": "reports", "manifest": []}\n')
    assert result.returncode == 65
    assert len(error_lines(result)) == 1
    assert "Traceback" not in result.stderr


def test_a_record_before_its_schema_ends_the_run(tmp_path: Path) -> None:
    result = run(
        tmp_path, '{"type": "RECORD", "stream": "reports", "record": {"report_id": "R1"}}\n'
    )
    assert result.returncode == 65
    assert error_lines(result) == [
        "A record of the stream 'reports' came before its SCHEMA message. Check what runs before the mapper."
    ]


def test_it_says_what_it_can_do() -> None:
    result = subprocess.run(
        [EXECUTABLE, "--about", "--format", "json"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    about: dict[str, Any] = json.loads(result.stdout)
    assert about["capabilities"] == ["about", "structured-logging"]
    assert list(about["settings"]["properties"]) == ["rules_file", "run_date"]


def test_time_of_extraction_travels_with_the_documents(tmp_path: Path) -> None:
    record = {"type": "RECORD", "stream": "reports", "record": {"report_id": "R1"}}
    result = run(
        tmp_path, SCHEMA + json.dumps({**record, "time_extracted": "2026-02-03T10:00:00Z"})
    )
    message = json.loads(result.stdout.splitlines()[3])
    assert message["time_extracted"] == "2026-02-03T10:00:00+00:00"
