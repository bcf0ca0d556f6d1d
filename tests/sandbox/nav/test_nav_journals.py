"""General journals: batches, lines, posting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav


def entry(account: str, amount: float, document: str = "D-1", **fields: Any) -> dict[str, Any]:
    return {
        "accountType": "G/L Account",
        "accountNumber": account,
        "postingDate": "2026-01-31",
        "documentNumber": document,
        "amount": amount,
        **fields,
    }


def journal(nav: Nav, *lines: dict[str, Any], code: str = "J1") -> dict[str, Any]:
    return nav.create("journals", {"code": code, "journalLines": list(lines)})


def lines_of(nav: Nav, journal: dict[str, Any]) -> list[dict[str, Any]]:
    return nav.rows(f"journals({journal['id']})/journalLines?$expand=dimensionSetLines")


def why_not(nav: Nav, journal: dict[str, Any]) -> tuple[str, str]:
    """Code and reason; also checks that nothing was booked and no line lost."""
    before = lines_of(nav, journal)
    status, code, message = nav.refusal(nav.act(f"journals({journal['id']})"))
    assert status == 400
    assert nav.ledger()["gl_entries"] == []
    assert lines_of(nav, journal) == before
    return code, message


def test_a_journal_is_created_by_its_code_alone(nav: Nav) -> None:
    created = nav.create("journals", {"code": "exp1"})
    assert (created["code"], created["templateDisplayName"]) == ("EXP1", "GENERAL")
    assert nav.rows("journals?$filter=code eq 'EXP1'")[0]["id"] == created["id"]
    status, code, message = nav.refused("POST", "journals", {"code": "EXP1"})
    assert (status, code) == (400, "Internal_EntityWithSameKeyExists")
    assert message.startswith("The record in table Gen. Journal Batch already exists. ")
    assert nav.refused("POST", "journals", {"displayName": "x"})[0] == 400
    long = nav.refused("POST", "journals", {"code": "ELEVENCHARS"})
    assert long[1] == "Application_StringExceededLength"


def test_duplicate_keys_may_answer_409(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(duplicate_key_status=409)
    nav.create("journals", {"code": "A"})
    assert nav.refused("POST", "journals", {"code": "A"})[0] == 409


def test_other_templates_show_only_when_asked_for(nav: Nav) -> None:
    nav.create("journals", {"code": "A"})
    nav.create("journals", {"code": "A", "templateDisplayName": "OTHER"})
    assert len(nav.rows("journals")) == 1
    (other,) = nav.rows("journals?$filter=templateDisplayName eq 'OTHER'")
    assert other["templateDisplayName"] == "OTHER"


def test_journals_can_be_renamed_and_deleted(nav: Nav) -> None:
    clearing = nav.rows("accounts?$filter=number eq '2910'")[0]["id"]
    created = nav.create("journals", {"code": "A", "balancingAccountId": clearing})
    assert created["balancingAccountNumber"] == "2910"
    path = f"journals({created['id']})"
    assert nav.patch(path, {"displayName": "Cards"}).json()["displayName"] == "Cards"
    nav.create(f"{path}/journalLines", entry("8430", 5))
    assert nav.call("DELETE", path).status_code == 204
    assert nav.refused("GET", path)[0] == 404


def test_lines_take_defaults_from_the_line_before(nav: Nav) -> None:
    created = journal(
        nav,
        entry("8430", 5, externalDocumentNumber="X-1"),
        {"accountNumber": "2910", "amount": -5},
    )
    first, second = lines_of(nav, created)
    assert (first["lineNumber"], second["lineNumber"]) == (10000, 20000)
    assert (second["documentNumber"], second["postingDate"]) == ("D-1", "2026-01-31")
    assert second["externalDocumentNumber"] == ""
    assert (first["description"], second["accountType"]) == (
        "Airfare",
        "G_x002F_L_x0020_Account",
    )
    alone = nav.create("journals", {"code": "J2"})
    line = nav.create(
        f"journals({alone['id']})/journalLines",
        {"accountNumber": "8430", "externalDocumentNumber": "A-VERY-LONG-EXTERNAL-NUMBER"},
    )
    assert line["documentNumber"] == "A-VERY-LONG-EXTERNAL"
    assert line["postingDate"] == "2026-02-01"


def test_accounts_by_id(nav: Nav) -> None:
    created = nav.create("journals", {"code": "A"})
    path = f"journals({created['id']})/journalLines"
    airfare = nav.rows("accounts?$filter=number eq '8430'")[0]["id"]
    assert nav.create(path, {"accountId": airfare})["accountNumber"] == "8430"
    assert nav.refused("POST", path, {"accountId": "8430"})[0] == 400
    both = {"accountId": airfare, "accountNumber": "8440"}
    assert nav.refused("POST", path, both)[2] == (
        "The account values do not match to a specific Account."
    )


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (
            {"accountNumber": "9999"},
            "Application_DialogException",
            'The "accountNumber" does not match to an Account.',
        ),
        (
            {"accountNumber": "8320"},
            "Application_FieldValidationException",
            "Blocked must be equal to 'No'  in G/L Account: No.=8320. Current value is 'Yes'.",
        ),
        (
            {"accountType": "Vendor", "accountNumber": "ABL001"},
            "Internal_InvalidTableRelation",
            (
                "The field Account No. of table Gen. Journal Line contains a value (ABL001) that "
                "cannot be found in the related table (Vendor)."
            ),
        ),
        (
            {"balancingAccountId": "00000000-0000-0000-0000-000000000001"},
            "Application_DialogException",
            'The "balancingAccountId" does not match to an Account.',
        ),
        (
            {"journalDisplayName": "X"},
            "Application_DialogException",
            "The Journal Batch Display Name isn't editable.",
        ),
        (
            {"currencyCode": "USD"},
            "BadRequest",
            (
                "The property 'currencyCode' does not exist on type 'Microsoft.NAV.journalLine'. "
                "Make sure to only use property names that are defined by the type."
            ),
        ),
        (
            {"comment": "x" * 251},
            "Application_StringExceededLength",
            (
                "The length of the string is 251, but it must be less than or equal to 250 "
                f"characters. Value: {'x' * 251}"
            ),
        ),
    ],
)
def test_lines_that_are_refused(nav: Nav, line: dict[str, Any], code: str, message: str) -> None:
    body = {"code": "A", "journalLines": [entry("8430", 1), line]}
    assert nav.refused("POST", "journals", body) == (400, code, message)
    assert nav.rows("journals") == []


def test_line_numbers_are_keys(nav: Nav) -> None:
    created = journal(nav, entry("8430", 1, lineNumber=10000))
    path = f"journals({created['id']})/journalLines"
    refused = nav.refused("POST", path, entry("8430", 1, lineNumber=10000))
    assert refused[:2] == (400, "Internal_EntityWithSameKeyExists")
    (line,) = lines_of(nav, created)
    assert nav.patch(f"journalLines({line['id']})", {"lineNumber": 5}).json()["lineNumber"] == 5
    moved = nav.patch(f"journalLines({line['id']})", {"journalId": created["id"][:-1] + "f"})
    assert nav.refusal(moved)[2] == "The Journal Batch Id isn't editable."
    assert nav.call("DELETE", f"journalLines({line['id']})").status_code == 204


def test_posting_books_every_line_of_the_batch(nav: Nav) -> None:
    created = journal(
        nav,
        entry("8450", 12.5, externalDocumentNumber="K-1"),
        entry("2910", -12.5),
        entry("8430", 3, "D-2", balancingAccountNumber="2910"),
    )
    answer = nav.act(f"journals({created['id']})")
    assert (answer.status_code, answer.content) == (204, b"")
    rows = nav.ledger()["gl_entries"]
    assert [(row["document_number"], row["account_number"], row["amount"]) for row in rows] == [
        ("D-1", "8450", "12.50"),
        ("D-1", "2910", "-12.50"),
        ("D-2", "8430", "3.00"),
        ("D-2", "2910", "-3.00"),
    ]
    assert (rows[0]["dimensions"], rows[0]["external_document_number"]) == ({"AREA": "EU"}, "K-1")
    assert rows[0]["document_type"] == " "
    found = nav.rows("generalLedgerEntries?$filter=documentNumber eq 'D-1'")
    assert [(row["debitAmount"], row["creditAmount"]) for row in found] == [
        (12.5, 0),
        (0, 12.5),
    ]
    assert found[0]["documentType"] == "_x0020_"


def test_one_blank_line_may_be_left_behind(start_nav: Callable[..., Nav]) -> None:
    for leftover in (True, False):
        nav = start_nav(leftover_blank_line=leftover)
        created = journal(nav, entry("8430", 1, balancingAccountNumber="2910"))
        nav.act(f"journals({created['id']})")
        left = lines_of(nav, created)
        assert [row["lineNumber"] for row in left] == ([10000] if leftover else [])
        code, message = nav.refusal(nav.act(f"journals({created['id']})"))[1:]
        assert (code, message) == ("Application_DialogException", "There is nothing to post.")
        assert nav.call("DELETE", f"journals({created['id']})").status_code == 204


def test_the_same_document_can_be_booked_twice(nav: Nav) -> None:
    for code in ("A", "B"):
        created = journal(nav, entry("8430", 1, balancingAccountNumber="2910"), code=code)
        assert nav.act(f"journals({created['id']})").status_code == 204
    assert len(nav.rows("generalLedgerEntries?$filter=documentNumber eq 'D-1'")) == 4


@pytest.mark.parametrize(
    ("lines", "code", "message"),
    [
        (
            [entry("8430", 10)],
            "Application_DialogException",
            (
                "Document No. D-1 is out of balance by 10.00. Please check that Posting Date, "
                "Document Type, Document No. and Amount are correct for each line."
            ),
        ),
        (
            [entry("8430", 1638.4), entry("2910", -1638.4, "D-2")],
            "Application_DialogException",
            (
                "Document No. D-1 is out of balance by 1,638.40. Please check that Posting Date, "
                "Document Type, Document No. and Amount are correct for each line."
            ),
        ),
        (
            [entry("8430", 1, ""), entry("2910", -1, "")],
            "Application_FieldValidationException",
            (
                "Document No. must have a value in Gen. Journal Line: Journal Template Name=GENERAL, "
                "Journal Batch Name=J1, Line No.=10000. It cannot be zero or empty."
            ),
        ),
        (
            [entry("8430", 1, postingDate="2027-01-01", balancingAccountNumber="2910")],
            "Application_FieldValidationException",
            (
                "Posting Date is not within your range of allowed posting dates in Gen. Journal Line "
                "Journal Template Name='GENERAL',Journal Batch Name='J1',Line No.='10000'."
            ),
        ),
        (
            [entry("8430", 1.005, balancingAccountNumber="2910")],
            "Application_DialogException",
            "1.005 needs to be rounded",
        ),
        (
            [
                entry(
                    "8430",
                    1,
                    balancingAccountNumber="2910",
                    dimensionSetLines=[{"code": "PROJECT", "valueCode": "P-090"}],
                )
            ],
            "Application_DialogException",
            (
                "The combination of dimensions used in Gen. Journal Line GENERAL, J1, 10000 is "
                "blocked. Dimension Value PROJECT - P-090 is blocked."
            ),
        ),
        (
            [entry("8460", 1, balancingAccountNumber="2910")],
            "Application_DialogException",
            (
                "A dimension used in Gen. Journal Line GENERAL, J1, 10000 has caused an error. Select "
                "a Dimension Value Code for the Dimension Code DEPARTMENT for G/L Account 8460."
            ),
        ),
        ([], "Application_DialogException", "There is nothing to post."),
        (
            [entry("8430", 0)],
            "Application_DialogException",
            "There is nothing to post.",
        ),
    ],
)
def test_reasons_not_to_post(
    nav: Nav, lines: list[dict[str, Any]], code: str, message: str
) -> None:
    assert why_not(nav, journal(nav, *lines)) == (code, message)


def test_the_date_error_may_be_a_dialog(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav(journal_date_code="Application_DialogException")
    line = entry("8430", 1, postingDate="2027-01-01", balancingAccountNumber="2910")
    assert why_not(nav, journal(nav, line))[0] == "Application_DialogException"


def test_a_blocked_account_stops_the_whole_batch(nav: Nav) -> None:
    created = journal(
        nav,
        entry("8430", 1, balancingAccountNumber="2910"),
        entry("8440", 1, "D-2", balancingAccountNumber="2910"),
    )
    nav.control("POST", "accounts/8440", json={"blocked": True})
    code, message = why_not(nav, created)
    assert code == "Application_FieldValidationException"
    assert message.endswith("in G/L Account: No.=8440. Current value is 'Yes'.")


def test_vendor_and_bank_lines(nav: Nav) -> None:
    created = journal(
        nav,
        entry("8430", 10, externalDocumentNumber="X-1"),
        entry("E1002", -7, accountType="Vendor", externalDocumentNumber="X-1"),
        entry("GIRO", -3, accountType="Bank Account"),
    )
    assert nav.act(f"journals({created['id']})").status_code == 204
    ledger = nav.ledger()
    rows = [(row["account_number"], row["amount"]) for row in ledger["gl_entries"]]
    assert rows == [("8430", "10.00"), ("5410", "-7.00"), ("2920", "-3.00")]
    (owed,) = ledger["vendor_ledger_entries"]
    assert (owed["vendor_number"], owed["amount"], owed["document_type"]) == (
        "E1002",
        "-7.00",
        " ",
    )
    again = journal(
        nav,
        entry("8430", 7),
        entry("E1002", -7, accountType="Vendor", externalDocumentNumber="X-1"),
        code="J2",
    )
    message = nav.refusal(nav.act(f"journals({again['id']})"))[2]
    assert message == "Purchase   X-1 already exists for this vendor."


def test_a_tax_code_splits_the_amount(nav: Nav) -> None:
    created = journal(nav, entry("8440", 11, balancingAccountNumber="2910"))
    nav.act(f"journals({created['id']})")
    rows = [(row["account_number"], row["amount"]) for row in nav.ledger()["gl_entries"]]
    assert rows == [("8440", "10.00"), ("5630", "1.00"), ("2910", "-11.00")]


def test_dimensions_of_a_line_can_be_added_and_changed(nav: Nav) -> None:
    created = journal(nav, entry("8450", 1, balancingAccountNumber="2910"))
    (line,) = lines_of(nav, created)
    path = f"journalLines({line['id']})/dimensionSetLines"
    assert [row["valueCode"] for row in line["dimensionSetLines"]] == ["EU"]
    nav.create(path, {"code": "DEPARTMENT", "valueCode": "ADM"})
    area = line["dimensionSetLines"][0]["id"]
    assert nav.patch(f"{path}({area})", {"valueCode": "US"}).status_code == 200
    nav.act(f"journals({created['id']})")
    assert nav.ledger()["gl_entries"][0]["dimensions"] == {"AREA": "US", "DEPARTMENT": "ADM"}


def test_an_unknown_journal(nav: Nav) -> None:
    missing = "00000000-0000-0000-0000-000000000001"
    refused = nav.refused("POST", f"journals({missing})/Microsoft.NAV.post")
    assert refused[2] == f"The General Journal Batch with ID {missing} cannot be found."
