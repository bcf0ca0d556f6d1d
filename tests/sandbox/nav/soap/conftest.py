"""SOAP envelopes written by hand, as a stranger would who only has NAV's documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape

import pytest
import requests

from expense_sandbox.http import SandboxServer
from expense_sandbox.nav.auth import NavCredentials
from expense_sandbox.nav.books import Books
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

CREDENTIALS = NavCredentials("tenant-1", "client-1", "secret-1", "API", "access-key-1")
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SCHEMAS = "urn:microsoft-dynamics-schemas"
SYSTEM = f"{SCHEMAS}/nav/system/"

CRONUS = CompanySeed(
    name="CRONUS & Søn's Ltd.",
    local_currency_code="EUR",
    accounts=(
        AccountSeed("2910", "Card clearing", category="Liabilities"),
        AccountSeed("5410", "Vendors", category="Liabilities", direct_posting=False),
        AccountSeed("5630", "Input tax", category="Assets", direct_posting=False),
        AccountSeed("8000", "Expenses", account_type="Begin-Total"),
        AccountSeed("8320", "Telephony", blocked=True),
        AccountSeed("8430", "Airfare"),
        AccountSeed("8440", "Hotel", tax_code="VAT10"),
        AccountSeed("86301", "Books and periodicals"),
        AccountSeed(
            "8510", "Trade fairs", default_dimensions=(
                DefaultDimensionSeed("DEPARTMENT", "", "Code Mandatory"),
            ),
        ),
        AccountSeed("8630", "Books", blocked=True),
    ),
    vendors=(
        VendorSeed("E1001", "Ann Ek", email="ann@northwind.example"),
        VendorSeed("E1002", "Bo & Li", default_dimensions=(DefaultDimensionSeed("AREA", "US"),)),
        VendorSeed("E1003", "Cy Orr", blocked="All"),
        VendorSeed("E1004", "Di Poe", currency_code="USD"),
    ),
    dimensions=(
        DimensionSeed("AREA", "Area", (
            DimensionValueSeed("EU", "Europe"), DimensionValueSeed("US", "United States"),
        )),
        DimensionSeed("DEPARTMENT", "Department", (
            DimensionValueSeed("ADM", "Administration"), DimensionValueSeed("SALES", "Sales"),
            DimensionValueSeed("OLD", "Closed", blocked=True),
        )),
        DimensionSeed("PROJECT", "Project", (DimensionValueSeed("P-100", "Phase 2"),)),
        DimensionSeed("SPARE", "Not a shortcut", (DimensionValueSeed("X", "Ex"),)),
    ),
    currencies=(
        CurrencySeed("USD", "US dollar", Decimal("0.01"), (
            ExchangeRateSeed(date(2018, 1, 1), Decimal(100), Decimal(92)),
        )),
    ),
    allow_posting_from=date(2018, 1, 1),
    allow_posting_to=date(2026, 12, 31),
    shortcut_dimensions=("DEPARTMENT", "PROJECT", "AREA"),
)  # fmt: skip
OTHER = CompanySeed("Other", "EUR", (AccountSeed("8430", "Airfare"),), (VendorSeed("S1", "Sy"),))


class RefusedError(Exception):
    """A fault: HTTP 500 with an exception class and a text."""

    def __init__(self, exception: str, text: str) -> None:
        super().__init__(f"{exception}: {text}")
        self.exception = exception.rpartition(".")[2]
        self.text = text


class Soap:
    """Calls operations and takes their results apart."""

    def __init__(self, server: SandboxServer, books: Books) -> None:
        self.server = server
        self.books = books
        self.session = requests.Session()
        self.session.auth = ("API", "access-key-1")
        self.company: str | None = CRONUS.name

    def url(self, service: str, kind: str = "Page", company: str | None = None) -> str:
        company = self.company if company is None else company
        prefix = f"/{requests.utils.quote(company, safe='')}" if company else ""
        return f"{self.server.url}/NAV/WS{prefix}/{kind}/{service}"

    def send(self, url: str, body: str, **headers: str) -> requests.Response:
        text = f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body>{body}</e:Body></e:Envelope>'
        named = {"Content-Type": "text/xml; charset=utf-8", **headers}
        return self.session.post(url, text.encode(), headers=named, timeout=10)

    def call(
        self, service: str, operation: str, content: str = "", *, kind: str = "Page"
    ) -> Element:
        """The result element of an operation.

        Raises:
            RefusedError: When the answer is a fault.
        """
        name = service.lower() if kind == "Page" else service
        namespace = f"{SCHEMAS}/{kind.lower()}/{name}"
        body = f'<{operation} xmlns="{namespace}">{content}</{operation}>'
        headers = {"SOAPAction": f'"{namespace}:{operation}"'}
        answer = self.send(self.url(service, kind), body, **headers)
        return result_of(answer, namespace, operation)

    def read_multiple(
        self, service: str, *filters: tuple[str, str], size: int = 0, bookmark: str = "",
        before: str = "",
    ) -> list[dict[str, Any]]:  # fmt: skip
        content = before + "".join(
            f"<filter><Field>{field}</Field><Criteria>{escape(criteria)}</Criteria></filter>"
            for field, criteria in filters
        )
        content += f"<bookmarkKey>{bookmark}</bookmarkKey>" if bookmark else ""
        result = self.call(service, "ReadMultiple", f"{content}<setSize>{size}</setSize>")
        return [fields(row) for row in result[0]]

    def create(self, service: str, content: str, before: str = "") -> dict[str, Any]:
        result = self.call(service, "Create", f"{before}<{service}>{content}</{service}>")
        return fields(result[0])

    def update(self, service: str, content: str, before: str = "") -> dict[str, Any]:
        result = self.call(service, "Update", f"{before}<{service}>{content}</{service}>")
        return fields(result[0])

    def delete(self, service: str, key: str) -> str | None:
        return self.call(service, "Delete", f"<Key>{key}</Key>")[0].text

    def run(self, procedure: str, **arguments: object) -> str | None:
        """Call a procedure of the codeunit; its return value."""
        content = "".join(f"<{name}>{value}</{name}>" for name, value in arguments.items())
        result = self.call("ExpensePosting", procedure, content, kind="Codeunit")
        return result[0].text if len(result) else None

    def invoice(
        self, number: str = "K-1", *lines: str, vendor: str = "E1001", **header: str
    ) -> Any:
        """A draft of one line of 100.00 on account 8430 unless told otherwise."""
        given = "".join(f"<{name}>{value}</{name}>" for name, value in header.items())
        inner = "".join(
            f"<Purch_Invoice_Line>{line}</Purch_Invoice_Line>" for line in lines or (a_line(),)
        )
        content = (
            f"<Buy_from_Vendor_No>{vendor}</Buy_from_Vendor_No>"
            "<Posting_Date>2026-01-31</Posting_Date>"
            f"<Vendor_Invoice_No>{number}</Vendor_Invoice_No>{given}"
            f"<PurchLines>{inner}</PurchLines>"
        )
        return self.create("Purchase_Invoice", content)

    def ledger(self) -> dict[str, Any]:
        answer = requests.get(
            f"{self.server.url}/_sandbox/books", params={"company": CRONUS.name}, timeout=10
        )
        document: dict[str, Any] = answer.json()
        return document

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        return requests.request(method, f"{self.server.url}/_sandbox/{path}", json=body, timeout=10)


def a_line(account: str = "8430", cost: str = "100", **more: str) -> str:
    """Content of a purchase line."""
    given = "".join(f"<{name}>{value}</{name}>" for name, value in more.items())
    return (
        f"<Type>G_L_Account</Type><No>{account}</No><Quantity>1</Quantity>"
        f"<Direct_Unit_Cost>{cost}</Direct_Unit_Cost>{given}"
    )


def result_of(answer: requests.Response, namespace: str, operation: str) -> Element:
    root = fromstring(answer.content)  # noqa: S314 - our own server's
    body = root.find(f"{{{ENVELOPE}}}Body")
    assert body is not None
    if answer.status_code == 500:
        fault = body[0]
        code, text = fault.findtext("faultcode"), fault.findtext("faultstring")
        assert code is not None
        assert text is not None
        raise RefusedError(code.removeprefix("a:"), text)
    assert answer.status_code == 200, answer.text
    assert body[0].tag == f"{{{namespace}}}{operation}_Result"
    return body[0]


def fields(row: Element) -> dict[str, Any]:
    """A record: texts by element name; a part is a list of records."""
    result: dict[str, Any] = {}
    for element in row:
        name = element.tag.rpartition("}")[2]
        result[name] = [fields(line) for line in element] if len(element) else element.text
    return result


@pytest.fixture
def line() -> Callable[..., str]:
    return a_line


@pytest.fixture
def refused() -> type[RefusedError]:
    return RefusedError


@pytest.fixture
def cronus() -> CompanySeed:
    return CRONUS


@pytest.fixture
def start_soap() -> Iterator[Callable[..., Soap]]:
    servers: list[SandboxServer] = []

    def start(*companies: CompanySeed, **quirks: Any) -> Soap:
        server, books = build_nav_server(
            companies or (CRONUS, OTHER),
            credentials=CREDENTIALS,
            faults=None,
            quirks=NavQuirks(**{"today": date(2026, 2, 1), **quirks}),
        )
        server.start()
        servers.append(server)
        return Soap(server, books)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def soap(start_soap: Callable[..., Soap]) -> Soap:
    return start_soap()
