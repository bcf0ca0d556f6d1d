"""Rows of the API in the domain's words, where the stand-in does not go: undone documents, odd and cut answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from target_dynamics_nav.errors import ProtocolError
from target_dynamics_nav.nav import api_v2_documents as documents
from target_dynamics_nav.nav import api_v2_journals as journals
from target_dynamics_nav.nav.odata import Json

BLANK = "_x0020_"


def invoice(**changes: object) -> Json:
    return {
        "@odata.etag": 'W/"1"',
        "id": "5d115c9c-44e3-ea11-bb43-000d3a2feca1",
        "number": "108042",
        "postingDate": "2026-01-31",
        "vendorInvoiceNumber": "E1-R",
        "vendorNumber": "E1001",
        "currencyCode": "EUR",
        "pricesIncludeTax": False,
        "totalAmountIncludingTax": Decimal("12.10"),
        "status": "Open",
        "dimensionSetLines": [{"code": "AREA", "valueCode": "EU"}],
        "purchaseInvoiceLines": [
            {"sequence": 20000, "lineType": "Comment", "description": "Note"},
            {
                "sequence": 10000,
                "lineType": "Account",
                "lineObjectNumber": "8430",
                "amountExcludingTax": 11,
                "amountIncludingTax": Decimal("12.10"),
                "dimensionSetLines": [],
            },
        ],
        **changes,
    }


def entry(number: int, amount: str, account: str = "8430", **changes: object) -> Json:
    value = Decimal(amount)
    return {
        "id": f"id-{number}",
        "entryNumber": number,
        "postingDate": "2026-01-31",
        "documentNumber": "E1-C",
        "documentType": BLANK,
        "accountNumber": account,
        "description": "E1-C: Oslo trip" if account == "2910" else "Taxi",
        "debitAmount": max(value, Decimal(0)),
        "creditAmount": max(-value, Decimal(0)),
        "dimensionSetLines": [{"code": "AREA", "valueCode": "EU"}],
        **changes,
    }


@pytest.mark.parametrize(
    ("status", "posted", "cancelled"),
    [
        ("Draft", False, False),
        ("Open", True, False),
        ("Paid", True, False),
        ("Canceled", True, True),
        ("Corrective", True, True),
    ],
)
def test_statuses(status: str, posted: bool, cancelled: bool) -> None:
    found = documents.found_document(documents.INVOICE, invoice(status=status), "EUR")
    assert (found.posted, found.cancelled, found.status) == (posted, cancelled, status)
    assert found.currency_code is None
    assert found.dimensions == {"AREA": "EU"}


def test_lines_stand_in_their_order_and_nothing_is_hidden() -> None:
    found = documents.found_document(documents.INVOICE, invoice(), "EUR")
    assert found.lines is not None
    assert [(one.line_number, one.account_type, one.amount) for one in found.lines] == [
        (1, "G/L Account", Decimal(11)),
        (2, "Comment", Decimal(0)),
    ]
    gross = documents.found_document(documents.INVOICE, invoice(pricesIncludeTax=True), "EUR")
    assert gross.lines is not None
    assert gross.lines[0].amount == Decimal("12.10")


@pytest.mark.parametrize(
    "changes",
    [
        {"purchaseInvoiceLines": None},
        {"purchaseInvoiceLines@odata.nextLink": "https://nav.example/more"},
        {"totalAmountIncludingTax": None},
        {"totalAmountIncludingTax": "many"},
        {"postingDate": "31.01.2026"},
    ],
)
def test_an_answer_that_is_not_whole_is_no_document(changes: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        documents.found_document(documents.INVOICE, invoice(**changes), "EUR")


def test_ledger_entries_make_up_a_document() -> None:
    rows = [entry(3, "-110.00", "2910"), entry(1, "100.00"), entry(2, "10.00")]
    found = journals.found_entries(rows, "E1-C", {"id": "left"})
    assert found is not None
    assert found.lines is not None
    assert [one.amount for one in found.lines] == [Decimal(100), Decimal(10)]
    assert found.total == Decimal(110)
    assert found.balancing_account == ("G/L Account", "2910")
    assert found.posting_date == date(2026, 1, 31)
    assert (found.status, found.cancelled, found.leftover_id) == ("Posted", False, "left")


def test_entries_of_other_document_types_are_not_ours() -> None:
    rows = [entry(1, "5", documentType="Invoice"), entry(2, "-5", documentType="Payment")]
    assert journals.found_entries(rows, "E1-C", None) is None
    assert journals.found_entries([], "E1-C", None) is None


def test_a_reversed_journal_is_undone() -> None:
    first = [entry(1, "100.00"), entry(2, "-100.00", "2910")]
    back = [entry(7, "100.00", "2910"), entry(8, "-100.00")]
    found = journals.found_entries([*first, *back], "E1-C", None)
    assert found is not None
    assert (found.cancelled, found.total, found.status) == (True, Decimal(100), "Reversed")
    twice = journals.found_entries(
        [*first, entry(7, "100.00"), entry(8, "-100", "2910")], "E1-C", None
    )
    assert twice is not None
    assert not twice.cancelled
    assert twice.lines is not None
    assert len(twice.lines) == 3


def test_an_empty_line_that_nav_leaves_in_a_batch_is_no_line() -> None:
    blank = {"lineNumber": 10000, "accountNumber": "", "amount": 0}
    assert journals.lines_of({"journalLines": [blank]}) == []
    with pytest.raises(ProtocolError):
        journals.lines_of({"journalLines": None})


def test_a_balancing_line_that_a_person_retyped_is_shown_as_a_line() -> None:
    rows = [entry(1, "100.00"), entry(2, "-100.00", "2910", description="retyped")]
    found = journals.found_entries(rows, "E1-C", None)
    assert found is not None
    assert found.balancing_account is None
    assert found.total == 0
