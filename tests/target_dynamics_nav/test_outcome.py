"""What becomes of a document in words, and what is sent for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from target_dynamics_nav.document import Document, Line, Problem, Skip
from target_dynamics_nav.drafting import as_draft
from target_dynamics_nav.errors import DocumentError
from target_dynamics_nav.nav.port import DocumentKind, DraftDocument, DraftLine, FoundDocument
from target_dynamics_nav.outcome import (
    Outcome,
    Unposted,
    as_problem,
    changed_since_posted,
    not_wanted,
    posted_elsewhere,
    seen,
    skipped,
)
from target_dynamics_nav.settlement import Status

LINE = Line("G/L Account", "8430", "Flight", Decimal("100.10"), "VAT20", {"PROJECT": "P-1"}, "e1")
DOCUMENT = Document(
    kind=DocumentKind.PURCHASE_INVOICE,
    key="E100-R",
    company=None,
    vendor_number="e1001",
    balancing_account=("G/L Account", "2910"),
    posting_date=date(2026, 1, 31),
    document_date=date(2026, 1, 30),
    due_date=date(2026, 2, 28),
    currency_code="usd",
    prices_include_tax=True,
    total=Decimal("100.10"),
    description="Oslo trip",
    dimensions={"DEPARTMENT": "SALES"},
    lines=[LINE],
)


def test_a_draft_is_the_document_word_for_word() -> None:
    assert as_draft(DOCUMENT, "EUR") == DraftDocument(
        kind=DocumentKind.PURCHASE_INVOICE,
        key="E100-R",
        vendor_number="E1001",
        balancing_account=("G/L Account", "2910"),
        posting_date=date(2026, 1, 31),
        document_date=date(2026, 1, 30),
        due_date=date(2026, 2, 28),
        currency_code="USD",
        prices_include_tax=True,
        total=Decimal("100.10"),
        description="Oslo trip",
        dimensions={"DEPARTMENT": "SALES"},
        lines=[
            DraftLine(
                "G/L Account", "8430", "Flight", Decimal("100.10"), "VAT20", {"PROJECT": "P-1"}
            )
        ],
    )


@pytest.mark.parametrize("code", [None, "", "eur", "EUR"])
def test_the_own_currency_is_sent_as_blank(code: str | None) -> None:
    assert as_draft(replace(DOCUMENT, currency_code=code), "EUR").currency_code is None


def test_a_journal_has_no_vendor() -> None:
    assert as_draft(replace(DOCUMENT, vendor_number=None), "EUR").vendor_number is None


@pytest.mark.parametrize("missing", ["posting_date", "document_date", "total"])
def test_nothing_is_sent_for_an_incomplete_document(missing: str) -> None:
    changes: dict[str, Any] = {missing: None}
    with pytest.raises(DocumentError) as caught:
        as_draft(replace(DOCUMENT, **changes), "EUR")
    assert caught.value.code == "field_missing"
    assert "incomplete" in caught.value.message


def test_how_an_attempt_ends() -> None:
    problem = Problem("some_code", "Some sentence.")
    ended = Unposted(Status.HELD, [problem])
    assert ended.outcome == Outcome(Status.HELD, [problem], None)
    assert str(ended) == "held"
    assert skipped(Skip("company_card", "Not exported.")) == Outcome(
        Status.SKIPPED, [Problem("company_card", "Not exported.")]
    )


@pytest.mark.parametrize(
    ("message", "nav_message", "told"),
    [
        ("Refused.", None, "Refused."),
        ("Refused.", "Account 8430 is blocked.", "Refused. NAV says: Account 8430 is blocked."),
        ("Refused: blocked.", "blocked", "Refused: blocked."),
    ],
)
def test_an_error_tells_the_words_of_nav_once(
    message: str, nav_message: str | None, told: str
) -> None:
    error = DocumentError(
        message, code="refused", hint="Unblock.", field="f", value="v", nav_message=nav_message
    )
    assert as_problem(error) == Problem("refused", told, "f", "v", "Unblock.")


def test_what_a_person_has_to_look_at_names_field_value_and_what_to_do() -> None:
    skip = Skip("company_card", "Not exported.")
    unwanted = not_wanted(replace(DOCUMENT, skip=skip), "PI-1")
    assert (unwanted.code, unwanted.value) == ("posted_but_not_wanted", "PI-1")
    assert "PI-1" in unwanted.message
    assert unwanted.message.endswith(replace(DOCUMENT, skip=skip).why_nothing)
    assert unwanted.hint
    changed = changed_since_posted("total", "Another total.")
    assert (changed.code, changed.field, changed.message) == (
        "changed_since_posted",
        "total",
        "Another total.",
    )
    assert changed.hint


def test_expenses_posted_with_other_documents_are_told_in_their_order() -> None:
    problems = posted_elsewhere({"e2": "E200-R", "e1": "E100-R"})
    assert [(one.code, one.field, one.value) for one in problems] == [
        ("posted_elsewhere", "lines", "e1"),
        ("posted_elsewhere", "lines", "e2"),
    ]
    assert "e1" in problems[0].message
    assert "E100-R" in problems[0].message
    assert "E100-R" in (problems[0].hint or "")
    assert posted_elsewhere({}) == []


def test_what_a_look_up_found_is_plain_data() -> None:
    found = FoundDocument(
        kind=DocumentKind.PURCHASE_INVOICE,
        id="i",
        number="PI-1",
        key="E100-R",
        posted=True,
        status="Open",
        etag=None,
        vendor_number="E1001",
        posting_date=None,
        currency_code=None,
        total=Decimal("100.10"),
        dimensions={},
        lines=[],
    )
    assert seen(found) == {
        "nav_id": "i",
        "nav_number": "PI-1",
        "kind": DocumentKind.PURCHASE_INVOICE.value,
        "posted": True,
        "total": "100.10",
    }
