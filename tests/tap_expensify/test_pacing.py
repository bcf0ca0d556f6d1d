from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tap_expensify.pacing import EXPENSIFY_LIMITS, Limit, Pacer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept += seconds
        self.now += seconds


def most_in(times: list[float], seconds: float) -> int:
    """The largest number of times within any half-open window of so many seconds."""
    return max(sum(1 for t in times if start <= t < start + seconds) for start in times)


def test_expensify_s_limits() -> None:
    assert (Limit(5, 10.0), Limit(20, 60.0)) == EXPENSIFY_LIMITS


def test_the_first_five_requests_go_at_once_and_the_sixth_waits() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock, sleep=clock.sleep)
    for _ in range(5):
        pacer.wait()
        pacer.count()
    assert clock.slept == 0
    pacer.wait()
    assert clock.slept == 10.0


def test_a_slow_request_needs_no_further_wait() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock, sleep=clock.sleep)
    for _ in range(30):
        pacer.wait()
        clock.now += 30.0
        pacer.count()
    assert clock.slept == 0


@given(
    st.lists(
        st.tuples(
            st.floats(0, 20),  # idle before the request
            st.floats(0, 15),  # on its way to the server
            st.floats(0, 15),  # until the answer is in
        ),
        min_size=1,
        max_size=80,
    )
)
def test_the_server_never_sees_more_than_it_allows(
    requests: list[tuple[float, float, float]],
) -> None:
    clock = Clock()
    pacer = Pacer(clock=clock, sleep=clock.sleep)
    arrivals = []
    for idle, way, answer in requests:
        clock.now += idle
        pacer.wait()
        clock.now += way
        arrivals.append(clock.now)
        clock.now += answer
        pacer.count()
    # A hair's breadth for floating point: the server's clock is no finer.
    assert most_in(arrivals, 10.0 - 1e-6) <= 5
    assert most_in(arrivals, 60.0 - 1e-6) <= 20


def test_a_sleep_that_ends_early_is_continued() -> None:
    clock = Clock()

    def short_sleep(seconds: float) -> None:
        clock.sleep(seconds if seconds < 0.01 else seconds / 2)

    pacer = Pacer((Limit(1, 10.0),), clock=clock, sleep=short_sleep)
    pacer.wait()
    pacer.count()
    pacer.wait()
    assert clock.slept >= 10.0 - 1e-6


def test_no_limits_no_waiting() -> None:
    clock = Clock()
    pacer = Pacer((), clock=clock, sleep=clock.sleep)
    for _ in range(100):
        pacer.wait()
        pacer.count()
    assert clock.slept == 0
