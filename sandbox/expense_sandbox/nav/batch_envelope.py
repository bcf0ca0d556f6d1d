"""A JSON `$batch` on the wire: its parts as calls, their answers as one."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from expense_sandbox.http import Headers, Response
from expense_sandbox.nav.api_v2 import Call
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.wire import dumps, invalid_body, json_object, loads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.quirks import NavQuirks

MAXIMUM_PARTS = 100
INTENT = "Data-Access-Intent"
INHERITED_HEADERS = (INTENT, "Accept", "Accept-Language", "CompanyId", "Company")


@dataclass(frozen=True)
class Part:
    """One call of a batch.

    Attributes:
        id: What its answer is to carry.
        call: What to do.
        depends_on: Ids of parts that `dependsOn` names.
    """

    id: str | None
    call: Call
    depends_on: tuple[str, ...] = ()


def number_of_parts(body: bytes) -> int:
    """How many parts a batch has; 1 when it is none."""
    try:
        requests = json_object(body).get("requests")
    except NavError:
        return 1
    return len(requests) if isinstance(requests, list) else 1


def parts_of(call: Call, quirks: NavQuirks) -> list[Part]:
    """The parts of a batch.

    Raises:
        NavError: When NAV would refuse the batch as a whole.
    """
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
    parts = [_part(call, item, quirks) for item in requests]
    ids = [part.id for part in parts if part.id is not None]
    if len(ids) != len(set(ids)):
        raise NavError("BadRequest", "The ids of the requests in a batch must be unique.")
    if quirks.batch_depends_on == "refused" and any(part.depends_on for part in parts):
        raise NavError("BadRequest", "The property 'dependsOn' is not supported.")
    groups = [item["atomicityGroup"] for item in requests if item.get("atomicityGroup")]
    if quirks.batch_atomicity_groups == "refused" and len(groups) != len(set(groups)):
        raise NavError(
            "Unknown", "Multiple requests within the same change set are not supported.", 500
        )
    return parts


def _part(outer: Call, item: object, quirks: NavQuirks) -> Part:
    if not isinstance(item, dict):
        raise invalid_body()
    method, url, given = item.get("method"), item.get("url"), item.get("headers", {})
    if not isinstance(method, str) or not isinstance(url, str) or not isinstance(given, dict):
        raise invalid_body()
    inherited = {name: outer.headers[name] for name in INHERITED_HEADERS if name in outer.headers}
    if quirks.batch_access_intent == "inner":
        inherited.pop(INTENT, None)
    elif quirks.batch_access_intent == "outer":
        given = {name: value for name, value in given.items() if name.lower() != INTENT.lower()}
    headers = Headers({**inherited, **_lower_named(given, inherited)})
    path, query = _relative(url, outer.base_url)
    if outer.query and "company=" in outer.query and "company=" not in query:
        query = f"{query}&{outer.query}" if query else outer.query
    body = b"" if "body" not in item else dumps(item["body"])
    part_id = item.get("id")
    needed = item.get("dependsOn") or ()
    if not isinstance(needed, list | tuple):
        raise invalid_body()
    return Part(
        None if part_id is None else str(part_id),
        Call(method.upper(), outer.group, outer.base_url, path, query, headers, body),
        tuple(str(name) for name in needed),
    )


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


def reported(part_id: str | None, response: Response) -> dict[str, Any]:
    """A part's answer within the batch's."""
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


def multipart(answers: list[dict[str, Any]]) -> Response:
    """The answers for a client that did not ask for JSON."""
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
