from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

LINES = "Purchase_InvoicePurchLines"


def _header(number: str) -> str:
    return f"Purchase_Invoice(Document_Type='Invoice',No='{number}')"


def _line(number: str, position: int = 10000) -> str:
    return f"{LINES}(Document_Type='Invoice',Document_No='{number}',Line_No={position})"


def test_an_invoice_with_lines(pages: Any) -> None:
    answer = pages.call(
        "POST",
        "Purchase_Invoice",
        json={
            "Buy_from_Vendor_No": "E1001",
            "Vendor_Invoice_No": "exp-1",
            "Posting_Date": "2026-01-31",
            "Document_Date": "2026-01-30",
            "Shortcut_Dimension_1_Code": "SALES",
        },
    )
    assert answer.status_code == 201
    created = answer.json()
    assert pages.get(answer.headers["Location"])["No"] == created["No"]
    assert answer.headers["ETag"] == created["@odata.etag"]
    assert (created["Document_Date"], created["Posting_Date"]) == ("2026-01-30", "2026-01-31")
    assert (created["Due_Date"], created["Vendor_Invoice_No"]) == ("2026-02-13", "EXP-1")
    number = created["No"]
    first = pages.line(number, "8430", 100.10, Description="Flight", Line_No=30000)
    assert (first["Shortcut_Dimension_1_Code"], first["Description"]) == ("SALES", "Flight")
    second = pages.line(number, "8440", 20, Shortcut_Dimension_1_Code="ADM")
    assert (second["Line_No"], second["Shortcut_Dimension_1_Code"]) == (40000, "ADM")
    assert second["Total_Amount_Incl_VAT"] == Decimal("122.10")
    (draft,) = pages.company.documents
    assert draft.total_including_tax == Decimal("122.10")


def test_lines_below_their_header_where_the_server_can(start_pages: Callable[..., Any]) -> None:
    pages = start_pages()
    number = pages.draft()
    body = {"Type": "G/L Account", "No": "8430", "Quantity": 1, "Direct_Unit_Cost": 5}
    path = f"{_header(number)}/{LINES}"
    assert pages.create(path, body)["Document_No"] == number
    pages.control("POST", "quirks", {"odata_v4": {"lines_by_navigation": False}})
    assert pages.refused("POST", path, body)[:2] == (405, "BadRequest_MethodNotAllowed")


def test_no_deep_insert(pages: Any) -> None:
    body = {"Buy_from_Vendor_No": "E1001", LINES: [{"Type": "G/L Account", "No": "8430"}]}
    assert pages.refused("POST", "Purchase_Invoice", body)[:2] == (400, "BadRequest")
    assert pages.rows("Purchase_Invoice") == []


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"Buy_from_Vendor_No": "E9999"},
            "Internal_InvalidTableRelation",
            (
                "The field Buy-from Vendor No. of table Purchase Header contains a value (E9999) that "
                "cannot be found in the related table (Vendor)."
            ),
        ),
        (
            {"Buy_from_Vendor_No": "E1003"},
            "Application_DialogException",
            "You cannot create this type of document when Vendor E1003 is blocked with type All",
        ),
        (
            {"Buy_from_Vendor_No": "E1001", "Currency_Code": "EUR"},
            "Internal_InvalidTableRelation",
            (
                "The field Currency Code of table Purchase Header contains a value (EUR) that cannot "
                "be found in the related table (Currency)."
            ),
        ),
        (
            {"Buy_from_Vendor_No": "E1001", "Vendor_Invoice_No": "X" * 36},
            "Application_StringExceededLength",
            (
                "The length of the string is 36, but it must be less than or equal to 35 characters. "
                f"Value: {'X' * 36}"
            ),
        ),
        (
            {"No": "4711", "Buy_from_Vendor_No": "E1001"},
            "Application_DialogException",
            (
                "You may not enter numbers manually. If you want to enter numbers manually, please "
                "activate Manual Nos. in No. Series P-INV."
            ),
        ),
        (
            {"Buy_from_Vendor_Name": "Ann"},
            "BadRequest_InvalidOperation",
            "Control 'Buy_from_Vendor_Name' is read-only.",
        ),
        (
            {"Buy_from_Vendor_No": "E1001", "Posting_Date": "31.01.2026"},
            "BadRequest",
            "Unable to convert value to Date. Property: Posting_Date, value: 31.01.2026",
        ),
        (
            {"Buy_from_Vendor_No": "E1001", "Nonsense": 1},
            "BadRequest",
            (
                "The property 'Nonsense' does not exist on type 'NAV.Purchase_Invoice'. Make sure to "
                "only use property names that are defined by the type."
            ),
        ),
    ],
)
def test_headers_refused(pages: Any, body: dict[str, Any], code: str, message: str) -> None:
    assert pages.refused("POST", "Purchase_Invoice", body) == (400, code, message)
    assert pages.rows("Purchase_Invoice") == []
    assert pages.nav.books.write_count == 0


def test_a_line_needs_a_header_with_a_vendor(pages: Any) -> None:
    status, code, message = pages.refused("POST", LINES, pages.line_body("4711", "8430", 1))
    assert (status, code) == (400, "Internal_RecordNotFound")
    assert message == (
        "The Purchase Header does not exist. Identification fields and values: "
        "Document Type='Invoice',No.='4711'"
    )
    number = pages.create("Purchase_Invoice", {"Posting_Date": "2026-01-31"})["No"]
    _, code, message = pages.refused("POST", LINES, pages.line_body(number, "8430", 1))
    assert message.startswith("Buy-from Vendor No. must have a value in Purchase Header: ")


def test_header_dimensions_cannot_change_once_there_are_lines(pages: Any) -> None:
    number = pages.draft(Shortcut_Dimension_1_Code="SALES")
    pages.line(number, "8430", 1)
    status, code, message = pages.refused(
        "PATCH", _header(number), {"Shortcut_Dimension_1_Code": "ADM"}, If_Match="*"
    )
    assert (status, code) == (400, "Application_CallbackNotAllowed")
    assert "client callback to show a confirmation dialog box" in message
    same = pages.call(
        "PATCH",
        _header(number),
        json={"Shortcut_Dimension_1_Code": "SALES"},
        headers={"If-Match": "*"},
    )
    assert same.status_code == 200


def test_another_vendor_would_have_to_be_confirmed(pages: Any) -> None:
    number = pages.draft()
    change = {"Buy_from_Vendor_No": "E1002"}
    refusal = pages.refused("PATCH", _header(number), change, If_Match="*")
    assert refusal[:2] == (400, "Application_CallbackNotAllowed")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_changes_need_a_fresh_etag(pages: Any, method: str) -> None:
    number = pages.draft()
    seen = pages.get(_header(number))["@odata.etag"]
    body = {"Purchaser_Code": "RL"} if method == "PATCH" else None
    assert pages.refused(method, _header(number), body)[:2] == (400, "BadRequest_InvalidToken")
    garbled = pages.refused(method, _header(number), body, If_Match="nonsense")
    assert garbled[:2] == (400, "BadRequest_InvalidToken")
    pages.line(number, "8430", 1)  # totals change, and with them the header's etag
    stale = pages.refused(method, _header(number), body, If_Match=seen)
    assert stale == (409, "Request_EntityChanged", "Another user has already changed the record.")
    fresh = pages.get(_header(number))["@odata.etag"]
    answer = pages.call(method, _header(number), json=body, headers={"If-Match": fresh})
    assert answer.status_code == (200 if method == "PATCH" else 204)


def test_keys_do_not_change(pages: Any) -> None:
    number = pages.draft()
    pages.line(number, "8430", 1)
    moved = pages.refused("PATCH", _line(number), {"Line_No": 20000}, If_Match="*")
    assert moved[1] == "BadRequest_InvalidOperation"


def test_deleting_a_draft_takes_its_lines_along(pages: Any) -> None:
    number = pages.draft()
    pages.line(number, "8430", 1)
    answer = pages.call("DELETE", _header(number), headers={"If-Match": "*"})
    assert answer.status_code == 204
    assert pages.rows(LINES) == []
    assert pages.refused("GET", _header(number))[0] == 404


def test_a_line_number_twice(pages: Any) -> None:
    number = pages.draft()
    pages.line(number, "8430", 1, Line_No=10000)
    body = pages.line_body(number, "8430", 1, Line_No=10000)
    _, code, message = pages.refused("POST", LINES, body)
    assert code == "Internal_EntityWithSameKeyExists"
    assert f"Document No.='{number}',Line No.='10000'" in message


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "Vendor_List"),
        ("POST", "General_Ledger_Entries"),
        ("PATCH", "Purchase_Invoice"),
        ("DELETE", "Purchase_Invoice"),
        ("PUT", "Purchase_Invoice"),
        ("POST", "Purchase_Invoices"),
    ],
)
def test_methods_a_page_does_not_take(pages: Any, method: str, path: str) -> None:
    status, code, message = pages.refused(method, path, {}, If_Match="*")
    assert (status, code) == (405, "BadRequest_MethodNotAllowed")
    assert message.startswith(f"'{method}' requests for '{path}' of EdmType 'Entity'")


@pytest.mark.parametrize(
    ("switch", "method", "path"),
    [
        ("missing_entity_status", "GET", "Vendor_List('E9999')"),
        ("method_not_allowed_status", "POST", "Vendor_List"),
        (
            "method_not_implemented_status",
            "POST",
            "Purchase_Invoice(Document_Type='Invoice',No='{number}')/NAV.Post",
        ),
    ],
)
def test_statuses_nobody_is_sure_of(
    start_pages: Callable[..., Any], switch: str, method: str, path: str
) -> None:
    pages = start_pages(odata_v4={switch: 400})
    address = path.format(number=pages.draft())
    assert pages.refused(method, address, {})[0] == 400


def test_stale_etags_may_be_a_failed_precondition(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"stale_etag_status": 412})
    path = _header(pages.draft())
    stale = pages.get(path)["@odata.etag"]
    pages.call("PATCH", path, json={"Purchaser_Code": "RL"}, headers={"If-Match": "*"})
    refusal = pages.refused("DELETE", path, If_Match=stale)
    assert refusal[:2] == (412, "Request_EntityChanged")


def test_locations_and_companies_may_say_less(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"location_header": False, "company_fields": "name"})
    answer = pages.call("POST", "Purchase_Invoice", json={"Buy_from_Vendor_No": "E1001"})
    assert (answer.status_code, answer.headers.get("Location")) == (201, None)
    assert pages.rows(f"{pages.root}/Company")[0] == {"Name": "CRONUS Europe"}


def test_quotes_around_a_company_in_the_query_may_be_its_name(
    start_pages: Callable[..., Any],
) -> None:
    pages = start_pages(odata_v4={"quoted_company_parameter": False})
    url = f"{pages.root}/Vendor_List?company='CRONUS Europe'"
    assert pages.refused("GET", url)[:2] == (404, "Internal_CompanyNotFound")


def test_two_names_for_one_row(pages: Any) -> None:
    """What one face writes is seen by the others."""
    number = pages.draft("K-7")
    pages.line(number, "8430", 12)
    (seen,) = pages.nav.rows("purchaseInvoices?$filter=vendorInvoiceNumber eq 'K-7'")
    assert (seen["number"], seen["totalAmountIncludingTax"]) == (number, 12)
    posted = pages.nav.invoice("K-8")
    pages.nav.act(f"purchaseInvoices({posted['id']})")
    (row,) = pages.rows("Posted_Purchase_Invoices?$filter=Vendor_Invoice_No eq 'K-8'")
    assert row["Amount_Including_VAT"] == 100


def test_inherited_dimensions(pages: Any) -> None:
    number = pages.draft(Buy_from_Vendor_No="E1002")
    line = pages.line(number, "8430", 1)
    assert line["ShortcutDimCode_x005B_3_x005D_"] == "US"
    with_own = pages.line(number, "8450", 1)
    assert with_own["ShortcutDimCode_x005B_3_x005D_"] == "EU"


def test_descriptions_are_as_long_as_the_version_allows(start_pages: Callable[..., Any]) -> None:
    pages = start_pages()
    number = pages.draft()
    body = pages.line_body(number, "8430", 1, Description="d" * 51)
    assert pages.refused("POST", LINES, body)[1] == "Application_StringExceededLength"
    pages.control("POST", "quirks", {"pages": {"description_length": 100}})
    assert len(pages.create(LINES, body)["Description"]) == 51
    metadata = pages.call("GET", f"{pages.root}/$metadata").text
    assert '<Property Name="Description" Type="Edm.String" MaxLength="100">' in metadata


def test_the_posting_date_may_overwrite_the_document_date(
    start_pages: Callable[..., Any],
) -> None:
    pages = start_pages(pages={"posting_date_sets_document_date": True})
    body = {
        "Buy_from_Vendor_No": "E1001",
        "Document_Date": "2026-01-15",
        "Posting_Date": "2026-01-31",
    }
    assert pages.create("Purchase_Invoice", body)["Document_Date"] == "2026-01-31"
    body = dict(reversed(body.items()))
    assert pages.create("Purchase_Invoice", body)["Document_Date"] == "2026-01-15"


def test_a_foreign_currency_of_the_vendor(pages: Any) -> None:
    body = {"Buy_from_Vendor_No": "E1004", "Posting_Date": "2026-01-31"}
    created = pages.create("Purchase_Invoice", body)
    assert (created["Currency_Code"], created["Prices_Including_VAT"]) == ("USD", True)
    own = pages.create("Purchase_Invoice", {**body, "Currency_Code": ""})
    assert own["Currency_Code"] == ""
    no_rate = pages.refused("POST", "Purchase_Invoice", {**body, "Currency_Code": "AUD"})
    assert no_rate[1] == "Internal_DataNotFoundFilter"


def test_a_body_that_is_no_object(pages: Any) -> None:
    answer = pages.call("POST", "Purchase_Invoice", data=b"[1]")
    assert answer.json()["error"]["code"] == "BadRequest"


def test_correlation_ids_are_a_matter_of_version(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"correlation_id": False})
    message = pages.call("GET", "Nothing").json()["error"]["message"]
    assert message == "Resource not found for the segment 'Nothing'."


def test_the_seed_is_not_what_a_company_shows_forever(pages: Any) -> None:
    with pages.nav.books.transaction():
        account = pages.company.accounts.first("number", "8430")
        pages.company.accounts.put(replace(account, blocked=True))
    (row,) = pages.rows("GL_Account_Card?$filter=No eq '8430'")
    assert row["Blocked"] is True
