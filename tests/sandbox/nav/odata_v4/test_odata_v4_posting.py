from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

LINES = "Purchase_InvoicePurchLines"
JOURNAL = {"Journal_Template_Name": "GENERAL", "Journal_Batch_Name": "EXPENSE"}


def _header(number: str) -> str:
    return f"Purchase_Invoice(Document_Type='Invoice',No='{number}')"


def _refusal(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    return error["code"], error["message"].partition("  CorrelationId")[0]


def test_posting_by_the_codeunit(pages: Any) -> None:
    number = pages.draft("EXP-1", Shortcut_Dimension_1_Code="SALES")
    pages.line(number, "8430", 100.10, ShortcutDimCode_x005B_3_x005D_="EU")
    pages.line(number, "8480", -0.10)
    answer = pages.run("PostPurchaseInvoice", docNo=number)
    assert answer.status_code == 200
    assert answer.json()["@odata.context"].endswith("$metadata#Edm.String")
    posted = answer.json()["value"]
    assert posted != number
    assert pages.refused("GET", _header(number))[0] == 404
    card = pages.get(f"Posted_Purchase_Invoice('{posted}')")
    assert (card["Pre_Assigned_No"], card["Vendor_Invoice_No"]) == (number, "EXP-1")
    entries = pages.rows(f"General_Ledger_Entries?$filter=Document_No eq '{posted}'")
    assert [(row["G_L_Account_No"], row["Amount"]) for row in entries] == [
        ("8430", Decimal("100.10")),
        ("8480", Decimal("-0.10")),
        ("5410", Decimal(-100)),
    ]
    assert {row["Global_Dimension_1_Code"] for row in entries} == {"SALES"}
    (owed,) = pages.rows(
        "Vendor_Ledger_Entries?$filter=Vendor_No eq 'E1001' and External_Document_No eq 'EXP-1' "
        "and Document_Type eq 'Invoice'"
    )
    assert (owed["Document_No"], owed["Amount"], owed["Open"]) == (posted, Decimal(-100), True)
    dimensions = pages.run("GetPostedDimensions", docType=2, docNo=posted).json()["value"]
    assert dimensions == (
        "0\tDEPARTMENT\tSALES\n"
        "10000\tAREA\tEU\n10000\tDEPARTMENT\tSALES\n"
        "20000\tDEPARTMENT\tSALES\n"
    )


def test_a_credit_memo(pages: Any) -> None:
    header = pages.create(
        "Purchase_Credit_Memo",
        {"Buy_from_Vendor_No": "E1001", "Vendor_Cr_Memo_No": "C-1", "Posting_Date": "2026-01-31"},
    )
    assert header["Document_Type"] == "Credit Memo"
    body = pages.line_body(header["No"], "8430", 40, Document_Type="Credit Memo")
    pages.create("Purchase_Credit_MemoPurchLines", body)
    posted = pages.run("PostPurchaseCreditMemo", docNo=header["No"]).json()["value"]
    (row,) = pages.rows("Posted_Purchase_Credit_Memos?$filter=Vendor_Cr_Memo_No eq 'C-1'")
    assert (row["No"], row["Amount_Including_VAT"]) == (posted, 40)


def test_codeunits_take_exactly_their_parameters(pages: Any) -> None:
    code, message = _refusal(pages.run("PostPurchaseInvoice"))
    assert code == "BadRequest_RequiredParamNotProvided"
    assert "docNo" in message
    assert _refusal(pages.run("PostPurchaseInvoice", docNo="1", extra=2))[0] == "BadRequest"
    assert _refusal(pages.run("PostPurchaseInvoice", docNo="1")) == (
        "Internal_RecordNotFound",
        (
            "The Purchase Header does not exist. Identification fields and values: "
            "Document Type='Invoice',No.='1'"
        ),
    )


def test_no_way_to_post_where_nothing_is_published(start_pages: Callable[..., Any]) -> None:
    pages = start_pages()
    number = pages.draft()
    pages.line(number, "8430", 1)
    bound = f"{_header(number)}/NAV.Post"
    assert pages.refused("POST", bound, {})[:2] == (501, "BadRequest_MethodNotImplemented")
    assert pages.refused("POST", f"{_header(number)}/Microsoft.NAV.post", {})[0] == 501
    pages.control("DELETE", "services/Codeunit/ExpensePosting")
    unbound = f"{pages.root}/ExpensePosting_PostPurchaseInvoice?company=CRONUS Europe"
    gone = pages.refused("POST", unbound, {"docNo": number})
    assert gone[:2] == (404, "BadRequest_ResourceNotFound")
    codeunit = {"kind": "Codeunit", "name": "ExpensePosting", "object_id": 50100}
    pages.control("POST", "services", codeunit)
    pages.control("POST", "quirks", {"odata_v4": {"codeunit_actions": False}})
    assert pages.refused("POST", unbound, {"docNo": number})[0] == 404
    assert [row["No"] for row in pages.rows("Purchase_Invoice")] == [number]


def test_a_bound_action_of_a_page_the_customer_copied(pages: Any) -> None:
    page = {"kind": "Page", "name": "ExpenseInvoice", "object_id": 50051}
    pages.control("POST", "services", page)
    number = pages.draft("EXP-9")
    pages.line(number, "8430", 5)
    own = f"ExpenseInvoice(Document_Type='Invoice',No='{number}')"
    assert (
        '<Action Name="Post" IsBound="true">' in pages.call("GET", f"{pages.root}/$metadata").text
    )
    assert pages.refused("POST", f"{own}/Microsoft.NAV.Post", {})[0] == 404
    assert pages.call("POST", f"{own}/NAV.Post", json={}).status_code == 204
    assert len(pages.rows("Posted_Purchase_Invoices")) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"Posting_Date": "2017-12-31"},
            "Posting Date is not within your range of allowed posting dates.",
        ),
        (
            {"Vendor_Invoice_No": ""},
            (
                "You need to enter the document number of the document from the vendor in the "
                "Vendor Invoice No. field, so that this document stays linked to the original."
            ),
        ),
    ],
)
def test_headers_that_do_not_post(
    start_pages: Callable[..., Any], fields: dict[str, Any], message: str
) -> None:
    pages = start_pages(pages={"posting_routine": "business_central"})
    number = pages.draft(**fields)
    pages.line(number, "8430", 1)
    answer = pages.run("PostPurchaseInvoice", docNo=number)
    assert _refusal(answer) == ("Application_DialogException", message)
    assert [row["No"] for row in pages.rows("Purchase_Invoice")] == [number]


def test_the_same_number_twice_is_noticed_at_posting_only(pages: Any) -> None:
    for _ in range(2):
        number = pages.draft("exp-2")
        pages.line(number, "8430", 1)
        answer = pages.run("PostPurchaseInvoice", docNo=number)
    assert _refusal(answer)[1] == "Purchase Invoice EXP-2 already exists for this vendor."


def test_after_a_failed_posting_the_draft_cannot_be_deleted(
    start_pages: Callable[..., Any],
) -> None:
    pages = start_pages(pages={"posting_routine": "business_central"})
    number = pages.draft()
    pages.line(number, "8430", 1, Shortcut_Dimension_2_Code="P-090")
    header = _header(number)
    assert "blocked" in _refusal(pages.run("PostPurchaseInvoice", docNo=number))[1]
    status, code, _ = pages.refused("DELETE", header, If_Match="*")
    assert (status, code) == (400, "Application_CallbackNotAllowed")
    pages.control("POST", "dimension-values/PROJECT/P-090", {"blocked": False})
    assert pages.run("PostPurchaseInvoice", docNo=number).status_code == 200


@pytest.mark.parametrize(
    ("header", "line", "code", "message"),
    [
        (
            {"Posting_Date": "2017-12-31"},
            {},
            "Application_DialogException",
            (
                "Posting Date is not within your range of allowed posting dates in Purchase Header "
                "Document Type='Invoice',No.='{number}'."
            ),
        ),
        (
            {},
            {"Shortcut_Dimension_2_Code": "P-090"},
            "Application_DialogException",
            (
                "The combination of dimensions used in Invoice {number}, line no. 10000 is blocked "
                "(Error: Dimension Value PROJECT - P-090 is blocked.)."
            ),
        ),
        (
            {},
            {"No": "8460"},
            "Application_DialogException",
            (
                "The dimensions used in Invoice {number}, line no. 10000 are invalid (Error: "
                "Select a Dimension Value Code for the Dimension Code DEPARTMENT for G/L Account "
                "8460.)."
            ),
        ),
        ({}, {"Quantity": 0}, "Application_DialogException", "There is nothing to post."),
    ],
)
def test_the_checks_of_nav_2018(
    start_pages: Callable[..., Any],
    header: dict[str, Any],
    line: dict[str, Any],
    code: str,
    message: str,
) -> None:
    pages = start_pages(pages={"posting_routine": "nav_2018"})
    number = pages.draft(**header)
    pages.create(LINES, {**pages.line_body(number, "8430", 1), **line})
    answer = pages.run("PostPurchaseInvoice", docNo=number)
    assert _refusal(answer) == (code, message.format(number=number))
    # No posting number is taken yet: the draft can go.
    assert pages.call("DELETE", _header(number), headers={"If-Match": "*"}).status_code == 204


def test_nav_2018_posts_what_is_right(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(pages={"posting_routine": "nav_2018"})
    for _ in range(2):
        number = pages.draft("EXP-3")
        pages.line(number, "8430", 1)
        answer = pages.run("PostPurchaseInvoice", docNo=number)
    assert _refusal(answer)[1] == "Purchase Invoice EXP-3 already exists for this vendor."
    # The number was taken before that was noticed: now the draft cannot go.
    refusal = pages.refused("DELETE", _header(number), If_Match="*")
    assert refusal[1] == "Application_CallbackNotAllowed"


def test_a_shared_number_series_lets_no_draft_go(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(pages={"shared_number_series": True})
    refusal = pages.refused("DELETE", _header(pages.draft()), If_Match="*")
    assert refusal[:2] == (400, "Application_CallbackNotAllowed")


def test_dimensions_the_pages_have_no_field_for(pages: Any) -> None:
    number = pages.draft()
    pages.line(number, "8430", 1)
    header = {"docType": 2, "docNo": number, "lineNo": 0, "dimCode": "AREA", "valueCode": "EU"}
    assert pages.run("SetDimension", **header).status_code == 204
    line = {**header, "lineNo": 10000, "dimCode": "PROJECT", "valueCode": "P-100"}
    assert pages.run("SetDimension", **line).status_code == 204
    rows = pages.run("GetDraftDimensions", docType=2, docNo=number).json()["value"]
    assert rows == "0\tAREA\tEU\n10000\tPROJECT\tP-100\n"
    wrong = pages.run("SetDimension", **{**header, "valueCode": "E"})
    assert _refusal(wrong)[0] == "Internal_RecordNotFound"


def _batch(pages: Any, name: str = "EXPENSE", **fields: Any) -> None:
    body = {"Journal_Template_Name": "GENERAL", "Name": name, **fields}
    pages.create("General_Journal_Batches", body)


def _journal_line(account: str, amount: float, **fields: Any) -> dict[str, Any]:
    return {
        **JOURNAL,
        "Posting_Date": "2026-01-31",
        "Document_No": "E-1",
        "Account_Type": "G/L Account",
        "Account_No": account,
        "Amount": amount,
        **fields,
    }


def test_a_journal(pages: Any) -> None:
    _batch(pages)
    first = pages.create("General_Journal", _journal_line("8430", 12.5, Line_No=10000))
    assert (first["Balance"], first["AccName"]) == (Decimal("12.5"), "Airfare")
    pages.create("General_Journal", _journal_line("2910", -12.5))
    query = "$filter=Journal_Template_Name eq 'GENERAL' and Journal_Batch_Name eq 'EXPENSE'"
    assert [row["Line_No"] for row in pages.rows(f"General_Journal?{query}")] == [10000, 20000]
    batch = {"templateName": "GENERAL", "batchName": "EXPENSE"}
    register = pages.run("PostGenJnlBatch", **batch).json()["value"]
    assert register == 1
    entries = pages.rows("General_Ledger_Entries?$filter=Document_No eq 'E-1'")
    assert [(row["G_L_Account_No"], row["Amount"]) for row in entries] == [
        ("8430", Decimal("12.5")),
        ("2910", Decimal("-12.5")),
    ]
    (stub,) = pages.rows(f"General_Journal?{query}")
    assert (stub["Line_No"], stub["Account_No"], stub["Amount"]) == (10000, "", 0)


def test_journals_name_their_template_and_batch(start_pages: Callable[..., Any]) -> None:
    pages = start_pages()
    _batch(pages)
    line = _journal_line("8430", 1)
    other = {**line, "Journal_Batch_Name": "NOBODY"}
    assert pages.refused("POST", "General_Journal", other)[2] == (
        "The field Journal Batch Name of table Gen. Journal Line contains a value (NOBODY) that "
        "cannot be found in the related table (Gen. Journal Batch)."
    )
    bare = {name: value for name, value in line.items() if not name.startswith("Journal")}
    assert pages.refused("POST", "General_Journal", bare)[1] == "Internal_RecordNotFound"
    _batch(pages, "ANOTHER")
    pages.control("POST", "quirks", {"odata_v4": {"journal_selection": "page"}})
    assert pages.create("General_Journal", line)["Journal_Batch_Name"] == "ANOTHER"
    templates = {"pages": {"general_journal_templates": ["GENERAL", "PURCH"]}}
    pages.control("POST", "quirks", templates)
    refusal = pages.refused("POST", "General_Journal", line)
    assert refusal[1] == "Application_CallbackNotAllowed"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"Account_No": "8320"},
            (
                "The field Account No. of table Gen. Journal Line contains a value (8320) that "
                "cannot be found in the related table (G/L Account)."
            ),
        ),
        (
            {"Account_No": "5410"},
            (
                "Direct Posting must be equal to 'Yes'  in G/L Account: No.=5410. Current value "
                "is 'No'."
            ),
        ),
        (
            {"Account_Type": "Vendor", "Bal_Account_Type": "Vendor"},
            "Account Type or Bal. Account Type must be a G/L Account or Bank Account.",
        ),
    ],
)
def test_journal_lines_refused(pages: Any, fields: dict[str, Any], message: str) -> None:
    _batch(pages)
    body = {**_journal_line("8430", 1), **fields}
    if fields.get("Account_Type") == "Vendor":
        body["Account_No"] = "E1001"
    assert pages.refused("POST", "General_Journal", body)[2] == message


def test_a_batch_with_a_number_in_its_name_is_counted_up(start_pages: Callable[..., Any]) -> None:
    pages = start_pages()
    _batch(pages, "EXP09")
    for account, amount in (("8430", 1), ("2910", -1)):
        line = _journal_line(account, amount, Journal_Batch_Name="EXP09")
        pages.create("General_Journal", line)
    answer = pages.run("PostGenJnlBatch", templateName="GENERAL", batchName="EXP09")
    assert answer.status_code == 200
    assert [row["Name"] for row in pages.rows("General_Journal_Batches")] == ["EXP10"]


def test_everything_in_the_batch_is_posted(pages: Any) -> None:
    _batch(pages)
    for number in ("E-1", "SOMEBODY"):
        pages.create("General_Journal", _journal_line("8430", 1, Document_No=number))
        pages.create("General_Journal", _journal_line("2910", -1, Document_No=number))
    pages.run("PostGenJnlBatch", templateName="GENERAL", batchName="EXPENSE")
    entries = pages.rows("General_Ledger_Entries?$select=Document_No")
    assert {row["Document_No"] for row in entries} == {"E-1", "SOMEBODY"}


def test_out_of_balance(start_pages: Callable[..., Any]) -> None:
    pages = start_pages()
    _batch(pages)
    pages.create("General_Journal", _journal_line("8430", 30))
    pages.create("General_Journal", _journal_line("2910", -20))
    batch = {"templateName": "GENERAL", "batchName": "EXPENSE"}
    assert _refusal(pages.run("PostGenJnlBatch", **batch))[1] == (
        "Document No. E-1 is out of balance by 10.00. Please check that Posting Date, Document "
        "Type, Document No. and Amount are correct for each line."
    )
    pages.control("POST", "quirks", {"pages": {"document_balance": False}})
    assert _refusal(pages.run("PostGenJnlBatch", **batch))[1] == (
        "The lines in Gen. Journal Line are out of balance by 10.00. Check that Posting Date and "
        "Amount are correct for each line."
    )


def test_a_batch_with_a_number_series_takes_no_other_numbers(pages: Any) -> None:
    _batch(pages, No_Series="GJNL-GEN")
    pages.create("General_Journal", _journal_line("8430", 1))
    pages.create("General_Journal", _journal_line("2910", -1))
    batch = {"templateName": "GENERAL", "batchName": "EXPENSE"}
    assert _refusal(pages.run("PostGenJnlBatch", **batch))[1] == (
        "Document No. must be equal to 'G00001'  in Gen. Journal Line: Journal Template "
        "Name=GENERAL, Journal Batch Name=EXPENSE, Line No.=10000. Current value is 'E-1'."
    )


def test_a_vendor_in_a_journal(pages: Any) -> None:
    _batch(pages)
    vendor = _journal_line("8430", 9, Document_Type="Invoice", External_Document_No="X-1")
    pages.create("General_Journal", vendor)
    owed = {**vendor, "Account_Type": "Vendor", "Account_No": "E1001", "Amount": -9}
    pages.create("General_Journal", owed)
    batch = {"templateName": "GENERAL", "batchName": "EXPENSE"}
    assert pages.run("PostGenJnlBatch", **batch).status_code == 200
    (entry,) = pages.rows("Vendor_Ledger_Entries")
    assert (entry["Document_Type"], entry["External_Document_No"]) == ("Invoice", "X-1")
    for line in (vendor, {**owed, "Document_No": "E-2"}):
        pages.create("General_Journal", {**line, "Document_No": "E-2"})
    assert _refusal(pages.run("PostGenJnlBatch", **batch))[1] == (
        "Purchase Invoice X-1 already exists for this vendor."
    )


def test_a_journal_in_foreign_currency(pages: Any) -> None:
    _batch(pages)
    for account, amount in (("8430", 100), ("2910", -100)):
        line = _journal_line(account, amount)
        pages.create("General_Journal", {**line, "Currency_Code": "USD", "Amount": amount})
    batch = {"templateName": "GENERAL", "batchName": "EXPENSE"}
    assert pages.run("PostGenJnlBatch", **batch).status_code == 200
    amounts = [row["Amount"] for row in pages.rows("General_Ledger_Entries")]
    assert amounts == [92, -92]


def test_batches_of_their_own_by_the_codeunit(pages: Any) -> None:
    batch = {"templateName": "GENERAL", "batchName": "OWN"}
    assert pages.run("CreateGenJnlBatch", **batch, description="Expenses").status_code == 204
    line = _journal_line("8430", 1, Journal_Batch_Name="OWN")
    pages.create("General_Journal", line)
    again = pages.run("CreateGenJnlBatch", **batch, description="Expenses")
    assert _refusal(again)[0] == "Application_DialogException"
    assert _refusal(pages.run("DeleteGenJnlBatch", **batch, docNo="OTHER"))[0]
    assert pages.run("DeleteGenJnlBatch", **batch, docNo="E-1").status_code == 204
    assert pages.rows("General_Journal_Batches") == []
    assert pages.run("DeleteGenJnlBatch", **batch, docNo="E-1").status_code == 204


def test_what_happens_to_a_lost_answer_and_a_lock(pages: Any) -> None:
    """Faults reach this face too: the write is done, the answer is not what it was."""
    number = pages.draft()
    pages.line(number, "8430", 1)
    lock = (
        "The operation could not complete because a record in the G/L Entry table was locked by "
        "another user. Please retry the activity."
    )
    fault = {
        "kind": "before",
        "match": "ExpensePosting_PostPurchaseInvoice",
        "status": 400,
        "body": '{"error":{"code":"Application_DialogException","message":"' + lock + '"}}',
    }
    assert pages.control("POST", "faults", fault).status_code == 201
    assert _refusal(pages.run("PostPurchaseInvoice", docNo=number))[1] == lock
    assert len(pages.rows("Purchase_Invoice")) == 1
    fault = {"kind": "after", "match": "ExpensePosting_PostPurchaseInvoice", "status": 504}
    assert pages.control("POST", "faults", fault).status_code == 201
    assert pages.run("PostPurchaseInvoice", docNo=number).status_code == 504
    assert len(pages.rows("Posted_Purchase_Invoices")) == 1
