"""A running NAV stand-in and a SOAP client of it: for the tests of the dialect `soap`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import requests

from expense_sandbox.faults import Fault, FaultPlan
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from target_dynamics_nav.nav.factory import build_client
from target_dynamics_nav.nav.retry import Clock
from target_dynamics_nav.nav.soap import SoapClient

from .nav_stand_in import COMPANY, CREDENTIALS, NAME, SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.http import SandboxServer
    from expense_sandbox.nav.books import Books
    from expense_sandbox.seeds import CompanySeed
    from target_dynamics_nav.nav.port import Company, DraftDocument, FoundDocument

WITH_SHORTCUTS = replace(COMPANY, shortcut_dimensions=("DEPARTMENT", "PROJECT", "AREA"))


@dataclass
class SoapNav:
    """A running stand-in, and a client of it whose waits take no time."""

    server: SandboxServer
    nav_books: Books
    client: SoapClient
    company: Company
    slept: list[float]

    def find(self, key: str = "E100-R") -> list[FoundDocument]:
        return self.client.find(self.company, key)

    def create(self, draft: DraftDocument) -> FoundDocument:
        return self.client.create_draft(self.company, draft)

    def post(self, document: FoundDocument) -> None:
        self.client.post(self.company, document)

    def delete(self, document: FoundDocument) -> None:
        self.client.delete_draft(self.company, document)

    def fail(self, *faults: Fault) -> None:
        for fault in faults:
            self.server.faults.add(fault)

    def asked(self, label: str) -> int:
        """How many calls there were of a service and operation, e.g. `Purchase_Invoice Create`."""
        return sum(logged.operation == label for logged in self.server.requests_log)

    def unpublish(self, kind: str, name: str) -> None:
        assert self.nav_books.services.unpublish(kind, name)  # type: ignore[arg-type]

    def books(self) -> dict[str, Any]:
        answer = requests.get(
            f"{self.server.url}/_sandbox/books", params={"company": NAME}, timeout=10
        )
        found: dict[str, Any] = answer.json()
        return found

    def left_over(self) -> list[dict[str, Any]]:
        """Drafts and journal batches, empty ones included."""
        books = self.books()
        return [*books["drafts"], *books["journals"]]

    def ledger(self, key: str = "E100-R") -> list[dict[str, Any]]:
        return [
            entry
            for entry in self.books()["gl_entries"]
            if key in (entry["document_number"], entry["external_document_number"])
        ]

    def other_client(self) -> SoapClient:
        """Somebody else in the same NAV."""
        return connect(self.server, [])

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Somebody else works in the same NAV."""
        company = self.nav_books.company(NAME)
        assert company is not None
        answer = requests.request(
            method,
            f"{self.server.url}/api/v2.0/companies({company.id})/{path}",
            json=body,
            auth=(CREDENTIALS.username, CREDENTIALS.password),
            headers={"If-Match": "*"},
            timeout=10,
        )
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


def connect(server: SandboxServer, slept: list[float], **settings: object) -> SoapClient:
    client = build_client(
        {
            "dialect": "soap",
            "base_url": f"{server.url}/NAV",
            "auth_method": "basic",
            "username": CREDENTIALS.username,
            "password": CREDENTIALS.password,
            **settings,
        },
        clock=Clock(sleep=slept.append, jitter=lambda: 0.5),
    )
    assert isinstance(client, SoapClient)
    return client


@contextmanager
def soap_nav(
    quirks: NavQuirks | None = None, seed: CompanySeed = WITH_SHORTCUTS, **settings: object
) -> Iterator[SoapNav]:
    server, books = build_nav_server(
        [seed, SERVICES],
        credentials=CREDENTIALS,
        faults=FaultPlan(),
        quirks=quirks or NavQuirks(),
    )
    server.start()
    slept: list[float] = []
    client = connect(server, slept, **settings)
    try:
        yield SoapNav(server, books, client, client.resolve_company(seed.name), slept)
    finally:
        client.close()
        server.stop()
