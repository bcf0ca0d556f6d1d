"""What the console says of a ledger, and what it does there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from target_dynamics_nav.audit import screen
from target_dynamics_nav.audit.command_line import COMMANDS, main
from target_dynamics_nav.audit.command_line import Console as Commands
from target_dynamics_nav.settlement import Status

from .conftest import ANNA, BLOCKED, EUROPE, Console, document

PERSONAL = (ANNA, "anna", "Anna's trip", "Expense 1")


# status


def test_status_counts_and_adds_up(console: Console) -> None:
    view = console.data("status")
    totals = {
        (item["company"], item["status"], item["currency_code"]): (
            item["documents"],
            item["amount"],
        )
        for item in view["totals"]
    }
    assert totals == {
        ("CRONUS Europe", "changed", None): (1, "131"),
        ("CRONUS Europe", "held", None): (1, "130"),
        ("CRONUS Europe", "posted", None): (1, "130"),
        ("CRONUS Europe", "posted", "USD"): (1, "-130"),
        ("CRONUS Europe", "skipped", None): (1, "0"),
        ("CRONUS Services", "posted", None): (1, "130"),
    }
    assert {item["reason_code"] for item in view["waiting"]} == {
        "account_blocked",
        "changed_since_posted",
    }
    assert all(item["since"] for item in view["waiting"])
    assert view["runs"][0]["outcome"] == "finished"


def test_status_of_a_month_and_a_company(console: Console) -> None:
    assert len(console.data("status", "--month", "2026-02")["totals"]) == 1
    assert console.data("status", "--from", "2026-04-01")["totals"] == []
    one = console.data("status", "--company", "CRONUS Services")
    assert [item["status"] for item in one["totals"]] == ["posted"]
    text = console.text("status")
    assert "nav-audit list --waiting" in text
    assert "-130.00" in text


@pytest.mark.parametrize(
    "wrong",
    [
        ("--month", "2026-13"),
        ("--month", "2026-03", "--from", "2026-03-01"),
        ("--from", "2026-03-02", "--to", "2026-03-01"),
    ],
)
def test_a_period_that_is_none(console: Console, wrong: tuple[str, ...]) -> None:
    assert console.run("status", *wrong).exit_code == 2


# list


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "123456"),
        (("--waiting",), "23"),
        (("--status", "posted"), "156"),
        (("--status", "posted", "--status", "skipped"), "1456"),
        (("--month", "2026-02"), "5"),
        (("--company", "CRONUS Services"), "5"),
        (("--employee", "BO@northwind.example"), "3"),
        (("--policy", "Northwind Europe"), "123456"),
        (("--policy", "Nobody's"), ""),
        (("--reason", "account_blocked"), "2"),
    ],
)
def test_list_by(console: Console, options: tuple[str, ...], expected: str) -> None:
    found = console.data("list", *options)
    assert {item["document_key"] for item in found["documents"]} == {f"E{n}-R" for n in expected}
    assert found["of"] == len(expected)


def test_list_in_pages(console: Console) -> None:
    keys = [
        item["document_key"]
        for offset in range(0, 6, 2)
        for item in console.data("list", "--limit", "2", "--offset", str(offset))["documents"]
    ]
    assert sorted(keys) == [f"E{number}-R" for number in range(1, 7)]
    assert "2 of 6 shown" in console.text("list", "--limit", "2")


# explain


@pytest.mark.parametrize("name", ["R002aB", "4702", "E2-R", "e2-r"])
def test_explain_by_any_name(console: Console, name: str) -> None:
    [story] = console.data("explain", name)["documents"]
    assert story["document_key"] == "E2-R"
    assert story["reasons"][0]["code"] == "account_blocked"
    assert story["next_steps"][0] == "Unblock the account in NAV."
    assert any("waive R002aB" in step for step in story["next_steps"])


@pytest.mark.parametrize("name", ["108001", "1001"])
def test_explain_by_nav_number_or_expense(console: Console, name: str) -> None:
    [story] = console.data("explain", name)["documents"]
    assert story["document_key"] == "E1-R"
    assert [item["nav_number"] for item in story["nav_documents"]] == ["108001"]


def test_explain_says_which_rule_decided_each_value(console: Console) -> None:
    [story] = console.data("explain", "E1-R")["documents"]
    first, second = story["read"]["lines"]
    assert first["decided_by"] == {
        "account_number": "accounts.by_category (line 9): category 'Airfare'",
        "dimensions.PROJECT": "dimensions.PROJECT (line 20): tag 'Oslo'",
    }
    assert second["decided_by"] == {
        "account_number": "accounts.by_category (line 10): category 'Hotel'"
    }
    assert (first["account_number"], first["amount"]) == ("8430", "120.00")
    assert [event["kind"] for event in story["events"]] == ["looked_up", "posted"]
    text = console.text("explain", "E1-R")
    assert "account number of line 1: accounts.by_category (line 9): category 'Airfare'" in text
    assert "Posted in NAV as 108001." in text


def test_explain_tells_nav_s_own_words_and_both_versions(console: Console) -> None:
    assert "NAV refused to post it (nav_refused): Ask (name hidden)" in console.text(
        "explain", "E2-R"
    )
    [story] = console.data("explain", "E3-R")["documents"]
    assert story["read"]["total"] == "131"
    assert story["posted"]["total"] == "130"


def test_names_are_shown_only_when_asked_for(console: Console) -> None:
    for command in (
        ("explain", "E1-R"),
        ("explain", "E2-R"),
        ("list",),
        ("export", "--format", "json"),
    ):
        plain = console.text(*command) + (
            console.text(*command, "--json") if command[0] != "export" else ""
        )
        assert not [text for text in PERSONAL if text in plain], command
    named = console.text("explain", "E1-R", "--with-names")
    for text in (ANNA, "Anna's trip", "Expense 120.00"):
        assert text in named
    assert ANNA in console.text("list", "--with-names")


def test_a_report_nobody_knows(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAP_EXPENSIFY_PARTNER_USER_ID", raising=False)
    view = console.data("explain", "R00never", code=1)
    assert view["expensify"]["code"] == "not_asked"
    assert "TAP_EXPENSIFY_PARTNER_USER_ID" in view["expensify"]["next_steps"][0]
    assert console.run("waive", "R00never", "--reason", "x").exit_code == 1


def test_texts_cannot_steer_a_terminal(console: Console) -> None:
    ledger = console.ledger()
    evil = document(9, source={"id": "R9\x1b[2J\u202e", "number": "1"})
    ledger.record_standing(EUROPE, evil, Status.HELD, [BLOCKED])
    ledger.close()
    for text in (console.text("list"), console.text("explain", "E9-R")):
        assert "\x1b" not in text
        assert "\u202e" not in text


# waive, unwaive, retry


def test_waive_and_open_again(console: Console) -> None:
    text = console.text("waive", "R002aB", "--reason", "Paid in cash", "--who", "berta")
    assert "E2-R (CRONUS Europe) is waived" in text
    [story] = console.data("explain", "E2-R")["documents"]
    assert story["status"] == "waived"
    assert (story["waived"]["by"], story["waived"]["reason"]) == ("berta", "Paid in cash")
    assert "account_blocked" not in console.text("status")
    again = console.run("waive", "R002aB", "--reason", "x")
    assert (again.exit_code, "not_waiting" in again.output) == (1, True)
    assert "waits again" in console.text("unwaive", "R002aB", "--who", "carla")
    assert console.run("unwaive", "R002aB").exit_code == 1
    assert "account_blocked" in console.text("status")
    assert console.run("waive", "R002aB", "--reason", "  ").exit_code == 2
    [story] = console.data("explain", "E2-R")["documents"]
    assert [event["who"] for event in story["events"]][-2:] == ["berta", "carla"]


@pytest.mark.parametrize(
    ("report", "told", "replays"),
    [
        ("E1-R", "stays there", False),
        ("E2-R", "the next run reads it again by itself", True),
        ("E3-R", "differs now", True),
        ("E4-R", "a rule skips it", True),
    ],
)
def test_retry_says_what_happens(
    console: Console, report: str, told: str, *, replays: bool
) -> None:
    [answer] = console.data("retry", report)["documents"]
    assert told in answer["message"]
    number = int(report[1])
    command = f"""TAP_EXPENSIFY_REPORT_IDS='["R{number:03}aB"]' meltano run expensify-to-nav"""
    assert answer["command"] == (command if replays else None)


def test_retry_takes_a_waiver_back(console: Console) -> None:
    console.text("waive", "E3-R", "--reason", "Rounding")
    [answer] = console.data("retry", "E3-R")["documents"]
    assert (answer["unwaived"], answer["was"]) == (True, "waived")
    assert "it is changed again" in answer["message"]
    [story] = console.data("explain", "E3-R")["documents"]
    assert story["status"] == "changed"


# diff


def test_diff(console: Console, tmp_path: Path) -> None:
    [answer] = console.data("diff", "E3-R", code=1)["documents"]
    assert {item["field"] for item in answer["differences"]} == {"total", "lines"}
    assert "total: posted 130.00, now 131.00" in console.text("diff", "E3-R", code=1)
    assert console.data("diff", "E1-R")["documents"][0]["differs"] is False
    assert "nothing of it is posted" in console.text("diff", "E2-R")


def feed_file(place: Path, *records: dict[str, Any]) -> str:
    lines = [
        json.dumps({"type": "RECORD", "stream": record.pop("kind"), "record": record})
        for record in records
    ]
    place.write_text("\n".join(['{"type": "STATE", "value": {}}', *lines]), encoding="utf-8")
    return str(place)


def test_diff_with_what_is_read_now(console: Console, tmp_path: Path) -> None:
    from tests.target_dynamics_nav.desk import line, record

    now = record(
        document_key="E1-R", total="120.00", lines=[line("8430", "120.00")], source={"id": "R001aB"}
    )
    file = feed_file(tmp_path / "now.jsonl", now)
    assert "now 120.00" in console.text("diff", "E1-R", "--documents", file, code=1)
    gone = console.data("diff", "E3-R", "--documents", file, code=1)
    assert "nothing would be posted" in gone["documents"][0]["differences"][0]["message"]
    (tmp_path / "bad.jsonl").write_text("no json", encoding="utf-8")
    bad = console.run("diff", "E1-R", "--documents", str(tmp_path / "bad.jsonl"))
    assert (bad.exit_code, "documents_unreadable" in bad.output) == (65, True)
    assert console.run("diff", "E1-R", "--documents", str(tmp_path / "none")).exit_code == 65


# verify, purge


def test_verify_says_what_was_altered_and_where(console: Console) -> None:
    whole = console.data("verify")
    assert (whole["alterations"], whole["events"] > 8, len(whole["hash"])) == ([], True, 64)
    ledger = console.ledger()
    with ledger._database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE events SET data = replace(data, 'nav_refused', 'other') WHERE kind = 'refused'"
        )
    ledger.close()
    altered = console.data("verify", code=1)
    [place] = altered["alterations"]
    assert (place["kind"], place["document_key"]) == ("refused", "E2-R")
    assert "refused of E2-R" in console.text("verify", code=1)


def test_verify_says_which_document_does_not_stand_as_recorded(console: Console) -> None:
    assert console.data("verify")["documents"] == []
    ledger = console.ledger()
    with ledger._database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE documents SET status = 'posted' WHERE document_key = 'E2-R'"
        )
    ledger.close()
    altered = console.data("verify", code=1)
    assert altered["alterations"] == []
    assert "E2-R" in altered["documents"][0]["what"]
    assert "E2-R" in console.text("verify", code=1)


def test_purge_of_a_person(console: Console) -> None:
    assert console.run("purge", "--person", ANNA, input="n\n").exit_code == 1
    assert ANNA in console.text("explain", "E1-R", "--with-names")
    assert "Texts of 5 documents were removed." in console.text("purge", "--person", ANNA, "--yes")
    text = console.text("explain", "E1-R", "--with-names")
    assert not [word for word in PERSONAL if word in text]
    assert "120.00" in text
    assert console.data("verify")["alterations"] == []


def test_purge_of_what_is_old(console: Console) -> None:
    assert console.run("purge", "--yes").exit_code == 2
    assert console.data("purge", "--before", "2020-01-01", "--yes")["documents"] == 0
    # What waits is kept: documents 2 and 3.
    assert console.data("purge", "--before", "2099-01-01", "--yes")["documents"] == 4
    assert "Anna's trip" in console.text("explain", "E2-R", "--with-names")
    assert "Anna's trip" not in console.text("explain", "E1-R", "--with-names")
    assert console.data("verify")["alterations"] == []


# The console itself


def test_no_ledger_is_made_by_looking(tmp_path: Path) -> None:
    nowhere = Console(tmp_path / "none.sqlite3")
    result = nowhere.run("status")
    assert (result.exit_code, "ledger_missing" in result.output) == (78, True)
    assert not nowhere.place.exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_teaches(console: Console, name: str) -> None:
    text = console.text(name, "--help")
    assert len(text.splitlines()) > 8
    assert "--ledger" in text


def test_the_help_lists_every_command(console: Console) -> None:
    assert isinstance(main, Commands)
    text = console.text("--help")
    assert all(name in text for name in COMMANDS)
    assert "Exit codes" in text


def test_a_terminal_gets_a_table_with_nothing_left_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    screen.table(
        ("Report", "Total"), [("[red]R1[/red]", "1,000.00"), ("x" * 60, "2.00")], right=(1,)
    )
    shown = capsys.readouterr().out
    assert "[red]R1[/red]" in shown
    assert shown.count("x") == 60
    assert "1,000.00" in shown
