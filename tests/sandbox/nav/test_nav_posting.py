"""What posting an invoice or credit memo checks, writes and leaves behind."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav


def post(nav: Nav, document: dict[str, Any], entity_set: str = "purchaseInvoices") -> Any:
    return nav.act(f"{entity_set}({document['id']})")


def why_not(nav: Nav, document: dict[str, Any], entity_set: str = "purchaseInvoices") -> str:
    """The reason posting gives; also checks that the draft is left and the ledger untouched."""
    before = nav.ledger()["gl_entries"]
    status, code, message = nav.refusal(post(nav, document, entity_set))
    assert (status, code) == (400, "Application_DialogException")
    assert nav.get(f"{entity_set}({document['id']})")["status"] == "Draft"
    assert nav.ledger()["gl_entries"] == before
    return message


def test_posting_keeps_ids_changes_number_and_status(nav: Nav) -> None:
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})"
    lines = nav.rows(f"{path}/purchaseInvoiceLines")
    answer = post(nav, draft)
    assert (answer.status_code, answer.content) == (204, b"")
    posted = nav.get(path)
    assert (posted["id"], posted["status"]) == (draft["id"], "Open")
    assert posted["number"] != draft["number"]
    assert posted["vendorInvoiceNumber"] == "K-1"
    assert [row["id"] for row in nav.rows(f"{path}/purchaseInvoiceLines")] == [
        row["id"] for row in lines
    ]
    assert [row["status"] for row in nav.rows("purchaseInvoices")] == ["Open"]


def test_posting_twice_is_refused(nav: Nav) -> None:
    draft = nav.invoice()
    post(nav, draft)
    message = "The action can be applied to a draft invoice only."
    assert nav.refusal(post(nav, draft)) == (400, "Application_DialogException", message)
    unknown = {"id": "00000000-0000-0000-0000-000000000001"}
    assert nav.refusal(post(nav, unknown))[2] == "The invoice cannot be found."
    assert len(nav.ledger()["gl_entries"]) == 2


def test_the_action_is_known_in_any_casing_and_nothing_else_is(nav: Nav) -> None:
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})"
    assert nav.refused("POST", f"{path}/Microsoft.NAV.ship")[0] == 404
    vendor = nav.rows("vendors")[0]["id"]
    assert nav.refused("POST", f"vendors({vendor})/Microsoft.NAV.post")[:2] == (
        501,
        "BadRequest_MethodNotImplemented",
    )
    assert nav.call("POST", f"{path}/microsoft.nav.Post").status_code == 204


def test_ledger_entries_of_an_invoice(nav: Nav) -> None:
    draft = nav.invoice(
        vendor="E1002",
        purchaseInvoiceLines=[
            nav.line("8430", "100", dimensionSetLines=[{"code": "PROJECT", "valueCode": "P-100"}]),
            nav.line("8480", "-20", description="Refund"),
            nav.line("8430", "9.99", quantity=0),
            {"description": "a comment"},
        ],
    )
    post(nav, draft)
    number = nav.get(f"purchaseInvoices({draft['id']})")["number"]
    ledger = nav.ledger()
    assert [
        (row["account_number"], row["amount"], row["description"], row["dimensions"])
        for row in ledger["gl_entries"]
    ] == [
        ("8430", "100.00", "Airfare", {"AREA": "US", "PROJECT": "P-100"}),
        ("8480", "-20.00", "Refund", {"AREA": "US"}),
        ("5410", "-80.00", f"Invoice {draft['number']}", {"AREA": "US"}),
    ]
    assert {row["external_document_number"] for row in ledger["gl_entries"]} == {"K-1"}
    (owed,) = ledger["vendor_ledger_entries"]
    assert (owed["vendor_number"], owed["amount"], owed["document_type"]) == (
        "E1002",
        "-80.00",
        "Invoice",
    )
    entries = nav.rows(
        f"generalLedgerEntries?$filter=documentNumber eq '{number}' and postingDate eq 2026-01-31"
        "&$expand=dimensionSetLines"
    )
    shown = [(row["accountNumber"], row["debitAmount"], row["creditAmount"]) for row in entries]
    assert shown == [("8430", 100, 0), ("8480", 0, 20), ("5410", 0, 80)]
    assert entries[0]["documentType"] == "Invoice"
    assert [row["code"] for row in entries[0]["dimensionSetLines"]] == ["AREA", "PROJECT"]
    path = f"generalLedgerEntries({entries[0]['id']})/dimensionSetLines"
    refused = nav.refused("POST", path, {"code": "DEPARTMENT", "valueCode": "ADM"})
    assert refused[2] == (
        f"Parent with ID {entries[0]['id']} does not exist or dimension set lines are read only "
        "for parent type General Ledger Entry."
    )


def test_tax_goes_to_the_input_tax_account(nav: Nav) -> None:
    post(nav, nav.invoice(purchaseInvoiceLines=[nav.line("8440", "50"), nav.line("8430", "1")]))
    rows = [(row["account_number"], row["amount"]) for row in nav.ledger()["gl_entries"]]
    assert rows == [("8440", "50.00"), ("8430", "1.00"), ("5630", "5.00"), ("5410", "-56.00")]


def test_foreign_currency_is_rounded_cumulatively_in_line_order(nav: Nav) -> None:
    # 0.92: 0.01 -> 0.0092, 0.02 -> 0.0184, 0.03 -> 0.0276, 0.06 -> 0.0552, 0.01 -> 0.0092
    amounts = ["0.01", "0.01", "0.01", "0.03", "-0.05"]
    draft = nav.invoice(
        currencyCode="USD", purchaseInvoiceLines=[nav.line("8430", amount) for amount in amounts]
    )
    post(nav, draft)
    rows = nav.ledger()["gl_entries"]
    assert [row["source_amount"] for row in rows] == [*amounts, "-0.01"]
    assert [row["amount"] for row in rows] == ["0.01", "0.01", "0.01", "0.03", "-0.05", "-0.01"]
    assert {row["source_currency_code"] for row in rows} == {"USD"}
    assert sum(Decimal(row["amount"]) for row in rows) == 0
    bigger = nav.invoice(
        "K-2", currencyCode="USD", purchaseInvoiceLines=[nav.line("8430", "0.55")] * 3
    )
    post(nav, bigger)
    # 0.506, 1.012, 1.518
    local = [row["amount"] for row in nav.ledger()["gl_entries"][6:]]
    assert local == ["0.51", "0.50", "0.51", "-1.52"]


def test_numbers_already_used_by_the_vendor(nav: Nav) -> None:
    post(nav, nav.invoice("K-1"))
    assert (
        why_not(nav, nav.invoice("k-1")) == "Purchase Invoice K-1 already exists for this vendor."
    )
    other_vendor = nav.invoice("K-1", vendor="E1005")
    assert post(nav, other_vendor).status_code == 204
    paid_by_same = nav.invoice("K-1", vendor="E1005", payToVendorNumber="E1001")
    assert why_not(nav, paid_by_same) == "Purchase Invoice K-1 already exists for this vendor."
    memo = nav.create(
        "purchaseCreditMemos",
        {
            "vendorNumber": "E1001",
            "vendorCreditMemoNumber": "K-1",
            "purchaseCreditMemoLines": [nav.line("8430", "1")],
        },
    )
    assert post(nav, memo, "purchaseCreditMemos").status_code == 204


def test_a_failed_post_reserves_the_number_it_gets_later(nav: Nav) -> None:
    draft = nav.invoice(dimensionSetLines=[{"code": "PROJECT", "valueCode": "P-090"}])
    assert why_not(nav, draft) == "Dimension Value PROJECT - P-090 is blocked."
    other = nav.invoice("K-2")
    post(nav, other)
    unblocked = nav.control("POST", "dimension-values/PROJECT/P-090", json={"blocked": False})
    assert unblocked.status_code == 200
    assert post(nav, draft).status_code == 204
    numbers = [int(nav.get(f"purchaseInvoices({row['id']})")["number"]) for row in (draft, other)]
    assert numbers[0] + 1 == numbers[1]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"postingDate": "2017-12-31", "invoiceDate": "2017-12-31"},
            "Posting Date is not within your range of allowed posting dates.",
        ),
        (
            {"postingDate": "2027-01-01"},
            "Posting Date is not within your range of allowed posting dates.",
        ),
        (
            {"vendorInvoiceNumber": ""},
            (
                "You need to enter the document number of the document from the vendor in the Vendor "
                "Invoice No. field, so that this document stays linked to the original."
            ),
        ),
        (
            {"purchaseInvoiceLines": []},
            "There is nothing to post because the document does not contain a quantity or amount.",
        ),
        (
            {"zero": True},
            "There is nothing to post because the document does not contain a quantity or amount.",
        ),
        (
            {"dimensionSetLines": [{"code": "DEPARTMENT", "valueCode": "ALL"}]},
            "Dimension Value Type for Dimension Value DEPARTMENT - ALL must not be Total.",
        ),
        (
            {"dimensionSetLines": [{"code": "OLDCODE", "valueCode": "X"}]},
            "Dimension OLDCODE is blocked.",
        ),
        (
            {"account": "8460"},
            "Select a Dimension Value Code for the Dimension Code DEPARTMENT for G/L Account 8460.",
        ),
        (
            {"account": "8470", "dimensionSetLines": [{"code": "PROJECT", "valueCode": "P-100"}]},
            (
                "The Dimension Value Code must be blank for Dimension Code PROJECT for G/L Account "
                "8470. Currently it's P-100."
            ),
        ),
    ],
)
def test_reasons_not_to_post(nav: Nav, fields: dict[str, Any], message: str) -> None:
    account = fields.pop("account", "8430")
    quantity = 0 if fields.pop("zero", False) else 1
    body = {"purchaseInvoiceLines": [nav.line(account, "5", quantity=quantity)], **fields}
    assert why_not(nav, nav.invoice(**body)) == message


def test_the_vendors_own_dimension_rule(nav: Nav) -> None:
    draft = nav.invoice(vendor="E1002")
    path = f"purchaseInvoices({draft['id']})/dimensionSetLines"
    (area,) = nav.rows(path)
    nav.patch(f"{path}({area['id']})", {"valueCode": "EU"})
    assert why_not(nav, draft) == (
        "The Dimension Value Code must be US for Dimension Code AREA for Vendor E1002. "
        "Currently it's EU."
    )
    nav.call("DELETE", f"{path}({area['id']})")
    assert why_not(nav, draft) == (
        "The Dimension Code AREA with Dimension Value Code US is required for Vendor E1002."
    )


def test_blocked_dimensions_as_other_builds_word_it(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(invoice_dimension_lead=True)
    draft = nav.invoice(
        purchaseInvoiceLines=[
            nav.line("8430", "1", dimensionSetLines=[{"code": "PROJECT", "valueCode": "P-090"}])
        ]
    )
    assert why_not(nav, draft) == (
        f"The combination of dimensions used in Invoice {draft['number']}, line no. 10000 is "
        "blocked."
    )


def test_accounts_and_vendors_blocked_after_the_draft_was_made(nav: Nav) -> None:
    draft = nav.invoice()
    nav.control("POST", "accounts/8430", json={"blocked": True, "company": "CRONUS Europe"})
    assert why_not(nav, draft) == (
        "Blocked must be equal to 'No'  in G/L Account: No.=8430. Current value is 'Yes'."
    )
    nav.control("POST", "accounts/8430", json={"blocked": False})
    nav.patch(f"vendors({draft['vendorId']})", {"blocked": "All"})
    assert why_not(nav, draft) == (
        "You cannot post this type of document when Vendor E1001 is blocked with type All"
    )


def test_the_vendors_number_need_not_be_mandatory(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(require_vendor_document_number=False)
    for _ in range(2):
        assert post(nav, nav.invoice("")).status_code == 204


def test_a_negative_total_needs_a_credit_memo_and_zero_does_not(nav: Nav) -> None:
    negative = nav.invoice(purchaseInvoiceLines=[nav.line("8430", "5"), nav.line("8430", "-6")])
    assert why_not(nav, negative).startswith("Amount must be negative in Gen. Journal Line: ")
    zero = nav.invoice("K-2", purchaseInvoiceLines=[nav.line("8430", "5"), nav.line("8480", "-5")])
    assert post(nav, zero).status_code == 204
    assert [row["amount"] for row in nav.ledger()["gl_entries"]] == ["5.00", "-5.00"]


def test_posting_a_credit_memo(nav: Nav) -> None:
    body = {
        "vendorNumber": "E1001",
        "vendorCreditMemoNumber": "CM-1",
        "postingDate": "2026-01-31",
        "purchaseCreditMemoLines": [],
    }
    empty = nav.create("purchaseCreditMemos", body)
    assert why_not(nav, empty, "purchaseCreditMemos") == (
        "Please add at least one line item to the credit memo."
    )
    lines = [nav.line("8430", "30"), nav.line("8480", "-10")]
    memo = nav.create("purchaseCreditMemos", {**body, "purchaseCreditMemoLines": lines})
    assert post(nav, memo, "purchaseCreditMemos").status_code == 204
    rows = [(row["account_number"], row["amount"]) for row in nav.ledger()["gl_entries"]]
    assert rows == [("8430", "-30.00"), ("8480", "10.00"), ("5410", "20.00")]
    assert nav.get(f"purchaseCreditMemos({memo['id']})")["status"] == "Open"
    again = nav.create("purchaseCreditMemos", {**body, "purchaseCreditMemoLines": lines})
    assert why_not(nav, again, "purchaseCreditMemos") == (
        "Purchase Credit Memo CM-1 already exists for this vendor."
    )
    message = "The action can be applied to a draft credit memo only."
    assert nav.refusal(post(nav, memo, "purchaseCreditMemos"))[2] == message


def test_balances_follow_the_ledger(nav: Nav) -> None:
    post(nav, nav.invoice())
    (vendor,) = nav.rows("vendors?$filter=number eq 'E1001'")
    assert vendor["balance"] == 100
    (airfare,) = nav.rows("accounts?$filter=number eq '8430'")
    assert airfare["netChange"] == 100
