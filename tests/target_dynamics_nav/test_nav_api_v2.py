"""The api_v2 adapter against the NAV stand-in, over real HTTP: read, create, verify, post, what NAV refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from expense_sandbox.nav.quirks import NavQuirks
from target_dynamics_nav.errors import (
    ConfigurationError,
    DocumentRefusedError,
)
from target_dynamics_nav.nav.port import DocumentKind, DraftDocument

from .nav_stand_in import COMPANY, CREDIT_MEMO, INVOICE, JOURNAL, KINDS, draft, line, lines_of, nav

# Master data


@pytest.mark.parametrize("auth_method", ["oauth2", "basic"])
def test_master_data(auth_method: str) -> None:
    with nav(auth_method=auth_method) as it:
        data = it.client.read_master_data(it.company)
    assert data.local_currency_code == "EUR"
    assert (data.posting_from, data.posting_to) == (date(2018, 1, 1), None)
    assert data.accounts["8000"].account_type == "Heading"
    assert data.accounts["8320"].blocked
    assert not data.accounts["5410"].direct_posting
    assert data.accounts["8430"].direct_posting
    assert data.vendors["E1002"].default_dimensions == {"AREA": "EU"}
    assert data.vendors["E1003"].blocked == "All"
    assert data.vendors["E1001"].blocked == ""
    assert data.vendors["E1001"].currency_code == ""
    assert data.vendors["CARD-USD"].currency_code == "USD"
    assert data.dimensions == {"DEPARTMENT", "PROJECT", "AREA"}
    apollo = data.dimension_values["PROJECT", "P-9"]
    assert (apollo.name, apollo.blocked, apollo.value_type) == ("Apollo", True, "Standard")
    assert data.dimension_values["AREA", "ALL"].value_type == "Total"
    assert data.dimension_values["PROJECT", "P-1"].name == "Zürich: Phase 2"
    assert data.exchange_rates == {"USD": [date(2018, 1, 1)], "GBP": []}


def test_without_the_reporting_api_blocked_values_are_unknown() -> None:
    with nav(NavQuirks(reports_finance=False)) as it:
        data = it.client.read_master_data(it.company)
    apollo = data.dimension_values["PROJECT", "P-9"]
    assert (apollo.name, apollo.blocked, apollo.value_type) == ("Apollo", None, None)


def test_long_lists_are_read_to_the_end() -> None:
    with nav(NavQuirks(maximum_page_size=2)) as it:
        data = it.client.read_master_data(it.company)
    assert len(data.accounts) == len(COMPANY.accounts)
    assert len(data.vendors) == len(COMPANY.vendors)
    assert len(data.dimension_values) == 8


def test_a_company_is_found_by_exact_name_or_id_only() -> None:
    with nav() as it:
        assert it.client.resolve_company(it.company.id.upper()) == it.company
        for wrong in ("cronus test", "CRONUS", ""):
            with pytest.raises(ConfigurationError) as caught:
                it.client.resolve_company(wrong)
            assert caught.value.code == "company_unknown"
            assert '"CRONUS Services", "CRONUS Test"' in caught.value.message


# The way of a document


@KINDS
def test_from_nothing_to_the_ledger(kind: DocumentKind) -> None:
    with nav() as it:
        it.client.read_master_data(it.company)
        assert it.client.find(it.company, "E100-R") == []
        made = it.create(draft(kind, DEPARTMENT="SALES"))
        assert it.find_one("E100-R") == made
        assert not made.posted
        assert made.key == "E100-R"
        assert made.total == Decimal("100.03")
        assert made.posting_date == date(2026, 1, 31)
        assert made.currency_code is None
        assert made.dimensions == {"DEPARTMENT": "SALES"}
        assert made.vendor_number == (None if kind is JOURNAL else "E1001")
        expected = [
            ("8430", Decimal("100.10"), {"DEPARTMENT": "SALES", "PROJECT": "P-1"}),
            ("8430", Decimal("-0.07"), {"DEPARTMENT": "SALES"}),
        ]
        assert lines_of(made) == expected
        assert made.lines is not None
        assert made.lines[0].account_type == "G/L Account"
        assert made.lines[0].description == "Expense 100.10 ü"
        assert it.find_one(made.key) == made

        it.post(made)
        posted = it.find_one("E100-R")
        assert posted.posted
        assert posted.total == made.total
        assert lines_of(posted) == expected
        assert posted.dimensions == made.dimensions
        assert not posted.cancelled
        assert it.find_one(posted.key) == posted
        if kind is JOURNAL:
            assert made.balancing_account == ("G/L Account", "2910")
            assert posted.balancing_account == ("G/L Account", "2910")
            assert posted.leftover_id is not None
            it.client.delete_draft(it.company, posted)
            assert it.find_one(made.key).leftover_id is None
        else:
            assert posted.id == made.id
            assert posted.number != made.number
        entries = it.ledger("E100-R")
        assert sum(Decimal(str(entry["amount"])) for entry in entries) == 0
        assert it.books()["journals"] == []


@KINDS
def test_removing_a_draft(kind: DocumentKind) -> None:
    with nav() as it:
        made = it.create(draft(kind))
        it.client.delete_draft(it.company, made)
        assert it.client.find(it.company, "E100-R") == []
        it.client.delete_draft(it.company, made)


@KINDS
def test_many_lines_keep_their_order(kind: DocumentKind) -> None:
    many = [line("8430", f"{n}.01") for n in range(1, 151)]
    with nav() as it:
        made = it.create(draft(kind, *many))
        assert made.lines is not None
        assert [one.amount for one in made.lines] == [one.amount for one in many]
        assert [one.line_number for one in made.lines] == list(range(1, 151))
        it.post(made)
        assert lines_of(it.find_one("E100-R")) == lines_of(made)


def test_a_foreign_currency_and_a_vendor_with_another_one() -> None:
    with nav() as it:
        dollars = it.create(draft(currency="USD", key="E1-R"))
        assert (dollars.currency_code, dollars.total) == ("USD", Decimal("100.03"))
        own = it.create(draft(vendor="CARD-USD", key="E2-R"))
        assert own.currency_code is None
        it.post(dollars)
        it.post(own)
        assert it.find_one("E1-R").currency_code == "USD"


def test_dates_are_as_sent() -> None:
    with nav() as it:
        made = it.create(replace(draft(), due_date=date(2026, 3, 1)))
        row = it.api("GET", f"purchaseInvoices({made.id})").json()
    assert row["invoiceDate"] == "2026-01-30"
    assert row["postingDate"] == "2026-01-31"
    assert row["dueDate"] == "2026-03-01"


def test_a_zero_sum_journal_needs_no_balancing_line() -> None:
    with nav() as it:
        made = it.create(draft(JOURNAL, line("8430", "50.00"), line("8430", "-50.00")))
        assert (made.total, made.balancing_account) == (0, None)
        it.post(made)
        posted = it.find_one("E100-R")
        assert (posted.total, posted.cancelled) == (0, False)
        assert lines_of(posted) == lines_of(made)


def test_a_journal_is_in_the_companys_own_currency() -> None:
    with nav() as it, pytest.raises(DocumentRefusedError) as caught:
        it.create(draft(JOURNAL, currency="USD"))
    assert caught.value.code == "foreign_currency_journal"


# Dimensions that arrive by themselves


def test_a_vendor_default_that_is_equal_is_not_sent() -> None:
    with nav() as it:
        it.client.read_master_data(it.company)
        made = it.create(draft(vendor="E1002", AREA="EU"))
    assert made.dimensions == {"AREA": "EU"}
    assert [one[2]["AREA"] for one in lines_of(made)] == ["EU", "EU"]


@pytest.mark.parametrize("known", [True, False], ids=["known", "not known"])
def test_a_vendor_default_that_differs_is_overruled(known: bool) -> None:
    with nav() as it:
        if known:
            it.client.read_master_data(it.company)
        made = it.create(draft(vendor="E1002", AREA="US", DEPARTMENT="SALES"))
        assert made.dimensions == {"AREA": "US", "DEPARTMENT": "SALES"}
        assert [one[2]["AREA"] for one in lines_of(made)] == ["US", "US"]
        it.post(made)
        assert lines_of(it.find_one("E100-R")) == lines_of(made)


def test_a_vendor_default_that_is_not_mentioned_stays() -> None:
    with nav() as it:
        made = it.create(draft(vendor="E1002"))
    assert made.dimensions == {"AREA": "EU"}


@KINDS
def test_account_defaults_are_overruled_and_learnt(kind: DocumentKind) -> None:
    lines = (line("8440", "10.00", DEPARTMENT="SALES", PROJECT="P-1"), line("8440", "5.00"))
    with nav() as it:
        it.client.read_master_data(it.company)
        made = it.create(draft(kind, *lines, key="E1-R"))
        expected = [{"DEPARTMENT": "SALES", "PROJECT": "P-1"}, {"DEPARTMENT": "ADM"}]
        assert [one[2] for one in lines_of(made)] == expected
        before = len(it.server.requests_log)
        again = it.create(draft(kind, *lines, key="E2-R"))
        assert [one[2] for one in lines_of(again)] == expected
        refused = [entry for entry in it.server.requests_log[before:] if entry.status == 400]
        assert refused == []


@KINDS
def test_a_line_overrules_the_header(kind: DocumentKind) -> None:
    lines = (line("8430", "10.00", DEPARTMENT="ADM"), line("8430", "5.00"))
    with nav() as it:
        made = it.create(draft(kind, *lines, DEPARTMENT="SALES"))
        assert made.dimensions == {"DEPARTMENT": "SALES"}
        assert [one[2]["DEPARTMENT"] for one in lines_of(made)] == ["ADM", "SALES"]


@KINDS
def test_nothing_is_left_of_a_draft_whose_dimensions_nav_refuses(kind: DocumentKind) -> None:
    lines = (line("8440", "10.00", DEPARTMENT="SALES", PROJECT="P-77"),)
    with nav() as it:
        with pytest.raises(DocumentRefusedError) as caught:
            it.create(draft(kind, *lines))
        assert caught.value.code == "dimension_value_unknown"
        assert it.client.find(it.company, "E100-R") == []


# Tax


@pytest.mark.parametrize("vendor", ["E1001", "E1004"], ids=["net vendor", "gross vendor"])
@pytest.mark.parametrize("wanted", [False, True], ids=["net", "gross"])
def test_prices_with_and_without_tax(vendor: str, wanted: bool) -> None:
    taxed = replace(line("8430", "120.00"), tax_code="VAT20")
    with nav() as it:
        for key in ("E1-R", "E2-R"):
            made = it.create(
                draft(INVOICE, taxed, vendor=vendor, prices_include_tax=wanted, key=key)
            )
            assert made.total == (Decimal("120.00") if wanted else Decimal("144.00"))
            assert lines_of(made)[0][1] == Decimal("120.00")
            assert len(it.client.find(it.company, key)) == 1
            it.post(made)


def test_a_server_that_keeps_prices_with_tax_to_itself() -> None:
    with nav(NavQuirks(prices_include_tax_writable=False)) as it:
        it.create(draft(vendor="E1004", prices_include_tax=True, key="E1-R"))
        for vendor, wanted in (("E1001", True), ("E1004", False)):
            with pytest.raises(DocumentRefusedError) as caught:
                it.create(draft(vendor=vendor, prices_include_tax=wanted, key="E2-R"))
            assert caught.value.code == "prices_include_tax_not_writable"
            assert it.client.find(it.company, "E2-R") == []


# Refusals


@pytest.mark.parametrize(
    ("kind", "wrong", "code"),
    [
        (INVOICE, draft(INVOICE, line("8320", "1.00")), "account_blocked"),
        (JOURNAL, draft(JOURNAL, line("8320", "1.00")), "account_blocked"),
        (INVOICE, draft(INVOICE, line("9999", "1.00")), "account_missing"),
        (JOURNAL, draft(JOURNAL, line("9999", "1.00")), "account_missing"),
        (CREDIT_MEMO, draft(CREDIT_MEMO, line("5410", "1.00")), "account_not_direct_posting"),
        (INVOICE, draft(INVOICE, line("8000", "1.00")), "account_not_posting_type"),
        (INVOICE, draft(vendor="E9999"), "vendor_missing"),
        (INVOICE, draft(vendor="E1003"), "vendor_blocked"),
        (INVOICE, draft(currency="CHF"), "currency_unknown"),
        (INVOICE, draft(currency="GBP"), "exchange_rate_missing"),
        (INVOICE, draft(REGION="EU"), "dimension_unknown"),
        (INVOICE, draft(AREA="MARS"), "dimension_value_unknown"),
        (INVOICE, replace(draft(), lines=[replace(line("8430", "1"), description="x" * 101)]), "text_too_long"),
    ],
)  # fmt: skip
def test_what_nav_refuses_when_a_draft_is_made(
    kind: DocumentKind, wrong: DraftDocument, code: str
) -> None:
    with nav() as it:
        with pytest.raises(DocumentRefusedError) as caught:
            it.create(wrong)
        assert caught.value.code == code
        assert caught.value.nav_message
        assert it.client.find(it.company, wrong.key) == []
    assert kind is wrong.kind


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (draft(INVOICE, PROJECT="P-9"), "dimension_value_blocked"),
        (draft(CREDIT_MEMO, PROJECT="P-9"), "dimension_value_blocked"),
        (draft(JOURNAL, PROJECT="P-9"), "dimension_value_blocked"),
        (draft(INVOICE, AREA="ALL"), "dimension_value_type"),
        (draft(INVOICE, line("8430", "-5.00")), "negative_total"),
        (replace(draft(INVOICE), posting_date=date(2017, 12, 31)), "posting_date_outside_window"),
        (replace(draft(JOURNAL), posting_date=date(2017, 12, 31)), "posting_date_outside_window"),
    ],
)
def test_what_nav_refuses_at_posting_leaves_the_draft(wrong: DraftDocument, code: str) -> None:
    with nav() as it:
        made = it.create(wrong)
        with pytest.raises(DocumentRefusedError) as caught:
            it.post(made)
        assert caught.value.code == code
        left = it.find_one(wrong.key)
        assert not left.posted
        it.client.delete_draft(it.company, left)
        assert it.ledger(wrong.key) == []
