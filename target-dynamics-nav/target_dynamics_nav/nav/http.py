"""Reads and writes over HTTP: what may be sent twice, and what an answer is worth.

A read (GET, or a `$batch` of nothing but GETs) is repeated on anything that may pass. A write is repeated only when it
is certain that NAV did not carry it out: 429, a connection that was never made, a 401 after the token ran out. In
every other case its fate is unknown, and `OutcomeUnknownError` says so. Bodies, tokens and queries are never logged.
"""

from __future__ import annotations

import contextlib
import copy
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from target_dynamics_nav.errors import (
    DocumentError,
    OutageError,
    OutcomeUnknownError,
    ProtocolError,
    RetryLaterError,
    TargetError,
)
from target_dynamics_nav.nav.batch import batch_answers, batch_body
from target_dynamics_nav.nav.error_table import NavProblem, classify, is_transient
from target_dynamics_nav.nav.parts import Write
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
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from target_dynamics_nav.nav.auth import NavAuth
    from target_dynamics_nav.nav.odata import Json

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
        ca_file: str | None = None,
    ) -> None:
        """Open no connection yet.

        Args:
            base_url: Address up to and including `/api/v2.0`, as `transport.checked_address` gave it.
            auth: Signs every request.
            timeout: Seconds to connect, seconds between bytes of an answer.
            policy: How long to repeat what may be repeated.
            clock: Time.
            requests_per_five_minutes: Pace; a `$batch` counts as one.
            ca_file: PEM file with the authorities to trust instead of the machine's own.
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
            ca_file=ca_file,
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

    def read_parts(self, urls: Sequence[str]) -> list[Json | TargetError]:
        """Several fresh GETs in one `$batch`, at most 100.

        What is not answered well is asked again; what was, is not.

        Returns:
            In the order of `urls`, the object of each, or the error of a part that NAV does not answer though it
            answers others.

        Raises:
            OutageError: No usable answer after all retries.
            StopRunError: The batch is refused.
        """
        found: dict[int, Json | TargetError] = {}

        def attempt() -> None:
            left = [number for number in range(len(urls)) if number not in found]
            data = batch_body([("GET", urls[number], None, _FRESH) for number in left])
            answer = self._try_read(
                "POST", f"{self.base_url}/$batch", {**_BATCH_HEADERS, **_FRESH}, data
            )
            busy: list[Answer] = []
            parts = batch_answers(_read_object(answer), len(left))
            for number, part in zip(left, parts, strict=True):
                if is_transient(part.problem):
                    busy.append(part)
                else:
                    found[number] = _read_object(part)
            self._raise_if_busy(busy)

        with self._giving_up_on_parts(found, len(urls)):
            self._repeat(attempt)
        return [found[number] for number in range(len(urls))]

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
        return self.write_part(Write(method, url, body, etag, absent))

    def write_part(self, part: Write) -> Answer:
        """One write, see `write`."""
        answer = self._written(part, self._send_single(part))
        if isinstance(answer, TargetError):
            raise answer
        return answer

    def write_parts(self, parts: Sequence[Write]) -> list[Answer | TargetError]:
        """Several writes in one `$batch`, at most 100, in order, each on its own.

        A part that NAV was too busy for (429) was not carried out and is sent again, the others are not.

        Returns:
            In the order of `parts`, the answer of each, or its error: OutcomeUnknownError for every part when the
            answer of the batch is missing or incomplete.

        Raises:
            OutageError: The batch could not be sent, or NAV was too busy to take it; nothing was written.
        """
        answers: dict[int, Answer | TargetError] = {}

        def attempt() -> None:
            left = [number for number in range(len(parts)) if number not in answers]
            self._carry_out(parts, left, answers)
            busy: list[Answer] = []
            for number in left:
                answer = answers[number]
                if isinstance(answer, Answer) and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
                    busy.append(answer)
                    del answers[number]
            self._raise_if_busy(busy)

        with self._giving_up_on_parts(answers, len(parts)):
            self._repeat(attempt)
        return [self._written(part, answers[number]) for number, part in enumerate(parts)]

    @staticmethod
    @contextlib.contextmanager
    def _giving_up_on_parts(answers: dict[int, Any], count: int) -> Iterator[None]:
        """When tries are used up, the parts that have no answer yet get the error; the others keep theirs."""
        try:
            yield
        except RetryLaterError as error:
            for number in range(count):
                if number not in answers:
                    answers[number] = copy.copy(error)

    def _carry_out(
        self,
        parts: Sequence[Write],
        left: Sequence[int],
        answers: dict[int, Answer | TargetError],
    ) -> None:
        """Send these parts once; each gets its answer, or the error that all of them share."""
        data = batch_body(
            [(parts[n].method, parts[n].url, parts[n].body_text, parts[n].headers) for n in left]
        )
        error: TargetError
        try:
            answer = self._send_write("POST", f"{self.base_url}/$batch", _BATCH_HEADERS, data)
            if answer.status == HTTPStatus.OK:
                found = batch_answers(answer.json or {}, len(left))
                answers.update(zip(left, found, strict=True))
                return
            error = self._write_error(answer)
        except OutcomeUnknownError as unknown:
            error = unknown
        except TransientFailure as failure:
            error = OutcomeUnknownError(
                f"Of several writes, {failure.reason}.",
                hint="The documents are looked up before anything else is done.",
            )
        answers.update((number, copy.copy(error)) for number in left)

    def _send_single(self, part: Write) -> Answer:
        data = None if part.body_text is None else part.body_text.encode()
        return self._send_write(part.method, self._address(part.url), part.headers, data)

    def _written(self, part: Write, answer: Answer | TargetError) -> Answer | TargetError:
        if isinstance(answer, TargetError):
            return answer
        if answer.status in part.absent or answer.status in _SUCCESSES:
            return answer
        return self._write_error(answer)

    def upload(self, url: str, content: bytes) -> Answer:
        """Send the content of a file, whatever version is there. Raises as `write`."""
        headers = {"Content-Type": "application/octet-stream", "If-Match": "*"}
        answer = self._send_write("PATCH", self._address(url), headers, content)
        if answer.status in _SUCCESSES:
            return answer
        raise self._write_error(answer)

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
        self._raise_if_transient(answer)
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

    def _raise_if_busy(self, parts: Sequence[Answer]) -> None:
        """Parts of a batch to be sent again, after the longest wait that any of them asks for."""
        if parts:
            waits = [self._retry_after(part) for part in parts]
            raise TransientFailure(
                f"NAV answered {parts[0].status} to {len(parts)} operations of a batch",
                retry_after=max((wait for wait in waits if wait is not None), default=None),
                answered=True,
            )

    def _raise_if_transient(self, answer: Answer) -> None:
        if is_transient(answer.problem):
            raise TransientFailure(
                f"NAV answered {answer.status}",
                retry_after=self._retry_after(answer),
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
                raise failure.of_a_write() from failure
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
