from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import requests

from expense_sandbox.nav.company import Company
from expense_sandbox.nav.odata_v4.quirks import ODataV4Quirks
from expense_sandbox.nav.pages.quirks import PageQuirks

SHORTCUTS = ("DEPARTMENT", "PROJECT", "AREA")


class Pages:
    """Hand-written requests to one stand-in's OData V4."""

    def __init__(self, nav: Any, company: str = "CRONUS Europe") -> None:
        self.nav = nav
        self.root = f"{nav.server.url}/NAV/ODataV4"
        self.company_url = f"{self.root}/Company('{quote(company)}')"
        self.session = requests.Session()
        self.session.auth = ("API", "access-key-1")

    @property
    def company(self) -> Company:
        """The company itself, for a look behind the wire."""
        found: Company = self.nav.books.companies[self.nav.company_id]
        return found

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.company_url}/{path}"
        return self.session.request(method, url, timeout=10, **options)

    def get(self, path: str, **headers: str) -> Any:
        answer = self.call("GET", path, headers=_named(headers))
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

    def refused(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, str, str]:
        """Status, code and message without correlation id."""
        answer = self.call(method, path, json=body, headers=_named(headers))
        assert answer.status_code >= 400, answer.text
        error = answer.json()["error"]
        return answer.status_code, error["code"], error["message"].partition("  Correlation")[0]

    def run(self, procedure: str, **parameters: Any) -> requests.Response:
        """Call a procedure of the posting codeunit in the company."""
        return self.session.post(
            f"{self.root}/ExpensePosting_{procedure}",
            params={"company": "CRONUS Europe"},
            json=parameters,
            timeout=10,
        )

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        url = f"{self.nav.server.url}/_sandbox/{path}"
        return requests.request(method, url, json=body, timeout=10)

    def draft(self, number: str = "K-1", **fields: Any) -> str:
        """A draft invoice without lines; its number."""
        body = {
            "Buy_from_Vendor_No": "E1001",
            "Vendor_Invoice_No": number,
            "Posting_Date": "2026-01-31",
            **fields,
        }
        return str(self.create("Purchase_Invoice", body)["No"])

    def line(self, document: str, account: str, cost: float, **fields: Any) -> dict[str, Any]:
        """One more line of a draft invoice."""
        return self.create(
            "Purchase_InvoicePurchLines", self.line_body(document, account, cost, **fields)
        )

    @staticmethod
    def line_body(document: str, account: str, cost: float, **fields: Any) -> dict[str, Any]:
        return {
            "Document_Type": "Invoice",
            "Document_No": document,
            "Type": "G/L Account",
            "No": account,
            "Quantity": 1,
            "Direct_Unit_Cost": cost,
            **fields,
        }


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def start_pages(start_nav: Callable[..., Any]) -> Callable[..., Pages]:
    """Starts a server whose third shortcut dimension is AREA; switches by name of their group."""

    def start(
        pages: dict[str, Any] | None = None, odata_v4: dict[str, Any] | None = None, **quirks: Any
    ) -> Pages:
        nav = start_nav(
            pages=PageQuirks(**(pages or {})), odata_v4=ODataV4Quirks(**(odata_v4 or {})), **quirks
        )
        company = nav.books.companies[nav.company_id]
        with nav.books.transaction():
            company.setups.put(replace(company.setup, shortcut_dimensions=SHORTCUTS))
        return Pages(nav)

    return start


@pytest.fixture
def pages(start_pages: Callable[..., Pages]) -> Pages:
    return start_pages()
