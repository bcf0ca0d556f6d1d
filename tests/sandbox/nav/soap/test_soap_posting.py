from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import requests

from expense_sandbox.nav.pages.quirks import PageQuirks
from expense_sandbox.nav.soap import ready_faults

INVOICE = "Purchase_Invoice"


def test_posting_is_the_codeunit_s_work(soap: Any, line: Any) -> None:
    draft = soap.invoice(
        "K-1", line(cost="25.50", Shortcut_Dimension_1_Code="ADM"), line("8440", "10")
    )
    posted = soap.run("PostPurchaseInvoice", docNo=draft["No"])
    assert soap.read_multiple(INVOICE) == []
    (card,) = soap.read_multiple("Posted_Purchase_Invoice", ("Vendor_Invoice_No", "K-1"))
    assert (card["No"], card["Pre_Assigned_No"]) == (posted, draft["No"])
    assert [(row["No"], row["Line_Amount"]) for row in card["PurchInvLines"]] == [
        ("8430", "25.5"), ("8440", "10"),
    ]  # fmt: skip
    (listed,) = soap.read_multiple("Posted_Purchase_Invoices", ("No", posted))
    assert (listed["Amount"], listed["Amount_Including_VAT"]) == ("35.5", "36.5")
    entries = soap.read_multiple("General_Ledger_Entries", ("Document_No", posted))
    assert [(row["G_L_Account_No"], row["Amount"]) for row in entries] == [
        ("8430", "25.5"), ("8440", "10"), ("5630", "1"), ("5410", "-36.5"),
    ]  # fmt: skip
    assert entries[0]["Global_Dimension_1_Code"] == "ADM"
    (entry,) = soap.read_multiple(
        "Vendor_Ledger_Entries", ("Vendor_No", "E1001"), ("Document_Type", "Invoice")
    )
    assert (entry["External_Document_No"], entry["Amount"], entry["Document_Type"]) == (
        "K-1", "-36.5", "Invoice",
    )  # fmt: skip


def test_a_credit_memo_posts_too(soap: Any) -> None:
    draft = soap.create(
        "Purchase_Credit_Memo",
        "<Buy_from_Vendor_No>E1001</Buy_from_Vendor_No><Vendor_Cr_Memo_No>C-1</Vendor_Cr_Memo_No>"
        "<PurchLines><Purch_Cr_Memo_Line><Type>G_L_Account</Type><No>8430</No>"
        "<Quantity>1</Quantity><Direct_Unit_Cost>9.99</Direct_Unit_Cost></Purch_Cr_Memo_Line>"
        "</PurchLines>",
    )
    number = soap.run("PostPurchaseCreditMemo", docNo=draft["No"])
    (card,) = soap.read_multiple("Posted_Purchase_Credit_Memo", ("No", number))
    assert (card["Vendor_Cr_Memo_No"], len(card["PurchCrMemoLines"])) == ("C-1", 1)
    (entry,) = soap.read_multiple("Vendor_Ledger_Entries", ("Document_Type", "'Credit Memo'"))
    assert (entry["Document_Type"], entry["Amount"]) == ("Credit_Memo", "9.99")


def test_without_the_codeunit_nothing_posts(soap: Any) -> None:
    draft = soap.invoice("K-1")
    soap.control("DELETE", "services/Codeunit/ExpensePosting")
    answer = soap.send(
        soap.url("ExpensePosting", "Codeunit"),
        '<PostPurchaseInvoice xmlns="urn:microsoft-dynamics-schemas/codeunit/ExpensePosting">'
        f"<docNo>{draft['No']}</docNo></PostPurchaseInvoice>",
    )
    assert (answer.status_code, answer.text) == (
        404, 'Service "Codeunit/ExpensePosting" was not found!',
    )  # fmt: skip
    assert len(soap.read_multiple(INVOICE)) == 1


def test_the_same_number_twice_is_refused_only_when_posting(soap: Any, refused: Any) -> None:
    first, second = soap.invoice("K-1"), soap.invoice("K-1")
    soap.run("PostPurchaseInvoice", docNo=first["No"])
    with pytest.raises(refused) as caught:
        soap.run("PostPurchaseInvoice", docNo=second["No"])
    assert caught.value.exception == "NavNCLDialogException"
    assert caught.value.text == "Purchase Invoice K-1 already exists for this vendor."


def test_a_draft_that_failed_to_post_cannot_be_deleted_any_more(soap: Any, refused: Any) -> None:
    first, second = soap.invoice("K-1"), soap.invoice("K-1")
    soap.run("PostPurchaseInvoice", docNo=first["No"])
    with pytest.raises(refused):
        soap.run("PostPurchaseInvoice", docNo=second["No"])
    (draft,) = soap.read_multiple(INVOICE)
    with pytest.raises(refused) as caught:
        soap.delete(INVOICE, draft["Key"])
    assert caught.value.exception == "NavNCLCallbackNotAllowedException"
    # What was in the way can be changed, and then it posts, under the number it had taken.
    soap.update(INVOICE, f"<Key>{draft['Key']}</Key><Vendor_Invoice_No>K-2</Vendor_Invoice_No>")
    first_number, second_number = (
        (row["No"] for row in soap.read_multiple("Posted_Purchase_Invoices"))
        if soap.run("PostPurchaseInvoice", docNo=draft["No"])
        else ("", "")
    )
    assert int(second_number) == int(first_number) + 1


def refused_post(soap: Any, refused: Any, line_content: str, **header: str) -> tuple[str, str]:
    """What posting an invoice of one line is refused with, with the draft's number replaced."""
    draft = soap.invoice("K-1", line_content, **header)
    with pytest.raises(refused) as caught:
        soap.run("PostPurchaseInvoice", docNo=draft["No"])
    return caught.value.exception, caught.value.text.replace(draft["No"], "1001")


def test_mandatory_dimensions_are_asked_for_when_posting(
    start_soap: Any, soap: Any, line: Any, refused: Any
) -> None:
    text = "Select a Dimension Value Code for the Dimension Code DEPARTMENT for G/L Account 8510."
    assert refused_post(soap, refused, line("8510")) == (
        "NavNCLDialogException",
        "The dimensions used in Invoice 1001, line no. 10000 are invalid (Error: " + text + ").",
    )
    newer = start_soap(pages=PageQuirks(posting_routine="business_central"))
    assert refused_post(newer, refused, line("8510")) == ("NavNCLDialogException", text)


def test_blocked_dimension_values_pass_until_posting(soap: Any, line: Any, refused: Any) -> None:
    assert refused_post(soap, refused, line(Shortcut_Dimension_1_Code="OLD")) == (
        "NavNCLDialogException",
        (
            "The combination of dimensions used in Invoice 1001, line no. 10000 is blocked (Error: "
            "Dimension Value DEPARTMENT - OLD is blocked.)."
        ),
    )
    # No posting number was taken yet: the draft can go.
    (draft,) = soap.read_multiple(INVOICE)
    assert soap.delete(INVOICE, draft["Key"]) == "true"


def test_a_date_outside_the_window_is_found_when_posting(
    start_soap: Any, soap: Any, line: Any, refused: Any
) -> None:
    draft = soap.invoice("K-1")
    changed = f"<Key>{draft['Key']}</Key><Posting_Date>2027-01-01</Posting_Date>"
    soap.update(INVOICE, changed)
    with pytest.raises(refused) as caught:
        soap.run("PostPurchaseInvoice", docNo=draft["No"])
    assert caught.value.text == (
        "Posting Date is not within your range of allowed posting dates in Purchase Header "
        f"Document Type='Invoice',No.='{draft['No']}'."
    )


def test_nothing_to_post_and_no_number_to_post_under(
    start_soap: Any, soap: Any, refused: Any
) -> None:
    assert refused_post(soap, refused, "<Description>Note</Description>") == (
        "NavNCLDialogException", "There is nothing to post.",
    )  # fmt: skip
    draft = soap.invoice("")
    with pytest.raises(refused, match="You need to enter the document number of the document from"):
        soap.run("PostPurchaseInvoice", docNo=draft["No"])
    lenient = start_soap(require_vendor_document_number=False)
    assert lenient.run("PostPurchaseInvoice", docNo=lenient.invoice("")["No"])


def test_an_account_blocked_since_is_refused_as_it_is(soap: Any, line: Any, refused: Any) -> None:
    draft = soap.invoice("K-1")
    soap.control("POST", "accounts/8430", {"blocked": True})
    with pytest.raises(refused) as caught:
        soap.run("PostPurchaseInvoice", docNo=draft["No"])
    assert caught.value.exception == "NavTestFieldException"


def test_arguments_of_procedures(soap: Any, refused: Any) -> None:
    with pytest.raises(refused) as caught:
        soap.run("PostPurchaseInvoice", docNo="NOPE")
    assert (caught.value.exception, caught.value.text) == (
        "NavCSideRecordNotFoundException",
        (
            "The Purchase Header does not exist. Identification fields and values: "
            "Document Type='Invoice',No.='NOPE'"
        ),
    )
    with pytest.raises(refused, match="Parameter docNo in method PostPurchaseInvoice in service"):
        soap.run("PostPurchaseInvoice")
    with pytest.raises(refused, match="The Element <DocNo> is unexpected"):
        soap.run("PostPurchaseInvoice", DocNo="1")
    with pytest.raises(refused, match="The Element <OnRun> is unexpected"):
        soap.run("OnRun")
    with pytest.raises(refused, match="The length of the string is 21"):
        soap.run("PostPurchaseInvoice", docNo="1" * 21)


def test_dimensions_beyond_the_pages(soap: Any, refused: Any) -> None:
    draft = soap.invoice("K-1", vendor="E1002")
    common = {"docType": 2, "docNo": draft["No"]}
    soap.run("SetDimension", **common, lineNo=0, dimCode="SPARE", valueCode="X")
    soap.run("SetDimension", **common, lineNo=10000, dimCode="AREA", valueCode="EU")
    rows = soap.run("GetDraftDimensions", **common)
    assert rows == "0\tAREA\tUS\n0\tSPARE\tX\n10000\tAREA\tEU\n"
    with pytest.raises(refused, match="The Dimension Value does not exist"):
        soap.run("SetDimension", **common, lineNo=0, dimCode="AREA", valueCode="E")
    number = soap.run("PostPurchaseInvoice", docNo=draft["No"])
    assert soap.run("GetPostedDimensions", docType=2, docNo=number) == rows
    ledger_rows = soap.run("GetLedgerDimensions", docNo=number)
    assert ledger_rows == "1\tAREA\tEU\n2\tAREA\tUS\n2\tSPARE\tX\n"


def test_an_answer_may_be_lost_after_the_deed(soap: Any) -> None:
    draft = soap.invoice("K-1")
    soap.server.faults.add(ready_faults.lost_answer("ExpensePosting PostPurchaseInvoice"))
    with pytest.raises(requests.ConnectionError):
        soap.run("PostPurchaseInvoice", docNo=draft["No"])
    assert len(soap.read_multiple("Posted_Purchase_Invoices")) == 1
    soap.server.faults.add(ready_faults.gateway_timeout("Purchase_Invoice Create"))
    body = (
        '<Create xmlns="urn:microsoft-dynamics-schemas/page/purchase_invoice"><Purchase_Invoice>'
        "<Buy_from_Vendor_No>E1001</Buy_from_Vendor_No></Purchase_Invoice></Create>"
    )
    action = {"SOAPAction": "urn:microsoft-dynamics-schemas/page/purchase_invoice:Create"}
    assert soap.send(soap.url(INVOICE), body, **action).status_code == 504
    assert len(soap.read_multiple(INVOICE)) == 1


def test_a_lock_is_a_fault_and_nothing_is_done(soap: Any, refused: Any) -> None:
    draft = soap.invoice("K-1")
    soap.server.faults.add(ready_faults.locked("PostPurchaseInvoice"))
    with pytest.raises(refused, match="record in the G/L Entry table was locked by another user"):
        soap.run("PostPurchaseInvoice", docNo=draft["No"])
    assert soap.ledger()["gl_entries"] == []
    assert soap.run("PostPurchaseInvoice", docNo=draft["No"])


def test_what_one_face_writes_the_other_shows(soap: Any) -> None:
    created = soap.invoice("K-1")
    root = f"{soap.server.url}/api/v2.0"
    companies = soap.session.get(f"{root}/companies", timeout=10).json()["value"]
    company = next(row for row in companies if row["name"] == soap.company)
    url = f"{root}/companies({company['id']})/purchaseInvoices"
    (invoice,) = soap.session.get(url, timeout=10).json(parse_float=Decimal)["value"]
    assert (invoice["number"], invoice["vendorInvoiceNumber"], invoice["status"]) == (
        created["No"], "K-1", "Draft",
    )  # fmt: skip
    done = soap.session.post(f"{url}({invoice['id']})/Microsoft.NAV.post", timeout=10)
    assert done.status_code == 204
    (posted,) = soap.read_multiple("Posted_Purchase_Invoices")
    assert date.fromisoformat(posted["Posting_Date"]) == date(2026, 1, 31)


def test_the_ledger_is_the_same_whichever_face_wrote_it(start_soap: Any, line: Any) -> None:
    """An invoice in a foreign currency, with tax and dimensions, cent by cent."""
    costs = [("8430", "33.33"), ("8440", "10.01"), ("8430", "-0.07")]
    by_soap, by_api = start_soap(), start_soap()
    draft = by_soap.invoice(
        "K-1",
        *(line(account, cost, Shortcut_Dimension_1_Code="ADM") for account, cost in costs),
        vendor="E1004",
    )
    by_soap.run("PostPurchaseInvoice", docNo=draft["No"])
    root = f"{by_api.server.url}/api/v2.0"
    companies = by_api.session.get(f"{root}/companies", timeout=10).json()["value"]
    company = next(row for row in companies if row["name"] == by_api.company)
    url = f"{root}/companies({company['id']})/purchaseInvoices"
    body = {
        "vendorNumber": "E1004",
        "vendorInvoiceNumber": "K-1",
        "postingDate": "2026-01-31",
        "purchaseInvoiceLines": [
            {
                "lineType": "Account",
                "lineObjectNumber": account,
                "quantity": 1,
                "unitCost": float(cost),
                "dimensionSetLines": [{"code": "DEPARTMENT", "valueCode": "ADM"}],
            }
            for account, cost in costs
        ],
    }
    created = by_api.session.post(url, json=body, timeout=10)
    assert created.status_code == 201, created.text
    posted = by_api.session.post(f"{url}({created.json()['id']})/Microsoft.NAV.post", timeout=10)
    assert posted.status_code == 204

    def entries(soap: Any) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in entry.items() if name != "id"}
            for entry in soap.ledger()["gl_entries"]
        ]

    assert entries(by_soap) == entries(by_api)
    assert sum(Decimal(entry["amount"]) for entry in entries(by_soap)) == 0
    assert entries(by_soap)[0]["source_currency_code"] == "USD"
