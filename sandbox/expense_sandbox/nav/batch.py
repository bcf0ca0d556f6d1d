"""JSON `$batch`: many calls in one request, with NAV's own idea of a transaction."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from expense_sandbox.http import Headers, Response
from expense_sandbox.nav.api_v2 import Api, Call
from expense_sandbox.nav.errors import NavError
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
PART_KINDS = ("before", "after")
INHERITED_HEADERS = ("Data-Access-Intent", "Accept", "Accept-Language", "CompanyId", "Company")


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
        faults: Faults for parts (`before`, `after`) and for the answer (`drop_batch_part`).
        describe: The operation label of a part, from its method and path.
        pace: How long each part takes.
    """

    def __init__(
        self, api: Api, faults: FaultPlan, describe: Callable[[str], str], pace: Pace
    ) -> None:
        self._pace = pace
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
        if call.headers.get("Isolation", "").lower() == "snapshot":
            answers = self._snapshot(parts, go_on=go_on)
        else:
            answers = self._run(parts, go_on=go_on)
        for fault in self._faults.take("POST $batch", ("drop_batch_part",)):
            answers = [item for index, item in enumerate(answers) if index != fault.part]
        if "application/json" not in call.headers.get("Accept", "").lower():
            return _multipart(answers)
        return odata_response({"responses": answers})

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

    def _snapshot(self, parts: list[_Part], *, go_on: bool) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        try:
            with self._api.books.transaction():
                answers = self._run(parts, go_on=go_on)
                _roll_back_if_any_failed(answers)
        except _RolledBackError:
            # What was taken back is still reported as done: NAV does the same.
            return answers
        return answers

    def _run(self, parts: list[_Part], *, go_on: bool) -> list[dict[str, Any]]:
        answers = []
        for part in parts:
            with self._pace.operation():
                response = self._answer_part(part.call)
            answers.append(_reported(part.id, response))
            if response.status >= FIRST_ERROR_STATUS and not go_on:
                break
        return answers

    def _answer_part(self, call: Call) -> Response:
        description = f"{call.method} $batch/{call.path} {self._describe(call.path)}"
        faults = self._faults.take(description, PART_KINDS)
        before = [fault for fault in faults if fault.kind == "before"]
        if before:
            return _fault_answer(before[0])
        response = self._api.answer(call)
        return _fault_answer(faults[0]) if faults else response


def _roll_back_if_any_failed(answers: list[dict[str, Any]]) -> None:
    if any(answer["status"] >= FIRST_ERROR_STATUS for answer in answers):
        raise _RolledBackError


def _fault_answer(fault: Fault) -> Response:
    return Response(fault.status, {"Content-Type": "application/json"}, fault.body.encode())


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
