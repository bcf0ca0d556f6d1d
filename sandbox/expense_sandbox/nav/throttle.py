"""How much NAV takes on: requests in a while, and at a time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.nav.quirks import NavQuirks

WINDOW_SECONDS = 300.0


class Throttle:
    """Refuses with 429 what is too much by the quirks.

    Attributes:
        peak: The most requests that were there at the same time.
    """

    def __init__(self, quirks: NavQuirks) -> None:
        self.peak = 0
        self._quirks = quirks
        self._lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._inside = 0
        limit = quirks.maximum_executing
        self._executing = threading.Semaphore(limit) if limit is not None else None

    @contextlib.contextmanager
    def admitted(self, operations: int) -> Iterator[None]:
        """Let a request in; those beyond the number that may execute queue here.

        Args:
            operations: How many a `$batch` has; 1 for other requests.

        Raises:
            NavError: With status 429 when there were too many in 300 seconds, or too many queue.
        """
        with self._lock:
            self._count(operations if self._quirks.rate_limit_counts_parts else 1)
            self._refuse_crowd()
            self._inside += 1
            self.peak = max(self.peak, self._inside)
        try:
            with self._executing or contextlib.nullcontext():
                yield
        finally:
            with self._lock:
                self._inside -= 1

    def _count(self, operations: int) -> None:
        limit = self._quirks.rate_limit
        if limit is None:
            return
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - WINDOW_SECONDS:
            self._recent.popleft()
        if len(self._recent) + operations > limit:
            raise self._too_many(len(self._recent) + operations, limit)
        self._recent.extend([now] * operations)

    def _refuse_crowd(self) -> None:
        if self._quirks.maximum_executing is not None:
            limit = self._quirks.maximum_executing + self._quirks.maximum_queued
            if self._inside >= limit:
                raise self._too_many(self._inside + 1, limit)

    def _too_many(self, actual: int, limit: int) -> NavError:
        wait = self._quirks.rate_limit_retry_after
        return NavError(
            "Application_TooManyRequests",
            f"Too many requests reached. Actual ({actual}). Maximum ({limit}).",
            429,
            headers={} if wait is None else {"Retry-After": wait},
        )
