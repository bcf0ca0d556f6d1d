"""JSON `$batch`: many calls in one request, with NAV's own idea of a transaction."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from expense_sandbox.faults import ENVELOPE_KINDS, PART_KINDS
from expense_sandbox.http import ConnectionBrokenError, Headers, Response, status_answer
from expense_sandbox.nav.api_v2 import Api, Call
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.rival import RivalClient
from expense_sandbox.nav.wire import (
    dumps,
    error_response,
    invalid_body,
    json_object,
    loads,
    odata_response,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expense_sandbox.faults import Fault, FaultPlan
    from expense_sandbox.nav.pace import Pace

MAXIMUM_PARTS = 100
FIRST_ERROR_STATUS = 400
INHERITED_HEADERS = ("Data-Access-Intent", "Accept", "Accept-Language", "CompanyId", "Company")


class _StoppedError(Exception):
    """Ends a batch in the middle; what it committed so far stays."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class _RolledBackError(Exception):
    """Takes a snapshot batch's writes back on its way out."""


@dataclass(frozen=True)
class _Part:
    """One call of a batch with the id its answer is to carry."""

    id: str | None
    call: Call


class Batches:
    """Answers `$batch` requests.

    Args:
        api: Answers each part.
        faults: Faults for parts (`PART_KINDS`) and for the whole answer (`ENVELOPE_KINDS`).
        describe: The operation label of a part, from its method and path.
        pace: How long each part takes.
    """

    def __init__(
        self, api: Api, faults: FaultPlan, describe: Callable[[str], str], pace: Pace
    ) -> None:
        self._pace = pace
        self._rival = RivalClient(api)
        self._api = api
        self._faults = faults
        self._describe = describe

    def answer(self, call: Call) -> Response:
        """Answer one batch; refusals are answers too."""
        try:
            parts = self._parts(call)
        except NavError as error:
            return error_response(error)
        go_on = "odata.continue-on-error" in call.headers.get("Prefer", "").lower()
        run = (
            self._run if call.headers.get("Isolation", "").lower() != "snapshot" else self._snapshot
        )
        cuts: list[Fault] = []
        try:
            answers = run(parts, go_on=go_on, cuts=cuts)
        except _StoppedError as stopped:
            return status_answer(stopped.fault)
        answers = self._disturbed(answers)
        if "application/json" not in call.headers.get("Accept", "").lower():
            response = _multipart(answers)
        else:
            response = odata_response({"responses": answers})
        response.cut = cuts[0] if cuts else None
        return response

    def _disturbed(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for fault in self._faults.take("POST $batch", ENVELOPE_KINDS):
            if fault.kind == "drop_batch_part":
                answers = [item for index, item in enumerate(answers) if index != fault.part]
            elif fault.kind == "null_batch_ids":
                answers = [{**item, "id": None} for item in answers]
            else:
                answers = answers[::-1]
        return answers

    def _parts(self, call: Call) -> list[_Part]:
        if call.method != "POST":
            raise NavError("BadRequest_MethodNotAllowed", "Only POST is allowed for $batch.", 405)
        requests = json_object(call.body).get("requests")
        if not isinstance(requests, list):
            raise invalid_body()
        if len(requests) > MAXIMUM_PARTS:
            raise NavError(
                "Unknown",
                "The current batch message contains too many parts. A maximum number of "
                f"'{MAXIMUM_PARTS}' query operations and change sets are allowed in a batch "
                "message.",
                500,
            )
        parts = [self._part(call, item) for item in requests]
        ids = [part.id for part in parts if part.id is not None]
        if len(ids) != len(set(ids)):
            raise NavError("BadRequest", "The ids of the requests in a batch must be unique.")
        return parts

    def _part(self, outer: Call, item: object) -> _Part:
        if not isinstance(item, dict):
            raise invalid_body()
        method, url, given = item.get("method"), item.get("url"), item.get("headers", {})
        if not isinstance(method, str) or not isinstance(url, str) or not isinstance(given, dict):
            raise invalid_body()
        inherited = {
            name: outer.headers[name] for name in INHERITED_HEADERS if name in outer.headers
        }
        headers = Headers({**inherited, **_lower_named(given, inherited)})
        path, query = _relative(url, outer.base_url)
        if outer.query and "company=" in outer.query and "company=" not in query:
            query = f"{query}&{outer.query}" if query else outer.query
        body = b"" if "body" not in item else dumps(item["body"])
        part_id = item.get("id")
        call = Call(method.upper(), outer.group, outer.base_url, path, query, headers, body)
        return _Part(None if part_id is None else str(part_id), call)

    def _snapshot(
        self, parts: list[_Part], *, go_on: bool, cuts: list[Fault]
    ) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        try:
            with self._api.books.transaction():
                answers = self._run(parts, go_on=go_on, cuts=cuts)
                _roll_back_if_any_failed(answers)
        except _RolledBackError:
            # What was taken back is still reported as done: NAV does the same.
            return answers
        return answers

    def _run(self, parts: list[_Part], *, go_on: bool, cuts: list[Fault]) -> list[dict[str, Any]]:
        answers = []
        for part in parts:
            description = f"{part.call.method} $batch/{part.call.path} "
            faults = self._faults.take(description + self._describe(part.call.path), PART_KINDS)
            with self._pace.operation():
                response = self._answer_part(part.call, faults)
            cuts += [fault for fault in faults if fault.kind == "truncate"]
            if not any(fault.kind == "omit_answer" for fault in faults):
                answers.append(_reported(part.id, response))
            if response.status >= FIRST_ERROR_STATUS and not go_on:
                break
        return answers

    def _answer_part(self, call: Call, faults: tuple[Fault, ...]) -> Response:
        first = {fault.kind: fault for fault in reversed(faults)}
        if "delay" in first:
            time.sleep(first["delay"].delay_seconds)
        _break_off(first.get("reset_before"), first.get("stop_before"))
        if "before" in first:
            return status_answer(first["before"])
        if "rival" in first:
            self._rival.act(first["rival"].rival, call)
        response = self._api.answer(call)
        if "delay_after" in first:
            time.sleep(first["delay_after"].delay_seconds)
        _break_off(first.get("reset_after"), first.get("stop_after"))
        return status_answer(first["after"]) if "after" in first else response


def _break_off(reset: Fault | None, stop: Fault | None) -> None:
    if reset is not None:
        raise ConnectionBrokenError
    if stop is not None:
        raise _StoppedError(stop)


def _roll_back_if_any_failed(answers: list[dict[str, Any]]) -> None:
    if any(answer["status"] >= FIRST_ERROR_STATUS for answer in answers):
        raise _RolledBackError


def _lower_named(given: Mapping[str, Any], inherited: dict[str, str]) -> dict[str, str]:
    """Inner headers; those that replace an inherited one drop it first."""
    names = {str(name).lower() for name in given}
    for name in list(inherited):
        if name.lower() in names:
            del inherited[name]
    return {str(name): str(value) for name, value in given.items()}


def _relative(url: str, base_url: str) -> tuple[str, str]:
    """Path below the API's base, and query."""
    if url.startswith(base_url):
        url = url[len(base_url) :]
    elif url.startswith("/"):
        base_path = urlsplit(base_url).path
        if not url.startswith(f"{base_path}/"):
            raise NavError("BadRequest_NotFound", f"The request URI '{url}' is not valid.", 404)
        url = url[len(base_path) :]
    path, _, query = url.partition("?")
    return path.strip("/"), query


def _reported(part_id: str | None, response: Response) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": part_id,
        "status": response.status,
        "headers": {name.lower(): value for name, value in response.headers.items()},
    }
    if response.body:
        is_json = "json" in response.headers.get("Content-Type", "")
        try:
            answer["body"] = loads(response.body) if is_json else response.body.decode()
        except NavError:
            answer["body"] = response.body.decode("utf-8", "replace")
    return answer


def _multipart(answers: list[dict[str, Any]]) -> Response:
    boundary = f"batchresponse_{uuid.uuid4()}"
    chunks = []
    for answer in answers:
        body = answer.get("body")
        text = body if isinstance(body, str) else "" if body is None else dumps(body).decode()
        headers = "".join(f"{name}: {value}\r\n" for name, value in answer["headers"].items())
        chunks.append(
            f"--{boundary}\r\nContent-Type: application/http\r\n"
            f"Content-Transfer-Encoding: binary\r\n\r\n"
            f"HTTP/1.1 {answer['status']} {json.dumps(answer['id'])}\r\n{headers}\r\n{text}\r\n"
        )
    text = "".join(chunks) + f"--{boundary}--\r\n"
    return Response(
        200,
        {"Content-Type": f"multipart/mixed; boundary={boundary}", "OData-Version": "4.0"},
        text.encode(),
    )
