"""Parts of many documents in few requests, and `$batch` as text: against a scripted loopback server."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from expense_sandbox.http import Request, Response, json_response
from target_dynamics_nav.errors import (
    DocumentRefusedError,
    OutageError,
    StopRunError,
    TargetError,
)
from target_dynamics_nav.nav.batch import MAX_BATCH_PARTS, batch_answers, batch_body
from target_dynamics_nav.nav.batching import KEYS_IN_ONE_LOOK_UP, LARGEST_BATCH_BYTES, Round
from target_dynamics_nav.nav.parts import LookUp, Pause, Read, Upload, Write
from target_dynamics_nav.nav.retry import TransientFailure
from target_dynamics_nav.nav.transport import Answer

from .test_nav_http import Script, nav

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_dynamics_nav.nav.parts import Part


class Nav:
    """Answers each part with its address, or what `answers` has for it; remembers which parts came together."""

    def __init__(self, **answers: tuple[int, Any]) -> None:
        self.answers = answers
        self.together: list[list[str]] = []

    def __call__(self, request: Request) -> Response:
        if request.path.endswith("/$batch"):
            parts = [(one["id"], one["url"]) for one in json.loads(request.body)["requests"]]
            self.together.append([unquote(url) for _, url in parts])
            responses = [
                {"id": number, "status": status, "headers": {}, "body": body}
                for number, (status, body) in ((n, self._answer(url)) for n, url in parts)
            ]
            return json_response({"responses": responses})
        url = f"{request.path.rpartition('/')[2]}?{request.query}".rstrip("?")
        self.together.append([unquote(url)])
        status, body = self._answer(url)
        return json_response(body, status=status)

    def _answer(self, url: str) -> tuple[int, Any]:
        url = unquote(url)
        if url in self.answers:
            return self.answers[url]
        values = re.findall("'([^']*)'", url)
        return 200, {"value": [{"code": value.lower(), "url": url} for value in values or [url]]}


def ask(server: Nav, *parts: Part, operations: int = 100) -> list[Any]:
    with nav(Script(server)) as (http, _, _):
        return Round(http, operations).perform(parts)


def look_up(value: str, entity_set: str = "things") -> LookUp:
    return LookUp(entity_set, "code", value, "lines")


def urls(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["url"] for row in rows]


REFUSAL = (
    400,
    {"error": {"code": "Application_DialogException", "message": "Account 8320 is blocked."}},
)
BROKEN = (
    401,
    {"error": {"code": "Authentication_InvalidCredentials", "message": "Unauthorized"}},
)


def test_nothing_to_do_is_no_request() -> None:
    server = Nav()
    assert ask(server) == []
    assert server.together == []


def test_reads_share_requests_of_the_size_allowed() -> None:
    server = Nav()
    answers = ask(server, *(Read(f"r{n}") for n in range(5)), operations=2)
    assert [urls(rows) for rows in answers] == [["r0"], ["r1"], ["r2"], ["r3"], ["r4"]]
    assert server.together == [["r0", "r1"], ["r2", "r3"], ["r4"]]


def test_writes_share_requests_of_the_size_allowed_in_their_order() -> None:
    server = Nav()
    answers = ask(server, *(Write("POST", f"w{n}", {}) for n in range(5)), operations=2)
    assert [urls(answer.body["value"]) for answer in answers] == [
        ["w0"],
        ["w1"],
        ["w2"],
        ["w3"],
        ["w4"],
    ]
    assert server.together == [["w0", "w1"], ["w2", "w3"], ["w4"]]


def test_very_large_writes_do_not_share_a_request() -> None:
    server = Nav()
    half = {"text": "x" * (LARGEST_BATCH_BYTES // 2 - 11)}
    exactly_half = Write("POST", "half", half)
    assert len(exactly_half.body_text or "") == LARGEST_BATCH_BYTES // 2
    more = Write("POST", "more", {"text": "x" * (LARGEST_BATCH_BYTES // 2 - 10)})
    ask(server, *[exactly_half] * 4, Write("POST", "small", {}), more, exactly_half)
    assert server.together == [["half", "half"]] * 2 + [["small", "more"], ["half"]]


def test_a_write_without_a_body_counts_nothing() -> None:
    server = Nav()
    full = Write("POST", "full", {"text": "x" * (LARGEST_BATCH_BYTES - 11)})
    ask(server, full, Write("POST", "action"), Write("DELETE", "action"))
    assert server.together == [["full", "action", "action"]]


def test_look_ups_are_asked_together_and_each_gets_its_own_rows() -> None:
    server = Nav()
    parts = [look_up("A"), look_up("b"), look_up("A"), look_up("A", "others")]
    answers = ask(server, *parts)
    together = "things?$filter=code eq 'A' or code eq 'b'&$expand=lines"
    alone = "others?$filter=code eq 'A'&$expand=lines"
    assert server.together == [[together, alone]]
    assert answers == [
        [{"code": "a", "url": together}],
        [{"code": "b", "url": together}],
        [{"code": "a", "url": together}],
        [{"code": "a", "url": alone}],
    ]


def test_a_look_up_holds_no_more_values_than_a_filter_may() -> None:
    server = Nav()
    values = [f"V{n}" for n in range(2 * KEYS_IN_ONE_LOOK_UP + 1)]
    answers = ask(server, *map(look_up, values))
    assert [rows[0]["code"].upper() for rows in answers] == values
    assert [len(rows) for rows in answers] == [1] * len(values)
    ((first, second, third),) = server.together
    assert [url.count(" eq ") for url in (first, second, third)] == [
        KEYS_IN_ONE_LOOK_UP,
        KEYS_IN_ONE_LOOK_UP,
        1,
    ]


def test_reads_and_look_ups_go_together_after_writes_and_uploads() -> None:
    server = Nav()
    parts = [Read("r"), look_up("A"), Upload("u", b"receipt"), Write("POST", "w", {})]
    read, found, uploaded, written = ask(server, *parts)
    assert server.together == [
        ["w"],
        ["u"],
        ["r", "things?$filter=code eq 'A'&$expand=lines"],
    ]
    assert (urls(read), found[0]["code"]) == (["r"], "a")
    assert urls(uploaded.body["value"]) == ["u"]
    assert urls(written.body["value"]) == ["w"]


def test_the_longest_pause_counts_once() -> None:
    with nav(Script(Nav())) as (http, time, _):
        answers = Round(http, 100).perform([Pause(2.0), Pause(7.0), Read("r"), Pause(1.0)])
        assert time.slept == [7.0]
        assert [answers[0], answers[1], answers[3]] == [None] * 3
        assert urls(answers[2]) == ["r"]
        Round(http, 100).perform([Read("r")])
        assert time.slept == [7.0], "without a pause nobody waits"


def test_a_refused_part_is_the_answer_of_that_part_only() -> None:
    refused, fine = ask(Nav(bad=REFUSAL), Write("POST", "bad", {}), Write("POST", "fine", {}))
    assert isinstance(refused, DocumentRefusedError)
    assert isinstance(fine, Answer)
    (alone,) = ask(Nav(bad=REFUSAL), Write("POST", "bad", {}))
    assert isinstance(alone, DocumentRefusedError)


def test_an_error_of_a_shared_look_up_is_everybodys_each_with_one_of_its_own() -> None:
    url = "things?$filter=code eq 'A'&$expand=lines"
    server = Nav(**{url: (404, {"error": {"code": "Odd", "message": "Gone."}})})
    answers = ask(server, look_up("A"), look_up("A"), look_up("A"))
    assert all(isinstance(answer, TargetError) for answer in answers)
    assert len({id(answer) for answer in answers}) == 3
    assert {answer.code for answer in answers} == {answers[0].code}


@pytest.mark.parametrize("operations", [1, 2])
def test_after_an_error_that_stops_the_run_nothing_more_is_sent(operations: int) -> None:
    server = Nav(w0=BROKEN, w1=BROKEN)
    parts = [
        *(Write("POST", f"w{n}", {}) for n in range(4)),
        Upload("u", b""),
        Read("r"),
        look_up("A"),
    ]
    answers = ask(server, *parts, operations=operations)
    assert all(isinstance(answer, StopRunError) for answer in answers)
    assert len({id(answer) for answer in answers}) == len(parts)
    assert {url for together in server.together for url in together} <= {"w0", "w1"}


def test_an_outage_in_the_middle_keeps_what_was_answered_before() -> None:
    server = Nav(r2=(503, None), r3=(503, None))
    answers = ask(server, *(Read(f"r{n}") for n in range(6)), operations=1)
    assert [urls(rows) for rows in answers[:2]] == [["r0"], ["r1"]]
    assert all(isinstance(answer, OutageError) for answer in answers[2:])
    assert ["r3"] not in server.together


@pytest.mark.parametrize("others", [0, 1])
def test_a_list_of_several_pages_is_read_to_its_end(others: int) -> None:
    server = Nav()
    with nav(Script(server)) as (http, _, sandbox):
        link = f"{sandbox.url}/api/v2.0/page2"
        server.answers["page1"] = (200, {"value": [{"url": "1"}], "@odata.nextLink": link})
        parts = [Read("page1"), *(Read(f"r{n}") for n in range(others))]
        answers = Round(http, 100).perform(parts)
        assert urls(answers[0]) == ["1", "page2"]
        assert [urls(rows) for rows in answers[1:]] == [["r0"]] * others


def test_a_list_whose_rest_cannot_be_read_is_no_list() -> None:
    server = Nav(page2=(503, None))
    with nav(Script(server)) as (http, _, sandbox):
        link = f"{sandbox.url}/api/v2.0/page2"
        server.answers["page1"] = (200, {"value": [{"url": "1"}], "@odata.nextLink": link})
        first, second = Round(http, 100).perform([Read("page1"), Read("r")])
        assert isinstance(first, TargetError)
        assert urls(second) == ["r"]


def test_every_page_is_read_from_the_books_themselves_and_no_replica() -> None:
    server = Nav()
    script = Script(server)
    with nav(script) as (http, _, sandbox):
        link = f"{sandbox.url}/api/v2.0/page2"
        server.answers["page1"] = (200, {"value": [], "@odata.nextLink": link})
        Round(http, 100).perform([Read("page1")])
        Round(http, 100).perform([Read("page1"), Read("r")])
    assert len(script.asked) == 4
    assert {one.headers.get("Data-Access-Intent") for one in script.asked} == {"ReadWrite"}


def test_a_single_write_and_a_file_go_on_their_own() -> None:
    script = Script(Nav())
    with nav(script) as (http, _, _):
        Round(http, 100).perform([Write("POST", "w", {"a": 1}), Upload("u", b"receipt")])
    assert [one.path.rpartition("/")[2] for one in script.asked] == ["w", "u"]
    assert [one.body for one in script.asked] == [b'{"a":1}', b"receipt"]


# The text of a batch


def test_the_body_of_a_batch() -> None:
    body = batch_body(
        [
            ("GET", "items?$top=1", None, {"Data-Access-Intent": "ReadWrite"}),
            ("POST", "items", '{"amount":1.10}', {"If-Match": "*", "Accept-Language": "de-DE"}),
        ]
    )
    assert json.loads(body, parse_float=Decimal) == {
        "requests": [
            {
                "id": "1",
                "method": "GET",
                "url": "items?$top=1",
                "headers": {
                    "Accept": "application/json",
                    "Accept-Language": "en-US",
                    "Data-Access-Intent": "ReadWrite",
                },
            },
            {
                "id": "2",
                "method": "POST",
                "url": "items",
                "headers": {
                    "Accept": "application/json",
                    "Accept-Language": "de-DE",
                    "If-Match": "*",
                },
                "body": {"amount": Decimal("1.10")},
            },
        ]
    }
    assert b"1.10" in body, "digit by digit"


def test_a_batch_has_its_limit() -> None:
    part = ("GET", "items", None, dict[str, str]())
    assert len(json.loads(batch_body([part] * MAX_BATCH_PARTS))["requests"]) == MAX_BATCH_PARTS
    with pytest.raises(ValueError, match="at most 100 parts, not 101"):
        batch_body([part] * (MAX_BATCH_PARTS + 1))


def response(number: object, status: object = 200, **more: Any) -> dict[str, Any]:
    return {"id": number, "status": status, **more}


def test_the_answers_of_a_batch_in_the_order_asked() -> None:
    headers = {"retry-after": 9, "ETAG": "x"}
    body = {"responses": [response(2, 204), response("1", headers=headers, body={"value": []})]}
    assert batch_answers(body, 2) == [
        Answer(200, {"Retry-After": "9", "Etag": "x"}, {"value": []}),
        Answer(204, {}, None),
    ]


@pytest.mark.parametrize(
    "responses",
    [
        None,
        {"1": response("1")},
        [response("1")],
        [response("1"), response("1")],
        [response("1"), response("3")],
        [response("1"), response("2"), response("2")],
        [response("1"), response("2"), "odd"],
        [response("1"), response("2", "200")],
        [response("1"), response("2", None)],
        [response("1"), "odd"],
    ],
)
def test_an_answer_that_is_not_one_for_each_part_does_not_count(responses: object) -> None:
    with pytest.raises(TransientFailure) as caught:
        batch_answers({"responses": responses}, 2)
    assert caught.value.answered
    assert "every part" in caught.value.reason
