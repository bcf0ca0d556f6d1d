from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from expense_sandbox.nav.pages.quirks import PageQuirks
from expense_sandbox.nav.soap.quirks import SoapQuirks
from expense_sandbox.seeds import VendorSeed

ACCOUNTS = "GL_Account_Card"
VENDORS = "Vendor_List"


def numbers(rows: list[dict[str, Any]]) -> list[str]:
    return [row["No"] for row in rows]


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        ("8430", ["8430"]),
        ("8430|8440", ["8430", "8440"]),
        ("8400..8499", ["8430", "8440"]),
        ("..5410", ["2910", "5410"]),
        ("8630..", ["8630", "86301"]),
        (">=8510&<>8630", ["8510", "86301"]),
        ("<5000|>86", ["2910", "8630", "86301"]),
        ("84*", ["8430", "8440"]),
        ("84?0", ["8430", "8440"]),
        ("(8430|8440)&<>8440", ["8430"]),
        ("=8430", ["8430"]),
        ("'8430'", ["8430"]),
        ("'84*'", []),
    ],
)
def test_nav_s_filters(soap: Any, criteria: str, found: list[str]) -> None:
    assert numbers(soap.read_multiple(ACCOUNTS, ("No", criteria))) == found


@pytest.mark.parametrize(
    ("field", "criteria", "found"),
    [
        ("Name", "Bo & Li", []),
        ("Name", "'Bo & Li'", ["E1002"]),
        ("Name", "@*ek", ["E1001"]),
        ("Name", "*EK", []),
        ("Blocked", "All", ["E1003"]),
        ("Blocked", "<>All", ["E1001", "E1002", "E1004"]),
        ("Blocked", "' '", ["E1001", "E1002", "E1004"]),
        ("Blocked", "2", ["E1003"]),
        ("Currency_Code", "''", ["E1001", "E1002", "E1003"]),
        ("Currency_Code", "usd", ["E1004"]),
        ("Prices_Including_VAT", "No", ["E1001", "E1002", "E1003", "E1004"]),
    ],
)
def test_filters_on_every_type(soap: Any, field: str, criteria: str, found: list[str]) -> None:
    assert numbers(soap.read_multiple(VENDORS, (field, criteria))) == found


def test_filters_on_dates_and_amounts(start_soap: Any, soap: Any, line: Any, refused: Any) -> None:
    soap.invoice("K-1", line(cost="10"))
    soap.invoice("K-2", line(cost="20"), Due_Date="2026-05-05")

    def found(field: str, criteria: str) -> list[str]:
        rows = soap.read_multiple("Purchase_Invoices", (field, criteria))
        return [row["Vendor_Invoice_No"] for row in rows]

    assert found("Due_Date", "2026-05-05") == ["K-2"]
    assert found("Due_Date", "..2026-04-01") == ["K-1"]
    assert found("Amount", ">10") == ["K-2"]
    assert found("Amount", "10..20") == ["K-1", "K-2"]
    with pytest.raises(refused) as caught:
        found("Due_Date", "05/05/26")
    assert caught.value.text == (
        'The filter "05/05/26" is not valid for the Due Date field on the Purchase Header table.'
    )
    american = start_soap(soap=SoapQuirks(date_criteria="en-US"))
    american.invoice("K-3", Due_Date="2026-05-05")
    for criteria in ("05/05/26", "5/5/2026"):
        assert american.read_multiple("Purchase_Invoices", ("Due_Date", criteria))
    with pytest.raises(refused, match="is not valid"):
        american.read_multiple("Purchase_Invoices", ("Due_Date", "2026-05-05"))


@pytest.mark.parametrize(
    ("field", "criteria"),
    [("No", "(8430"), ("No", "8430|"), ("No", ".."), ("No", "'8430"), ("Blocked", "perhaps"),
     ("Account_Type", "Begin_Total"), ("No", "&")],
)  # fmt: skip
def test_filters_that_are_none(soap: Any, refused: Any, field: str, criteria: str) -> None:
    with pytest.raises(refused, match=r"The filter .* is not valid for the"):
        soap.read_multiple(ACCOUNTS, (field, criteria))


def test_filters_combine(soap: Any, refused: Any) -> None:
    rows = soap.read_multiple(ACCOUNTS, ("No", "8*"), ("Blocked", "No"), ("No", "<>8430"))
    assert numbers(rows) == ["8000", "8440", "8510", "86301"]
    with pytest.raises(refused, match="'Nope' is not a field of the service"):
        soap.read_multiple(ACCOUNTS, ("Nope", "1"))


def test_an_empty_filter_or_none_shows_everything(start_soap: Any, soap: Any, refused: Any) -> None:
    everyone = ["E1001", "E1002", "E1003", "E1004"]
    assert numbers(soap.read_multiple(VENDORS)) == everyone
    assert numbers(soap.read_multiple(VENDORS, ("No", ""))) == everyone
    strict = start_soap(soap=SoapQuirks(filter_may_be_absent=False))
    with pytest.raises(refused, match="Parameter filter in method ReadMultiple"):
        strict.read_multiple(VENDORS)


def test_pages_by_bookmark(soap: Any) -> None:
    seen: list[str] = []
    bookmark = ""
    while rows := soap.read_multiple(VENDORS, size=3, bookmark=bookmark):
        assert len(rows) <= 3
        seen += numbers(rows)
        bookmark = rows[-1]["Key"]
    assert seen == ["E1001", "E1002", "E1003", "E1004"]
    backwards = soap.read_multiple(VENDORS, size=-2, bookmark=bookmark)
    assert numbers(backwards) == ["E1002", "E1003"]


def test_reading_one_by_its_number(soap: Any, refused: Any) -> None:
    def read(number: str) -> Any:
        return soap.call(VENDORS, "Read", f"<No>{number}</No>")

    assert read("E1001")[0].findtext("{*}Name") == "Ann Ek"
    assert read("e1001")[0].findtext("{*}No") == "E1001"
    assert len(read("NOBODY")) == 0
    key = read("E1001")[0].findtext("{*}Key")
    record_id = soap.call(VENDORS, "GetRecIdFromKey", f"<Key>{key}</Key>")[0].text
    assert record_id == "Vendor: E1001"
    again = soap.call(VENDORS, "ReadByRecId", f"<recId>{record_id}</recId>")
    assert again[0].findtext("{*}No") == "E1001"
    with pytest.raises(refused, match="Parameter No in method Read in service Vendor_List is null"):
        soap.call(VENDORS, "Read")


def test_values_on_the_wire(soap: Any) -> None:
    by_number = {row["No"]: row for row in soap.read_multiple(ACCOUNTS)}
    assert by_number["8000"]["Account_Type"] == "Begin_Total"
    assert by_number["8320"]["Blocked"] == "true"
    assert by_number["5410"]["Direct_Posting"] == "false"
    (first, *_) = soap.read_multiple(VENDORS)
    assert first["Blocked"] == "_blank_"
    assert "Currency_Code" not in first
    (setup,) = soap.read_multiple("General_Ledger_Setup")
    assert (setup["Allow_Posting_From"], setup["Allow_Posting_To"]) == ("2018-01-01", "2026-12-31")
    assert [setup.get(f"Shortcut_Dimension_{n}_Code") for n in (1, 2, 3, 4)] == [
        "DEPARTMENT", "PROJECT", "AREA", None,
    ]  # fmt: skip
    values = soap.read_multiple("Dimension_Value_List", ("Dimension_Code", "DEPARTMENT"))
    assert [(row["Code"], row["Blocked"]) for row in values] == [
        ("ADM", "false"), ("OLD", "true"), ("SALES", "false"),
    ]  # fmt: skip
    defaults = soap.read_multiple("Default_Dimensions", ("Table_ID", "15"))
    assert [(row["No"], row["Value_Posting"]) for row in defaults] == [("8510", "Code_Mandatory")]


def test_empty_texts_are_left_out_or_sent_empty(start_soap: Any, soap: Any) -> None:
    assert "Currency_Code" not in soap.read_multiple(VENDORS)[0]
    wordy = start_soap(soap=SoapQuirks(empty_texts="sent"))
    row = wordy.read_multiple(VENDORS)[0]
    assert "Currency_Code" in row
    assert row["Currency_Code"] is None


def test_the_chart_of_accounts_does_not_say_what_is_blocked(start_soap: Any, soap: Any) -> None:
    assert "Blocked" not in soap.read_multiple("Chart_of_Accounts")[0]
    newer = start_soap(pages=PageQuirks(chart_of_accounts_shows_blocked=True))
    assert newer.read_multiple("Chart_of_Accounts")[0]["Blocked"] == "false"


def test_shortcut_dimensions_have_two_spellings(start_soap: Any, line: Any) -> None:
    newer = start_soap(pages=PageQuirks(shortcut_dimension_names="numbered"))
    created = newer.invoice("K-1", line(ShortcutDimCode3="EU"))
    assert created["PurchLines"][0]["ShortcutDimCode3"] == "EU"


def test_data_may_hold_what_xml_may_not(start_soap: Any, cronus: Any) -> None:
    soap = start_soap(replace(cronus, vendors=(VendorSeed("E1", "Di\x1fPoe"),)))
    namespace = "urn:microsoft-dynamics-schemas/page/vendor_list"
    body = f'<ReadMultiple xmlns="{namespace}"><setSize>0</setSize></ReadMultiple>'
    answer = soap.send(soap.url(VENDORS), body)
    assert answer.status_code == 200
    assert "<Name>Di&#x1F;Poe</Name>" in answer.text


def test_messages_have_a_limit(start_soap: Any, refused: Any) -> None:
    soap = start_soap(soap=SoapQuirks(maximum_message_bytes=1200))
    with pytest.raises(refused, match=r"maximum message size quota .* \(1200\) has been exceeded"):
        soap.read_multiple(VENDORS)
    assert len(soap.read_multiple(VENDORS, size=1)) == 1
    answer = soap.send(soap.url(VENDORS), "<x/>" + " " * 2000)
    assert answer.status_code == 413


def test_another_language_changes_texts_and_captions_but_no_option_names(
    start_soap: Any, line: Any, refused: Any
) -> None:
    soap = start_soap(soap=SoapQuirks(language="de-DE"))
    assert soap.read_multiple(ACCOUNTS, ("No", "8000"))[0]["Account_Type"] == "Begin_Total"
    assert numbers(soap.read_multiple(ACCOUNTS, ("Account_Type", "Von-Summe"))) == ["8000"]
    with pytest.raises(refused, match="is not valid"):
        soap.read_multiple(ACCOUNTS, ("Account_Type", "Begin-Total"))
    with pytest.raises(refused) as caught:
        soap.invoice("K-1", line("8320"))
    assert caught.value.exception == "NavTestFieldException"
    assert caught.value.text == (
        "Gesperrt muss 'Nein' sein in Sachkonto: Nr.=8320. Aktueller Wert ist 'Ja'."
    )
