"""What WSDLs say, read as any client would; and that it is what the services do."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
import zeep

from expense_sandbox.nav.pages.quirks import PageQuirks

XSD = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
READ_ONLY = ["Read", "ReadByRecId", "ReadMultiple", "IsUpdated", "GetRecIdFromKey"]
DOCUMENTATION = Path(__file__).parents[4] / "sandbox/docs/soap.md"


def wsdl(soap: Any, service: str, kind: str = "Page") -> Element:
    answer = soap.session.get(f"{soap.url(service, kind)}?wsdl", timeout=10)
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    return fromstring(answer.content)  # noqa: S314 - our own server's


def operations(document: Element) -> list[str]:
    return [str(item.get("name")) for item in document.iterfind(f"{WSDL}portType/{WSDL}operation")]


def sequence(document: Element, name: str) -> list[tuple[str, str]]:
    """Names and types of a type's or wrapper's elements."""
    schema = document.find(f"{WSDL}types/{XSD}schema")
    assert schema is not None
    found = next(item for item in schema if item.get("name") == name)
    return [(str(item.get("name")), str(item.get("type"))) for item in found.iter(f"{XSD}element")
            if item is not found]  # fmt: skip


def options(document: Element, name: str) -> list[str]:
    schema = document.find(f"{WSDL}types/{XSD}schema")
    assert schema is not None
    found = next(item for item in schema.iterfind(f"{XSD}simpleType") if item.get("name") == name)
    return [str(item.get("value")) for item in found.iter(f"{XSD}enumeration")]


def test_a_document_page(soap: Any) -> None:
    document = wsdl(soap, "Purchase_Invoice")
    namespace = "urn:microsoft-dynamics-schemas/page/purchase_invoice"
    assert document.get("targetNamespace") == namespace
    assert operations(document) == [
        *READ_ONLY, "Create", "CreateMultiple", "Update", "UpdateMultiple", "Delete",
        "Delete_PurchLines",
    ]  # fmt: skip
    header = sequence(document, "Purchase_Invoice")
    names = [name for name, _ in header]
    assert header[:3] == [
        ("Key", "xsd:string"), ("No", "xsd:string"), ("Buy_from_Vendor_No", "xsd:string"),
    ]  # fmt: skip
    assert header[-1] == ("PurchLines", "tns:Purch_Invoice_Line_List")
    assert "Document_Type" not in names
    assert names.index("Document_Date") < names.index("Posting_Date")
    assert ("Posting_Date", "xsd:date") in header
    assert ("Status", "tns:Status") in header
    lines = dict(sequence(document, "Purch_Invoice_Line"))
    assert lines["Type"] == "tns:Type"
    assert lines["Direct_Unit_Cost"] == "xsd:decimal"
    assert lines["ShortcutDimCode_x005B_8_x005D_"] == "xsd:string"
    assert options(document, "Type") == [
        "_blank_", "G_L_Account", "Item", "Fixed_Asset", "Charge_Item",
    ]  # fmt: skip
    assert sequence(document, "Read") == [("No", "xsd:string")]
    assert sequence(document, "ReadMultiple") == [
        ("filter", "tns:Purchase_Invoice_Filter"),
        ("bookmarkKey", "xsd:string"),
        ("setSize", "xsd:int"),
    ]
    assert sequence(document, "Delete_PurchLines") == [("PurchLines_Key", "xsd:string")]
    assert set(options(document, "Purchase_Invoice_Fields")) == set(names) - {"Key", "PurchLines"}
    action = document.find(f".//{SOAP}operation")
    assert action is not None
    assert action.get("soapAction") == f"{namespace}:Read"
    address = document.find(f".//{SOAP}address")
    assert address is not None
    assert address.get("location") == (
        f"{soap.server.url}/NAV/WS/CRONUS%20%26%20S%C3%B8n%27s%20Ltd./Page/Purchase_Invoice"
    )


def test_every_element_of_a_record_may_be_left_out(soap: Any) -> None:
    document = wsdl(soap, "Purchase_Invoice")
    schema = document.find(f"{WSDL}types/{XSD}schema")
    assert schema is not None
    record = next(item for item in schema if item.get("name") == "Purchase_Invoice")
    assert {item.get("minOccurs") for item in record.iter(f"{XSD}element")} == {"0"}


def test_list_pages_only_read(soap: Any) -> None:
    for service in ("Vendor_List", "Dimension_Value_List", "Posted_Purchase_Invoice"):
        assert operations(wsdl(soap, service)) == READ_ONLY
    assert sequence(wsdl(soap, "Dimension_Value_List"), "Read") == [
        ("Dimension_Code", "xsd:string"), ("Code", "xsd:string"),
    ]  # fmt: skip


def test_a_journal_asks_for_its_batch_first(soap: Any) -> None:
    document = wsdl(soap, "General_Journal")
    for name in ("Read", "ReadMultiple", "Create", "CreateMultiple", "Update", "Delete"):
        assert sequence(document, name)[0] == ("CurrentJnlBatchName", "xsd:string")
    names = [name for name, _ in sequence(document, "General_Journal")]
    assert "Journal_Batch_Name" not in names
    assert options(document, "Document_Type")[:4] == [
        "_blank_", "Payment", "Invoice", "Credit_Memo",
    ]  # fmt: skip


def test_a_codeunit(soap: Any) -> None:
    document = wsdl(soap, "ExpensePosting", "Codeunit")
    assert document.get("targetNamespace") == (
        "urn:microsoft-dynamics-schemas/codeunit/ExpensePosting"
    )
    assert operations(document)[:3] == [
        "PostPurchaseInvoice", "PostPurchaseCreditMemo", "PostGenJnlBatch",
    ]  # fmt: skip
    assert sequence(document, "PostGenJnlBatch") == [
        ("templateName", "xsd:string"), ("batchName", "xsd:string"),
    ]  # fmt: skip
    assert sequence(document, "PostGenJnlBatch_Result") == [("return_value", "xsd:int")]
    service = document.find(f"{WSDL}service")
    assert service is not None
    assert service.get("name") == "ExpensePosting"


@pytest.mark.parametrize("spelling", ["array", "numbered"])
def test_zeep_reads_the_wsdl_of_every_service_and_what_it_answers(
    start_soap: Any, spelling: Any
) -> None:
    soap = start_soap(pages=PageQuirks(shortcut_dimension_names=spelling))
    transport = zeep.Transport(session=soap.session)
    for service in soap.books.services.listed():
        client = zeep.Client(soap.url(service.name, service.kind), transport=transport)
        if service.kind != "Page" or service.name == "General_Journal":
            continue
        (first, *_) = options(wsdl(soap, service.name), f"{service.name}_Fields")
        client.service.ReadMultiple(filter=[{"Field": first, "Criteria": ""}], setSize=0)


def test_switches_turn_while_the_server_runs(soap: Any, refused: Any) -> None:
    changed = soap.control("POST", "quirks", {"soap": {"language": "de-DE", "tenant": "t1"}})
    assert changed.status_code == 200
    answer = soap.session.get(f"{soap.url('Vendor_List')}?wsdl", timeout=10)
    assert answer.status_code == 404
    soap.control("POST", "quirks", {"soap": {"tenant": ""}})
    with pytest.raises(refused, match=r"in Tabelle Einkaufskopf enthält einen Wert \(NOBODY\)"):
        soap.invoice("K-1", vendor="NOBODY")


def test_the_documentation_names_every_operation(soap: Any) -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    for name in operations(wsdl(soap, "Purchase_Invoice")):
        assert f"`{name}`" in text
