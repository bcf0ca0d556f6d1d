"""A running NAV stand-in with a small company, a client of it, and documents to send: for the adapter's tests."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import requests

from expense_sandbox.faults import Fault, FaultPlan
from expense_sandbox.nav.auth import NavCredentials
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from expense_sandbox.seeds import (
    AccountSeed,
    CompanySeed,
    CurrencySeed,
    DefaultDimensionSeed,
    DimensionSeed,
    DimensionValueSeed,
    ExchangeRateSeed,
    VendorSeed,
)
from target_dynamics_nav.nav.factory import build_client
from target_dynamics_nav.nav.one_by_one import stepped
from target_dynamics_nav.nav.port import (
    Company,
    DocumentKind,
    DraftDocument,
    DraftLine,
    FoundDocument,
    SteppedNavClient,
)
from target_dynamics_nav.nav.retry import Clock
from target_dynamics_nav.window import complete

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.http import SandboxServer

KINDS = pytest.mark.parametrize("kind", list(DocumentKind), ids=lambda kind: kind.value)
INVOICE = DocumentKind.PURCHASE_INVOICE
CREDIT_MEMO = DocumentKind.PURCHASE_CREDIT_MEMO
JOURNAL = DocumentKind.JOURNAL_ENTRY
NAME = "CRONUS Test"

COMPANY = CompanySeed(
    name=NAME,
    local_currency_code="EUR",
    accounts=(
        AccountSeed("2910", "Company card clearing", category="Liabilities"),
        AccountSeed("5410", "Payables", category="Liabilities", direct_posting=False),
        AccountSeed("5630", "Input tax", category="Assets", direct_posting=False),
        AccountSeed("8000", "Expenses", account_type="Heading", direct_posting=False),
        AccountSeed("8320", "Legacy telephony", blocked=True),
        AccountSeed("8430", "Airfare"),
        AccountSeed(
            "8440", "Hotel", default_dimensions=(DefaultDimensionSeed("DEPARTMENT", "ADM"),)
        ),
    ),
    vendors=(
        VendorSeed("E1001", "Ana Vendor"),
        VendorSeed("E1002", "Bo Vendor", default_dimensions=(DefaultDimensionSeed("AREA", "EU"),)),
        VendorSeed("E1003", "Blocked Vendor", blocked="All"),
        VendorSeed("E1004", "Gross Vendor", prices_include_tax=True),
        VendorSeed("CARD-USD", "Card", currency_code="USD"),
    ),
    dimensions=(
        DimensionSeed(
            "DEPARTMENT",
            "Department",
            (DimensionValueSeed("ADM", "Administration"), DimensionValueSeed("SALES", "Sales")),
        ),
        DimensionSeed(
            "PROJECT",
            "Project",
            (
                DimensionValueSeed("P-1", "Zürich: Phase 2"),
                DimensionValueSeed("P-2", "Oslo"),
                DimensionValueSeed("P-9", "Apollo", blocked=True),
            ),
        ),
        DimensionSeed(
            "AREA",
            "Area",
            (
                DimensionValueSeed("EU", "Europe"),
                DimensionValueSeed("US", "America"),
                DimensionValueSeed("ALL", "All areas", value_type="Total"),
            ),
        ),
    ),
    currencies=(
        CurrencySeed(
            "USD",
            "US dollar",
            Decimal("0.01"),
            (ExchangeRateSeed(date(2018, 1, 1), Decimal(100), Decimal("92.00")),),
        ),
        CurrencySeed("GBP", "Pound", Decimal("0.01"), ()),
    ),
    allow_posting_from=date(2018, 1, 1),
)
SERVICES = CompanySeed(name="CRONUS Services", local_currency_code="EUR", accounts=())

CREDENTIALS = NavCredentials(
    tenant_id="tenant",
    client_id="client",
    client_secret="secret",
    username="exporter",
    password="access-key",
)


class Asked:
    """A client that goes by steps, asked about one document at a time."""

    def __init__(self, client: SteppedNavClient) -> None:
        self.stepped = client
        self.capabilities = client.capabilities
        self.resolve_company = client.resolve_company
        self.read_master_data = client.read_master_data
        self.close = client.close

    def find(self, company: Company, key: str) -> list[FoundDocument]:
        return complete(self.stepped, self.stepped.find(company, key))

    def create_draft(self, company: Company, draft: DraftDocument) -> FoundDocument:
        return complete(self.stepped, self.stepped.create_draft(company, draft))

    def post(self, company: Company, document: FoundDocument) -> None:
        complete(self.stepped, self.stepped.post(company, document))

    def delete_draft(self, company: Company, document: FoundDocument) -> None:
        complete(self.stepped, self.stepped.delete_draft(company, document))


@dataclass
class Nav:
    """A running stand-in, and a client of it whose waits take no time."""

    server: SandboxServer
    client: Asked
    company: Company
    slept: list[float]

    def find_one(self, key: str) -> FoundDocument:
        (found,) = self.client.find(self.company, key)
        return found

    def create(self, draft: DraftDocument) -> FoundDocument:
        return self.client.create_draft(self.company, draft)

    def post(self, document: FoundDocument) -> None:
        self.client.post(self.company, document)

    def fail(self, *faults: Fault) -> None:
        for fault in faults:
            self.server.faults.add(fault)

    def api(self, method: str, path: str, body: object = None) -> requests.Response:
        """Another client of the same NAV."""
        return requests.request(
            method,
            f"{self.server.url}/api/v2.0/companies({self.company.id})/{path}",
            json=body,
            auth=(CREDENTIALS.username, CREDENTIALS.password),
            headers={"If-Match": "*"},
            timeout=10,
        )

    def books(self) -> dict[str, list[dict[str, object]]]:
        answer = requests.get(
            f"{self.server.url}/_sandbox/books", params={"company": NAME}, timeout=10
        )
        books: dict[str, list[dict[str, object]]] = answer.json()
        return books

    def ledger(self, key: str) -> list[dict[str, object]]:
        return [
            entry
            for entry in self.books()["gl_entries"]
            if key in (entry["document_number"], entry["external_document_number"])
        ]


@contextmanager
def nav(quirks: NavQuirks | None = None, **settings: object) -> Iterator[Nav]:
    server, _ = build_nav_server(
        [COMPANY, SERVICES],
        credentials=CREDENTIALS,
        faults=FaultPlan(),
        quirks=quirks or NavQuirks(),
    )
    server.start()
    slept: list[float] = []
    client = build_client(
        {
            "base_url": f"{server.url}/api/v2.0",
            "token_url": f"{server.url}/tenant/oauth2/v2.0/token",
            "client_id": CREDENTIALS.client_id,
            "client_secret": CREDENTIALS.client_secret,
            "username": CREDENTIALS.username,
            "password": CREDENTIALS.password,
            **settings,
        },
        clock=Clock(sleep=slept.append, jitter=lambda: 0.5),
    )
    try:
        yield Nav(server, Asked(stepped(client)), client.resolve_company(NAME), slept)
    finally:
        client.close()
        server.stop()


def line(account: str, amount: str, **dimensions: str) -> DraftLine:
    return DraftLine(
        account_type="G/L Account",
        account_number=account,
        description=f"Expense {amount} ü",
        amount=Decimal(amount),
        tax_code=None,
        dimensions=dimensions,
    )


def draft(
    kind: DocumentKind = INVOICE,
    *lines: DraftLine,
    key: str = "E100-R",
    vendor: str = "E1001",
    currency: str | None = None,
    prices_include_tax: bool = False,
    **dimensions: str,
) -> DraftDocument:
    used = list(lines) or [line("8430", "100.10", PROJECT="P-1"), line("8430", "-0.07")]
    journal = kind is JOURNAL
    return DraftDocument(
        kind=kind,
        key=key,
        vendor_number=None if journal else vendor,
        balancing_account=("G/L Account", "2910") if journal else None,
        posting_date=date(2026, 1, 31),
        document_date=date(2026, 1, 30),
        due_date=None,
        currency_code=currency,
        prices_include_tax=prices_include_tax,
        total=sum((one.amount for one in used), Decimal(0)),
        description="Oslo trip",
        dimensions=dimensions,
        lines=used,
    )


def lines_of(found: FoundDocument) -> list[tuple[str, Decimal, dict[str, str]]]:
    assert found.lines is not None
    return [(one.account_number, one.amount, one.dimensions) for one in found.lines]
