"""`$metadata`: what the API says of itself is what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from .conftest import Nav

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
GROUPS = ("v2.0", "microsoft/reportsFinance/beta")


def schema_of(nav: Nav, group: str = "v2.0") -> ET.Element:
    answer = nav.call("GET", f"{nav.server.url}/api/{group}/$metadata")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/xml")
    schema = ET.fromstring(answer.content).find(f".//{EDM}Schema")  # noqa: S314 - our own
    assert schema is not None
    return schema


@pytest.mark.parametrize("group", GROUPS)
def test_rows_have_the_properties_of_their_type(nav: Nav, group: str) -> None:
    draft = nav.invoice(dimensionSetLines=[{"code": "PROJECT", "valueCode": "P-100"}])
    nav.act(f"purchaseInvoices({draft['id']})")
    schema = schema_of(nav, group)
    company = f"{nav.server.url}/api/{group}/companies({nav.company_id})"
    seen = 0
    for node in schema.findall(f"{EDM}EntityContainer/{EDM}EntitySet"):
        entity = node.attrib["EntityType"].removeprefix("Microsoft.NAV.")
        answer = nav.call("GET", f"{company}/{node.attrib['Name']}")
        if answer.status_code != 200 or not answer.json()["value"]:
            continue
        row = answer.json()["value"][0]
        expected = [
            item.attrib["Name"]
            for item in schema.findall(f"{EDM}EntityType[@Name='{entity}']/{EDM}Property")
        ]
        assert expected == [name for name in row if "@" not in name]
        seen += 1
    assert seen >= (10 if group == "v2.0" else 3)


def test_types_lengths_members_parts_and_actions(nav: Nav) -> None:
    schema = schema_of(nav)
    invoice = f"{EDM}EntityType[@Name='purchaseInvoice']"
    number = schema.find(f"{invoice}/{EDM}Property[@Name='vendorInvoiceNumber']")
    assert number is not None
    assert (number.attrib["Type"], number.attrib["MaxLength"]) == ("Edm.String", "35")
    status = schema.find(f"{invoice}/{EDM}Property[@Name='status']")
    assert status is not None
    enum = status.attrib["Type"].removeprefix("Microsoft.NAV.")
    members = [
        node.attrib["Name"] for node in schema.findall(f"{EDM}EnumType[@Name='{enum}']/{EDM}Member")
    ]
    assert members[:3] == ["_x0020_", "Draft", "In_x0020_Review"]
    parts = [node.attrib["Name"] for node in schema.findall(f"{invoice}/{EDM}NavigationProperty")]
    assert parts[:2] == ["dimensionSetLines", "purchaseInvoiceLines"]
    bound = {
        (node.attrib["Name"], parameter.attrib["Type"].rpartition(".")[2])
        for node in schema.findall(f"{EDM}Action")
        for parameter in node
    }
    assert bound == {
        ("post", "purchaseInvoice"),
        ("post", "purchaseCreditMemo"),
        ("cancel", "purchaseCreditMemo"),
        ("post", "journal"),
    }
    company = [
        node.attrib["Name"]
        for node in schema.findall(f"{EDM}EntityType[@Name='company']/{EDM}NavigationProperty")
    ]
    assert {"purchaseInvoices", "attachments", "generalLedgerEntries"} <= set(company)
