"""Company cards: their list, and reconciliation jobs with files of their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

ASKED = {
    "startDate": "2026-01-01",
    "endDate": "2026-12-31",
    "domain": "example.com",
    "feed": "export_all_feeds",
    "type": "All",
    "async": False,
}
TEMPLATE = (
    "<#list cards as card, reports>\n<#list reports as report>\n"
    "<#list report.transactionList as expense>\n"
    "${card.owner},${report.ID?c},${expense.ID},${expense.amount?c},${expense.reportID?c},${expense.posted}\n"
    "</#list>\n</#list>\n</#list>\n"
)


@pytest.fixture
def user(expensify: Any, world: Any, report: Any) -> Any:
    expense = {
        "transactionID": "77",
        "amount": 1234,
        "modifiedAmount": "",
        "convertedAmount": "",
        "currency": "EUR",
        "created": "2026-03-01",
        "merchant": "Hotel",
        "modifiedMerchant": "",
        "category": "",
        "tag": "",
        "comment": "",
        "bank": "commercialfeed.visa.cdf",
        "billable": False,
        "reimbursable": False,
    }
    own = expense | {"transactionID": "78", "bank": ""}
    name = {"fullName": "Jo Doe"}
    return expensify(world(report("R00000065tuN", submitter=name, transactionList=[expense, own])))


def submit(user: Any, template: str | None = TEMPLATE, **changes: Any) -> dict[str, Any]:
    job: dict[str, Any] = {
        "type": "reconciliation",
        "inputSettings": {**ASKED, **changes.pop("settings", {})},
        "outputSettings": {"fileExtension": "txt"},
        **changes,
    }
    fields = {} if template is None else {"template": template}
    answer: dict[str, Any] = user.job(job, **fields).json()
    return answer


def test_cards_of_a_domain(user: Any) -> None:
    asked = {"type": "domainCardList", "domain": "example.com"}
    answer = user.job({"type": "get", "inputSettings": asked}).json()
    (card,) = answer["domainCardList"]
    assert (card["email"], card["cardName"]) == ("jo@example.com", "Jo Doe - 1000")
    refused = user.job({"type": "get", "inputSettings": {"type": "domainCardList"}}).json()
    assert refused == {
        "responseMessage": "Domain name is missing or malformed",
        "responseCode": 410,
    }


def test_all_transactions_with_their_sign_and_where_they_are(user: Any) -> None:
    answer = submit(user)
    assert answer["responseMessage"] == "OK"
    assert answer["filename"].startswith("is_reconciliation_")
    text = user.download(answer["filename"], fileSystem="reconciliation").text
    assert text.splitlines() == [
        "jo@example.com,90064571,77,-1234,90064571,2026-03-03",
        "jo@example.com,0,771,-1234,0,2026-03-03",
        "jo@example.com,0,772,-1234,-1,2026-03-03",
    ]
    assert user.download(answer["filename"]).json()["responseCode"] == 404


def test_unreported_ones_alone_and_the_range(user: Any) -> None:
    name = submit(user, settings={"type": "Unreported"})["filename"]
    text = user.download(name, fileSystem="reconciliation").text
    assert [line.split(",")[2] for line in text.splitlines()] == ["771"]
    name = submit(user, settings={"endDate": "2026-03-02"})["filename"]
    assert user.download(name, fileSystem="reconciliation").text.strip() == ""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"type": "Some"}, "Argument 'type' is missing or malformed"),
        ({"async": True}, "Argument 'async' is missing or malformed"),
        ({"domain": "other.example"}, "Domain name is missing or malformed"),
        ({"startDate": "16-01-01"}, "Malformed date '16-01-01'. Expected format is yyyy-MM-dd"),
    ],
)
def test_malformed_jobs_are_refused(user: Any, settings: dict[str, Any], message: str) -> None:
    answer = submit(user, settings=settings)
    assert answer == {"responseMessage": message, "responseCode": 410}


def test_no_template_and_no_writing(user: Any) -> None:
    assert submit(user, None)["responseMessage"] == "No Template Submitted"
    assert submit(user, onFinish=[{"actionName": "email"}])["responseCode"] == 403
    assert user.server.refused == {"onFinish": 1}
    assert json.dumps(submit(user, "<#list cards as"))
