"""The faults of an Integration Server, ready to add to a `FaultPlan`."""

from __future__ import annotations

import json
from typing import Final, Literal

from expense_sandbox.expensify.answers import CONTENT_TYPE, RATE_LIMITED
from expense_sandbox.faults import Fault

_TEXT: Final = {"Content-Type": CONTENT_TYPE}
_EXPORT: Final = " file$"
_DOWNLOAD: Final = " download$"


def _envelope(code: int, message: str) -> str:
    return json.dumps({"responseMessage": message, "responseCode": code})


def rate_limited(
    form: Literal["http_429_json", "http_200_json", "http_429_empty"] = "http_429_json",
    *,
    match: str = "",
    times: int = 1,
) -> Fault:
    """Too many requests, told in one of three ways; the job is not done."""
    body = "" if form == "http_429_empty" else _envelope(429, RATE_LIMITED)
    status = 200 if form == "http_200_json" else 429
    return Fault("before", match, times, status=status, headers=_TEXT, body=body)


def unavailable(*, match: str = "", times: int = 1) -> Fault:
    """HTTP 200 with an envelope that says 503; the job is not done."""
    body = _envelope(503, "Service temporarily unavailable")
    return Fault("before", match, times, status=200, headers=_TEXT, body=body)


def bad_gateway(*, match: str = "", times: int = 1) -> Fault:
    """HTTP 502 with a page of HTML, from something in front of the service."""
    body = "<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"
    headers = {"Content-Type": "text/html"}
    return Fault("before", match, times, status=502, headers=headers, body=body)


def reset(*, match: str = "", times: int = 1, after: bool = False) -> Fault:
    """The connection breaks, before or after the job was done."""
    return Fault("reset_after" if after else "reset_before", match, times)


def slow(seconds: float, *, match: str = _EXPORT, times: int = 1) -> Fault:
    """The answer takes so long, as the submission of a large export does."""
    return Fault("delay", match, times, delay_seconds=seconds)


def not_ready(form: Literal["envelope", "empty"] = "envelope", *, times: int = 1) -> Fault:
    """Downloads find nothing yet: a 404 envelope, or no bytes at all."""
    body = "" if form == "empty" else _envelope(404, "File not found")
    return Fault("before", _DOWNLOAD, times, status=200, headers=_TEXT, body=body)


def truncated_download(
    keep_bytes: int | None = None, *, times: int = 1, silent: bool = True
) -> Fault:
    """Downloads end early; `silent` ones declare the shorter length, so HTTP notices nothing."""
    return Fault("truncate", _DOWNLOAD, times, keep_bytes=keep_bytes, silent=silent)
