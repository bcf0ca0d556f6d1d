"""What an answer of Expensify means. Pure, but for reading the downloaded file.

HTTP status and content type are no guide: errors come as HTTP 200 with `{"responseMessage": …, "responseCode": …}`,
an export's success is a bare file name, a download's success is the file. Where there is no such envelope, the HTTP
status counts, as proxies and gateways answer too.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import IO, TYPE_CHECKING, Any

from tap_expensify.errors import (
    ConfigurationError,
    CredentialsError,
    IncompleteError,
    NotFoundError,
    ProtocolError,
    RateLimitedError,
    RequestRefusedError,
    TapError,
    UnavailableError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

OK = 200
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
TOO_MANY = 429
LARGEST_ENVELOPE = 64 * 1024
_LONGEST_QUOTE = 200
_FILE_NAME = re.compile(r"[^\s<>{}/\\]{1,255}")
_EMAIL = re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+")
_RATE_LIMITED = "rate-limited"
_REDIRECTS = range(300, 400)
# "Not now", whether as an HTTP status or as a code of Expensify's own, whose 500 stands for many a passing trouble.
_UNAVAILABLE = frozenset({408, 425, *range(500, 600)})


@dataclass(frozen=True)
class Answer:
    """One HTTP answer.

    Attributes:
        status: HTTP status.
        headers: Headers as received.
        body: The body; empty when it went to a file.
        secrets: Texts that no message may repeat.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def quoted(self, message: object) -> str:
        """Expensify's own words on one line, without secrets and e-mail addresses, for a message of ours."""
        words = " ".join(str(message or "").split())
        for secret in self.secrets:
            words = words.replace(secret, "***")
        words = _EMAIL.sub("(e-mail address)", words).rstrip(".")
        if not words:
            return "no reason given"
        return words if len(words) <= _LONGEST_QUOTE else words[:_LONGEST_QUOTE] + "…"

    def retry_after(self) -> float | None:
        """Seconds the server asks us to wait, or None."""
        value = next(
            (text for name, text in self.headers.items() if name.lower() == "retry-after"), ""
        ).strip()
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def job_result(answer: Answer) -> dict[str, Any]:
    """The JSON object a job answers with.

    Raises:
        TapError: Anything else.
    """
    found = _object(answer.body)
    if found is None or "responseCode" not in found:
        raise _not_expensify(answer, answer.body)
    if found["responseCode"] != OK:
        raise _refusal(answer, found)
    return found


def export_file_name(answer: Answer) -> str:
    """The name of the file an export job has rendered: bare text, or in an envelope.

    Raises:
        TapError: Anything else.
    """
    found = _object(answer.body)
    if found is not None:
        if found.get("responseCode") != OK:
            raise _refusal(answer, found)
        name = found.get("filename") or found.get("fileName") or ""
    elif answer.status == OK:
        name = answer.body.decode("utf-8", errors="replace").strip()
    else:
        name = ""
    if not isinstance(name, str) or not _FILE_NAME.fullmatch(name):
        raise _not_expensify(answer, answer.body)
    return name


def raise_unless_file(answer: Answer, body: IO[bytes]) -> None:
    """Checks that a download brought a file; its content is for others to judge.

    Args:
        answer: Status and headers.
        body: The downloaded bytes, seekable.

    Raises:
        TapError: An envelope, a web page or nothing came instead.
    """
    size = body.seek(0, os.SEEK_END)
    body.seek(0)
    head = body.read(LARGEST_ENVELOPE)
    body.seek(0)
    found = _object(head) if size <= LARGEST_ENVELOPE else None
    if found is not None and ("responseCode" in found or "responseMessage" in found):
        if found.get("responseCode") == NOT_FOUND:
            raise IncompleteError(
                "Expensify has no file for the export it made.", code="export_not_ready"
            )
        raise _refusal(answer, found)
    if answer.status != OK or not head.strip() or head.lstrip().startswith(b"<"):
        raise _not_expensify(answer, head)


def _object(body: bytes) -> dict[str, Any] | None:
    """The JSON object a body is, or None."""
    if not body.lstrip().startswith(b"{"):
        return None
    try:
        # Numbers with a fraction, such as tax rates, stay as they were written.
        found = json.loads(body, parse_float=str)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _refusal(answer: Answer, envelope: Mapping[str, Any]) -> TapError:
    """The error for an envelope that is not a success; its code counts more than the HTTP status."""
    code = envelope.get("responseCode")
    words = answer.quoted(envelope.get("responseMessage"))
    error: TapError
    if code == TOO_MANY or _RATE_LIMITED in words.lower():
        error = _rate_limited(answer)
    elif code == UNAUTHORIZED:
        error = CredentialsError(f"Expensify does not accept the credentials ({words}).")
    elif code == FORBIDDEN or words.startswith("Not authorized"):
        error = CredentialsError(
            f"The credentials lack the right for what was asked ({words}).",
            code="not_permitted",
            hint="Use the credentials of an administrator of the policies.",
        )
    elif code in _UNAVAILABLE and not words.startswith("Required parameter"):
        error = UnavailableError(
            f"Expensify reports a problem of its own ({words}).", retry_after=answer.retry_after()
        )
    elif code == NOT_FOUND:
        error = NotFoundError(f"Expensify does not find what was asked for ({words}).")
    else:
        error = RequestRefusedError(f"Expensify refuses the request ({words}).")
    return error


def _rate_limited(answer: Answer) -> RateLimitedError:
    return RateLimitedError(
        "Expensify says there were too many requests.", retry_after=answer.retry_after()
    )


def _not_expensify(answer: Answer, body: bytes) -> TapError:
    """The error for an answer that is neither an envelope nor what was asked for."""
    if (found := _object(body)) is not None and "responseCode" in found:
        return _refusal(answer, found)
    status = answer.status
    error: TapError
    if status == TOO_MANY or _RATE_LIMITED.encode() in body[:LARGEST_ENVELOPE].lower():
        error = _rate_limited(answer)
    elif status in _REDIRECTS:
        error = _wrong_address("sends us on to another address")
    elif status in {UNAUTHORIZED, FORBIDDEN}:
        error = CredentialsError(f"The server at base_url refuses access (HTTP {status}).")
    elif status in {NOT_FOUND, METHOD_NOT_ALLOWED}:
        error = _wrong_address(f"has no Integration Server there (HTTP {status})")
    elif status in _UNAVAILABLE:
        error = UnavailableError(
            f"Expensify, or a server before it, has a problem (HTTP {status}).",
            retry_after=answer.retry_after(),
        )
    elif status != OK:
        error = RequestRefusedError(f"The server at base_url refuses the request (HTTP {status}).")
    elif not body.strip():
        error = IncompleteError("Expensify gave an empty answer.", code="empty_answer")
    elif body.lstrip().startswith(b"<"):
        error = UnavailableError(
            "A web page came instead of Expensify's answer.", code="web_page_instead"
        )
    else:
        error = ProtocolError("Expensify's answer is of an unknown form.")
    return error


def _wrong_address(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The server at base_url {what}.",
        code="wrong_base_url",
        hint="base_url must be the whole address of Expensify's Integration Server.",
        field="base_url",
    )
