"""When answers are lost, or NAV is busy, half-finished or down: over every dialect."""

from __future__ import annotations

import pytest

from expense_sandbox.faults import ALWAYS, Fault
from target_dynamics_nav.errors import OutageError
from target_dynamics_nav.nav.port import DocumentKind
from tests.target_dynamics_nav.desk import record

from .dialects import KINDS, Books


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "after", "truncate"])
@pytest.mark.parametrize("step", ["create", "post"])
@KINDS
def test_a_write_whose_answer_is_lost_ends_in_one_posting(
    books: Books, kind: DocumentKind, step: str, fault: str
) -> None:
    pattern = books.dialect.creates[kind] if step == "create" else books.dialect.posts[kind]
    books.desk.fail(Fault(fault, pattern, status=503))  # type: ignore[arg-type]
    finished = books.run(record(kind))
    assert finished.error is None
    assert finished.statuses == ["posted"]
    assert books.desk.postings() == 1
    assert books.desk.drafts() == []
    assert books.run_anew(record(kind)).statuses == ["already_posted"]


@pytest.mark.parametrize("step", ["create", "post"])
@KINDS
def test_a_write_that_is_lost_again_and_again_is_left_to_the_next_run(
    books: Books, kind: DocumentKind, step: str
) -> None:
    pattern = books.dialect.creates[kind] if step == "create" else books.dialect.posts[kind]
    books.desk.fail(Fault("before", pattern, status=503, times=ALWAYS))
    assert books.run(record(kind)).statuses == ["failed"]
    assert books.desk.postings() == 0
    books.desk.server.faults.clear()
    assert books.run_anew(record(kind)).statuses == ["posted"]
    assert books.desk.postings() == 1
    assert books.desk.drafts() == []


@KINDS
def test_a_look_up_that_fails_is_never_nothing_found(books: Books, kind: DocumentKind) -> None:
    books.run(record(kind))
    before = books.content()
    books.desk.fail(Fault("before", books.dialect.looks_up, status=503, times=ALWAYS))
    finished = books.run_anew(record(kind))
    assert isinstance(finished.error, OutageError) or finished.statuses == ["failed"]
    books.desk.server.faults.clear()
    assert books.content() == before


def test_a_look_up_that_answers_late_is_waited_for(books: Books) -> None:
    books.desk.fail(Fault("before", books.dialect.looks_up, status=503, times=2))
    assert books.run(record()).statuses == ["posted"]
    assert books.desk.slept


def test_too_many_requests_is_waited_out(books: Books) -> None:
    busy = Fault("before", "", status=429, headers={"Retry-After": "3"}, times=2, skip=5)
    books.desk.fail(busy)
    assert books.run(record()).statuses == ["posted"]
    assert [wait >= 3 for wait in books.desk.slept] == [True, True]
    assert books.desk.postings() == 1
