"""The tap's settings as the SDK and Meltano see them: names, types, defaults, descriptions."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_expensify import settings as defaults

_LIST = th.CustomType({"type": ["array", "string", "null"], "items": {"type": "string"}})

CONFIGURATION: dict[str, Any] = th.PropertiesList(
    th.Property(
        "partner_user_id",
        th.StringType(min_length=1),
        required=True,
        title="Partner user id",
        description="Expensify's partnerUserID, made at "
        "https://www.expensify.com/tools/integrations/",
    ),
    th.Property(
        "partner_user_secret",
        th.StringType(min_length=1),
        required=True,
        secret=True,
        title="Partner user secret",
        description="Expensify's partnerUserSecret, shown once with the id",
    ),
    th.Property(
        "base_url",
        th.StringType,
        default=defaults.DEFAULT_BASE_URL,
        title="Base URL",
        description="Whole address of Expensify's Integration Server; https, "
        "or http on this machine",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        required=True,
        title="Start date",
        description="Reports approved before it are never read (date or date-time, UTC)",
    ),
    th.Property(
        "end_date",
        th.DateTimeType,
        title="End date",
        description="Reports approved after it are not read; a date means its whole day",
    ),
    th.Property(
        "policy_ids",
        _LIST,
        title="Policy ids",
        description="Only reports of these policies; array, or text separated by commas. "
        "All policies if empty",
    ),
    th.Property(
        "report_states",
        _LIST,
        default=list(defaults.DEFAULT_REPORT_STATES),
        title="Report states",
        description="States asked for, among OPEN, SUBMITTED, APPROVED, REIMBURSED and "
        "ARCHIVED; array, or text separated by commas. Reports that were never approved "
        "are left out in any case",
    ),
    th.Property(
        "lookback_days",
        th.IntegerType(minimum=0, maximum=3660),
        default=defaults.DEFAULT_LOOKBACK_DAYS,
        title="Lookback days",
        description="How many days before the bookmark each run reads again",
    ),
    th.Property(
        "request_timeout",
        th.IntegerType(minimum=1, maximum=3600),
        default=defaults.DEFAULT_REQUEST_TIMEOUT,
        title="Request timeout",
        description="Seconds to wait for Expensify, which renders an export before it answers",
    ),
    th.Property(
        "recheck_days",
        th.IntegerType(minimum=0, maximum=3660),
        default=0,
        title="Recheck days",
        description="How many days after its approval a report that is not yet reimbursed is read "
        "again by id in each run, so that a late reimbursement or withdrawal is seen; 0 for never",
    ),
    th.Property(
        "report_ids",
        _LIST,
        title="Report ids",
        description="Replay: only these reports are read, whatever the bookmark, which stays "
        "where it is; array, or text separated by commas",
    ),
    th.Property(
        "domains",
        _LIST,
        title="Domains",
        description="E-mail domains whose company cards are read by domain_cards and "
        "card_transactions; needs a domain administrator. Array, or text separated by commas",
    ),
    th.Property(
        "card_feed",
        th.StringType,
        default=defaults.DEFAULT_CARD_FEED,
        title="Card feed",
        description="Feed of card transactions; all feeds by default",
    ),
    th.Property(
        "card_days",
        th.IntegerType(minimum=1, maximum=3660),
        default=defaults.DEFAULT_CARD_DAYS,
        title="Card days",
        description="How many days of card transactions each run reads, up to today",
    ),
    th.Property(
        "include_attendees",
        th.BooleanType,
        default=False,
        title="Include attendees",
        description="Expenses carry the names and e-mail addresses of attendees, "
        "people outside the company included",
    ),
    th.Property(
        "include_action_comments",
        th.BooleanType,
        default=False,
        title="Include action comments",
        description="Stream report_actions carries what people wrote in the report's history",
    ),
    th.Property(
        "include_receipt_urls",
        th.BooleanType,
        default=False,
        title="Include receipt URLs",
        description="Expenses carry the addresses of their receipts' images, which open for "
        "people logged in to Expensify",
    ),
).to_dict()
