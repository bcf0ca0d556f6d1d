"""Switches for what nobody knows for sure: each changes what it says, and nothing else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.nav import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav

JSON = {"Content-Type": "application/json"}
GO_ON = "odata.continue-on-error"


def part(nav: Nav, method: str, path: str, body: object = None, **fields: Any) -> dict[str, Any]:
    url = path if path.startswith("$") else f"companies({nav.company_id})/{path}"
    request = {"method": method, "url": url, "headers": JSON, **fields}
    return request if body is None else {**request, "body": body}


def statuses(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [item["status"] for item in answer.json()["responses"]]


@pytest.mark.parametrize("counts", [False, True])
def test_parts_may_count_as_requests(start_nav: Callable[..., Nav], *, counts: bool) -> None:
    nav = start_nav(rate_limit=5, rate_limit_counts_parts=counts, rate_limit_retry_after="11")
    reads = [part(nav, "GET", "accounts?$top=1")] * 3
    assert statuses(nav.batch(reads)) == [200] * 3
    second = nav.batch(reads)
    assert second.status_code == (429 if counts else 200)
    assert second.headers.get("Retry-After") == ("11" if counts else None)


def test_only_so_many_are_executed_and_wait(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(operation_time=0.4, maximum_executing=1, maximum_queued=1)
    answers: list[int] = []

    def ask() -> None:
        answers.append(nav.call("GET", "accounts?$top=1").status_code)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 200, 429, 429, 429]


@pytest.mark.parametrize("status", [409, 412])
def test_a_stale_etag(start_nav: Callable[..., Nav], status: int) -> None:
    nav = start_nav(stale_etag_status=status)
    draft = nav.invoice()
    path = f"purchaseInvoices({draft['id']})"
    assert nav.patch(path, {"purchaser": "A"}, draft["@odata.etag"]).status_code == 200
    refused = nav.refusal(nav.patch(path, {"purchaser": "B"}, draft["@odata.etag"]))
    assert refused[:2] == (status, "Request_EntityChanged")


@pytest.mark.parametrize("code", ["BadRequest", "BadRequest_NotFound"])
def test_names_the_type_does_not_have(start_nav: Callable[..., Nav], code: str) -> None:
    nav = start_nav(unknown_property_code=code)
    status = 400 if code == "BadRequest" else 404
    for query in ("$select=nothing", "$filter=nothing eq 'A'", "$orderby=nothing"):
        refused = nav.refused("GET", f"purchaseInvoices?{query}")
        assert refused[:2] == (status, code)
        assert refused[2].startswith("Could not find a property named 'nothing'")


@pytest.mark.parametrize("captions", [False, True])
def test_captions_of_enums_in_filters(start_nav: Callable[..., Nav], *, captions: bool) -> None:
    nav = start_nav(filter_enum_captions=captions)
    assert len(nav.rows("accounts?$filter=accountType eq 'Begin_x002D_Total'")) == 1
    assert len(nav.rows("accounts?$filter=accountType eq 'Posting'")) > 1
    answer = nav.call("GET", "accounts?$filter=accountType eq 'Begin-Total'")
    assert answer.status_code == (200 if captions else 400)


@pytest.mark.parametrize(
    "code",
    ["Internal_DataNotFoundFilter", "Internal_RecordNotFound", "Application_DialogException"],
)
def test_no_rate_of_exchange(start_nav: Callable[..., Nav], code: str) -> None:
    nav = start_nav(exchange_rate_code=code)
    body = {"vendorNumber": "E1001", "currencyCode": "AUD", "postingDate": "2026-01-31"}
    refused = nav.refused("POST", "purchaseInvoices", body)
    assert refused[:2] == (400, code)
    assert refused[2].startswith("There is no Currency Exchange Rate within the filter.")


@pytest.mark.parametrize("shown", ["refused", "invisible", "visible"])
def test_journal_lines_of_employees(start_nav: Callable[..., Nav], shown: str) -> None:
    nav = start_nav(employee_journal_lines=shown, leftover_blank_line=False)
    common = {"postingDate": "2026-01-31", "documentNumber": "D1"}
    lines = [
        {"accountType": "G/L Account", "accountNumber": "8430", **common, "amount": 5},
        {"accountType": "Employee", "accountNumber": "EMP1", **common, "amount": -5},
    ]
    answer = nav.call("POST", "journals", json={"code": "A", "journalLines": lines})
    if shown == "refused":
        assert nav.refusal(answer)[1] == "Internal_InvalidTableRelation"
        return
    assert answer.status_code == 201
    path = f"journals({answer.json()['id']})"
    assert len(nav.rows(f"{path}/journalLines")) == (2 if shown == "visible" else 1)
    assert nav.act(path).status_code == 204
    entries = nav.ledger()["gl_entries"]
    assert [(item["account_number"], item["amount"]) for item in entries] == [
        ("8430", "5.00"),
        ("5410", "-5.00"),
    ]


@pytest.mark.parametrize(
    ("quirk", "outer", "inner", "fresh"),
    [
        ("either", "ReadWrite", None, True),
        ("either", None, "ReadWrite", True),
        ("either", None, None, False),
        ("outer", "ReadWrite", None, True),
        ("outer", None, "ReadWrite", False),
        ("outer", "ReadWrite", "ReadOnly", True),
        ("inner", "ReadWrite", None, False),
        ("inner", None, "ReadWrite", True),
    ],
)
def test_whose_access_intent_a_part_obeys(
    start_nav: Callable[..., Nav], quirk: str, outer: str | None, inner: str | None, fresh: Any
) -> None:
    nav = start_nav(batch_access_intent=quirk, replica_delay_seconds=3600.0)
    nav.invoice("K-1")
    headers = {} if inner is None else {"Data-Access-Intent": inner}
    look_up = part(
        nav, "GET", "purchaseInvoices?$filter=vendorInvoiceNumber eq 'K-1'", headers=headers
    )
    around = {} if outer is None else {"Data_Access_Intent": outer}
    (answer,) = nav.batch([look_up], **around).json()["responses"]
    assert len(answer["body"]["value"]) == (1 if fresh else 0)


@pytest.mark.parametrize(
    ("quirk", "expected"),
    [("ignored", [201, 400, 201]), ("honoured", [201, 400, 424]), ("refused", None)],
)
def test_parts_that_depend_on_others(
    start_nav: Callable[..., Nav], quirk: str, expected: list[int] | None
) -> None:
    nav = start_nav(batch_depends_on=quirk)
    parts = [
        part(nav, "POST", "journals", {"code": code}, id=str(number))
        for number, code in enumerate("AAB")
    ]
    parts[2]["dependsOn"] = ["1"]
    answer = nav.batch(parts, Prefer=GO_ON)
    if expected is None:
        assert nav.refusal(answer)[:2] == (400, "BadRequest")
        assert nav.rows("journals") == []
    else:
        assert statuses(answer) == expected


@pytest.mark.parametrize("quirk", ["ignored", "refused"])
def test_atomicity_groups_never_mean_anything(start_nav: Callable[..., Nav], quirk: str) -> None:
    nav = start_nav(batch_atomicity_groups=quirk)
    parts = [
        part(nav, "POST", "journals", {"code": code}, id=str(number), atomicityGroup="g")
        for number, code in enumerate("AA")
    ]
    answer = nav.batch(parts)
    if quirk == "refused":
        assert answer.status_code == 500
    else:
        assert statuses(answer) == [201, 400]
    assert len(nav.rows("journals")) == (1 if quirk == "ignored" else 0)


@pytest.mark.parametrize("supported", [False, True])
def test_references_to_what_a_part_created(
    start_nav: Callable[..., Nav], *, supported: bool
) -> None:
    nav = start_nav(batch_references=supported)
    parts = [
        part(nav, "POST", "journals", {"code": "A"}, id="1"),
        part(nav, "GET", "$1/journalLines", id="2"),
    ]
    answer = nav.batch(parts, company=nav.company_id)
    assert statuses(answer) == [201, 200 if supported else 404]


def test_replicas_catch_up_in_a_while(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(replica_delay_seconds=0.3)
    nav.invoice("K-1")
    look_up = "purchaseInvoices?$filter=vendorInvoiceNumber eq 'K-1'"
    assert len(nav.rows(look_up, Data_Access_Intent="ReadWrite")) == 1
    assert nav.rows(look_up) == []
    while not nav.rows(look_up):
        pass  # the test's own time-out ends this


def test_a_refusal_of_a_part_names_its_wait(nav: Nav) -> None:
    nav.server.faults.add(faults.too_many_requests("5", match=" journals$"))
    answer = nav.batch([part(nav, "POST", "journals", {"code": "A"})])
    (refused,) = answer.json()["responses"]
    assert refused["headers"]["retry-after"] == "5"
