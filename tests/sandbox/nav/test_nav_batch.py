"""`$batch`: order, errors, snapshots, and the answers that lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.faults import Fault

if TYPE_CHECKING:
    from .conftest import Nav

JSON = {"Content-Type": "application/json"}
GO_ON = "odata.continue-on-error"


def part(nav: Nav, method: str, path: str, body: object = None, **fields: Any) -> dict[str, Any]:
    request = {
        "method": method,
        "url": f"companies({nav.company_id})/{path}",
        "headers": JSON,
        **fields,
    }
    return request if body is None else {**request, "body": body}


def journal(nav: Nav, code: str, **fields: Any) -> dict[str, Any]:
    return part(nav, "POST", "journals", {"code": code}, **fields)


def statuses(answer: Any) -> list[tuple[str | None, int]]:
    assert answer.status_code == 200, answer.text
    return [(item["id"], item["status"]) for item in answer.json()["responses"]]


def codes(nav: Nav) -> list[str]:
    return [row["code"] for row in nav.rows("journals")]


def test_operations_run_in_order_and_answer_with_their_ids(nav: Nav) -> None:
    answer = nav.batch(
        [
            journal(nav, "A", id="1"),
            part(nav, "GET", "journals?$select=code", id="2"),
            journal(nav, "B", id="3"),
        ]
    )
    assert statuses(answer) == [("1", 201), ("2", 200), ("3", 201)]
    first, second, _ = answer.json()["responses"]
    assert first["body"]["code"] == "A"
    assert first["headers"]["location"].startswith(f"{nav.company}/journals(")
    assert first["headers"]["content-type"].startswith("application/json")
    assert [row["code"] for row in second["body"]["value"]] == ["A"]


def test_ids_left_out_come_back_as_null(nav: Nav) -> None:
    assert statuses(nav.batch([journal(nav, "A"), journal(nav, "B")])) == [(None, 201), (None, 201)]


def test_it_stops_at_the_first_error_and_says_nothing_of_the_rest(nav: Nav) -> None:
    parts = [journal(nav, "A"), journal(nav, "A"), journal(nav, "B")]
    answer = nav.batch(parts)
    assert statuses(answer) == [(None, 201), (None, 400)]
    error = answer.json()["responses"][1]["body"]["error"]
    assert error["code"] == "Internal_EntityWithSameKeyExists"
    assert codes(nav) == ["A"]


def test_or_goes_on_when_told_to(nav: Nav) -> None:
    parts = [journal(nav, "A"), journal(nav, "A"), journal(nav, "B")]
    answer = nav.batch(parts, Prefer=GO_ON)
    assert statuses(answer) == [(None, 201), (None, 400), (None, 201)]
    assert codes(nav) == ["A", "B"]


def test_a_snapshot_is_all_or_nothing_but_reports_what_it_took_back(nav: Nav) -> None:
    parts = [journal(nav, "A"), journal(nav, "A"), journal(nav, "B")]
    answer = nav.batch(parts, Isolation="snapshot")
    assert statuses(answer) == [(None, 201), (None, 400)]
    assert len(answer.json()["responses"][0]["body"]["id"]) == 36
    assert codes(nav) == []
    assert nav.ledger()["write_count"] == 0
    parts = [part(nav, "GET", "nothing"), journal(nav, "A")]
    assert statuses(nav.batch(parts, Isolation="snapshot")) == [(None, 404)]
    assert statuses(nav.batch([journal(nav, "A")], Isolation="snapshot")) == [(None, 201)]
    assert codes(nav) == ["A"]


def test_posting_an_invoice_commits_what_came_before_it(nav: Nav) -> None:
    draft = nav.invoice(dimensionSetLines=[{"code": "PROJECT", "valueCode": "P-090"}])
    parts = [
        journal(nav, "A"),
        part(nav, "POST", f"purchaseInvoices({draft['id']})/Microsoft.NAV.post", {}),
    ]
    answer = nav.batch(parts, Isolation="snapshot")
    assert statuses(answer) == [(None, 201), (None, 400)]
    assert codes(nav) == ["A"]


def test_posting_and_reading_in_one_go(nav: Nav) -> None:
    draft = nav.invoice()
    parts = [
        part(nav, "POST", f"purchaseInvoices({draft['id']})/Microsoft.NAV.post", {}, id="post"),
        part(nav, "GET", f"purchaseInvoices({draft['id']})?$select=id,number,status", id="read"),
    ]
    answer = nav.batch(parts)
    assert statuses(answer) == [("post", 204), ("read", 200)]
    posted, read = answer.json()["responses"]
    assert "body" not in posted
    assert read["body"]["status"] == "Open"


def test_a_hundred_and_not_one_more(nav: Nav) -> None:
    lines = [part(nav, "GET", "accounts?$top=1") for _ in range(100)]
    assert len(statuses(nav.batch(lines))) == 100
    answer = nav.batch([*lines, journal(nav, "A")])
    assert nav.refusal(answer) == (
        500,
        "Unknown",
        (
            "The current batch message contains too many parts. A maximum number of '100' query "
            "operations and change sets are allowed in a batch message."
        ),
    )
    assert codes(nav) == []


def test_the_company_may_come_from_the_outside_or_from_headers(nav: Nav) -> None:
    plain = {"method": "POST", "url": "journals", "headers": JSON, "body": {"code": "A"}}
    assert statuses(nav.batch([plain])) == [(None, 400)]
    with_header = {**plain, "headers": {**JSON, "CompanyId": nav.company_id}}
    assert statuses(nav.batch([with_header])) == [(None, 201)]
    answer = nav.call(
        "POST",
        f"{nav.root}/$batch",
        params={"company": nav.company_id},
        json={"requests": [{**plain, "body": {"code": "B"}}]},
        headers={"Accept": "application/json"},
    )
    assert statuses(answer) == [(None, 201)]


def test_inner_requests_need_their_concurrency_token(nav: Nav) -> None:
    draft = nav.invoice()
    patch = part(nav, "PATCH", f"purchaseInvoices({draft['id']})", {"purchaser": "A"})
    assert statuses(nav.batch([patch])) == [(None, 400)]
    with_token = {**patch, "headers": {**JSON, "If-Match": draft["@odata.etag"]}}
    assert statuses(nav.batch([with_token])) == [(None, 200)]
    assert statuses(nav.batch([with_token])) == [(None, 409)]


def test_amounts_survive_the_envelope(nav: Nav) -> None:
    body = {"vendorNumber": "E1001", "purchaseInvoiceLines": [nav.line("8430", "0.07")]}
    answer = nav.batch([part(nav, "POST", "purchaseInvoices", body)])
    assert '"totalAmountIncludingTax":0.07,' in answer.text


@pytest.mark.parametrize(
    "body", [{}, {"requests": {}}, {"requests": ["x"]}, {"requests": [{"method": "GET"}]}]
)
def test_envelopes_that_make_no_sense(nav: Nav, body: object) -> None:
    assert nav.refused("POST", f"{nav.root}/$batch", body) == (
        400,
        "BadRequest",
        "Invalid Request Body",
    )


def test_ids_must_be_unique(nav: Nav) -> None:
    answer = nav.batch([journal(nav, "A", id="1"), journal(nav, "B", id="1")])
    assert nav.refusal(answer)[:2] == (400, "BadRequest")


def test_without_an_accept_header_the_answer_is_multipart(nav: Nav) -> None:
    answer = nav.batch([journal(nav, "A")], Accept="*/*")
    assert answer.headers["Content-Type"].startswith("multipart/mixed; boundary=")
    assert "HTTP/1.1 201" in answer.text


def test_one_writes_the_other_reads_in_urls_of_every_kind(nav: Nav) -> None:
    for url in (
        f"{nav.company}/accounts?$top=1",
        f"/api/v2.0/companies({nav.company_id})/accounts?$top=1",
    ):
        answer = nav.batch([{"method": "GET", "url": url}])
        assert statuses(answer) == [(None, 200)]


def test_an_answer_may_get_lost_or_a_part_fail_on_request(nav: Nav) -> None:
    nav.server.faults.add(Fault("drop_batch_part", part=0))
    parts = [journal(nav, "A", id="1"), journal(nav, "B", id="2")]
    assert statuses(nav.batch(parts)) == [("2", 201)]
    assert codes(nav) == ["A", "B"]
    nav.server.faults.add(Fault("after", match=r"^POST \$batch/.* journals$", status=504))
    assert statuses(nav.batch([journal(nav, "C")])) == [(None, 504)]
    assert codes(nav) == ["A", "B", "C"]
    nav.server.faults.add(Fault("before", match=r"^POST \$batch/.* journals$", status=429))
    assert statuses(nav.batch([journal(nav, "D")])) == [(None, 429)]
    assert codes(nav) == ["A", "B", "C"]


def test_the_log_names_operations(nav: Nav) -> None:
    draft = nav.invoice()
    nav.act(f"purchaseInvoices({draft['id']})")
    nav.batch([journal(nav, "A")])
    nav.rows("accounts")
    assert [entry.operation for entry in nav.server.requests_log] == [
        "purchaseInvoices",
        "purchaseInvoices post",
        "$batch",
        "accounts",
    ]
