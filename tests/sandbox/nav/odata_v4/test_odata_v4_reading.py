from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from expense_sandbox.seeds import CompanySeed, VendorSeed

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


def test_the_service_document_lists_what_is_published(pages: Any) -> None:
    names = {row["name"] for row in pages.get(pages.root)["value"]}
    assert {"Company", "Vendor_List", "Purchase_Invoice", "Purchase_InvoicePurchLines"} <= names
    pages.control("DELETE", "services/Page/Vendor_List")
    assert "Vendor_List" not in {row["name"] for row in pages.get(pages.root)["value"]}


def test_metadata_tells_types_keys_lengths_and_actions(pages: Any) -> None:
    answer = pages.call("GET", f"{pages.root}/$metadata")
    assert answer.headers["Content-Type"] == "application/xml"
    schema = ET.fromstring(answer.content).find(f".//{EDM}Schema")  # noqa: S314 - our own
    assert schema is not None
    assert schema.get("Namespace") == "NAV"
    types = {item.get("Name"): item for item in schema.findall(f"{EDM}EntityType")}
    key = types["Purchase_InvoicePurchLines"].findall(f"{EDM}Key/{EDM}PropertyRef")
    assert [ref.get("Name") for ref in key] == ["Document_Type", "Document_No", "Line_No"]
    header = {
        item.get("Name"): item for item in types["Purchase_Invoice"].findall(f"{EDM}Property")
    }
    assert header["Vendor_Invoice_No"].get("MaxLength") == "35"
    assert header["Posting_Date"].get("Type") == "Edm.Date"
    terms = {
        note.get("Term"): note.get("String")
        for note in header["Buy_from_Vendor_Name"].findall(f"{EDM}Annotation")
    }
    assert terms["NAV.AllowEdit"] == "false"
    lines = types["Purchase_Invoice"].find(f"{EDM}NavigationProperty")
    assert lines is not None
    assert lines.get("Type") == "Collection(NAV.Purchase_InvoicePurchLines)"
    actions = {item.get("Name") for item in schema.findall(f"{EDM}Action")}
    assert "ExpensePosting_PostPurchaseInvoice" in actions


@pytest.mark.parametrize(
    ("names", "expected"),
    [("array", "ShortcutDimCode_x005B_3_x005D_"), ("numbered", "ShortcutDimCode3")],
)
def test_both_spellings_of_shortcut_dimensions(
    start_pages: Callable[..., Any], names: str, expected: str
) -> None:
    pages = start_pages(pages={"shortcut_dimension_names": names})
    metadata = pages.call("GET", f"{pages.root}/$metadata").text
    assert f'<Property Name="{expected}"' in metadata
    line = pages.line(pages.draft(), "8430", 10, **{expected: "EU"})
    assert line[expected] == "EU"


def test_companies(pages: Any) -> None:
    listed = pages.rows(f"{pages.root}/Company?$select=Name")
    assert listed == [{"Name": "CRONUS Europe"}, {"Name": "CRONUS Services"}]
    assert pages.get(pages.company_url)["Name"] == "CRONUS Europe"


@pytest.mark.parametrize(
    "address",
    [
        "Vendor_List?company=CRONUS%20Europe",
        "Vendor_List?company='CRONUS%20Europe'",
        "Company(%27CRONUS%20Europe%27)/Vendor_List",
        "Company(Name='CRONUS%20Europe')/Vendor_List",
    ],
)
def test_ways_to_name_a_company(pages: Any, address: str) -> None:
    answer = pages.get(f"{pages.root}/{address}")
    assert "Company('CRONUS%20Europe')" in answer["@odata.context"]
    assert len(answer["value"]) == 5


def test_a_company_by_its_id_in_the_query_only(pages: Any) -> None:
    company_id = pages.nav.company_id
    assert len(pages.rows(f"{pages.root}/Vendor_List?company={company_id}")) == 5
    status, code, _ = pages.refused("GET", f"{pages.root}/Company('{company_id}')/Vendor_List")
    assert (status, code) == (404, "Internal_CompanyNotFound")


@pytest.mark.parametrize("name", ["cronus europe", "CRONUS", "CRONUS Europe "])
def test_companies_are_told_apart_by_every_letter(pages: Any, name: str) -> None:
    status, code, _ = pages.refused("GET", f"{pages.root}/Company('{name}')/Vendor_List")
    assert (status, code) == (404, "Internal_CompanyNotFound")


def test_names_of_companies_that_addresses_find_hard(
    start_nav: Callable[..., Any], pages: Any
) -> None:
    name = "O'Brien & Söhne A/S"
    nav = start_nav(CompanySeed(name, "EUR", (), (VendorSeed("E1001", "Ann Ek"),)))
    other = type(pages)(nav, name.replace("'", "''").replace("/", "%2F"))
    by_query = other.session.get(
        f"{other.root}/Vendor_List", params={"company": name}, timeout=10
    ).json()
    assert [row["No"] for row in by_query["value"]] == ["E1001"]
    assert "Company('O''Brien%20%26%20S%C3%B6hne%20A%2FS')" in by_query["@odata.context"]
    path = "Company('O''Brien%20%26%20S%C3%B6hne%20A%2FS')/Vendor_List"
    assert other.refused("GET", f"{other.root}/{path}")[0] == 404
    doubled = start_nav(CompanySeed("O'Brien & Co", "EUR", (), (VendorSeed("E1", "Ann"),)))
    third = type(pages)(doubled)
    assert third.rows(f"{third.root}/Company('O''Brien%20%26%20Co')/Vendor_List")[0]["No"] == "E1"
    single = third.refused("GET", f"{third.root}/Company('O'Brien%20%26%20Co')/Vendor_List")
    assert single[:2] == (404, "BadRequest_NotFound")


def test_without_a_company_there_is_the_default_company_or_none(
    start_pages: Callable[..., Any],
) -> None:
    pages = start_pages()
    status, code, message = pages.refused("GET", f"{pages.root}/Vendor_List")
    assert (status, code) == (404, "Internal_CompanyNotFound")
    assert "default company cannot be found" in message
    pages.control("POST", "quirks", {"odata_v4": {"default_company": "CRONUS Services"}})
    answer = pages.get(f"{pages.root}/Vendor_List")
    assert "Company('CRONUS%20Services')" in answer["@odata.context"]
    assert [row["No"] for row in answer["value"]] == ["S1"]


def test_encoded_quotes_may_lead_to_the_default_company_silently(
    start_pages: Callable[..., Any],
) -> None:
    pages = start_pages(
        odata_v4={"encoded_quotes": "ignored", "default_company": "CRONUS Services"}
    )
    answer = pages.get(f"{pages.root}/Company(%27CRONUS%20Europe%27)/Vendor_List")
    assert "Company('CRONUS%20Services')" in answer["@odata.context"]


def test_a_server_of_several_tenants_wants_one_named(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"tenant": "northwind", "page_size": 2})
    assert pages.refused("GET", "Vendor_List")[:2] == (503, "Internal_TenantUnavailable")
    page = pages.get("Vendor_List?tenant=northwind")
    assert "tenant=northwind" in page["@odata.nextLink"]
    pages.control("POST", "quirks", {"odata_v4": {"next_link_keeps_tenant": False}})
    assert "tenant" not in pages.get("Vendor_List?tenant=northwind")["@odata.nextLink"]


def test_values_on_the_wire(pages: Any) -> None:
    pages.draft("k-1 ")
    (row,) = pages.rows("Purchase_Invoice")
    assert (row["Document_Type"], row["Vendor_Invoice_No"]) == ("Invoice", "K-1")
    assert (row["Currency_Code"], row["Prices_Including_VAT"]) == ("", False)
    (vendor,) = pages.rows("Vendor_List?$filter=No eq 'E1001'")
    assert vendor["Blocked"] == " "
    (setup,) = pages.rows("General_Ledger_Setup")
    assert (setup["Allow_Posting_From"], setup["Allow_Posting_To"]) == ("2018-01-01", "2026-12-31")


def test_decimals_are_numbers_to_the_last_digit(pages: Any) -> None:
    document = pages.draft()
    pages.line(document, "8430", 10.07)
    text = pages.call("GET", "Purchase_InvoicePurchLines").text
    assert '"Direct_Unit_Cost":10.07,' in text
    (row,) = pages.rows("Purchase_InvoicePurchLines")
    assert row["Total_Amount_Incl_VAT"] == Decimal("10.07")


def test_an_empty_date_is_the_first_day_of_the_first_year(pages: Any) -> None:
    number = pages.draft(Due_Date="0001-01-01")
    row = pages.get(f"Purchase_Invoice(Document_Type='Invoice',No='{number}')")
    assert row["Due_Date"] == "0001-01-01"


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("$filter=Blocked eq ' '", ["E1001", "E1002", "E1004"]),
        ("$filter=Blocked eq 'All'", ["E1003"]),
        ("$filter=startswith(Name,'A')", ["E1001"]),
        ("$filter=No eq 'E1002' or No eq 'E1004'", ["E1002", "E1004"]),
        ("$filter=No gt 'E1003' and not (Currency_Code eq 'USD')", ["E1005"]),
        ("$orderby=No desc&$top=2", ["E1005", "E1004"]),
        ("$skip=3", ["E1004", "E1005"]),
    ],
)
def test_queries(pages: Any, query: str, numbers: list[str]) -> None:
    assert [row["No"] for row in pages.rows(f"Vendor_List?{query}")] == numbers


def test_or_across_fields_is_refused(pages: Any) -> None:
    _, _, message = pages.refused("GET", "Vendor_List?$filter=No eq 'X' or Name eq 'Y'")
    assert message == "The 'OR' operator is not supported on distinct fields on an OData filter."


def test_counting(pages: Any) -> None:
    assert pages.get("Vendor_List?$count=true&$top=1")["@odata.count"] == 5
    assert pages.call("GET", "Vendor_List/$count").text == "5"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Vendor_List('E1002')", "Bo Li"),
        ("Vendor_List(No='E1002')", "Bo Li"),
        ("Dimension_Value_List(Dimension_Code='AREA',Code='EU')", "Europe"),
        ("Dimension_Value_List('AREA','EU')", "Europe"),
    ],
)
def test_keys_by_name_and_by_position(pages: Any, path: str, name: str) -> None:
    assert pages.get(path)["Name"] == name


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Vendor_List('E9999')", "BadRequest_ResourceNotFound"),
        ("Nobody_List", "BadRequest_ResourceNotFound"),
        ("Dimension_Value_List('AREA')", "BadRequest_NotFound"),
        ("Vendor_List(Name='Bo Li')", "BadRequest_NotFound"),
        ("Vendor_List('E1002'", "BadRequest_NotFound"),
    ],
)
def test_addresses_that_lead_nowhere(pages: Any, path: str, code: str) -> None:
    assert pages.refused("GET", path)[:2] == (404, code)


def test_pages_are_continued_after_the_last_key(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"page_size": 2})
    first = pages.get("Vendor_List?$select=No")
    assert first["@odata.nextLink"].endswith("$skiptoken='E1002'")
    second = pages.get(first["@odata.nextLink"])
    third = pages.get(second["@odata.nextLink"])
    assert "@odata.nextLink" not in third
    numbers = [row["No"] for page in (first, second, third) for row in page["value"]]
    assert numbers == ["E1001", "E1002", "E1003", "E1004", "E1005"]


def test_composite_keys_in_skip_tokens(pages: Any) -> None:
    seen = []
    page = pages.get("Dimension_Value_List", Prefer="odata.maxpagesize=3")
    while True:
        seen += [(row["Dimension_Code"], row["Code"]) for row in page["value"]]
        if "@odata.nextLink" not in page:
            break
        page = pages.get(page["@odata.nextLink"], Prefer="odata.maxpagesize=3")
    assert len(seen) == len(set(seen)) == 8
    assert seen == sorted(seen)


def test_with_top_the_rest_is_cut_off_without_a_word(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"page_size": 2})
    page = pages.get("Vendor_List?$top=4")
    assert len(page["value"]) == 2
    assert "@odata.nextLink" not in page


def test_links_may_name_a_host_nobody_reaches(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"page_size": 2, "own_address": "http://nav-internal:7048"})
    page = pages.get("Vendor_List")
    assert page["@odata.nextLink"].startswith("http://nav-internal:7048/NAV/ODataV4/Company(")


def test_captions_in_another_language(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"language": "de-DE"})
    number = pages.draft()
    row = pages.get(f"Purchase_Invoice(Document_Type='Rechnung',No='{number}')")
    assert row["Document_Type"] == "Rechnung"
    body = pages.line_body(number, "8430", 5, Document_Type="Rechnung", Type="Sachkonto")
    assert pages.create("Purchase_InvoicePurchLines", body)["Type"] == "Sachkonto"
    english = pages.line_body(number, "8430", 5, Document_Type="Rechnung")
    _, code, message = pages.refused("POST", "Purchase_InvoicePurchLines", english)
    assert code == "Unknown"
    assert message.startswith("'G/L Account' is not an option. The existing options are: ")
    assert pages.rows("GL_Account_Card?$filter=Account_Type eq 'Von-Summe'")[0]["No"] == "8000"


def test_lines_by_navigation_and_expanded(pages: Any) -> None:
    number = pages.draft()
    pages.line(number, "8430", 1)
    pages.line(number, "8430", 2)
    header = f"Purchase_Invoice(Document_Type='Invoice',No='{number}')"
    lines = pages.rows(f"{header}/Purchase_InvoicePurchLines")
    assert [row["Line_No"] for row in lines] == [10000, 20000]
    expanded = pages.get(f"{header}?$expand=Purchase_InvoicePurchLines($select=Line_No)")
    assert [row["Line_No"] for row in expanded["Purchase_InvoicePurchLines"]] == [10000, 20000]
    one = pages.get(f"{header}/Purchase_InvoicePurchLines('Invoice','{number}',20000)")
    assert one["Direct_Unit_Cost"] == 2


def test_a_service_can_have_any_name(pages: Any) -> None:
    pages.control("POST", "services", {"kind": "Page", "name": "Our Invoices", "object_id": 51})
    names = {row["name"] for row in pages.get(pages.root)["value"]}
    assert {"Our_Invoices", "Our_InvoicesPurchLines"} <= names
    assert pages.rows("Our_Invoices") == []
