"""Reads and writes over HTTP: what may be sent twice, and what an answer is worth.

A read (GET, or a `$batch` of nothing but GETs) is repeated on anything that may pass. A write is repeated only when it
is certain that NAV did not carry it out: 429, a connection that was never made, a 401 after the token ran out. In
every other case its fate is unknown, and `OutcomeUnknownError` says so. Bodies, tokens and queries are never logged.
"""

from __future__ import annotations

import contextlib
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from target_dynamics_nav.errors import (
    DocumentError,
    OutageError,
    OutcomeUnknownError,
    ProtocolError,
    RetryLaterError,
    TargetError,
)
from target_dynamics_nav.nav.batch import (
    MAX_BATCH_PARTS,
    WritePart,
    batch_answers,
    batch_body,
)
from target_dynamics_nav.nav.error_table import NavProblem, classify, is_transient
from target_dynamics_nav.nav.odata import Json, to_json
from target_dynamics_nav.nav.retry import (
    Clock,
    RetryPolicy,
    TransientFailure,
    call_with_retries,
    retry_after_seconds,
)
from target_dynamics_nav.nav.transport import (
    Answer,
    NetworkFailure,
    Transport,
    require_same_origin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from target_dynamics_nav.nav.auth import NavAuth

logger = logging.getLogger(__name__)

T = TypeVar("T")

DEFAULT_REQUESTS_PER_FIVE_MINUTES = 5000
"""Business Central allows 6,000."""
_MAX_LIST_READINGS = 3
_SUCCESSES = frozenset({200, 201, 202, 204})
_JSON_BODY = {"Content-Type": "application/json"}
_FRESH = {"Data-Access-Intent": "ReadWrite"}
_BATCH_HEADERS = {**_JSON_BODY, "Prefer": "odata.continue-on-error"}


class _ListExpired(Exception):  # noqa: N818 - a signal within this module
    """NAV no longer knows the position in a list."""


class NavHttp:
    """Requests to one NAV server, by address relative to `base_url`."""

    def __init__(
        self,
        base_url: str,
        auth: NavAuth,
        *,
        timeout: tuple[float, float],
        policy: RetryPolicy,
        clock: Clock,
        requests_per_five_minutes: int = DEFAULT_REQUESTS_PER_FIVE_MINUTES,
    ) -> None:
        """Open no connection yet.

        Args:
            base_url: Address up to and including `/api/v2.0`, as `transport.checked_address` gave it.
            auth: Signs every request.
            timeout: Seconds to connect, seconds between bytes of an answer.
            policy: How long to repeat what may be repeated.
            clock: Time.
            requests_per_five_minutes: Pace; a `$batch` counts as one.
        """
        self.base_url = base_url
        self.clock = clock
        self._policy = policy
        self._transport = Transport(
            base_url,
            auth,
            timeout=timeout,
            clock=clock,
            requests_per_five_minutes=requests_per_five_minutes,
        )

    def close(self) -> None:
        """Release connections."""
        self._transport.close()

    def get(
        self, url: str, *, fresh: bool = False, absent: Collection[int] = frozenset()
    ) -> Json | None:
        """GET one JSON object.

        Args:
            url: Relative to the base, or absolute on the same origin.
            fresh: Never from a replica; needed wherever the answer decides about a write.
            absent: Statuses that mean "this server does not offer that", answered with None.

        Raises:
            OutageError: No usable answer after all retries.
            StopRunError: The request is refused. A read never raises a DocumentError.
        """
        address = self._address(url)

        def attempt() -> Answer:
            return self._try_read("GET", address, _FRESH if fresh else {}, None)

        answer = self._repeat(attempt)
        if answer.status in absent:
            return None
        return _read_object(answer)

    def get_all(
        self, url: str, *, fresh: bool = False, absent: Collection[int] = frozenset()
    ) -> list[Json] | None:
        """All rows of a collection, page after page; None when its status is among `absent`.

        Raises:
            ProtocolError: The link to a further page leads to another server.
            OutageError: As `get`; or NAV gives up the list again and again.
        """
        for _ in range(_MAX_LIST_READINGS):
            with contextlib.suppress(_ListExpired):
                return self._pages(url, fresh=fresh, absent=absent)
            logger.warning("NAV gave up a list in the middle; reading it again from the start")
        raise OutageError(
            "NAV gives up a list in the middle again and again.",
            code="list_expired",
            hint="Try again later.",
        )

    def batch_get(self, urls: Sequence[str]) -> list[Json]:
        """Several fresh GETs in one `$batch`, at most 100; the answers in the order of `urls`, each a whole 200.

        Raises:
            RetryLaterError: NAV answers, but not well on every part, after all retries.
            OutageError: No usable answer after all retries.
            StopRunError: A part, or the batch, is refused.
        """
        parts = [("GET", url, None, _FRESH) for url in urls]
        data = batch_body(parts)
        headers = {**_BATCH_HEADERS, **_FRESH}

        def attempt() -> list[Json]:
            answer = self._try_read("POST", f"{self.base_url}/$batch", headers, data)
            return [
                self._batched_read(part) for part in batch_answers(_read_object(answer), len(parts))
            ]

        return self._repeat(attempt)

    def write(
        self,
        method: str,
        url: str,
        body: Json | None = None,
        *,
        etag: str | None = None,
        absent: Collection[int] = frozenset(),
    ) -> Answer:
        """One write, carried out at most once as far as anyone can know.

        Args:
            method: POST, PATCH or DELETE.
            url: Relative to the base.
            body: JSON object, or None for actions and DELETE.
            etag: Version the write is meant for.
            absent: Statuses to return instead of raising.

        Raises:
            OutcomeUnknownError: It was sent, and whether it was carried out is not known.
            OutageError: It could not be sent, or NAV was too busy to take it, after all retries; nothing was written.
            TargetError: NAV refused it; nothing was written.
        """
        headers = {"If-Match": etag} if etag else {}
        data = None
        if body is not None:
            headers.update(_JSON_BODY)
            data = to_json(body).encode()
        answer = self._send_write(method, self._address(url), headers, data)
        if answer.status in absent or answer.status in _SUCCESSES:
            return answer
        raise self._write_error(answer)

    def batch_write(self, parts: Sequence[WritePart]) -> None:
        """Several writes, in order, each on its own; returns only when all are done.

        Raises:
            OutcomeUnknownError: An answer is missing or incomplete.
            TargetError: NAV refused one; others may have been carried out.
        """
        for start in range(0, len(parts), MAX_BATCH_PARTS):
            chunk = parts[start : start + MAX_BATCH_PARTS]
            data = batch_body(
                [(p.method, p.url, p.body, {**_JSON_BODY, **p.headers}) for p in chunk]
            )
            answer = self._send_write("POST", f"{self.base_url}/$batch", _BATCH_HEADERS, data)
            if answer.status != HTTPStatus.OK:
                raise self._write_error(answer)
            try:
                answers = batch_answers(answer.json or {}, len(chunk))
            except TransientFailure as failure:
                raise OutcomeUnknownError(f"Of several writes, {failure.reason}.") from failure
            for part in answers:
                if part.status not in _SUCCESSES:
                    raise self._write_error(part)

    def _address(self, url: str) -> str:
        if "://" not in url:
            return f"{self.base_url}/{url}"
        require_same_origin(url, self.base_url)
        return url

    def _repeat(self, attempt: Callable[[], T]) -> T:
        return call_with_retries(
            attempt, policy=self._policy, clock=self.clock, exhausted=_exhausted
        )

    def _pages(self, url: str, *, fresh: bool, absent: Collection[int]) -> list[Json] | None:
        rows: list[Json] = []
        following: str | None = url
        while following:
            page = self.get(following, fresh=fresh, absent=absent)
            if page is None:
                return None
            rows.extend(rows_of(page))
            following = page.get("@odata.nextLink")
        return rows

    def _try_read(
        self, method: str, address: str, headers: Mapping[str, str], data: bytes | None
    ) -> Answer:
        """One try of a read. Raises TransientFailure when it may be repeated."""
        try:
            answer = self._transport.exchange(method, address, headers, data)
        except NetworkFailure as failure:
            raise TransientFailure(failure.reason) from failure
        self._raise_if_transient(answer, answered=False)
        if answer.status == HTTPStatus.OK and answer.json is None:
            if "json" in answer.headers.get("Content-Type", "").lower():
                raise TransientFailure("NAV's answer was cut off")
            raise ProtocolError(
                "The server answers, but not as NAV's API does.",
                code="not_an_api",
                hint="Check base_url; it ends with /api/v2.0.",
                field="base_url",
                value=self.base_url,
            )
        return answer

    def _batched_read(self, part: Answer) -> Json:
        self._raise_if_transient(part, answered=True)
        return _read_object(part)

    def _raise_if_transient(self, answer: Answer, *, answered: bool) -> None:
        if is_transient(answer.problem):
            raise TransientFailure(
                f"NAV answered {answer.status}",
                retry_after=self._retry_after(answer),
                answered=answered,
            )

    def _send_write(
        self, method: str, address: str, headers: Mapping[str, str], data: bytes | None
    ) -> Answer:
        def attempt() -> Answer:
            try:
                answer = self._transport.exchange(method, address, headers, data)
            except NetworkFailure as failure:
                if failure.unsent:
                    raise TransientFailure(failure.reason) from failure
                raise OutcomeUnknownError(
                    f"A write was sent to NAV, but {failure.reason}.",
                    hint="The document is looked up before anything else is done.",
                ) from failure
            if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise TransientFailure(
                    f"NAV answered {answer.status}", retry_after=self._retry_after(answer)
                )
            return answer

        return self._repeat(attempt)

    def _write_error(self, answer: Answer) -> TargetError:
        error = classify(answer.problem)
        if isinstance(error, RetryLaterError):
            error.retry_after = self._retry_after(answer)
        return error

    def _retry_after(self, answer: Answer) -> float | None:
        return retry_after_seconds(answer.headers.get("Retry-After"), self.clock.now())


def rows_of(page: Json) -> list[Json]:
    """The rows of a collection's page. Raises ProtocolError when it is none."""
    rows = page.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ProtocolError("NAV answered something else where a list was expected.")
    return rows


def read_error(found: NavProblem) -> TargetError:
    """The error of a read that NAV refuses; a read says nothing about a document, so it never holds one."""
    error = classify(found)
    if isinstance(error, (DocumentError, RetryLaterError)):
        return ProtocolError(
            f"NAV refused a question: {found.text or found.status}",
            code="read_refused",
            hint="Report a bug, with NAV's words.",
            nav_message=found.text,
        )
    return error


def _read_object(answer: Answer) -> Json:
    if answer.problem.code == "SkipTokenIsNoLongerValid":
        raise _ListExpired
    if answer.status != HTTPStatus.OK:
        raise read_error(answer.problem)
    if answer.json is None:
        raise ProtocolError("NAV answered something else where an object was expected.")
    return answer.json


def _exhausted(failure: TransientFailure) -> TargetError:
    if failure.answered:
        return RetryLaterError(
            f"NAV could not be asked: {failure.reason}, also after several tries.",
            code="lookup_incomplete",
            hint="The next run tries again.",
            retry_after=failure.retry_after,
        )
    wait = f" and asks to wait {failure.retry_after:.0f} seconds" if failure.retry_after else ""
    return OutageError(
        f"NAV is not available: {failure.reason}{wait}, also after several tries.",
        hint="Check that NAV is running and that base_url is right; the next run goes on from here.",
    )
