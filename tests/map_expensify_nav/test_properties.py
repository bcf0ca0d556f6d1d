"""What holds for every report, not only for the ones somebody thought of."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from map_expensify_nav.money import decimal_text
from map_expensify_nav.rule_set import RuleSet, load_rules
from map_expensify_nav.rules_file import parse_rules
from map_expensify_nav.schemas import JOURNAL_ENTRIES, PURCHASE_CREDIT_MEMOS, document_schema
from map_expensify_nav.templates import cut, length, one_line

PROJECT = Path(__file__).parents[2]
RULES = load_rules(PROJECT / "transforms/rules/expensify-to-nav.yml")
COMBINED = RuleSet(
    (
        parse_rules(
            """
version: 1
local_currency: EUR
documents:
  combined: {document: purchase_invoice, vendor: {from: employee_custom_field_1}}
accounts: {from: [by_category, category_gl_code], by_category: {Meals: 8450}}
descriptions: {line: "{comment} {merchant} ({category})"}
""",
            "combined.yml",
        ),
    )
)

# The same examples on every run and machine, however busy it is.
repeatable = settings(derandomize=True, deadline=None, database=None)

amounts = st.integers(-(10**9), 10**9) | st.sampled_from([0, 1, -1])
texts = st.none() | st.text(max_size=150)
tag = st.fixed_dictionaries(
    {"level": st.integers(1, 3), "name": texts, "gl_code": st.sampled_from([None, "RD", "P-100"])}
)
good_expense = st.fixed_dictionaries(
    {
        "effective_amount": amounts,
        "effective_currency": st.just("EUR"),
        "effective_date": st.dates().map(str),
        "effective_merchant": texts,
        "comment": texts,
        "category": st.sampled_from(["Meals", "Hotel"]),
        "category_gl_code": st.just("8440"),
        "reimbursable": st.booleans(),
    }
)


@st.composite
def good_reports(draw: st.DrawFn) -> dict[str, Any]:
    """Reports as they should be: complete, in euros, their total the sum of their expenses."""
    expenses = draw(st.lists(good_expense, max_size=12))
    for number, expense in enumerate(expenses):
        expense["transaction_id"] = str(number)
    return {
        "report_id": draw(st.text("Rabc0", min_size=1)),
        "report_number": draw(st.integers(1, 10**17 - 1).map(str)),
        "report_name": draw(texts),
        "status": "Approved",
        "policy_name": draw(
            st.sampled_from(["Northwind Europe", "Northwind America", "Northwind Britain"])
        ),
        "currency": "EUR",
        "total": sum(expense["effective_amount"] for expense in expenses),
        "approved_at": "2026-02-03T23:59:59Z",
        "employee_custom_field_1": "E1001",
        "employee_custom_field_2": "EU",
        "expenses": expenses,
    }


rules_files = st.sampled_from([RULES, COMBINED])


@repeatable
@given(good_reports(), rules_files)
def test_the_documents_add_up_to_the_report_exactly(report: dict[str, Any], rules: RuleSet) -> None:
    total = Decimal(0)
    for document in rules.documents(report):
        record = document.record
        sign = -1 if document.stream == PURCHASE_CREDIT_MEMOS else 1
        assert record["problems"] == []
        assert sum(Decimal(line["amount"]) for line in record["lines"]) == Decimal(record["total"])
        assert all(Decimal(line["amount"]) != 0 for line in record["lines"])
        assert document.stream == JOURNAL_ENTRIES or Decimal(record["total"]) >= 0
        total += sign * Decimal(record["total"])
    assert total == Decimal(report["total"]) / 100


@repeatable
@given(good_reports(), rules_files)
def test_every_expense_is_in_exactly_one_place(report: dict[str, Any], rules: RuleSet) -> None:
    places = []
    for document in rules.documents(report):
        record = document.record
        places += [line["source_id"] for line in record["lines"]]
        places += [note["value"] for note in record["notes"] if note["code"] == "zero_line_dropped"]
        numbers = [line["line_number"] for line in record["lines"]]
        assert numbers == list(range(1, len(numbers) + 1))
        assert bool(record["lines"]) != bool(record["skip"])
        if record["skip"]:
            card = record["source"]["part"] == "company_card"
            places += [
                expense["transaction_id"]
                for expense in report["expenses"]
                if record["source"]["part"] == "all" or expense["reimbursable"] is not card
            ]
    assert sorted(places) == sorted(expense["transaction_id"] for expense in report["expenses"])


@repeatable
@given(good_reports(), rules_files)
def test_what_has_no_problem_is_complete_and_explained(
    report: dict[str, Any], rules: RuleSet
) -> None:
    for document in rules.documents(report):
        record = document.record
        if record["skip"]:
            continue
        assert record["posting_date"] == "2026-02-03"
        for line in [record, *record["lines"]]:
            assert line["description"] is None or 0 < length(line["description"]) <= 100
        assert record.get("vendor_number") or record["balancing_account"]
        decided = record["decided_by"]
        for index, line in enumerate(record["lines"]):
            assert line["account_number"] in ("8440", "8450")
            assert f"lines[{index}].account_number" in decided
        for dimension in record["dimensions"]:
            assert f"dimensions.{dimension['code']}" in decided
        party = "vendor_number" if "vendor_number" in record else "balancing_account"
        assert {"company", "posting_date", "document_date", "currency_code", party} <= set(decided)


@repeatable
@given(
    st.sets(st.tuples(st.text("Rab", max_size=4), st.integers(0, 10**20)), min_size=1, max_size=20)
)
def test_keys_stay_apart_in_upper_case(reports: set[tuple[str, int]]) -> None:
    keys = []
    # What tells reports apart in Expensify: the id, case and all; the number follows from it, one for one.
    apart = {(f"R{name}{number}", number) for name, number in reports}
    for report_id, number in {number: (name, number) for name, number in apart}.values():
        for paid in (True, False):
            expense = {"transaction_id": "1", "effective_amount": 1, "reimbursable": paid}
            record = {"report_id": report_id, "report_number": str(number), "expenses": [expense]}
            keys += [document.record["document_key"] for document in RULES.documents(record)]
    assert len({key.upper() for key in keys}) == len(keys)
    for key in keys:
        assert len(key) <= 20
        assert key == key.upper()
        assert all(character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-" for character in key)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.decimals(allow_nan=False, allow_infinity=False, places=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
REPORT_FIELDS = [
    "report_number",
    "report_name",
    "status",
    "policy_id",
    "policy_name",
    "currency",
    "total",
    "submitted_at",
    "approved_at",
    "submitter_email",
    "submitter_full_name",
    "employee_custom_field_1",
    "employee_custom_field_2",
    "custom_fields",
]
EXPENSE_FIELDS = [
    "transaction_id",
    "effective_amount",
    "effective_currency",
    "effective_date",
    "effective_merchant",
    "category",
    "category_gl_code",
    "tag",
    "comment",
    "reimbursable",
    "tags",
]
wild_expense = st.dictionaries(st.sampled_from(EXPENSE_FIELDS), json_values | st.lists(tag))
wild_report = st.builds(
    lambda fields, expenses: {**fields, "report_id": "R00aaaaaaaaa", "expenses": expenses},
    st.dictionaries(st.sampled_from(REPORT_FIELDS), json_values),
    st.lists(wild_expense, max_size=3),
)


@settings(repeatable, max_examples=300)
@given(wild_report, rules_files)
def test_whatever_a_record_holds_it_becomes_documents(
    report: dict[str, Any], rules: RuleSet
) -> None:
    """Nothing in a report crashes the mapper: a person gets documents that fit the schema, and reads what is wrong."""
    documents = rules.documents(report)
    assert documents
    for document in documents:
        jsonschema.Draft202012Validator(document_schema(document.stream)).validate(document.record)
        # What cannot be decided is told: an empty field always comes with a problem.
        undecided = document.record["posting_date"] is None and not document.record["skip"]
        assert not undecided or document.record["problems"]
        json.dumps(document.record)


@repeatable
@given(st.integers(-(10**15), 10**15), st.integers(0, 4))
def test_decimal_text_is_exact(minor: int, decimals: int) -> None:
    text = decimal_text(minor, decimals)
    assert Decimal(text).scaleb(decimals) == minor
    assert len(text.partition(".")[2]) == decimals


@repeatable
@given(st.text(max_size=300))
def test_a_cut_text_fits_and_keeps_its_beginning(text: str) -> None:
    line = one_line(text)
    short = cut(line)
    assert length(short) <= 100
    if short != line:
        assert short.endswith("…")
        assert line.startswith(short[:-1])
    assert not any(ord(character) < 32 for character in short)
