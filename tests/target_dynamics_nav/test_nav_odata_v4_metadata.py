"""What is made of a server's `$metadata`, and which services it takes for which purpose."""

from __future__ import annotations

import pytest

from target_dynamics_nav.errors import ConfigurationError, ProtocolError
from target_dynamics_nav.nav.odata_v4_codeunit import Codeunit
from target_dynamics_nav.nav.odata_v4_metadata import Page, parse_metadata
from target_dynamics_nav.nav.odata_v4_services import SPECS, resolve_services
from target_dynamics_nav.nav.odata_v4_settings import Captions

from .pages_stand_in import serving, settings_for

EDMX = b"""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
 <edmx:DataServices><Schema Namespace="NAV" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <EntityType Name="Purchase_Invoice">
   <Key><PropertyRef Name="Document_Type"/><PropertyRef Name="No"/></Key>
   <Property Name="Document_Type" Type="Edm.String" Nullable="false"/>
   <Property Name="No" Type="Edm.String" MaxLength="20"/>
   <Property Name="Note" Type="Edm.String" MaxLength="max"/>
   <NavigationProperty Name="Purchase_InvoiceFacts" Type="Collection(NAV.Purchase_InvoiceFacts)"/>
   <NavigationProperty Name="Purchase_InvoiceZeilen" Type="Collection(NAV.Purchase_InvoiceZeilen)"/>
  </EntityType>
  <EntityType Name="Purchase_InvoiceFacts"><Property Name="No" Type="Edm.String"/></EntityType>
  <EntityType Name="Purchase_InvoiceZeilen">
   <Property Name="Line_No" Type="Edm.Int32"/><Property Name="Type" Type="Edm.String"/>
   <Property Name="No" Type="Edm.String"/><Property Name="Description" Type="Edm.String" MaxLength="50"/>
   <Property Name="Shortcut_Dimension_1_Code" Type="Edm.String"/>
   <Property Name="ShortcutDimCode_x005B_3_x005D_" Type="Edm.String"/>
   <Property Name="ShortcutDimCode8" Type="Edm.String"/>
   <Property Name="ShortcutDimCode9" Type="Edm.String"/>
  </EntityType>
  <Action Name="Post" IsBound="true"><Parameter Name="bindingParameter" Type="NAV.Purchase_Invoice"/></Action>
  <Action Name="Wrapper_PostPurchaseInvoice"><Parameter Name="docNo" Type="Edm.String"/></Action>
  <EntityContainer Name="NAV">
   <EntitySet Name="Purchase_Invoice" EntityType="NAV.Purchase_Invoice"/>
   <EntitySet Name="Purchase_InvoiceFacts" EntityType="NAV.Purchase_InvoiceFacts"/>
   <EntitySet Name="Purchase_InvoiceZeilen" EntityType="NAV.Purchase_InvoiceZeilen"/>
   <ActionImport Name="Wrapper_PostPurchaseInvoice" Action="NAV.Wrapper_PostPurchaseInvoice"/>
  </EntityContainer>
 </Schema></edmx:DataServices>
</edmx:Edmx>"""


def test_pages_parts_and_actions() -> None:
    metadata = parse_metadata(EDMX)
    page = metadata.pages["Purchase_Invoice"]
    assert page.key == ("Document_Type", "No")
    assert page.fields == {"Document_Type": None, "No": 20, "Note": None}
    assert page.actions == {"Post"}
    lines = metadata.lines_of(page)
    assert lines is not None
    assert lines.entity_set == "Purchase_InvoiceZeilen"
    assert metadata.actions == {"Wrapper_PostPurchaseInvoice": {"docNo": "Edm.String"}}


def test_shortcut_dimensions_in_both_spellings() -> None:
    lines = parse_metadata(EDMX).pages["Purchase_InvoiceZeilen"]
    assert lines.dimension_fields == {
        1: "Shortcut_Dimension_1_Code",
        3: "ShortcutDimCode_x005B_3_x005D_",
        8: "ShortcutDimCode8",
    }


def test_texts_are_cut_where_the_page_says_how_long_they_may_be() -> None:
    page = parse_metadata(EDMX).pages["Purchase_InvoiceZeilen"]
    assert page.fitting("Description", "x" * 49 + " y") == "x" * 49
    assert page.fitting("No", "x" * 400) == "x" * 400


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html><body>Sign in</body></html>",
        b"not xml",
        EDMX.replace(
            b"<edmx:Edmx", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><edmx:Edmx'
        ),
        EDMX[:500],
    ],
)
def test_what_is_no_metadata(document: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        parse_metadata(document)
    assert caught.value.code == "metadata_unreadable"


def test_names_in_any_spelling_and_by_setting() -> None:
    metadata = parse_metadata(EDMX.replace(b"Purchase_Invoice", b"purchaseinvoice"))
    services = resolve_services(metadata, {})
    (shortage,) = (one for one in services.shortages if one.spec.purpose == "purchase_invoices")
    assert shortage.service == "purchaseinvoice"
    assert "Buy_from_Vendor_No" in shortage.fields
    named = resolve_services(parse_metadata(EDMX), {"purchase_invoices": "Nowhere"})
    (missing,) = (one for one in named.shortages if one.spec.purpose == "purchase_invoices")
    assert missing.service is None
    with pytest.raises(ConfigurationError):
        services.require()


def test_the_codeunit_under_another_name() -> None:
    from target_dynamics_nav.nav.factory import build_connection

    http = build_connection(settings_for("https://nav.example")).page_http()
    codeunit = Codeunit(http, parse_metadata(EDMX).actions, "wrapper")
    assert codeunit.action("PostPurchaseInvoice") == "Wrapper_PostPurchaseInvoice"
    assert codeunit.action("SetDimension") is None
    http.close()


def test_every_purpose_says_what_to_publish() -> None:
    assert len({spec.purpose for spec in SPECS}) == len(SPECS)
    assert all(spec.pages.startswith("page ") and spec.fields for spec in SPECS)


def test_captions() -> None:
    captions = Captions({"G/L Account": "Sachkonto", "": "Leer"})
    assert captions.local("G/L Account") == "Sachkonto"
    assert captions.local("Vendor") == "Vendor"
    assert captions.local("") == "Leer"
    assert Captions({}).local("") == " "
    assert captions.english("Leer", frozenset({"", "All"}), "Blocked") == ""
    assert captions.english(" ", frozenset({"", "All"}), "Blocked") == ""
    with pytest.raises(ConfigurationError):
        captions.english("Alle", frozenset({"", "All"}), "Blocked")


def test_a_page_without_dimensions() -> None:
    assert Page("Dimensions", "Dimensions", {"Code": 20}).dimension_fields == {}


def test_the_stand_ins_own_metadata() -> None:
    with serving() as (server, _):
        from target_dynamics_nav.nav.factory import build_connection

        http = build_connection(settings_for(server.url)).page_http()
        services = resolve_services(parse_metadata(http.metadata()), {})
        http.close()
    assert {one.spec.purpose for one in services.shortages} == {"exchange_rates", "bank_accounts"}
