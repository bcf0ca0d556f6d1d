"""A running NAV stand-in with published pages, and a client of them: for the tests of dialect odata_v4."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import requests

from expense_sandbox.faults import Fault, FaultPlan
from expense_sandbox.nav.odata_v4.quirks import ODataV4Quirks
from expense_sandbox.nav.pages.quirks import PageQuirks
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from target_dynamics_nav.nav.factory import build_client
from target_dynamics_nav.nav.odata_v4 import OdataV4Client
from target_dynamics_nav.nav.retry import Clock

from .nav_stand_in import COMPANY, CREDENTIALS, NAME, SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.http import SandboxServer
    from expense_sandbox.nav.books import Books
    from expense_sandbox.seeds import CompanySeed
    from target_dynamics_nav.nav.port import Company, FoundDocument

EUROPE = replace(COMPANY, shortcut_dimensions=("DEPARTMENT", "PROJECT", "AREA"))
GERMAN = {
    "Posting": "Konto",
    "Heading": "Überschrift",
    "Standard": "Standard",
    "Total": "Summe",
    "G/L Account": "Sachkonto",
    "All": "Alle",
    "Payment": "Zahlung",
}


@dataclass
class Pages:
    """A running stand-in, and a client of its pages whose waits take no time."""

    server: SandboxServer
    books: Books
    client: OdataV4Client
    company: Company
    slept: list[float]

    def find_one(self, key: str = "E100-R") -> FoundDocument:
        (found,) = self.client.find(self.company, key)
        return found

    def fail(self, *faults: Fault) -> None:
        for fault in faults:
            self.server.faults.add(fault)

    def pages(self, method: str, path: str, body: object = None) -> requests.Response:
        """Somebody else at the same pages."""
        answer = requests.request(
            method,
            f"{self.server.url}/NAV/ODataV4/Company('{self.company.name}')/{path}",
            json=body,
            auth=(CREDENTIALS.username, CREDENTIALS.password),
            headers={"If-Match": "*"},
            timeout=10,
        )
        assert answer.ok, answer.text
        return answer

    def control(self, method: str, path: str, body: object = None) -> None:
        answer = requests.request(
            method, f"{self.server.url}/_sandbox/{path}", json=body, timeout=10
        )
        assert answer.ok, answer.text

    def ledger(self, key: str = "E100-R") -> list[dict[str, object]]:
        answer = requests.get(
            f"{self.server.url}/_sandbox/books",
            params={"company": self.company.name},
            timeout=10,
        )
        return [
            entry
            for entry in answer.json()["gl_entries"]
            if key in (entry["document_number"], entry["external_document_number"])
        ]

    def asked(self) -> list[str]:
        return [
            f"{logged.method} {logged.path.rpartition('/')[2]} {logged.status}"
            for logged in self.server.requests_log
        ]


def settings_for(url: str, **changes: object) -> dict[str, object]:
    return {
        "dialect": "odata_v4",
        "base_url": f"{url}/NAV",
        "auth_method": "basic",
        "username": CREDENTIALS.username,
        "password": CREDENTIALS.password,
        **changes,
    }


@contextmanager
def serving(
    pages: PageQuirks | None = None,
    odata: ODataV4Quirks | None = None,
    companies: tuple[CompanySeed, ...] = (EUROPE, SERVICES),
    **quirks: object,
) -> Iterator[tuple[SandboxServer, Books]]:
    server, books = build_nav_server(
        companies,
        credentials=CREDENTIALS,
        faults=FaultPlan(),
        quirks=NavQuirks(pages=pages or PageQuirks(), odata_v4=odata or ODataV4Quirks(), **quirks),
    )
    server.start()
    try:
        yield server, books
    finally:
        server.stop()


@contextmanager
def talking(
    server: SandboxServer, books: Books, company: str = NAME, **settings: object
) -> Iterator[Pages]:
    slept: list[float] = []
    client = build_client(
        settings_for(server.url, **settings),
        clock=Clock(sleep=slept.append, jitter=lambda: 0.5),
    )
    assert isinstance(client, OdataV4Client)
    try:
        yield Pages(server, books, client, client.resolve_company(company), slept)
    finally:
        client.close()


@contextmanager
def pages_of(
    pages: PageQuirks | None = None,
    odata: ODataV4Quirks | None = None,
    *,
    companies: tuple[CompanySeed, ...] = (EUROPE, SERVICES),
    company: str = NAME,
    unpublished: tuple[str, ...] = (),
    published: dict[str, int] | None = None,
    **settings: object,
) -> Iterator[Pages]:
    """A stand-in with these quirks, and a client with these settings.

    `unpublished`: services to withdraw first, as `Page/Name` or `Codeunit/Name`; `published`: pages to add.
    """
    with serving(pages, odata, companies) as (server, books):
        for service in unpublished:
            kind, _, name = service.partition("/")
            assert books.services.unpublish(kind, name)  # type: ignore[arg-type]  # the test's own words
        for name, object_id in (published or {}).items():
            books.services.publish("Page", name, object_id)
        with talking(server, books, company, **settings) as it:
            yield it
