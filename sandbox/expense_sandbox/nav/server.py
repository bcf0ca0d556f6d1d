"""Puts books, API, batches and token endpoint behind one port."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from expense_sandbox.faults import FaultPlan
from expense_sandbox.http import Request, Response, SandboxServer, text_response
from expense_sandbox.nav.api_v2 import Api, Call
from expense_sandbox.nav.auth import CredentialType, Gatekeeper, NavCredentials
from expense_sandbox.nav.batch import Batches
from expense_sandbox.nav.batch_envelope import number_of_parts
from expense_sandbox.nav.books import Books
from expense_sandbox.nav.control import Control
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.on_premises import INSTANCE, OnPremises
from expense_sandbox.nav.pace import Pace
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.rival import RivalClient
from expense_sandbox.nav.routes import resource_not_found
from expense_sandbox.nav.soap.server import SoapServer
from expense_sandbox.nav.throttle import Throttle
from expense_sandbox.nav.wire import error_response

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expense_sandbox.seeds import CompanySeed

# Online `/v2.0[/tenant]/environment/api/…`, on-premises `/instance/api/…`, or bare.
API_PATH = re.compile(
    r"(?P<prefix>/v2\.0/[^/]+(?:/[^/]+)?|/[^/]+)?/api/"
    r"(?P<group>v2\.0|microsoft/reportsFinance/beta)(?:/(?P<path>.*))?"
)
TOKEN_PATH = re.compile(r"/([^/]+)/oauth2/v2\.0/token")


def operation_of(path: str) -> str:
    """A short label of a path: `$batch`, `token`, `purchaseInvoices` or `journals post`."""
    segments = [re.sub(r"\(.*?\)", "", segment) for segment in path.strip("/").split("/")]
    last = segments[-1]
    if last.lower().startswith("microsoft.nav.") and len(segments) > 1:
        return f"{segments[-2]} {last.rpartition('.')[2].lower()}"
    return last


def _label(request: Request) -> str:
    """The label of a request; a SOAP call's is its service and operation, `Purchase_Invoice Create`."""
    label = operation_of(request.path)
    action = request.headers.get("SOAPAction", "").strip('"').rpartition(":")[2]
    return f"{label} {action}" if action else label


class NavServer:
    """Sends each request where it belongs."""

    def __init__(self, books: Books, gatekeeper: Gatekeeper, faults: FaultPlan, pace: Pace) -> None:
        self._pace = pace
        self._books = books
        self._gatekeeper = gatekeeper
        self._api = Api(books)
        self._throttle = Throttle(books.quirks)
        self.on_premises = OnPremises(books, gatekeeper, pace, self._throttle)
        self.soap = SoapServer(books)
        self.on_premises.add_face("soap", self.soap.answer)
        self._rival = RivalClient(self._api)
        self._faults = faults
        self._batches = Batches(self._api, faults, operation_of, pace)
        self.url = ""

    def answer(self, request: Request) -> Response:
        """Answer one request outside `/_sandbox/`."""
        token_path = TOKEN_PATH.fullmatch(request.path)
        if token_path is not None and request.method == "POST":
            return self._gatekeeper.answer_token_request(token_path[1], request)
        if request.method == "POST" and not {"content-length", "transfer-encoding"} & set(
            request.headers
        ):
            return text_response("<h2>Length Required</h2>", 411, {"Content-Type": "text/html"})
        try:
            response = self.on_premises.answer(request)
            if response is None:
                response = self._answer_api(request)
        except NavError as error:
            response = error_response(error)
        response.headers.setdefault("Request-Id", str(uuid.uuid4()))
        return response

    def _answer_api(self, request: Request) -> Response:
        match = API_PATH.fullmatch(request.path)
        if match is None or (match["group"] != "v2.0" and not self._books.quirks.reports_finance):
            raise resource_not_found(request.path.rpartition("/")[2])
        description = f"{request.method} {request.path} {operation_of(request.path)}"
        faults = self._faults.take(description, ("rival", "expire_tokens"))
        if any(fault.kind == "expire_tokens" for fault in faults):
            self._gatekeeper.expire_tokens()
        if match["prefix"] != f"/{INSTANCE}":  # there, `on_premises` has let it in
            self._gatekeeper.check(request)
        path = match["path"] or ""
        call = Call(
            request.method,
            match["group"],
            f"{self.url}{request.path[: match.end('group')]}",
            path,
            request.query,
            request.headers,
            request.body,
        )
        if path.strip("/") == "$batch":
            with self._throttle.admitted(number_of_parts(call.body)):
                return self._batches.answer(call)
        with self._throttle.admitted(1):
            for fault in faults:
                if fault.kind == "rival":
                    self._rival.act(fault.rival, call)
            with self._pace.operation():
                return self._api.answer(call)


def build_nav_server(
    companies: Sequence[CompanySeed],
    *,
    credentials: NavCredentials,
    faults: FaultPlan | None,
    port: int = 0,
    books_file: Path | None = None,
    quirks: NavQuirks = NavQuirks(),  # noqa: B008 - frozen
    latency: float = 0.0,
    operation_time: float = 0.0,
    credential_type: CredentialType = "Any",
) -> tuple[SandboxServer, Books]:
    """A server, not yet started, over fresh books or those of `books_file`.

    Args:
        companies: Master data the books start with; unused when `books_file` exists.
        credentials: What the server accepts.
        faults: Faults in force from the start.
        port: Port on 127.0.0.1; 0 lets the system choose.
        books_file: Where the books are loaded from and saved to; None keeps them in memory.
        quirks: How this NAV behaves where real ones differ.
        latency: Seconds every HTTP request waits; `SandboxServer.latency_seconds` changes it.
        operation_time: Seconds an operation takes at least; see `Pace`.
        credential_type: How the on-premises addresses let users in.

    Raises:
        OSError: When the port is taken or the file cannot be read.
        ValueError: When the file does not hold books.
    """
    if books_file is not None and books_file.exists():
        books = Books.load(books_file, quirks=quirks)
    else:
        books = Books(companies, quirks=quirks)
    plan = faults if faults is not None else FaultPlan()
    gatekeeper = Gatekeeper(credentials, quirks.token_lifetime_seconds, books.clock)
    gatekeeper.credential_type = credential_type
    nav = NavServer(books, gatekeeper, plan, Pace(operation_time))
    server = SandboxServer(
        nav.answer,
        name="nav",
        port=port,
        faults=plan,
        operation=_label,
        control=Control(books, gatekeeper).answer,
        save=None if books_file is None else lambda: books.save(books_file),
    )
    server.latency_seconds = latency
    nav.url = nav.on_premises.odata_v4.url = nav.soap.url = server.url
    return server, books
