"""What administrators set up in NAV, and clients only learn when they post."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Nav

DEPARTMENT = {"code": "DEPARTMENT", "valueCode": "SALES"}
PROJECT = {"code": "PROJECT", "valueCode": "P-100"}


def setup(nav: Nav, path: str, **wanted: Any) -> dict[str, Any]:
    answer = nav.control("POST", path, json={"company": nav.company_id, **wanted})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def why_not(nav: Nav, draft: dict[str, Any]) -> str:
    path = f"purchaseInvoices({draft['id']})"
    status, code, message = nav.refusal(nav.act(path))
    assert (status, code) == (400, "Application_DialogException")
    assert nav.get(path)["status"] == "Draft"
    assert nav.ledger()["gl_entries"] == []
    return message


def posts(nav: Nav, draft: dict[str, Any]) -> None:
    assert nav.act(f"purchaseInvoices({draft['id']})").status_code == 204


def journal(nav: Nav, amount: int = 5, code: str = "A", **fields: Any) -> str:
    line = {"postingDate": "2026-01-31", "documentNumber": "D1", **fields}
    lines = [
        {"accountNumber": "8430", **line, "amount": amount},
        {"accountNumber": "2910", **line, "amount": -amount},
    ]
    return f"journals({nav.create('journals', {'code': code, 'journalLines': lines})['id']})"


def test_the_window_of_the_user_goes_before_the_companys(nav: Nav) -> None:
    draft = nav.invoice()
    setup(nav, "posting-setup", user_allow_posting_from="2026-02-01")
    message = "Posting Date is not within your range of allowed posting dates."
    assert why_not(nav, draft) == message
    assert nav.refusal(nav.act(journal(nav)))[1] == "Application_FieldValidationException"
    shown = nav.rows("generalLedgerSetup")[0]
    assert shown["allowPostingFrom"] == "2018-01-01"
    setup(nav, "posting-setup", user_allow_posting_from=None, user_allow_posting_to="2030-12-31")
    posts(nav, draft)


def test_the_window_of_the_company(nav: Nav) -> None:
    draft = nav.invoice()
    setup(nav, "ledger-setup", allow_posting_from="2026-02-01")
    assert "allowed posting dates" in why_not(nav, draft)
    assert nav.rows("generalLedgerSetup")[0]["allowPostingFrom"] == "2026-02-01"


@pytest.mark.parametrize("values", [False, True])
def test_combinations_that_are_blocked(nav: Nav, *, values: bool) -> None:
    named = {"first_value": "SALES", "second_value": "P-100"} if values else {}
    setup(
        nav,
        "dimension-combinations",
        first_dimension="DEPARTMENT",
        second_dimension="PROJECT",
        **named,
    )
    draft = nav.invoice(dimensionSetLines=[DEPARTMENT, PROJECT])
    expected = (
        "Dimension combinations DEPARTMENT - SALES and PROJECT - P-100 can't be used concurrently."
        if values
        else "Dimensions DEPARTMENT and PROJECT can't be used concurrently."
    )
    assert why_not(nav, draft) == expected
    path = f"purchaseInvoices({draft['id']})"
    nav.call("DELETE", path)
    other = {"code": "DEPARTMENT", "valueCode": "ADM"}
    allowed = nav.invoice("K-2", dimensionSetLines=[other, PROJECT] if values else [DEPARTMENT])
    posts(nav, allowed)


def test_combinations_in_journals(nav: Nav) -> None:
    setup(
        nav,
        "dimension-combinations",
        first_dimension="DEPARTMENT",
        second_dimension="PROJECT",
    )
    path = journal(nav, dimensionSetLines=[DEPARTMENT, PROJECT])
    assert nav.refusal(nav.act(path))[2] == (
        "The combination of dimensions used in Gen. Journal Line GENERAL, A, 10000 is blocked. "
        "Dimensions DEPARTMENT and PROJECT can't be used concurrently."
    )


def test_a_dimension_mandatory_on_every_account(nav: Nav) -> None:
    setup(
        nav,
        "default-dimensions",
        parent_type="G/L Account",
        dimension_code="PROJECT",
        posting_rule="Code Mandatory",
    )
    assert why_not(nav, nav.invoice()) == (
        "The PROJECT dimension is the default dimension, and it must have a value. You can set the "
        "value on the Default Dimensions page."
    )
    posts(nav, nav.invoice("K-2", dimensionSetLines=[PROJECT]))


def test_values_an_account_does_not_allow(nav: Nav) -> None:
    setup(
        nav,
        "default-dimensions",
        parent_type="G/L Account",
        parent_number="8430",
        dimension_code="DEPARTMENT",
        posting_rule="Code Mandatory",
        allowed_values=["ADM"],
    )
    assert why_not(nav, nav.invoice(dimensionSetLines=[DEPARTMENT])) == (
        "Dimension value DEPARTMENT, SALES is not allowed for G/L Account, 8430."
    )
    administration = {"code": "DEPARTMENT", "valueCode": "ADM"}
    posts(nav, nav.invoice("K-2", dimensionSetLines=[administration]))


def test_a_dimension_and_a_vendor_blocked_after_the_draft(nav: Nav) -> None:
    draft = nav.invoice(dimensionSetLines=[PROJECT])
    setup(nav, "dimensions/PROJECT", blocked=True)
    assert why_not(nav, draft) == "Dimension PROJECT is blocked."
    setup(nav, "dimensions/project", blocked=False)
    setup(nav, "vendors/E1001", blocked="All")
    assert why_not(nav, draft) == (
        "You cannot post this type of document when Vendor E1001 is blocked with type All"
    )
    setup(nav, "vendors/E1001", blocked="")
    posts(nav, draft)


def test_approval_is_needed(nav: Nav) -> None:
    draft = nav.invoice()
    setup(nav, "posting-setup", approval_required=True)
    assert why_not(nav, draft) == (
        f"Purchase Invoice {draft['number']} must be approved and released before you can perform "
        "this action."
    )
    setup(nav, "posting-setup", approval_required=False)
    posts(nav, draft)


def test_journals_posted_in_the_background(nav: Nav) -> None:
    setup(nav, "posting-setup", journals_in_background=True, background_seconds=3600)
    path = journal(nav)
    assert nav.act(path).status_code == 204
    assert nav.ledger()["gl_entries"] == []
    assert len(nav.rows(f"{path}/journalLines")) == 2
    assert nav.control("POST", "run-jobs").json() == {"ran": 1, "failed": []}
    assert len(nav.ledger()["gl_entries"]) == 2


def test_background_jobs_run_by_themselves_and_fail_in_silence(nav: Nav) -> None:
    setup(nav, "posting-setup", journals_in_background=True)
    good, bad = journal(nav, code="A"), journal(nav, code="B", postingDate="2010-01-01")
    assert nav.act(good).status_code == nav.act(bad).status_code == 204
    assert nav.rows("generalLedgerEntries?$filter=documentNumber eq 'D1'")
    assert len(nav.rows(f"{bad}/journalLines")) == 2
    (failed,) = nav.control("POST", "run-jobs").json()["failed"]
    assert failed.startswith("B: Posting Date is not within")


def test_a_reversing_journal(nav: Nav) -> None:
    nav.act(journal(nav, 5))
    nav.act(journal(nav, -5, code="B", documentNumber="D1-2"))
    entries = nav.ledger()["gl_entries"]
    assert [(entry["account_number"], entry["amount"]) for entry in entries] == [
        ("8430", "5.00"),
        ("2910", "-5.00"),
        ("8430", "-5.00"),
        ("2910", "5.00"),
    ]
    account = nav.rows("accounts?$filter=number eq '8430'")[0]
    assert account["netChange"] == 0


def test_cancelling_an_invoice_and_what_that_made(nav: Nav) -> None:
    draft = nav.invoice(
        "K-1", purchaseInvoiceLines=[nav.line("8430", "80"), nav.line("8440", "20")]
    )
    posts(nav, draft)
    posted = nav.get(f"purchaseInvoices({draft['id']})")
    setup(nav, f"purchase-invoices/{posted['number']}/cancel")
    assert nav.get(f"purchaseInvoices({draft['id']})")["status"] == "Canceled"
    (memo,) = nav.rows("purchaseCreditMemos")
    assert (memo["status"], memo["totalAmountIncludingTax"]) == ("Corrective", 102)
    assert all(row["netChange"] == 0 for row in nav.rows("accounts"))
    # The number stays used up.
    again = nav.invoice("K-1")
    refusal = nav.refusal(nav.act(f"purchaseInvoices({again['id']})"))
    assert refusal[2] == "Purchase Invoice K-1 already exists for this vendor."
    answer = nav.control("POST", f"purchase-invoices/{posted['number']}/cancel", json={})
    assert "already been canceled" in answer.json()["error"]
    path = f"purchaseCreditMemos({memo['id']})/Microsoft.NAV.cancel"
    assert nav.call("POST", path).status_code == 204
    assert nav.get(f"purchaseCreditMemos({memo['id']})")["status"] == "Canceled"
    assert nav.refused("POST", path)[2] == (
        "The credit memo cannot be cancelled because it has already been canceled."
    )
    states = sorted(row["status"] for row in nav.rows("purchaseInvoices"))
    assert states == ["Canceled", "Corrective", "Draft"]


def test_only_corrective_credit_memos_can_be_cancelled(nav: Nav) -> None:
    memo = nav.create(
        "purchaseCreditMemos",
        {
            "vendorNumber": "E1001",
            "vendorCreditMemoNumber": "C-1",
            "purchaseCreditMemoLines": [nav.line("8430", "5")],
        },
    )
    path = f"purchaseCreditMemos({memo['id']})"
    assert nav.refused("POST", f"{path}/Microsoft.NAV.cancel")[2] == (
        "The action can be applied to a posted credit memo only."
    )
    nav.act(path)
    assert "not a corrective document" in nav.refused("POST", f"{path}/Microsoft.NAV.cancel")[2]
    draft = nav.invoice()
    assert nav.refused("POST", f"purchaseInvoices({draft['id']})/Microsoft.NAV.cancel")[0] == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("vendors/NOBODY", {"blocked": "All"}),
        ("vendors/E1001", {"blocked": "Perhaps"}),
        ("posting-setup", {"nothing": 1}),
        ("posting-setup", {"company": "nowhere"}),
        ("posting-setup", []),
        ("dimension-combinations", {"first_dimension": "X", "second_dimension": "PROJECT"}),
        ("purchase-invoices/1/burn", {}),
    ],
)
def test_setups_that_make_no_sense(nav: Nav, path: str, body: object) -> None:
    assert nav.control("POST", path, json=body).status_code == 400


def test_setups_are_saved_with_the_books(nav: Nav, tmp_path: Path) -> None:
    setup(nav, "posting-setup", approval_required=True, user_allow_posting_from="2026-02-01")
    setup(nav, "dimension-combinations", first_dimension="DEPARTMENT", second_dimension="PROJECT")
    nav.books.save(tmp_path / "books.json")
    loaded = type(nav.books).load(tmp_path / "books.json")
    assert loaded.to_json() == nav.books.to_json()
