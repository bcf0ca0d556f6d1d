"""Another client of the same books, always a moment faster: for the fault `rival`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from expense_sandbox.http import Headers

if TYPE_CHECKING:
    from expense_sandbox import faults
    from expense_sandbox.http import Response
    from expense_sandbox.nav.api_v2 import Api, Call

HEADER = re.compile(r".*?\b(purchaseInvoices|purchaseCreditMemos|journals)\([^)]*\)")
CHANGES = {
    "purchaseInvoices": {"purchaser": "RIVAL"},
    "purchaseCreditMemos": {"purchaser": "RIVAL"},
    "journals": {"displayName": "Changed by another user"},
}
"""By entity set: a change that any client may make to a draft."""
CREATED, DONE = 201, 204


class RivalClient:
    """Does what the fault says before the request it hits is answered.

    Args:
        api: Answers the rival's calls.
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    def act(self, what: faults.Rival, call: Call) -> None:
        """Be faster than the call; refusals are the rival's own problem."""
        # The rival knows nothing of etags it was never given.
        headers = {name: value for name, value in call.headers.items() if name != "if-match"}
        call = replace(call, headers=Headers(headers))
        if what == "same":
            self._api.answer(call)
        elif what == "post":
            self._create_and_post(call)
        else:
            self._interfere(what, call)

    def _create_and_post(self, call: Call) -> None:
        response = self._api.answer(replace(call, query=""))
        if response.status != CREATED:
            return
        path = f"{call.path}({json.loads(response.body)['id']})"
        posted = self._send(call, "POST", f"{path}/Microsoft.NAV.post")
        if posted.status == DONE and path.rpartition("/")[2].startswith("journals("):
            self._send(call, "DELETE", path)

    def _interfere(self, what: faults.Rival, call: Call) -> None:
        header = HEADER.match(call.path)
        if header is None:
            return
        if what == "delete":
            self._send(call, "DELETE", header[0])
        else:
            self._send(call, "PATCH", header[0], json.dumps(CHANGES[header[1]]).encode())

    def _send(self, call: Call, method: str, path: str, body: bytes = b"") -> Response:
        headers = Headers({**call.headers, "if-match": "*"})
        return self._api.answer(
            replace(call, method=method, path=path, query="", headers=headers, body=body)
        )
