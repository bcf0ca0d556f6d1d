"""Books behind the API: files, replicas, control, faults, amounts."""

from __future__ import annotations

import threading
import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import requests

from expense_sandbox.faults import Fault
from expense_sandbox.nav.amounts import LineValue, taxed, to_local
from expense_sandbox.nav.books import Books
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from expense_sandbox.seeds import AccountSeed, CompanySeed, VendorSeed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Nav

SMALL = CompanySeed(
    name="Small",
    local_currency_code="EUR",
    accounts=(AccountSeed("8430", "Airfare"), AccountSeed("5410", "Vendors")),
    vendors=(VendorSeed("V1", "Vendor"),),
)


def test_books_survive_a_restart(nav: Nav, tmp_path: Path) -> None:
    draft = nav.invoice(
        currencyCode="USD", dimensionSetLines=[{"code": "PROJECT", "valueCode": "P-100"}]
    )
    nav.act(f"purchaseInvoices({draft['id']})")
    nav.invoice("K-2", purchaseInvoiceLines=[nav.line("8430", "0.1")])
    nav.create("journals", {"code": "A", "journalLines": [{"accountNumber": "8430"}]})
    path = tmp_path / "books" / "nav.json"
    nav.books.save(path)
    loaded = Books.load(path)
    assert loaded.to_json() == nav.books.to_json()
    assert [entry.name for entry in path.parent.iterdir()] == ["nav.json"]


def test_the_server_loads_and_saves_its_file(nav: Nav, tmp_path: Path) -> None:
    from expense_sandbox.nav.auth import NavCredentials

    path = tmp_path / "nav.json"
    credentials = NavCredentials("t", "c", "s", "API", "key")

    def start() -> tuple[Any, str]:
        server, books = build_nav_server(
            [SMALL], credentials=credentials, faults=None, books_file=path
        )
        server.start()
        return server, f"{server.url}/api/v2.0/companies({next(iter(books.companies))})"

    server, url = start()
    body = {"vendorNumber": "V1", "vendorInvoiceNumber": "K-1"}
    created = requests.post(f"{url}/purchaseInvoices", json=body, auth=("API", "key"), timeout=5)
    assert not path.exists()
    assert requests.post(f"{server.url}/_sandbox/save", timeout=5).status_code == 204
    assert path.exists()
    path.unlink()
    server.stop()
    server, url = start()
    rows = requests.get(f"{url}/purchaseInvoices", auth=("API", "key"), timeout=5).json()["value"]
    server.stop()
    assert [row["id"] for row in rows] == [created.json()["id"]]


def test_a_file_that_holds_no_books(tmp_path: Path) -> None:
    path = tmp_path / "nav.json"
    path.write_text("{}")
    with pytest.raises(ValueError, match="does not hold"):
        Books.load(path)


def test_fresh_books_have_the_same_ids_every_time() -> None:
    first, second = Books([SMALL]), Books([SMALL])
    assert list(first.companies) == list(second.companies)
    for left, right in zip(first.companies.values(), second.companies.values(), strict=True):
        assert [row.id for row in left.accounts] == [row.id for row in right.accounts]


def test_a_transaction_is_all_or_nothing_down_to_the_indexes() -> None:
    books = Books([SMALL])
    (company,) = books.companies.values()
    before = books.to_json()
    vendor = next(iter(company.vendors))

    def fail() -> None:
        with books.transaction():
            company.vendors.put(vendor.__class__(id="new", number="V2", name="Two"))
            company.vendors.delete(vendor.id)
            books.count_write()
            raise NavError("X", "no")

    with pytest.raises(NavError):
        fail()
    after = books.to_json()
    assert after["companies"] == before["companies"]
    assert company.vendors.first("number", "V1") == vendor
    assert company.vendors.first("number", "V2") is None
    assert books.write_count == 0


def test_a_replica_lags_behind_writes() -> None:
    now = [datetime(2026, 1, 1, tzinfo=timezone.utc)]
    books = Books([SMALL], quirks=NavQuirks(replica_delay_seconds=30), clock=lambda: now[0])
    (company,) = books.companies.values()
    assert len(books.replica(company).vendors) == 1
    vendor = next(iter(company.vendors))
    with books.transaction():
        company.vendors.put(vendor.__class__(id="new", number="V2", name="Two"))
    assert books.replica(company).vendors.first("number", "V2") is None
    now[0] += timedelta(seconds=29)
    assert books.replica(company).vendors.first("number", "V2") is None
    now[0] += timedelta(seconds=1)
    assert books.replica(company).vendors.first("number", "V2") is not None


def test_reads_that_do_not_insist_may_be_stale(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(replica_delay_seconds=3600)
    draft = nav.invoice()
    path = "purchaseInvoices?$filter=vendorInvoiceNumber eq 'K-1'"
    assert nav.rows(path) == []
    assert nav.refused("GET", f"purchaseInvoices({draft['id']})")[0] == 404
    assert len(nav.rows(path, Data_Access_Intent="ReadWrite")) == 1
    inner = {"method": "GET", "url": f"companies({nav.company_id})/{path}"}
    stale = nav.batch([inner]).json()["responses"][0]["body"]["value"]
    fresh = nav.batch([inner], Data_Access_Intent="ReadWrite").json()["responses"][0]["body"]
    assert (len(stale), len(fresh["value"])) == (0, 1)
    body = {"vendorNumber": "E1001"}
    refused = nav.refused("POST", "purchaseInvoices", body, Data_Access_Intent="ReadOnly")
    assert refused[0] == 400


def test_writes_are_counted(nav: Nav) -> None:
    draft = nav.invoice()
    nav.patch(f"purchaseInvoices({draft['id']})", {"purchaser": "A"})
    nav.refused("POST", "purchaseInvoices", {})
    nav.rows("purchaseInvoices")
    nav.act(f"purchaseInvoices({draft['id']})")
    nav.act(f"purchaseInvoices({draft['id']})")
    assert nav.ledger()["write_count"] == 3


def test_control_of_accounts_and_values(nav: Nav) -> None:
    answer = nav.control("POST", "accounts/8320", json={"blocked": False})
    assert answer.json() == {"blocked": False, "companies": 1}
    assert nav.rows("accounts?$filter=blocked eq true") == []
    assert nav.control("POST", "accounts/9999", json={"blocked": False}).status_code == 404
    assert nav.control("POST", "accounts/8320", json={"blocked": 1}).status_code == 400
    assert nav.control("POST", "accounts/8320", data=b"[").status_code == 400
    path = "dimension-values/PROJECT/p-090"
    assert (
        nav.control("POST", path, json={"blocked": False, "company": "Nowhere"}).status_code == 400
    )
    assert nav.control("POST", path, json={"blocked": False}).status_code == 200


def test_the_books_of_all_companies_or_of_one(nav: Nav) -> None:
    everything = nav.control("GET", "books").json()
    assert [item["company"] for item in everything["companies"]] == [
        "CRONUS Europe",
        "CRONUS Services",
    ]
    one = nav.control("GET", "books", params={"company": "cronus services"}).json()
    assert set(one) == {
        "company",
        "company_id",
        "posted_documents",
        "drafts",
        "journals",
        "gl_entries",
        "vendor_ledger_entries",
        "attachments",
        "write_count",
    }
    assert nav.control("GET", "books", params={"company": "x"}).status_code == 404


def test_companies_do_not_share_books(nav: Nav) -> None:
    services = next(
        item.id for item in nav.books.companies.values() if item.name == "CRONUS Services"
    )
    url = f"{nav.root}/companies({services})"
    body = {"vendorNumber": "S1", "purchaseInvoiceLines": [nav.line("8430", "1")]}
    other = nav.create(f"{url}/purchaseInvoices", body)
    assert nav.rows("purchaseInvoices") == []
    assert nav.refused("GET", f"purchaseInvoices({other['id']})")[0] == 404


def test_an_answer_lost_after_the_commit(nav: Nav) -> None:
    draft = nav.invoice()
    nav.server.faults.add(Fault("reset_after", match="purchaseInvoices post$"))
    with pytest.raises(requests.ConnectionError):
        nav.act(f"purchaseInvoices({draft['id']})")
    assert nav.get(f"purchaseInvoices({draft['id']})")["status"] == "Open"
    nav.server.faults.add(Fault("reset_before", match="purchaseInvoices$"))
    with pytest.raises(requests.ConnectionError):
        nav.invoice("K-2")
    assert len(nav.rows("purchaseInvoices")) == 1


def test_many_clients_at_once_get_numbers_of_their_own(nav: Nav) -> None:
    def work(worker: int) -> None:
        for number in range(10):
            body = {
                "vendorNumber": "E1001",
                "vendorInvoiceNumber": f"W{worker}-{number}",
                "purchaseInvoiceLines": [nav.line("8430", "1")],
            }
            answer = requests.post(
                f"{nav.company}/purchaseInvoices", json=body, auth=nav.session.auth, timeout=20
            )
            url = f"{nav.company}/purchaseInvoices({answer.json()['id']})/Microsoft.NAV.post"
            assert requests.post(url, auth=nav.session.auth, timeout=20).status_code == 204

    workers = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    posted = nav.ledger()["posted_documents"]
    assert len({row["number"] for row in posted}) == 40
    entries = nav.ledger()["gl_entries"]
    assert [row["entry_number"] for row in entries] == list(range(1, 81))
    assert sum(Decimal(row["amount"]) for row in entries) == 0


def test_thousands_of_lines_take_seconds_not_minutes() -> None:
    from expense_sandbox.nav import document_lines, documents, posting

    books = Books([SMALL], quirks=NavQuirks(today=date(2026, 2, 1)))
    (company,) = books.companies.values()
    started = time.monotonic()
    fields = {
        "line_type": "Account",
        "account_number": "8430",
        "unit_cost": Decimal("1.01"),
        "quantity": Decimal(1),
    }
    for number in range(150):
        with books.transaction():
            header = {"vendor_number": "V1", "external_number": f"K{number}"}
            document = documents.create(company, "Invoice", header)
            for _ in range(20):
                document_lines.create(company, document, fields)
        with books.transaction():
            current = company.documents.get(document.id)
            assert current is not None
            posting.post(books, company, current)
    assert len(company.ledger_entries) == 150 * 21
    assert time.monotonic() - started < 15


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["0.10", "0.10", "0.10"], ["0.09", "0.09", "0.10"]),
        (["100", "-100"], ["92.00", "-92.00"]),
        (["-0.55", "-0.55"], ["-0.51", "-0.50"]),
        ([], []),
    ],
)
def test_local_amounts(amounts: list[str], expected: list[str]) -> None:
    result = to_local(
        [Decimal(amount) for amount in amounts], Decimal(92), Decimal(100), Decimal("0.01")
    )
    assert result == [Decimal(amount) for amount in expected]


def test_tax_is_rounded_per_code_over_the_document() -> None:
    lines = [LineValue(Decimal("0.33"), "VAT20", Decimal(20))] * 3
    result = taxed(lines, prices_include_tax=False, precision=Decimal("0.01"))
    assert [line.tax for line in result] == [Decimal("0.07"), Decimal("0.06"), Decimal("0.07")]
    gross = taxed(lines, prices_include_tax=True, precision=Decimal("0.01"))
    assert sum(line.including_tax for line in gross) == Decimal("0.99")
    assert sum(line.tax for line in gross) == Decimal("0.17")
