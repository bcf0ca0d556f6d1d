"""What NavHttp repeats, what it never repeats, and what it makes of each answer: against a scripted loopback server."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import contextmanager
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expense_sandbox.faults import Fault, FaultPlan
from expense_sandbox.http import Request, Response, SandboxServer, json_response
from target_dynamics_nav.errors import (
    ConfigurationError,
    CredentialsError,
    DocumentRefusedError,
    DraftChangedError,
    OutageError,
    OutcomeUnknownError,
    ProtocolError,
    RetryLaterError,
)
from target_dynamics_nav.nav.auth import BasicAuth
from target_dynamics_nav.nav.http import NavHttp
from target_dynamics_nav.nav.parts import Write
from target_dynamics_nav.nav.retry import Clock, Pace, RetryPolicy, retry_after_seconds
from target_dynamics_nav.nav.transport import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOON = datetime(2026, 2, 3, 12, 0, 0, tzinfo=timezone.utc)
KEY = "web-service-access-key"


class StoppedClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        self.clock = Clock(
            monotonic=lambda: self.time, now=lambda: NOON, sleep=self._sleep, jitter=lambda: 0.5
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Script:
    """Answers in order, the last one again and again; remembers what was asked."""

    def __init__(self, *answers: Response | Callable[[Request], Response]) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Response) else answer(request)


@contextmanager
def nav(
    script: Script, *faults: Fault, policy: RetryPolicy | None = None
) -> Iterator[tuple[NavHttp, StoppedClock, SandboxServer]]:
    server = SandboxServer(script, name="script", faults=FaultPlan(faults))
    server.start()
    time = StoppedClock()
    http = NavHttp(
        f"{server.url}/api/v2.0",
        BasicAuth("exporter", KEY),
        timeout=(5.0, 5.0),
        policy=policy or RetryPolicy(),
        clock=time.clock,
    )
    try:
        yield http, time, server
    finally:
        http.close()
        server.stop()


def refusal(status: int, code: str, message: str) -> Response:
    return json_response(
        {
            "error": {
                "code": code,
                "message": f"{message}  CorrelationId:  a69b4f67-2286-4bef-861a-e8cc8679f667.",
            }
        },
        status=status,
    )


OK = json_response({"value": [{"id": "1"}]})
DEADLOCK = (
    "The activity was deadlocked with another user who was modifying the Purchase Header table. "
    "Please retry the activity."
)


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


# Reads


@pytest.mark.parametrize(
    "failure",
    [
        Response(408),
        Response(429),
        Response(500),
        Response(502),
        Response(503),
        Response(504),
        refusal(409, "Internal_ServerError", DEADLOCK),
        refusal(400, "Application_DialogException", DEADLOCK),
    ],
    ids=lambda answer: str(answer.status),
)
def test_a_read_is_repeated_when_the_failure_may_pass(failure: Response) -> None:
    script = Script(failure, failure, OK)
    with nav(script) as (http, time, _):
        assert http.get("companies") == {"value": [{"id": "1"}]}
    assert len(script.asked) == 3
    assert time.slept == [1.0, 2.0]


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate"])
def test_a_read_is_repeated_when_the_network_fails(kind: str) -> None:
    with nav(Script(OK), Fault(kind=kind)) as (http, time, _):  # type: ignore[arg-type]
        assert http.get("companies") == {"value": [{"id": "1"}]}
    assert time.slept == [1.0]


def test_a_body_cut_off_with_a_fitting_length_is_noticed() -> None:
    with nav(Script(OK), Fault(kind="truncate", silent=True, keep_bytes=9)) as (http, time, _):
        assert http.get("companies") == {"value": [{"id": "1"}]}
    assert time.slept == [1.0]


@pytest.mark.parametrize(
    ("header", "waited"),
    [("7", 7.5), ("Tue, 03 Feb 2026 12:00:42 GMT", 42.5), ("soon", 1.0)],
    ids=["seconds", "date", "unreadable"],
)
def test_retry_after_is_honoured(header: str, waited: float) -> None:
    with nav(Script(Response(503, {"Retry-After": header}), OK)) as (http, time, _):
        http.get("companies")
    assert time.slept == [waited]


def test_retry_after_beyond_the_budget_ends_at_once() -> None:
    script = Script(Response(503, {"Retry-After": "900"}))
    with nav(script) as (http, time, _), pytest.raises(OutageError, match="wait 900 seconds"):
        http.get("companies")
    assert time.slept == []
    assert len(script.asked) == 1


def test_waits_double_up_to_a_cap_and_end_with_an_outage() -> None:
    policy = RetryPolicy(attempts=6, first_wait=1.0, longest_wait=5.0, budget=100.0)
    with (
        nav(Script(Response(503)), policy=policy) as (http, time, _),
        pytest.raises(OutageError) as caught,
    ):
        http.get("companies")
    assert time.slept == [1.0, 2.0, 4.0, 5.0, 5.0]
    assert caught.value.exit_code == 75


def test_the_budget_ends_the_tries() -> None:
    policy = RetryPolicy(attempts=50, first_wait=1.0, longest_wait=60.0, budget=10.0)
    with nav(Script(Response(503)), policy=policy) as (http, time, _), pytest.raises(OutageError):
        http.get("companies")
    assert time.slept == [1.0, 2.0, 4.0]


def test_a_server_that_is_not_there_is_an_outage() -> None:
    time = StoppedClock()
    http = NavHttp(
        f"http://127.0.0.1:{closed_port()}/api/v2.0",
        BasicAuth("exporter", KEY),
        timeout=(5.0, 5.0),
        policy=RetryPolicy(attempts=3),
        clock=time.clock,
    )
    with pytest.raises(OutageError, match="no connection to NAV"):
        http.get("companies")
    with pytest.raises(OutageError, match="no connection to NAV"):
        http.write("POST", "companies(1)/purchaseInvoices", {"a": 1})
    assert len(time.slept) == 4


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(404, "BadRequest_ResourceNotFound", "Resource not found."), ConfigurationError),
        (refusal(400, "BadRequest", "Could not find a property named 'x'."), ProtocolError),
        (refusal(400, "Application_DialogException", "Anything."), ProtocolError),
        (refusal(409, "Whatever", "Conflict."), ProtocolError),
        (refusal(403, "Authorization_Denied", "No."), CredentialsError),
        (refusal(401, "Authentication_InvalidCredentials", "No."), CredentialsError),
        (Response(405), ConfigurationError),
        (Response(302, {"Location": "https://elsewhere.example/"}), ConfigurationError),
        (Response(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), ProtocolError),
    ],
)
def test_a_refused_read_stops_the_run_and_never_holds_a_document(
    answer: Response, error: type[Exception]
) -> None:
    script = Script(answer)
    with nav(script) as (http, time, _), pytest.raises(error):
        http.get("companies")
    assert len(script.asked) == 1
    assert time.slept == []


def test_only_reads_that_decide_ask_for_the_primary_database() -> None:
    script = Script(OK)
    with nav(script) as (http, _, _):
        http.get("accounts")
        http.get("purchaseInvoices", fresh=True)
    assert script.asked[0].headers.get("Data-Access-Intent") is None
    assert script.asked[1].headers.get("Data-Access-Intent") == "ReadWrite"
    assert script.asked[0].headers.get("Accept-Language") == "en-US"


def test_pages_are_followed_verbatim() -> None:
    def first(request: Request) -> Response:
        host = request.headers["Host"]
        return json_response(
            {
                "value": [{"id": "1"}],
                "@odata.nextLink": f"http://{host}/api/v2.0/accounts?aid=FIN&$skiptoken=%27a%2Bb%27",
            }
        )

    script = Script(first, json_response({"value": [{"id": "2"}]}))
    with nav(script) as (http, _, _):
        assert http.get_all("accounts") == [{"id": "1"}, {"id": "2"}]
    assert script.asked[1].query == "aid=FIN&$skiptoken=%27a%2Bb%27"


@pytest.mark.parametrize("link", ["https://127.0.0.1/api", "http://127.0.0.1:9/api/v2.0/x"])
def test_a_page_on_another_origin_is_not_followed(link: str) -> None:
    script = Script(json_response({"value": [], "@odata.nextLink": link}))
    with nav(script) as (http, _, _), pytest.raises(ProtocolError) as caught:
        http.get_all("accounts")
    assert caught.value.code == "foreign_link"
    assert len(script.asked) == 1


def test_a_list_given_up_in_the_middle_is_read_again_whole() -> None:
    def first(request: Request) -> Response:
        link = f"http://{request.headers['Host']}/api/v2.0/accounts?$skiptoken=x"
        return json_response({"value": [{"id": "1"}], "@odata.nextLink": link})

    expired = refusal(400, "SkipTokenIsNoLongerValid", "The skip token is no longer valid.")
    with nav(Script(first, expired, first, OK)) as (http, _, _):
        assert http.get_all("accounts") == [{"id": "1"}, {"id": "1"}]
    with nav(Script(expired)) as (http, _, _), pytest.raises(OutageError):
        http.get_all("accounts")


def test_statuses_that_mean_absent_answer_none() -> None:
    script = Script(refusal(404, "BadRequest_NotFound", "No such thing."))
    with nav(script) as (http, _, _):
        assert http.get_all("bankAccounts", absent={404}) is None


def test_money_is_read_and_written_exactly() -> None:
    raw = b'{"amount": 0.1, "large": 123456789012345.67, "whole": 3}'
    script = Script(Response(200, {"Content-Type": "application/json"}, raw))
    with nav(script) as (http, _, _):
        read = http.get("anything")
        http.write(
            "POST", "x", {"unitCost": Decimal("123456789012345.67"), "zero": Decimal("1E+2")}
        )
    assert read == {"amount": Decimal("0.1"), "large": Decimal("123456789012345.67"), "whole": 3}
    assert script.asked[1].body == b'{"unitCost":123456789012345.67,"zero":100}'


# Writes


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_write_with_an_uncertain_answer_is_sent_once(status: int) -> None:
    script = Script(Response(status, {"Retry-After": "3"}), Response(204))
    with nav(script) as (http, time, _), pytest.raises(OutcomeUnknownError) as caught:
        http.write("POST", "x", {})
    assert len(script.asked) == 1
    assert time.slept == []
    assert caught.value.retry_after == 3.0


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate"])
def test_a_write_without_an_answer_is_sent_once(kind: str) -> None:
    script = Script(json_response({"id": "1", "padding": "x" * 50}, status=201))
    with nav(script, Fault(kind=kind)) as (http, _, server):  # type: ignore[arg-type]
        with pytest.raises(OutcomeUnknownError):
            http.write("POST", "x", {})
        assert len(server.requests_log) == 1


@pytest.mark.parametrize("status", [400, 409])
def test_a_deadlocked_write_is_looked_up_and_not_repeated(status: int) -> None:
    script = Script(refusal(status, "Internal_ServerError", DEADLOCK))
    with nav(script) as (http, _, _), pytest.raises(OutcomeUnknownError) as caught:
        http.write("POST", "x", {})
    assert caught.value.code == "lock_conflict"
    assert len(script.asked) == 1


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "5"}], ids=["bare", "with time"])
def test_a_write_refused_as_one_too_many_is_repeated(headers: dict[str, str]) -> None:
    busy = Response(429, headers)
    script = Script(busy, busy, Response(204))
    with nav(script) as (http, time, _):
        assert http.write("POST", "x", {}).status == 204
    assert len(script.asked) == 3
    assert time.slept == ([5.5, 5.5] if headers else [1.0, 2.0])


def test_a_write_never_taken_is_an_outage_not_an_uncertainty() -> None:
    with nav(Script(Response(429))) as (http, _, _), pytest.raises(OutageError):
        http.write("POST", "x", {})


@pytest.mark.parametrize(
    ("status", "code"), [(409, "Request_EntityChanged"), (412, ""), (412, "BadRequest")]
)
def test_a_stale_etag_is_a_changed_draft(status: int, code: str) -> None:
    script = Script(refusal(status, code, "Another user has already changed the record."))
    with nav(script) as (http, _, _), pytest.raises(DraftChangedError):
        http.write("POST", "x", etag='W/"1"')
    assert script.asked[0].headers["If-Match"] == 'W/"1"'
    assert script.asked[0].headers["Content-Length"] == "0"


def test_a_refused_write_carries_navs_words_without_the_correlation_id() -> None:
    script = Script(refusal(400, "Application_DialogException", "Something  odd."))
    with nav(script) as (http, _, _), pytest.raises(DocumentRefusedError) as caught:
        http.write("POST", "x", {})
    assert caught.value.nav_message == "Something odd."
    assert caught.value.code == "nav_refused"


# Batches


def batch(*parts: tuple[str, int, object], headers: dict[str, str] | None = None) -> Response:
    return json_response(
        {
            "responses": [
                {"id": number, "status": status, "headers": headers or {}, "body": body}
                for number, status, body in parts
            ]
        }
    )


def test_batched_reads_come_back_in_the_order_asked() -> None:
    script = Script(batch(("2", 200, {"value": [2]}), ("1", 200, {"value": [1]})))
    with nav(script) as (http, _, _):
        assert http.read_parts(["a", "b"]) == [{"value": [1]}, {"value": [2]}]
    sent = script.asked[0]
    assert sent.headers["Prefer"] == "odata.continue-on-error"
    assert sent.headers["Data-Access-Intent"] == "ReadWrite"
    parts = json.loads(sent.body)["requests"]
    assert [part["url"] for part in parts] == ["a", "b"]
    assert all(part["headers"]["Data-Access-Intent"] == "ReadWrite" for part in parts)


@pytest.mark.parametrize(
    "bad",
    [
        batch(("1", 200, {})),
        batch(("1", 200, {}), ("1", 200, {})),
        batch(("1", 200, {}), ("2", 200, {}), ("3", 200, {})),
        batch(("1", 200, {}), ("2", 503, None)),
        json_response({"responses": None}),
    ],
    ids=["lost", "twice", "too many", "failed", "none"],
)
def test_an_incomplete_batch_of_reads_is_repeated_and_then_says_so(bad: Response) -> None:
    good = batch(("1", 200, {"value": []}), ("2", 200, {"value": []}))
    with nav(Script(bad, good)) as (http, _, _):
        assert len(http.read_parts(["a", "b"])) == 2
    with nav(Script(bad)) as (http, _, _):
        answers = http.read_parts(["a", "b"])
    (failed,) = {type(answer): answer for answer in answers if answer != {}}.values()
    assert isinstance(failed, RetryLaterError)
    assert failed.code == "lookup_incomplete"
    assert not isinstance(failed, OutcomeUnknownError)


def test_only_what_was_not_answered_is_asked_again() -> None:
    script = Script(
        batch(("1", 200, {"value": [1]}), ("2", 503, None), ("3", 200, {"value": [3]})),
        batch(("1", 200, {"value": [2]})),
    )
    with nav(script) as (http, _, _):
        answers = http.read_parts(["a", "b", "c"])
    assert answers == [{"value": [1]}, {"value": [2]}, {"value": [3]}]
    assert [part["url"] for part in json.loads(script.asked[1].body)["requests"]] == ["b"]


def test_retry_after_inside_a_batch_is_honoured() -> None:
    bad = batch(("1", 429, None), headers={"retry-after": "9"})
    with nav(Script(bad, batch(("1", 200, {})))) as (http, time, _):
        http.read_parts(["a"])
    assert time.slept == [9.5]


def test_a_refused_part_of_a_batch_is_never_an_empty_answer() -> None:
    upgrade = {
        "error": {
            "code": "Application_DialogException",
            "message": "You must run the data upgrade for this API page before using it.",
        }
    }
    script = Script(batch(("1", 200, {"value": []}), ("2", 400, upgrade)))
    with nav(script) as (http, _, _), pytest.raises(ConfigurationError) as caught:
        http.read_parts(["a", "b"])
    assert caught.value.code == "data_upgrade_needed"


def test_batched_writes_count_only_when_every_one_is_answered() -> None:
    parts = [Write("POST", "a", {}), Write("PATCH", "b", {}, etag="*")]
    with nav(Script(batch(("1", 201, {}), ("2", 200, {})))) as (http, _, _):
        created, changed = http.write_parts(parts)
    assert isinstance(created, Answer)
    assert isinstance(changed, Answer)
    assert (created.status, changed.status) == (201, 200)
    with nav(Script(batch(("1", 201, {})))) as (http, _, _):
        unknown = http.write_parts(parts)
    assert [type(answer) for answer in unknown] == [OutcomeUnknownError, OutcomeUnknownError]
    assert unknown[0] is not unknown[1]
    bad = {"error": {"code": "Application_DialogException", "message": "No."}}
    with nav(Script(batch(("1", 201, {}), ("2", 400, bad)))) as (http, _, _):
        created, refused = http.write_parts(parts)
    assert isinstance(created, Answer)
    assert isinstance(refused, DocumentRefusedError)


def test_a_write_that_a_batch_was_too_busy_for_is_sent_again_and_no_other() -> None:
    script = Script(
        batch(("1", 201, {}), ("2", 429, None), headers={"retry-after": "9"}),
        batch(("1", 200, {})),
    )
    with nav(script) as (http, time, _):
        answers = http.write_parts([Write("POST", "a", {}), Write("POST", "b", {})])
    assert [answer.status for answer in answers if isinstance(answer, Answer)] == [201, 200]
    assert [part["url"] for part in json.loads(script.asked[1].body)["requests"]] == ["b"]
    assert time.slept == [9.5]


def test_a_write_that_every_batch_is_too_busy_for_was_not_carried_out() -> None:
    def answer(request: Request) -> Response:
        parts = json.loads(request.body)["requests"]
        return batch(*((part["id"], 429 if part["url"] == "b" else 201, {}) for part in parts))

    with nav(Script(answer)) as (http, _, _):
        created, busy = http.write_parts([Write("POST", "a", {}), Write("POST", "b", {})])
    assert isinstance(created, Answer)
    assert isinstance(busy, RetryLaterError)
    assert not isinstance(busy, OutcomeUnknownError)


@pytest.mark.parametrize("status", [500, 502, 504, 408])
def test_a_batch_of_writes_whose_answer_is_an_error_may_have_been_carried_out(status: int) -> None:
    script = Script(Response(status))
    with nav(script) as (http, _, _):
        answers = http.write_parts([Write("POST", "a", {}), Write("POST", "b", {})])
    assert [type(answer) for answer in answers] == [OutcomeUnknownError, OutcomeUnknownError]
    assert len(script.asked) == 1, "nothing that writes is sent a second time without looking"


# Pace, time, silence


def test_requests_keep_a_distance_from_the_limit_of_five_minutes() -> None:
    time = StoppedClock()
    pace = Pace(3, time.clock)
    for _ in range(3):
        pace.wait()
        time.time += 10
    assert time.slept == []
    pace.wait()
    assert time.slept == [270.0]


def test_retry_after_understands_zoneless_and_past_dates() -> None:
    assert retry_after_seconds("Tue, 03 Feb 2026 11:00:00 GMT", NOON) == 0.0
    assert retry_after_seconds("Tue, 03 Feb 2026 12:00:10 -0000", NOON) == 10.0
    assert retry_after_seconds(None, NOON) is None


def test_nothing_secret_or_personal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="target_dynamics_nav")
    script = Script(Response(503), refusal(400, "Application_DialogException", "No."))
    with nav(script) as (http, _, _):
        with pytest.raises(ProtocolError):
            http.get("purchaseInvoices?$filter=vendorNumber eq 'E1001'")
        with pytest.raises(DocumentRefusedError):
            http.write("POST", "x", {"description": "dinner with Jane"})
    assert "/api/v2.0/purchaseInvoices" in caplog.text
    for private in ("Basic ", KEY, "E1001", "Jane", "exporter"):
        assert private not in caplog.text
