from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from target_dynamics_nav.settlement import StateGate, Status


def test_state_goes_once_its_documents_are_settled() -> None:
    gate = StateGate()
    first = gate.document_arrived()
    gate.state_arrived({"at": 1})
    assert gate.release() is None
    gate.settle(first)
    assert gate.release() == {"at": 1}
    assert gate.release() is None


def test_a_held_document_holds_back_everything_after_it() -> None:
    gate = StateGate()
    gate.state_arrived({"at": 0})
    gate.document_arrived()
    gate.state_arrived({"at": 1})
    gate.settle(gate.document_arrived())
    gate.state_arrived({"at": 2})
    assert gate.release() == {"at": 0}
    assert gate.release() is None
    assert gate.unsettled == 1


def test_states_are_kept_as_they_were() -> None:
    gate = StateGate()
    state = {"bookmarks": {"reports": {"value": "a"}}}
    gate.state_arrived(state)
    state["bookmarks"]["reports"]["value"] = "b"
    assert gate.release() == {"bookmarks": {"reports": {"value": "a"}}}


def test_what_comes_after_a_document_held_for_this_run_never_goes() -> None:
    gate = StateGate()
    for number in (1, 2, 3):
        gate.document_arrived()
        gate.state_arrived({"at": number})
    for number in (3, 2, 3):
        gate.hold(number)
    gate.state_arrived({"at": 3})
    for number in (1, 2, 3):
        gate.settle(number)
    assert gate.release() == {"at": 1}
    assert gate.release() is None


def test_a_state_right_behind_a_held_document_does_not_go() -> None:
    gate = StateGate()
    gate.hold(gate.document_arrived())
    gate.state_arrived({"at": 1})
    gate.settle(1)
    assert gate.release() is None


def test_of_states_with_no_document_between_them_only_the_last_is_kept() -> None:
    """A feed may say where it is a million times over; memory is bounded."""
    gate = StateGate()
    gate.document_arrived()
    for number in range(1000):
        gate.state_arrived({"at": number})
    assert len(gate._waiting) == 1
    gate.settle(1)
    assert gate.release() == {"at": 999}


def test_held_failed_changed_and_previewed_are_unsettled() -> None:
    unsettled = {status for status in Status if not status.settled}
    assert unsettled == {Status.HELD, Status.FAILED, Status.CHANGED, Status.PREVIEWED}


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("document"), st.booleans(), st.integers(0, 5)),
            st.tuples(st.just("state"), st.just(False), st.just(0)),
        ),
        max_size=60,
    )
)
def test_no_state_ever_passes_an_unsettled_document(
    messages: list[tuple[str, bool, int]],
) -> None:
    """Documents settle at once, after some further messages, or never; states carry how many documents they cover."""
    gate = StateGate()
    seen = 0
    settled: set[int] = set()
    due: list[tuple[int, int]] = []
    for step, (kind, settles, delay) in enumerate(messages):
        if kind == "document":
            seen += 1
            number = gate.document_arrived()
            if settles:
                due.append((step + delay, number))
        else:
            gate.state_arrived({"covers": seen})
        for when, number in list(due):
            if when <= step:
                gate.settle(number)
                settled.add(number)
                due.remove((when, number))
        released = gate.release()
        if released is not None:
            assert set(range(1, released["covers"] + 1)) <= settled
    for _, number in due:
        gate.settle(number)
        settled.add(number)
    last = gate.release()
    if len(settled) == seen and any(kind == "state" for kind, _, _ in messages):
        assert last is None or last["covers"] == max(covers for covers in _covers(messages))


def _covers(messages: list[tuple[str, bool, int]]) -> list[int]:
    result, seen = [0], 0
    for kind, _, _ in messages:
        if kind == "document":
            seen += 1
        else:
            result.append(seen)
    return result
