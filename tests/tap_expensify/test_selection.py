"""What is not selected is not asked for: fields leave the template, and private ones are in it only when asked for."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest

from tap_expensify import schemas
from tap_expensify.policies import policy_record
from tap_expensify.records import report_record
from tap_expensify.streams import ApprovedReportsStream
from tap_expensify.template import EVERYTHING, Wanted, expense_fields, report_fields, template

if TYPE_CHECKING:
    from expense_sandbox.expensify.server import ExpensifyServer

PRIVATE = ("attendees", "report.actionList", "action.details", "receiptObject")


def asked(tap: Any) -> str:
    """The template that the selected streams of a tap make."""
    streams = [s for s in tap.streams.values() if s.selected]
    wanted = [s.wanted() for s in streams if isinstance(s, ApprovedReportsStream)]
    total = wanted[0]
    for other in wanted[1:]:
        total |= other
    return template(total)


def select(tap: Any, *streams: str, without: tuple[str, ...] = ()) -> Any:
    for name, stream in tap.streams.items():
        stream.metadata.root.selected = name in streams
        for column in without:
            if ("properties", column) in stream.metadata:
                stream.metadata["properties", column].selected = False
        stream._mask = None
    return tap


@pytest.mark.parametrize("word", PRIVATE)
def test_private_parts_are_not_asked_for_by_default(
    new_tap: Any, config: dict[str, Any], word: str
) -> None:
    assert word not in asked(new_tap(config=config))
    assert word not in template(EVERYTHING)


@pytest.mark.parametrize(
    ("setting", "stream", "word"),
    [
        ("include_attendees", "expenses", "attendees"),
        ("include_attendees", "reports", "attendees"),
        ("include_receipt_urls", "expenses", "receiptObject"),
        ("include_receipt_urls", "reports", "receiptObject"),
        ("include_action_comments", "report_actions", "action.details"),
    ],
)
def test_a_setting_asks_for_one_of_them_and_no_other(
    new_tap: Any, config: dict[str, Any], setting: str, stream: str, word: str
) -> None:
    tap = select(new_tap(config={**config, setting: True}), stream)
    allowed = {word, "report.actionList"} if stream == "report_actions" else {word}
    assert {name for name in PRIVATE if name in asked(tap)} == allowed


def test_actions_are_asked_for_by_their_stream_alone(new_tap: Any, config: dict[str, Any]) -> None:
    source = asked(select(new_tap(config=config), "report_actions"))
    assert "report.actionList" in source
    assert "action.details" not in source
    assert "transactionList" not in source


def test_deselected_columns_leave_the_template(new_tap: Any, config: dict[str, Any]) -> None:
    before = asked(select(new_tap(config=config), "reports", "expenses"))
    without = ("submitter_email", "submitter_full_name", "comment", "approvers", "expenses", "tags")
    source = asked(select(new_tap(config=config), "reports", "expenses", without=without))
    for name in ("accountEmail", "report.submitter", '"comment"', "report.approvers", ".ntag"):
        assert name not in source.replace("tagLevels", "")
    for name in ("accountEmail", "report.submitter", '"comment"', "report.approvers"):
        assert name in before


def test_a_nested_column_is_asked_for_with_all_expenses(
    new_tap: Any, config: dict[str, Any]
) -> None:
    source = asked(select(new_tap(config=config), "reports", without=("expenses",)))
    assert "transactionList" not in source
    assert "transactionList" in asked(select(new_tap(config=config), "reports"))


def test_what_is_asked_for_by_column_fills_that_column(
    new_tap: Any, config: dict[str, Any], expensify: ExpensifyServer
) -> None:
    """Each column alone, against the same column of everything: no column lacks what it is made from."""

    def run(stream: str, without: tuple[str, ...]) -> list[dict[str, Any]]:
        tap = select(new_tap(config=config), stream, without=without)
        text = io.StringIO()
        with redirect_stdout(text):
            tap.sync_all()
        messages = map(json.loads, text.getvalue().splitlines())
        return [m["record"] for m in messages if m["type"] == "RECORD"]

    for stream, schema in (("reports", schemas.REPORTS), ("expenses", schemas.EXPENSES)):
        everything = run(stream, ())[-40:]
        columns = sorted(schema["properties"])
        # A third of the columns at a time is enough to see each of them without most of the others.
        for part in (columns[::3], columns[1::3], columns[2::3]):
            some = run(stream, tuple(set(columns) - set(part)))[-40:]
            for whole, less in zip(everything, some, strict=True):
                assert less == {name: whole[name] for name in less}
                assert set(part) <= set(less)


def test_every_column_is_known_to_the_template() -> None:
    free = {"report_id", "approved_at", "status", "total", "expenses"}
    for column in set(schemas.REPORTS["properties"]) - free:
        assert report_fields([column]), column
    for column in set(schemas.EXPENSES["properties"]) - {
        "transaction_id",
        "report_id",
        "report_status",
        "approved_at",
        "policy_id",
    }:
        assert expense_fields([column]), column


def test_the_marks_never_leave_and_the_whole_file_has_all_there_is() -> None:
    everything = Wanted(
        EVERYTHING.report | {"actionList", "action details"},
        (EVERYTHING.expense or frozenset()) | {"attendees", "receiptObject"},
    )
    for wanted in (EVERYTHING, everything, Wanted(frozenset(), None)):
        assert "<#-- wanted" not in template(wanted)
        assert "<#-- end" not in template(wanted)
    names = set(re.findall(r'"(\w+)"', template(everything)))
    assert {"reportID", "transactionID", "displayName", "message", "url"} <= names


def test_optional_columns_of_records() -> None:
    record = report_record(
        {
            "reportID": "R1",
            "total": "0",
            "actionList": [{"action": "SUBMITTED", "details": {"message": "please"}}, ""],
            "transactionList": [
                {
                    "transactionID": "1",
                    "attendees": [{"email": "a@b.example", "displayName": "Ana"}],
                    "receiptObject": {"url": "https://receipts.example/1"},
                },
                {"transactionID": "2", "attendees": "", "receiptObject": None},
            ],
        }
    )
    first, second = record["expenses"]
    assert first["attendees"] == [{"email": "a@b.example", "full_name": "Ana"}]
    assert first["receipt_url"] == "https://receipts.example/1"
    assert (second["attendees"], second["receipt_url"]) == ([], None)
    assert policy_record({"id": "A"})["policy_id"] == "A"


def test_optional_columns_come_through(run: Any, make_config: Any, expensify: Any) -> None:
    config = make_config(
        expensify,
        include_attendees=True,
        include_action_comments=True,
        include_receipt_urls=True,
    )
    messages = run(config, streams=("reports", "expenses", "report_actions", "report_approvers"))
    expense = messages.records("expenses")[0]
    assert {"attendees", "receipt_url"} <= set(expense)
    assert {"attendees", "receipt_url"} <= set(messages.records("reports")[0]["expenses"][0])
    assert any(action["comment"] for action in messages.records("report_actions"))
    assert '"_actions"' not in json.dumps(messages)
    reports = messages.records("reports")
    approvers = messages.records("report_approvers")
    assert len(approvers) == sum(len(report["approvers"]) for report in reports)
    assert [job.operation for job in expensify.jobs_log] == ["file", "download"]
