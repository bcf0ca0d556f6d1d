"""When an alert is sent, how often, and what it says."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.faults import ALWAYS, Fault
from target_dynamics_nav.alerts import Alarm
from target_dynamics_nav.alerts.settings import alert_settings
from target_dynamics_nav.catalogue import page_of
from tests.target_dynamics_nav.desk import Desk
from tests.target_dynamics_nav.nav_stand_in import NAME

from .conftest import Call
from .feeds import document, feed, held
from .stand_ins import Webhook


def waits_since(it: Desk, key: str, since: str) -> None:
    """Time has passed."""
    with sqlite3.connect(it.ledger) as connection:
        connection.execute(
            "UPDATE documents SET held_since = ? WHERE document_key = ?", (since, key)
        )


def only(hook: Webhook) -> dict[str, Any]:
    (message,) = hook.messages
    return message


# Nothing to tell


def test_nothing_is_sent_when_nothing_is_wrong(call: Call, hook: Webhook) -> None:
    done = call("one_of_each_kind", alert_webhook_url=hook.url)
    assert done.exit_code == 0
    assert hook.messages == []
    assert done.events("alert.sent") == []


def test_nothing_is_sent_unless_somebody_is_named(call: Call, tmp_path: Path) -> None:
    done = call(feed(tmp_path, held()))
    assert done.events("alert.sent") == done.events("alert.failed") == []


def test_only_what_is_asked_for_is_told(call: Call, tmp_path: Path, hook: Webhook) -> None:
    call(feed(tmp_path, held()), alert_webhook_url=hook.url, alert_on=["run_failed", "changed"])
    assert hook.messages == []


def test_a_preview_is_not_told(call: Call, tmp_path: Path, hook: Webhook) -> None:
    call(feed(tmp_path, held()), alert_webhook_url=hook.url, mode="preview")
    assert hook.messages == []


# Held, changed, aged


def test_held_documents_are_told_once_a_run(call: Call, tmp_path: Path, hook: Webhook) -> None:
    documents = [document(), held("E200-R"), held("E201-R", "10.00", currency_code="USD")]
    path = feed(tmp_path, *documents)
    done = call(path, alert_webhook_url=hook.url)
    assert done.exit_code == 0
    message = only(hook)
    (request,) = hook.requests
    assert request.headers["content-type"] == "application/json"
    assert message["occasions"] == ["held"]
    assert message["run"]["outcome"] == "finished"
    assert message["run"]["company"] == NAME
    assert message["documents"] == {"held": 2, "posted": 1}
    assert message["totals"] == {
        "posted": {"EUR": "100.00"},
        "held": {"EUR": "50.25", "USD": "10.00"},
    }
    assert message["reasons"] == [
        {
            "status": "held",
            "code": "account_missing",
            "documents": 2,
            "totals": {"EUR": "50.25", "USD": "10.00"},
            "docs": "docs/errors/account_missing.md",
        }
    ]
    assert [each["report_id"] for each in message["waiting"]] == ["R00E200-R", "R00E201-R"]
    first = message["waiting"][0]
    assert (first["document_key"], first["total"], first["currency_code"]) == (
        "E200-R",
        "50.25",
        "EUR",
    )
    assert first["company"] == NAME
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\S+Z", first["waiting_since"])
    assert message["aged"] == {"days": 7, "documents": 0, "totals": {}}

    call(path, alert_webhook_url=hook.url)
    assert len(hook.messages) == 2
    assert hook.messages[1]["run"]["id"] != message["run"]["id"]


def test_the_run_in_the_message_is_the_one_in_the_ledger(
    it: Desk, call: Call, tmp_path: Path, hook: Webhook
) -> None:
    call(feed(tmp_path, held()), alert_webhook_url=hook.url)
    with sqlite3.connect(it.ledger) as connection:
        (row,) = connection.execute("SELECT run_id, outcome, ended_at IS NOT NULL FROM runs")
    assert row == (only(hook)["run"]["id"], "finished", 1)


def test_a_changed_document_is_told(call: Call, tmp_path: Path, hook: Webhook) -> None:
    call(feed(tmp_path, document()), alert_webhook_url=hook.url)
    assert hook.messages == []
    other = {**document(), "total": "120.00"}
    other["lines"] = [{**document()["lines"][0], "amount": "120.00"}]
    call(feed(tmp_path, other), alert_webhook_url=hook.url)
    message = only(hook)
    assert message["occasions"] == ["changed"]
    assert message["reasons"][0]["code"] == "changed_since_posted"


def test_what_waits_for_long_is_told_although_no_run_reads_it(
    it: Desk, call: Call, tmp_path: Path, hook: Webhook
) -> None:
    call(feed(tmp_path, held(), held("E201-R")))
    waits_since(it, "E200-R", "2020-01-01T00:00:00.000000Z")
    call("no_documents", alert_webhook_url=hook.url)
    message = only(hook)
    assert message["occasions"] == ["aged"]
    assert message["aged"] == {"days": 7, "documents": 1, "totals": {"": "50.25"}}
    (waiting,) = message["waiting"]
    assert (waiting["document_key"], waiting["aged"], waiting["status"]) == ("E200-R", True, "held")
    assert "waiting for more than 7 days" in message["text"]


def test_a_document_is_aged_from_the_day_that_is_set(
    it: Desk, call: Call, tmp_path: Path, hook: Webhook
) -> None:
    call(feed(tmp_path, held()))
    waits_since(it, "E200-R", "2020-01-01T00:00:00.000000Z")
    call("no_documents", alert_webhook_url=hook.url, alert_aged_days=100_000)
    assert hook.messages == []
    call("no_documents", alert_webhook_url=hook.url, alert_aged_days=1)
    assert only(hook)["aged"]["days"] == 1


def test_a_document_that_is_held_and_aged_is_listed_once(
    it: Desk, call: Call, tmp_path: Path, hook: Webhook
) -> None:
    path = feed(tmp_path, held())
    call(path)
    waits_since(it, "E200-R", "2020-01-01T00:00:00.000000Z")
    call(path, alert_webhook_url=hook.url)
    message = only(hook)
    assert message["occasions"] == ["held", "aged"]
    (waiting,) = message["waiting"]
    assert waiting["waiting_since"] == "2020-01-01T00:00:00.000000Z"


# Runs that stop


def test_an_outage_is_told(it: Desk, call: Call, tmp_path: Path, hook: Webhook) -> None:
    it.fail(Fault("before", match=".", status=503, times=ALWAYS))
    done = call(feed(tmp_path, document()), alert_webhook_url=hook.url)
    assert done.exit_code == 75
    message = only(hook)
    assert message["occasions"] == ["run_failed"]
    assert message["run"]["outcome"] == "nav_unavailable"
    assert page_of("nav_unavailable") in message["text"]


def test_an_outage_in_the_middle_is_told_with_what_it_left(
    it: Desk, call: Call, tmp_path: Path, hook: Webhook
) -> None:
    it.fail(Fault("before", match=r"purchaseInvoices|\$batch", status=503, times=ALWAYS))
    done = call(feed(tmp_path, document()), alert_webhook_url=hook.url)
    message = only(hook)
    assert done.exit_code in {0, 75}
    assert message["occasions"] == ["run_failed"]
    assert message["documents"] == {"failed": 1}


def test_unusable_input_is_told(call: Call, hook: Webhook) -> None:
    done = call("stops_batch", alert_webhook_url=hook.url)
    assert done.exit_code == 65
    message = only(hook)
    assert message["run"]["outcome"] == "batch_refused"
    assert message["documents"] == {"posted": 1}


def test_a_run_that_never_began_is_told_and_leaves_no_ledger(
    it: Desk, call: Call, tmp_path: Path, hook: Webhook
) -> None:
    stray = tmp_path / "stray.singer"
    schema = {"type": "SCHEMA", "stream": "x", "schema": {"properties": {}}, "key_properties": []}
    stray.write_text(json.dumps(schema) + "\n")
    done = call(stray, alert_webhook_url=hook.url)
    assert done.exit_code == 78
    message = only(hook)
    assert message["run"] == {"id": None, "outcome": "stream_unknown", "company": NAME}
    assert message["aged"]["documents"] is None
    assert not it.ledger.exists()


def test_the_alarm_of_fail_on_held_is_no_failure_of_the_run(
    call: Call, tmp_path: Path, hook: Webhook
) -> None:
    done = call(feed(tmp_path, held()), alert_webhook_url=hook.url, fail_on_held=True)
    assert done.exit_code == 65
    assert only(hook)["occasions"] == ["held"]


def test_a_run_that_somebody_ended_is_not_told(tmp_path: Path, hook: Webhook) -> None:
    settings = alert_settings({"alert_webhook_url": hook.url})
    alarm = Alarm(settings, company=NAME, ledger_url=f"sqlite:///{tmp_path / 'none.sqlite3'}")
    alarm.tell("terminated")
    assert hook.messages == []


def test_the_same_run_is_told_once(tmp_path: Path, hook: Webhook) -> None:
    settings = alert_settings({"alert_webhook_url": hook.url})
    alarm = Alarm(settings, company=NAME, ledger_url=f"sqlite:///{tmp_path / 'none.sqlite3'}")
    alarm.tell("crashed")
    alarm.tell("crashed")
    assert only(hook)["run"]["outcome"] == "crashed"


# What a message holds


def test_a_message_names_nobody_by_default(call: Call, tmp_path: Path, hook: Webhook) -> None:
    done = call(feed(tmp_path, held()), alert_webhook_url=hook.url)
    sent = hook.requests[0].body.decode()
    for private in ("anna", "Anna", "trip", "8999"):
        assert private not in sent
    assert "anna@" not in done.text


def test_a_message_says_more_when_it_may(call: Call, tmp_path: Path, hook: Webhook) -> None:
    everything = ["report_names", "submitters", "messages"]
    call(feed(tmp_path, held()), alert_webhook_url=hook.url, alert_include=everything)
    message = only(hook)
    (waiting,) = message["waiting"]
    assert waiting["report_name"] == "Anna's trip <!channel>"
    assert waiting["submitter"] == "anna@northwind.example"
    assert waiting["message"] == "NAV has no G/L account 8999."
    assert "nna" not in message["text"]


def test_the_chat_text_has_no_markup_whatever_a_feed_sends(
    call: Call, tmp_path: Path, hook: Webhook
) -> None:
    evil = held()
    evil["source"] = {"system": "x", "id": "<!here> [click](http://evil.example) *R1*"}
    evil["problems"] = [{"code": "<@U1>", "message": "x", "field": None, "value": None}]
    call(feed(tmp_path, evil), alert_webhook_url=hook.url)
    message = only(hook)
    assert not set("<>[]*&`@!|") & set(message["text"])
    assert message["reasons"][0]["docs"] is None


def test_links_lead_to_the_catalogue_that_is_set(call: Call, tmp_path: Path, hook: Webhook) -> None:
    wiki = "https://wiki.northwind.example/{code}?lang=en"
    done = call(feed(tmp_path, held()), alert_webhook_url=hook.url, docs_url=wiki)
    page = "https://wiki.northwind.example/account_missing?lang=en"
    assert only(hook)["waiting"][0]["docs"] == page
    assert f"More about account_missing: {page}" in done.text


def test_long_lists_are_cut_and_say_so(call: Call, tmp_path: Path, hook: Webhook) -> None:
    documents = [held(f"E{number}-R", "1.00") for number in range(1000, 1105)]
    call(feed(tmp_path, *documents), alert_webhook_url=hook.url)
    message = only(hook)
    assert len(message["waiting"]) == 100
    assert message["waiting_not_shown"] == 5
    assert "and 95 more" in message["text"]
    assert message["reasons"][0]["totals"] == {"EUR": "105.00"}


@pytest.mark.parametrize(
    ("docs_url", "page"),
    [
        ("docs/errors/{code}.md", "docs/errors/vendor_missing.md"),
        ("https://wiki.example/errors/", "https://wiki.example/errors/vendor_missing.md"),
        ("https://wiki.example/#{code}", "https://wiki.example/#vendor_missing"),
    ],
)
def test_the_page_of_a_code(docs_url: str, page: str) -> None:
    assert page_of("vendor_missing", docs_url) == page
    for no_code in (None, "", "../secret", "Two words", "<script>"):
        assert page_of(no_code, docs_url) is None
