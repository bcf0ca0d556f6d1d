"""Unbound actions: the procedures of published codeunits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.http import Response
from expense_sandbox.nav.edm import Property, from_wire
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.odata_v4 import metadata
from expense_sandbox.nav.wire import json_object, odata_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.codeunits import Codeunit, Procedure
    from expense_sandbox.nav.odata_v4.addresses import Segment
    from expense_sandbox.nav.odata_v4.calls import Call


def unbound(codeunits: Mapping[str, Codeunit], segment: Segment) -> Procedure | None:
    """The procedure a segment like `ExpensePosting_PostPurchaseInvoice` names."""
    if segment.key is not None:
        return None
    for service_name, codeunit in codeunits.items():
        prefix = f"{service_name}_"
        if segment.name.startswith(prefix):
            procedure = codeunit.procedure(segment.name.removeprefix(prefix))
            if procedure is not None:
                return procedure
    return None


def run_procedure(books: Books, call: Call, procedure: Procedure) -> Response:
    """Call a procedure.

    Raises:
        NavError: When its parameters don't fit, or as it refuses.
    """
    given = _parameters(procedure, json_object(call.request.body or b"{}"))
    with books.transaction():
        result = procedure.run(books, call.company, given)
        books.count_write()
    if procedure.returns is None:
        return Response(204, {"OData-Version": "4.0"})
    context = f"{call.base_url}/$metadata#{metadata.edm_type(procedure.returns)}"
    return odata_response({"@odata.context": context, "value": result})


def _parameters(procedure: Procedure, body: Mapping[str, Any]) -> dict[str, Any]:
    known = {parameter.name: parameter for parameter in procedure.parameters}
    for name in body:
        if name not in known:
            raise NavError(
                "BadRequest",
                f"The parameter '{name}' in the request payload is not a valid parameter for the "
                f"operation '{procedure.name}'.",
            )
    missing = next((name for name in known if name not in body), None)
    if missing is not None:
        raise NavError(
            "BadRequest_RequiredParamNotProvided",
            f"The parameter '{missing}' of the operation '{procedure.name}' must be provided.",
        )
    return {
        name: from_wire(Property(name, parameter.kind, parameter.length), body[name])
        for name, parameter in known.items()
    }
