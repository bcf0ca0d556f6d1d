"""How alerts go out, and that one that does not arrive changes nothing."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.http import Response
from target_dynamics_nav.alerts import Alarm
from target_dynamics_nav.alerts.settings import alert_settings
from target_dynamics_nav.errors import ConfigurationError
from tests.target_dynamics_nav.encrypted import certificate
from tests.target_dynamics_nav.nav_stand_in import NAME

from . import stand_ins
from .conftest import Call
from .feeds import feed, held
from .stand_ins import KEY, PASSWORD, USER, Webhook

SENDER, RECIPIENT = "expenses@northwind.example", "finance@northwind.example"


def by_mail(box: stand_ins.Mailbox, **changes: Any) -> dict[str, Any]:
    return {
        "alert_email_to": [RECIPIENT],
        "alert_email_from": SENDER,
        "alert_smtp_host": "127.0.0.1",
        "alert_smtp_port": box.port,
        **changes,
    }


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server on this machine needs to speak TLS; its authority is trusted in this test."""
    authority, chain = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


# E-mail


def test_an_email_goes_encrypted_and_with_a_login(
    call: Call, tmp_path: Path, tls: ssl.SSLContext
) -> None:
    with stand_ins.mailbox(tls, login=True) as box:
        login = {"alert_smtp_username": USER, "alert_smtp_password": PASSWORD}
        done = call(feed(tmp_path, held()), **by_mail(box, **login))
    (letter,) = box.letters
    assert box.encrypted == [True]
    assert box.logins == [USER.encode()]
    assert letter["Subject"] == f"Expense posting, {NAME}: 1 held"
    assert (letter["From"], letter["To"]) == (SENDER, RECIPIENT)
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime.tzinfo is not None
    assert letter["Message-ID"].endswith("@northwind.example>")
    text = letter.get_content()
    assert "  1 held (50.25 EUR)" in text
    assert "  1 document held: account_missing (50.25 EUR)" in text
    assert "    More: docs/errors/account_missing.md" in text
    today = datetime.now(timezone.utc).date()
    lines = {
        f"  R00E200-R (E200-R, {NAME}): held, account_missing, 50.25 EUR, waiting since {day}"
        for day in (today, today - timedelta(days=1))
    }
    assert lines & set(text.splitlines())
    assert "anna" not in text.lower()
    assert PASSWORD not in done.text
    assert [event["way"] for event in done.events("alert.sent")] == ["mail server"]


def test_an_email_says_more_when_it_may(call: Call, tmp_path: Path, tls: ssl.SSLContext) -> None:
    with stand_ins.mailbox(tls) as box:
        everything = ["report_names", "submitters", "messages"]
        call(feed(tmp_path, held()), **by_mail(box, alert_include=everything))
    text = box.letters[0].get_content()
    assert "Anna's trip" in text
    assert "anna@northwind.example" in text
    assert "NAV has no G/L account 8999." in text


def test_words_of_a_feed_cannot_look_like_lines_of_the_letter(
    call: Call, tmp_path: Path, tls: ssl.SSLContext
) -> None:
    forged = held()
    forged["source"] = {"system": "x", "id": "R1\n\nAll is well.\n"}
    with stand_ins.mailbox(tls) as box:
        call(feed(tmp_path, forged), **by_mail(box))
    lines = [line.strip() for line in box.letters[0].get_content().splitlines()]
    assert "All is well." not in lines
    assert any(line.startswith("R1 All is well. (E200-R") for line in lines)


def test_a_mail_server_on_this_machine_needs_no_encryption(call: Call, tmp_path: Path) -> None:
    with stand_ins.mailbox() as box:
        call(feed(tmp_path, held()), **by_mail(box, alert_smtp_security="none"))
    assert box.encrypted == [False]


def test_a_server_that_offers_no_encryption_gets_nothing(call: Call, tmp_path: Path) -> None:
    with stand_ins.mailbox() as box:
        done = call(feed(tmp_path, held()), **by_mail(box))
    assert box.letters == []
    assert done.exit_code == 0
    assert warning(done.log) == not_handed_to(
        "mail server", "it does not offer the encryption or login that is set"
    )


def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    call: Call, tmp_path: Path, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with stand_ins.mailbox(tls) as box:
        done = call(feed(tmp_path, held()), **by_mail(box))
    assert box.letters == []
    assert "its certificate is not trusted" in warning(done.log)


def test_a_wrong_password_is_one_warning_without_it(
    call: Call, tmp_path: Path, tls: ssl.SSLContext
) -> None:
    with stand_ins.mailbox(tls, login=True) as box:
        login = {"alert_smtp_username": USER, "alert_smtp_password": "wr0ng-s3cret"}
        done = call(feed(tmp_path, held()), **by_mail(box, **login))
    assert box.letters == []
    assert set(box.logins) == {USER.encode()}
    assert warning(done.log) == not_handed_to("mail server", "it does not accept user and password")
    assert "wr0ng-s3cret" not in done.text


def test_a_refused_letter_is_not_sent_again(
    call: Call, tmp_path: Path, tls: ssl.SSLContext
) -> None:
    with stand_ins.mailbox(tls) as box:
        box.refuse = f"554 no, {PASSWORD}"
        done = call(feed(tmp_path, held()), **by_mail(box))
    assert warning(done.log) == not_handed_to("mail server", "it answered 554")
    assert PASSWORD not in done.text


def test_webhook_and_mail_get_one_message_each(
    call: Call, tmp_path: Path, hook: Webhook, tls: ssl.SSLContext
) -> None:
    with stand_ins.mailbox(tls) as box:
        done = call(feed(tmp_path, held()), alert_webhook_url=hook.url, **by_mail(box))
    assert (len(hook.messages), len(box.letters)) == (1, 1)
    assert len(done.events("alert.sent")) == 2


def test_one_that_fails_does_not_keep_the_other_from_going(
    call: Call, tmp_path: Path, tls: ssl.SSLContext
) -> None:
    url = f"http://127.0.0.1:{closed_port()}/{KEY}"
    with stand_ins.mailbox(tls) as box:
        done = call(feed(tmp_path, held()), alert_webhook_url=url, **by_mail(box))
    assert len(box.letters) == 1
    assert len(done.events("alert.failed")) == 1


# Webhooks that do not take it


def warning(log: list[logging.LogRecord]) -> str:
    """The one warning about alerts."""
    (record,) = (each for each in log if getattr(each, "event_type", None) == "alert.failed")
    assert record.levelno == logging.WARNING
    return record.getMessage()


def not_handed_to(way: str, why: str) -> str:
    return (
        f"The alert was not handed to the {way}: {why}. The run is not affected, and the alert is "
        "not repeated."
    )


def test_an_unreachable_webhook_changes_nothing(call: Call, tmp_path: Path) -> None:
    path = feed(tmp_path, held())
    url = f"http://127.0.0.1:{closed_port()}/services/{KEY}"
    done = call(path, alert_webhook_url=url)
    assert done.exit_code == 0
    assert warning(done.log) == not_handed_to("webhook", "it could not be reached")
    assert KEY not in done.text
    assert done.errors == []


@pytest.mark.parametrize("status", [500, 404, 429, 302])
def test_a_webhook_that_refuses_is_asked_once(
    call: Call, tmp_path: Path, hook: Webhook, status: int
) -> None:
    with stand_ins.webhook() as elsewhere:
        headers = {"Location": elsewhere.url, "Retry-After": "0"}
        hook.answer = Response(status, headers, f"no, {KEY}".encode())
        done = call(feed(tmp_path, held()), alert_webhook_url=hook.url)
    assert elsewhere.requests == []
    assert len(hook.requests) == 1
    assert warning(done.log) == not_handed_to("webhook", f"it answered {status}")
    assert KEY not in done.text


def test_a_webhook_that_fails_leaves_the_exit_code_of_a_failed_run(
    call: Call, hook: Webhook
) -> None:
    hook.answer = Response(500)
    done = call("stops_batch", alert_webhook_url=hook.url)
    assert done.exit_code == 65
    (error,) = done.errors
    assert "[batch_refused]" in error


def test_nobody_waits_long_for_a_server_that_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with stand_ins.silent_server() as port, caplog.at_level(logging.INFO):
        alarm = Alarm(
            alert_settings({"alert_webhook_url": f"http://127.0.0.1:{port}/{KEY}"}),
            company=NAME,
            ledger_url=f"sqlite:///{tmp_path / 'none.sqlite3'}",
            patience_seconds=0.2,
        )
        before = time.monotonic()
        alarm.tell("crashed")
        took = time.monotonic() - before
    assert took < 5
    assert warning(caplog.records) == not_handed_to("webhook", "it did not answer in time")


# Settings


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        (
            {"alert_webhook_url": f"http://hooks.example/{KEY}"},
            "address_not_encrypted",
            "alert_webhook_url",
        ),
        (
            {"alert_webhook_url": f"https://user:{KEY}@hooks.example/"},
            "address_malformed",
            "alert_webhook_url",
        ),
        ({"alert_webhook_url": KEY}, "address_malformed", "alert_webhook_url"),
        ({"alert_email_to": [RECIPIENT]}, "setting_missing", "alert_email_from"),
        (
            {"alert_email_to": [RECIPIENT], "alert_email_from": SENDER},
            "setting_missing",
            "alert_smtp_host",
        ),
        (
            {
                "alert_email_to": ["Finance <finance@northwind.example>"],
                "alert_email_from": SENDER,
                "alert_smtp_host": "mail.example",
            },
            "setting_wrong",
            "alert_email_to",
        ),
        (
            {
                "alert_email_to": ["a@b.example\nBcc: c@d.example"],
                "alert_email_from": SENDER,
                "alert_smtp_host": "mail.example",
            },
            "setting_wrong",
            "alert_email_to",
        ),
        (
            {
                "alert_email_to": [RECIPIENT],
                "alert_email_from": SENDER,
                "alert_smtp_host": "mail.example",
                "alert_smtp_security": "none",
            },
            "address_not_encrypted",
            "alert_smtp_security",
        ),
        (
            {
                "alert_email_to": [RECIPIENT],
                "alert_email_from": SENDER,
                "alert_smtp_host": "mail.example",
                "alert_smtp_username": USER,
            },
            "setting_missing",
            "alert_smtp_password",
        ),
    ],
)
def test_settings_that_cannot_work_stop_the_start(
    settings: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        alert_settings(settings)
    error = caught.value
    assert (error.code, error.field) == (code, field)
    assert KEY not in f"{error.message} {error.hint} {error.value} {error.__context__!r}"


def test_wrong_settings_are_one_sentence_and_nothing_is_posted(call: Call, tmp_path: Path) -> None:
    done = call(feed(tmp_path, held()), alert_webhook_url=f"http://hooks.example/{KEY}")
    assert done.exit_code == 78
    (error,) = done.errors
    assert "[address_not_encrypted]" in error
    assert KEY not in done.text


def test_a_key_in_the_query_of_a_webhook_is_kept(call: Call, tmp_path: Path, hook: Webhook) -> None:
    call(feed(tmp_path, held()), alert_webhook_url=f"{hook.url}?code={KEY}")
    assert hook.requests[0].query == f"code={KEY}"


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_usual_ports(security: str, port: int) -> None:
    settings = alert_settings(
        {
            "alert_email_to": [RECIPIENT],
            "alert_email_from": SENDER,
            "alert_smtp_host": "127.0.0.1",
            "alert_smtp_security": security,
        }
    )
    assert settings.mail is not None
    assert settings.mail.port == port
