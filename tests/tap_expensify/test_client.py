"""The client over real HTTP, against a server that says what each test tells it to."""

from __future__ import annotations

import io
import json
import logging
import socket
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.faults import Fault
from expense_sandbox.http import Response, text_response
from tap_expensify.client import ATTEMPTS, LONGEST_WAIT, ExpensifyClient
from tap_expensify.errors import (
    ConfigurationError,
    CredentialsError,
    IncompleteError,
    ProtocolError,
    RateLimitedError,
    RequestRefusedError,
    TapError,
    UnavailableError,
)
from tap_expensify.pacing import Limit, Pacer
from tap_expensify.settings import Credentials

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITED = {
    "responseMessage": "You have been rate-limited. Please try again later or contact "
    "help@expensify.com for assistance.",
    "responseCode": 429,
}
FILE_NAME = "export0fd99e06-a636-4974-b6bc-3ceb12163386.json"
TRAILER = '{"_type":"trailer","reports":0}\n'


def submit(client: ExpensifyClient) -> str:
    return client.submit_export({"type": "combinedReportData"}, "<#-- a + template & -->")


def download(client: ExpensifyClient) -> bytes:
    file = io.BytesIO()
    client.download(FILE_NAME, file)
    return file.getvalue()


def policies(client: ExpensifyClient) -> dict[str, Any]:
    return client.get({"type": "policyList"})


JOBS: list[Callable[[ExpensifyClient], object]] = [submit, download, policies]


def test_what_an_export_sends(scripted: Any, client: ExpensifyClient) -> None:
    scripted.answer(FILE_NAME)
    assert submit(client) == FILE_NAME
    (form,) = scripted.forms
    assert form["template"] == "<#-- a + template & -->"
    job = json.loads(form["requestJobDescription"])
    assert set(job) == {"type", "credentials", "onReceive", "inputSettings", "outputSettings"}
    assert job["type"] == "file"
    assert job["onReceive"] == {"immediateResponse": ["returnRandomFileName"]}
    assert job["outputSettings"] == {"fileExtension": "json"}
    (request,) = scripted.requests
    assert request.method == "POST"
    assert request.query == ""
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_what_a_download_sends(scripted: Any, client: ExpensifyClient) -> None:
    scripted.answer(TRAILER)
    assert download(client) == TRAILER.encode()
    (job,) = scripted.jobs
    assert (job["type"], job["fileName"], job["fileSystem"]) == (
        "download",
        FILE_NAME,
        "integrationServer",
    )


@pytest.mark.parametrize(
    "body",
    [
        FILE_NAME,
        f"  {FILE_NAME}\n",
        json.dumps({"filename": FILE_NAME, "responseCode": 200, "responseMessage": "OK"}),
        json.dumps({"responseCode": 200, "fileName": FILE_NAME}),
    ],
)
def test_a_file_name_in_every_form(scripted: Any, client: ExpensifyClient, body: str) -> None:
    scripted.answer(body)
    assert submit(client) == FILE_NAME


def test_a_file_that_begins_like_an_object_is_a_file(
    scripted: Any, client: ExpensifyClient
) -> None:
    body = '{"_type":"report","reportID":"R1"}\n{"_type":"trailer","reports":1}\n'
    scripted.answer(body)
    assert download(client) == body.encode()


def test_a_large_file_is_written_whole(scripted: Any, client: ExpensifyClient) -> None:
    body = ("x" * 1000 + "\n") * 5000
    scripted.answer(body)
    assert download(client) == body.encode()


REFUSALS = [
    (401, "Authentication error", CredentialsError, "credentials_refused"),
    (403, "user is not a policy admin", CredentialsError, "not_permitted"),
    (500, "Not authorized to authenticate as user a@b.example", CredentialsError, "not_permitted"),
    (410, "No Template Submitted", RequestRefusedError, "request_refused"),
    (500, "Required parameter 'policyIDList' is missing", RequestRefusedError, "request_refused"),
    (666, "Rule already exists", RequestRefusedError, "request_refused"),
]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(("number", "message", "kind", "code"), REFUSALS)
def test_refusals_are_told_at_once(  # noqa: PLR0917 - fixtures and cases
    scripted: Any,
    client: ExpensifyClient,
    waits: list[float],
    job: Callable[[ExpensifyClient], object],
    number: int,
    message: str,
    kind: type[TapError],
    code: str,
) -> None:
    scripted.answer({"responseMessage": message, "responseCode": number})
    with pytest.raises(kind) as caught:
        job(client)
    assert caught.value.code == code
    assert waits == []
    assert "a@b.example" not in caught.value.sentence()


PASSING_TROUBLE = [
    text_response(json.dumps(LIMITED)),
    text_response(json.dumps(LIMITED), 429),
    text_response("", 429),
    text_response("You have been rate-limited.", 429),
    text_response(json.dumps({"responseMessage": "busy", "responseCode": 503})),
    text_response(json.dumps({"responseMessage": "", "responseCode": 500})),
    text_response("<html>Bad gateway</html>", 502),
    text_response("<html>Sorry</html>", 200),
    text_response("", 503),
    text_response("", 200),
    text_response("", 408),
]


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_passing_trouble_is_tried_again(
    scripted: Any,
    client: ExpensifyClient,
    waits: list[float],
    job: Callable[[ExpensifyClient], object],
    trouble: Response,
) -> None:
    good = {submit: FILE_NAME, download: TRAILER}.get(job, {"policyList": [], "responseCode": 200})
    scripted.answer(trouble, trouble, good)
    job(client)
    assert len(scripted.forms) == 3
    assert len(waits) == 2
    assert 0 < waits[0] <= waits[1] + waits[0]


@pytest.mark.parametrize("trouble", PASSING_TROUBLE)
def test_it_is_not_tried_for_ever(
    scripted: Any, client: ExpensifyClient, waits: list[float], trouble: Response
) -> None:
    scripted.answer(*[trouble] * ATTEMPTS)
    with pytest.raises(TapError) as caught:
        submit(client)
    assert len(scripted.forms) == ATTEMPTS
    assert len(waits) == ATTEMPTS - 1
    assert sum(waits) <= ATTEMPTS * (LONGEST_WAIT + 10)
    assert caught.value.hint


def test_a_rate_limit_is_given_time_to_pass(
    scripted: Any, client: ExpensifyClient, waits: list[float]
) -> None:
    scripted.answer(*[LIMITED] * ATTEMPTS)
    with pytest.raises(RateLimitedError):
        policies(client)
    assert waits[0] >= 10
    assert sum(waits) >= 60


def test_retry_after_in_seconds_and_as_a_date(
    scripted: Any, client: ExpensifyClient, waits: list[float]
) -> None:
    later = datetime.now(timezone.utc) + timedelta(seconds=40)
    scripted.answer(
        text_response(json.dumps(LIMITED), 429, {"Retry-After": "17"}),
        text_response("", 503, {"retry-after": format_datetime(later, usegmt=True)}),
        text_response("", 503, {"Retry-After": "99999"}),
        text_response("", 503, {"Retry-After": "soon"}),
        {"policyList": [], "responseCode": 200},
    )
    policies(client)
    assert 17 <= waits[0] <= 18
    assert 30 <= waits[1] <= 41
    assert LONGEST_WAIT <= waits[2] <= LONGEST_WAIT + 1
    assert waits[3] > 0


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
@pytest.mark.parametrize("job", JOBS)
def test_a_broken_connection_is_tried_again(
    scripted: Any,
    client: ExpensifyClient,
    job: Callable[[ExpensifyClient], object],
    kind: Any,
) -> None:
    good = {submit: FILE_NAME, download: TRAILER}.get(job, {"policyList": [], "responseCode": 200})
    scripted.faults.add(Fault(kind, times=1))
    scripted.answer(good, good)
    job(client)


def test_a_body_shorter_than_announced_is_tried_again(
    scripted: Any, client: ExpensifyClient
) -> None:
    scripted.faults.add(Fault("truncate", times=1, keep_bytes=10))
    scripted.answer(TRAILER, TRAILER)
    assert download(client) == TRAILER.encode()
    assert len(scripted.forms) == 2


def test_a_file_that_is_not_there_yet(
    scripted: Any, client: ExpensifyClient, waits: list[float]
) -> None:
    missing = {"responseMessage": "File not found", "responseCode": 404}
    scripted.answer(missing, "", missing, TRAILER)
    assert download(client) == TRAILER.encode()
    assert waits[0] >= 5
    assert waits[1] >= 10


def test_a_file_that_never_comes(scripted: Any, client: ExpensifyClient) -> None:
    scripted.answer(*[{"responseMessage": "File not found", "responseCode": 404}] * ATTEMPTS)
    with pytest.raises(IncompleteError) as caught:
        download(client)
    assert caught.value.code == "export_not_ready"


def test_nothing_of_a_failed_attempt_stays_in_the_file(
    scripted: Any, client: ExpensifyClient
) -> None:
    scripted.answer(text_response("<html>" + "x" * 200_000, 502), TRAILER)
    assert download(client) == TRAILER.encode()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (text_response("", 301, {"Location": "https://elsewhere.example/"}), ConfigurationError, "wrong_base_url"),
        (text_response("", 307, {"Location": "https://elsewhere.example/"}), ConfigurationError, "wrong_base_url"),
        (text_response("<html>404</html>", 404), ConfigurationError, "wrong_base_url"),
        (text_response("", 401), CredentialsError, "credentials_refused"),
        (text_response("denied", 403), CredentialsError, "credentials_refused"),
        (text_response("bad", 400), RequestRefusedError, "request_refused"),
        (text_response("two\nlines"), ProtocolError, "protocol"),
        (text_response("[1, 2]"), ProtocolError, "protocol"),
    ],
)  # fmt: skip
def test_answers_that_are_not_expensify_s(
    scripted: Any, client: ExpensifyClient, answer: Response, kind: type[TapError], code: str
) -> None:
    scripted.answer(answer)
    with pytest.raises(kind) as caught:
        submit(client)
    assert caught.value.code == code
    assert len(scripted.forms) == 1


def test_the_secret_never_follows_a_redirect(scripted: Any, client: ExpensifyClient) -> None:
    scripted.answer(text_response("", 307, {"Location": f"{scripted.url}?again"}), FILE_NAME)
    with pytest.raises(ConfigurationError):
        submit(client)
    assert len(scripted.forms) == 1


def test_a_timeout(scripted: Any) -> None:
    scripted.faults.add(Fault("delay", delay_seconds=3, times=-1))
    waits: list[float] = []
    client = ExpensifyClient(
        scripted.url,
        Credentials("user", "secret"),
        timeout=0.05,
        pacer=Pacer(()),
        sleep=waits.append,
    )
    with client, pytest.raises(UnavailableError) as caught:
        policies(client)
    assert caught.value.code == "expensify_timeout"
    assert len(waits) == ATTEMPTS - 1


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    waits: list[float] = []
    client = ExpensifyClient(
        f"http://127.0.0.1:{port}/x",
        Credentials("user", "secret"),
        timeout=5,
        pacer=Pacer(()),
        sleep=waits.append,
    )
    with client, pytest.raises(UnavailableError) as caught:
        policies(client)
    assert f"127.0.0.1:{port}" in caught.value.message
    assert 0 < sum(waits) < 60


def test_a_proxy_of_the_environment_does_not_see_this_machine_s_traffic(
    scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    scripted.answer({"policyList": [], "responseCode": 200})
    with ExpensifyClient(
        scripted.url, Credentials("u", "s"), timeout=5, pacer=Pacer(()), sleep=lambda _: None
    ) as client:
        policies(client)
    assert len(scripted.forms) == 1


def test_every_request_is_paced_retries_too(scripted: Any) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pacer = Pacer((Limit(2, 10.0),), clock=lambda: now[0], sleep=sleep)
    scripted.answer(text_response("", 503), text_response("", 503), FILE_NAME)
    with ExpensifyClient(
        scripted.url, Credentials("u", "s"), timeout=5, pacer=pacer, sleep=lambda _: None
    ) as client:
        submit(client)
    assert now[0] == 10.0


@pytest.mark.parametrize(
    "answer",
    [
        lambda secret, user: {"responseMessage": f"Bad secret {secret}", "responseCode": 401},
        lambda secret, user: {"responseMessage": f"{user} is wrong {secret}", "responseCode": 410},
        lambda secret, user: {"responseMessage": f"busy {secret}", "responseCode": 503},
        lambda secret, user: f"<html>{secret}</html>",
        lambda secret, user: f"{secret} {user}\n{secret}",
        lambda secret, user: text_response(secret, 500),
    ],
)
def test_no_secret_in_messages_or_logs(
    scripted: Any,
    client: ExpensifyClient,
    caplog: pytest.LogCaptureFixture,
    secrets: tuple[str, str],
    answer: Any,
) -> None:
    user_id, user_secret = secrets
    scripted.answer(*[answer(user_secret, user_id)] * ATTEMPTS)
    with caplog.at_level(logging.DEBUG), pytest.raises(TapError) as caught:
        policies(client)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert user_secret not in f"{chain!r} {chain} {vars(chain)}"
        chain = chain.__cause__ or chain.__context__
    assert user_secret not in caplog.text
    assert user_secret not in repr(client)
    assert user_id not in caught.value.sentence()
