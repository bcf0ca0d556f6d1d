from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from tap_expensify.errors import ConfigurationError
from tap_expensify.settings import DEFAULT_BASE_URL, EARLIEST, Settings, is_loopback, list_setting

GOOD = {
    "partner_user_id": "aa_user",
    "partner_user_secret": "top-secret",
    "start_date": "2026-01-01",
}


def test_defaults() -> None:
    found = Settings.from_config(GOOD)
    assert found.base_url == DEFAULT_BASE_URL
    assert found.report_states == ("APPROVED", "REIMBURSED")
    assert found.policy_ids == ()
    assert found.lookback_days == 7
    assert found.request_timeout == 300
    assert found.start == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert found.end is None


def test_the_secret_is_in_no_repr() -> None:
    assert "top-secret" not in repr(Settings.from_config(GOOD))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["A", "B"], ("A", "B")),
        ("A,B", ("A", "B")),
        (" A , B ,, A", ("A", "B")),
        ('["A", "B"]', ("A", "B")),
        ("123", ("123",)),
        ("", ()),
        ([], ()),
        (None, ()),
    ],
)
def test_lists_in_every_form(written: Any, read: tuple[str, ...]) -> None:
    assert list_setting({"policy_ids": written}, "policy_ids") == read


def test_an_end_date_is_its_whole_day_and_a_date_time_is_an_instant() -> None:
    day = Settings.from_config({**GOOD, "end_date": "2026-01-31"})
    assert day.end == datetime(2026, 1, 31, 23, 59, 59, tzinfo=timezone.utc)
    instant = Settings.from_config({**GOOD, "end_date": "2026-01-31T12:00:00+02:00"})
    assert instant.end == datetime(2026, 1, 31, 10, tzinfo=timezone.utc)


def test_a_start_before_expensify_existed_costs_nothing() -> None:
    assert Settings.from_config({**GOOD, "start_date": "1970-01-01"}).start == EARLIEST


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("partner_user_id", ""),
        ("partner_user_secret", None),
        ("partner_user_secret", 12345678),
        ("start_date", None),
        ("start_date", "01/31/2026"),
        ("start_date", 20260131),
        ("end_date", "2025-12-31"),
        ("report_states", ["APPROVED", "PAID"]),
        ("report_states", {"a": 1}),
        ("policy_ids", [1]),
        ("policy_ids", "[broken"),
        ("lookback_days", -1),
        ("lookback_days", "7"),
        ("lookback_days", True),
        ("request_timeout", 0),
        ("base_url", "http://expensify.example/Integration-Server"),
        ("base_url", "http://10.0.0.1/x"),
        ("base_url", "ftp://127.0.0.1/x"),
        ("base_url", "https://user:pass@integrations.expensify.com/x"),
        ("base_url", "https://integrations.expensify.com/x?a=b"),
        ("base_url", "integrations.expensify.com"),
        ("base_url", "https://[broken"),
        ("base_url", 5),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_config({**GOOD, name: value})
    assert caught.value.field == name
    assert name in caught.value.message
    for secret in ("top-secret", "12345678", "user:pass"):
        assert secret not in caught.value.sentence()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8701/Integration-Server/ExpensifyIntegrations",
        "http://localhost:8701/x",
        "http://[::1]:8701/x",
        "https://integrations.expensify.com/Integration-Server/ExpensifyIntegrations",
    ],
)
def test_safe_addresses(url: str) -> None:
    assert Settings.from_config({**GOOD, "base_url": url}).base_url == url


@pytest.mark.parametrize("host", ["localhost.example.com", "127.0.0.1.example.com", "0.0.0.0"])  # noqa: S104
def test_what_only_looks_like_this_machine(host: str) -> None:
    assert not is_loopback(host)


def test_states_are_read_in_any_case() -> None:
    found = Settings.from_config({**GOOD, "report_states": "approved, archived"})
    assert found.report_states == ("APPROVED", "ARCHIVED")
