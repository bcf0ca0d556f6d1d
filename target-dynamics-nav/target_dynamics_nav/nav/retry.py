"""Waiting and trying again: the one place of the NAV side that sleeps, and the one that knows the time.

Everything here is about *when*; what may be repeated at all is decided by the caller (`http.py`, `auth.py`), who
raises `TransientFailure` for it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

import tenacity

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_dynamics_nav.errors import TargetError

logger = logging.getLogger(__name__)

T = TypeVar("T")

RATE_WINDOW_SECONDS = 300.0
"""Business Central counts requests in a sliding window of five minutes, 6,000 at most for each app registration."""
_WORTH_A_WORD_SECONDS = 1.0


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Clock:
    """Time as the client sees it. Tests replace it; a target that is asked to stop may replace `sleep`.

    Attributes:
        monotonic: Seconds that never run backwards.
        now: The time of day, with its zone.
        sleep: Waits for so many seconds.
        jitter: A number from 0 up to 1, anew at each call.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True)
class RetryPolicy:
    """How long one call is tried again. All times in seconds.

    Attributes:
        attempts: Tries at most, the first included.
        first_wait: Wait after the first failure; it doubles from there.
        longest_wait: The most one wait grows to by doubling. A longer `Retry-After` is honoured.
        budget: No wait begins that would end later than this after the first try.
    """

    attempts: int = 8
    first_wait: float = 1.0
    longest_wait: float = 60.0
    budget: float = 300.0


class TransientFailure(Exception):  # noqa: N818 - it signals inside this package and never leaves it
    """This try failed, and the call may be repeated as it is.

    Attributes:
        reason: What happened, as a part of a sentence ("NAV answered 503").
        retry_after: Seconds the server asks to wait, or None.
        answered: The server itself works; only a part of its answer is missing or failed.
    """

    def __init__(
        self, reason: str, *, retry_after: float | None = None, answered: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.answered = answered


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """Seconds a `Retry-After` header asks to wait; it holds seconds or an HTTP date. None when absent or unreadable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - now).total_seconds())


def call_with_retries(
    attempt: Callable[[], T],
    *,
    policy: RetryPolicy,
    clock: Clock,
    exhausted: Callable[[TransientFailure], TargetError],
) -> T:
    """Run `attempt` until it returns, raises something final, or tries and time are used up.

    Args:
        attempt: One try; raises `TransientFailure` to be called again.
        policy: Number of tries and times.
        clock: Sleeps and tells the time.
        exhausted: Makes the error of the last failure, once no try is left.

    Raises:
        TargetError: What `attempt` raised, or what `exhausted` made.
    """
    begun = clock.monotonic()

    def wait(state: tenacity.RetryCallState) -> float:
        failure = _failure_of(state)
        doubled = policy.first_wait * 2.0 ** (state.attempt_number - 1)
        backoff = min(policy.longest_wait, doubled) * (0.75 + 0.5 * clock.jitter())
        return backoff if failure.retry_after is None else failure.retry_after + clock.jitter()

    def stop(state: tenacity.RetryCallState) -> bool:
        # tenacity works out the wait before it asks whether to stop, so the wait to come is known here
        waited_out = clock.monotonic() - begun + state.upcoming_sleep > policy.budget
        return state.attempt_number >= policy.attempts or waited_out

    def announce(state: tenacity.RetryCallState) -> None:
        logger.warning(
            "%s; trying again in %.1f s (try %d of %d)",
            _failure_of(state).reason,
            state.upcoming_sleep,
            state.attempt_number + 1,
            policy.attempts,
        )

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientFailure),
        wait=wait,
        stop=stop,
        sleep=clock.sleep,
        before_sleep=announce,
        reraise=True,
    )
    try:
        return retrying(attempt)
    except TransientFailure as failure:
        raise exhausted(failure) from failure


def _failure_of(state: tenacity.RetryCallState) -> TransientFailure:
    failure = state.outcome.exception() if state.outcome is not None else None
    if not isinstance(failure, TransientFailure):  # tenacity asks only after a TransientFailure
        raise TypeError(f"unexpected outcome of a try: {failure!r}")
    return failure


class Pace:
    """Keeps the number of requests within any five minutes below a limit, by waiting before the one too many."""

    def __init__(self, requests_per_five_minutes: int, clock: Clock) -> None:
        self._limit = requests_per_five_minutes
        self._clock = clock
        self._sent: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Return when one more request may be sent, and count it; several threads may ask."""
        while True:
            with self._lock:
                now = self._clock.monotonic()
                while self._sent and self._sent[0] <= now - RATE_WINDOW_SECONDS:
                    self._sent.popleft()
                if len(self._sent) < self._limit:
                    self._sent.append(now)
                    return
                pause = self._sent[0] + RATE_WINDOW_SECONDS - now
            if pause >= _WORTH_A_WORD_SECONDS:
                logger.info(
                    "Waiting %.0f s so as not to send more than %d requests in five minutes",
                    pause,
                    self._limit,
                )
            self._clock.sleep(pause)
