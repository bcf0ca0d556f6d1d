"""Exactly once, nothing half-made, nothing silent, exact money: over every dialect."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from target_dynamics_nav.nav.port import DocumentKind
from tests.target_dynamics_nav.desk import CREDIT_MEMO, INVOICE, JOURNAL, dimensions, line, record

from .dialects import KINDS, Books


def payload(kind: DocumentKind) -> dict[str, Any]:
    return record(
        kind,
        total="123.45",
        lines=[
            line("8430", "100.10", dimensions=dimensions(PROJECT="P-1")),
            line("8430", "-0.10"),
            line("8430", "23.45", dimensions=dimensions(DEPARTMENT="ADM")),
        ],
    )


# Exactly once


@KINDS
def test_posted_once_however_often_it_comes(books: Books, kind: DocumentKind) -> None:
    assert books.run(payload(kind)).statuses == ["posted"]
    after_posting = books.content()
    assert books.run(payload(kind)).statuses == ["already_posted"]
    assert books.run_anew(payload(kind)).statuses == ["already_posted"]
    assert books.desk.postings() == 1
    assert books.content() == after_posting
    assert books.desk.drafts() == []


@KINDS
def test_the_ledger_has_every_cent_and_every_dimension(books: Books, kind: DocumentKind) -> None:
    books.run(payload(kind))
    sign = -1 if kind is CREDIT_MEMO else 1
    found = {
        (entry["account_number"], frozenset(entry["dimensions"].items())): Decimal(entry["amount"])
        for entry in books.entries()
    }
    other_side = "2910" if kind is JOURNAL else "5410"
    sales = ("DEPARTMENT", "SALES")
    assert {place: amount for place, amount in found.items() if place[0] == other_side} == {
        (other_side, frozenset({sales})): sign * Decimal("-123.45")
    }
    assert {place: amount for place, amount in found.items() if place[0] == "8430"} == {
        ("8430", frozenset({sales, ("PROJECT", "P-1")})): sign * Decimal("100.10"),
        ("8430", frozenset({sales})): sign * Decimal("-0.10"),
        ("8430", frozenset({("DEPARTMENT", "ADM")})): sign * Decimal("23.45"),
    }


@KINDS
def test_other_content_under_a_posted_key_is_shown_and_not_written(
    books: Books, kind: DocumentKind
) -> None:
    books.run(payload(kind))
    after_posting = books.content()
    other = record(kind, total="99.00", lines=[line("8430", "99.00")])
    for finished in (books.run(other), books.run_anew(other)):
        assert finished.statuses == ["changed"]
        assert "99.00" in finished.messages
    assert books.content() == after_posting


def test_documents_of_two_kinds_and_keys_do_not_meet(books: Books) -> None:
    records = [
        record(INVOICE, document_key="E1-R"),
        record(CREDIT_MEMO, document_key="E2-R"),
        record(JOURNAL, document_key="E3-C"),
        record(INVOICE, document_key="E4-R", currency_code="USD"),
    ]
    assert books.run(*records).statuses == ["posted"] * 4
    assert books.run_anew(*reversed(records)).statuses == ["already_posted"] * 4
    assert [books.desk.postings(item["document_key"]) for item in records] == [1, 1, 1, 1]


# Validation: no write before everything is right


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": [line("8320", "100.00")]}, "account_blocked"),
        ({"lines": [line("8000", "100.00")]}, "account_not_posting_type"),
        ({"lines": [line("5630", "100.00")]}, "account_not_direct_posting"),
        ({"lines": [line("843", "100.00")]}, "account_missing"),
        ({"lines": [line("Airfare", "100.00")]}, "account_missing"),
        ({"dimensions": dimensions(DEPARTMENT="SAL")}, "dimension_value_unknown"),
        ({"dimensions": dimensions(PROJECT="P-9")}, "dimension_value_blocked"),
        ({"dimensions": dimensions(AREA="ALL")}, "dimension_value_type"),
        ({"dimensions": dimensions(NOTHING="X")}, "dimension_unknown"),
        ({"posting_date": "2017-12-31"}, "posting_date_outside_window"),
        ({"total": "100.01"}, "total_mismatch"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@KINDS
def test_a_document_that_is_not_right_is_held_before_anything_is_written(
    books: Books, kind: DocumentKind, changes: dict[str, Any], code: str
) -> None:
    before = books.content()
    finished = books.run(record(kind, **changes))
    assert finished.statuses == ["held"]
    assert code in finished.codes
    assert books.content() == before


@pytest.mark.parametrize(
    ("vendor", "code"), [("E9", "vendor_missing"), ("E1003", "vendor_blocked")]
)
def test_a_vendor_that_is_not_right(books: Books, vendor: str, code: str) -> None:
    finished = books.run(record(vendor_number=vendor))
    assert (finished.statuses, finished.codes) == (["held"], [code])
    assert books.desk.drafts() == []


def test_a_held_document_posts_once_it_is_right(books: Books) -> None:
    bad = record(lines=[line("8320", "100.00")])
    good = record(document_key="E101-R")
    assert books.run(bad, good).statuses == ["held", "posted"]
    assert books.run(record(), good).statuses == ["posted", "already_posted"]


# Verified before posted


@pytest.mark.parametrize("kind", [INVOICE, CREDIT_MEMO], ids=lambda kind: kind.value)
def test_what_nav_makes_dearer_is_not_posted(books: Books, kind: DocumentKind) -> None:
    """Account 8460 has 20 % tax: NAV's total is not the report's."""
    finished = books.run(record(kind, lines=[line("8460", "100.00")]))
    assert finished.statuses == ["held"]
    assert "draft_not_as_sent" in finished.codes
    assert "120" in finished.messages
    assert books.desk.postings() == 0
    assert books.desk.drafts() == []


def test_gross_vendors_and_inherited_dimensions_change_nothing_that_was_sent(books: Books) -> None:
    gross = record(document_key="E1-R", vendor_number="E1004")
    inherited = record(
        document_key="E2-R",
        vendor_number="E1002",
        dimensions=dimensions(DEPARTMENT="SALES"),
        lines=[line("8440", "100.00")],
    )
    assert books.run(gross, inherited).statuses == ["posted", "posted"]
    assert {
        entry["dimensions"]["DEPARTMENT"]
        for entry in books.entries("E2-R")
        if entry["account_number"] == "8440"
    } == {"SALES"}


def test_a_draft_that_a_person_edited_is_left_alone(books: Books) -> None:
    books.run(record(), mode="draft")
    (row,) = books.desk.api("GET", "purchaseInvoices?$expand=purchaseInvoiceLines")["value"]
    books.desk.api(
        "PATCH",
        f"purchaseInvoiceLines({row['purchaseInvoiceLines'][0]['id']})",
        {"unitCost": 999},
    )
    edited = books.content()
    finished = books.run(record())
    assert (finished.statuses, finished.codes) == (["held"], ["draft_edited_in_nav"])
    assert books.content() == edited


def test_an_edit_in_the_very_moment_of_posting_never_passes_in_silence(books: Books) -> None:
    """Where the call to post names a version, NAV refuses it. Where it does not, NAV posts what it then has, and the
    run says that this is not what the report says."""

    def edit() -> None:
        (row,) = books.desk.api("GET", "purchaseInvoices?$expand=purchaseInvoiceLines")["value"]
        books.desk.api(
            "PATCH",
            f"purchaseInvoiceLines({row['purchaseInvoiceLines'][0]['id']})",
            {"unitCost": 999},
        )

    pattern = books.dialect.posts[INVOICE].rstrip("$").rpartition(" ")[2]
    if (
        books.dialect.name == "soap"
    ):  # the function is named in a header, the path is the codeunit's
        pattern = r"\Z"
        handler = books.desk.server._handler
        state = {"done": False}

        def edited_first(request: Any) -> Any:
            if not state["done"] and "PostPurchaseInvoice" in request.headers.get("SOAPAction", ""):
                state["done"] = True
                edit()
            return handler(request)

        books.desk.server._handler = edited_first
    else:
        books.desk.before(pattern, edit)
    finished = books.run(record())
    if books.dialect.posts_a_version:
        assert finished.statuses == ["held"]
        assert "draft_not_as_sent" in finished.codes
        assert books.desk.postings() == 0
    else:
        assert finished.statuses == ["changed"]
        assert "999" in finished.messages
        assert books.desk.postings() == 1
    again = books.run(record())
    assert books.desk.postings() == 1
    assert again.statuses == [("posted" if books.dialect.posts_a_version else "changed")]


# Held, and explained


@KINDS
def test_what_nav_refuses_to_post_is_held_in_navs_words(books: Books, kind: DocumentKind) -> None:
    """Account 8450 wants a department, and says so only when it is posted."""
    finished = books.run(
        record(kind, dimensions=[], lines=[line("8450", "100.00")], description="Lunch")
    )
    assert finished.statuses == ["held"]
    assert "DEPARTMENT" in str(finished.outcomes[0].reasons)
    assert books.desk.postings() == 0
    assert books.desk.drafts() == []
    mended = record(kind, lines=[line("8450", "100.00")])
    assert books.run(mended).statuses == ["posted"]


def test_a_number_that_somebody_else_has_used_is_held(books: Books) -> None:
    """The same external number, posted by hand for this vendor as something we do not look for."""
    books.run(record())
    other = books.run_anew(record(total="50.00", lines=[line("8430", "50.00")]))
    assert other.statuses == ["changed"]
    assert books.desk.postings() == 1


def test_lines_of_somebody_else_in_the_journal_batch_are_neither_posted_nor_deleted(
    books: Books,
) -> None:
    books.run(record(JOURNAL), mode="draft")
    (batch,) = books.desk.api("GET", "journals")["value"]
    books.desk.api(
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
    before = books.content()
    finished = books.run_anew(record(JOURNAL))
    assert (finished.statuses, finished.codes) == (["held"], ["journal_batch_in_use"])
    assert books.content() == before
