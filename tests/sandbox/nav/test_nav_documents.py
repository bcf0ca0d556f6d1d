"""Drafts: headers, lines, dimension sets, etags."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav

NO_ID = "00000000-0000-0000-0000-000000000000"
ALREADY = (
    "The dimension set line already exists. Check existing dimension set lines and the default "
    "dimension set lines on the parent."
)
WHOLE = "$expand=dimensionSetLines,purchaseInvoiceLines($expand=dimensionSetLines)"


def dims(entity: dict[str, Any]) -> dict[str, str]:
    return {row["code"]: row["valueCode"] for row in entity["dimensionSetLines"]}


def whole(nav: Nav, draft: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = nav.get(f"purchaseInvoices({draft['id']})?{WHOLE}")
    return document


def test_a_draft_takes_its_defaults_from_vendor_and_date(nav: Nav) -> None:
    draft = nav.create("purchaseInvoices", {"vendorNumber": "E1004", "invoiceDate": "2026-01-10"})
    assert draft["status"] == "Draft"
    assert (draft["postingDate"], draft["dueDate"]) == ("2026-01-10", "2026-01-24")
    assert (draft["currencyCode"], draft["pricesIncludeTax"]) == ("USD", True)
    assert (draft["vendorName"], draft["payToVendorNumber"]) == ("Di Poe", "E1004")
    today = nav.create("purchaseInvoices", {"vendorNumber": "E1001"})
    assert (today["postingDate"], today["invoiceDate"]) == ("2026-02-01", "2026-02-01")
    assert int(today["number"]) == int(draft["number"]) + 1


def test_the_local_currency_may_be_named_and_is_stored_blank(nav: Nav) -> None:
    draft = nav.create("purchaseInvoices", {"vendorNumber": "E1004", "currencyCode": "EUR"})
    assert (draft["currencyCode"], draft["currencyId"]) == ("EUR", NO_ID)
    (stored,) = nav.ledger()["drafts"]
    assert stored["currency_code"] == ""


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"vendorNumber": "NONE"}, None, "The vendor cannot be found."),
        ({"vendorId": NO_ID[:-1] + "1"}, None, "The vendor cannot be found."),
        ({"payToVendorNumber": "NONE"}, None, "The pay-to vendor cannot be found."),
        (
            {"vendorNumber": "E1003"},
            None,
            "You cannot create this type of document when Vendor E1003 is blocked with type All",
        ),
        ({"currencyCode": "XXX"}, None, 'The "currencyCode" does not match to a Currency.'),
        (
            {"currencyId": NO_ID[:-1] + "1"},
            None,
            'The "currencyId" does not match to a Currency.',
        ),
        (
            {"currencyCode": "AUD"},
            "Internal_DataNotFoundFilter",
            (
                "There is no Currency Exchange Rate within the filter.\r\n\r\nFilters: Currency Code: "
                "AUD, Starting Date: ..01/31/26"
            ),
        ),
        (
            {"currencyCode": "USD", "postingDate": "2017-12-31"},
            "Internal_DataNotFoundFilter",
            (
                "There is no Currency Exchange Rate within the filter.\r\n\r\nFilters: Currency Code: "
                "USD, Starting Date: ..12/31/17"
            ),
        ),
        (
            {"shortcutDimension1Code": "NOPE"},
            None,
            'The "valueCode" does not match to a Dimension Value.',
        ),
    ],
)
def test_headers_that_are_refused(
    nav: Nav, fields: dict[str, Any], code: str | None, message: str
) -> None:
    body = {"vendorNumber": "E1001", "postingDate": "2026-01-31", **fields}
    if "vendorId" in fields:
        del body["vendorNumber"]
    refused = nav.refused("POST", "purchaseInvoices", body)
    assert refused == (400, code or "Application_DialogException", message)


def test_a_vendor_blocked_for_payment_still_takes_invoices(nav: Nav) -> None:
    draft = nav.invoice(vendor="E1005")
    assert nav.act(f"purchaseInvoices({draft['id']})").status_code == 204


def test_two_drafts_may_carry_the_same_vendor_number(nav: Nav) -> None:
    nav.invoice("SAME")
    nav.invoice("SAME")
    assert len(nav.rows("purchaseInvoices?$filter=vendorInvoiceNumber eq 'SAME'")) == 2


@pytest.mark.parametrize(
    ("account", "code", "message"),
    [
        ("9999", "Application_DialogException", "Account does not exist."),
        (
            "8320",
            "Application_FieldValidationException",
            "Blocked must be equal to 'No'  in G/L Account: No.=8320. Current value is 'Yes'.",
        ),
        (
            "5410",
            "Application_FieldValidationException",
            (
                "Direct Posting must be equal to 'Yes'  in G/L Account: No.=5410. "
                "Current value is 'No'."
            ),
        ),
        (
            "8000",
            "Application_FieldValidationException",
            (
                "Account Type must be equal to 'Posting'  in G/L Account: No.=8000. "
                "Current value is 'Begin-Total'."
            ),
        ),
    ],
)
def test_accounts_that_cannot_be_used_are_refused_with_the_line(
    nav: Nav, account: str, code: str, message: str
) -> None:
    body = {"vendorNumber": "E1001", "purchaseInvoiceLines": [nav.line(account, "1")]}
    assert nav.refused("POST", "purchaseInvoices", body) == (400, code, message)
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})/purchaseInvoiceLines"
    assert nav.refused("POST", path, nav.line(account, "1")) == (400, code, message)
    account_id = nav.rows("accounts?$filter=number eq '8430'")[0]["id"]
    both = {"accountId": account_id, "itemId": account_id}
    assert nav.refused("POST", path, both)[2] == (
        'Both "itemId" and "accountId" are specified. Specify only one of them.'
    )


def test_a_failed_deep_insert_leaves_nothing_but_a_gap_in_the_numbers(nav: Nav) -> None:
    before = nav.invoice("K-1")
    body = {
        "vendorNumber": "E1001",
        "vendorInvoiceNumber": "K-2",
        "purchaseInvoiceLines": [nav.line("8430", "1"), nav.line("9999", "1")],
    }
    assert nav.refused("POST", "purchaseInvoices", body)[0] == 400
    after = nav.invoice("K-3")
    assert int(after["number"]) == int(before["number"]) + 2
    document = nav.ledger()
    assert [row["external_number"] for row in document["drafts"]] == ["K-1", "K-3"]
    assert document["write_count"] == 2


def test_lines_add_up_with_tax(nav: Nav) -> None:
    lines = [
        nav.line("8430", "10.004", quantity=3),
        nav.line("8430", "0.05", taxCode="VAT10"),
        nav.line("8440", "0.05"),
        nav.line("8430", "-4", taxCode="VAT20"),
    ]
    draft = whole(nav, nav.invoice(purchaseInvoiceLines=lines))
    shown = [
        (row["amountExcludingTax"], row["totalTaxAmount"], row["taxPercent"])
        for row in draft["purchaseInvoiceLines"]
    ]
    # Two halves of a cent of tax make one cent: rounding is carried along within a tax code.
    assert shown == [
        (Decimal("30.01"), 0, 0),
        (Decimal("0.05"), Decimal("0.01"), 10),
        (Decimal("0.05"), 0, 10),
        (-4, Decimal("-0.8"), 20),
    ]
    assert draft["totalAmountExcludingTax"] == Decimal("26.11")
    assert draft["totalTaxAmount"] == Decimal("-0.79")
    assert draft["totalAmountIncludingTax"] == Decimal("25.32")


def test_prices_may_include_tax(nav: Nav) -> None:
    lines = [nav.line("8430", "100", taxCode="VAT20"), nav.line("8430", "0.01", taxCode="VAT20")]
    draft = whole(nav, nav.invoice(pricesIncludeTax=True, purchaseInvoiceLines=lines))
    assert draft["totalAmountIncludingTax"] == Decimal("100.01")
    assert draft["totalAmountExcludingTax"] == Decimal("83.34")
    assert [row["totalTaxAmount"] for row in draft["purchaseInvoiceLines"]] == [
        Decimal("16.67"),
        0,
    ]


def test_prices_include_tax_is_not_writable_everywhere(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(prices_include_tax_writable=False)
    body = {"vendorNumber": "E1001", "pricesIncludeTax": True}
    refused = nav.refused("POST", "purchaseInvoices", body)
    assert refused == (400, "BadRequest", "Control 'pricesIncludeTax' is read-only.")


def test_an_unknown_tax_code(nav: Nav) -> None:
    body = {
        "vendorNumber": "E1001",
        "purchaseInvoiceLines": [nav.line("8430", "1", taxCode="VAT25")],
    }
    status, code, message = nav.refused("POST", "purchaseInvoices", body)
    assert (status, code) == (400, "Internal_InvalidTableRelation")
    assert "(VAT25)" in message


def test_line_fields_are_validated_in_the_order_sent(nav: Nav) -> None:
    draft = nav.invoice(purchaseInvoiceLines=[])
    path = f"purchaseInvoices({draft['id']})/purchaseInvoiceLines"
    wrong_order = {"lineObjectNumber": "8430", "lineType": "Account"}
    assert nav.refused("POST", path, wrong_order)[1] == "Internal_InvalidTableRelation"
    overwritten = nav.create(
        path, {"description": "Mine", "lineType": "Account", "lineObjectNumber": "8430"}
    )
    assert overwritten["description"] == "Airfare"
    kept = nav.create(path, nav.line("8430", "1", description="Mine"))
    assert kept["description"] == "Mine"


def test_or_in_page_order_where_nav_sorts_them(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(field_order="page")
    draft = nav.invoice(purchaseInvoiceLines=[])
    path = f"purchaseInvoices({draft['id']})/purchaseInvoiceLines"
    created = nav.create(
        path, {"description": "Mine", "lineObjectNumber": "8430", "lineType": "Account"}
    )
    assert (created["description"], created["lineType"]) == ("Mine", "Account")


def test_line_numbers(nav: Nav) -> None:
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})/purchaseInvoiceLines"
    assert nav.create(path, nav.line("8430", "1"))["sequence"] == 20000
    assert nav.create(path, nav.line("8430", "1", sequence=15000))["sequence"] == 15000
    assert nav.create(path, nav.line("8430", "1"))["sequence"] == 30000
    message = "You cannot insert a line with a duplicate sequence number."
    assert nav.refused("POST", path, nav.line("8430", "1", sequence=15000))[2] == message
    shown = [row["sequence"] for row in nav.rows(path)]
    assert shown == [10000, 15000, 20000, 30000]


def test_changing_a_line(nav: Nav) -> None:
    draft = whole(nav, nav.invoice())
    path = f"purchaseInvoiceLines({draft['purchaseInvoiceLines'][0]['id']})"
    changed = nav.patch(path, {"quantity": 2, "description": "Twice"})
    assert changed.status_code == 200
    assert changed.json()["amountExcludingTax"] == 200
    assert nav.get(f"purchaseInvoices({draft['id']})")["totalAmountIncludingTax"] == 200
    for body, message in (
        (
            {"sequence": 5},
            "The value for sequence cannot be modified. Delete and insert the line again.",
        ),
        ({"documentId": NO_ID}, 'The value for "documentId" cannot be modified.'),
        ({"lineObjectNumber": "8440"}, 'The value for "lineObjectNumber" cannot be modified.'),
    ):
        assert nav.refusal(nav.patch(path, body)) == (400, "Application_DialogException", message)
    rail = nav.rows("accounts?$filter=number eq '8480'")[0]["id"]
    assert nav.patch(path, {"accountId": rail}).json()["lineObjectNumber"] == "8480"
    comment = nav.patch(path, {"lineType": "Comment"}).json()
    assert (comment["accountId"], comment["lineObjectNumber"]) == (NO_ID, "")
    assert nav.call("DELETE", path).status_code == 204
    assert whole(nav, draft)["purchaseInvoiceLines"] == []


def test_a_line_with_only_a_description_is_a_comment(nav: Nav) -> None:
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})/purchaseInvoiceLines"
    created = nav.create(path, {"description": "As agreed"})
    assert (created["lineType"], created["description"]) == ("Comment", "As agreed")
    to_account = nav.patch(
        f"purchaseInvoiceLines({created['id']})",
        {"accountId": nav.rows("accounts?$filter=number eq '8430'")[0]["id"]},
    ).json()
    assert to_account["lineType"] == "Account"


def test_a_header_can_be_changed_until_it_is_posted(nav: Nav) -> None:
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})"
    changed = nav.patch(path, {"vendorInvoiceNumber": "k-9", "shipToCity": "Ulm"}).json()
    assert (changed["vendorInvoiceNumber"], changed["shipToCity"]) == ("K-9", "Ulm")
    cleared = nav.patch(path, {"shipToCity": ""}).json()
    assert (cleared["vendorInvoiceNumber"], cleared["shipToCity"]) == ("K-9", "")
    refused = nav.refusal(nav.patch(path, {"status": "Open"}))
    assert refused == (400, "BadRequest", "Control 'status' is read-only.")
    assert nav.refusal(nav.patch(path, {"discountAmount": 1}))[0] == 400
    assert nav.act(path).status_code == 204
    message = "The invoice has been posted and can no longer be modified."
    assert nav.refusal(nav.patch(path, {"shipToCity": "Bonn"}))[2] == message
    assert nav.refusal(nav.call("DELETE", path))[2] == message


def test_deleting_a_draft_takes_its_lines_along(nav: Nav) -> None:
    draft = nav.invoice()
    assert nav.call("DELETE", f"purchaseInvoices({draft['id']})").status_code == 204
    assert nav.refused("GET", f"purchaseInvoices({draft['id']})")[0] == 404
    assert nav.rows(f"purchaseInvoiceLines?$filter=documentId eq {draft['id']}") == []


def test_dimensions_are_inherited_from_vendor_header_and_account(nav: Nav) -> None:
    draft = whole(
        nav,
        nav.invoice(
            vendor="E1002",
            dimensionSetLines=[{"code": "DEPARTMENT", "valueCode": "SALES"}],
            purchaseInvoiceLines=[nav.line("8430", "1"), nav.line("8450", "1")],
        ),
    )
    assert dims(draft) == {"AREA": "US", "DEPARTMENT": "SALES"}
    first, second = draft["purchaseInvoiceLines"]
    assert dims(first) == {"AREA": "US", "DEPARTMENT": "SALES"}
    assert dims(second) == {"AREA": "EU", "DEPARTMENT": "SALES"}
    assert draft["shortcutDimension1Code"] == "SALES"


@pytest.mark.parametrize(
    "fields",
    [
        {"vendor": "E1002", "dimensionSetLines": [{"code": "AREA", "valueCode": "US"}]},
        {"lines": [("8450", [{"code": "AREA", "valueCode": "EU"}])]},
        {
            "dimensionSetLines": [{"code": "PROJECT", "valueCode": "P-100"}],
            "lines": [("8430", [{"code": "PROJECT", "valueCode": "P-100"}])],
        },
    ],
)
def test_a_dimension_that_has_arrived_by_default_cannot_be_sent_again(
    nav: Nav, fields: dict[str, Any]
) -> None:
    body = {
        "vendorNumber": fields.get("vendor", "E1001"),
        "dimensionSetLines": fields.get("dimensionSetLines", []),
        "purchaseInvoiceLines": [
            nav.line(account, "1", dimensionSetLines=sent)
            for account, sent in fields.get("lines", [])
        ],
    }
    refused = nav.refused("POST", "purchaseInvoices", body)
    assert refused == (400, "Application_DialogException", ALREADY)
    assert nav.ledger()["drafts"] == []


def test_an_inherited_dimension_can_be_changed(nav: Nav) -> None:
    draft = nav.invoice(vendor="E1002")
    path = f"purchaseInvoices({draft['id']})/dimensionSetLines"
    (area,) = nav.rows(path)
    refused = nav.refusal(nav.call("PATCH", f"{path}({area['id']})", json={"valueCode": "EU"}))
    assert refused[1] == "BadRequest_InvalidToken"
    changed = nav.patch(f"{path}({area['id']})", {"valueCode": "EU"}, area["@odata.etag"])
    assert changed.json()["valueDisplayName"] == "Europe"
    assert nav.rows(path)[0]["valueCode"] == "EU"
    stale = nav.patch(f"{path}({area['id']})", {"valueCode": "US"}, area["@odata.etag"])
    assert stale.status_code == 409
    renamed = nav.patch(f"{path}({area['id']})", {"code": "PROJECT"})
    assert nav.refusal(renamed)[2] == 'The "id" and "code" fields cannot be modified.'
    assert nav.call("DELETE", f"{path}({area['id']})").status_code == 204
    assert nav.rows(path) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"valueCode": "EU"}, 'The "id" or "code" field must be filled in.'),
        ({"code": "AREA"}, 'The "valueId" or "valueCode" field must be filled in.'),
        ({"code": "NOPE", "valueCode": "EU"}, 'The "code" does not match to a Dimension.'),
        (
            {"id": NO_ID[:-1] + "1", "valueCode": "EU"},
            'The "id" does not match to a Dimension.',
        ),
        (
            {"code": "AREA", "valueCode": "SALES"},
            'The "valueCode" does not match to a Dimension Value.',
        ),
        (
            {"code": "AREA", "valueId": NO_ID[:-1] + "1"},
            'The "valueId" does not match to a Dimension Value.',
        ),
        ({"code": "AREA", "valueCode": "EU", "displayName": "x"}, None),
    ],
)
def test_dimension_lines_that_are_refused(
    nav: Nav, body: dict[str, Any], message: str | None
) -> None:
    draft = nav.invoice()
    refused = nav.refused("POST", f"purchaseInvoices({draft['id']})/dimensionSetLines", body)
    if message is None:
        assert refused == (400, "BadRequest", "Control 'displayName' is read-only.")
    else:
        assert refused == (400, "Application_DialogException", message)


def test_dimensions_and_values_that_disagree(nav: Nav) -> None:
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})/dimensionSetLines"
    ids = {row["code"]: row["id"] for row in nav.rows("dimensions")}
    values = {row["code"]: row["id"] for row in nav.rows("dimensionValues")}
    both = {"id": ids["AREA"], "code": "PROJECT", "valueCode": "P-100"}
    assert nav.refused("POST", path, both)[2] == (
        "The dimension field values do not match to a specific Dimension."
    )
    other = {"code": "AREA", "valueId": values["SALES"]}
    assert nav.refused("POST", path, other)[2] == (
        'The values of the "dimensionCode" field and the "dimensionId" field do not refer to the '
        "same Dimension Value."
    )
    by_id = nav.create(path, {"id": ids["AREA"], "valueId": values["EU"]})
    assert (by_id["code"], by_id["valueCode"], by_id["parentId"]) == ("AREA", "EU", draft["id"])
    flat = nav.refused("POST", "dimensionSetLines", {"code": "AREA", "valueCode": "EU"})
    assert flat[2] == "You must get to the parent first to create a dimension set line."


def test_blocked_and_total_values_are_taken_by_a_draft(nav: Nav) -> None:
    draft = nav.invoice(
        dimensionSetLines=[
            {"code": "PROJECT", "valueCode": "P-090"},
            {"code": "DEPARTMENT", "valueCode": "ALL"},
            {"code": "OLDCODE", "valueCode": "X"},
        ]
    )
    assert dims(whole(nav, draft)) == {"PROJECT": "P-090", "DEPARTMENT": "ALL", "OLDCODE": "X"}


def test_the_etag_of_a_document_changes_with_every_write_to_it(nav: Nav) -> None:
    draft = whole(nav, nav.invoice())
    path = f"purchaseInvoices({draft['id']})"
    line = f"purchaseInvoiceLines({draft['purchaseInvoiceLines'][0]['id']})"
    writes: list[Callable[[], Any]] = [
        lambda: nav.patch(path, {"purchaser": "JO"}),
        lambda: nav.patch(line, {"unitCost": 7}),
        lambda: nav.create(f"{path}/purchaseInvoiceLines", nav.line("8430", "1")),
        lambda: nav.create(f"{path}/dimensionSetLines", {"code": "AREA", "valueCode": "EU"}),
        lambda: nav.create(f"{line}/dimensionSetLines", {"code": "AREA", "valueCode": "EU"}),
        lambda: nav.call("DELETE", line),
    ]
    seen = [draft["@odata.etag"]]
    for write in writes:
        write()
        seen.append(nav.get(path)["@odata.etag"])
    assert len(set(seen)) == len(writes) + 1
    assert nav.get(path)["@odata.etag"] == seen[-1]


def test_concurrency_tokens(nav: Nav) -> None:
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})"
    for headers in ({}, {"If-Match": "nonsense"}):
        answer = nav.call("PATCH", path, json={"purchaser": "A"}, headers=headers)
        assert nav.refusal(answer) == (
            400,
            "BadRequest_InvalidToken",
            (
                "Could not validate the client concurrency token required by the service. Please "
                "provide a valid token in the client request."
            ),
        )
    first = nav.get(path)["@odata.etag"]
    assert nav.patch(path, {"purchaser": "A"}, first).status_code == 200
    stale = (409, "Request_EntityChanged", "Another user has already changed the record.")
    assert nav.refusal(nav.patch(path, {"purchaser": "B"}, first)) == stale
    assert nav.refused("DELETE", path, None, If_Match=first) == stale
    assert nav.refused("POST", f"{path}/Microsoft.NAV.post", None, If_Match=first) == stale
    now = nav.get(path)["@odata.etag"]
    posted = nav.call("POST", f"{path}/Microsoft.NAV.post", headers={"If-Match": now})
    assert posted.status_code == 204


def test_create_answers_with_location_and_header_only(nav: Nav) -> None:
    body = {"vendorNumber": "E1001", "purchaseInvoiceLines": [nav.line("8430", "1")]}
    answer = nav.call("POST", "purchaseInvoices", json=body)
    created = answer.json()
    assert answer.headers["Location"] == f"{nav.company}/purchaseInvoices({created['id']})"
    assert answer.headers["OData-Version"] == "4.0"
    assert created["@odata.context"].endswith(f"({nav.company_id})/purchaseInvoices/$entity")
    assert "purchaseInvoiceLines" not in created
    expanded = nav.call("POST", f"purchaseInvoices?{WHOLE}&$select=id,number", json=body).json()
    assert set(expanded) == {
        "@odata.context",
        "@odata.etag",
        "id",
        "number",
        "dimensionSetLines",
        "purchaseInvoiceLines",
    }
    quiet = nav.call("POST", "purchaseInvoices", json=body, headers={"Prefer": "return-no-content"})
    assert (quiet.status_code, quiet.content) == (204, b"")


def test_expand_on_create_may_be_ignored(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(expand_on_post=False)
    body = {"vendorNumber": "E1001", "purchaseInvoiceLines": [nav.line("8430", "1")]}
    created = nav.create(f"purchaseInvoices?{WHOLE}", body)
    assert "purchaseInvoiceLines" not in created


def test_discounts_on_lines(nav: Nav) -> None:
    lines = [
        nav.line("8430", "33.33", quantity=3, discountPercent=10),
        nav.line("8430", "10", discountAmount=2.5),
    ]
    draft = whole(nav, nav.invoice(purchaseInvoiceLines=lines))
    first, second = draft["purchaseInvoiceLines"]
    assert (first["discountAmount"], first["amountExcludingTax"]) == (10, Decimal("89.99"))
    assert (second["discountPercent"], second["amountExcludingTax"]) == (25, Decimal("7.5"))


def test_credit_memos_are_drafted_alike(nav: Nav) -> None:
    body = {
        "vendorNumber": "E1001",
        "creditMemoDate": "2026-01-20",
        "vendorCreditMemoNumber": "cm-1",
        "purchaseCreditMemoLines": [nav.line("8430", "12.5")],
    }
    memo = nav.create("purchaseCreditMemos", body)
    assert (memo["vendorCreditMemoNumber"], memo["postingDate"]) == ("CM-1", "2026-01-20")
    assert memo["totalAmountIncludingTax"] == Decimal("12.5")
    path = f"purchaseCreditMemos({memo['id']})/purchaseCreditMemoLines"
    unknown = nav.refused("POST", path, {"description2": "x"})
    assert unknown[2].startswith("The property 'description2' does not exist on type ")
    assert nav.rows("purchaseInvoices") == []
    assert nav.refused("GET", f"purchaseInvoices({memo['id']})")[0] == 404
