"""What holds for every report under every rules file, however the rules group, skip, turn and round."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from map_expensify_nav.documents import MappedDocument
from map_expensify_nav.money import iso_decimals
from map_expensify_nav.rule_set import RuleSet
from map_expensify_nav.rules_file import RulesFile, parse_rules
from map_expensify_nav.schemas import JOURNAL_ENTRIES, PURCHASE_CREDIT_MEMOS, document_schema
from map_expensify_nav.templates import length

# The same examples on every run and machine, however busy it is.
repeatable = settings(derandomize=True, deadline=None, database=None, max_examples=60)
ACCOUNTS = {
    "from": ["by_category", "category_gl_code"],
    "by_category": {
        "M*": 8450,
        "Hotel": [{"code": 8440, "until": "2026-01-31"}, {"code": 8445, "from": "2026-02-01"}],
    },
}


@st.composite
def rules_files(draw: st.DrawFn) -> RulesFile:
    """Rules files of many shapes; all of them map every category."""
    grouping = st.sampled_from([{}, {"group_by": "report"}, {"group_by": "expense"}])
    invoice = {"document": "purchase_invoice", "vendor": {"from": "employee_custom_field_1"}}
    journal = {
        "document": "journal_entry",
        "balancing_account": {"type": "G/L Account", "fixed": "2910"},
    }
    part = st.builds(
        lambda rule, group: {**rule, **group}, st.sampled_from([invoice, journal]), grouping
    )
    documents = draw(
        st.fixed_dictionaries({"combined": part})
        | st.fixed_dictionaries({"out_of_pocket": part, "company_card": part})
    )
    amounts = {
        "minor_units": draw(st.sampled_from(["hundredths", "iso"])),
        "refunds": draw(st.sampled_from(["negative_line", "credit_memo"])),
    }
    rules: dict[str, Any] = {
        "version": 1,
        "local_currency": "EUR",
        "local_currency_by_company": {name: name[:3] for name in ("JPY books", "KWD books")},
        "company": {
            "from": "by_currency",
            "by_currency": {"EUR": "EUR books", "JPY": "JPY books", "KWD": "KWD books"},
        },
        "documents": documents,
        "accounts": ACCOUNTS,
        "amounts": amounts,
        "dates": {"posting_date": draw(st.sampled_from(["approved", "last_expense", "run_date"]))},
    }
    if draw(st.booleans()):
        rules["rounding"] = {"up_to": "0.05", "account": "7140"}
    if draw(st.booleans()):
        rules["skip"] = {"expenses": [{"reason": "Personal.", "category": "Meals"}]}
    return parse_rules(json.dumps(rules), "rules.yml")


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """Complete reports in currencies with no, two and three decimals; some totals are a little off."""
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD"]))
    expense = st.fixed_dictionaries(
        {
            # whole units in every currency and way of counting, so that all amounts can be said
            "effective_amount": st.integers(-(10**6), 10**6)
            .filter(bool)
            .map(lambda number: number * 100),
            "effective_currency": st.just(currency),
            "effective_date": st.dates(date(2026, 1, 1), date(2026, 3, 31)).map(str),
            "effective_merchant": st.none() | st.text(max_size=120),
            "category": st.sampled_from(["Meals", "Hotel", "Rail"]),
            "category_gl_code": st.just("8480"),
            "reimbursable": st.booleans(),
        }
    )
    expenses = draw(st.lists(expense, max_size=8))
    for number, item in enumerate(expenses):
        item["transaction_id"] = draw(
            st.sampled_from([str(number), f"a{number}", "9" * 20 + str(number)])
        )
    total = sum(item["effective_amount"] for item in expenses)
    return {
        "report_id": "R00a",
        "report_number": str(draw(st.integers(1, 10**20))),
        "report_name": draw(st.none() | st.text(max_size=120)),
        "status": "Approved",
        "currency": currency,
        "total": total + draw(st.sampled_from([0, 0, 0, 1, -5, 6])),
        "approved_at": "2026-02-03T23:59:59Z",
        "employee_custom_field_1": "e1001",
        "expenses": expenses,
    }


def mapped(report: dict[str, Any], rules: RulesFile) -> list[MappedDocument]:
    return RuleSet((rules,)).documents(report, date(2026, 4, 1))


def amount(document: MappedDocument) -> Decimal:
    """The document's total as Expensify counts: what came back is below zero."""
    sign = -1 if document.stream == PURCHASE_CREDIT_MEMOS else 1
    return sign * Decimal(document.record["total"])


@repeatable
@given(reports(), rules_files())
def test_documents_and_what_is_left_out_make_up_the_report_exactly(
    report: dict[str, Any], rules: RulesFile
) -> None:
    decimals = iso_decimals(report["currency"]) if rules.rules.amounts.minor_units == "iso" else 2
    by_id = {item["transaction_id"]: item["effective_amount"] for item in report["expenses"]}
    documents = mapped(report, rules)
    total = Decimal(0)
    left_out = 0
    for document in documents:
        record = document.record
        lines = sum(Decimal(line["amount"]) for line in record["lines"])
        # Debits equal credits: the lines on one side, the vendor's or balancing account's total on the other.
        assert record["skip"] or lines == Decimal(record["total"])
        assert document.stream == JOURNAL_ENTRIES or record["skip"] or Decimal(record["total"]) >= 0
        total += amount(document)
        left_out += sum(
            by_id[note["value"]] for note in record["notes"] if note["code"] == "expense_left_out"
        )
    held = any(
        problem["code"] in ("total_mismatch", "amount_finer_than_currency")
        for document in documents
        for problem in document.record["problems"]
    )
    said = Decimal(report["total"] - left_out).scaleb(-decimals)
    assert total == said or held or not report["expenses"]


@repeatable
@given(reports(), rules_files())
def test_every_expense_has_one_line_or_one_reason(report: dict[str, Any], rules: RulesFile) -> None:
    places = []
    for document in mapped(report, rules):
        record = document.record
        places += [line["source_id"] for line in record["lines"] if line["source_id"] != "rounding"]
        places += [note["value"] for note in record["notes"] if note["code"] == "expense_left_out"]
    assert sorted(places) == sorted(item["transaction_id"] for item in report["expenses"])


@repeatable
@given(reports(), reports(), rules_files())
def test_keys_are_apart_and_fit_nav(
    report: dict[str, Any], other: dict[str, Any], rules: RulesFile
) -> None:
    other["report_id"], other["report_number"] = "R00A", report["report_number"] + "1"
    for item in other["expenses"]:
        item["transaction_id"] += "7"
    ids = [item["transaction_id"] for item in [*report["expenses"], *other["expenses"]]]
    keys = [
        document.record["document_key"]
        for each in (report, other)
        for document in mapped(each, rules)
    ]
    assert len(set(ids)) < len(ids) or len({key.upper() for key in keys}) == len(keys)
    assert all(len(key) <= 20 and key == key.upper() for key in keys)


@repeatable
@given(reports(), rules_files())
def test_no_field_exceeds_its_limit_and_runs_are_alike(
    report: dict[str, Any], rules: RulesFile
) -> None:
    for document, again in zip(mapped(report, rules), mapped(report, rules), strict=True):
        assert document == again
        jsonschema.Draft202012Validator(document_schema(document.stream)).validate(document.record)
        for part in [document.record, *document.record["lines"]]:
            assert part["description"] is None or length(part["description"]) <= 100
