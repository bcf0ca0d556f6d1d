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


RATE = st.decimals("0.0001", "9999", places=4, allow_nan=False).map(str)
CURRENCIES = ("EUR", "JPY", "KWD")
IN_THE_COMPANY_S = st.fixed_dictionaries(
    {
        "of_documents": st.just("company"),
        "rates": st.fixed_dictionaries(
            {
                own: st.fixed_dictionaries({other: RATE for other in CURRENCIES if other != own})
                for own in CURRENCIES
            }
        ),
    }
)
AS_PAID = st.just({"of_documents": "expense"})
ANY_CURRENCY = st.just({}) | st.just({"of_documents": "report"}) | AS_PAID | IN_THE_COMPANY_S
"""Rules about the currency of documents; with rates from all into all."""


@st.composite
def rules_files(
    draw: st.DrawFn, currencies: st.SearchStrategy[dict[str, Any]] = ANY_CURRENCY
) -> RulesFile:
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
            "from": "by_report_field",
            "report_field": "Books",
            "by_report_field": {name: f"{name} books" for name in CURRENCIES},
        },
        "documents": documents,
        "accounts": ACCOUNTS,
        "amounts": amounts,
        "dates": {"posting_date": draw(st.sampled_from(["approved", "last_expense", "run_date"]))},
    }
    rounding = {"up_to": "0.05", "account": "7140"}
    dated = [{**rounding, "until": "2026-02-02"}, {**rounding, "from": "2026-02-03"}]
    if draw(st.booleans()):
        rules["rounding"] = draw(st.sampled_from([rounding, dated]))
    if draw(st.booleans()):
        skip = {"reason": "Personal.", "category": "Meals"}
        days = draw(st.sampled_from([{}, {"from": "2026-02-03"}, {"until": "2026-02-02"}]))
        rules["skip"] = {"expenses": [{**skip, **days}]}
    if draw(st.booleans()):
        rules["local_currency"] = [
            {"code": "DEM", "until": "2001-12-31"},
            {"code": "EUR", "from": "2002-01-01"},
        ]
    rules["currency"] = draw(currencies)
    return parse_rules(json.dumps(rules), "rules.yml")


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """Complete reports in currencies with no, two and three decimals; some totals are a little off."""
    currency = draw(st.sampled_from(CURRENCIES))
    whole = st.integers(-(10**6), 10**6).filter(bool).map(lambda number: number * 100)
    expense = st.fixed_dictionaries(
        {
            # whole units in every currency and way of counting, so that all amounts can be said
            "effective_amount": whole,
            "amount": whole,
            "currency": st.sampled_from(CURRENCIES),
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
        # mostly the books of its own currency, so that journals are possible
        "custom_fields": {"Books": draw(st.sampled_from([currency, currency, *CURRENCIES]))},
        "expenses": expenses,
    }


def mapped(report: dict[str, Any], rules: RulesFile) -> list[MappedDocument]:
    return RuleSet((rules,)).documents(report, date(2026, 4, 1))


def amount(document: MappedDocument) -> Decimal:
    """The document's total as Expensify counts: what came back is below zero."""
    sign = -1 if document.stream == PURCHASE_CREDIT_MEMOS else 1
    return sign * Decimal(document.record["total"])


HELD_AS_A_WHOLE = ("total_mismatch", "amount_finer_than_currency")


def held(documents: list[MappedDocument]) -> bool:
    return any(
        problem["code"] in HELD_AS_A_WHOLE
        for document in documents
        for problem in document.record["problems"]
    )


@repeatable
@given(reports(), rules_files())
def test_debits_equal_credits(report: dict[str, Any], rules: RulesFile) -> None:
    """The lines on one side, the vendor's or balancing account's total on the other, in any currency."""
    for document in mapped(report, rules):
        record = document.record
        if record["skip"] or record["total"] is None:
            continue
        assert sum(Decimal(line["amount"]) for line in record["lines"]) == Decimal(record["total"])
        assert all(Decimal(line["amount"]) != 0 for line in record["lines"])
        assert document.stream == JOURNAL_ENTRIES or Decimal(record["total"]) >= 0


@repeatable
@given(reports(), rules_files())
def test_documents_and_what_is_left_out_make_up_the_report_exactly(
    report: dict[str, Any], rules: RulesFile
) -> None:
    """In the report's currency; converted documents are within half a unit, times their rates, of the converted sum."""
    decimals = iso_decimals(report["currency"]) if rules.rules.amounts.minor_units == "iso" else 2
    by_id = {item["transaction_id"]: item["effective_amount"] for item in report["expenses"]}
    documents = mapped(report, rules)
    if held(documents) or not report["expenses"]:
        return
    left_out = sum(
        by_id[note["value"]]
        for document in documents
        for note in document.record["notes"]
        if note["code"] == "expense_left_out"
    )
    if rules.rules.currency.of_documents == "report":
        total = sum((amount(document) for document in documents), Decimal(0))
        assert total == Decimal(report["total"] - left_out).scaleb(-decimals)
        return
    # In another currency, what each document stands for is told by its lines.
    stood_for = sum(
        by_id.get(place, report["total"] - sum(by_id.values()))
        for document in documents
        for place in places_of(document)
    )
    assert stood_for == report["total"] - left_out


def places_of(document: MappedDocument) -> list[str]:
    """The expenses a document stands for, `rounding` among them."""
    record = document.record
    dropped = [note["value"] for note in record["notes"] if note["code"] == "zero_line_dropped"]
    return [line["source_id"] for line in record["lines"]] + dropped


@repeatable
@given(reports(), rules_files(AS_PAID))
def test_documents_as_paid_say_what_was_paid(report: dict[str, Any], rules: RulesFile) -> None:
    paid = {item["transaction_id"]: item for item in report["expenses"]}
    for document in mapped(report, rules):
        record = document.record
        sign = -1 if document.stream == PURCHASE_CREDIT_MEMOS else 1
        lines = [line for line in record["lines"] if line["source_id"] != "rounding"]
        assert len({paid[line["source_id"]]["currency"] for line in lines}) <= 1
        for line in lines:
            item = paid[line["source_id"]]
            same = item["currency"] == report["currency"]
            minor = item["effective_amount"] if same else item["amount"]
            decimals = (
                iso_decimals(item["currency"]) if rules.rules.amounts.minor_units == "iso" else 2
            )
            assert sign * Decimal(line["amount"]) == Decimal(minor).scaleb(-decimals)


@repeatable
@given(reports(), rules_files(IN_THE_COMPANY_S), st.integers(1, 2))
def test_converted_documents_are_the_converted_sum_to_the_smallest_unit(
    report: dict[str, Any], rules: RulesFile, other: int
) -> None:
    own = CURRENCIES[(CURRENCIES.index(report["currency"]) + other) % len(CURRENCIES)]
    report["custom_fields"]["Books"] = own
    unit = Decimal(1).scaleb(-iso_decimals(own))
    decimals = iso_decimals(report["currency"]) if rules.rules.amounts.minor_units == "iso" else 2
    by_id = {item["transaction_id"]: item for item in report["expenses"]}
    rate = (rules.rules.currency.rates or {})[own][report["currency"]]
    assert isinstance(rate, Decimal)
    for document in mapped(report, rules):
        record = document.record
        if record["skip"] or record["total"] is None:
            continue
        assert record["currency_code"] is None
        converted = [
            item
            for place in places_of(document)
            if (item := by_id.get(place)) and item["currency"] != own
        ]
        native = sum(
            Decimal(item["amount"]).scaleb(-own_decimals(rules, own))
            for place in places_of(document)
            if (item := by_id.get(place)) and item["currency"] == own
        )
        minor = sum(item["effective_amount"] for item in converted)
        if any(note["code"] == "rounding_line" for note in record["notes"]):
            minor += report["total"] - sum(item["effective_amount"] for item in report["expenses"])
        exact = Decimal(minor).scaleb(-decimals) * rate
        assert abs(amount(document) - native - exact) <= unit / 2


def own_decimals(rules: RulesFile, own: str) -> int:
    """How many decimals amounts that were paid in the company's currency have on the wire."""
    return iso_decimals(own) if rules.rules.amounts.minor_units == "iso" else 2


@repeatable
@given(reports(), rules_files())
def test_every_expense_has_one_line_or_one_reason(report: dict[str, Any], rules: RulesFile) -> None:
    places = []
    for document in mapped(report, rules):
        places += [place for place in places_of(document) if place != "rounding"]
        places += [
            note["value"] for note in document.record["notes"] if note["code"] == "expense_left_out"
        ]
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
