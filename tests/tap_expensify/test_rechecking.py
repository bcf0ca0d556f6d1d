"""Reports that change after the lookback, reports in other states, reports asked for by id."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from tap_expensify.errors import ConfigurationError
from tap_expensify.watching import MOST_WATCHED, is_final, still_to_watch, watched_in
from tap_expensify.windows import REACH, touched_windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.expensify.server import ExpensifyServer
    from expense_sandbox.world import World

TODAY = date(2026, 7, 1)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 7, 1, 6, tzinfo=timezone.utc), tick=True):
        yield


def not_final(messages: Any) -> dict[str, str]:
    kept: dict[str, str] = messages.states[-1]["bookmarks"]["reports"]["not_final"]
    return kept


def early_approved(world: World) -> list[str]:
    """Reports that are approved, not reimbursed, and far before the lookback."""
    return [
        report["reportID"]
        for report in sorted(world.reports, key=lambda r: (r["approved"], r["reportID"]))
        if report["status"] == "Approved" and "2026-01-08" < report["approved"] < "2026-05-01"
    ]


def test_a_late_reimbursement_is_seen_once_and_then_watched_no_more(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    config = make_config(expensify, recheck_days=365)
    first = run(config)
    late = early_approved(world)[0]
    assert late in not_final(first)
    expensify.reports.change(late, {"status": "Reimbursed", "reimbursed": "2026-06-30 20:00:00"})
    second = run(config, state=first.states[-1])
    found = {record["report_id"]: record for record in second.records("reports")}
    assert found[late]["status"] == "Reimbursed"
    assert late not in not_final(second)
    third = run(config, state=second.states[-1])
    assert late not in {record["report_id"] for record in third.records("reports")}
    assert second.bookmarks("reports")[-1] == first.bookmarks("reports")[-1]


def test_a_withdrawn_report_comes_with_its_new_status(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    config = make_config(expensify, recheck_days=365)
    first = run(config, streams=("reports", "expenses"))
    withdrawn = early_approved(world)[1]
    before = next(r for r in first.records("reports") if r["report_id"] == withdrawn)
    expensify.reports.change(withdrawn, {"status": "Open", "approved": ""})
    second = run(config, state=first.states[-1], streams=("reports", "expenses"))
    (record,) = [r for r in second.records("reports") if r["report_id"] == withdrawn]
    assert (record["status"], record["approved_at"]) == ("Open", before["approved_at"])
    assert {e["report_status"] for e in second.records("expenses") if e["report_id"] == withdrawn}


def test_a_deleted_report_is_named_in_the_log(
    run: Any,
    make_config: Any,
    expensify: ExpensifyServer,
    world: World,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = make_config(expensify, recheck_days=365)
    first = run(config)
    gone = early_approved(world)[0]
    expensify.reports.remove(gone)
    second = run(config, state=first.states[-1])
    assert f"cannot see them now: {gone}." in caplog.text
    assert gone not in not_final(second)


def test_without_the_setting_nothing_is_watched_and_nothing_asked_by_id(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer
) -> None:
    first = run(config)
    assert "not_final" not in first.states[-1]["bookmarks"]["reports"]
    run(config, state=first.states[-1])
    assert "reportIDList" not in json.dumps([job.description for job in expensify.jobs_log])


def test_the_list_is_whole_before_the_bookmark_moves_and_shortened_at_the_end(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    config = make_config(expensify, recheck_days=365)
    first = run(config)
    paid = early_approved(world)[0]
    expensify.reports.change(paid, {"status": "Reimbursed", "reimbursed": "2026-06-30 20:00:00"})
    newest = early_approved(world)[1]
    expensify.reports.change(newest, {"approved": "2026-06-30 23:59:00"})
    second = run(config, state=json.loads(json.dumps(first.states[-1])))
    lists = [state["bookmarks"]["reports"]["not_final"] for state in second.states]
    assert len(lists) > 1
    assert all(paid in one for one in lists[:-1])
    assert paid not in lists[-1]


def test_a_late_report_is_watched_although_the_bookmark_stays(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    config = make_config(expensify, recheck_days=365)
    first = run(config)
    late = early_approved(world)[0]
    state = json.loads(json.dumps(first.states[-1]))
    del state["bookmarks"]["reports"]["not_final"][late]
    expensify.reports.change(late, {"approved": "2026-06-29 10:00:00"})
    second = run(config, state=state)
    assert second.bookmarks("reports")[-1] == first.bookmarks("reports")[-1]
    assert late in not_final(second)


def test_old_approvals_are_watched_no_more(
    run: Any, make_config: Any, expensify: ExpensifyServer
) -> None:
    messages = run(make_config(expensify, recheck_days=30))
    assert not_final(messages)
    assert min(not_final(messages).values()) >= "2026-06-01"


def test_the_list_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    moments = [f"2026-01-01T{number // 3600:02d}:00:00Z" for number in range(3000)]
    newest_first = [(f"R{number:04d}", moments[number]) for number in range(2999, -1, -1)]
    kept = still_to_watch(newest_first)
    assert len(kept) == MOST_WATCHED
    assert next(iter(kept)) == "R1000"
    assert "read again by id" in caplog.text


@pytest.mark.parametrize("status", ["Reimbursed", "PAID", "Closed", "archived", "Done "])
def test_final_statuses(status: str) -> None:
    assert is_final(status)


@pytest.mark.parametrize("status", ["Approved", "Open", "Outstanding", None, ""])
def test_statuses_that_may_change(status: str | None) -> None:
    assert not is_final(status)


@pytest.mark.parametrize("listed", [["R1"], "R1", {"R1": "soon"}, 7])
def test_a_list_of_another_form_is_refused(listed: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        watched_in({"bookmarks": {"reports": {"not_final": listed}}})
    assert caught.value.code == "bookmark_wrong"


def test_given_reports_are_replayed_and_the_bookmark_stays(
    run: Any,
    make_config: Any,
    expensify: ExpensifyServer,
    world: World,
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = run(make_config(expensify))
    chosen = early_approved(world)[:3]
    config = make_config(expensify, report_ids=[*chosen, "R00NoSuchOne"], start_date="2026-06-01")
    again = run(config, state=json.loads(json.dumps(first.states[-1])))
    assert [record["report_id"] for record in again.records("reports")] == chosen
    assert again.states[-1] == first.states[-1]
    assert "report_states: R00NoSuchOne." in caplog.text


def test_replayed_reports_may_be_named_by_number(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World, caplog: Any
) -> None:
    one = early_approved(world)[0]
    number = world.report(one)["oldReportID"]
    records = run(make_config(expensify, report_ids=number)).records("reports")
    assert [record["report_id"] for record in records] == [one]
    assert "unknown, not approved" not in caplog.text


def test_replay_leaves_the_watched_reports_as_they_are(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    first = run(make_config(expensify, recheck_days=365))
    chosen = early_approved(world)[:1]
    config = make_config(expensify, recheck_days=365, report_ids=chosen)
    again = run(config, state=json.loads(json.dumps(first.states[-1])))
    assert again.states[-1] == first.states[-1]
    assert len(again.records("reports")) == 1


def test_closed_reports_come_from_a_query_of_their_own(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    closed = early_approved(world)[0]
    expensify.reports.change(closed, {"status": "Closed"})
    config = make_config(expensify, report_states="APPROVED,REIMBURSED,ARCHIVED")
    records = run(config).records("reports")
    assert "Closed" in {r["status"] for r in records if r["report_id"] == closed}
    exports = [j.description["inputSettings"] for j in expensify.jobs_log if j.operation == "file"]
    assert [export["reportState"] for export in exports] == [
        "APPROVED,REIMBURSED",
        *["ARCHIVED"] * (len(exports) - 1),
    ]
    assert all("startDate" in export["filters"] for export in exports[1:])


_days = st.dates(min_value=date(2015, 1, 1), max_value=TODAY)


@given(first=_days, touched=_days, delay=st.integers(0, REACH.days), zone=st.integers(-1, 1))
def test_every_report_touched_within_reach_is_in_some_window(
    first: date, touched: date, delay: int, zone: int
) -> None:
    approved = touched + timedelta(days=delay)
    if not first <= approved <= TODAY:
        return
    theirs = timedelta(days=zone)
    assert any(
        window.start <= touched + theirs
        and (window.end is None or touched + theirs <= window.end)
        and approved + theirs > window.approved_after
        for window in touched_windows(first, None, TODAY)
    )


@given(first=_days, length=st.none() | st.integers(0, 4000), clock=st.integers(-1, 1))
def test_expensify_accepts_every_window(first: date, length: int | None, clock: int) -> None:
    last = None if length is None else first + timedelta(days=length)
    theirs = TODAY + timedelta(days=clock)
    for window in touched_windows(first, last, TODAY):
        anchor = min(window.start, window.approved_after)
        assert (window.end or theirs) - anchor < timedelta(days=365)
        assert window.end is None or window.start <= window.end
