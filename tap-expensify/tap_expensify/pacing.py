"""Keeps the number of requests within Expensify's limits."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Limit:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


EXPENSIFY_LIMITS = (Limit(5, 10.0), Limit(20, 60.0))
"""As documented since December 2024; every request counts, submit and download alike."""


class Pacer:
    """Waits before a request as long as any limit demands; both are sliding windows.

    A request is counted when its answer is in, not when it was sent: so the next one reaches the server at least
    a whole window later than an earlier one did, however long each of them travelled.
    """

    def __init__(
        self,
        limits: Sequence[Limit] = EXPENSIFY_LIMITS,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits = tuple(limits)
        self._clock = clock
        self._sleep = sleep
        longest = max((limit.requests for limit in self._limits), default=0)
        self._answered: deque[float] = deque(maxlen=longest)

    def wait(self) -> None:
        """Returns when the next request may be sent. Requests must not overlap."""
        while (delay := self._delay()) > 0:
            self._sleep(delay)

    def count(self) -> None:
        """Notes that a request was answered, or given up."""
        self._answered.append(self._clock())

    def _delay(self) -> float:
        """Seconds until every limit allows one more request."""
        now = self._clock()
        return max(
            (
                self._answered[-limit.requests] + limit.seconds - now
                for limit in self._limits
                if len(self._answered) >= limit.requests
            ),
            default=0.0,
        )
