"""Expensify's two rate limits: 5 requests in 10 seconds, 20 in 60."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Window:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


EXPENSIFY_WINDOWS: Final = (Window(5, 10.0), Window(20, 60.0))


class RateLimit:
    """Sliding windows over the requests let through; refused ones are not counted.

    Args:
        windows: The limits, all of which hold.
        clock: Seconds from any origin, never going back.
    """

    def __init__(
        self,
        windows: tuple[Window, ...] = EXPENSIFY_WINDOWS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._windows = windows
        self._clock = clock
        self._lock = threading.Lock()
        self._times: deque[float] = deque(
            maxlen=max((window.requests for window in windows), default=1)
        )

    def admit(self) -> bool:
        """Whether one more request may pass now; counts it if so."""
        with self._lock:
            now = self._clock()
            for window in self._windows:
                recent = sum(1 for moment in self._times if now - moment < window.seconds)
                if recent >= window.requests:
                    return False
            self._times.append(now)
            return True
