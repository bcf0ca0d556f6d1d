"""What is settled, and so which STATE may go on. Pure: no I/O.

Upstream's STATE says "everything up to here was read". It may be kept only when every document that came before it
has found its end: posted, or closed by a rule or a person. A held or failed document holds the STATE back at the
point before it, so that the next run reads it again.
"""

from __future__ import annotations

import copy
from collections import deque
from enum import Enum
from typing import Any


class Status(str, Enum):
    """Where a document stands at the end of a run."""

    POSTED = "posted"
    ALREADY_POSTED = "already_posted"
    HELD = "held"
    FAILED = "failed"
    CHANGED = "changed"
    SKIPPED = "skipped"
    WAIVED = "waived"
    DRAFT = "draft"
    PREVIEWED = "previewed"

    @property
    def settled(self) -> bool:
        """Whether STATE may move past a document with this status.

        A preview settles nothing: the run that posts has to read the same documents again.
        """
        return self not in {Status.HELD, Status.FAILED, Status.CHANGED, Status.PREVIEWED}


class StateGate:
    """Keeps STATE messages back until the documents before them are settled."""

    def __init__(self) -> None:
        self._documents_seen = 0
        self._unsettled: set[int] = set()
        self._held_at: int | None = None
        self._waiting: deque[tuple[int, dict[str, Any]]] = deque()
        self._released: dict[str, Any] | None = None

    def document_arrived(self) -> int:
        """Note a document as not settled yet; returns the number to settle it by."""
        self._documents_seen += 1
        self._unsettled.add(self._documents_seen)
        return self._documents_seen

    def settle(self, number: int) -> None:
        """The document of this number has found its end."""
        self._unsettled.discard(number)

    def hold(self, number: int) -> None:
        """The document of this number will not be settled in this run: no STATE after it can go on."""
        if self._held_at is None or number < self._held_at:
            self._held_at = number
        while self._waiting and self._waiting[-1][0] >= self._held_at:
            self._waiting.pop()

    def state_arrived(self, state: dict[str, Any]) -> None:
        """Note a STATE and which documents came before it."""
        if self._held_at is not None and self._documents_seen >= self._held_at:
            return
        if self._waiting and self._waiting[-1][0] == self._documents_seen:
            self._waiting.pop()  # nothing came in between: the newer one says more
        self._waiting.append((self._documents_seen, copy.deepcopy(state)))

    def release(self) -> dict[str, Any] | None:
        """The latest STATE whose documents are all settled, or None if there is no newer one than last time."""
        barrier = min(self._unsettled, default=self._documents_seen + 1)
        newest: dict[str, Any] | None = None
        while self._waiting and self._waiting[0][0] < barrier:
            newest = self._waiting.popleft()[1]
        if newest is None or newest == self._released:
            return None
        self._released = newest
        return newest

    @property
    def unsettled(self) -> int:
        """How many documents hold the STATE back."""
        return len(self._unsettled)
