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

    @contextlib.contextmanager
    def operation(self) -> Iterator[None]:
        """Sleep, after the block, what is left of the operation's time."""
        start = time.monotonic()
        try:
            yield
        finally:
            rest = self.operation_seconds - (time.monotonic() - start)
            if rest > 0:
                time.sleep(rest)
