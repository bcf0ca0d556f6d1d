"""The posting protocol when answers are lost, NAV fails, drafts were left behind, or somebody interferes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.faults import ALWAYS, Fault
from expense_sandbox.nav.quirks import NavQuirks
from target_dynamics_nav.errors import OutageError, StopRunError

from .desk import CREDIT_MEMO, INVOICE, JOURNAL, Desk, desk, dimensions, line, record
from .nav_stand_in import KINDS

ENTITY = {
    INVOICE: "purchaseInvoices",
    CREDIT_MEMO: "purchaseCreditMemos",
    JOURNAL: "journals",
}
CREATE = r"POST .*/(purchaseInvoices|purchaseCreditMemos|journals) "
POST = r"Microsoft\.NAV\.post"
LOOK_UP = r"POST .*batch"


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def crash(it: Desk, kind: Any, at: str, **changes: Any) -> None:
    """A run that ends at this request without NAV having seen it, as a crash would; NAV is well again afterwards."""
    it.fail(Fault("before", at, status=401, times=ALWAYS))
    stopped = it.run(record(kind, **changes))
    assert stopped.error is not None
    it.server.faults.clear()


UNCERTAIN = [
    Fault("before", status=504),
    Fault("after", status=504),
    Fault("before", status=503),
    Fault("reset_before"),
    Fault("reset_after"),
    Fault("truncate"),
    Fault("truncate", keep_bytes=0, silent=True),
]
NAMES = ["504 before", "504 after", "503 before", "reset before", "reset after", "cut", "empty"]


@KINDS
@pytest.mark.parametrize("fault", UNCERTAIN, ids=NAMES)
@pytest.mark.parametrize("step", ["create", "post"])
def test_an_uncertain_write_is_looked_up_and_ends_in_one_posting(
    it: Desk, kind: Any, fault: Fault, step: str
) -> None:
    it.fail(Fault(**{**fault.to_json(), "match": CREATE if step == "create" else POST}))
    assert it.run(record(kind)).statuses == ["posted"]
    assert it.postings() == 1
    assert it.drafts() == []


@KINDS
@pytest.mark.parametrize("step", [CREATE, POST], ids=["create", "post"])
def test_a_write_that_never_becomes_certain_fails_and_is_completed_later(
    it: Desk, kind: Any, step: str
) -> None:
    it.fail(Fault("before", step, status=504, times=3))
    failed = it.run(record(kind))
    assert failed.statuses == ["failed"]
    assert failed.gate.release() is None
    assert it.standing()[0] == "failed"
    assert it.run(record(kind)).statuses == ["posted"]
    assert it.postings() == 1
    assert it.drafts() == []


@KINDS
def test_too_many_requests_are_waited_for(it: Desk, kind: Any) -> None:
    it.fail(
        *(
            Fault("before", at, status=429, headers={"Retry-After": "2"})
            for at in (LOOK_UP, CREATE, POST)
        )
    )
    assert it.run(record(kind)).statuses == ["posted"]
    assert len(it.slept) == 3
    assert it.postings() == 1


def test_a_stale_replica_hides_nothing(tmp_path: Path) -> None:
    with desk(tmp_path, NavQuirks(replica_delay_seconds=3600)) as it:
        it.run(record())
        it.lose_ledger()
        assert it.run(record()).statuses == ["already_posted"]
        assert it.postings() == 1


# Look-ups


def test_a_look_up_without_all_its_answers_fails_the_document_alone(it: Desk) -> None:
    it.fail(Fault("drop_batch_part", LOOK_UP, times=8, part=1))
    done = it.run(record(), record(document_key="E2"))
    assert done.statuses == ["failed", "posted"]
    assert (it.postings(), it.postings("E2")) == (0, 1)


def test_a_look_up_that_fails_writes_nothing(it: Desk) -> None:
    it.run(record())
    it.lose_ledger()
    it.fail(Fault("drop_batch_part", LOOK_UP, times=ALWAYS, part=0))
    done = it.run(record())
    assert (done.statuses, done.writes) == (["failed"], 0)
    it.server.faults.clear()
    assert it.run(record()).statuses == ["already_posted"]


def test_a_ledger_that_cannot_be_compared_is_not_believed(it: Desk) -> None:
    it.run(record())
    it.fail(Fault("drop_batch_part", LOOK_UP, times=8))
    done = it.run(record())
    assert (done.statuses, done.writes) == (["already_posted"], 0)


# Outages


def test_nav_down_in_the_middle_stops_the_run_and_keeps_what_is_done(it: Desk) -> None:
    feed = [record(document_key=f"E{number}") for number in range(1, 5)]
    it.fail(
        Fault("before", POST, status=503, skip=2, times=ALWAYS),
        Fault("before", LOOK_UP, status=503, skip=5, times=ALWAYS),
    )
    stopped = it.run(*feed)
    assert isinstance(stopped.error, OutageError)
    assert stopped.error.exit_code == 75
    assert stopped.counts == {"posted": 2, "failed": 1}
    assert stopped.gate.release() == {"documents": 2}
    assert it.standing("E3")[0] == "failed"
    it.server.faults.clear()
    done = it.run(*feed)
    assert done.counts == {"already_posted": 2, "posted": 2}
    assert [it.postings(f"E{number}") for number in range(1, 5)] == [1, 1, 1, 1]
    assert it.drafts() == []


def test_credentials_that_end_in_the_middle_stop_the_run(it: Desk) -> None:
    crash(it, INVOICE, POST)
    assert len(it.drafts()) == 1
    assert it.run(record()).statuses == ["posted"]


def test_an_answer_that_is_no_nav_stops_the_run(it: Desk) -> None:
    it.fail(Fault("before", LOOK_UP, status=404, times=ALWAYS, body="<html>"))
    stopped = it.run(record())
    assert isinstance(stopped.error, StopRunError)
    assert stopped.writes == 0


# Drafts of earlier runs


@KINDS
def test_a_draft_left_by_a_crash_is_completed(it: Desk, kind: Any) -> None:
    crash(it, kind, POST)
    assert len(it.drafts()) == 1
    done = it.run(record(kind))
    assert done.statuses == ["posted"]
    assert f"POST {ENTITY[kind]} 201" not in done.requests, "no second draft is made"
    assert it.drafts() == []
    assert it.postings() == 1


@KINDS
def test_a_draft_of_other_content_is_made_anew(it: Desk, kind: Any) -> None:
    crash(it, kind, POST, lines=[line(amount="90.00")], total="90.00")
    done = it.run(record(kind))
    assert done.statuses == ["posted"]
    assert it.drafts() == []
    debit = "-" if kind is CREDIT_MEMO else ""
    amounts = {
        entry["amount"] for entry in it.books()["gl_entries"] if entry["account_number"] == "8430"
    }
    assert amounts == {f"{debit}100.10", f"{'' if debit else '-'}0.10"}


def test_a_draft_whose_header_lacks_a_dimension_is_made_anew(it: Desk) -> None:
    crash(
        it,
        INVOICE,
        POST,
        dimensions=[],
        lines=[line(amount="100.00", dimensions=dimensions(DEPARTMENT="SALES"))],
    )
    assert it.run(record(lines=[line(amount="100.00")])).statuses == ["posted"]
    (posted,) = it.books()["posted_documents"]
    assert posted["dimensions"] == {"DEPARTMENT": "SALES"}


def copy_draft(it: Desk, changes: dict[str, Any]) -> None:
    """Somebody makes another draft with the key of ours."""
    body = {
        "vendorNumber": "E1001",
        "vendorInvoiceNumber": "E100-R",
        "postingDate": "2026-01-31",
        **changes,
    }
    it.api("POST", "purchaseInvoices", body)


def test_of_two_equal_drafts_one_is_posted(it: Desk) -> None:
    crash(it, INVOICE, POST)
    lines = [
        {"lineType": "Account", "lineObjectNumber": "8430", "unitCost": amount, "quantity": quantity,
         "dimensionSetLines": [{"code": code, "valueCode": value} for code, value in values.items()]}
        for amount, quantity, values in (
            (100.1, 1, {"PROJECT": "P-1"}), (0.1, -1, {})
        )
    ]  # fmt: skip
    copy_draft(
        it,
        {
            "purchaseInvoiceLines": lines,
            "dimensionSetLines": [{"code": "DEPARTMENT", "valueCode": "SALES"}],
        },
    )
    assert len(it.drafts()) == 2
    assert it.run(record()).statuses == ["posted"]
    assert it.drafts() == []
    assert it.postings() == 1


def test_surplus_drafts_are_removed_when_the_right_one_posts(it: Desk) -> None:
    copy_draft(it, {})
    copy_draft(it, {})
    assert it.run(record()).statuses == ["posted"]
    assert it.drafts() == []


def test_surplus_drafts_beside_the_posted_document_are_removed(it: Desk) -> None:
    it.run(record())
    copy_draft(it, {})
    it.lose_ledger()
    assert it.run(record()).statuses == ["already_posted"]
    assert it.drafts() == []


def test_a_preview_leaves_them_beside_the_posted_document(it: Desk) -> None:
    it.run(record())
    copy_draft(it, {})
    it.lose_ledger()
    done = it.run(record(), mode="preview")
    assert (done.statuses, done.writes) == (["already_posted"], 0)
    assert len(it.drafts()) == 1


def test_a_held_document_leaves_no_draft(it: Desk) -> None:
    crash(it, INVOICE, POST)
    it.block("accounts/8430")
    assert it.run(record()).statuses == ["held"]
    assert it.drafts() == []


# Somebody interferes


def test_a_draft_changed_between_check_and_posting_does_not_post(it: Desk) -> None:
    def edit() -> None:
        (draft,) = it.books()["drafts"]
        first = it.api("GET", f"purchaseInvoices({draft['id']})/purchaseInvoiceLines")["value"][0]
        it.api(
            "PATCH",
            f"purchaseInvoices({draft['id']})/purchaseInvoiceLines({first['id']})",
            {"unitCost": 5},
        )

    it.before(POST, edit)
    done = it.run(record())
    assert (done.statuses, set(done.codes)) == (["held"], {"draft_not_as_sent"})
    assert it.postings() == 0


def test_a_harmless_change_between_check_and_posting_is_checked_again(it: Desk) -> None:
    def edit() -> None:
        (draft,) = it.books()["drafts"]
        it.api("PATCH", f"purchaseInvoices({draft['id']})", {"dueDate": "2026-05-05"})

    it.before(POST, edit)
    assert it.run(record()).statuses == ["posted"]
    assert it.postings() == 1


def test_a_person_who_posts_first_is_no_second_posting(it: Desk) -> None:
    def post() -> None:
        (draft,) = it.books()["drafts"]
        it.api("POST", f"purchaseInvoices({draft['id']})/Microsoft.NAV.post")

    it.before(POST, post)
    assert it.run(record()).statuses == ["posted"]
    assert it.postings() == 1


def test_a_person_who_deletes_the_draft_has_it_made_anew(it: Desk) -> None:
    def delete() -> None:
        (draft,) = it.books()["drafts"]
        it.api("DELETE", f"purchaseInvoices({draft['id']})")

    it.before(POST, delete)
    assert it.run(record()).statuses == ["failed"]
    assert it.run(record()).statuses == ["posted"]
    assert it.postings() == 1


@KINDS
@pytest.mark.parametrize("window", [1, 10])
@pytest.mark.parametrize("status", [400, 404])
def test_a_draft_that_vanishes_while_its_dimensions_are_corrected_is_made_anew(
    tmp_path: Path, kind: Any, window: int, status: Any
) -> None:
    quirks = NavQuirks(missing_record_status=status, missing_record_code="Internal_RecordNotFound")
    wanted = record(kind, lines=[line("8440", "100.00")], dimensions=dimensions(DEPARTMENT="SALES"))
    if kind is not JOURNAL:
        wanted |= {"vendor_number": "E1002", "dimensions": dimensions(AREA="US")}
    with desk(tmp_path, quirks) as it:

        def delete() -> None:
            (draft,) = it.drafts()
            it.api("DELETE", f"{ENTITY[kind]}({draft['id']})")

        it.before(r"^(POST|PATCH) .*/dimensionSetLines", delete)
        done = it.run(wanted, window=window, batch_operations=1 if window == 1 else 100)
        assert it.interruptions == []
        assert done.statuses == ["posted"]
        assert it.postings() == 1
        assert it.drafts() == []


def test_a_journal_batch_of_somebody_else_holds_the_document(it: Desk) -> None:
    from target_dynamics_nav.nav.api_v2_journals import batch_code

    journal = it.api("POST", "journals", {"code": batch_code("E100-R")})
    it.api(
        "POST",
        f"journals({journal['id']})/journalLines",
        {"accountType": "G/L Account", "accountNumber": "8430", "documentNumber": "OTHER", "amount": 5},
    )  # fmt: skip
    done = it.run(record(JOURNAL), record(document_key="E2"))
    assert done.statuses == ["held", "posted"]
    assert done.outcomes[0].reasons[0].code == "journal_batch_in_use"
    assert len(it.drafts()) == 1


def test_a_refusal_keeps_its_reason_when_the_draft_cannot_be_removed(it: Desk) -> None:
    it.fail(Fault("before", "DELETE", status=504))
    done = it.run(record(dimensions=[], lines=[line("8450", "100.00")]))
    assert done.statuses == ["held"]
    assert "DEPARTMENT" in done.messages
    assert len(it.drafts()) == 1
    again = it.run(record(dimensions=[], lines=[line("8450", "100.00")]))
    assert (again.statuses, it.drafts()) == (["held"], [])


def test_a_lock_in_nav_is_tried_again(it: Desk) -> None:
    words = "The activity was deadlocked with another user who was modifying the X table."
    body = json.dumps({"error": {"code": "Internal_ServerError", "message": words}})
    it.fail(Fault("before", POST, status=409, body=body))
    assert it.run(record()).statuses == ["posted"]
    assert it.postings() == 1


# The ledger


@KINDS
@pytest.mark.parametrize("at", [CREATE, POST], ids=["create", "post"])
def test_a_ledger_that_fails_in_the_middle_stops_the_run_and_costs_no_second_posting(
    it: Desk, kind: Any, at: str
) -> None:
    def rename(old: str, new: str) -> None:
        with sqlite3.connect(it.ledger) as connection:
            connection.execute(f"ALTER TABLE {old} RENAME TO {new}")

    it.before(at.rstrip(), lambda: rename("events", "hidden"))
    with pytest.raises(OutageError) as caught:
        it.run(record(kind))
    assert caught.value.code == "ledger_unavailable"
    rename("hidden", "events")
    assert it.run(record(kind)).statuses == ["already_posted" if at is POST else "posted"]
    assert it.postings() == 1
    assert it.drafts() == []


def test_a_key_posted_twice_is_told(it: Desk) -> None:
    it.run(record())
    copy_draft(it, {"vendorNumber": "E1002", "purchaseInvoiceLines": [
        {"lineType": "Account", "lineObjectNumber": "8430", "unitCost": 7, "quantity": 1}
    ]})  # fmt: skip
    (draft,) = it.books()["drafts"]
    it.api("POST", f"purchaseInvoices({draft['id']})/Microsoft.NAV.post")
    it.lose_ledger()
    done = it.run(record())
    assert done.statuses == ["changed"]
    assert "posted_twice" in done.codes
    assert done.writes == 0
