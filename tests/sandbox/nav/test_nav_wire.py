"""Names, types, query options: what OData on NAV takes and refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav

NO_ID = "00000000-0000-0000-0000-000000000000"


def test_companies_come_without_etag_and_cannot_be_written(nav: Nav) -> None:
    companies = nav.rows(f"{nav.root}/companies")
    assert [row["name"] for row in companies] == ["CRONUS Europe", "CRONUS Services"]
    assert list(companies[0]) == [
        "id",
        "systemVersion",
        "timestamp",
        "name",
        "displayName",
        "businessProfileId",
        "systemCreatedAt",
        "systemCreatedBy",
        "systemModifiedAt",
        "systemModifiedBy",
    ]
    status, code, message = nav.refused("POST", f"{nav.root}/companies", {"name": "X"})
    assert (status, code) == (405, "BadRequest_MethodNotAllowed")
    assert message == (
        "'POST' requests for 'companies' of EdmType 'Entity' are not allowed within Microsoft "
        "Dynamics NAV OData web services."
    )


def test_a_company_is_chosen_by_id_or_name_never_by_default(nav: Nav) -> None:
    numbers = {row["number"] for row in nav.rows("vendors")}
    for company in (nav.company_id, "CRONUS Europe", "cronus europe"):
        answer = nav.call("GET", f"{nav.root}/vendors", params={"company": company})
        assert {row["number"] for row in answer.json()["value"]} == numbers
    assert nav.refused("GET", f"{nav.root}/vendors")[0] == 400


@pytest.mark.parametrize("status", [404, 400])
def test_an_unknown_company(start_nav: Callable[..., Nav], status: int) -> None:
    nav = start_nav(missing_company_status=status)
    refused = nav.refused("GET", f"{nav.root}/companies({NO_ID})/vendors")
    assert refused[:2] == (status, "Internal_CompanyNotFound")
    named = nav.refused("GET", f"{nav.root}/vendors?company=Nowhere")
    assert named[:2] == (status, "Internal_CompanyNotFound")


@pytest.mark.parametrize("prefix", ["/v2.0/Production", "/v2.0/tenant-1/Production", "/BC230", ""])
def test_base_urls_of_every_kind_of_installation(nav: Nav, prefix: str) -> None:
    page = nav.get(f"{nav.server.url}{prefix}/api/v2.0/companies")
    assert page["@odata.context"] == f"{nav.server.url}{prefix}/api/v2.0/$metadata#companies"


def test_blanks_are_never_null(nav: Nav) -> None:
    draft = nav.create("purchaseInvoices", {"vendorNumber": "E1001"})
    assert all(value is not None for value in draft.values())
    assert draft["orderId"] == NO_ID
    assert draft["currencyId"] == NO_ID
    assert draft["currencyCode"] == "EUR"
    setup = nav.rows("generalLedgerSetup")[0]
    assert (setup["allowPostingFrom"], setup["allowPostingTo"]) == ("2018-01-01", "2026-12-31")
    assert setup["localCurrencyCode"] == "EUR"
    assert setup["shortcutDimension1Code"] == "DEPARTMENT"
    assert setup["shortcutDimension8Code"] == ""
    line_ = nav.create(
        f"purchaseInvoices({draft['id']})/purchaseInvoiceLines", {"description": "note"}
    )
    assert line_["expectedReceiptDate"] == "0001-01-01"
    assert line_["lineType"] == "Comment"


def test_amounts_are_json_numbers_exact_to_the_digit(nav: Nav) -> None:
    draft = nav.invoice(purchaseInvoiceLines=[nav.line("8430", "0.1"), nav.line("8430", "0.2")])
    answer = nav.call("GET", f"purchaseInvoices({draft['id']})")
    assert '"totalAmountIncludingTax":0.3,' in answer.text
    as_text = nav.get(
        f"purchaseInvoices({draft['id']})", Accept="application/json;IEEE754Compatible=true"
    )
    assert Decimal(as_text["totalAmountIncludingTax"]) == Decimal("0.30")


def test_enums_are_encoded_on_read_and_taken_either_way(nav: Nav) -> None:
    by_number = {row["number"]: row for row in nav.rows("accounts")}
    assert by_number["8000"]["accountType"] == "Begin_x002D_Total"
    vendors = {row["number"]: row["blocked"] for row in nav.rows("vendors")}
    assert (vendors["E1001"], vendors["E1003"]) == ("_x0020_", "All")
    journal = nav.create("journals", {"code": "A"})
    for given in ("G/L Account", "G_x002F_L_x0020_Account"):
        created = nav.create(f"journals({journal['id']})/journalLines", {"accountType": given})
        assert created["accountType"] == "G_x002F_L_x0020_Account"
    for caption in ("Begin-Total", "Begin_x002D_Total"):
        rows = nav.rows(f"accounts?$filter=accountType eq '{caption}'")
        assert [row["number"] for row in rows] == ["8000"]
    status, code, message = nav.refused(
        "POST", f"journals({journal['id']})/journalLines", {"accountType": "Invalid Type"}
    )
    assert (status, code) == (400, "Unknown")
    assert message.startswith("'Invalid Type' is not an option. The existing options are: ")


def test_codes_are_trimmed_and_upper_cased(nav: Nav) -> None:
    draft = nav.invoice(number=" e-7a ", vendor="e1001")
    assert (draft["vendorInvoiceNumber"], draft["vendorNumber"]) == ("E-7A", "E1001")
    found = nav.rows("purchaseInvoices?$filter=vendorInvoiceNumber eq 'e-7A'")
    assert [row["id"] for row in found] == [draft["id"]]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (
            {"vendorNumber": "E1001", "externalDocumentNumber": "K"},
            "BadRequest",
            (
                "The property 'externalDocumentNumber' does not exist on type "
                "'Microsoft.NAV.purchaseInvoice'. Make sure to only use property names that are "
                "defined by the type."
            ),
        ),
        (
            {"vendorNumber": "E1001", "vendorName": "Ann"},
            "BadRequest",
            "Control 'vendorName' is read-only.",
        ),
        (
            {"vendorNumber": "E1001", "number": "1"},
            "BadRequest",
            "Control 'number' is read-only.",
        ),
        (
            {"vendorNumber": "E1001", "vendorInvoiceNumber": "K" * 36},
            "Application_StringExceededLength",
            (
                "The length of the string is 36, but it must be less than or equal to 35 characters. "
                f"Value: {'K' * 36}"
            ),
        ),
        ({"vendorNumber": "E1001", "postingDate": "31/01/2026"}, "BadRequest", None),
        ({"vendorNumber": "E1001", "postingDate": 20260131}, "BadRequest", None),
        ({"vendorNumber": 1001}, "BadRequest", None),
        ({"vendorId": "E1001"}, "BadRequest", None),
        ({"vendorNumber": "E1001", "pricesIncludeTax": "true"}, "BadRequest", None),
        ([{"vendorNumber": "E1001"}], "BadRequest", "Invalid Request Body"),
        (
            {},
            "Application_DialogException",
            'A "vendorNumber" or a "vendorID" must be provided.',
        ),
    ],
)
def test_bodies_that_do_not_fit_are_refused(
    nav: Nav, body: object, code: str, message: str | None
) -> None:
    status, actual_code, actual = nav.refused("POST", "purchaseInvoices", body)
    assert (status, actual_code) == (400, code)
    if message is None:
        assert actual.startswith("Unable to convert value to ")
    else:
        assert actual == message
    assert nav.rows("purchaseInvoices") == []


def test_malformed_json(nav: Nav) -> None:
    for body in (b"{", b"", b"\xff", b'{"vendorNumber": NaN}'):
        answer = nav.call("POST", "purchaseInvoices", data=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "BadRequest")
        assert error["message"].startswith("Invalid Request Body  CorrelationId:  ")


def test_a_post_without_a_length_is_stopped_at_the_door(nav: Nav) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", nav.server.port, timeout=10)
    connection.putrequest("POST", "/api/v2.0/$batch")
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("purchaseInvoicess", 404, "BadRequest_ResourceNotFound"),
        (f"purchaseInvoices/{NO_ID}", 404, "BadRequest_NotFound"),
        ("purchaseInvoices('1')", 404, "BadRequest_NotFound"),
        (f"purchaseInvoices({NO_ID})", 404, "BadRequest_ResourceNotFound"),
        (f"purchaseInvoices({NO_ID})/purchaseInvoiceLines", 404, "BadRequest_ResourceNotFound"),
        ("accounts?$filter=nothing eq 'x'", 400, "BadRequest"),
        ("accounts?$select=nothing", 400, "BadRequest"),
        ("accounts?$expand=nothing", 400, "BadRequest"),
        ("accounts?$orderby=nothing", 400, "BadRequest"),
        ("accounts?$filter=number eq", 400, "BadRequest"),
        ("accounts?$filter=number eq 1", 400, "BadRequest"),
        ("accounts?$filter=concat(number,'1') eq '1'", 400, "BadRequest"),
        ("accounts?$search=x", 400, "BadRequest"),
        ("accounts?$top=x", 400, "BadRequest"),
        ("accounts?$skiptoken=eA", 400, "SkipTokenIsNoLongerValid"),
    ],
)
def test_urls_that_lead_nowhere(nav: Nav, path: str, status: int, code: str) -> None:
    assert nav.refused("GET", path)[:2] == (status, code)


def test_a_missing_record_as_the_other_kind_of_tenant_words_it(
    start_nav: Callable[..., Nav],
) -> None:
    nav = start_nav(missing_record_code="Internal_RecordNotFound", missing_record_status=400)
    assert nav.refused("GET", f"vendors({NO_ID})")[:2] == (400, "Internal_RecordNotFound")


@pytest.mark.parametrize(
    "path",
    ["accounts", "dimensions", "dimensionValues", "generalLedgerEntries", "generalLedgerSetup"],
)
def test_read_only_sets_take_no_writes(nav: Nav, path: str) -> None:
    assert nav.refused("POST", path, {})[:2] == (405, "BadRequest_MethodNotAllowed")
    first = next(iter(nav.rows(path)), {"id": NO_ID})
    for method in ("PATCH", "DELETE", "PUT"):
        status, code, _ = nav.refused(method, f"{path}({first['id']})", {}, If_Match="*")
        assert (status, code) == (405, "BadRequest_MethodNotAllowed")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "purchaseInvoiceLines",
            "You must specify an Id or a Document Id to get the lines.",
        ),
        (
            "purchaseCreditMemoLines",
            "You must specify an Id or a Document Id to get the lines.",
        ),
        (
            "journalLines",
            "You must specify a journal batch ID or a journal ID to get a journal line.",
        ),
        ("dimensionSetLines", "You must get to the parent first to get to the dimension set line."),
        ("defaultDimensions", "You must get to the parent first to get to the default dimensions."),
    ],
)
def test_flat_lists_without_a_parent_are_refused(nav: Nav, path: str, message: str) -> None:
    assert nav.refused("GET", path) == (400, "Application_DialogException", message)


def test_lines_are_found_below_their_document_and_by_its_id(nav: Nav) -> None:
    draft = nav.invoice()
    nav.invoice("K-2")
    nested = nav.rows(f"purchaseInvoices({draft['id']})/purchaseInvoiceLines")
    filtered = nav.rows(f"purchaseInvoiceLines?$filter=documentId eq {draft['id']}")
    alone = nav.get(f"purchaseInvoiceLines({nested[0]['id']})")
    assert nested == filtered
    assert nested[0].items() <= alone.items()
    assert nav.rows(f"purchaseCreditMemoLines?$filter=documentId eq {draft['id']}") == []


FILTERS = [
    ("number eq '8430'", ["8430"]),
    ("number ne '8430' and number ge '8430' and number lt '8460'", ["8440", "8450"]),
    ("number eq '8430' or number eq '8450'", ["8430", "8450"]),
    ("(number eq '8430' or number eq '8450') and displayName eq 'Meals'", ["8450"]),
    ("contains(displayName,'Tele')", ["8320"]),
    ("startswith(number,'29')", ["2910", "2920"]),
    ("endswith(displayName,'tax')", ["5630"]),
    ("blocked eq true", ["8320"]),
    ("not (blocked eq false)", ["8320"]),
    ("category eq 'Assets'", ["2920", "5630"]),
    ("lastModifiedDateTime gt 2999-01-01T00:00:00Z", []),
]


@pytest.mark.parametrize(("expression", "numbers"), FILTERS)
def test_filters(nav: Nav, expression: str, numbers: list[str]) -> None:
    answer = nav.call("GET", "accounts", params={"$filter": expression})
    assert [row["number"] for row in answer.json()["value"]] == numbers


def test_quotes_in_filters_are_doubled(nav: Nav) -> None:
    nav.create("vendors", {"number": "Q", "displayName": "O'Hara & Söhne"})
    answer = nav.call("GET", "vendors", params={"$filter": "displayName eq 'O''Hara & Söhne'"})
    assert [row["number"] for row in answer.json()["value"]] == ["Q"]


def test_filters_by_date_guid_and_number(nav: Nav) -> None:
    draft = nav.invoice()
    nav.invoice("K-2", postingDate="2026-02-01", invoiceDate="2026-02-01")
    for expression in (
        "postingDate eq 2026-01-31",
        f"id eq {draft['id']}",
        "postingDate lt 2026-02-01 and totalAmountIncludingTax ge 99.5",
        f"vendorId eq {draft['vendorId']} and vendorInvoiceNumber eq 'K-1'",
        "currencyCode eq 'EUR' and vendorInvoiceNumber eq 'K-1'",
    ):
        rows = nav.call("GET", "purchaseInvoices", params={"$filter": expression}).json()["value"]
        assert [row["vendorInvoiceNumber"] for row in rows] == ["K-1"], expression


def test_or_on_two_fields_is_refused(nav: Nav) -> None:
    path = "purchaseInvoices?$filter=number eq 'A' or vendorInvoiceNumber eq 'A'"
    assert nav.refused("GET", path) == (
        400,
        "BadRequest",
        "The 'OR' operator is not supported on distinct fields on an OData filter.",
    )


def test_in_needs_the_newer_schema_version(nav: Nav) -> None:
    path = "accounts?$filter=number in ('8430','8450')"
    assert nav.refused("GET", path)[:2] == (400, "BadRequest")
    assert len(nav.rows(f"{path}&$schemaversion=2.1")) == 2


def test_a_filter_value_longer_than_the_field(nav: Nav) -> None:
    status, code, message = nav.refused("GET", f"accounts?$filter=number eq '{'1' * 22}'")
    assert (status, code) == (400, "Application_FilterErrorException")
    assert "The length of the string is 22, but it must be less than or equal to 20" in message


def test_select_order_top_skip_count(nav: Nav) -> None:
    page = nav.get("accounts?$select=id,number&$orderby=number desc&$top=2&$skip=1&$count=true")
    assert [row["number"] for row in page["value"]] == ["8470", "8460"]
    assert set(page["value"][0]) == {"@odata.etag", "id", "number"}
    assert page["@odata.count"] == 12
    assert "@odata.nextLink" not in page
    assert nav.call("GET", "accounts/$count?$filter=startswith(number,'84')").text == "6"


def test_expand_with_options(nav: Nav) -> None:
    (area, *_) = nav.rows(
        "dimensions?$filter=code eq 'AREA'&$select=code"
        "&$expand=dimensionValues($select=code;$orderby=code desc;$top=1)"
    )
    assert [value["code"] for value in area["dimensionValues"]] == ["US"]
    values = nav.rows(f"dimensions({nav.rows('dimensions')[0]['id']})/dimensionValues")
    assert [value["code"] for value in values] == ["EU", "US"]
    (vendor,) = nav.rows("vendors?$filter=number eq 'E1002'&$expand=defaultDimensions")
    (default,) = vendor["defaultDimensions"]
    assert (default["dimensionCode"], default["dimensionValueCode"]) == ("AREA", "US")
    assert default["postingValidation"] == "Same_x0020_Code"
    assert default["parentId"] == vendor["id"]


def follow(nav: Nav, url: str, **headers: str) -> tuple[list[str], int]:
    numbers: list[str] = []
    pages = 0
    while url:
        page = nav.get(url, **headers)
        numbers += [row["number"] for row in page["value"]]
        url = page.get("@odata.nextLink", "")
        assert not url or ("aid=" in url and "$skiptoken=" in url)
        pages += 1
    return numbers, pages


def test_pages_as_small_as_the_client_prefers(nav: Nav) -> None:
    everything = [row["number"] for row in nav.rows("accounts")]
    assert follow(nav, "accounts", Prefer="odata.maxpagesize=5") == (everything, 3)
    answer = nav.call("GET", "accounts", headers={"Prefer": "odata.maxpagesize=5"})
    assert answer.headers["Preference-Applied"] == "odata.maxpagesize"
    odd = "accounts?$filter=number ge '8430'&$select=number&$orderby=number desc&$top=5"
    assert follow(nav, odd, Prefer="odata.maxpagesize=2") == (
        ["8480", "8470", "8460", "8450", "8440"],
        3,
    )
    refused = nav.refused("GET", "accounts", Prefer="odata.maxpagesize=20001")
    assert refused[0] == 413


def test_pages_as_small_as_the_server_likes(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(maximum_page_size=4)
    numbers, pages = follow(nav, "accounts")
    assert (len(numbers), len(set(numbers)), pages) == (12, 12, 3)


def test_reports_finance_shows_what_the_standard_api_hides(nav: Nav) -> None:
    base = f"{nav.server.url}/api/microsoft/reportsFinance/beta/companies({nav.company_id})"
    values = {row["dimensionValueCode"]: row for row in nav.rows(f"{base}/dimensionValues")}
    assert (values["P-090"]["blocked"], values["P-100"]["blocked"]) == (True, False)
    assert values["ALL"]["dimensionValueType"] == "Total"
    assert "blocked" not in nav.rows("dimensionValues")[0]
    draft = nav.invoice()
    assert nav.act(f"purchaseInvoices({draft['id']})").status_code == 204
    entries = nav.rows(f"{base}/generalLedgerEntries?$filter=externalDocumentNumber eq 'K-1'")
    assert [row["accountNumber"] for row in entries] == ["8430", "5410"]
    (owed,) = nav.rows(f"{base}/vendorLedgerEntries?$filter=vendorNumber eq 'E1001'")
    assert (owed["amount"], owed["open"], owed["documentType"]) == (-100, True, "Invoice")
    assert owed["externalDocumentNumber"] == "K-1"


def test_reports_finance_may_be_missing(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(reports_finance=False)
    base = f"{nav.server.url}/api/microsoft/reportsFinance/beta/companies({nav.company_id})"
    assert nav.refused("GET", f"{base}/dimensionValues")[0] == 404


def test_v2_ledger_entries_have_no_external_number(nav: Nav) -> None:
    status, _, message = nav.refused(
        "GET", "generalLedgerEntries?$filter=externalDocumentNumber eq 'K-1'"
    )
    assert status == 400
    assert message == (
        "Could not find a property named 'externalDocumentNumber' on type "
        "'Microsoft.NAV.generalLedgerEntry'."
    )


def test_vendors_can_be_created_and_changed(nav: Nav) -> None:
    vendor = nav.create(
        "vendors",
        {"number": "N1", "displayName": "New", "currencyCode": "USD", "city": "Ulm"},
    )
    assert (vendor["currencyCode"], vendor["city"]) == ("USD", "Ulm")
    again = nav.refused("POST", "vendors", {"number": "N1"})
    assert again[:2] == (400, "Internal_EntityWithSameKeyExists")
    changed = nav.patch(f"vendors({vendor['id']})", {"blocked": "Payment"}, vendor["@odata.etag"])
    assert changed.json()["blocked"] == "Payment"
    assert nav.call("DELETE", f"vendors({vendor['id']})").status_code == 204


def test_default_dimensions_refuse_what_is_blocked(nav: Nav) -> None:
    (vendor,) = nav.rows("vendors?$filter=number eq 'E1001'")
    ids = {row["code"]: row["id"] for row in nav.rows("dimensions")}
    values = {row["code"]: row["id"] for row in nav.rows("dimensionValues")}
    path = f"vendors({vendor['id']})/defaultDimensions"
    blocked: list[tuple[dict[str, Any], str]] = [
        ({"dimensionId": ids["OLDCODE"]}, "Dimension OLDCODE is blocked."),
        (
            {"dimensionId": ids["PROJECT"], "dimensionValueId": values["P-090"]},
            "Dimension Value PROJECT - P-090 is blocked.",
        ),
        (
            {"dimensionId": ids["PROJECT"], "dimensionValueId": values["EU"]},
            'The "dimensionId" and "dimensionValueId" match to different Dimension records.',
        ),
        ({"dimensionId": NO_ID}, 'The "dimensionId" does not match to a Dimension.'),
    ]
    for body, message in blocked:
        assert nav.refused("POST", path, body)[2] == message
    nav.create(path, {"dimensionId": ids["PROJECT"], "dimensionValueId": values["P-100"]})
    assert [row["dimensionValueCode"] for row in nav.rows(path)] == ["P-100"]


def test_paths_are_served_below_the_url_of_a_running_server(nav: Nav) -> None:
    answer = requests.get(f"{nav.server.url}/elsewhere", timeout=10)
    assert answer.status_code == 404
