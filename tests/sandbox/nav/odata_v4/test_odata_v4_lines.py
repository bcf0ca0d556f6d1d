"""What happens to a line's fields, one after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from expense_sandbox.seeds import AccountSeed, CompanySeed, VendorSeed

LINES = "Purchase_InvoicePurchLines"


def _line(number: str, position: int = 10000) -> str:
    return f"{LINES}(Document_Type='Invoice',Document_No='{number}',Line_No={position})"


@pytest.mark.parametrize(
    ("account", "code", "message"),
    [
        (
            "99999",
            "Internal_RecordNotFound",
            "The G/L Account does not exist. Identification fields and values: No.='99999'",
        ),
        (
            "8000",
            "Application_FieldValidationException",
            (
                "Account Type must be equal to 'Posting'  in G/L Account: No.=8000. Current value is "
                "'Begin-Total'."
            ),
        ),
        (
            "8320",
            "Application_FieldValidationException",
            "Blocked must be equal to 'No'  in G/L Account: No.=8320. Current value is 'Yes'.",
        ),
        (
            "5410",
            "Application_FieldValidationException",
            (
                "Direct Posting must be equal to 'Yes'  in G/L Account: No.=5410. Current value is "
                "'No'."
            ),
        ),
    ],
)
def test_accounts_refused(pages: Any, account: str, code: str, message: str) -> None:
    number = pages.draft()
    body = pages.line_body(number, account, 1)
    assert pages.refused("POST", LINES, body) == (400, code, message)
    assert pages.rows(LINES) == []


@pytest.mark.parametrize(
    ("typed", "taken"), [("84", "8430"), ("Meal", "8450"), ("HOTEL", "8440"), ("Aifare", "8430")]
)
def test_what_is_typed_may_become_another_account(
    start_pages: Callable[..., Any], typed: str, taken: str
) -> None:
    pages = start_pages()
    number = pages.draft()
    assert pages.line(number, typed, 1)["No"] == taken
    pages.control("POST", "quirks", {"pages": {"complete_account_numbers": False}})
    refusal = pages.refused("POST", LINES, pages.line_body(number, typed, 1))
    assert refusal[1] == "Internal_RecordNotFound"


def test_a_blocked_account_silently_becomes_the_one_that_begins_like_it(
    start_nav: Callable[..., Any], pages: Any
) -> None:
    company = CompanySeed(
        "CRONUS Europe",
        "EUR",
        (AccountSeed("8630", "Old", blocked=True), AccountSeed("86301", "New")),
        (VendorSeed("E1001", "Ann Ek"),),
    )
    other = type(pages)(start_nav(company))
    assert other.line(other.draft(), "8630", 1)["No"] == "86301"


def test_dimension_values_are_completed_too(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(pages={"global_dimension_check": "completion"})
    number = pages.draft()
    line = pages.line(number, "8430", 1, Shortcut_Dimension_1_Code="SAL")
    assert line["Shortcut_Dimension_1_Code"] == "SALES"
    body = pages.line_body(number, "8430", 1, ShortcutDimCode_x005B_3_x005D_="XX")
    assert pages.refused("POST", LINES, body)[2] == (
        "XX is not an available Code for that dimension."
    )
    pages.control("POST", "quirks", {"pages": {"complete_dimension_values": False}})
    body = pages.line_body(number, "8430", 1, Shortcut_Dimension_1_Code="SAL")
    assert pages.refused("POST", LINES, body)[2] == (
        "SAL is not an available Code for that dimension."
    )
    pages.control("POST", "quirks", {"pages": {"global_dimension_check": "relation"}})
    assert pages.refused("POST", LINES, body)[2] == (
        "The field Shortcut Dimension 1 Code of table Purchase Line contains a value (SAL) that "
        "cannot be found in the related table (Dimension Value)."
    )


def test_a_position_without_dimension(pages: Any) -> None:
    body = pages.line_body(pages.draft(), "8430", 1, ShortcutDimCode_x005B_7_x005D_="X")
    assert pages.refused("POST", LINES, body)[:2] == (400, "Application_DialogException")


def test_the_type_decides_what_can_be_edited(start_pages: Callable[..., Any]) -> None:
    pages = start_pages()
    number = pages.draft()
    early = {
        "Document_Type": "Invoice",
        "Document_No": number,
        "Quantity": 1,
        "Type": "G/L Account",
        "No": "8430",
    }
    assert pages.refused("POST", LINES, early) == (
        400,
        "BadRequest_InvalidOperation",
        "Control 'Quantity' is read-only.",
    )
    pages.control("POST", "quirks", {"pages": {"line_editability": "after_insert"}})
    body = pages.line_body(number, "8430", 1)
    status, code, message = pages.refused("POST", LINES, body)
    assert (status, code) == (400, "Unknown")
    assert message.startswith('Property "Editable" for Quantity is invalid.')
    bare = {name: body[name] for name in ("Document_Type", "Document_No", "Type", "No")}
    pages.create(LINES, bare)
    changed = pages.call(
        "PATCH",
        _line(number),
        json={"Quantity": 1, "Direct_Unit_Cost": 7.5},
        headers={"If-Match": "*"},
    )
    assert (changed.status_code, changed.json()["Line_Amount"]) == (200, 7.5)


def test_a_copy_of_the_page_may_be_editable_at_all_times(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(pages={"line_editability": "always"})
    number = pages.draft()
    body = {"Document_Type": "Invoice", "Document_No": number, "Quantity": 2, "Type": " "}
    assert pages.create(LINES, body)["Quantity"] == 2


def test_errors_in_another_language(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(odata_v4={"language": "de-DE"})
    _, code, message = pages.refused("POST", "Purchase_Invoice", {"Buy_from_Vendor_No": "E9"})
    assert code == "Internal_InvalidTableRelation"
    assert message.endswith("der nicht in der verknüpften Tabelle (Kreditor) gefunden werden kann.")


def test_in_page_order_the_body_may_come_in_any(start_pages: Callable[..., Any]) -> None:
    pages = start_pages(field_order="page")
    body = dict(reversed(pages.line_body(pages.draft(), "8430", 3).items()))
    assert pages.create(LINES, body)["Line_Amount"] == 3


def test_a_comment_line_has_no_quantity(pages: Any) -> None:
    number = pages.draft()
    comment = {"Document_Type": "Invoice", "Document_No": number, "Description": "See report"}
    created = pages.create(LINES, comment)
    assert (created["Type"], created["Description"]) == (" ", "See report")
    patch = pages.refused("PATCH", _line(number), {"Quantity": 1}, If_Match="*")
    assert patch[1] == "BadRequest_InvalidOperation"
