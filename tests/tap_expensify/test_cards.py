"""Company cards: spend is positive, whole files only, nothing without a domain."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from jsonschema import Draft202012Validator

from expense_sandbox.expensify import faults
from expense_sandbox.faults import Fault
from tap_expensify import policy_schemas
from tap_expensify.cards import card_transaction_record
from tap_expensify.errors import IncompleteError, RequestRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.expensify.server import ExpensifyServer
    from expense_sandbox.world import World

DOMAIN = "northwind.example"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 7, 1, 6, tzinfo=timezone.utc), tick=True):
        yield


def on_card(world: World) -> dict[str, Any]:
    return {
        expense["transactionID"]: expense
        for report in world.reports
        for expense in report["transactionList"]
        if expense["bank"]
    }


def test_cards_and_their_transactions(
    run: Any, make_config: Any, expensify: ExpensifyServer, world: World
) -> None:
    config = make_config(expensify, domains=DOMAIN, card_days=300, start_date="2025-06-01")
    messages = run(config, streams=("domain_cards", "card_transactions"))
    cards = messages.records("domain_cards")
    transactions = {t["transaction_id"]: t for t in messages.records("card_transactions")}
    for record in cards:
        Draft202012Validator(policy_schemas.DOMAIN_CARDS).validate(record)
    for record in transactions.values():
        Draft202012Validator(policy_schemas.CARD_TRANSACTIONS).validate(record)
        assert set(record) == set(policy_schemas.CARD_TRANSACTIONS["properties"])
    expected = on_card(world)
    assert expected
    for transaction_id, expense in expected.items():
        found = transactions[transaction_id]
        assert found["amount"] == int(expense["amount"])
        assert found["modified_amount"] == (int(expense["modifiedAmount"] or 0) or None)
        assert found["report_id"] == expense["reportID"]
    assert {card["card_id"] for card in cards} == {t["card_id"] for t in transactions.values()}
    assert {t["reported"] for t in transactions.values()} == {"reported", "unreported", "deleted"}
    loose = [t for t in transactions.values() if t["reported"] != "reported"]
    assert {t["report_id"] for t in loose} == {t["report_number"] for t in loose} == {None}
    assert expensify.refused == {}
    downloads = [job for job in expensify.jobs_log if job.operation == "download"]
    assert {job.description["fileSystem"] for job in downloads} == {"reconciliation"}


def test_only_the_last_days_are_asked_for(
    run: Any, make_config: Any, expensify: ExpensifyServer
) -> None:
    run(make_config(expensify, domains=DOMAIN, card_days=10), streams=("card_transactions",))
    (job,) = [job for job in expensify.jobs_log if job.operation == "reconciliation"]
    assert job.description["inputSettings"] == {
        "startDate": "2026-06-20",
        "endDate": "2026-07-02",
        "domain": DOMAIN,
        "feed": "export_all_feeds",
        "type": "All",
        "async": False,
    }


def test_years_of_transactions_are_cut_into_windows(
    run: Any, make_config: Any, expensify: ExpensifyServer
) -> None:
    config = make_config(expensify, domains=DOMAIN, card_days=1000, start_date="2020-01-01")
    run(config, streams=("card_transactions",))
    asked = [
        job.description["inputSettings"]
        for job in expensify.jobs_log
        if job.operation == "reconciliation"
    ]
    assert len(asked) == 3
    assert [one["startDate"] for one in asked] == ["2023-10-04", "2024-10-03", "2025-10-03"]


def test_card_transactions_are_read_only_when_selected_by_name(
    new_tap: Any, config: dict[str, Any]
) -> None:
    selected = {name for name, stream in new_tap(config=config).streams.items() if stream.selected}
    assert {"card_transactions", "report_actions"}.isdisjoint(selected)


def test_without_a_domain_there_is_nothing_and_transactions_say_so(
    run: Any,
    config: dict[str, Any],
    expensify: ExpensifyServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    streams = ("domain_cards", "card_transactions")
    messages = run(config, streams=streams)
    assert [messages.records(stream) for stream in streams] == [[], []]
    assert expensify.jobs_log == []
    assert "the setting domains names none" in caplog.text


def test_a_domain_that_is_not_ours(run: Any, make_config: Any, expensify: ExpensifyServer) -> None:
    with pytest.raises(RequestRefusedError, match="Domain name"):
        run(make_config(expensify, domains="elsewhere.example"), streams=("domain_cards",))


def test_a_file_that_is_cut_is_read_again_and_in_the_end_refused(
    run: Any, make_config: Any, new_messages: Any, expensify: ExpensifyServer
) -> None:
    config = make_config(expensify, domains=DOMAIN)
    whole = run(config, streams=("card_transactions",)).records("card_transactions")
    expensify.faults.add(faults.truncated_download(times=3))
    assert run(config, streams=("card_transactions",)).records("card_transactions") == whole
    expensify.faults.add(Fault("truncate", " download$", times=-1, silent=True))
    output = new_messages()
    with pytest.raises(IncompleteError):
        run(config, streams=("card_transactions",), output=output)
    assert output.records("card_transactions") == []


@pytest.mark.parametrize(
    ("number", "reported"),
    [("0", "unreported"), ("-1", "deleted"), ("", "unreported"), ("90064571", "reported")],
)
def test_where_a_transaction_is_and_its_sign(number: str, reported: str) -> None:
    record = card_transaction_record(
        DOMAIN,
        {"ID": "1", "reportID": number, "amount": "-1234", "modifiedAmount": "0", "_card_ID": "7"},
    )
    assert record["reported"] == reported
    assert (record["amount"], record["modified_amount"], record["card_id"]) == (1234, None, "7")
