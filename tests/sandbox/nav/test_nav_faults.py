"""Faults of a NAV service: on requests, on parts of batches, on whole runs, at random."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import requests

from expense_sandbox.faults import Fault
from expense_sandbox.nav import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav

JSON = {"Content-Type": "application/json"}
GO_ON = "odata.continue-on-error"
POSTING = " purchaseInvoices post$"
CREATE = "^POST .* purchaseInvoices$"


def part(nav: Nav, method: str, path: str, body: object = None, **fields: Any) -> dict[str, Any]:
    request = {
        "id": path,
        "method": method,
        "url": f"companies({nav.company_id})/{path}",
        "headers": JSON,
        **fields,
    }
    return request if body is None else {**request, "body": body}


def journals(nav: Nav, *codes: str) -> list[dict[str, Any]]:
    return [part(nav, "POST", "journals", {"code": code}, id=code) for code in codes]


def codes(nav: Nav) -> list[str]:
    return [row["code"] for row in nav.rows("journals")]


def statuses(answer: requests.Response) -> dict[str, int]:
    assert answer.status_code == 200, answer.text
    return {item["id"]: item["status"] for item in answer.json()["responses"]}


REFUSALS = [
    (faults.too_many_requests(), 429, "Application_TooManyRequests", None),
    (faults.too_many_requests("7"), 429, "Application_TooManyRequests", "7"),
    (faults.unavailable("3"), 503, "Internal_TenantUnavailable", "3"),
    (faults.operation_timeout(), 408, "Unknown", None),
    (faults.deadlock("409"), 409, "Internal_ServerError", None),
    (faults.deadlock("400"), 400, "Application_DialogException", None),
    (faults.deadlock("locked"), 400, "Application_DialogException", None),
    (faults.server_error(), 500, "Internal_ServerError", None),
    (faults.entity_changed(), 409, "Request_EntityChanged", None),
    (faults.entity_changed(412), 412, "Request_EntityChanged", None),
    (faults.no_permission(), 403, "Authorization_RequestDenied", None),
]


@pytest.mark.parametrize(
    "refusal",
    REFUSALS,
    ids=[f"{code}-{status}-{wait}" for _, status, code, wait in REFUSALS],
)
@pytest.mark.parametrize("where", ["plain", "part", "outer"])
def test_refusals_leave_nothing_behind(
    nav: Nav, refusal: tuple[Fault, int, str, str | None], where: str
) -> None:
    fault, status, code, retry_after = refusal
    match = faults.BATCH if where == "outer" else "^POST .* journals$"
    nav.server.faults.add(Fault.from_json({**fault.to_json(), "match": match}))
    if where == "plain":
        answer = nav.call("POST", "journals", json={"code": "A"})
        found: Any = answer.json()["error"]["code"], answer.status_code
        headers: Any = answer.headers
    elif where == "outer":
        answer = nav.batch(journals(nav, "A"))
        found = answer.json()["error"]["code"], answer.status_code
        headers = answer.headers
    else:
        (inner,) = nav.batch(journals(nav, "A")).json()["responses"]
        found = inner["body"]["error"]["code"], inner["status"]
        headers = {name.title(): value for name, value in inner["headers"].items()}
    assert found == (code, status)
    assert headers.get("Retry-After") == retry_after
    assert codes(nav) == []
    assert nav.server.faults.pending() == ()


@pytest.mark.parametrize("after", [False, True])
def test_a_gateway_that_gives_up_before_or_after_the_commit(nav: Nav, *, after: bool) -> None:
    nav.server.faults.add(faults.gateway_timeout(after=after, match=" journals$"))
    answer = nav.call("POST", "journals", json={"code": "A"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (504, "text/html")
    assert codes(nav) == (["A"] if after else [])


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_in_the_middle_of_a_batch(nav: Nav, *, after: bool) -> None:
    stop = faults.batch_stopped(after=after, reset=True, match="journals$", skip=1)
    nav.server.faults.add(stop)
    with pytest.raises(requests.ConnectionError):
        nav.batch(journals(nav, "A", "B", "C"), Prefer=GO_ON)
    assert codes(nav) == (["A", "B"] if after else ["A"])
    assert nav.server.requests_log[0].status == 0


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("isolation", ["", "snapshot"])
def test_a_batch_that_runs_out_of_time(nav: Nav, isolation: str, *, after: bool) -> None:
    nav.server.faults.add(faults.batch_stopped(after=after, status=408, match="journals$", skip=1))
    answer = nav.batch(journals(nav, "A", "B", "C"), Isolation=isolation)
    assert answer.status_code == 408
    committed = ["A", "B"] if after else ["A"]
    assert codes(nav) == ([] if isolation else committed)


def test_the_answer_of_a_posting_is_lost(nav: Nav) -> None:
    draft = nav.invoice()
    nav.server.faults.add(faults.connection_reset(after=True, match=POSTING))
    with pytest.raises(requests.ConnectionError):
        nav.act(f"purchaseInvoices({draft['id']})")
    assert nav.get(f"purchaseInvoices({draft['id']})")["status"] == "Open"


def test_a_batch_says_nothing_of_one_part(nav: Nav) -> None:
    nav.server.faults.add(faults.answer_omitted(match=" journals$", skip=1))
    answer = nav.batch(journals(nav, "A", "B", "C"))
    assert statuses(answer) == {"A": 201, "C": 201}
    assert codes(nav) == ["A", "B", "C"]


def test_ids_are_null_or_in_another_order(nav: Nav) -> None:
    nav.server.faults.add(faults.null_ids())
    answers = nav.batch(journals(nav, "A", "B")).json()["responses"]
    assert [(item["id"], item["body"]["code"]) for item in answers] == [(None, "A"), (None, "B")]
    nav.server.faults.add(faults.reversed_answers())
    answers = nav.batch(journals(nav, "C", "D")).json()["responses"]
    assert [(item["id"], item["body"]["code"]) for item in answers] == [("D", "D"), ("C", "C")]


def test_a_part_cuts_the_answer_of_the_whole(nav: Nav) -> None:
    nav.server.faults.add(faults.truncated(match=r"\$batch/.* journals$"))
    with pytest.raises(requests.RequestException):
        nav.batch(journals(nav, "A", "B"))
    assert codes(nav) == ["A", "B"]


@pytest.mark.parametrize("match", [" journals$", faults.BATCH])
def test_an_answer_later_than_the_client_waits(nav: Nav, match: str) -> None:
    nav.server.faults.add(faults.slow(0.6, after=True, match=match))
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{nav.root}/$batch",
            json={"requests": journals(nav, "A")},
            headers={"Accept": "application/json"},
            auth=("API", "access-key-1"),
            timeout=0.2,
        )
    deadline = time.monotonic() + 10
    while codes(nav) != ["A"]:
        assert time.monotonic() < deadline


def test_tokens_expire_in_the_middle_of_a_run(nav: Nav) -> None:
    def token() -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": "client-1",
            "client_secret": "secret-1",
            "scope": "https://api.businesscentral.dynamics.com/.default",
        }
        url = f"{nav.server.url}/tenant-1/oauth2/v2.0/token"
        return str(requests.post(url, data=form, timeout=10).json()["access_token"])

    def ask(bearer: str) -> int:
        headers = {"Authorization": f"Bearer {bearer}"}
        return requests.get(nav.url("accounts"), headers=headers, timeout=10).status_code

    nav.server.faults.add(faults.tokens_expired(match=" accounts$", skip=2))
    old = token()
    assert [ask(old) for _ in range(4)] == [200, 200, 401, 401]
    assert ask(token()) == 200


def test_the_service_is_away_for_a_while(nav: Nav) -> None:
    nav.server.faults.add(faults.outage(1, 3))
    answers = [nav.call("GET", "accounts").status_code for _ in range(5)]
    assert answers == [200, 503, 503, 503, 200]


@pytest.mark.parametrize("batched", [False, True])
def test_somebody_creates_the_same_draft_first(nav: Nav, *, batched: bool) -> None:
    nav.server.faults.add(faults.rival("same", match=CREATE))
    body = {"vendorNumber": "E1001", "vendorInvoiceNumber": "K-1"}
    if batched:
        assert statuses(nav.batch([part(nav, "POST", "purchaseInvoices", body)]))
    else:
        nav.create("purchaseInvoices", body)
    found = nav.rows("purchaseInvoices?$filter=vendorInvoiceNumber eq 'K-1'&$select=status")
    assert [row["status"] for row in found] == ["Draft", "Draft"]


def test_somebody_posts_the_same_document_first(nav: Nav) -> None:
    nav.server.faults.add(faults.rival("post", match=CREATE))
    draft = nav.invoice("K-1")
    found = nav.rows("purchaseInvoices?$filter=vendorInvoiceNumber eq 'K-1'&$select=status")
    assert sorted(row["status"] for row in found) == ["Draft", "Open"]
    assert nav.refusal(nav.act(f"purchaseInvoices({draft['id']})"))[2] == (
        "Purchase Invoice K-1 already exists for this vendor."
    )


def test_somebody_posts_the_same_journal_first(nav: Nav) -> None:
    nav.server.faults.add(faults.rival("post", match="^POST .* journals$"))
    line = {"accountNumber": "8430", "documentNumber": "D1", "postingDate": "2026-01-31"}
    lines = [{**line, "amount": 5}, {**line, "accountNumber": "2910", "amount": -5}]
    nav.create("journals", {"code": "A", "journalLines": lines})
    assert len(nav.ledger()["gl_entries"]) == 2
    assert codes(nav) == ["A"]


@pytest.mark.parametrize("batched", [False, True])
def test_somebody_changes_what_is_about_to_be_posted(nav: Nav, *, batched: bool) -> None:
    draft = nav.invoice()
    nav.server.faults.add(faults.rival("change", match=POSTING))
    path = f"purchaseInvoices({draft['id']})/Microsoft.NAV.post"
    headers = {"If-Match": draft["@odata.etag"]}
    if batched:
        answer = nav.batch([part(nav, "POST", path, {}, headers={**JSON, **headers})])
        assert statuses(answer) == {path: 409}
    else:
        assert nav.call("POST", path, headers=headers).status_code == 409
    changed = nav.get(f"purchaseInvoices({draft['id']})")
    assert (changed["purchaser"], changed["status"]) == ("RIVAL", "Draft")


def test_somebody_deletes_what_is_about_to_be_posted(nav: Nav) -> None:
    draft = nav.invoice()
    nav.server.faults.add(faults.rival("delete", match=POSTING))
    refusal = nav.refusal(nav.act(f"purchaseInvoices({draft['id']})"))
    assert refusal[2] == "The invoice cannot be found."


def test_somebody_posts_the_same_draft(nav: Nav) -> None:
    draft = nav.invoice()
    nav.server.faults.add(faults.rival("same", match=POSTING))
    refusal = nav.refusal(nav.act(f"purchaseInvoices({draft['id']})"))
    assert refusal[2] == "The action can be applied to a draft invoice only."
    assert len(nav.ledger()["posted_documents"]) == 1


def test_faults_come_over_http_too(nav: Nav) -> None:
    fault = faults.rival("delete", match=POSTING).to_json()
    assert nav.control("POST", "faults", json=fault).status_code == 201
    assert nav.control("GET", "faults").json() == [fault]
    wrong = {**fault, "rival": "explode"}
    assert nav.control("POST", "faults", json=wrong).status_code == 400


def test_a_seed_decides_a_schedule() -> None:
    assert faults.random_schedule(7) == faults.random_schedule(7)
    assert len({str(faults.random_schedule(seed)) for seed in range(50)}) > 45
    kinds = {fault.kind for seed in range(300) for fault in faults.random_schedule(seed)}
    assert kinds >= {"before", "after", "reset_before", "reset_after", "truncate", "rival"}
    assert kinds >= {"stop_before", "stop_after", "omit_answer", "null_batch_ids", "expire_tokens"}


def test_names_can_be_left_out_of_schedules() -> None:
    rivals = frozenset({"rival_same", "rival_post", "rival_change", "rival_delete"})
    drawn = [
        fault.kind for seed in range(200) for fault in faults.random_schedule(seed, without=rivals)
    ]
    assert "rival" not in drawn


def test_the_books_stay_balanced_whatever_happens(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav()
    for seed in range(8):
        for fault in faults.random_schedule(seed, faults=4, latest=2):
            nav.server.faults.add(fault)
        for number in range(3):
            body = {
                "vendorNumber": "E1001",
                "vendorInvoiceNumber": f"K-{seed}-{number}",
                "purchaseInvoiceLines": [nav.line("8430", "100")],
            }
            try:
                answer = nav.call("POST", "purchaseInvoices", json=body)
                draft = answer.json() if answer.status_code == 201 else None
                if draft is not None:
                    nav.act(f"purchaseInvoices({draft['id']})")
            except (requests.RequestException, ValueError):
                continue
        nav.server.faults.clear()
    books = nav.ledger()
    assert sum(Decimal(entry["amount"]) for entry in books["gl_entries"]) == 0
    numbers = [entry["external_document_number"] for entry in books["vendor_ledger_entries"]]
    assert len(numbers) == len(set(numbers)) > 0
