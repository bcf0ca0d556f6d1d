"""What NAV's pages do behind one's back, and what may be uncertain: each hazard met, and nothing booked wrong by it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from expense_sandbox.faults import Fault
from expense_sandbox.nav.odata_v4.quirks import ODataV4Quirks
from expense_sandbox.nav.pages.quirks import PageQuirks
from expense_sandbox.seeds import AccountSeed
from target_dynamics_nav.errors import (
    ConfigurationError,
    DocumentRefusedError,
    DraftChangedError,
    OutcomeUnknownError,
)
from target_dynamics_nav.nav.journal_lines import batch_name

from .nav_stand_in import INVOICE, JOURNAL, KINDS, SERVICES, draft, line, lines_of
from .pages_stand_in import EUROPE, GERMAN, pages_of, serving, talking

if TYPE_CHECKING:
    from target_dynamics_nav.nav.port import DocumentKind

# NAV completes what it is sent


@pytest.mark.parametrize("typed", ["844", "Hotel", "8320"])
def test_another_account_than_the_one_meant(typed: str) -> None:
    """By number, by name, and in place of a blocked one: the draft goes, and says why."""
    accounts = (*EUROPE.accounts, AccountSeed("83201", "Legacy telephony, foreign"))
    with pages_of(companies=(replace(EUROPE, accounts=accounts), SERVICES)) as it:
        with pytest.raises(DocumentRefusedError) as caught:
            it.client.create_draft(
                it.company, draft(INVOICE, line("8430", "1.00"), line(typed, "2.00"))
            )
        assert caught.value.code == "account_replaced"
        assert caught.value.value == typed
        assert it.client.find(it.company, "E100-R") == []


@KINDS
@pytest.mark.parametrize("dimension", ["DEPARTMENT", "AREA"])
def test_another_dimension_value_than_the_one_meant(kind: DocumentKind, dimension: str) -> None:
    value = {"DEPARTMENT": "SAL", "AREA": "U"}[dimension]
    with pages_of() as it:
        with pytest.raises(DocumentRefusedError) as caught:
            it.client.create_draft(
                it.company, draft(kind, line("8430", "1.00", **{dimension: value}))
            )
        assert caught.value.code == "dimension_replaced"
        assert it.client.find(it.company, "E100-R") == []


def test_another_dimension_value_on_the_header() -> None:
    with pages_of() as it:
        with pytest.raises(DocumentRefusedError) as caught:
            it.client.create_draft(it.company, draft(DEPARTMENT="SAL"))
        assert caught.value.code == "dimension_replaced"
        assert it.client.find(it.company, "E100-R") == []


# Order of writing


@pytest.mark.parametrize("editability", ["after_type", "after_insert"])
def test_lines_that_take_their_content_only_once_they_are_there(editability: str) -> None:
    pages = PageQuirks(line_editability=editability)  # type: ignore[arg-type]  # the test's own words
    with pages_of(pages) as it:
        wanted = draft(
            INVOICE, line("8430", "1.00", PROJECT="P-1"), line("8430", "-0.25"), AREA="EU"
        )
        made = it.client.create_draft(it.company, wanted)
        assert lines_of(made) == [
            ("8430", Decimal("1.00"), {"AREA": "EU", "PROJECT": "P-1"}),
            ("8430", Decimal("-0.25"), {"AREA": "EU"}),
        ]
        refused = [asked for asked in it.asked() if asked.endswith(" 400")]
        assert len(refused) == (1 if editability == "after_insert" else 0)


@pytest.mark.parametrize("position", [0, 2])
def test_header_dimensions_are_settled_before_there_are_lines(position: int) -> None:
    """The vendor brings AREA = EU along; the document says US. Later NAV would ask, and nobody could answer."""
    shortcuts = ["DEPARTMENT", "PROJECT"]
    shortcuts.insert(position, "AREA")
    companies = (replace(EUROPE, shortcut_dimensions=tuple(shortcuts)), SERVICES)
    with pages_of(companies=companies) as it:
        made = it.client.create_draft(it.company, draft(vendor="E1002", AREA="US"))
        assert made.dimensions == {"AREA": "US"}
        assert made.lines is not None
        assert all(one.dimensions["AREA"] == "US" for one in made.lines)
        it.client.post(it.company, made)
        assert {entry["dimensions"]["AREA"] for entry in it.ledger()} == {"US"}  # type: ignore[index]


# Dimensions without a field


def test_a_dimension_without_a_field_is_set_by_the_codeunit() -> None:
    companies = (replace(EUROPE, shortcut_dimensions=("DEPARTMENT",)), SERVICES)
    with pages_of(companies=companies) as it:
        made = it.client.create_draft(
            it.company, draft(INVOICE, line("8430", "1.00", PROJECT="P-2"), AREA="US")
        )
        assert made.dimensions == {"AREA": "US"}
        assert lines_of(made)[0][2] == {"AREA": "US", "PROJECT": "P-2"}
        it.client.post(it.company, made)
        assert lines_of(it.find_one())[0][2] == {"AREA": "US", "PROJECT": "P-2"}


@KINDS
def test_a_dimension_without_a_field_or_codeunit_is_refused(kind: DocumentKind) -> None:
    companies = (replace(EUROPE, shortcut_dimensions=("DEPARTMENT",)), SERVICES)
    with pages_of(
        companies=companies, unpublished=("Codeunit/ExpensePosting",), post="if_possible"
    ) as it:
        written = it.books.write_count
        with pytest.raises(DocumentRefusedError) as caught:
            it.client.create_draft(it.company, draft(kind, AREA="US"))
        assert caught.value.code == "dimension_not_settable"
        assert it.books.write_count == written


def test_what_cannot_be_seen_is_said_to_be_unseen() -> None:
    """Without the codeunit: the header's page has two dimensions, the lines' page has all of them."""
    with pages_of(unpublished=("Codeunit/ExpensePosting",), post="if_possible") as it:
        made = it.client.create_draft(it.company, draft(AREA="US", DEPARTMENT="SALES"))
        assert made.readable_header_dimensions == {"DEPARTMENT", "PROJECT"}
        assert made.dimensions == {"DEPARTMENT": "SALES"}
        assert made.readable_line_dimensions == {"DEPARTMENT", "PROJECT", "AREA"}
        assert lines_of(made)[1][2] == {"AREA": "US", "DEPARTMENT": "SALES"}


# Numbers and posting


def test_a_draft_whose_posting_was_tried_is_kept_and_posts_later() -> None:
    with pages_of() as it:
        made = it.client.create_draft(it.company, draft())
        it.control("POST", "accounts/8430", {"blocked": True})
        with pytest.raises(DocumentRefusedError) as refused:
            it.client.post(it.company, made)
        assert refused.value.code == "account_blocked"
        with pytest.raises(DocumentRefusedError) as kept:
            it.client.delete_draft(it.company, it.find_one())
        assert kept.value.code == "number_reserved"
        it.control("POST", "accounts/8430", {"blocked": False})
        it.client.post(it.company, it.find_one())
        assert it.find_one().posted


def test_a_number_that_the_vendor_has_already() -> None:
    with pages_of() as it:
        it.client.post(it.company, it.client.create_draft(it.company, draft()))
        second = it.client.create_draft(it.company, draft(INVOICE, line("8430", "7.00")))
        with pytest.raises(OutcomeUnknownError) as caught:
            it.client.post(it.company, second)
        assert caught.value.code == "duplicate_document"
        assert sorted(found.posted for found in it.client.find(it.company, "E100-R")) == [
            False,
            True,
        ]
        assert len(it.ledger()) == 3


@KINDS
def test_somebody_changed_the_draft_before_it_was_posted(kind: DocumentKind) -> None:
    with pages_of() as it:
        made = it.client.create_draft(it.company, draft(kind))
        if kind is JOURNAL:
            address = f"General_Journal('GENERAL','{batch_name('E100-R')}',10000)"
            it.pages("PATCH", address, {"Amount": 7})
        else:
            name = {INVOICE: "Purchase_Invoice"}.get(kind, "Purchase_Credit_Memo")
            caption = {INVOICE: "Invoice"}.get(kind, "Credit Memo")
            address = f"{name}PurchLines('{caption}','{made.number}',10000)"
            it.pages("PATCH", address, {"Direct_Unit_Cost": 7})
        with pytest.raises(DraftChangedError):
            it.client.post(it.company, made)
        assert not it.find_one().posted


@KINDS
def test_the_answer_to_posting_is_lost(kind: DocumentKind) -> None:
    with pages_of() as it:
        made = it.client.create_draft(it.company, draft(kind))
        it.fail(Fault("reset_after", match="POST .*ExpensePosting_Post"))
        with pytest.raises(OutcomeUnknownError):
            it.client.post(it.company, made)
        found = it.find_one()
        assert found.posted
        if kind is JOURNAL:
            assert found.leftover_id == batch_name("E100-R")
            it.client.delete_draft(it.company, found)
            assert it.find_one().leftover_id is None


@KINDS
def test_the_draft_is_gone_before_it_is_posted(kind: DocumentKind) -> None:
    with pages_of() as it:
        made = it.client.create_draft(it.company, draft(kind))
        it.client.delete_draft(it.company, made)
        with pytest.raises(OutcomeUnknownError) as caught:
            it.client.post(it.company, made)
        assert caught.value.code == "draft_vanished"


# Half-made drafts


@KINDS
@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
@pytest.mark.parametrize("where", ["header", "second line"])
def test_a_crash_leaves_something_that_is_found_and_removed(
    kind: DocumentKind, fault: str, where: str
) -> None:
    header = {JOURNAL: "General_Journal_Batches", INVOICE: "Purchase_Invoice"}
    lines = {JOURNAL: "General_Journal", INVOICE: "Purchase_InvoicePurchLines"}
    first = header.get(kind, "Purchase_Credit_Memo")
    match, skip = (first, 0) if where == "header" else (lines.get(kind, f"{first}PurchLines"), 1)
    with pages_of() as it:
        it.fail(Fault(fault, match=rf"POST \S*/{match} ", skip=skip))  # type: ignore[arg-type]
        with pytest.raises(OutcomeUnknownError):
            it.client.create_draft(it.company, draft(kind))
        left = it.client.find(it.company, "E100-R")
        assert len(left) == (0 if (where, fault) == ("header", "reset_before") else 1)
        whole = it.client.create_draft(it.company, draft(kind, key="E101-R"))
        complete = (where, fault) == ("second line", "reset_after") and kind is not JOURNAL
        for half in left:
            content = (half.lines, half.balancing_account)
            assert (content == (whole.lines, whole.balancing_account)) is complete
            it.client.delete_draft(it.company, half)
        made = it.client.create_draft(it.company, draft(kind))
        assert made.lines == whole.lines
        it.client.post(it.company, made)
        assert it.find_one().posted


@KINDS
def test_a_draft_that_nav_refuses_leaves_nothing(kind: DocumentKind) -> None:
    with pages_of() as it:
        it.control("POST", "accounts/8440", {"blocked": True})
        with pytest.raises(DocumentRefusedError):
            it.client.create_draft(
                it.company, draft(kind, line("8430", "1.00"), line("8440", "2.00"))
            )
        assert it.client.find(it.company, "E100-R") == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server(status: int) -> None:
    """429 was not carried out and is repeated; 503 may have been, and is looked up first."""
    with pages_of() as it:
        it.fail(Fault("before", match=r"POST \S*/Purchase_Invoice ", status=status, times=2))
        if status == 429:
            assert it.client.create_draft(it.company, draft())
            assert len(it.slept) == 2
        else:
            with pytest.raises(OutcomeUnknownError):
                it.client.create_draft(it.company, draft())
            assert it.client.find(it.company, "E100-R") == []


# Journal batches


def test_a_batch_that_holds_lines_of_others_is_not_touched() -> None:
    with pages_of() as it:
        made = it.client.create_draft(it.company, draft(JOURNAL))
        foreign = {
            "Journal_Template_Name": "GENERAL",
            "Journal_Batch_Name": batch_name("E100-R"),
            "Line_No": 90000,
            "Posting_Date": "2026-01-31",
            "Document_No": "OTHER",
            "Account_Type": "G/L Account",
            "Account_No": "8430",
            "Amount": 5,
        }
        it.pages("POST", "General_Journal", foreign)
        for act in (
            lambda: it.client.post(it.company, made),
            lambda: it.client.delete_draft(it.company, made),
            lambda: it.client.find(it.company, "E100-R"),
        ):
            with pytest.raises(DocumentRefusedError) as caught:
                act()
            assert caught.value.code == "journal_batch_in_use"
        assert it.ledger() == []
        left = it.pages("GET", "General_Journal").json()["value"]
        assert len([row for row in left if row["Journal_Batch_Name"] == batch_name("E100-R")]) == 4


def test_neither_renamed_batches_nor_stub_lines_are_left() -> None:
    with pages_of(PageQuirks(rename_emptied_batches=True)) as it:
        before = it.pages("GET", "General_Journal_Batches").json()["value"]
        it.client.post(it.company, it.client.create_draft(it.company, draft(JOURNAL)))
        assert it.pages("GET", "General_Journal_Batches").json()["value"] == before
        assert it.pages("GET", "General_Journal").json()["value"] == []


def test_a_batch_of_this_name_is_there_already() -> None:
    with pages_of() as it:
        it.client.create_draft(it.company, draft(JOURNAL))
        with pytest.raises(OutcomeUnknownError) as caught:
            it.client.create_draft(it.company, draft(JOURNAL))
        assert caught.value.code == "same_key_exists"


def test_journals_in_a_foreign_currency_are_refused() -> None:
    with pages_of() as it, pytest.raises(DocumentRefusedError) as caught:
        it.client.create_draft(it.company, draft(JOURNAL, currency="USD"))
    assert caught.value.code == "foreign_currency_journal"


# The silent default company


def test_a_server_that_falls_back_to_its_default_company() -> None:
    """A proxy encodes the quotes around the company, which this server then passes over."""
    odata = ODataV4Quirks(encoded_quotes="ignored", default_company=SERVICES.name)
    with serving(odata=odata) as (server, books), talking(server, books) as it:
        handler = server._handler
        server._handler = lambda request: handler(
            replace(request, path=request.path.replace("'", "%27"))
        )
        with pytest.raises(ConfigurationError) as caught:
            it.client.read_master_data(it.company)
    assert caught.value.code == "company_not_confirmed"
    assert SERVICES.name in caught.value.message


def test_an_action_that_would_go_to_the_default_company() -> None:
    """A proxy drops the company from queries, so that the codeunit works in the default company."""
    odata = ODataV4Quirks(default_company=SERVICES.name)
    with serving(odata=odata) as (server, books), talking(server, books) as it:
        handler = server._handler
        server._handler = lambda request: handler(
            replace(request, query="" if "company=" in request.query else request.query)
        )
        with pytest.raises(ConfigurationError) as caught:
            it.client.create_draft(it.company, draft(DEPARTMENT="SALES"))
        assert caught.value.code == "company_not_confirmed"
        assert not [asked for asked in it.asked() if "ExpensePosting" in asked]


# More


def test_many_lines_are_read_over_pages_in_their_order() -> None:
    many = [line("8430", f"{n}.01") for n in range(1, 31)]
    with pages_of(odata=ODataV4Quirks(page_size=7, own_address="http://inner:7048")) as it:
        made = it.client.create_draft(it.company, draft(INVOICE, *many))
        assert made.lines is not None
        assert [one.amount for one in made.lines] == [one.amount for one in many]
        it.client.post(it.company, made)
        assert lines_of(it.find_one()) == lines_of(made)


def test_a_word_for_the_type_of_lines_that_nobody_told() -> None:
    known = {english: local for english, local in GERMAN.items() if english != "G/L Account"}
    with pages_of(odata=ODataV4Quirks(language="de-DE"), option_captions=known) as it:
        it.client.read_master_data(it.company)
        with pytest.raises(ConfigurationError) as caught:
            it.client.create_draft(it.company, draft())
    assert (caught.value.code, caught.value.value) == ("option_text_unknown", "G/L Account")


def test_a_journal_page_that_chooses_the_batch_itself() -> None:
    """As on NAV 2017: the line lands in another batch. It is taken out again, and the run ends."""
    with serving() as (server, books), talking(server, books) as it:
        other = {"Journal_Template_Name": "GENERAL", "Name": "DEFAULT"}
        names = [row["Name"] for row in it.pages("GET", "General_Journal_Batches").json()["value"]]
        if "DEFAULT" not in names:
            it.pages("POST", "General_Journal_Batches", other)
        handler = server._handler
        own = batch_name("E100-R").encode()
        server._handler = lambda request: handler(
            replace(request, body=request.body.replace(b'"' + own + b'"', b'"DEFAULT"'))
            if request.path.endswith("/General_Journal")
            else request
        )
        with pytest.raises(ConfigurationError) as caught:
            it.client.create_draft(it.company, draft(JOURNAL))
        assert caught.value.code == "journal_batch_ignored"
        assert it.pages("GET", "General_Journal").json()["value"] == []
