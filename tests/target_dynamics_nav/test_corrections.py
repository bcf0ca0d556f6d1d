"""Changed reports, corrected: taken back and posted anew, each once, whatever breaks in between."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.faults import Fault
from target_dynamics_nav.context import Mode, OnChanged

from .desk import CREDIT_MEMO, INVOICE, JOURNAL, Desk, desk, dimensions, line, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_dynamics_nav.nav.port import DocumentKind

CORRECT = {"on_changed": OnChanged.CORRECT}
KINDS = pytest.mark.parametrize("kind", [INVOICE, CREDIT_MEMO, JOURNAL])


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


def changed(kind: DocumentKind = INVOICE, **changes: Any) -> dict[str, Any]:
    """The report of `record()` with another amount and another project."""
    other = {
        "total": "80.00",
        "lines": [line(amount="80.00", dimensions=dimensions(PROJECT="P-2"))],
    }
    return record(kind, **{**other, **changes})


def account_8430(it: Desk) -> Decimal:
    return sum(
        (
            Decimal(entry["amount"])
            for entry in it.books()["gl_entries"]
            if entry["account_number"] == "8430"
        ),
        Decimal(0),
    )


def numbers(it: Desk) -> Counter[str]:
    """How often each of our keys is in the general ledger: entries on the account that balances."""
    return Counter(
        entry["external_document_number"] or entry["document_number"]
        for entry in it.books()["gl_entries"]
        if entry["account_number"] in {"5410", "2910"}
    )


@KINDS
def test_a_changed_report_is_taken_back_and_posted_anew(it: Desk, kind: DocumentKind) -> None:
    it.run(record(kind))
    held = it.run(changed(kind))
    assert (held.statuses, held.writes) == (["changed"], 0)
    done = it.run(changed(kind), rules=CORRECT)
    assert done.statuses == ["posted"]
    assert done.gate.release() == {"documents": 1}
    sign = -1 if kind is CREDIT_MEMO else 1
    assert account_8430(it) == sign * Decimal("80.00")
    assert numbers(it) == {"E100-R": 1, "E100-R-X1": 1, "E100-R-N1": 1}
    projects: Counter[str] = Counter()
    for entry in it.books()["gl_entries"]:
        if entry["account_number"] == "8430":
            projects[entry["dimensions"].get("PROJECT", "")] += sign * Decimal(entry["amount"])
    assert projects == {"P-1": 0, "": 0, "P-2": 80}
    assert it.drafts() == []


@KINDS
@pytest.mark.parametrize("remembered", [True, False])
@pytest.mark.parametrize("on_changed", list(OnChanged))
def test_what_was_corrected_is_settled(
    it: Desk, kind: DocumentKind, remembered: bool, on_changed: OnChanged
) -> None:
    it.run(record(kind))
    it.run(changed(kind), rules=CORRECT)
    if not remembered:
        it.lose_ledger()
    again = it.run(changed(kind), rules={"on_changed": on_changed})
    assert (again.statuses, again.writes) == (["already_posted"], 0)
    assert again.gate.release() == {"documents": 1}


@pytest.mark.parametrize("remembered", [True, False])
def test_a_report_may_change_again_and_back(it: Desk, remembered: bool) -> None:
    for wanted in (record(), changed(), record(), changed(vendor_number="E1002")):
        if not remembered:
            it.lose_ledger()
        assert it.run(wanted, rules=CORRECT).statuses == ["posted"]
    assert account_8430(it) == Decimal("80.00")
    assert numbers(it) == dict.fromkeys(
        ("E100-R", *(f"E100-R-{what}{n}" for n in (1, 2, 3) for what in ("X", "N"))), 1
    )


def test_an_invoice_that_became_a_credit_memo(it: Desk) -> None:
    it.run(record())
    assert it.run(changed(CREDIT_MEMO), rules=CORRECT).statuses == ["posted"]
    assert account_8430(it) == Decimal("-80.00")


WRITES_OF_A_CORRECTION = {INVOICE: 4, CREDIT_MEMO: 4, JOURNAL: 6}


@KINDS
@pytest.mark.parametrize(
    ("moment", "forgotten"),
    [
        ("after", True),
        pytest.param("after", False, marks=pytest.mark.thorough),
        pytest.param("before", True, marks=pytest.mark.thorough),
        ("before", False),
    ],
)
def test_every_write_of_a_correction_may_get_lost(
    it: Desk, kind: DocumentKind, moment: str, forgotten: bool
) -> None:
    """The run stops at one write after the other, and goes on in the next run."""
    write = r"^(POST|DELETE|PATCH) (?!\S*batch)\S*(purchase|journals|Microsoft)"
    it.run(record(kind))
    for number in range(WRITES_OF_A_CORRECTION[kind]):
        it.fail(
            Fault(moment, write, status=504, skip=number),
            Fault("before", r"^(GET|POST \S*batch)", status=503, skip=10_000),
        )
        it.run(changed(kind), rules=CORRECT)
        it.server.faults.clear()
        if forgotten:
            it.lose_ledger()
        done = it.run(changed(kind), rules=CORRECT)
        assert done.statuses[0] in {"posted", "already_posted"}
        assert it.drafts() == []
        assert set(numbers(it).values()) == {1}
        sign = -1 if kind is CREDIT_MEMO else 1
        assert account_8430(it) == sign * Decimal("80.00")
        assert it.run(record(kind), rules=CORRECT).statuses == ["posted"]
        assert account_8430(it) == sign * Decimal("100.00")


def test_nothing_is_taken_back_when_what_comes_instead_cannot_be_posted(it: Desk) -> None:
    it.run(record())
    wrong = changed(lines=[line("9999", amount="80.00")])
    done = it.run(wrong, rules=CORRECT)
    assert (done.statuses, done.codes, done.writes) == (["changed"], ["account_missing"], 0)
    it.run(record(document_key="J1"), rules=CORRECT)
    refused = changed(lines=[line("8450", amount="80.00")], dimensions=[])
    held = it.run(refused, rules=CORRECT)
    assert held.statuses == ["held"]
    assert account_8430(it) == Decimal("100.00"), "the correction is half way, and says so"


def test_neither_previews_nor_drafts_correct_anything(it: Desk) -> None:
    it.run(record())
    for mode in (Mode.DRAFT, Mode.PREVIEW):
        done = it.run(changed(), mode=mode.value, rules=CORRECT)
        assert (done.statuses, done.writes) == (["changed"], 0)


def test_a_key_without_room_is_left_to_a_person(it: Desk) -> None:
    key = "E1234567890123456-R"
    it.run(record(JOURNAL, document_key=key))
    done = it.run(changed(JOURNAL, document_key=key), rules=CORRECT)
    assert (done.statuses, done.writes) == (["changed"], 0)
    assert "key_too_long_to_correct" in done.codes


def test_the_ledger_tells_the_story(it: Desk) -> None:
    it.run(record())
    it.run(changed(), rules=CORRECT)
    events = it.events()
    assert "correction_intended" in events
    assert events.count("nav_document") == 2
    assert it.standing()[0] == "posted"
