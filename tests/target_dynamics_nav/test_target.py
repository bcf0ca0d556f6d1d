"""The target as Singer sees it: messages in, STATE and log out, exit code."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from expense_sandbox.faults import ALWAYS, Fault
from target_dynamics_nav import target as target_module
from target_dynamics_nav.settings import CONFIG_JSONSCHEMA
from target_dynamics_nav.target import TargetDynamicsNav

from .desk import Desk, desk
from .nav_stand_in import CREDENTIALS, NAME

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Ended:
    """A finished call of the command line."""

    exit_code: int
    states: list[str]
    output: str
    log: list[logging.LogRecord]

    @property
    def errors(self) -> list[str]:
        return [entry.getMessage() for entry in self.log if entry.levelno >= logging.ERROR]

    @property
    def text(self) -> str:
        """Everything that anybody could read."""
        return self.output + "\n".join(
            f"{entry.getMessage()} {entry.exc_text}" for entry in self.log
        )

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [vars(entry) for entry in self.log if getattr(entry, "event_type", None) == kind]


Call = Callable[..., Ended]


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def settings(it: Desk) -> dict[str, Any]:
    return {
        "base_url": f"{it.server.url}/api/v2.0",
        "company": NAME,
        "auth_method": "basic",
        "username": CREDENTIALS.username,
        "password": CREDENTIALS.password,
        "ledger_url": f"sqlite:///{it.ledger}",
        "retry_seconds": 1,
    }


@pytest.fixture
def call(
    tmp_path: Path,
    settings: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Call]:
    """The command line, in this process: `call("file", setting=value)`; None leaves a setting out."""
    for name in list(os.environ):
        if name.startswith("TARGET_DYNAMICS_NAV_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(feed: str, *arguments: str, **changes: Any) -> Ended:
        merged = {**settings, **changes}
        config = tmp_path / "config.json"
        config.write_text(
            json.dumps({name: value for name, value in merged.items() if value is not None})
        )
        caplog.clear()
        with caplog.at_level(logging.DEBUG, "target-dynamics-nav"):
            done = CliRunner().invoke(
                TargetDynamicsNav.get_singer_command(),
                arguments or ["--config", str(config), "--input", str(DATA / f"{feed}.singer")],
            )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        return Ended(done.exit_code, lines, done.output, list(caplog.records))

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def state(day: int) -> str:
    return json.dumps({"bookmarks": {"reports": {"replication_key_value": f"2026-01-0{day}"}}})


def run_outcomes(it: Desk) -> list[tuple[str, dict[str, int]]]:
    with sqlite3.connect(it.ledger) as connection:
        rows = connection.execute("SELECT outcome, counts FROM runs ORDER BY started_at")
        return [(outcome, json.loads(counts)) for outcome, counts in rows]


# Feeds that end


FEEDS = {
    "one_of_each_kind": ({"posted": 3}, 3),
    "held_in_the_middle": ({"posted": 2, "held": 1}, 1),
    "state_without_documents": ({}, 4),
    "no_documents": ({}, 5),
    "activate_version": ({"posted": 1}, 1),
    "schema_changes": ({"posted": 2}, 1),
    "unknown_fields": ({"posted": 1}, 1),
    "amounts_as_numbers": ({"posted": 1}, 1),
    "unfit_record": ({"held": 1, "posted": 1}, None),
    "document_twice": ({"posted": 1}, 2),
}


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_ends_with_its_counts_and_its_last_settled_state(
    it: Desk, call: Call, feed: str
) -> None:
    counts, day = FEEDS[feed]
    done = call(feed)
    assert done.exit_code == 0, done.errors
    assert run_outcomes(it) == [("finished", counts)]
    assert done.states[-1:] == ([state(day)] if day else [])


def test_ignored_streams_are_counted_and_said(it: Desk, call: Call) -> None:
    done = call("ignored_stream", ignore_streams=["exp*"])
    assert done.exit_code == 0
    assert "1 records of stream 'expenses' were ignored, as ignore_streams says." in done.text
    assert done.states == [state(1)]


def test_the_second_time_nothing_is_posted_and_the_state_is_the_same(it: Desk, call: Call) -> None:
    first = call("one_of_each_kind")
    writes = it.nav_books.write_count
    second = call("one_of_each_kind")
    assert it.nav_books.write_count == writes
    assert second.states[-1] == first.states[-1]
    assert run_outcomes(it)[1] == ("finished", {"already_posted": 3})


# Feeds that stop the run: what came before them counts


STOPS = {
    "stops_unknown_stream": (78, "stream_unknown"),
    "stops_no_key": (65, "document_key_unusable"),
    "stops_key_missing": (65, "document_key_unusable"),
    "stops_batch": (65, "batch_refused"),
    "stops_cut_line": (65, "input_unreadable"),
    "stops_no_json": (65, "input_unreadable"),
    "stops_unknown_message": (65, "input_unreadable"),
    "stops_incomplete_message": (65, "input_unreadable"),
    "stops_record_before_schema": (65, "input_unusable"),
}


@pytest.mark.parametrize("feed", STOPS)
def test_what_stops_a_run_is_one_sentence_and_keeps_what_is_done(
    it: Desk, call: Call, feed: str
) -> None:
    exit_code, code = STOPS[feed]
    done = call(feed)
    assert done.exit_code == exit_code
    (error,) = done.errors
    assert error.endswith(f"[{code}] More: docs/errors/{code}.md")
    assert "\n" not in error
    assert "Secret Person" not in done.text
    assert done.states == [state(1)]
    assert run_outcomes(it) == [(code, {"posted": 1})]
    assert done.events("run.stopped")[0]["reason"] == code


def test_an_unparsable_line_is_never_shown(call: Call) -> None:
    assert "A line of the input is not a Singer message" in call("stops_no_json").text


# Exit codes


def test_held_documents_alarm_only_when_asked_to(it: Desk, call: Call) -> None:
    done = call("held_in_the_middle", fail_on_held=True)
    assert done.exit_code == 65
    assert done.states[-1] == state(1)
    assert call("one_of_each_kind", fail_on_held=True).exit_code == 0


def test_wrong_credentials(it: Desk, call: Call) -> None:
    done = call("one_of_each_kind", password="another-key-of-mine")
    assert done.exit_code == 77
    assert len(done.errors) == 1
    assert "another-key-of-mine" not in done.text
    assert "No documents in the input" not in done.text
    assert run_outcomes(it)[0][0] == "nav_rejected_credentials"


def test_an_unknown_company_names_the_ones_there_are(call: Call) -> None:
    done = call("one_of_each_kind", company="CRONUS")
    assert done.exit_code == 78
    assert '"CRONUS Test"' in done.errors[0]


def test_nav_down_from_the_start(call: Call) -> None:
    done = call("one_of_each_kind", base_url="http://127.0.0.1:9/api/v2.0")
    assert done.exit_code == 75
    assert len(done.errors) == 1


def test_nav_down_in_the_middle(it: Desk, call: Call) -> None:
    it.fail(Fault("before", r"POST \S+/\$batch", status=503, skip=4, times=ALWAYS))
    done = call("one_of_each_kind", window=1)
    assert done.exit_code == 75
    it.server.faults.clear()
    posted = run_outcomes(it)[0][1].get("posted", 0)
    assert posted
    assert done.states[-1] == state(posted)
    again = call("one_of_each_kind")
    assert (again.exit_code, again.states[-1]) == (0, state(3))
    assert [it.postings(key) for key in ("E1-R", "E2-R", "E3-C")] == [1, 1, 1]


def test_a_second_run_at_the_same_moment_is_refused(it: Desk, call: Call) -> None:
    from target_dynamics_nav.ledger import Books, Ledger

    other = Ledger(f"sqlite:///{it.ledger}")
    company = it.nav_books.company(NAME)
    assert company is not None
    other.claim(Books(f"{it.server.url}/api/v2.0", company.id, NAME))
    done = call("one_of_each_kind")
    assert done.exit_code == 75
    assert "Another run is writing to the company" in done.errors[0]
    assert f"process {os.getpid()}" in done.errors[0]
    assert it.nav_books.write_count == 0
    other.close()
    assert call("one_of_each_kind").exit_code == 0


# Settings


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"base_url": None}, "base_url"),
        ({"company": None}, "company"),
        ({"mode": "maybe"}, "mode"),
        ({"dialect": "odata_v3"}, "dialect"),
        ({"auth_method": "kerberos"}, "auth_method"),
        ({"password": None}, "password"),
        ({"fail_on_held": "often"}, "fail_on_held"),
        ({"retry_seconds": 0}, "retry_seconds"),
        ({"ledger_url": "nonsense"}, "ledger"),
        ({"base_url": "http://erp.example/api/v2.0"}, "base_url"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(
    call: Call, changes: dict[str, Any], name: str
) -> None:
    done = call("one_of_each_kind", **changes)
    assert done.exit_code == 78
    (error,) = done.errors
    assert name in error


@pytest.mark.parametrize("name", ["password", "client_secret", "ledger_url"])
@pytest.mark.parametrize("value", [4711004711, ["4711004711"], {"a": "4711004711"}])
def test_a_secret_of_a_wrong_type_is_never_shown(call: Call, name: str, value: object) -> None:
    done = call("one_of_each_kind", **{name: value})
    assert done.exit_code == 78
    assert name in done.errors[0]
    assert "4711004711" not in done.text


def test_the_environment_fills_what_the_file_lacks(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_DYNAMICS_NAV_PASSWORD", CREDENTIALS.password)
    monkeypatch.setenv("TARGET_DYNAMICS_NAV_COMPANY", "Another one")
    assert call("one_of_each_kind", password=None).exit_code == 0


def test_a_null_in_the_file_leaves_the_setting_to_the_environment(
    it: Desk, call: Call, tmp_path: Path, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TARGET_DYNAMICS_NAV_PASSWORD", CREDENTIALS.password)
    config = tmp_path / "nulls.json"
    config.write_text(json.dumps({**settings, "password": None, "ignore_streams": None}))
    feed = str(DATA / "one_of_each_kind.singer")
    assert call("", "--config", str(config), "--input", feed).exit_code == 0
    assert it.postings("E1-R") == 1


def test_the_environment_alone_is_enough(
    it: Desk, call: Call, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"TARGET_DYNAMICS_NAV_{name.upper()}", str(value))
    monkeypatch.setenv("TARGET_DYNAMICS_NAV_IGNORE_STREAMS", "expenses, policies")
    monkeypatch.setenv("TARGET_DYNAMICS_NAV_FAIL_ON_HELD", "")
    feed = str(DATA / "ignored_stream.singer")
    assert call("", "--config", "ENV", "--input", feed).exit_code == 0
    assert call("", "--input", feed).exit_code == 0
    assert it.postings("E1-R") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("FAIL_ON_HELD", "ja"), ("REQUEST_TIMEOUT", "5 s"), ("IGNORE_STREAMS", "[x")],
)
def test_an_unfit_variable_is_named(
    call: Call, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"TARGET_DYNAMICS_NAV_{name}", value)
    done = call("one_of_each_kind")
    assert done.exit_code == 78
    assert f"TARGET_DYNAMICS_NAV_{name} is not" in done.errors[0]


@pytest.mark.parametrize("content", [None, "{", "[]", '"password"'])
def test_a_configuration_file_that_is_none(call: Call, tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "broken.json"
    if content is not None:
        path.write_text(content)
    done = call("", "--config", str(path))
    assert done.exit_code == 78
    assert str(path) in done.errors[0]


def test_about_lists_our_settings_and_no_others(call: Call) -> None:
    about = json.loads(call("", "--about", "--format", "json").output)
    assert set(about["settings"]["properties"]) == set(CONFIG_JSONSCHEMA["properties"])
    assert "load_method" not in about["settings"]["properties"]
    help_text = call("", "--help").output
    assert "--about lists the settings" in " ".join(help_text.split())


def test_the_readme_has_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "target-dynamics-nav" / "README.md").read_text("utf-8")
    for name, schema in CONFIG_JSONSCHEMA["properties"].items():
        assert f"`{name}`" in readme
        assert schema["description"]


# STATE


def test_state_is_throttled(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_module, "SECONDS_BETWEEN_STATES", 0.0)
    assert call("one_of_each_kind", window=1).states == [state(1), state(2), state(3)]
    monkeypatch.setattr(target_module, "SECONDS_BETWEEN_STATES", 1e12)
    assert call("one_of_each_kind").states == [state(3)]


def test_state_is_never_ahead_of_a_held_document(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_module, "SECONDS_BETWEEN_STATES", 0.0)
    assert call("held_in_the_middle").states == [state(1)]


def test_state_of_other_taps_comes_out_as_it_came_in(call: Call) -> None:
    feed = (DATA / "state_with_a_fraction.singer").read_text("utf-8")
    assert json.loads(call("state_with_a_fraction").states[-1]) == json.loads(feed)["value"]


def test_a_preview_lets_no_state_go(it: Desk, call: Call) -> None:
    done = call("one_of_each_kind", mode="preview")
    assert (done.exit_code, done.states) == (0, [])
    assert it.nav_books.write_count == 0
    assert call("one_of_each_kind").states[-1] == state(3)


# What people read


def test_the_summary(call: Call) -> None:
    done = call("held_in_the_middle")
    summary = {entry["status"]: entry for entry in done.events("run.summary")}
    assert summary["posted"]["documents"] == 2
    assert summary["posted"]["totals"] == {"EUR": "200.00"}
    assert summary["posted"]["msg"] == "2 documents posted (200.00 EUR)"
    assert summary["held"]["msg"] == "1 document held: a person must correct something (100.00 EUR)"
    held = [entry for entry in done.log if entry.levelno == logging.WARNING]
    assert [entry.getMessage() for entry in held] == [
        (
            "HELD R00Held (E2-R): Category 'Fun' has no G/L account. "
            "What to do: Add it to the rules. [account_unmapped]"
        )
    ]
    fields = vars(held[0])
    assert (fields["event_type"], fields["report"], fields["document_key"], fields["reason"]) == (
        "document.held",
        "R00Held",
        "E2-R",
        "account_unmapped",
    )
    posted = done.events("document.posted")
    assert [entry["document_key"] for entry in posted] == ["E1-R", "E3-R"]
    assert all(entry["nav_number"] for entry in posted)


def test_credits_count_negative_in_the_totals(call: Call) -> None:
    (summary,) = call("one_of_each_kind").events("run.summary")
    assert summary["totals"] == {"EUR": "100.00"}  # 100 − 100 + 100


def test_no_secret_is_in_log_output_or_ledger(it: Desk, call: Call) -> None:
    done = call("held_in_the_middle")
    assert CREDENTIALS.password not in done.text
    assert CREDENTIALS.password.encode() not in it.ledger.read_bytes()


def test_the_run_carries_the_id_of_meltano(
    it: Desk, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MELTANO_RUN_ID", "2e4f3c52-0000-4000-8000-9d2b6d8f3c11")
    call("no_documents")
    call("no_documents")
    with sqlite3.connect(it.ledger) as connection:
        ids = [run_id for (run_id,) in connection.execute("SELECT run_id FROM runs")]
    assert len(set(ids)) == 2
    assert all(run_id.startswith("2e4f3c52-0000-4000-8000-9d2b6d8f3c11-") for run_id in ids)
