"""Faults a test asks a sandbox server to show: statuses, resets, delays, cut bodies."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FaultKind = Literal[
    "before", "after",  # answered with `status` instead of, or in spite of, what was done
    "reset_before", "reset_after",  # TCP reset instead of an answer
    "delay", "delay_after",  # slow to be done, or done at once and slow to be answered
    "truncate",  # an answer that breaks off
    "stop_before", "stop_after",  # a batch ends at this part: `status` for the whole of it
    "omit_answer",  # a part is done, its answer is missing from the batch's
    "drop_batch_part", "null_batch_ids", "reverse_batch_answers",  # the whole batch's answer
    "rival",  # another client is faster, see `Rival`
    "expire_tokens",  # every access token given so far is no longer good
]  # fmt: skip

Rival = Literal["same", "post", "change", "delete"]
"""What another client does just before: the same request; a create and its posting; a change of the
document or journal the request is about; or its deletion."""

HTTP_KINDS: frozenset[str] = frozenset(
    {"before", "after", "reset_before", "reset_after", "delay", "delay_after", "truncate"}
)
"""Kinds the HTTP server applies by itself; the rest is for the handlers to ask for."""

PART_KINDS = HTTP_KINDS | {"stop_before", "stop_after", "omit_answer", "rival"}
"""Kinds for a part of a batch. A reset there is the service breaking down: what follows in the
batch is not done."""

ENVELOPE_KINDS: frozenset[str] = frozenset(
    {"drop_batch_part", "null_batch_ids", "reverse_batch_answers"}
)
"""Kinds for what a batch answers as a whole."""

ALWAYS = -1


@dataclass(frozen=True)
class Fault:
    """One fault, shown to the requests it matches.

    Attributes:
        kind: What happens, see `FaultKind`.
        match: Regular expression searched in `"METHOD path operation"`.
        times: How many matching requests are hit; `ALWAYS` (-1) for all.
        skip: How many matching requests pass unharmed first.
        status: HTTP status of `before` and `after`, `stop_before` and `stop_after`.
        headers: Headers of that answer, e.g. `{"Retry-After": "2"}`.
        body: Body of that answer.
        delay_seconds: How long `delay` waits before the request is handled, `delay_after` before
            it is answered.
        keep_bytes: How much of the body `truncate` lets through; half of it when None.
        silent: `truncate` declares the shorter length, so that HTTP itself notices nothing.
        part: Index of the answer `drop_batch_part` leaves out.
        rival: What another client does first, for `rival`.
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
    rival: Rival = "same"

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"Unknown fault kind {self.kind!r}; use one of {get_args(FaultKind)}.")
        if self.rival not in get_args(Rival):
            raise ValueError(f"Unknown rival fault {self.rival!r}; use one of {get_args(Rival)}.")
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
