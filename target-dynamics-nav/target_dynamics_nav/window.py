"""Many conversations with NAV at the same time, their steps sent together.

The documents of one company go in one or two lanes. Each lane goes round by round: every conversation says what it
wants next, what they recorded is made durable, the steps of all are sent together, every conversation gets its answers.
Requests of several lanes go out side by side, except that a company never has two under way that write: while one lane
writes, the other can read, or be thought about. All conversations run in the calling thread.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from target_dynamics_nav.errors import StopRunError, TargetError, TerminatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from target_dynamics_nav.nav.port import SteppedNavClient, Steps

T = TypeVar("T")

REQUESTS_AT_A_TIME = 4
"""As many as NAV serves one application at the same time without queueing."""
LANES_OF_A_COMPANY = 2
LEAST_IN_A_LANE = 50
"""Fewer conversations than this are not worth a request of their own."""


@dataclass
class Conversation(Generic[T]):
    """One document's way through the protocol.

    Attributes:
        company: What has one writer at a time.
        steps: The conversation.
        result: What it came to, once it ended.
        stopped_by: What ended it before its end.
    """

    company: Hashable
    steps: Steps[T]
    result: T | None = None
    stopped_by: StopRunError | None = None
    _begun: bool = field(default=False, init=False)
    wanted: Sequence[Any] = field(default=(), init=False)

    def go_on(self, answers: Sequence[Any]) -> bool:
        """Hand over the answers to what was wanted; returns whether more is wanted.

        An answer that is an error is thrown into the conversation, the first one if there are several.
        """
        error = _first_error(answers)
        try:
            if error is not None:
                self.wanted = self.steps.throw(error)
            elif self._begun:
                self.wanted = self.steps.send(answers)
            else:
                self._begun = True
                self.wanted = next(self.steps)
        except StopIteration as end:
            self.result = end.value
            return False
        except StopRunError as stop:
            self.stopped_by = stop
            return False
        return True

    def end(self, error: StopRunError) -> None:
        """End it where it is."""
        self.steps.close()
        self.stopped_by = error

    @property
    def writes(self) -> bool:
        """Whether what it wants next may change something in NAV."""
        return any(step.writes for step in self.wanted)


class Window:
    """Leads conversations to their ends."""

    def __init__(
        self,
        nav: SteppedNavClient,
        *,
        flush: Callable[[], None],
        asked_to_stop: Callable[[], StopRunError | None],
    ) -> None:
        """Prepare.

        Args:
            nav: Where the steps go.
            flush: Makes what was recorded durable; called before anything is sent.
            asked_to_stop: Tells, between rounds, whether somebody wants the run to end. Conversations that would write
                then end with this error; those that only want to know what became of a write go on.
        """
        self._nav = nav
        self._flush = flush
        self._asked_to_stop = asked_to_stop
        self._turns: dict[Hashable, Lock] = {}

    def lead(self, conversations: Iterable[Conversation[T]]) -> StopRunError | None:
        """Lead each conversation to its end; when one says that the run has to stop, the others end, too.

        Returns:
            What stopped them, or None.
        """
        lanes = _lanes(conversations)
        stop: StopRunError | None = None
        sent: dict[Future[list[Sequence[Any]]], list[Conversation[T]]] = {}
        with ThreadPoolExecutor(min(REQUESTS_AT_A_TIME, len(lanes) or 1), "nav") as pool:
            for lane in lanes:
                going = self._round(lane, [()] * len(lane))
                stop = stop or _stop_of(lane)
                self._send(going, stop, pool if len(lanes) > 1 else None, sent)
            while sent:
                finished, _ = wait(sent, return_when=FIRST_COMPLETED)
                for future in finished:
                    lane = sent.pop(future)
                    going = self._round(lane, future.result())
                    stop = stop or _stop_of(lane)
                    self._send(going, stop, pool if len(lanes) > 1 else None, sent)
        self._flush()
        return stop

    def _round(
        self, lane: Sequence[Conversation[T]], answers: Sequence[Sequence[Any]]
    ) -> list[Conversation[T]]:
        """Hand over the answers; returns the conversations that want more."""
        going = [
            conversation
            for conversation, answer in zip(lane, answers, strict=True)
            if conversation.go_on(answer)
        ]
        asked = self._asked_to_stop()
        if asked is None:
            return going
        for conversation in going:
            if conversation.writes:
                conversation.end(asked)
        return [conversation for conversation in going if conversation.stopped_by is None]

    def _send(
        self,
        going: Sequence[Conversation[T]],
        stop: StopRunError | None,
        pool: ThreadPoolExecutor | None,
        sent: dict[Future[list[Sequence[Any]]], list[Conversation[T]]],
    ) -> None:
        if stop is not None and not isinstance(stop, TerminatedError):
            for conversation in going:
                conversation.end(stop)
            return
        if not going:
            return
        self._flush()
        wanted = [conversation.wanted for conversation in going]
        turn: AbstractContextManager[Any] = nullcontext()
        if any(conversation.writes for conversation in going):
            turn = self._turns.setdefault(going[0].company, Lock())
        if pool is not None:
            answered = pool.submit(self._ask, wanted, turn)
        else:
            answered = Future()
            answered.set_result(self._ask(wanted, turn))
        sent[answered] = list(going)

    def _ask(
        self, wanted: Sequence[Sequence[Any]], turn: AbstractContextManager[Any]
    ) -> list[Sequence[Any]]:
        with turn:
            return self._answers(wanted)

    def _answers(self, wanted: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        answers = iter(self._nav.perform([step for steps in wanted for step in steps]))
        return [[next(answers) for _ in steps] for steps in wanted]


def complete(nav: SteppedNavClient, steps: Steps[T]) -> T:
    """Lead a single conversation to its end.

    Raises:
        TargetError: What it ended with.
    """
    try:
        wanted = next(steps)
        while True:
            answers = nav.perform(wanted)
            error = _first_error(answers)
            wanted = steps.send(answers) if error is None else steps.throw(error)
    except StopIteration as end:
        result: T = end.value
        return result


def _lanes(conversations: Iterable[Conversation[T]]) -> list[list[Conversation[T]]]:
    """The conversations of each company, in two halves when there are many."""
    companies: dict[Hashable, list[Conversation[T]]] = {}
    for conversation in conversations:
        companies.setdefault(conversation.company, []).append(conversation)
    lanes: list[list[Conversation[T]]] = []
    for some in companies.values():
        parts = min(LANES_OF_A_COMPANY, max(1, len(some) // LEAST_IN_A_LANE))
        size = -(-len(some) // parts)
        lanes += [some[start : start + size] for start in range(0, len(some), size)]
    return lanes


def _first_error(answers: Sequence[Any]) -> TargetError | None:
    return next((answer for answer in answers if isinstance(answer, TargetError)), None)


def _stop_of(lane: Sequence[Conversation[T]]) -> StopRunError | None:
    return next((each.stopped_by for each in lane if each.stopped_by is not None), None)
