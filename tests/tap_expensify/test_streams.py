"""The whole tap against the Expensify sandbox, over HTTP."""

from __future__ import annotations

import json
import logging
import time
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from jsonschema import Draft202012Validator

from expense_sandbox.expensify import faults
from expense_sandbox.expensify.quirks import Quirks
from expense_sandbox.expensify.rate_limit import RateLimit
from expense_sandbox.faults import Fault
from expense_sandbox.world import effective_amount, report_number
from tap_expensify.client import ExpensifyClient
from tap_expensify.errors import (
    ConfigurationError,
    CredentialsError,
    IncompleteError,
    TapError,
    UnavailableError,
)
from tap_expensify.export import ExportQuery, read_reports
from tap_expensify.pacing import Pacer
from tap_expensify.policy_schemas import POLICIES
from tap_expensify.schemas import EXPENSES, REPORTS
from tap_expensify.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expense_sandbox.expensify.server import ExpensifyServer
    from expense_sandbox.world import World

NOW = datetime(2026, 7, 1, 6, tzinfo=timezone.utc)
ALL = ("reports", "expenses", "policies")


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    """The day after the last of the sandbox's approvals, for the tap and the sandbox alike."""
    with time_machine.travel(NOW, tick=True):
        yield


def approved_in(world: World, states: tuple[str, ...] = ("Approved", "Reimbursed")) -> list[Any]:
    """The sandbox's own reports that a tap must read, straight from its data, in order."""
    chosen = [r for r in world.reports if r["status"] in states and r["approved"]]
    return sorted(chosen, key=lambda r: (r["approved"], r["reportID"]))


def iso(wire: str) -> str:
    return wire.replace(" ", "T") + "Z"


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["report_id"] for record in records]


def state_at(bookmark: str, *streams: str) -> dict[str, Any]:
    entry = {"replication_key": "approved_at", "replication_key_value": bookmark}
    return {"bookmarks": {stream: dict(entry) for stream in streams or ("reports",)}}


def test_every_approved_report_is_read_in_order(
    run: Any,
    make_config: Any,
    start_expensify: Callable[..., ExpensifyServer],
    full_world: World,
) -> None:
    expensify = start_expensify(data=full_world)
    expected = approved_in(full_world)
    assert len(expected) >= 220
    records = run(make_config(expensify)).records("reports")
    assert sum(len(record["expenses"]) for record in records) >= 1500
    assert ids(records) == [report["reportID"] for report in expected]
    for record, wire in zip(records, expected, strict=True):
        Draft202012Validator(REPORTS).validate(record)
        assert record["total"] == wire["total"]
        assert record["approved_at"] == iso(wire["approved"])
        assert record["report_number"] == report_number(wire["reportID"])
        assert record["status"] == wire["status"]
        assert record["report_name"] == (wire["reportName"] or None)
        assert record["employee_custom_field_1"] == (wire["employeeCustomField1"] or None)
        assert record["custom_fields"] == {k: v for k, v in wire["customField"].items() if v}
        assert len(record["expenses"]) == len(wire["transactionList"])
        for expense, theirs in zip(record["expenses"], wire["transactionList"], strict=True):
            assert expense["effective_amount"] == effective_amount(theirs)
            assert expense["transaction_id"] == theirs["transactionID"]
            assert expense["category"] == (theirs["category"] or None)
            assert expense["comment"] == (theirs["comment"] or None)
            assert expense["reimbursable"] == theirs["reimbursable"]
        assert record["total"] == sum(e["effective_amount"] for e in record["expenses"])
    assert expensify.refused == {}


def test_tags_come_with_their_codes(run: Any, config: dict[str, Any]) -> None:
    reports = run(config).records("reports")
    tags = [tag for r in reports for e in r["expenses"] for tag in e["tags"]]
    assert {"level": 1, "name": "R&D", "gl_code": "RD"} in tags
    assert any(tag["level"] == 2 and ":" in tag["name"] and tag["gl_code"] for tag in tags)
    assert all(tag["gl_code"] for tag in tags)


def test_flat_expenses_and_policies(run: Any, config: dict[str, Any], world: World) -> None:
    messages = run(config, streams=ALL)
    nested = [e["transaction_id"] for r in messages.records("reports") for e in r["expenses"]]
    assert [e["transaction_id"] for e in messages.records("expenses")] == nested
    for record in messages.records("expenses"):
        Draft202012Validator(EXPENSES).validate(record)
    policies = messages.records("policies")
    assert {p["policy_id"] for p in policies} == {p.policy_id for p in world.policies}
    for record in policies:
        Draft202012Validator(POLICIES).validate(record)


def test_one_export_serves_reports_and_expenses(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer
) -> None:
    run(config, streams=ALL)
    assert [job.operation for job in expensify.jobs_log] == ["file", "download", "get policyList"]


@pytest.mark.parametrize(
    ("streams", "operations"),
    [
        (("policies",), ["get policyList"]),
        (("reports",), ["file", "download"]),
        (("expenses",), ["file", "download"]),
        ((), []),
    ],
)
def test_streams_that_are_not_selected_cost_no_request(
    run: Any,
    config: dict[str, Any],
    expensify: ExpensifyServer,
    streams: tuple[str, ...],
    operations: list[str],
) -> None:
    run(config, streams=streams)
    assert [job.operation for job in expensify.jobs_log] == operations


def test_the_state_follows_report_by_report_and_never_runs_ahead(
    run: Any, config: dict[str, Any]
) -> None:
    last: str | None = None
    seen = 0
    for message in run(config):
        if message["type"] == "RECORD":
            last = message["record"]["approved_at"]
        elif message["type"] == "STATE" and last is not None:
            assert message["value"]["bookmarks"]["reports"]["replication_key_value"] == last
            seen += 1
    assert seen >= 30


def test_the_last_state_is_plain(run: Any, config: dict[str, Any]) -> None:
    messages = run(config)
    last = messages.records("reports")[-1]["approved_at"]
    assert messages.states[-1] == state_at(last)


def test_the_next_run_reads_the_lookback_again_and_leaves_the_bookmark(
    run: Any, config: dict[str, Any]
) -> None:
    first = run(config)
    again = run(config, state=first.states[-1])
    bookmark = first.bookmarks("reports")[-1]
    since = datetime.fromisoformat(bookmark.replace("Z", "+00:00")) - timedelta(days=7)
    expected = [
        r
        for r in first.records("reports")
        if r["approved_at"] >= since.strftime("%Y-%m-%dT%H:%M:%SZ")
    ]
    assert again.records("reports") == expected
    assert len(expected) > 1
    assert set(again.bookmarks("reports")) == {bookmark}


def test_without_lookback_only_the_bookmark_itself_comes_again(
    run: Any, make_config: Any, expensify: ExpensifyServer
) -> None:
    config = make_config(expensify, lookback_days=0)
    first = run(config)
    again = run(config, state=first.states[-1])
    assert again.records("reports") == first.records("reports")[-1:]


def test_from_any_state_on_nothing_is_missed(run: Any, config: dict[str, Any]) -> None:
    first = run(config)
    everything = first.records("reports")
    for state in first.states[1::7]:
        bookmark = state["bookmarks"]["reports"]["replication_key_value"]
        later = [r["report_id"] for r in everything if r["approved_at"] >= bookmark]
        again = run(config, state=json.loads(json.dumps(state)))
        assert set(later) <= set(ids(again.records("reports")))
        assert again.bookmarks("reports")[-1] == everything[-1]["approved_at"]
        assert min(again.bookmarks("reports")) >= bookmark


def test_a_report_that_appears_late_is_read_although_the_bookmark_is_past_it(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer, world: World
) -> None:
    first = run(config)
    bookmark = first.bookmarks("reports")[-1]
    late = approved_in(world)[0]["reportID"]
    expensify.reports.change(late, {"approved": "2026-06-29 10:00:00"})
    again = run(config, state=first.states[-1])
    assert late in ids(again.records("reports"))
    assert set(again.bookmarks("reports")) == {bookmark}


def test_a_report_reimbursed_since_is_not_missed(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer, world: World
) -> None:
    newest = approved_in(world)[-1]["reportID"]
    expensify.reports.change(newest, {"status": "Reimbursed", "reimbursed": "2026-06-30 20:00:00"})
    (record,) = [r for r in run(config).records("reports") if r["report_id"] == newest]
    assert (record["status"], record["reimbursed_at"]) == ("Reimbursed", "2026-06-30T20:00:00Z")


def test_an_approval_in_the_future_does_not_drag_the_bookmark_along(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer, world: World
) -> None:
    ahead = approved_in(world)[0]["reportID"]
    expensify.reports.change(ahead, {"approved": "2031-01-01 00:00:00"})
    first = run(config)
    assert ids(first.records("reports"))[-1] == ahead
    assert first.bookmarks("reports")[-1] <= "2026-07-01T07:00:00Z"
    again = run(config, state=first.states[-1])
    assert ahead in ids(again.records("reports"))


def test_start_and_end_are_inclusive(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    days = sorted({report["approved"][:10] for report in approved_in(world)})
    start, end = days[5], days[15]
    config = make_config(expensify, start_date=start, end_date=end)
    expected = [r for r in approved_in(world) if start <= r["approved"][:10] <= end]
    assert ids(run(config).records("reports")) == [r["reportID"] for r in expected]
    instant = expected[0]["approved"].replace(" ", "T")
    for bounds in ({"start_date": instant + "Z"}, {"start_date": instant + "+00:00"}):
        read = run(make_config(expensify, end_date=end, **bounds))
        assert ids(read.records("reports")) == [r["reportID"] for r in expected]
    later = (datetime.fromisoformat(instant) + timedelta(seconds=1)).isoformat()
    read = run(make_config(expensify, start_date=later, end_date=end))
    assert expected[0]["reportID"] not in ids(read.records("reports"))


def test_reports_before_the_start_are_left_out_although_the_lookback_reaches_them(
    run: Any, make_config: Any, expensify: ExpensifyServer
) -> None:
    config = make_config(expensify, start_date="2026-06-20", lookback_days=90)
    records = run(config, state=state_at("2026-06-25T00:00:00Z")).records("reports")
    assert records
    assert min(r["approved_at"] for r in records) >= "2026-06-20"


@pytest.mark.parametrize("form", [list, ",".join])
def test_policies_can_be_chosen(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World, form: Any
) -> None:
    chosen = [policy.policy_id for policy in world.policies][:2]
    messages = run(make_config(expensify, policy_ids=form(chosen)), streams=ALL)
    assert {r["policy_id"] for r in messages.records("reports")} == set(chosen)
    assert {p["policy_id"] for p in messages.records("policies")} == set(chosen)


def test_reports_never_approved_are_left_out_whatever_the_states(
    run: Any,
    make_config: Any,
    expensify: ExpensifyServer,
    world: World,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = make_config(expensify, report_states="OPEN,SUBMITTED,APPROVED,REIMBURSED,ARCHIVED")
    never = [r for r in world.reports if not r["approved"]]
    assert never
    expected = approved_in(world, ("Open", "Processing", "Approved", "Reimbursed", "Closed"))
    assert ids(run(config).records("reports")) == [r["reportID"] for r in expected]
    assert f"{len(never)} without (left out)" in caplog.text


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Pacific/Kiritimati", "Asia/Kathmandu"])
def test_the_machine_s_time_zone_does_not_matter(
    run: Any, config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    state = state_at("2026-06-20T23:30:00Z")
    plain = run(config, state=json.loads(json.dumps(state)))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        moved = run(config, state=json.loads(json.dumps(state)))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert moved.records("reports") == plain.records("reports")
    assert moved.bookmarks("reports")[1:] == plain.bookmarks("reports")[1:]


def test_years_are_walked_in_windows(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    old = approved_in(world)[0]["reportID"]
    expensify.reports.change(
        old,
        {
            "created": "2022-03-01 08:00:00",
            "submitted": "2022-03-02 08:00:00",
            "approved": "2024-06-01 09:00:00",
        },
    )
    config = make_config(expensify, start_date="2022-01-01")
    records = run(config).records("reports")
    assert ids(records)[0] == old
    assert len(records) == len(approved_in(world))
    assert len([job for job in expensify.jobs_log if job.operation == "file"]) == 5
    assert {job.code for job in expensify.jobs_log} == {200}


SAME_DATA = [
    Quirks(template_errors="strict", grouped_numbers=True),
    Quirks(numbers_as_strings=True, booleans_as_strings=True),
    Quirks(php_style_empties=True),
    Quirks(omit_empty_fields=True),
    Quirks(reports_per_rendering=7),
    Quirks(
        template_errors="strict",
        grouped_numbers=True,
        omit_empty_fields=True,
        php_style_empties=True,
        booleans_as_strings=True,
        reports_per_rendering=50,
    ),
]


@pytest.mark.parametrize("quirks", SAME_DATA)
def test_the_service_s_moods_make_no_difference(
    run: Any,
    make_config: Any,
    start_expensify: Callable[..., ExpensifyServer],
    quirks: Quirks,
) -> None:
    plain = run(make_config(start_expensify())).records("reports")
    assert run(make_config(start_expensify(quirks))).records("reports") == plain


def test_base_10_ids_and_plain_dates(
    run: Any, make_config: Any, start_expensify: Callable[..., ExpensifyServer], world: World
) -> None:
    server = start_expensify(Quirks(report_ids="base_10", report_times="short"))
    records = run(make_config(server)).records("reports")
    expected = approved_in(world)
    assert sorted(ids(records)) == sorted(report_number(r["reportID"]) for r in expected)
    assert all(r["report_number"] == r["report_id"] for r in records)
    assert all(r["approved_at"].endswith("T00:00:00Z") for r in records)


@pytest.mark.parametrize(
    "fault",
    [
        faults.rate_limited(times=2),
        faults.rate_limited("http_200_json", times=2),
        faults.rate_limited("http_429_empty", times=2),
        faults.unavailable(times=2),
        faults.bad_gateway(times=2),
        faults.reset(times=2),
        faults.reset(times=2, after=True),
        faults.not_ready(times=3),
        faults.not_ready("empty", times=3),
        faults.truncated_download(times=3),
        faults.truncated_download(0, times=3),
        faults.truncated_download(100, times=3, silent=False),
    ],
)
def test_passing_trouble_changes_nothing_in_what_is_read(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer, world: World, fault: Fault
) -> None:
    expensify.faults.add(fault)
    assert len(run(config).records("reports")) == len(approved_in(world))
    assert expensify.refused == {}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.truncated_download(times=-1), IncompleteError),
        (faults.not_ready(times=-1), IncompleteError),
        (faults.not_ready("empty", times=-1), IncompleteError),
        (faults.bad_gateway(times=-1), UnavailableError),
        (faults.reset(times=-1), UnavailableError),
        # The first of three windows is read, the second never.
        (Fault("truncate", " download$", times=-1, skip=1, silent=True), IncompleteError),
        (Fault("before", " file$", times=-1, skip=1, status=503), UnavailableError),
    ],
)
def test_a_run_that_cannot_read_everything_emits_nothing(  # noqa: PLR0917 - fixtures and cases
    run: Any,
    make_config: Any,
    new_messages: Any,
    expensify: ExpensifyServer,
    fault: Fault,
    kind: type[TapError],
) -> None:
    expensify.faults.add(fault)
    output = new_messages()
    state = state_at("2024-01-05T00:00:00Z")
    with pytest.raises(kind):
        run(
            make_config(expensify, start_date="2024-01-01"),
            state=state,
            output=output,
            streams=("reports", "expenses"),
        )
    assert output.records("reports") == output.records("expenses") == []
    assert set(output.bookmarks("reports")) <= {"2024-01-05T00:00:00Z"}


def test_a_wrong_secret_stops_at_once_and_is_nowhere_to_be_seen(
    run: Any,
    make_config: Any,
    new_messages: Any,
    expensify: ExpensifyServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    output = new_messages()
    wrong = "not-the-secret-31337"
    with pytest.raises(CredentialsError) as caught:
        run(make_config(expensify, partner_user_secret=wrong), streams=ALL, output=output)
    assert len(expensify.requests_log) == 1
    assert wrong not in caught.value.sentence() + caplog.text + json.dumps(output)


def test_the_secret_is_nowhere_to_be_seen(
    run: Any,
    config: dict[str, Any],
    expensify: ExpensifyServer,
    caplog: pytest.LogCaptureFixture,
    secrets: tuple[str, str],
) -> None:
    caplog.set_level(logging.DEBUG)
    messages = run(config, streams=ALL)
    user_id, user_secret = secrets
    assert user_secret not in caplog.text + json.dumps(messages)
    assert user_id not in json.dumps(messages.states)
    assert all(not request.query for request in expensify.requests_log)


def test_logs_hold_no_personal_data(
    run: Any, config: dict[str, Any], world: World, caplog: pytest.LogCaptureFixture
) -> None:
    run(config, streams=ALL)
    ours = "\n".join(r.getMessage() for r in caplog.records if "tap-expensify" in r.name)
    assert ours
    assert "@" not in ours
    for report in world.reports[:50]:
        assert report["submitter"]["fullName"] not in ours


def test_a_bookmark_that_is_no_date_is_refused(run: Any, config: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run(config, state=state_at("last week"))
    assert caught.value.code == "bookmark_wrong"


def test_a_bookmark_written_another_way_is_understood(run: Any, config: dict[str, Any]) -> None:
    plain = run(config, state=state_at("2026-06-20T10:00:00Z"))
    other = run(config, state=state_at("2026-06-20T12:00:00+02:00"))
    assert other.records("reports") == plain.records("reports")


def test_streams_have_bookmarks_of_their_own(
    run: Any, config: dict[str, Any], expensify: ExpensifyServer
) -> None:
    state = state_at("2026-06-25T00:00:00Z", "reports")
    messages = run(config, state=state, streams=("reports", "expenses"))
    everything = run(config).records("reports")
    assert messages.records("reports") == [
        r for r in everything if r["approved_at"] >= "2026-06-18T00:00:00Z"
    ]
    assert len(messages.records("expenses")) == sum(len(r["expenses"]) for r in everything)
    assert min(messages.bookmarks("reports")) >= "2026-06-25T00:00:00Z"
    assert messages.bookmarks("expenses") == sorted(messages.bookmarks("expenses"))


def test_expenses_alone_go_on_where_they_were(run: Any, config: dict[str, Any]) -> None:
    first = run(config, streams=("expenses",))
    again = run(config, state=first.states[-1], streams=("expenses",))
    assert 0 < len(again.records("expenses")) < len(first.records("expenses")) / 2
    assert set(again.bookmarks("expenses")) == {first.bookmarks("expenses")[-1]}


def test_nothing_new_is_no_error(run: Any, make_config: Any, expensify: ExpensifyServer) -> None:
    messages = run(make_config(expensify, start_date="2026-07-01"))
    assert messages.records("reports") == []
    assert messages.bookmarks("reports") == []


def test_expensify_s_rate_limits_are_never_hit(
    start_expensify: Callable[..., ExpensifyServer], secrets: tuple[str, str]
) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    server = start_expensify(rate_limits=True, rate_limit=RateLimit(clock=lambda: now[0]))
    pacer = Pacer(clock=lambda: now[0], sleep=sleep)
    waits: list[float] = []
    with ExpensifyClient(
        server.endpoint_url, Credentials(*secrets), timeout=30, pacer=pacer, sleep=waits.append
    ) as client:
        query = ExportQuery(date(2010, 1, 1), None, ("APPROVED", "REIMBURSED"), ())
        read_reports(client, query, today=NOW.date())
    assert len(server.requests_log) >= 30
    assert {logged.status for logged in server.requests_log} == {200}
    assert waits == []
