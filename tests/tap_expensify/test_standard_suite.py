"""The SDK's own suite for taps, against the Expensify sandbox."""

from __future__ import annotations

import atexit
import dataclasses
from typing import Any

from singer_sdk.testing import SuiteConfig, get_tap_test_class

from expense_sandbox.credentials import ExpensifyCredentials
from expense_sandbox.data import build_world
from expense_sandbox.expensify.server import ExpensifyServer
from tap_expensify.tap import TapExpensify

# The suite makes its class, and with it a tap, when this module is imported: so the server has to be there by then.
# It listens from here on but answers nobody before the first test.
_WORLD = build_world()
_SERVER = ExpensifyServer(
    dataclasses.replace(_WORLD, reports=_WORLD.reports[::10]),
    credentials=ExpensifyCredentials("suite", "suite-secret"),
    rate_limits=False,
)
_SERVER.start()
atexit.register(_SERVER.stop)

_CONFIG = {
    "partner_user_id": "suite",
    "partner_user_secret": "suite-secret",
    "base_url": _SERVER.endpoint_url,
    "start_date": "2026-01-01",
    "domains": "northwind.example",
    "card_days": 3000,
}


def _all_selected() -> dict[str, Any]:
    """A catalog with every stream, those that are not selected by default included."""
    catalog = TapExpensify(config=_CONFIG).catalog_dict
    for stream in catalog["streams"]:
        for item in stream["metadata"]:
            if not item["breadcrumb"]:
                item["metadata"]["selected"] = True
    return catalog


# Nothing is excluded: all tests of the suite's three parts run on all streams.
TestTapExpensify = get_tap_test_class(
    TapExpensify,
    config=_CONFIG,
    suite_config=SuiteConfig(max_records_limit=200),
    catalog=_all_selected(),
)
