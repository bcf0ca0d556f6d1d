"""Faults a test asks a sandbox server to show: statuses, resets, delays, cut bodies."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FaultKind = Literal[
    "before", "after", "reset_before", "reset_after", "delay", "truncate", "drop_batch_part"
]
"""`before` and `after` answer with `status` instead of, or in spite of, what the handler did."""

HTTP_KINDS: frozenset[str] = frozenset(get_args(FaultKind)) - {"drop_batch_part"}
"""Kinds the HTTP server applies by itself; the rest is for the handlers to ask for."""

ALWAYS = -1


@dataclass(frozen=True)
class Fault:
    """One fault, shown to the requests it matches.

    Attributes:
        kind: What happens, see `FaultKind`.
        match: Regular expression searched in `"METHOD path operation"`.
        times: How many matching requests are hit; `ALWAYS` (-1) for all.
        skip: How many matching requests pass unharmed first.
        status: HTTP status of `before` and `after`.
        headers: Headers of that answer, e.g. `{"Retry-After": "2"}`.
        body: Body of that answer.
        delay_seconds: How long `delay` waits before the request is handled.
        keep_bytes: How much of the body `truncate` lets through; half of it when None.
        silent: `truncate` declares the shorter length, so that HTTP itself notices nothing.
        part: Index of the answer `drop_batch_part` leaves out.
    """

    kind: FaultKind
    match: str = ""
    times: int = 1
    skip: int = 0
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    delay_seconds: float = 0.0
    keep_bytes: int | None = None
    silent: bool = False
    part: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"Unknown fault kind {self.kind!r}; use one of {get_args(FaultKind)}.")
        try:
            re.compile(self.match)
        except re.error as error:
            raise ValueError(f"Fault match {self.match!r} is no regular expression.") from error

    @classmethod
    def from_json(cls, document: object) -> Fault:
        """Read a fault as posted to `/_sandbox/faults`.

        Raises:
            ValueError: When the document is no object, lacks `kind`, or has members faults don't.
        """
        if not isinstance(document, dict):
            raise ValueError("A fault is a JSON object.")  # noqa: TRY004 - the caller's data
        unknown = set(document) - {member.name for member in fields(cls)}
        if unknown or "kind" not in document:
            raise ValueError(f"A fault needs a kind and has no {sorted(unknown)}.")
        return cls(**document)

    def to_json(self) -> dict[str, Any]:
        """The fault as a JSON object, the inverse of `from_json`."""
        document = {member.name: getattr(self, member.name) for member in fields(self)}
        document["headers"] = dict(self.headers)
        return document


class _Armed:
    """A fault with what is left of its counters."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.pattern = re.compile(fault.match)
        self.skip = fault.skip
        self.times = fault.times

    def fires(self, description: str) -> bool:
        """Whether this request is hit; counts it if it matches."""
        if self.times == 0 or self.pattern.search(description) is None:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times != ALWAYS:
            self.times -= 1
        return True


class FaultPlan:
    """The faults in force on one server; safe to use from any thread."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._armed = [_Armed(fault) for fault in faults]

    def add(self, fault: Fault) -> None:
        """Put one more fault in force."""
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Let every request pass again."""
        with self._lock:
            self._armed.clear()

    def take(self, description: str, kinds: Iterable[str] = HTTP_KINDS) -> tuple[Fault, ...]:
        """The faults that hit this request, counted down.

        Args:
            description: `"METHOD path operation"`.
            kinds: Which kinds the caller can apply; others are neither counted nor returned.
        """
        wanted = frozenset(kinds)
        with self._lock:
            return tuple(
                armed.fault
                for armed in self._armed
                if armed.fault.kind in wanted and armed.fires(description)
            )

    def pending(self) -> tuple[Fault, ...]:
        """Faults that can still fire."""
        with self._lock:
            return tuple(armed.fault for armed in self._armed if armed.times != 0)
