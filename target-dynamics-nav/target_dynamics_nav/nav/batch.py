"""OData's JSON `$batch`: the body of a request, the answers of a response. Pure.

An answer counts only when it holds exactly one answer for each part that was asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_dynamics_nav.nav.odata import Json, to_json
from target_dynamics_nav.nav.retry import TransientFailure
from target_dynamics_nav.nav.transport import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_BATCH_PARTS = 100
"""Business Central answers one more with a 500."""
PART_HEADERS = {"Accept": "application/json", "Accept-Language": "en-US"}


def batch_body(parts: Sequence[tuple[str, str, str | None, Mapping[str, str]]]) -> bytes:
    """The body of a `$batch`, with ids from "1" on.

    Args:
        parts: (method, address relative to the base, body as JSON text or None, headers), at most 100.
    """
    if len(parts) > MAX_BATCH_PARTS:
        raise ValueError(f"a batch takes at most {MAX_BATCH_PARTS} parts, not {len(parts)}")
    requests = []
    for number, (method, url, body, headers) in enumerate(parts, start=1):
        request = to_json(
            {
                "id": str(number),
                "method": method,
                "url": url,
                "headers": {**PART_HEADERS, **headers},
            }
        )
        requests.append(request if body is None else f'{request[:-1]},"body":{body}}}')
    return f'{{"requests":[{",".join(requests)}]}}'.encode()


def batch_answers(body: Json, count: int) -> list[Answer]:
    """The answers of a batch in the order asked, one for every part.

    Raises:
        TransientFailure: One is missing, or there are others.
    """
    responses = body.get("responses")
    by_id: dict[str, Answer] = {}
    for response in responses if isinstance(responses, list) else []:
        if isinstance(response, dict) and isinstance(response.get("status"), int):
            headers = {str(k).title(): str(v) for k, v in (response.get("headers") or {}).items()}
            by_id[str(response.get("id"))] = Answer(
                response["status"], headers, response.get("body")
            )
    ids = [str(number) for number in range(1, count + 1)]
    if set(by_id) != set(ids) or not isinstance(responses, list) or len(responses) != count:
        raise TransientFailure("NAV did not answer every part of a batch", answered=True)
    return [by_id[number] for number in ids]
