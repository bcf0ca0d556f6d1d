"""The Integration Server's answers: envelopes, texts, and the refusals that become envelopes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from expense_sandbox.http import Response

if TYPE_CHECKING:
    from expense_sandbox.expensify.quirks import Quirks

CONTENT_TYPE = "text/plain;charset=utf-8"
"""Of every answer, JSON or not: clients can't tell the two apart by it."""

RATE_LIMITED = (
    "You have been rate-limited. Please try again later or contact help@expensify.com "
    "for assistance."
)


class JobRefusedError(Exception):
    """A job that ends in an error envelope.

    Args:
        code: `responseCode`, e.g. 410.
        message: `responseMessage`.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def text_answer(text: str | bytes) -> Response:
    """HTTP 200 with a bare text."""
    body = text if isinstance(text, bytes) else text.encode()
    return Response(200, {"Content-Type": CONTENT_TYPE}, body)


def envelope(fields: dict[str, Any]) -> Response:
    """HTTP 200 with a JSON object, whatever its `responseCode`."""
    return text_answer(json.dumps(fields, ensure_ascii=False))


def refusal(code: int, message: str) -> Response:
    """HTTP 200 with an error envelope."""
    return envelope({"responseMessage": message, "responseCode": code})


def rate_limited(quirks: Quirks) -> Response:
    """The answer to one request too many; there is no `Retry-After`."""
    if quirks.rate_limit_answer == "http_429_empty":
        return Response(429, {"Content-Type": CONTENT_TYPE})
    answer = refusal(429, RATE_LIMITED)
    answer.status = 200 if quirks.rate_limit_answer == "http_200_json" else 429
    return answer
