"""Simulated time: how long the stand-in pretends its work takes."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Pace:
    """How long an operation takes: a request by itself, or each part of a `$batch`.

    Attributes:
        operation_seconds: The least an operation takes, the stand-in's own work included.
    """

    operation_seconds: float = 0.0

    def request(self) -> Stretch:
        """The time of one HTTP request of several operations."""
        return Stretch(self)

    def operation(self) -> contextlib.AbstractContextManager[None]:
        """The time of a request that is one operation."""
        return self.request().operation()


class Stretch:
    """The operations of one HTTP request, one after another."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._overslept = 0.0

    @contextlib.contextmanager
    def operation(self) -> Iterator[None]:
        """Sleep, after the block, what is left of the operation's time."""
        start = time.monotonic()
        try:
            yield
        finally:
            worked_until = time.monotonic()
            # Sleep is never exact, least of all on a busy machine: what it was too long is taken
            # from the next one, so that many operations take what they should.
            rest = self._pace.operation_seconds - (worked_until - start) - self._overslept
            if rest > 0:
                time.sleep(rest)
                self._overslept = time.monotonic() - worked_until - rest
            else:
                self._overslept = min(self._overslept, -rest)
