"""The settings as types, checked. Pure: no input or output."""

from __future__ import annotations

import contextlib
import ipaddress
import json
from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tap_expensify.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_BASE_URL = "https://integrations.expensify.com/Integration-Server/ExpensifyIntegrations"
REPORT_STATES = ("OPEN", "SUBMITTED", "APPROVED", "REIMBURSED", "ARCHIVED")
DEFAULT_REPORT_STATES = ("APPROVED", "REIMBURSED")
DEFAULT_LOOKBACK_DAYS = 7
DEFAULT_REQUEST_TIMEOUT = 300
DEFAULT_CARD_FEED = "export_all_feeds"
DEFAULT_CARD_DAYS = 90

EARLIEST = datetime(2008, 1, 1, tzinfo=timezone.utc)
"""Expensify opened in 2008: asking for earlier years would only cost requests."""


@dataclass(frozen=True)
class Credentials:
    """Expensify's pair of partner credentials; the secret stays out of every `repr`."""

    user_id: str
    user_secret: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """What the tap was asked to do.

    Attributes:
        credentials: Partner user id and secret.
        base_url: Expensify's endpoint, whole.
        start: Reports approved before this instant are never emitted; aware, UTC.
        end: Reports approved after this instant are not emitted; aware, UTC; None for no limit.
        policy_ids: Only these policies; empty for all.
        report_states: States asked for, e.g. ("APPROVED", "REIMBURSED").
        lookback_days: How many days before the bookmark are read again.
        request_timeout: Seconds to wait for Expensify to answer.
        recheck_days: How long after its approval a report that is not yet final is read again; 0 for never.
        report_ids: These reports and no others, whatever the bookmark; empty for all.
        domains: Domains whose company cards are read.
        card_feed: Feed of card transactions.
        card_days: How many days of card transactions each run reads.
        include_attendees: Whether expenses carry their attendees.
        include_action_comments: Whether actions carry what people wrote.
        include_receipt_urls: Whether expenses carry the addresses of their receipts.
    """

    credentials: Credentials
    base_url: str
    start: datetime
    end: datetime | None
    policy_ids: tuple[str, ...]
    report_states: tuple[str, ...]
    lookback_days: int
    request_timeout: float
    recheck_days: int = 0
    report_ids: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    card_feed: str = DEFAULT_CARD_FEED
    card_days: int = DEFAULT_CARD_DAYS
    include_attendees: bool = False
    include_action_comments: bool = False
    include_receipt_urls: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Reads the tap's configuration.

        Args:
            config: The configuration as the SDK holds it.

        Raises:
            ConfigurationError: A setting is missing or wrong; names it.
        """
        start = _instant(config, "start_date", end_of_day=False)
        if start is None:
            raise _wrong("start_date", None, "is missing", "Set it to a date, e.g. 2026-01-01.")
        end = _instant(config, "end_date", end_of_day=True)
        if end is not None and end < start:
            raise _wrong("end_date", str(config["end_date"]), "lies before start_date")
        states = tuple(
            state.upper()
            for state in list_setting(config, "report_states") or DEFAULT_REPORT_STATES
        )
        for state in states:
            if state not in REPORT_STATES:
                raise _wrong(
                    "report_states",
                    state,
                    "names a state Expensify does not have",
                    f"Choose from {', '.join(REPORT_STATES)}.",
                )
        return cls(
            credentials=Credentials(
                _required_text(config, "partner_user_id"),
                _required_text(config, "partner_user_secret"),
            ),
            base_url=checked_base_url(config.get("base_url") or DEFAULT_BASE_URL),
            start=max(start, EARLIEST),
            end=end,
            policy_ids=list_setting(config, "policy_ids"),
            report_states=states,
            lookback_days=_whole_number(config, "lookback_days", DEFAULT_LOOKBACK_DAYS, least=0),
            request_timeout=_whole_number(
                config, "request_timeout", DEFAULT_REQUEST_TIMEOUT, least=1
            ),
            recheck_days=_whole_number(config, "recheck_days", 0, least=0),
            report_ids=list_setting(config, "report_ids"),
            domains=list_setting(config, "domains"),
            card_feed=str(config.get("card_feed") or DEFAULT_CARD_FEED),
            card_days=_whole_number(config, "card_days", DEFAULT_CARD_DAYS, least=1),
            include_attendees=asked_for(config, "include_attendees"),
            include_action_comments=asked_for(config, "include_action_comments"),
            include_receipt_urls=asked_for(config, "include_receipt_urls"),
        )


def asked_for(config: Mapping[str, Any], name: str) -> bool:
    """Reads a setting that is off unless it is true.

    Raises:
        ConfigurationError: It is neither true nor false: what is private is not exposed by a slip of the pen.
    """
    value = config.get(name)
    if value is not None and not isinstance(value, bool):
        raise _wrong(name, None, "must be true or false")
    return value is True


def list_setting(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Reads a setting that is an array or, as in an environment variable, text with commas.

    Args:
        config: The configuration.
        name: Name of the setting.

    Raises:
        ConfigurationError: It is neither.
    """
    value = config.get(name)
    if value is None:
        return ()
    items: object = value
    if isinstance(value, str) and value.strip().startswith("["):
        # The form in which Meltano writes an array into the environment.
        with contextlib.suppress(ValueError):
            items = json.loads(value)
    elif isinstance(value, str):
        items = value.split(",")
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise _wrong(name, None, "must be a list or text separated by commas")
    return tuple(dict.fromkeys(item.strip() for item in items if item.strip()))


def checked_base_url(value: object) -> str:
    """Returns the endpoint if the credentials may be sent there.

    Raises:
        ConfigurationError: It is not an address, carries credentials, or would send them in clear over a network.
    """
    hint = f"The real one is {DEFAULT_BASE_URL}."
    if not isinstance(value, str):
        raise _wrong("base_url", None, "must be text", hint)
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _wrong("base_url", None, "is not an internet address", hint) from error
    if parts.scheme not in {"http", "https"} or not host or port == 0:
        raise _wrong("base_url", None, "is not a whole address with https://", hint)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _wrong(
            "base_url", None, "must be the address alone, without user, password or query", hint
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise _wrong(
            "base_url",
            None,
            "must begin with https://, as the secret would cross the network in clear",
            hint,
        )
    return value


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong(name: str, value: str | None, what: str, hint: str | None = None) -> ConfigurationError:
    shown = f" ({value})" if value else ""
    return ConfigurationError(
        f"The setting {name}{shown} {what}.",
        code="setting_wrong",
        hint=hint,
        field=name,
        value=value,
    )


def _required_text(config: Mapping[str, Any], name: str) -> str:
    value = config.get(name)
    if not isinstance(value, str) or not value.strip():
        variable = f"TAP_EXPENSIFY_{name.upper()}"
        raise _wrong(
            name, None, "is missing or not text", f"Set it or the environment variable {variable}."
        )
    return value.strip()


def _whole_number(config: Mapping[str, Any], name: str, default: int, *, least: int) -> int:
    value = config.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise _wrong(name, None, f"must be a whole number, at least {least}")
    return value


def _instant(config: Mapping[str, Any], name: str, *, end_of_day: bool) -> datetime | None:
    value = config.get(name)
    if value is None or value == "":
        return None
    hint = "Write a date as 2026-01-31 or a date-time as 2026-01-31T00:00:00Z."
    if not isinstance(value, str):
        raise _wrong(name, None, "must be text", hint)
    try:
        if len(value) == len("2026-01-31"):
            at = time(23, 59, 59) if end_of_day else time(0)
            return datetime.combine(date.fromisoformat(value), at, tzinfo=timezone.utc)
        # Python 3.10 does not read the Z.
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError as error:
        raise _wrong(name, None, "is not a date", hint) from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc)
