"""Simulated time: how long the stand-in pretends its work takes."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
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
    _overslept: threading.local = field(default_factory=threading.local, repr=False)

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
            overslept = float(getattr(self._overslept, "seconds", 0.0))
            rest = self.operation_seconds - (worked_until - start) - overslept
            if rest > 0:
                time.sleep(rest)
                self._overslept.seconds = time.monotonic() - worked_until - rest
            else:
                self._overslept.seconds = min(overslept, -rest)
