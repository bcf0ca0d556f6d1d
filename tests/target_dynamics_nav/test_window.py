"""Conversations led together: what goes out side by side, what never does, and how they end."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_dynamics_nav.errors import (
    DocumentError,
    OutageError,
    RetryLaterError,
    StopRunError,
    TerminatedError,
)
from target_dynamics_nav.window import REQUESTS_AT_A_TIME, Conversation, Window, complete

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence


@dataclass(frozen=True)
class Ask:
    """A step: what to answer with, and whether it counts as a write."""

    company: str
    answer: Any
    writes: bool = False


@dataclass
class Server:
    """Answers each step with what it asks for, and keeps an eye on who asks at the same time."""

    meet: threading.Barrier | None = None
    writing: Counter[str] = field(default_factory=Counter)
    most_writing: Counter[str] = field(default_factory=Counter)
    requests: list[list[Any]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    capabilities: Any = None

    def perform(self, steps: Sequence[Ask]) -> list[Any]:
        companies = {step.company for step in steps if step.writes}
        with self.lock:
            self.requests.append(list(steps))
            self.threads.add(threading.current_thread().name)
            self.writing.update(companies)
            self.most_writing |= self.writing
        if self.meet is not None:
            self.meet.wait(timeout=10)
        with self.lock:
            self.writing.subtract(companies)
        return [step.answer for step in steps]


def document(company: str, *steps: Ask) -> Generator[list[Ask], Sequence[Any], list[Any]]:
    heard: list[Any] = []
    for step in steps:
        heard += yield from hear(step)
    return heard


def hear(step: Ask) -> Generator[list[Ask], Sequence[Any], Sequence[Any]]:
    try:
        return (yield [step])
    except DocumentError as error:
        return [error.code]


def window(server: Server, log: list[str] | None = None, stop: Any = None) -> Window:
    return Window(
        server,  # type: ignore[arg-type]
        flush=lambda: None if log is None else log.append(f"flush {len(server.requests)}"),
        asked_to_stop=stop or (lambda: None),
    )


def test_steps_of_all_go_in_one_request_and_answers_to_whom_they_belong() -> None:
    server = Server()
    talks = [
        Conversation("A", document("A", Ask("A", n), Ask("A", -n, writes=True))) for n in range(30)
    ]
    assert window(server).lead(talks) is None
    assert [talk.result for talk in talks] == [[n, -n] for n in range(30)]
    assert [len(request) for request in server.requests] == [30, 30]


def test_what_is_recorded_is_durable_before_anything_is_sent() -> None:
    log: list[str] = []
    server = Server()
    window(server, log).lead([Conversation("A", document("A", Ask("A", 1), Ask("A", 2)))])
    assert log == ["flush 0", "flush 1", "flush 2"]


def test_an_error_is_thrown_into_the_conversation_it_belongs_to() -> None:
    server = Server()
    talks = [
        Conversation("A", document("A", Ask("A", DocumentError("No.", code="refused")))),
        Conversation("A", document("A", Ask("A", "yes"))),
    ]
    window(server).lead(talks)
    assert [talk.result for talk in talks] == [["refused"], ["yes"]]


def test_companies_go_side_by_side() -> None:
    server = Server(meet=threading.Barrier(2))  # breaks unless two requests are under way together
    talks = [Conversation(c, document(c, Ask(c, c, writes=True))) for c in "AB"]
    window(server).lead(talks)
    assert [talk.result for talk in talks] == [["A"], ["B"]]


def test_companies_go_side_by_side_to_the_end() -> None:
    server = Server(meet=threading.Barrier(2))
    talks = [Conversation(c, document(c, Ask(c, 1), Ask(c, 2), Ask(c, 3))) for c in "AB"]
    window(server).lead(talks)
    assert [talk.result for talk in talks] == [[1, 2, 3]] * 2


def test_no_more_requests_at_a_time_than_nav_serves() -> None:
    server = Server(meet=threading.Barrier(REQUESTS_AT_A_TIME))
    talks = [Conversation(c, document(c, Ask(c, c))) for c in "ABCDEFGH"]
    window(server).lead(talks)
    assert [talk.result for talk in talks] == [[c] for c in "ABCDEFGH"]
    assert len(server.threads) == REQUESTS_AT_A_TIME
    assert all(name.startswith("nav_") for name in server.threads), "what a thread dump shows"


def test_one_company_needs_no_other_thread() -> None:
    server = Server()
    window(server).lead([Conversation("A", document("A", Ask("A", 1), Ask("A", 2)))])
    assert server.threads == {threading.current_thread().name}


def test_a_company_does_not_wait_for_the_slow_answers_of_another() -> None:
    second_request_of_a = threading.Event()

    class SlowForB(Server):
        def perform(self, steps: Sequence[Ask]) -> list[Any]:
            if steps[0].answer == "A2":
                second_request_of_a.set()
            if steps[0].answer == "B1":
                assert second_request_of_a.wait(timeout=10)
            return super().perform(steps)

    talks = [
        Conversation("A", document("A", Ask("A", "A1"), Ask("A", "A2"))),
        Conversation("B", document("B", Ask("B", "B1"))),
    ]
    window(SlowForB()).lead(talks)
    assert [talk.result for talk in talks] == [["A1", "A2"], ["B1"]]


def test_who_stops_the_run_before_asking_anything_stops_those_that_come_after() -> None:
    def stopping() -> Generator[list[Ask], Sequence[Any], list[Any]]:
        raise OutageError("Down.")
        yield []

    server = Server()
    first = Conversation("A", stopping())
    second = Conversation("B", document("B", Ask("B", 1)))
    third = Conversation("C", document("C", Ask("C", 1)))
    stopped = window(server).lead([first, second, third])
    assert isinstance(stopped, OutageError)
    assert [talk.stopped_by for talk in (first, second, third)] == [stopped] * 3
    assert server.requests == []


def test_a_conversation_that_was_stopped_wants_nothing_more() -> None:
    talk = Conversation("A", document("A", Ask("A", 1), Ask("A", 2)))
    assert talk.go_on(())
    assert not talk.go_on([TerminatedError("Stopped.")])
    assert isinstance(talk.stopped_by, TerminatedError)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.lists(st.booleans(), max_size=4))))
def test_a_company_has_one_writer(plans: list[tuple[str, list[bool]]]) -> None:
    server = Server()
    talks = [
        Conversation(company, document(company, *(Ask(company, n, w) for n, w in enumerate(plan))))
        for company, plan in plans * 40
    ]
    assert window(server).lead(talks) is None
    expected = [list(range(len(plan))) for _, plan in plans * 40]
    assert [talk.result for talk in talks] == expected
    assert max(server.most_writing.values(), default=0) <= 1


def test_one_half_reads_while_the_other_writes() -> None:
    server = Server(meet=threading.Barrier(2))
    writers = [Conversation("A", document("A", Ask("A", 1, writes=True))) for _ in range(50)]
    readers = [Conversation("A", document("A", Ask("A", 2))) for _ in range(50)]
    window(server).lead(writers + readers)
    assert [len(request) for request in server.requests] == [50, 50]


def test_when_one_stops_the_run_the_others_end() -> None:
    server = Server()
    talks = [
        Conversation("A", document("A", Ask("A", OutageError("Down.")))),
        Conversation("A", document("A", Ask("A", 1), Ask("A", 2))),
        Conversation("B", document("B", Ask("B", 1))),
    ]
    stopped = window(server).lead(talks)
    assert isinstance(stopped, OutageError)
    assert isinstance(talks[0].stopped_by, OutageError)
    assert isinstance(talks[1].stopped_by, OutageError)
    assert talks[2].result == [1] or talks[2].stopped_by is stopped


def test_who_is_asked_to_stop_finds_out_what_became_of_writes_but_writes_no_more() -> None:
    server = Server()
    asked: list[StopRunError | None] = [None]

    def stop() -> StopRunError | None:
        if any(step.writes for request in server.requests for step in request):
            asked[0] = TerminatedError("Stopped.")
        return asked[0]

    finding_out = Conversation("A", document("A", Ask("A", 1, writes=True), Ask("A", 2)))
    going_on = Conversation("A", document("A", Ask("A", 1, writes=True), Ask("A", 2, writes=True)))
    stopped = window(server, stop=stop).lead([finding_out, going_on])
    assert finding_out.result == [1, 2]
    assert isinstance(going_on.stopped_by, TerminatedError)
    assert isinstance(stopped, TerminatedError)


def test_a_single_conversation_is_completed_or_raises() -> None:
    server = Server()
    assert complete(server, document("A", Ask("A", 1))) == [1]  # type: ignore[arg-type]
    with pytest.raises(RetryLaterError):
        complete(server, document("A", Ask("A", RetryLaterError("Later."))))  # type: ignore[arg-type]
