from __future__ import annotations

from typing import Any

import pytest

from expense_sandbox.nav.pages.quirks import PageQuirks
from expense_sandbox.nav.soap.quirks import SoapQuirks

INVOICE = "Purchase_Invoice"


def test_a_create_makes_header_and_lines_at_once(soap: Any, line: Any) -> None:
    created = soap.invoice(
        "k-1 ",
        line(cost="25.50", Description="Taxi", Shortcut_Dimension_1_Code="SALES"),
        line("8440", "10", ShortcutDimCode_x005B_3_x005D_="EU"),
    )
    assert (created["Buy_from_Vendor_Name"], created["Vendor_Invoice_No"]) == ("Ann Ek", "K-1")
    first, second = created["PurchLines"]
    assert (first["Line_No"], first["Type"], first["Direct_Unit_Cost"]) == (
        "10000", "G_L_Account", "25.5",
    )  # fmt: skip
    assert first["Shortcut_Dimension_1_Code"] == "SALES"
    assert (second["Line_No"], second["Description"]) == ("20000", "Hotel")
    assert second["ShortcutDimCode_x005B_3_x005D_"] == "EU"
    assert (second["Total_Amount_Excl_VAT"], second["Total_VAT_Amount"]) == ("35.5", "1")
    assert second["Total_Amount_Incl_VAT"] == "36.5"
    (draft,) = soap.ledger()["drafts"]
    assert draft["lines"][0]["dimensions"] == {"DEPARTMENT": "SALES"}


def test_a_line_that_is_refused_takes_the_header_with_it(
    soap: Any, line: Any, refused: Any
) -> None:
    with pytest.raises(refused) as caught:
        soap.invoice("K-1", line(), line("8320"))
    assert caught.value.exception == "NavTestFieldException"
    assert caught.value.text == (
        "Blocked must be equal to 'No'  in G/L Account: No.=8320. Current value is 'Yes'."
    )
    assert soap.ledger()["drafts"] == []


@pytest.mark.parametrize(
    ("account", "refusal"),
    [
        (
            "99999",
            (
                "NavCSideRecordNotFoundException: The G/L Account does not exist. Identification "
                "fields and values: No.='99999'"
            ),
        ),
        (
            "8000",
            (
                "NavTestFieldException: Account Type must be equal to 'Posting'  in G/L Account: "
                "No.=8000. Current value is 'Begin-Total'."
            ),
        ),
        (
            "5410",
            (
                "NavTestFieldException: Direct Posting must be equal to 'Yes'  in G/L Account: "
                "No.=5410. Current value is 'No'."
            ),
        ),
    ],
)
def test_accounts_that_cannot_be_used(
    soap: Any, line: Any, refused: Any, account: str, refusal: str
) -> None:
    with pytest.raises(refused) as caught:
        soap.invoice("K-1", line(account))
    assert f"{caught.value.exception}: {caught.value.text}" == refusal


@pytest.mark.parametrize(
    ("typed", "taken"),
    [("8630", "86301"), ("84", "8430"), ("airf", "8430"), ("PERIODICALS", "86301")],
)
def test_an_account_number_is_completed_to_another_account(
    soap: Any, line: Any, typed: str, taken: str
) -> None:
    assert soap.invoice("K-1", line(typed))["PurchLines"][0]["No"] == taken


def test_without_completion_the_blocked_account_is_refused(
    start_soap: Any, line: Any, refused: Any
) -> None:
    soap = start_soap(pages=PageQuirks(complete_account_numbers=False))
    with pytest.raises(refused, match="Blocked must be equal to 'No'"):
        soap.invoice("K-1", line("8630"))


def test_a_dimension_value_is_completed(soap: Any, line: Any, refused: Any) -> None:
    created = soap.invoice("K-1", line(Shortcut_Dimension_1_Code="sal"))
    assert created["PurchLines"][0]["Shortcut_Dimension_1_Code"] == "SALES"
    with pytest.raises(refused, match=r"^\w+.*: XYZ is not an available Code for that dimension\."):
        soap.invoice("K-2", line(ShortcutDimCode_x005B_3_x005D_="XYZ"))


def test_global_dimensions_may_meet_the_relation_first(
    start_soap: Any, line: Any, refused: Any
) -> None:
    soap = start_soap(pages=PageQuirks(global_dimension_check="relation"))
    for value in ("SAL", "OLD"):
        with pytest.raises(refused) as caught:
            soap.invoice("K-1", line(Shortcut_Dimension_1_Code=value))
        assert caught.value.exception == "NavCSideValidateTableRelationException"
        assert caught.value.text == (
            f"The field Shortcut Dimension 1 Code of table Purchase Line contains a value ({value})"
            " that cannot be found in the related table (Dimension Value)."
        )


def test_a_position_that_means_nothing_takes_no_value(soap: Any, line: Any, refused: Any) -> None:
    with pytest.raises(refused, match="This Shortcut Dimension is not defined in the General"):
        soap.invoice("K-1", line(ShortcutDimCode_x005B_4_x005D_="X"))


def test_defaults_of_the_vendor_reach_header_and_lines(soap: Any) -> None:
    created = soap.invoice("K-1", vendor="E1002")
    assert created["PurchLines"][0]["ShortcutDimCode_x005B_3_x005D_"] == "US"


@pytest.mark.parametrize(
    ("vendor", "exception", "text"),
    [
        (
            "NOBODY",
            "NavCSideValidateTableRelationException",
            (
                "The field Buy-from Vendor No. of table Purchase Header contains a value (NOBODY) that "
                "cannot be found in the related table (Vendor)."
            ),
        ),
        (
            "E1003",
            "NavNCLDialogException",
            "You cannot create this type of document when Vendor E1003 is blocked with type All",
        ),
    ],
)
def test_vendors_that_cannot_be_used(
    soap: Any, refused: Any, vendor: str, exception: str, text: str
) -> None:
    with pytest.raises(refused) as caught:
        soap.invoice("K-1", vendor=vendor)
    assert (caught.value.exception, caught.value.text) == (exception, text)


def test_numbers_are_nav_s_to_give(start_soap: Any, soap: Any, refused: Any) -> None:
    with pytest.raises(refused) as caught:
        soap.create(INVOICE, "<No>MINE-1</No>")
    assert caught.value.text == (
        "You may not enter numbers manually. If you want to enter numbers manually, please "
        "activate Manual Nos. in No. Series P-INV."
    )
    lenient = start_soap(pages=PageQuirks(number_series_allow_manual=True))
    assert lenient.create(INVOICE, "<No>MINE-1</No>")["No"] == "MINE-1"


def test_the_own_currency_is_blank(soap: Any, refused: Any) -> None:
    assert soap.invoice("K-1", Currency_Code="USD")["Currency_Code"] == "USD"
    with pytest.raises(refused, match=r"contains a value \(EUR\) that cannot be found"):
        soap.invoice("K-2", Currency_Code="EUR")
    assert "Currency_Code" not in soap.invoice("K-3", Currency_Code="")


def test_texts_that_are_too_long(start_soap: Any, soap: Any, line: Any, refused: Any) -> None:
    with pytest.raises(refused) as caught:
        soap.invoice("K-1", line(Description="x" * 51))
    assert caught.value.exception == "NavNCLStringLengthExceededException"
    assert caught.value.text == (
        "The length of the string is 51, but it must be less than or equal to 50 characters. "
        f"Value: {'x' * 51}"
    )
    newer = start_soap(pages=PageQuirks(description_length=100))
    assert newer.invoice("K-1", line(Description="x" * 51))["PurchLines"][0]["Description"] == (
        "x" * 51
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            "<Type>G_L_Account</Type><Quantity>1,5</Quantity>",
            'The value "1,5" can\'t be evaluated into type Decimal.',
        ),
        (
            "<Type>G_L_Account</Type><Quantity>1e3</Quantity>",
            'The value "1e3" can\'t be evaluated into type Decimal.',
        ),
        ("<Type>G/L Account</Type>", "'G/L Account' is not an option. The existing options are: "),
        ("<Type>Resource</Type>", "'Resource' is not an option. The existing options are: "),
        ("<Type>Item</Type><Type>Item</Type>", "The Element <Type> is unexpected."),
        ("<Nope>1</Nope>", "The Element <Nope> is unexpected."),
        ("<Total_Amount_Incl_VAT>5</Total_Amount_Incl_VAT>", "is read-only."),
    ],
)
def test_values_that_are_none(soap: Any, refused: Any, content: str, text: str) -> None:
    with pytest.raises(refused) as caught:
        soap.invoice("K-1", content)
    assert text in caught.value.text


def test_comment_lines_have_no_quantity(soap: Any, refused: Any) -> None:
    created = soap.invoice("K-1", "<Description>Note</Description>")
    assert created["PurchLines"][0]["Type"] == "_blank_"
    with pytest.raises(refused, match="Control 'Quantity' is read-only"):
        soap.invoice("K-2", "<Quantity>1</Quantity>")


def test_some_servers_let_amounts_in_only_once_the_line_is_there(
    start_soap: Any, line: Any, refused: Any
) -> None:
    soap = start_soap(pages=PageQuirks(line_editability="after_insert"))
    with pytest.raises(refused, match='Property "Editable" for Quantity is invalid'):
        soap.invoice("K-1")
    # The way round it: header, then lines, then what is in them.
    created = soap.invoice("K-1", "<Type>G_L_Account</Type><No>8430</No>")
    line_key = created["PurchLines"][0]["Key"]
    updated = soap.update(
        INVOICE,
        f"<Key>{created['Key']}</Key><PurchLines><Purch_Invoice_Line><Key>{line_key}</Key>"
        "<Quantity>1</Quantity><Direct_Unit_Cost>7</Direct_Unit_Cost></Purch_Invoice_Line>"
        "</PurchLines>",
    )
    assert updated["PurchLines"][0]["Line_Amount"] == "7"


@pytest.mark.parametrize(("order", "kept"), [("page", "2026-01-31"), ("sent", "2026-01-15")])
def test_where_posting_dates_set_document_dates_their_order_matters(
    start_soap: Any, order: Any, kept: str
) -> None:
    soap = start_soap(
        pages=PageQuirks(posting_date_sets_document_date=True), soap=SoapQuirks(field_order=order)
    )
    created = soap.invoice("K-1", Document_Date="2026-01-15")
    assert (created["Document_Date"], created["Posting_Date"]) == (kept, "2026-01-31")


def test_blank_dates_are_the_first_of_the_year_one(soap: Any) -> None:
    created = soap.invoice("K-1", Due_Date="0001-01-01")
    assert created["Due_Date"] == "0001-01-01"


def test_an_update_changes_what_it_names_and_leaves_the_rest(soap: Any, line: Any) -> None:
    created = soap.invoice("K-1", line(), line(cost="5"))
    updated = soap.update(
        INVOICE,
        f"<Key>{created['Key']}</Key><Due_Date>2026-03-01</Due_Date>"
        f"<PurchLines><Purch_Invoice_Line>{line('8440', '10')}</Purch_Invoice_Line></PurchLines>",
    )
    assert updated["Due_Date"] == "2026-03-01"
    assert updated["Vendor_Invoice_No"] == "K-1"
    assert [item["No"] for item in updated["PurchLines"]] == ["8430", "8430", "8440"]
    assert updated["Key"] != created["Key"]
    cleared = soap.update(
        INVOICE, f"<Key>{updated['Key']}</Key><Vendor_Invoice_No></Vendor_Invoice_No>"
    )
    assert "Vendor_Invoice_No" not in cleared


@pytest.mark.parametrize(("habit", "due"), [("skipped", "2026-02-24"), ("written", "2026-03-01")])
def test_a_field_sent_as_it_was_may_not_count_as_written(
    start_soap: Any, habit: Any, due: str
) -> None:
    soap = start_soap(soap=SoapQuirks(unchanged_fields=habit))
    created = soap.invoice("K-1", Due_Date="2026-03-01")
    updated = soap.update(
        INVOICE,
        f"<Key>{created['Key']}</Key><Document_Date>2026-02-10</Document_Date>"
        "<Due_Date>2026-03-01</Due_Date>",
    )
    assert updated["Due_Date"] == due  # 14 days, worked out anew


def test_a_stale_key_changes_nothing(soap: Any, refused: Any) -> None:
    created = soap.invoice("K-1")
    soap.update(INVOICE, f"<Key>{created['Key']}</Key><Due_Date>2026-03-01</Due_Date>")
    assert soap.call(INVOICE, "IsUpdated", f"<Key>{created['Key']}</Key>")[0].text == "true"
    for call in (
        lambda: soap.update(INVOICE, f"<Key>{created['Key']}</Key><Due_Date>2026-04-01</Due_Date>"),
        lambda: soap.delete(INVOICE, created["Key"]),
    ):
        with pytest.raises(refused, match=f'Other user has modified "Purchase Header" "Document '
                           f'Type=Invoice, No.={created["No"]}"'):  # fmt: skip
            call()
    assert soap.ledger()["drafts"][0]["due_date"] == "2026-03-01"


def test_keys_of_others_and_no_keys_at_all(soap: Any, refused: Any) -> None:
    (vendor, *_) = soap.read_multiple("Vendor_List", size=1)
    for key in ("rubbish", "1;2;3;4;5", vendor["Key"]):
        with pytest.raises(refused, match="is not valid"):
            soap.delete(INVOICE, key)
    with pytest.raises(refused, match="Parameter Key in method Delete in service Purchase_Invoice"):
        soap.call(INVOICE, "Delete")


def test_deleting_a_line_and_a_draft(soap: Any, line: Any, refused: Any) -> None:
    created = soap.invoice("K-1", line(), line(cost="5"))
    key = created["PurchLines"][1]["Key"]
    result = soap.call(INVOICE, "Delete_PurchLines", f"<PurchLines_Key>{key}</PurchLines_Key>")
    assert result[0].text == "true"
    (draft,) = soap.read_multiple(INVOICE, ("No", created["No"]))
    assert len(draft["PurchLines"]) == 1
    assert draft["PurchLines"][0]["Total_Amount_Incl_VAT"] == "100"
    assert soap.delete(INVOICE, draft["Key"]) == "true"
    assert soap.read_multiple(INVOICE) == []
    with pytest.raises(refused, match="The Purchase Header does not exist"):
        soap.delete(INVOICE, draft["Key"])


def test_another_vendor_would_have_to_be_confirmed(
    start_soap: Any, soap: Any, refused: Any
) -> None:
    created = soap.invoice("K-1")
    with pytest.raises(refused) as caught:
        soap.update(
            INVOICE,
            f"<Key>{created['Key']}</Key><Buy_from_Vendor_No>E1002</Buy_from_Vendor_No>",
        )
    assert caught.value.exception == "NavNCLCallbackNotAllowedException"
    assert "attempted to issue a client callback to show a confirmation" in caught.value.text
    older = start_soap(soap=SoapQuirks(callback_text="not_allowed"))
    created = older.invoice("K-1")
    with pytest.raises(refused, match="Callback functions are not allowed"):
        older.update(
            INVOICE,
            f"<Key>{created['Key']}</Key><Buy_from_Vendor_No>E1002</Buy_from_Vendor_No>",
        )


def test_dimensions_of_the_header_are_settled_once_there_are_lines(soap: Any, refused: Any) -> None:
    with_lines = soap.invoice("K-1", Shortcut_Dimension_1_Code="ADM")
    assert with_lines["PurchLines"][0]["Shortcut_Dimension_1_Code"] == "ADM"
    change = "<Shortcut_Dimension_1_Code>SALES</Shortcut_Dimension_1_Code>"
    with pytest.raises(refused, match="client callback"):
        soap.update(INVOICE, f"<Key>{with_lines['Key']}</Key>{change}")
    without = soap.create(INVOICE, "<Buy_from_Vendor_No>E1001</Buy_from_Vendor_No>")
    changed = soap.update(INVOICE, f"<Key>{without['Key']}</Key>{change}")
    assert changed["Shortcut_Dimension_1_Code"] == "SALES"


def test_lines_need_a_vendor_first(soap: Any, refused: Any) -> None:
    with pytest.raises(refused, match=r"Buy-from Vendor No\. must have a value in Purchase Header"):
        soap.create(INVOICE, "<PurchLines><Purch_Invoice_Line /></PurchLines>")


def test_several_at_once_or_none(soap: Any, refused: Any) -> None:
    def listed(*vendors: str) -> str:
        rows = "".join(
            f"<Purchase_Invoice><Buy_from_Vendor_No>{vendor}</Buy_from_Vendor_No>"
            "</Purchase_Invoice>"
            for vendor in vendors
        )
        return f"<Purchase_Invoice_List>{rows}</Purchase_Invoice_List>"

    with pytest.raises(refused):
        soap.call(INVOICE, "CreateMultiple", listed("E1001", "NOBODY"))
    assert soap.read_multiple(INVOICE) == []
    result = soap.call(INVOICE, "CreateMultiple", listed("E1001", "E1002"))
    assert [row.findtext("{*}Buy_from_Vendor_No") for row in result[0]] == ["E1001", "E1002"]


def test_credit_memos_have_a_page_of_their_own(soap: Any) -> None:
    created = soap.create(
        "Purchase_Credit_Memo",
        "<Buy_from_Vendor_No>E1001</Buy_from_Vendor_No><Vendor_Cr_Memo_No>C-1</Vendor_Cr_Memo_No>"
        "<PurchLines><Purch_Cr_Memo_Line><Type>G_L_Account</Type><No>8430</No>"
        "<Quantity>1</Quantity><Direct_Unit_Cost>9.99</Direct_Unit_Cost></Purch_Cr_Memo_Line>"
        "</PurchLines>",
    )
    assert created["PurchLines"][0]["Total_Amount_Incl_VAT"] == "9.99"
    assert soap.read_multiple(INVOICE) == []
    (listed,) = soap.read_multiple("Purchase_Credit_Memos")
    assert (listed["No"], listed["Vendor_Cr_Memo_No"]) == (created["No"], "C-1")


def test_only_list_pages_cannot_be_written(soap: Any, refused: Any) -> None:
    with pytest.raises(refused, match="The Element <Create> is unexpected"):
        soap.create("Vendor_List", "<No>NEW</No>")
