"""Simulated time: latency for every request, time for every operation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav


def seconds(action: Callable[[], object]) -> float:
    start = time.monotonic()
    action()
    return time.monotonic() - start


def test_a_request_waits_and_a_batch_waits_once(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(latency=0.15)
    part = {"method": "GET", "url": f"companies({nav.company_id})/accounts?$top=1"}
    assert seconds(lambda: nav.get("accounts?$top=1")) >= 0.15
    assert 0.15 <= seconds(lambda: nav.batch([part] * 10)) < 1.0
    assert seconds(lambda: nav.control("GET", "health")) < 0.15


def test_operations_take_their_time_in_a_batch_too(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(operation_time=0.05)
    part = {"method": "GET", "url": f"companies({nav.company_id})/accounts?$top=1"}
    assert seconds(lambda: nav.get("accounts?$top=1")) >= 0.05
    assert seconds(lambda: nav.batch([part] * 10)) >= 0.5
