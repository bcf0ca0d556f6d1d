"""Each planted discrepancy is found, once, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from target_dynamics_nav.audit.reconciliation.findings import HINTS, Reconciliation
from target_dynamics_nav.audit.reconciliation.sources import reconcile
from target_dynamics_nav.document import Document
from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.ledger import Ledger
from target_dynamics_nav.nav.entries import EntriesReader, build_entries_reader
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document
from tests.target_dynamics_nav.desk import (
    CREDIT_MEMO,
    JOURNAL,
    NAME,
    SECOND,
    Desk,
    desk,
    dimensions,
    line,
    record,
)
from tests.target_dynamics_nav.nav_stand_in import CREDENTIALS

from .tampering import Tampering

NAV = "http://nav/api/v2.0"
MONTH = ("2026-01-01", "2026-01-31")


def invoice(number: int, **changes: Any) -> dict[str, Any]:
    """Two lines; no two documents have the same total."""
    amount = Decimal(100 + number)
    return record(
        **{
            "document_key": f"E{number}-R",
            "posting_date": f"2026-01-{number % 28 + 1:02}",
            "vendor_number": "E1001",
            "total": str(amount + 5),
            "lines": [
                line(
                    "8430",
                    str(amount),
                    dimensions=dimensions(PROJECT="P-1"),
                    source_id=f"{number}a",
                ),
                line("8440", "5.00", source_id=f"{number}b"),
            ],
            "source": {
                "id": f"R{number}",
                "approved_at": f"2026-01-{number % 28 + 1:02}T09:00:00Z",
            },
            **changes,
        }
    )


def journal(number: int, **changes: Any) -> dict[str, Any]:
    return {
        **invoice(number),
        "kind": JOURNAL.value,
        "document_key": f"E{number}-C",
        "vendor_number": None,
        "balancing_account": {"type": "G/L Account", "number": "2910"},
        **changes,
    }


HELD = invoice(40, lines=[line("8320", "145.00")])
SAME_MONEY = {"total": "77.00", "lines": [line("8430", "77.00")]}
RECORDS = [
    *(invoice(number) for number in range(1, 20)),
    invoice(20, currency_code="USD"),
    {**invoice(21), "kind": CREDIT_MEMO.value},
    invoice(22, company=SECOND),
    invoice(23, total="126.00", lines=[line("8460", "105.00", tax_code="VAT20")]),
    invoice(24, **SAME_MONEY),
    invoice(25, **SAME_MONEY),
    journal(30),
    journal(31),
    journal(32),
    HELD,
]


class Accountant:
    """Somebody who reconciles a desk's books."""

    def __init__(self, at: Desk) -> None:
        self.desk = at
        self.tampering = Tampering(at.nav_books, NAME)
        self.feed = self.feed_of(RECORDS)

    @staticmethod
    def feed_of(wanted: list[dict[str, Any]]) -> dict[str, Document]:
        found = {}
        for item in wanted:
            body = dict(item)
            found[body["document_key"]] = read_document(DocumentKind(body.pop("kind")), body)
        return found

    def reader(self) -> EntriesReader:
        return build_entries_reader(
            {
                "base_url": f"{self.desk.server.url}/api/v2.0",
                "auth_method": "basic",
                "username": CREDENTIALS.username,
                "password": CREDENTIALS.password,
            }
        )

    def reconcile(
        self,
        *,
        feed: Mapping[str, Document] | None = None,
        period: tuple[str, str] = MONTH,
        company: str | None = None,
        ours: str | None = None,
    ) -> Reconciliation:
        reader, ledger = self.reader(), Ledger(f"sqlite:///{self.desk.ledger}")
        writes = self.desk.nav_books.write_count
        try:
            return reconcile(
                ledger,
                reader,
                nav=NAV,
                first=period[0],
                last=period[1],
                company=company,
                default_company=NAME,
                feed=feed,
                ours=None if ours is None else re.compile(ours),
            )
        finally:
            reader.close()
            ledger.close()
            assert self.desk.nav_books.write_count == writes

    def found(self, **options: Any) -> list[tuple[str, str]]:
        """Kind and key of each finding."""
        findings = self.reconcile(**options).findings
        assert all(finding.kind in HINTS for finding in findings)
        return sorted((finding.kind, finding.document_key) for finding in findings)

    def forget(self, key: str) -> None:
        """The ledger loses a document."""
        engine = sa.create_engine(f"sqlite:///{self.desk.ledger}")
        with engine.begin() as connection:
            for table in ("documents", "contents", "nav_documents", "posted_sources"):
                connection.execute(
                    sa.text(f"DELETE FROM {table} WHERE document_key = :key"),  # noqa: S608 - our own names
                    {"key": key},
                )
        engine.dispose()

    def post_by_hand(self, number: str, amount: str, vendor: str = "E1001") -> None:
        draft = self.desk.api(
            "POST",
            "purchaseInvoices",
            {
                "vendorNumber": vendor,
                "vendorInvoiceNumber": number,
                "postingDate": "2026-01-20",
                "invoiceDate": "2026-01-20",
                "dueDate": "2026-01-20",
                "purchaseInvoiceLines": [
                    {
                        "lineType": "Account",
                        "lineObjectNumber": "8430",
                        "unitCost": float(amount),
                        "quantity": 1,
                    }
                ],
            },
        )
        self.desk.api("POST", f"purchaseInvoices({draft['id']})/Microsoft.NAV.post")


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accountant]:
    """Books in which nothing was touched, for tests that do not touch them."""
    with desk(tmp_path_factory.mktemp("desk")) as at:
        at.run(*RECORDS)
        yield Accountant(at)


@pytest.fixture
def accountant(tmp_path: Path) -> Iterator[Accountant]:
    with desk(tmp_path) as at:
        finished = at.run(*RECORDS)
        assert finished.counts == {"posted": len(RECORDS) - 1, "held": 1}
        yield Accountant(at)


# Nothing is wrong


def test_what_was_not_touched_agrees(posted: Accountant) -> None:
    result = posted.reconcile(feed=posted.feed)
    assert result.findings == []
    assert result.agreed == len(RECORDS) - 1
    assert [(item.document_key, item.status) for item in result.open_items] == [("E40-R", "held")]
    assert posted.reconcile().findings == []
    totals = result.totals[NAME, "EUR"]
    assert totals.nav == totals.posted
    assert totals.expensify == totals.posted + totals.waiting
    assert totals.waiting == Decimal(145)
    assert result.totals[NAME, "USD"].nav == Decimal(125)
    assert result.totals[SECOND, "EUR"].nav == Decimal(127)


def test_a_period_and_a_company_of_its_own(posted: Accountant) -> None:
    assert posted.found(feed=posted.feed, period=("2026-01-05", "2026-01-06")) == []
    assert posted.found(feed=posted.feed, company=SECOND) == []
    empty = posted.reconcile(feed=posted.feed, period=("2025-01-01", "2025-12-31"))
    assert (empty.findings, empty.agreed) == ([], 0)
    with pytest.raises(ConfigurationError) as refused:
        posted.reconcile(company="Nobody")
    assert refused.value.code == "company_unknown"


def test_a_feed_that_covers_a_part_tells_nothing_of_the_rest(posted: Accountant) -> None:
    part = {key: document for key, document in posted.feed.items() if key in {"E10-R", "E11-R"}}
    result = posted.reconcile(feed=part)
    assert result.findings == []
    assert result.uncovered > 0


def test_other_business_in_the_same_books_is_no_finding(accountant: Accountant) -> None:
    accountant.post_by_hand("SUPPLIER-1", "9999.00")
    accountant.post_by_hand("SUPPLIER-2", "106.00", vendor="E1002")
    assert accountant.found(feed=accountant.feed) == []
    assert accountant.found(feed=accountant.feed, ours=r"E\d+-[A-Z]") == []


# Planted: (what happened, what is found)


def plant_deleted(it: Accountant) -> None:
    it.tampering.delete("E1-R")


def plant_doubled_by_hand(it: Accountant) -> None:
    it.tampering.double("E2-R", "108900", "E2-R-A")


def plant_amount(it: Accountant) -> None:
    it.tampering.change_amount("E3-R", Decimal("0.01"))


def plant_account(it: Accountant) -> None:
    it.tampering.change_line("E4-R", account_number="8450")


def plant_dimension(it: Accountant) -> None:
    it.tampering.change_line("E5-R", dimensions={"DEPARTMENT": "SALES", "PROJECT": "P-2"})


def plant_withdrawn(it: Accountant) -> None:
    del it.feed["E6-R"]


def plant_wrong_company(it: Accountant) -> None:
    it.tampering.move("E7-R", SECOND)


def plant_currency(it: Accountant) -> None:
    it.tampering.change_document("E8-R", currency_code="USD")


def plant_vendor(it: Accountant) -> None:
    it.tampering.change_document(
        "E9-R", vendor_number="E1002", pay_to_vendor_number="E1002", vendor_name="Bo Vendor"
    )


def plant_missing_in_ledger(it: Accountant) -> None:
    it.forget("E10-R")


def plant_held_but_posted_by_hand(it: Accountant) -> None:
    it.post_by_hand("HAND-1", "145.00")


def plant_other_period(it: Accountant) -> None:
    it.tampering.post_on("E11-R", date(2026, 2, 11))


def plant_cancelled(it: Accountant) -> None:
    number = it.desk.standing("E12-R")[1]
    answer = requests.post(
        f"{it.desk.server.url}/_sandbox/purchase-invoices/{number}/cancel", json={}, timeout=10
    )
    assert answer.ok, answer.text


def plant_account_in_the_general_ledger_only(it: Accountant) -> None:
    it.tampering.change_entry("E13-R", account_number="8450")


def plant_dimension_in_the_general_ledger_only(it: Accountant) -> None:
    it.tampering.change_entry("E14-R", dimensions={"DEPARTMENT": "ADM", "PROJECT": "P-1"})


def plant_amount_in_the_general_ledger_only(it: Accountant) -> None:
    it.tampering.change_entry("E15-R", amount=Decimal("1.00"))


def plant_never_read(it: Accountant) -> None:
    it.feed |= it.feed_of([invoice(50)])


def plant_changed_in_expensify(it: Accountant) -> None:
    it.feed |= it.feed_of([invoice(16, lines=[line("8430", "116.00"), line("8440", "5.00")])])


def plant_journal_doubled(it: Accountant) -> None:
    it.tampering.double("E30-C", "E30-C", "E30-C")


def plant_journal_doubled_by_hand(it: Accountant) -> None:
    it.tampering.double("E31-C", "G0001", "G0001")


def plant_journal_account(it: Accountant) -> None:
    it.tampering.change_entry("E32-C", account_number="8450")


PLANTED = {
    plant_deleted: ("missing_in_nav", "E1-R"),
    plant_doubled_by_hand: ("duplicate", "E2-R"),
    plant_amount: ("differs_in_amount", "E3-R"),
    plant_account: ("differs_in_account", "E4-R"),
    plant_dimension: ("differs_in_dimension", "E5-R"),
    plant_withdrawn: ("withdrawn", "E6-R"),
    plant_wrong_company: ("wrong_company", "E7-R"),
    plant_currency: ("differs_in_currency", "E8-R"),
    plant_vendor: ("differs_in_vendor", "E9-R"),
    plant_missing_in_ledger: ("missing_in_ledger", "E10-R"),
    plant_held_but_posted_by_hand: ("posted_by_hand", "E40-R"),
    plant_other_period: ("other_period", "E11-R"),
    plant_cancelled: ("cancelled_in_nav", "E12-R"),
    plant_account_in_the_general_ledger_only: ("differs_in_account", "E13-R"),
    plant_dimension_in_the_general_ledger_only: ("differs_in_dimension", "E14-R"),
    plant_amount_in_the_general_ledger_only: ("differs_in_amount", "E15-R"),
    plant_never_read: ("not_posted", "E50-R"),
    plant_changed_in_expensify: ("changed_in_expensify", "E16-R"),
    plant_journal_doubled: ("duplicate", "E30-C"),
    plant_journal_doubled_by_hand: ("duplicate", "E31-C"),
    plant_journal_account: ("differs_in_account", "E32-C"),
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_each_planted_discrepancy_alone(accountant: Accountant, plant: Any) -> None:
    plant(accountant)
    assert accountant.found(feed=accountant.feed) == [PLANTED[plant]]


def test_all_planted_discrepancies_together_and_nothing_else(accountant: Accountant) -> None:
    for plant in PLANTED:
        plant(accountant)
    assert accountant.found(feed=accountant.feed) == sorted(PLANTED.values())


def test_without_expensify_the_ledger_and_nav_still_tell_most(accountant: Accountant) -> None:
    for plant in PLANTED:
        plant(accountant)
    needs_expensify = {"withdrawn", "not_posted", "changed_in_expensify", "missing_in_ledger"}
    expected = sorted(item for item in PLANTED.values() if item[0] not in needs_expensify)
    assert accountant.found() == expected
    # Numbers that only the pipeline writes tell of a posting that the ledger lost.
    more = accountant.found(ours=r"E\d+-[A-Z]")
    assert [item for item in more if item not in expected] == [("missing_in_ledger", "E10-R")]


def test_the_other_company_finds_it_too(accountant: Accountant) -> None:
    plant_wrong_company(accountant)
    assert accountant.found(feed=accountant.feed, company=SECOND) == [("wrong_company", "E7-R")]


def test_the_other_period_finds_it_too(accountant: Accountant) -> None:
    plant_other_period(accountant)
    found = accountant.found(feed=accountant.feed, period=("2026-02-01", "2026-02-28"))
    assert found == [("other_period", "E11-R")]
