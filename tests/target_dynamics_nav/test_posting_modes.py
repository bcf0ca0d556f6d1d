"""The posting protocol in the modes preview and draft, and the drafts that people work on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from target_dynamics_nav.context import RefusedDrafts

from .desk import (
    Desk,
    desk,
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


@KINDS
def test_preview_writes_nothing_and_settles_nothing(it: Desk, kind: Any) -> None:
    done = it.run(record(kind), mode="preview")
    assert (done.statuses, done.writes) == (["previewed"], 0)
    assert done.gate.release() is None, "the run that posts has to read it again"
    assert it.run(record(kind)).statuses == ["posted"]
    assert it.run(record(kind), mode="preview").statuses == ["already_posted"]


def test_preview_leaves_drafts_where_they_are(it: Desk) -> None:
    it.run(record(), mode="draft")
    it.lose_ledger()
    it.block("accounts/8430")
    done = it.run(record(), record(skip=SKIP), mode="preview")
    assert done.writes == 0
    assert len(it.drafts()) == 1


@KINDS
def test_draft_leaves_a_verified_draft_once(it: Desk, kind: Any) -> None:
    done = it.run(record(kind), mode="draft")
    assert done.statuses == ["draft"]
    assert done.gate.release() == {"documents": 1}
    again = it.run(record(kind), mode="draft")
    assert (again.statuses, again.writes) == (["draft"], 0)
    assert len(it.drafts()) == 1
    assert it.postings() == 0


@KINDS
def test_a_draft_left_on_purpose_is_posted_by_mode_post(it: Desk, kind: Any) -> None:
    it.run(record(kind), mode="draft")
    assert it.run(record(kind)).statuses == ["posted"]
    assert it.drafts() == []
    assert it.postings() == 1


def test_a_draft_posted_by_a_person_is_already_posted(it: Desk) -> None:
    it.run(record(), mode="draft")
    (draft,) = it.drafts()
    it.api("POST", f"purchaseInvoices({draft['id']})/Microsoft.NAV.post")
    done = it.run(record(), mode="draft")
    assert (done.statuses, done.writes) == (["already_posted"], 0)


def test_a_changed_report_has_its_draft_made_anew(it: Desk) -> None:
    it.run(record(), mode="draft")
    done = it.run(record(lines=[line(amount="90.00")], total="90.00"), mode="draft")
    assert done.statuses == ["draft"]
    (draft,) = it.drafts()
    assert draft["total_including_tax"] == "90.00"


def edited(it: Desk) -> None:
    (draft,) = it.drafts()
    lines = it.api("GET", f"purchaseInvoices({draft['id']})/purchaseInvoiceLines")["value"]
    path = f"purchaseInvoices({draft['id']})/purchaseInvoiceLines({lines[0]['id']})"
    it.api("PATCH", path, {"unitCost": 95.5})


@pytest.mark.parametrize(("mode", "status"), [("draft", "draft"), ("post", "held")])
def test_a_draft_edited_by_a_person_is_not_touched(it: Desk, mode: str, status: str) -> None:
    it.run(record(), mode="draft")
    edited(it)
    done = it.run(record(), mode=mode)
    assert (done.statuses, done.codes, done.writes) == ([status], ["draft_edited_in_nav"], 0)
    assert it.postings() == 0


def test_an_edited_draft_is_not_touched_when_the_ledger_is_distrusted(it: Desk) -> None:
    it.run(record(document_key="E2"))
    company = it.nav_books.company("CRONUS Test")
    assert company is not None
    (posted,) = list(company.documents)
    with it.nav_books.transaction():
        company.documents.delete(posted.id)
    it.run(record(), mode="draft")
    edited(it)
    done = it.run(record())
    assert (done.statuses, done.codes, done.writes) == (["held"], ["draft_edited_in_nav"], 0)


def test_a_draft_left_on_purpose_stays_when_the_document_is_held_later(it: Desk) -> None:
    it.run(record(), mode="draft")
    assert it.run(record(problems=[PROBLEM])).statuses == ["held"]
    assert len(it.drafts()) == 1


def test_a_draft_that_nav_refuses_to_post_is_kept_where_the_settings_say_so(it: Desk) -> None:
    refused = record(dimensions=[], lines=[line("8450", "100.00")])
    keep = {"refused_drafts": RefusedDrafts.KEEP}
    done = it.run(refused, rules=keep)
    assert done.statuses == ["held"]
    assert "DEPARTMENT" in done.messages
    (draft,) = it.drafts()
    events = it.events()
    assert events.index("refused") < events.index("draft_kept") < events.index("held")
    assert it.standing() == ("held", draft["number"])
    assert it.postings() == 0
    again = it.run(refused, rules=keep)
    assert again.statuses == ["held"]
    assert [one["number"] for one in it.drafts()] == [draft["number"]], "the same one, no other"
    assert it.postings() == 0
