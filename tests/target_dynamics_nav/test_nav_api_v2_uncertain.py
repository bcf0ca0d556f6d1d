"""The api_v2 adapter when something is there already, somebody interferes, or the network and NAV fail."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from expense_sandbox.faults import Fault
from expense_sandbox.nav.quirks import NavQuirks
from target_dynamics_nav.errors import (
    ConfigurationError,
    DocumentRefusedError,
    DraftChangedError,
    OutageError,
    OutcomeUnknownError,
    RetryLaterError,
)
from target_dynamics_nav.nav.api_v2_journals import batch_code
from target_dynamics_nav.nav.port import DocumentKind

from .nav_stand_in import CREDIT_MEMO, INVOICE, JOURNAL, KINDS, draft, nav

# Twice


@pytest.mark.parametrize("kind", [INVOICE, CREDIT_MEMO])
def test_a_second_draft_of_a_posted_key_is_seen_and_does_not_post(kind: DocumentKind) -> None:
    with nav() as it:
        first = it.create(draft(kind))
        second = it.create(draft(kind))
        assert {found.id for found in it.client.find(it.company, "E100-R")} == {first.id, second.id}
        it.post(first)
        with pytest.raises(OutcomeUnknownError) as caught:
            it.post(second)
        assert caught.value.code == "duplicate_document"
        found = it.client.find(it.company, "E100-R")
        assert {(one.id, one.posted) for one in found} == {(first.id, True), (second.id, False)}


def test_a_number_the_vendor_has_used_in_a_journal_is_a_refusal() -> None:
    with nav() as it:
        journal = it.api("POST", "journals", {"code": "OTHER"}).json()
        path = f"journals({journal['id']})/journalLines"
        common = {"postingDate": "2026-01-31", "documentNumber": "X1"}
        vendor = {"accountType": "Vendor", "accountNumber": "E1001", **common, "amount": -5}
        account = {"accountType": "G/L Account", "accountNumber": "8430", **common, "amount": 5}
        for body in (vendor | {"externalDocumentNumber": "E100-R"}, account):
            assert it.api("POST", path, body).status_code == 201
        assert it.api("POST", f"journals({journal['id']})/Microsoft.NAV.post").status_code == 204
        made = it.create(draft(INVOICE))
        it.post(made)  # NAV compares within one document type, so this is no duplicate
        assert it.find_one("E100-R").posted


@pytest.mark.parametrize("kind", [INVOICE, CREDIT_MEMO])
def test_posting_what_is_posted_asks_to_look_again(kind: DocumentKind) -> None:
    with nav() as it:
        made = it.create(draft(kind))
        it.post(made)
        with pytest.raises((OutcomeUnknownError, DraftChangedError)):
            it.post(made)
        with pytest.raises(OutcomeUnknownError) as caught:
            it.post(replace(made, etag=None))
        assert caught.value.code == "already_posted"
        with pytest.raises(DraftChangedError):
            it.client.delete_draft(it.company, made)
        assert it.find_one("E100-R").posted


def test_a_journal_batch_exists_once() -> None:
    with nav() as it:
        made = it.create(draft(JOURNAL))
        with pytest.raises(OutcomeUnknownError) as caught:
            it.create(draft(JOURNAL))
        assert caught.value.code == "same_key_exists"
        assert it.find_one("E100-R") == made


def test_a_journal_batch_with_other_lines_is_not_touched() -> None:
    with nav() as it:
        journal = it.api("POST", "journals", {"code": batch_code("E100-R")}).json()
        it.api(
            "POST",
            f"journals({journal['id']})/journalLines",
            {"accountType": "G/L Account", "accountNumber": "8430", "documentNumber": "OTHER", "amount": 5},
        )  # fmt: skip
        with pytest.raises(DocumentRefusedError) as caught:
            it.client.find(it.company, "E100-R")
        assert caught.value.code == "journal_batch_in_use"


@pytest.mark.parametrize("kind", [INVOICE, CREDIT_MEMO])
def test_a_draft_changed_by_somebody_does_not_post(kind: DocumentKind) -> None:
    with nav() as it:
        made = it.create(draft(kind))
        entity = "purchaseInvoices" if kind is INVOICE else "purchaseCreditMemos"
        assert it.api("PATCH", f"{entity}({made.id})", {"dueDate": "2026-05-05"}).ok
        with pytest.raises(DraftChangedError):
            it.post(made)
        with pytest.raises(DraftChangedError):
            it.client.delete_draft(it.company, made)
        fresh = it.find_one(made.key)
        assert fresh is not None
        assert fresh.etag != made.etag
        it.post(fresh)


# Faults


@KINDS
@pytest.mark.parametrize(
    ("fault", "there"),
    [
        (Fault("before", "POST .*(purchase|journals)", status=503), False),
        (Fault("before", "POST .*(purchase|journals)", status=504), False),
        (Fault("after", "POST .*(purchase|journals)", status=504), True),
        (Fault("reset_before", "POST .*(purchase|journals)"), False),
        (Fault("reset_after", "POST .*(purchase|journals)"), True),
        (Fault("truncate", "POST .*(purchase|journals)"), True),
    ],
    ids=["503 before", "504 before", "504 after", "reset before", "reset after", "truncated"],
)
def test_an_uncertain_create_is_told_and_not_repeated(
    kind: DocumentKind, fault: Fault, there: bool
) -> None:
    with nav() as it:
        it.fail(fault)
        with pytest.raises(OutcomeUnknownError):
            it.create(draft(kind))
        assert len(it.client.find(it.company, "E100-R")) == there


@KINDS
@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        (Fault("before", "NAV.post", status=503, headers={"Retry-After": "4"}), False),
        (Fault("before", "NAV.post", status=504), False),
        (Fault("after", "NAV.post", status=504), True),
        (Fault("reset_before", "NAV.post"), False),
        (Fault("reset_after", "NAV.post"), True),
    ],
    ids=["503 before", "504 before", "504 after", "reset before", "reset after"],
)
def test_an_uncertain_post_is_told_and_not_repeated(
    kind: DocumentKind, fault: Fault, posted: bool
) -> None:
    with nav() as it:
        made = it.create(draft(kind))
        it.fail(fault)
        with pytest.raises(OutcomeUnknownError):
            it.post(made)
        found = it.find_one("E100-R")
        assert found.posted == posted
        if not posted:
            it.post(found)
        elif kind is JOURNAL:
            assert found.leftover_id is not None
            it.client.delete_draft(it.company, found)
            assert it.books()["journals"] == []
            assert it.find_one("E100-R").leftover_id is None
        assert len(it.ledger("E100-R")) == 3


def test_a_deadlock_is_looked_up() -> None:
    words = "The activity was deadlocked with another user who was modifying the X table."
    body = json.dumps({"error": {"code": "Internal_ServerError", "message": words}})
    with nav() as it:
        made = it.create(draft())
        it.fail(Fault("before", "NAV.post", status=409, body=body))
        with pytest.raises(OutcomeUnknownError) as caught:
            it.post(made)
        assert caught.value.code == "lock_conflict"
        it.post(made)
        it.fail(Fault("before", "batch", status=409, body=body))
        assert it.find_one("E100-R").posted
        assert len(it.slept) == 1


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "3"}], ids=["bare", "with time"])
def test_too_many_requests_are_waited_out(headers: dict[str, str]) -> None:
    with nav() as it:
        it.fail(Fault("before", times=2, status=429, headers=headers))
        made = it.create(draft())
        it.fail(Fault("before", "NAV.post", times=2, status=429, headers=headers))
        it.post(made)
        assert it.find_one("E100-R").posted
        assert it.slept == ([3.5] * 4 if headers else [1.0, 2.0] * 2)


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_a_lost_part_of_a_look_up_is_never_absence(part: int) -> None:
    with nav() as it:
        it.create(draft())
        it.fail(Fault("drop_batch_part", part=part))
        assert len(it.client.find(it.company, "E100-R")) == 1
        assert len(it.slept) == 1
        it.fail(Fault("drop_batch_part", part=part, times=-1))
        with pytest.raises(RetryLaterError):
            it.client.find(it.company, "E100-R")


def test_a_look_up_that_fails_is_never_absence() -> None:
    with nav() as it:
        it.fail(Fault("before", "batch", status=503, times=-1))
        with pytest.raises(OutageError):
            it.client.find(it.company, "E100-R")


@KINDS
def test_a_slow_replica_hides_nothing(kind: DocumentKind) -> None:
    with nav(NavQuirks(replica_delay_seconds=3600)) as it:
        made = it.create(draft(kind))
        assert it.find_one("E100-R") == made
        it.post(made)
        assert it.find_one("E100-R").posted


def test_tokens_that_end_in_the_middle_are_renewed() -> None:
    with nav() as it:
        made = it.create(draft())
        it.fail(Fault("before", "NAV.post", status=401))
        it.post(made)
        assert it.find_one("E100-R").posted
        assert it.slept == []


def test_dimensions_that_may_not_have_been_written_are_left_to_the_caller() -> None:
    with nav() as it:
        it.client.read_master_data(it.company)
        it.fail(Fault("before", r"(PATCH|POST) .*dimensionSetLines", status=504))
        with pytest.raises(OutcomeUnknownError):
            it.create(draft(vendor="E1002", AREA="US"))
        left = it.find_one("E100-R")
        assert left.dimensions == {"AREA": "EU"}
        it.client.delete_draft(it.company, left)


def test_a_tenant_that_needs_a_data_upgrade_is_a_matter_of_set_up() -> None:
    words = "You must run the data upgrade for this API page before using it. You can …"
    body = json.dumps({"error": {"code": "Application_DialogException", "message": words}})
    with nav() as it:
        it.fail(Fault("before", "batch", status=400, body=body))
        with pytest.raises(ConfigurationError) as caught:
            it.client.find(it.company, "E100-R")
        assert caught.value.code == "data_upgrade_needed"


def test_a_key_too_long_for_a_journal_is_looked_up_among_documents() -> None:
    key = "E" + "1" * 34
    with nav() as it:
        made = it.create(draft(key=key))
        assert it.find_one(key) == made
