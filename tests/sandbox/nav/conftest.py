from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from expense_sandbox.http import SandboxServer
from expense_sandbox.nav.auth import NavCredentials
from expense_sandbox.nav.books import Books
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from expense_sandbox.seeds import (
    AccountSeed,
    BankAccountSeed,
    CompanySeed,
    CurrencySeed,
    DefaultDimensionSeed,
    DimensionSeed,
    DimensionValueSeed,
    EmployeeSeed,
    ExchangeRateSeed,
    VendorSeed,
)

CREDENTIALS = NavCredentials(
    tenant_id="tenant-1",
    client_id="client-1",
    client_secret="secret-1",
    username="API",
    password="access-key-1",
)

EUROPE = CompanySeed(
    name="CRONUS Europe",
    local_currency_code="EUR",
    accounts=(
        AccountSeed("2910", "Company card clearing", category="Liabilities"),
        AccountSeed("2920", "Bank", category="Assets"),
        AccountSeed("5410", "Vendors", category="Liabilities", direct_posting=False),
        AccountSeed("5630", "Input tax", category="Assets", direct_posting=False),
        AccountSeed("8000", "Expenses", account_type="Begin-Total"),
        AccountSeed("8320", "Legacy Telephony", blocked=True),
        AccountSeed("8430", "Airfare"),
        AccountSeed("8440", "Hotel", tax_code="VAT10"),
        AccountSeed("8450", "Meals", default_dimensions=(DefaultDimensionSeed("AREA", "EU"),)),
        AccountSeed(
            "8460",
            "Entertainment",
            default_dimensions=(DefaultDimensionSeed("DEPARTMENT", "", "Code Mandatory"),),
        ),
        AccountSeed(
            "8470", "Taxi", default_dimensions=(DefaultDimensionSeed("PROJECT", "", "No Code"),)
        ),
        AccountSeed("8480", "Rail"),
    ),
    vendors=(
        VendorSeed("E1001", "Ann Ek", email="ann@northwind.example"),
        VendorSeed(
            "E1002", "Bo Li", default_dimensions=(DefaultDimensionSeed("AREA", "US", "Same Code"),)
        ),
        VendorSeed("E1003", "Cy Orr", blocked="All"),
        VendorSeed("E1004", "Di Poe", currency_code="USD", prices_include_tax=True),
        VendorSeed("E1005", "Ed Ray", blocked="Payment"),
    ),
    employees=(EmployeeSeed("EMP1", "Ann", "Ek", "ann@northwind.example"),),
    dimensions=(
        DimensionSeed(
            "AREA",
            "Area",
            (DimensionValueSeed("EU", "Europe"), DimensionValueSeed("US", "United States")),
        ),
        DimensionSeed(
            "DEPARTMENT",
            "Department",
            (
                DimensionValueSeed("ADM", "Administration"),
                DimensionValueSeed("SALES", "Sales"),
                DimensionValueSeed("ALL", "All departments", value_type="Total"),
            ),
        ),
        DimensionSeed(
            "PROJECT",
            "Project",
            (
                DimensionValueSeed("P-090", "Apollo", blocked=True),
                DimensionValueSeed("P-100", "Zürich: Phase 2"),
            ),
        ),
        DimensionSeed("OLDCODE", "No longer used", (DimensionValueSeed("X", "Ex"),), blocked=True),
    ),
    currencies=(
        CurrencySeed(
            "USD",
            "US dollar",
            Decimal("0.01"),
            (ExchangeRateSeed(date(2018, 1, 1), Decimal(100), Decimal(92)),),
        ),
        CurrencySeed("AUD", "Australian dollar", Decimal("0.01"), ()),
    ),
    allow_posting_from=date(2018, 1, 1),
    allow_posting_to=date(2026, 12, 31),
    bank_accounts=(BankAccountSeed("GIRO", "Giro bank", "2920"),),
)
SERVICES = CompanySeed(
    name="CRONUS Services",
    local_currency_code="EUR",
    accounts=(AccountSeed("8430", "Airfare"), AccountSeed("5410", "Vendors")),
    vendors=(VendorSeed("S1", "Services vendor"),),
)


class Nav:
    """Hand-written requests against one stand-in."""

    def __init__(self, server: SandboxServer, books: Books, company: str) -> None:
        self.server = server
        self.books = books
        self.root = f"{server.url}/api/v2.0"
        self.company_id = next(item.id for item in books.companies.values() if item.name == company)
        self.company = f"{self.root}/companies({self.company_id})"
        self.session = requests.Session()
        self.session.auth = ("API", "access-key-1")

    @staticmethod
    def line(account: str, amount: str, **fields: Any) -> dict[str, Any]:
        """Body of an account line."""
        return {
            "lineType": "Account",
            "lineObjectNumber": account,
            "quantity": 1,
            "unitCost": float(amount),
            **fields,
        }

    @staticmethod
    def refusal(answer: requests.Response) -> tuple[int, str, str]:
        """Status, code and message without correlation id."""
        error = answer.json()["error"]
        message, _, correlation = error["message"].partition("  CorrelationId:  ")
        assert len(correlation) == 37, answer.text
        return answer.status_code, error["code"], message

    def url(self, path: str) -> str:
        return path if path.startswith("http") else f"{self.company}/{path}"

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.session.request(method, self.url(path), timeout=10, **options)

    def get(self, path: str, **headers: str) -> Any:
        answer = self.call(
            "GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        assert answer.status_code == 200, answer.text
        return answer.json(parse_float=Decimal)

    def rows(self, path: str, **headers: str) -> list[dict[str, Any]]:
        value: list[dict[str, Any]] = self.get(path, **headers)["value"]
        return value

    def create(self, path: str, body: object) -> dict[str, Any]:
        answer = self.call("POST", path, json=body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json(parse_float=Decimal)
        return created

    def patch(self, path: str, body: object, etag: str = "*") -> requests.Response:
        return self.call("PATCH", path, json=body, headers={"If-Match": etag})

    def act(self, path: str) -> requests.Response:
        return self.call("POST", f"{path}/Microsoft.NAV.post")

    def refused(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, str, str]:
        """Status, code and message without correlation id of a refusal."""
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        answer = self.call(method, path, json=body, headers=named)
        return self.refusal(answer)

    def batch(self, parts: list[dict[str, Any]], **headers: str) -> requests.Response:
        named = {k.replace("_", "-"): v for k, v in headers.items()}
        return self.call(
            "POST",
            f"{self.root}/$batch",
            json={"requests": parts},
            headers={"Accept": "application/json", **named},
        )

    def invoice(self, number: str = "K-1", vendor: str = "E1001", **fields: Any) -> dict[str, Any]:
        """A draft invoice of 100.00 on account 8430 unless told otherwise."""
        body = {
            "vendorNumber": vendor,
            "vendorInvoiceNumber": number,
            "postingDate": "2026-01-31",
            "invoiceDate": "2026-01-31",
            "purchaseInvoiceLines": [self.line("8430", "100")],
            **fields,
        }
        return self.create("purchaseInvoices", body)

    def control(self, method: str, path: str, **options: Any) -> requests.Response:
        return requests.request(method, f"{self.server.url}/_sandbox/{path}", timeout=10, **options)

    def ledger(self) -> dict[str, Any]:
        document: dict[str, Any] = self.control(
            "GET", "books", params={"company": self.company_id}
        ).json()
        return document


@pytest.fixture
def start_nav() -> Iterator[Callable[..., Nav]]:
    servers: list[SandboxServer] = []

    def start(
        company: CompanySeed = EUROPE,
        *,
        latency: float = 0.0,
        operation_time: float = 0.0,
        **quirks: Any,
    ) -> Nav:
        server, books = build_nav_server(
            [company, SERVICES],
            credentials=CREDENTIALS,
            faults=None,
            quirks=NavQuirks(**{"today": date(2026, 2, 1), **quirks}),
            latency=latency,
            operation_time=operation_time,
        )
        server.start()
        servers.append(server)
        return Nav(server, books, company.name)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def nav(start_nav: Callable[..., Nav]) -> Nav:
    return start_nav()
