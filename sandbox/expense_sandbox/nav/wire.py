"""JSON and errors as NAV puts them on the wire."""

from __future__ import annotations

import json
import re
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.http import Response
from expense_sandbox.nav.errors import NavError

if TYPE_CHECKING:
    from collections.abc import Mapping

ODATA_JSON = "application/json; odata.metadata=minimal; odata.streaming=true"
_NUMBER_MARK = re.compile(r'"\\u0000(-?[0-9.]+)"')


def dumps(document: object) -> bytes:
    """JSON with decimals as numbers, digit for digit."""
    # The json module writes numbers only from floats; a NUL marks those to be unquoted. No text
    # can contain one: `loads` refuses it.
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_marked)
    return _NUMBER_MARK.sub(r"\1", text).encode()


def _marked(value: object) -> str:
    if isinstance(value, Decimal):
        return f"\0{value:f}"
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")


def loads(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """JSON with numbers as int or Decimal.

    Raises:
        NavError: When the body is no JSON.
    """
    try:
        text = body.decode("utf-8-sig")
        if "\\u0000" in text or "\0" in text:
            raise invalid_body()
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)
    except ValueError as error:
        raise invalid_body() from error


def _refuse_constant(_name: str) -> None:
    raise ValueError


def invalid_body() -> NavError:
    """The refusal of a body that is not what the request needs."""
    return NavError("BadRequest", "Invalid Request Body")


def json_object(body: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        NavError: When the body is anything else.
    """
    document = loads(body)
    if not isinstance(document, dict):
        raise invalid_body()
    return document


def error_document(code: str, message: str) -> dict[str, Any]:
    """An error's JSON, with a correlation id."""
    return {"error": {"code": code, "message": f"{message}  CorrelationId:  {uuid.uuid4()}."}}


def error_response(error: NavError) -> Response:
    """A refusal as HTTP."""
    document = error_document(error.code, error.message)
    return odata_response(document, error.status, error.headers)


def odata_response(
    document: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An OData JSON answer."""
    return Response(
        status,
        {"Content-Type": ODATA_JSON, "OData-Version": "4.0", **(headers or {})},
        dumps(document),
    )
