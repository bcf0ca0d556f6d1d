"""The odata_v4 adapter against the NAV stand-in's published pages, over real HTTP: read, create, verify, post."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from expense_sandbox.nav.odata_v4.quirks import ODataV4Quirks
from expense_sandbox.nav.pages.quirks import PageQuirks
from target_dynamics_nav.errors import (
    ConfigurationError,
    CredentialsError,
    DocumentRefusedError,
    OutageError,
)
from target_dynamics_nav.nav.port import DocumentKind

from .nav_stand_in import (
    COMPANY,
    CREDIT_MEMO,
    INVOICE,
    JOURNAL,
    KINDS,
    SERVICES,
    draft,
    line,
    lines_of,
)
from .pages_stand_in import EUROPE, GERMAN, pages_of, serving, talking

PURCHASES = pytest.mark.parametrize("kind", [INVOICE, CREDIT_MEMO], ids=lambda kind: kind.value)

# Master data


@pytest.mark.parametrize("auth_method", ["basic", "ntlm"])
def test_master_data(auth_method: str) -> None:
    with pages_of(auth_method=auth_method) as it:
        data = it.client.read_master_data(it.company)
    assert data.local_currency_code == "EUR"
    assert (data.posting_from, data.posting_to) == (date(2018, 1, 1), None)
    assert data.accounts["8000"].account_type == "Heading"
    assert data.accounts["8320"].blocked
    assert not data.accounts["5410"].direct_posting
    assert data.vendors["E1003"].blocked == "All"
    assert data.vendors["E1001"].blocked == ""
    assert data.vendors["CARD-USD"].currency_code == "USD"
    assert data.dimensions == {"DEPARTMENT", "PROJECT", "AREA"}
    apollo = data.dimension_values["PROJECT", "P-9"]
    assert (apollo.name, apollo.blocked, apollo.value_type) == ("Apollo", True, "Standard")
    assert data.dimension_values["AREA", "ALL"].value_type == "Total"
    assert data.exchange_rates == {"USD": [date.min], "GBP": [date.min]}


@pytest.mark.parametrize("keeps_tenant", [True, False])
def test_long_lists_are_read_to_the_end_though_nav_names_another_host(keeps_tenant: bool) -> None:
    odata = ODataV4Quirks(
        page_size=2,
        own_address="http://nav-internal:7048",
        tenant="t1",
        next_link_keeps_tenant=keeps_tenant,
    )
    with pages_of(odata=odata, nav_tenant="t1") as it:
        data = it.client.read_master_data(it.company)
    assert len(data.accounts) == len(COMPANY.accounts)
    assert len(data.vendors) == len(COMPANY.vendors)
    assert len(data.dimension_values) == 8


def test_what_the_server_does_not_tell_is_left_to_nav() -> None:
    with pages_of(unpublished=("Page/Currencies", "Page/GL_Account_Card")) as it:
        data = it.client.read_master_data(it.company)
    assert data.exchange_rates is None
    assert data.bank_accounts is None
    assert data.accounts["8430"].direct_posting
    assert not data.accounts["8320"].blocked  # page 16 does not show it


# The way of a document


@KINDS
@pytest.mark.parametrize("auth_method", ["basic", "ntlm"])
@pytest.mark.parametrize("names", ["array", "numbered"])
def test_from_nothing_to_the_ledger(kind: DocumentKind, auth_method: str, names: str) -> None:
    pages = PageQuirks(shortcut_dimension_names=names)  # type: ignore[arg-type]  # the test's own words
    with pages_of(pages, auth_method=auth_method) as it:
        assert it.client.capabilities.can_post(kind)
        assert it.client.find(it.company, "E100-R") == []
        made = it.client.create_draft(it.company, draft(kind, AREA="US"))
        assert it.find_one() == made
        assert not made.posted
        assert made.key == "E100-R"
        assert made.total == Decimal("100.03")
        assert made.posting_date == date(2026, 1, 31)
        assert made.currency_code is None
        assert made.dimensions == {"AREA": "US"}
        expected = [
            ("8430", Decimal("100.10"), {"AREA": "US", "PROJECT": "P-1"}),
            ("8430", Decimal("-0.07"), {"AREA": "US"}),
        ]
        assert lines_of(made) == expected
        assert it.client.read(it.company, made) == made

        it.client.post(it.company, made)
        posted = it.find_one()
        assert posted.posted
        assert posted.total == made.total
        assert lines_of(posted) == expected
        assert posted.dimensions == made.dimensions
        assert it.client.read(it.company, posted) == posted
        assert it.client.read(it.company, made) is None
        entries = it.ledger()
        assert sum(Decimal(str(entry["amount"])) for entry in entries) == 0
        assert all(entry["dimensions"]["AREA"] == "US" for entry in entries)  # type: ignore[index]
        if kind is JOURNAL:
            assert made.balancing_account == posted.balancing_account == ("G/L Account", "2910")
            assert posted.leftover_id is None


@KINDS
def test_removing_a_draft(kind: DocumentKind) -> None:
    with pages_of() as it:
        made = it.client.create_draft(it.company, draft(kind))
        it.client.delete_draft(it.company, made)
        assert it.client.find(it.company, "E100-R") == []
        assert it.client.read(it.company, made) is None
        it.client.delete_draft(it.company, made)


@PURCHASES
def test_foreign_currency_and_prices_with_tax(kind: DocumentKind) -> None:
    with pages_of() as it:
        wanted = draft(kind, currency="USD", prices_include_tax=True, vendor="E1001")
        made = it.client.create_draft(it.company, wanted)
        assert made.currency_code == "USD"
        assert made.total == Decimal("100.03")
        it.client.post(it.company, made)
        posted = it.find_one()
        assert (posted.currency_code, posted.total) == ("USD", Decimal("100.03"))


def test_the_vendors_currency_and_prices_do_not_creep_in() -> None:
    with pages_of() as it:
        made = it.client.create_draft(it.company, draft(vendor="CARD-USD"))
        assert made.currency_code is None
        gross = it.client.create_draft(it.company, draft(vendor="E1004", key="E101-R"))
        row = it.pages("GET", f"Purchase_Invoice('Invoice','{gross.number}')").json()
        assert row["Prices_Including_VAT"] is False


def test_a_long_description_is_cut_to_what_the_page_takes() -> None:
    long = replace(line("8430", "1.00"), description="é" * 80)
    with pages_of() as it:
        made = it.client.create_draft(it.company, draft(INVOICE, long))
    assert made.lines is not None
    assert made.lines[0].description == "é" * 50


def test_the_document_date_stays_though_the_posting_date_changes_it() -> None:
    with pages_of(PageQuirks(posting_date_sets_document_date=True)) as it:
        made = it.client.create_draft(it.company, draft())
        row = it.pages("GET", f"Purchase_Invoice('Invoice','{made.number}')").json()
        assert row["Document_Date"] == "2026-01-30"


# Companies


@pytest.mark.parametrize(
    "name", ["O'Brien & Söhne (50%)", "CRONUS International Ltd.", "A/S Nord+Syd"]
)
@pytest.mark.parametrize("quoted", [True, False])
def test_companies_of_any_name(name: str, quoted: bool) -> None:
    companies = (SERVICES, replace(EUROPE, name=name))
    odata = ODataV4Quirks(quoted_company_parameter=quoted, default_company=SERVICES.name)
    with pages_of(odata=odata, companies=companies, company=name) as it:
        made = it.client.create_draft(it.company, draft(AREA="US"))
        it.client.post(it.company, made)
        assert it.find_one().posted
        assert it.ledger()


@pytest.mark.parametrize("fields", ["name", "all"])
def test_a_company_is_found_by_exact_name_only(fields: str) -> None:
    with pages_of(odata=ODataV4Quirks(company_fields=fields)) as it:  # type: ignore[arg-type]
        for wrong in ("cronus test", "CRONUS", ""):
            with pytest.raises(ConfigurationError) as caught:
                it.client.resolve_company(wrong)
            assert caught.value.code == "company_unknown"
            assert '"CRONUS Services", "CRONUS Test"' in caught.value.message


# Languages


@KINDS
def test_options_in_another_language(kind: DocumentKind) -> None:
    with pages_of(odata=ODataV4Quirks(language="de-DE"), option_captions=GERMAN) as it:
        data = it.client.read_master_data(it.company)
        assert data.accounts["8430"].account_type == "Posting"
        made = it.client.create_draft(it.company, draft(kind))
        assert made.lines is not None
        assert {one.account_type for one in made.lines} == {"G/L Account"}
        it.client.post(it.company, made)
        assert it.find_one().posted


def test_an_unknown_word_for_an_option_ends_the_run() -> None:
    with (
        pages_of(odata=ODataV4Quirks(language="de-DE")) as it,
        pytest.raises(ConfigurationError) as caught,
    ):
        it.client.read_master_data(it.company)
    assert caught.value.code == "option_text_unknown"
    assert caught.value.field == "option_captions"


# What is published


@pytest.mark.parametrize(
    ("service", "page"),
    [
        ("Purchase_Invoice", "page 51"),
        ("Posted_Purchase_Invoice", "page 138"),
        ("Posted_Purchase_Invoices", "page 146"),
        ("General_Ledger_Setup", "page 118"),
        ("Vendor_List", "page 27"),
    ],
)
def test_a_service_that_is_needed_is_missing(service: str, page: str) -> None:
    also = ("Page/Vendor_Card",) if service == "Vendor_List" else ()
    with (
        pytest.raises(ConfigurationError) as caught,
        pages_of(unpublished=(f"Page/{service}", *also)),
    ):
        pass
    assert caught.value.code == "service_not_published"
    assert page in str(caught.value.hint)


def test_services_under_other_names() -> None:
    named = {"vendors": "Kreditoren", "purchase_invoices": "Rechnung"}
    with pages_of(
        unpublished=("Page/Vendor_List", "Page/Vendor_Card", "Page/Purchase_Invoice"),
        published={"Kreditoren": 27, "Rechnung": 51},
        services=named,
    ) as it:
        assert it.client.read_master_data(it.company).vendors
        made = it.client.create_draft(it.company, draft())
        it.client.post(it.company, made)
        assert it.find_one().posted


def test_a_purpose_that_does_not_exist() -> None:
    with pytest.raises(ConfigurationError) as caught, pages_of(services={"vendor": "Vendor_List"}):
        pass
    assert caught.value.code == "setting_wrong"
    assert "vendors" in caught.value.message


def test_without_pages_for_credit_memos_and_journals() -> None:
    with pages_of(unpublished=("Page/Purchase_Credit_Memo", "Page/General_Journal_Batches")) as it:
        it.client.read_master_data(it.company)
        assert not it.client.capabilities.credit_memos
        assert not it.client.capabilities.journals
        made = it.client.create_draft(it.company, draft())
        it.client.post(it.company, made)
        assert it.find_one().posted


# Ways to post


def test_posting_is_required_and_there_is_no_way() -> None:
    with (
        pytest.raises(ConfigurationError) as caught,
        pages_of(unpublished=("Codeunit/ExpensePosting",)),
    ):
        pass
    assert caught.value.code == "no_way_to_post"
    assert "PostPurchaseInvoice" in str(caught.value.hint)


@pytest.mark.parametrize(
    "settings",
    [{"post": "if_possible"}, {"mode": "draft"}, {"mode": "preview"}],
    ids=lambda settings: "-".join(settings.values()),
)
@KINDS
def test_drafts_where_there_is_no_way(kind: DocumentKind, settings: dict[str, str]) -> None:
    with pages_of(unpublished=("Codeunit/ExpensePosting",), **settings) as it:
        assert not it.client.capabilities.posts
        assert not it.client.capabilities.can_post(kind)
        made = it.client.create_draft(it.company, draft(kind, PROJECT="P-2"))
        assert it.find_one() == made
        with pytest.raises(DocumentRefusedError) as caught:
            it.client.post(it.company, made)
        assert caught.value.code == "no_way_to_post"


def test_never_means_never() -> None:
    with pages_of(post="never") as it:
        assert not it.client.capabilities.posts


def test_a_function_of_the_page_posts() -> None:
    with pages_of(
        unpublished=(
            "Codeunit/ExpensePosting",
            "Page/Purchase_Credit_Memo",
            "Page/General_Journal",
        ),
        published={"Expense_Invoice": 50051},
        services={"purchase_invoices": "Expense_Invoice"},
    ) as it:
        assert it.client.capabilities.posts
        made = it.client.create_draft(it.company, draft(DEPARTMENT="SALES"))
        it.client.post(it.company, made)
        assert it.find_one().posted
        assert len(it.ledger()) == 3
        assert "POST NAV.Post 200" in it.asked() or "POST NAV.Post 204" in it.asked()


def test_an_action_that_metadata_does_not_list() -> None:
    with pages_of(
        unpublished=("Codeunit/ExpensePosting",),
        post="if_possible",
        posting_actions={"purchase_invoices": "NAV.Post"},
    ) as it:
        assert it.client.capabilities.can_post(INVOICE)
        assert not it.client.capabilities.can_post(JOURNAL)


# Access


def test_a_wrong_key() -> None:
    with pytest.raises(CredentialsError) as caught, pages_of(password="wrong"):
        pass
    assert caught.value.code == "nav_rejected_credentials"
    assert "wrong" not in f"{caught.value.message}{caught.value.hint}"


def test_the_service_is_switched_off() -> None:
    with serving() as (server, books):
        books.services.disable("odata_v4")
        with pytest.raises(ConfigurationError) as caught, talking(server, books):
            pass
    assert caught.value.code == "odata_services_off"


def test_another_tenant() -> None:
    with pytest.raises(OutageError) as caught, pages_of(odata=ODataV4Quirks(tenant="t1")):
        pass
    assert "nav_tenant" in caught.value.message
