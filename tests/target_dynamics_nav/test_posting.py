"""The posting protocol against a running NAV stand-in: what it does when everybody behaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.nav.quirks import NavQuirks

from .desk import (
    CREDIT_MEMO,
    INVOICE,
    JOURNAL,
    SECOND,
    Desk,
    desk,
    dimensions,
    line,
    record,
)
from .nav_stand_in import KINDS


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


SKIP = {"code": "company_card", "reason": "Company card expenses are not exported."}
PROBLEM = {"code": "account_unmapped", "message": "No account for category 'Fun'."}


# Once


@KINDS
def test_a_document_is_posted_once(it: Desk, kind: Any) -> None:
    done = it.run(record(kind))
    assert done.statuses == ["posted"]
    assert it.postings() == 1
    assert it.drafts() == []
    assert it.standing() == ("posted", done.outcomes[0].nav_number)
    assert done.gate.release() == {"documents": 1}


@KINDS
def test_the_same_again_costs_nav_no_write(it: Desk, kind: Any) -> None:
    number = it.run(record(kind)).outcomes[0].nav_number
    again = it.run(record(kind), record(kind))
    assert again.statuses == ["already_posted"] * 2
    assert again.outcomes[0].nav_number == number
    assert again.writes == 0
    assert it.postings() == 1


def test_what_the_ledger_knows_is_not_looked_up(it: Desk) -> None:
    it.run(record())
    # NAV is asked once whether the ledger can be believed, and not for each document.
    one = it.run(record()).requests.count("POST $batch 200")
    assert it.run(*[record()] * 5).requests.count("POST $batch 200") == one


@KINDS
def test_with_the_ledger_lost_nav_itself_knows(it: Desk, kind: Any) -> None:
    number = it.run(record(kind)).outcomes[0].nav_number
    it.lose_ledger()
    again = it.run(record(kind))
    assert again.statuses == ["already_posted"]
    assert again.writes == 0
    assert it.standing() == ("already_posted", number)
    assert it.run(record(kind)).statuses == ["already_posted"]


def test_dates_and_texts_are_no_change(it: Desk) -> None:
    it.run(record())
    for ledger_lost in (False, True):
        if ledger_lost:
            it.lose_ledger()
        assert it.run(record(posting_date="2026-02-28", description="x")).statuses == [
            "already_posted"
        ]


def test_the_same_document_twice_in_one_feed_is_one_posting(it: Desk) -> None:
    done = it.run(record(), record())
    assert it.postings() == 1
    assert done.counts == {"posted": 1}


def test_another_content_later_in_the_feed_is_a_change(it: Desk) -> None:
    done = it.run(record(), record(lines=[line(amount="90.00")], total="90.00"))
    assert done.counts == {"changed": 1}
    assert it.postings() == 1
    assert done.gate.release() == {"documents": 1}


def test_several_companies_in_one_feed(it: Desk) -> None:
    done = it.run(
        record(), record(company=SECOND), record(JOURNAL, document_key="J1", company=SECOND)
    )
    assert done.statuses == ["posted"] * 3
    assert (it.postings(), it.postings(company=SECOND)) == (1, 1)
    assert it.postings("J1", SECOND) == 1


def test_a_company_by_id_and_by_name_is_one(it: Desk) -> None:
    company = it.nav_books.company(SECOND)
    assert company is not None
    done = it.run(record(company=SECOND), record(company=company.id))
    assert done.counts == {"posted": 1}
    assert it.postings(company=SECOND) == 1


def test_an_unknown_company_holds_its_documents_only(it: Desk) -> None:
    done = it.run(record(company="Nowhere"), record(document_key="E2"), record(company="Nowhere"))
    assert (it.postings("E2"), done.counts) == (1, {"held": 1, "posted": 1})
    assert done.outcomes[0].reasons[0].code == "company_unknown"
    assert it.standing()[0] == "held"
    assert done.gate.release() is None
    asked = [entry for entry in done.requests if entry.startswith("GET companies")]
    assert len(asked) <= 2, "an unknown company is asked for once"


def test_a_document_that_stood_nowhere_finds_its_company(it: Desk) -> None:
    it.run(record(company="Second"))
    company = it.nav_books.company(SECOND)
    assert company is not None
    (row,) = list(company.rows)
    with it.nav_books.transaction():
        company.rows.put(replace(row, name="Second"))
    assert it.run(record(company="Second")).statuses == ["posted"]
    assert it.standing()[0] == "posted"


# Changed


LINES: list[dict[str, Any]] = record()["lines"]
CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "total": ({"lines": [line(amount="90.00")], "total": "90.00"}, "90.00"),
    "account": ({"lines": [line("8440", "100.00")]}, "8440"),
    "dimension of a line": (
        {"lines": [line(dimensions=dimensions(PROJECT="P-2")), line(amount="-0.10")]},
        "PROJECT P-2",
    ),
    "dimension of the document": ({"dimensions": dimensions(DEPARTMENT="ADM")}, "DEPARTMENT ADM"),
    "vendor": ({"vendor_number": "E1002"}, "E1002"),
    "currency": ({"currency_code": "USD"}, "USD"),
    "lines that cancel each other": (
        {"lines": [*LINES, line(amount="1.00"), line(amount="-1.00")]},
        "1.00 on account 8430",
    ),
}  # fmt: skip


@pytest.mark.parametrize("ledger_lost", [False, True], ids=["ledger kept", "ledger lost"])
@pytest.mark.parametrize("change", CHANGES)
def test_other_content_than_posted_is_shown_and_nothing_is_written(
    it: Desk, change: str, ledger_lost: bool
) -> None:
    changes, shown = CHANGES[change]
    it.run(record())
    if ledger_lost:
        it.lose_ledger()
    done = it.run(record(**changes))
    assert done.statuses == ["changed"]
    assert set(done.codes) == {"changed_since_posted"}
    assert shown in done.messages
    assert done.writes == 0
    assert done.gate.release() is None
    assert it.standing()[0] == "changed"


@pytest.mark.parametrize("ledger_lost", [False, True], ids=["ledger kept", "ledger lost"])
def test_an_invoice_that_became_a_credit_memo_is_a_change(it: Desk, ledger_lost: bool) -> None:
    it.run(record())
    if ledger_lost:
        it.lose_ledger()
    done = it.run(record(CREDIT_MEMO))
    assert done.statuses == ["changed"]
    assert "purchase invoice" in done.messages
    assert "purchase credit memo" in done.messages
    assert done.writes == 0


@pytest.mark.parametrize("ledger_lost", [False, True], ids=["ledger kept", "ledger lost"])
@pytest.mark.parametrize("now", [{"skip": SKIP}, {"problems": [PROBLEM]}], ids=["skip", "problem"])
def test_posted_but_kept_out_now_is_a_change(
    it: Desk, now: dict[str, Any], ledger_lost: bool
) -> None:
    number = it.run(record()).outcomes[0].nav_number
    if ledger_lost:
        it.lose_ledger()
    done = it.run(record(**now))
    assert (done.statuses, done.codes, done.writes) == (["changed"], ["posted_but_not_wanted"], 0)
    assert str(number) in done.messages


def test_another_balancing_account_is_a_change(it: Desk) -> None:
    it.run(record(JOURNAL))
    it.lose_ledger()
    done = it.run(record(JOURNAL, balancing_account={"type": "G/L Account", "number": "8430"}))
    assert done.statuses == ["changed"]
    assert "G/L Account 2910" in done.messages


def test_a_journal_against_a_vendor_is_recognised(it: Desk) -> None:
    journal = record(JOURNAL, balancing_account={"type": "Vendor", "number": "E1001"})
    assert it.run(journal).statuses == ["posted"]
    it.lose_ledger()
    assert it.run(journal).statuses == ["already_posted"]


def test_a_change_that_is_taken_back_is_settled_again(it: Desk) -> None:
    it.run(record())
    assert it.run(record(vendor_number="E1002")).statuses == ["changed"]
    done = it.run(record())
    assert done.statuses == ["already_posted"]
    assert it.standing()[0] == "already_posted"
    assert done.gate.release() == {"documents": 1}


def test_what_was_cancelled_in_nav_is_a_change_when_it_is_looked_up(it: Desk) -> None:
    it.run(record())
    company = it.nav_books.company("CRONUS Test")
    assert company is not None
    (document,) = list(company.documents)
    with it.nav_books.transaction():
        company.documents.put(replace(document, status="Canceled"))
    it.lose_ledger()
    done = it.run(record())
    assert (done.statuses, done.codes) == (["changed"], ["cancelled_in_nav"])
    assert done.writes == 0


def test_a_blocked_account_does_not_matter_to_what_is_posted(it: Desk) -> None:
    it.run(record())
    it.block("accounts/8430")
    assert it.run(record()).statuses == ["already_posted"]
    it.lose_ledger()
    assert it.run(record()).statuses == ["already_posted"]


# Held and skipped


def test_what_cannot_be_posted_is_held_without_a_write(it: Desk) -> None:
    done = it.run(
        record(lines=[line("8320", "100.00")]), record(document_key="E2", problems=[PROBLEM])
    )
    assert done.statuses == ["held", "held"]
    assert done.outcomes[0].reasons[0].code == "account_blocked"
    assert done.codes == ["account_unmapped"]
    assert done.writes == 0
    assert done.gate.release() is None


def test_a_held_document_posts_once_its_reason_is_gone(it: Desk) -> None:
    it.block("accounts/8430")
    assert it.run(record()).statuses == ["held"]
    assert it.run(record()).statuses == ["held"]
    assert it.events().count("held") == 1, "what is no news is no event"
    answer = it.run(record(lines=[line("8440", "100.00")]))
    assert answer.statuses == ["posted"]
    assert it.standing()[0] == "posted"


def test_skipped_is_settled_and_looked_up_once(it: Desk) -> None:
    done = it.run(record(skip=SKIP, lines=[]))
    assert (done.statuses, done.writes) == (["skipped"], 0)
    assert done.gate.release() == {"documents": 1}
    again = it.run(record(skip=SKIP, lines=[]))
    assert again.statuses == ["skipped"]
    assert len(again.requests) < len(done.requests)


def test_tax_that_nav_adds_holds_the_document(it: Desk) -> None:
    done = it.run(record(lines=[line("8460", "100.00")]))
    assert (done.statuses, set(done.codes)) == (["held"], {"draft_not_as_sent"})
    assert "100.00 in the report, 120.00 in NAV" in done.messages
    assert it.drafts() == []


def test_tax_as_the_report_has_it_posts(it: Desk) -> None:
    net = record(lines=[line("8430", "100.00", tax_code="VAT20")], total="120.00")
    gross = record(
        document_key="E2",
        lines=[line("8430", "120.00", tax_code="VAT20")],
        total="120.00",
        prices_include_tax=True,
    )
    assert it.run(net, gross).statuses == ["posted", "posted"]
    it.lose_ledger()
    assert it.run(net, gross).statuses == ["already_posted"] * 2


def test_a_vendor_with_prices_including_tax(it: Desk) -> None:
    assert it.run(record(vendor_number="E1004")).statuses == ["posted"]
    assert it.postings() == 1


def test_where_prices_including_tax_cannot_be_chosen_the_document_is_held(tmp_path: Path) -> None:
    with desk(tmp_path, NavQuirks(prices_include_tax_writable=False)) as it:
        done = it.run(record(vendor_number="E1004"), record(document_key="E2"))
        assert done.statuses == ["held", "posted"]
        assert it.drafts() == []


def test_a_dimension_mandatory_at_posting_holds_with_the_words_of_nav(it: Desk) -> None:
    done = it.run(record(dimensions=[], lines=[line("8450", "100.00")]))
    assert done.statuses == ["held"]
    assert "DEPARTMENT" in done.messages
    assert it.drafts() == []
    assert it.postings() == 0


@KINDS
def test_a_value_blocked_after_validation_holds(it: Desk, kind: Any) -> None:
    it.before("Microsoft.NAV.post", lambda: it.block("dimension-values/DEPARTMENT/SALES"))
    done = it.run(record(kind))
    assert done.statuses == ["held"]
    assert "SALES" in done.messages
    assert it.drafts() == []
    assert it.postings() == 0


@KINDS
def test_a_period_closed_after_validation_holds(it: Desk, kind: Any) -> None:
    company = it.nav_books.company("CRONUS Test")
    assert company is not None

    def close() -> None:
        with it.nav_books.transaction():
            company.setups.put(replace(company.setup, allow_posting_to=date(2025, 12, 31)))

    it.before("Microsoft.NAV.post", close)
    done = it.run(record(kind))
    assert done.statuses == ["held"]
    assert "allowed" in done.messages.lower() or "posting date" in done.messages.lower()
    assert it.drafts() == []


def test_inherited_dimensions_are_kept_and_noted(it: Desk) -> None:
    done = it.run(record(vendor_number="E1002"))
    assert done.statuses == ["posted"]
    (document,) = it.books()["posted_documents"]
    assert document["lines"][0]["dimensions"] == {
        "AREA": "EU",
        "DEPARTMENT": "SALES",
        "PROJECT": "P-1",
    }
    it.lose_ledger()
    assert it.run(record(vendor_number="E1002")).statuses == ["already_posted"]


# The ledger and NAV


def test_a_nav_that_lost_what_the_ledger_calls_posted_is_asked_for_everything(
    it: Desk, tmp_path: Path
) -> None:
    it.run(record(), record(document_key="E2"))
    with desk(tmp_path) as restored:
        assert restored.ledger == it.ledger
        done = restored.run(record(), record(document_key="E2"))
        assert done.statuses == ["posted", "posted"]
        assert "ledger_distrusted" in restored.events()
        assert restored.run(record()).statuses == ["already_posted"]


def test_the_events_of_a_posting(it: Desk) -> None:
    it.run(record())
    assert it.events() == [
        "run_started",
        "draft_intended",
        "draft_created",
        "post_intended",
        "posted",
        "run_ended",
    ]


def test_long_lists_of_lines(it: Desk) -> None:
    many = [
        line(amount=f"{number}.01", dimensions=dimensions(PROJECT="P-1"))
        for number in range(1, 121)
    ]
    total = f"{sum(range(1, 121)) + 1}.20"
    assert it.run(record(lines=many, total=total)).statuses == ["posted"]
    it.lose_ledger()
    assert it.run(record(lines=many, total=total)).statuses == ["already_posted"]


def test_equal_lines_are_told_apart_by_count(it: Desk) -> None:
    twice = record(lines=[line(amount="50.00"), line(amount="50.00")])
    it.run(twice)
    done = it.run(record(lines=[line(amount="50.00")], total="50.00"))
    assert done.statuses == ["changed"]
    assert (
        "no longer in the report: 50.00 on account 8430 (DEPARTMENT SALES); new lines: none"
        in done.messages
    )


def test_a_company_without_the_reporting_api(tmp_path: Path) -> None:
    """Blocked values are unknown there before posting; NAV says so when it is asked to post."""
    with desk(tmp_path, NavQuirks(reports_finance=False)) as it:
        done = it.run(record(lines=[line(amount="100.00", dimensions=dimensions(PROJECT="P-9"))]))
        assert done.statuses == ["held"]
        assert "P-9" in done.messages
        assert it.drafts() == []


def test_kinds_with_one_key_do_not_hide_each_other(it: Desk) -> None:
    it.run(record(INVOICE))
    it.lose_ledger()
    for kind in (CREDIT_MEMO, JOURNAL):
        assert it.run(record(kind)).statuses == ["changed"]
