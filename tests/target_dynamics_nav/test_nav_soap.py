"""The dialect `soap` against a NAV that was written from the other side: what is there, what is done, what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expense_sandbox.faults import Fault
from expense_sandbox.nav.pages.quirks import PageQuirks
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.soap.quirks import SoapQuirks
from expense_sandbox.seeds import VendorSeed
from target_dynamics_nav.errors import (
    ConfigurationError,
    DocumentRefusedError,
    DraftChangedError,
    OutcomeUnknownError,
)
from target_dynamics_nav.nav.journal_lines import batch_name
from target_dynamics_nav.nav.port import DocumentKind

from .nav_stand_in import CREDIT_MEMO, INVOICE, JOURNAL, KINDS, NAME, draft, line, lines_of
from .soap_stand_in import WITH_SHORTCUTS, SoapNav, soap_nav

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_dynamics_nav.nav.port import DraftDocument, FoundDocument

SERVERS = {
    "likeliest": NavQuirks(),
    "lines_in_steps": NavQuirks(pages=PageQuirks(line_editability="after_insert")),
    "business_central": NavQuirks(
        pages=PageQuirks(shortcut_dimension_names="numbered", description_length=100)
    ),
    "other_habits": NavQuirks(
        pages=PageQuirks(posting_date_sets_document_date=True, global_dimension_check="relation"),
        soap=SoapQuirks(
            field_order="sent",
            filter_may_be_absent=False,
            own_address="http://nav-internal:7047",
            unpublished="fault",
            callback_text="not_allowed",
        ),
    ),
}
ALL_DIMENSIONS = {"DEPARTMENT": "SALES", "AREA": "EU"}


@pytest.fixture
def nav() -> Iterator[SoapNav]:
    with soap_nav() as running:
        yield running


def refused(nav: SoapNav, document: DraftDocument) -> DocumentRefusedError:
    with pytest.raises(DocumentRefusedError) as error:
        nav.create(document)
    return error.value


def as_sent(found: FoundDocument, sent: DraftDocument) -> bool:
    wanted = [
        (one.account_number, one.amount, {**sent.dimensions, **one.dimensions})
        for one in sent.lines
    ]
    return (
        lines_of(found) == wanted
        and found.total == sent.total
        and found.dimensions == sent.dimensions
    )


# What is there


def test_master_data_is_read_whole(nav: SoapNav) -> None:
    data = nav.client.read_master_data(nav.company)
    assert data.local_currency_code == "EUR"
    assert (data.posting_from, data.posting_to) == (date(2018, 1, 1), None)
    assert data.accounts["8320"].blocked
    assert data.accounts["8000"].account_type == "Heading"
    assert not data.accounts["5410"].direct_posting
    assert data.vendors["E1003"].blocked == "All"
    assert data.vendors["E1001"].blocked == ""
    assert data.vendors["CARD-USD"].currency_code == "USD"
    assert data.dimensions == {"DEPARTMENT", "PROJECT", "AREA"}
    assert data.dimension_values["PROJECT", "P-9"].blocked
    assert data.dimension_values["AREA", "ALL"].value_type == "Total"
    assert data.dimension_values["PROJECT", "P-1"].name == "Zürich: Phase 2"
    assert nav.client.capabilities.posts
    assert nav.client.capabilities.journals
    assert nav.client.capabilities.credit_memos


def test_long_lists_are_read_to_the_end() -> None:
    vendors = tuple(VendorSeed(f"V{number:04}", f"Vendor {number}") for number in range(450))
    with soap_nav(seed=replace(WITH_SHORTCUTS, vendors=vendors)) as nav:
        data = nav.client.read_master_data(nav.company)
    assert len(data.vendors) == 450


def test_data_that_is_no_xml_is_read_all_the_same() -> None:
    vendors = (VendorSeed("E1001", "Ana\x1f Vendor \U0001f600"),)
    with soap_nav(seed=replace(WITH_SHORTCUTS, vendors=vendors)) as nav:
        data = nav.client.read_master_data(nav.company)
    assert data.vendors["E1001"].name == "Ana  Vendor \U0001f600"


@pytest.mark.parametrize("wrong", ["cronus test", "CRONUS", "CRONUS Test "])
def test_a_company_is_its_exact_name(nav: SoapNav, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match='There are: "CRONUS Services", "CRONUS Test"'):
        nav.client.resolve_company(wrong)


@pytest.mark.parametrize("name", ["O'Brien & Sons, Ltd.", "Grün (alt)", "100% +1"])
def test_awkward_company_names(name: str) -> None:
    with soap_nav(seed=replace(WITH_SHORTCUTS, name=name)) as nav:
        created = nav.create(draft(DEPARTMENT="SALES"))
        assert nav.find() == [created]


def test_a_company_with_a_slash_is_refused_rather_than_mistaken() -> None:
    with (
        soap_nav(seed=replace(WITH_SHORTCUTS, name="A/S Nord")) as nav,
        pytest.raises(ConfigurationError) as error,
    ):
        nav.client.read_master_data(nav.company)
    assert error.value.code == "name_not_addressable"


def test_a_server_that_answers_for_its_default_company_is_noticed() -> None:
    with soap_nav(NavQuirks(soap=SoapQuirks(default_company="CRONUS Services"))) as nav:
        handler = nav.server._handler
        nav.server._handler = lambda request: handler(
            replace(request, path=request.path.replace("/WS/CRONUS%20Test/", "/WS/"))
        )
        with pytest.raises(ConfigurationError) as error:
            nav.client.read_master_data(nav.company)
    assert error.value.code == "company_not_confirmed"
    assert "CRONUS Services" in error.value.message


# From draft to ledger


@KINDS
@pytest.mark.parametrize("server", SERVERS)
def test_a_document_is_created_as_sent_posted_once_and_leaves_nothing(
    kind: DocumentKind, server: str
) -> None:
    with soap_nav(SERVERS[server]) as nav:
        sent = draft(kind, **ALL_DIMENSIONS)
        created = nav.create(sent)
        assert as_sent(created, sent)
        assert created.posting_date == sent.posting_date
        assert nav.find() == [created]
        nav.post(created)
        (posted,) = nav.find()
        assert posted.posted
        assert as_sent(posted, sent)
        assert posted.balancing_account == sent.balancing_account
        assert nav.left_over() == []
        assert sum(Decimal(entry["amount"]) for entry in nav.ledger()) == 0
        sign = -1 if kind is CREDIT_MEMO else 1
        costs = [
            Decimal(entry["amount"])
            for entry in nav.ledger()
            if entry["account_number"] not in {"5410", "2910"}
        ]
        assert sum(costs) == sign * Decimal("100.03")
        other_side = [
            entry["dimensions"]
            for entry in nav.ledger()
            if entry["account_number"] in {"5410", "2910"}
        ]
        assert other_side == [ALL_DIMENSIONS]


@pytest.mark.parametrize("server", SERVERS)
def test_dates_stay_as_sent(server: str) -> None:
    with soap_nav(SERVERS[server]) as nav:
        nav.create(replace(draft(), due_date=date(2026, 3, 1)))
        (found,) = nav.books()["drafts"]
    assert found["document_date"] == "2026-01-30"
    assert found["posting_date"] == "2026-01-31"
    assert found["due_date"] == "2026-03-01"


def test_foreign_currency_and_the_companys_own(nav: SoapNav) -> None:
    own = nav.create(draft(vendor="CARD-USD", currency=None))
    foreign = nav.create(draft(key="E101-R", currency="USD"))
    assert own.currency_code is None
    assert foreign.currency_code == "USD"


def test_a_vendor_with_gross_prices_does_not_change_the_document(nav: SoapNav) -> None:
    sent = draft(vendor="E1004")
    assert as_sent(nav.create(sent), sent)


def test_inherited_dimensions_give_way_to_those_sent(nav: SoapNav) -> None:
    sent = draft(INVOICE, line("8440", "5.00", DEPARTMENT="SALES"), vendor="E1002", AREA="US")
    assert as_sent(nav.create(sent), sent)


def test_control_characters_in_texts_do_not_stop_a_document(nav: SoapNav) -> None:
    odd = replace(line("8430", "5.00"), description="Lunch\x00\x1f <&> \U0001f600")
    created = nav.create(draft(INVOICE, odd))
    assert created.lines is not None
    assert created.lines[0].description == "Lunch   <&> \U0001f600"


def test_long_descriptions_are_cut_to_what_this_nav_keeps_and_that_is_learnt_once(
    nav: SoapNav,
) -> None:
    long = replace(line("8430", "5.00"), description="x" * 80)
    for key in ("E100-R", "E101-R", "E102-R"):
        created = nav.create(draft(INVOICE, long, key=key))
        assert created.lines is not None
        assert created.lines[0].description == "x" * 50
    assert nav.asked("Purchase_Invoice Create") == 4


# What NAV would make of it


@pytest.mark.parametrize("server", ["likeliest", "lines_in_steps"])
@pytest.mark.parametrize("typed", ["84", "Airf"])
def test_an_account_that_nav_completes_is_refused(server: str, typed: str) -> None:
    """`84` becomes 8430: NAV takes the first account that begins so, or one whose name does."""
    with soap_nav(SERVERS[server]) as nav:
        error = refused(nav, draft(INVOICE, line(typed, "5.00")))
        assert (error.code, error.value) == ("account_replaced", typed)
        assert "8430" in error.message
        assert nav.left_over() == []


@pytest.mark.parametrize("where", ["header", "line"])
def test_a_dimension_value_that_nav_completes_is_refused(nav: SoapNav, where: str) -> None:
    if where == "header":
        error = refused(nav, draft(INVOICE, line("8430", "5.00"), DEPARTMENT="SAL"))
    else:
        error = refused(nav, draft(INVOICE, line("8430", "5.00", AREA="E")))
    assert error.code == "dimension_replaced"
    assert nav.left_over() == []


@pytest.mark.parametrize("server", ["likeliest", "lines_in_steps"])
def test_what_nav_refuses_leaves_nothing(server: str) -> None:
    with soap_nav(SERVERS[server]) as nav:
        error = refused(nav, draft(INVOICE, line("8430", "1.00"), line("8320", "5.00")))
        assert error.code == "account_blocked"
        assert error.value == "8320"
        assert nav.left_over() == []


def test_a_dimension_that_cannot_be_set_stops_the_document_before_anything_is_written() -> None:
    seed = replace(WITH_SHORTCUTS, shortcut_dimensions=("DEPARTMENT", "PROJECT"))
    with soap_nav(seed=seed, post="if_possible") as nav:
        nav.unpublish("Codeunit", "ExpensePosting")
        error = refused(nav, draft(**ALL_DIMENSIONS))
        assert (error.code, error.value) == ("dimension_not_settable", "AREA")
        assert nav.nav_books.write_count == 0


def test_a_dimension_that_only_the_header_has_no_field_for_is_on_the_lines() -> None:
    with soap_nav(post="if_possible") as nav:
        nav.unpublish("Codeunit", "ExpensePosting")
        created = nav.create(draft(**ALL_DIMENSIONS))
        assert all(dimensions["AREA"] == "EU" for *_, dimensions in lines_of(created))
        assert created.dimensions == {"DEPARTMENT": "SALES"}
        assert created.readable_header_dimensions == {"DEPARTMENT", "PROJECT"}


def test_a_dimension_that_is_no_shortcut_is_set_by_the_codeunit() -> None:
    seed = replace(WITH_SHORTCUTS, shortcut_dimensions=("DEPARTMENT",))
    with soap_nav(seed=seed) as nav:
        sent = draft(INVOICE, line("8430", "5.00", PROJECT="P-2"), **ALL_DIMENSIONS)
        assert as_sent(nav.create(sent), sent)


def test_a_value_that_the_codeunit_refuses_leaves_no_draft(nav: SoapNav) -> None:
    refused(nav, draft(AREA="NOWHERE"))
    assert nav.left_over() == []


# Drafts as the outcome


def test_without_a_way_to_post_a_run_does_not_begin() -> None:
    with soap_nav() as nav:
        nav.unpublish("Codeunit", "ExpensePosting")
        with pytest.raises(ConfigurationError) as error:
            nav.client.read_master_data(nav.company)
    assert error.value.code == "no_way_to_post"
    assert error.value.hint is not None
    assert "ExpensePosting" in error.value.hint


def test_drafts_are_left_for_a_person_and_recognised_when_posted() -> None:
    """Pages show the two global dimensions of what is posted; the others are no difference then."""
    with soap_nav(post="if_possible") as nav:
        nav.unpublish("Codeunit", "ExpensePosting")
        nav.client.read_master_data(nav.company)
        assert not nav.client.capabilities.posts
        assert not nav.client.capabilities.journals
        sent = draft(DEPARTMENT="SALES")
        created = nav.create(sent)
        assert as_sent(created, sent)
        drafts = nav.api("GET", "purchaseInvoices")["value"]
        nav.api("POST", f"purchaseInvoices({drafts[0]['id']})/Microsoft.NAV.post")
        (posted,) = nav.find()
        assert posted.posted
        assert posted.readable_header_dimensions == {"DEPARTMENT", "PROJECT"}
        assert posted.total == sent.total


def test_without_pages_for_credit_memos_invoices_still_go(nav: SoapNav) -> None:
    nav.unpublish("Page", "Purchase_Credit_Memo")
    nav.client.read_master_data(nav.company)
    assert not nav.client.capabilities.credit_memos
    assert refused(nav, draft(CREDIT_MEMO)).code == "kind_not_published"
    nav.post(nav.create(draft()))
    assert nav.ledger()


def test_services_under_other_names() -> None:
    with soap_nav(
        services={"purchase_invoices": "ExpenseInvoices"}, posting_service="WSPosting"
    ) as nav:
        services = nav.nav_books.services
        services.publish("Page", "ExpenseInvoices", 51)
        services.publish("Codeunit", "WSPosting", 50100)
        nav.unpublish("Page", "Purchase_Invoice")
        nav.unpublish("Codeunit", "ExpensePosting")
        nav.post(nav.create(draft(DEPARTMENT="SALES")))
        assert nav.ledger()


# Posting and deleting


def test_a_draft_that_was_changed_after_it_was_read_is_not_posted(nav: SoapNav) -> None:
    created = nav.create(draft())
    (row,) = nav.api("GET", "purchaseInvoices?$expand=purchaseInvoiceLines")["value"]
    nav.api(
        "PATCH",
        f"purchaseInvoiceLines({row['purchaseInvoiceLines'][0]['id']})",
        {"unitCost": 999},
    )
    with pytest.raises(DraftChangedError):
        nav.post(created)
    assert nav.ledger() == []


@KINDS
def test_a_draft_that_is_gone_is_looked_up_before_anything_else(
    nav: SoapNav, kind: DocumentKind
) -> None:
    created = nav.create(draft(kind))
    nav.delete(created)
    with pytest.raises(OutcomeUnknownError) as error:
        nav.post(created)
    assert error.value.code == "draft_vanished"
    nav.delete(created)  # once more is no error
    assert nav.left_over() == []


def test_a_draft_that_was_changed_is_not_deleted(nav: SoapNav) -> None:
    created = nav.create(draft())
    (row,) = nav.api("GET", "purchaseInvoices")["value"]
    nav.api("PATCH", f"purchaseInvoices({row['id']})", {"dueDate": "2026-05-01"})
    with pytest.raises(DraftChangedError):
        nav.delete(created)
    assert len(nav.left_over()) == 1


def test_refused_posting_holds_and_the_reserved_number_keeps_the_draft(nav: SoapNav) -> None:
    created = nav.create(draft(INVOICE, line("8430", "5.00"), DEPARTMENT="SALES"))
    company = nav.nav_books.company(NAME)
    assert company is not None
    account = company.accounts.first("number", "8430")
    assert account is not None
    company.accounts.put(replace(account, blocked=True))
    with pytest.raises(DocumentRefusedError) as error:
        nav.post(created)
    assert error.value.code == "account_blocked"
    (kept,) = nav.find()
    with pytest.raises(DocumentRefusedError) as undeletable:
        nav.delete(kept)
    assert undeletable.value.code == "number_reserved"
    company.accounts.put(replace(account, blocked=False))
    nav.post(kept)
    assert [item.posted for item in nav.find()] == [True]


# Journals


def test_a_journal_batch_is_named_without_digits() -> None:
    names = {batch_name(f"E{number}-C") for number in range(500)}
    assert len(names) == 500
    assert all(len(name) == 10 and name.isalpha() and name.isupper() for name in names)


def test_a_batch_that_holds_lines_of_somebody_else_is_not_touched(nav: SoapNav) -> None:
    created = nav.create(draft(JOURNAL))
    (batch,) = nav.api("GET", f"journals?$filter=code eq '{created.id}'")["value"]
    nav.api(
        "POST",
        f"journals({batch['id']})/journalLines",
        {
            "accountType": "G_x002F_L_x0020_Account",
            "accountNumber": "8430",
            "documentNumber": "OTHER",
            "postingDate": "2026-01-31",
            "amount": 1,
            "description": "Somebody else's",
        },
    )
    with pytest.raises(DocumentRefusedError) as error:
        nav.find()
    assert error.value.code == "journal_batch_in_use"
    with pytest.raises(DocumentRefusedError):
        nav.post(created)
    with pytest.raises(DocumentRefusedError):
        nav.delete(created)
    assert nav.ledger() == []


def test_an_emptied_batch_is_known_as_a_leftover_and_removed(nav: SoapNav) -> None:
    created = nav.create(draft(JOURNAL))
    nav.fail(Fault("before", "ExpensePosting DeleteGenJnlBatch", status=500, body="gone"))
    with pytest.raises(OutcomeUnknownError):
        nav.post(created)
    (posted,) = nav.find()
    assert posted.posted
    assert posted.leftover_id == batch_name("E100-R")
    nav.delete(posted)
    assert nav.left_over() == []


def test_the_same_journal_a_second_time_is_refused_by_its_own_batch(nav: SoapNav) -> None:
    nav.create(draft(JOURNAL))
    with pytest.raises(DocumentRefusedError):
        nav.create(draft(JOURNAL))
    (found,) = nav.find()
    assert len(lines_of(found)) == 2


def test_a_general_journal_that_asks_for_a_template_is_no_way_for_journals() -> None:
    quirks = NavQuirks(pages=PageQuirks(general_journal_templates=("GENERAL", "OTHER")))
    with soap_nav(quirks) as nav:
        nav.client.read_master_data(nav.company)
        assert not nav.client.capabilities.journals
        assert refused(nav, draft(JOURNAL)).code == "kind_not_published"
        assert nav.find() == []
        assert nav.left_over() == []


def test_a_journal_dimension_without_a_field_is_refused() -> None:
    with soap_nav(seed=replace(WITH_SHORTCUTS, shortcut_dimensions=("DEPARTMENT",))) as nav:
        error = refused(nav, draft(JOURNAL, AREA="EU"))
        assert error.code == "dimension_not_settable"
        assert nav.left_over() == []
