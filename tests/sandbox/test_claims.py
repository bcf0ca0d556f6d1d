"""Claims files become one report per claimant and month, to the cent, or one clear sentence."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.claims import ClaimsFileError, load_claims

if TYPE_CHECKING:
    from expense_sandbox.world import World

DATA = Path(__file__).parent / "data"
GOOD = "claimant,date,category,subcategory,details,amount,currency"


def by_name(world: World) -> dict[str, Any]:
    return {report["reportName"]: report for report in world.reports}


@pytest.fixture(params=["claims.jsonl", "claims.csv"])
def world(request: pytest.FixtureRequest) -> World:
    return load_claims(DATA / request.param)


def test_one_report_per_claimant_and_month(world: World) -> None:
    totals = {name: report["total"] for name, report in by_name(world).items()}
    assert totals == {
        "Claims 2019-01, claimant-001": 177650,
        "Claims 2019-02, claimant-001": 85126,
        "Claims 2019-01, claimant-002": -28800,
        "Claims 2019-02, claimant-002": 1999,  # undated: the file's latest month
        "Claims 2018-11, claimant-003": 7,
    }


def test_reports_are_approved_on_the_fifth_of_the_next_month(world: World) -> None:
    report = by_name(world)["Claims 2018-11, claimant-003"]
    assert report["status"] == "Approved"
    assert report["approved"] == "2018-12-05 09:00:00"
    assert report["submitted"][:10] == "2018-11-30"
    assert report["policyName"] == "Claims"
    assert report["currency"] == "AUD"


def test_undated_claims_are_dated_the_last_day_of_the_latest_month(world: World) -> None:
    (expense,) = by_name(world)["Claims 2019-02, claimant-002"]["transactionList"]
    assert expense["created"] == "2019-02-28"


def test_texts_and_amounts_arrive_as_they_are(world: World) -> None:
    first, second = by_name(world)["Claims 2019-01, claimant-001"]["transactionList"]
    assert (first["comment"], first["amount"]) == ('Two nights in "Canberra"', 57600)
    assert (second["comment"], second["amount"]) == ("Flyers & posters – 500×", 120050)
    assert first["reimbursable"] is True
    assert first["category"] == "Travel Allowance: Travel Allowance"


def test_accounts_and_vendors_are_numbered_in_sorted_order(world: World) -> None:
    (company,) = world.nav_companies
    assert company.name == "Claims Ledger"
    assert company.local_currency_code == "AUD"
    assert {account.number: account.name for account in company.accounts[2:]} == {
        "8001": "Car Costs: COMCAR",
        "8002": "Domestic Scheduled Fares: Fares",
        "8003": "Office Facilities: Printing",
        "8004": "Office Facilities: Telephone",
        "8005": "Travel Allowance: Travel Allowance",
    }
    assert [(vendor.number, vendor.name) for vendor in company.vendors] == [
        ("C0001", "claimant-001"),
        ("C0002", "claimant-002"),
        ("C0003", "claimant-003"),
    ]
    (policy,) = world.policies
    gl_codes = {category["name"]: category["glCode"] for category in policy.categories}
    for report in world.reports:
        number = report["reportName"][-1]
        assert report["employeeCustomField1"] == f"C000{number}"
        for expense in report["transactionList"]:
            assert expense["categoryGlCode"] == gl_codes[expense["category"]]


def test_both_forms_of_a_file_give_the_same_ids() -> None:
    ids = [
        sorted(report["reportID"] for report in load_claims(DATA / name).reports)
        for name in ("claims.jsonl", "claims.csv")
    ]
    assert ids[0] == ids[1]
    assert len({report_id.upper() for report_id in ids[0]}) == 5


def test_files_may_be_gzipped(tmp_path: Path) -> None:
    packed = tmp_path / "claims.jsonl.gz"
    packed.write_bytes(gzip.compress((DATA / "claims.jsonl").read_bytes()))
    assert load_claims(packed).reports == load_claims(DATA / "claims.jsonl").reports


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a,2019-01-01,Car,,x,1.005,AUD", "more than two decimals"),
        ("a,2019-01-01,Car,,x,ten,AUD", "amount 'ten' is not a number"),
        ("a,2019-01-01,Car,,x,NaN,AUD", "not a number"),
        ("a,2019-01-01,Car,,x,sNaN,AUD", "not a number"),
        ("a,2019-01-01,Car,,x,1e400000,AUD", "too large"),
        ("a,20190101,Car,,x,1,AUD", "date '20190101' is not YYYY-MM-DD"),
        ("a,2019-02-29,Car,,x,1,AUD", "date '2019-02-29' is not YYYY-MM-DD"),
        ("a,2019-01-01,Car,,x,,AUD", "either amount or cents"),
        ("a,01/02/2019,Car,,x,1,AUD", "date '01/02/2019' is not YYYY-MM-DD"),
        (",2019-01-01,Car,,x,1,AUD", "claimant is missing"),
        ("a,2019-01-01,,,x,1,AUD", "category is missing"),
        ("a,2019-01-01,Car,,x,1,", "currency is missing"),
        ("a,2019-01-01,Car,,x,1,NZD", "currency NZD where the first claim is in AUD"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(f"{GOOD}\na,2019-01-01,Car,,x,1,AUD\n{line}\n", encoding="utf-8")
    with pytest.raises(ClaimsFileError) as error:
        load_claims(file)
    assert f"{file}, line 3: " in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"claimant": ', "line 1: not JSON"),
        ("[1]", "line 1: not a JSON object"),
        ('{"claimant":"a","category":"b","cents":1.5,"currency":"AUD"}', "not a whole number"),
        (
            '{"claimant":"a","category":"b","cents":1,"amount":0.01,"currency":"AUD"}',
            "either amount or cents",
        ),
        ('{"claimant":"a","category":"b","amount":true,"currency":"AUD"}', "not a number"),
        ("", "no claims"),
    ],
)
def test_json_lines_that_cannot_be_claims(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ClaimsFileError, match=said):
        load_claims(file)


def test_amounts_in_json_are_exact(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"claimant":"a","category":"b","amount":1234567890123.29,"currency":"AUD"}')
    assert load_claims(file).reports[0]["total"] == 123456789012329


@pytest.mark.parametrize("name", ["claims.xlsx", "missing.csv", "broken.jsonl.gz"])
def test_unreadable_files(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"not gzip")
    with pytest.raises(ClaimsFileError, match=name):
        load_claims(tmp_path / name)
