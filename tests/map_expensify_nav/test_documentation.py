"""What the README, the published schema and the shipped rules files say is what the program does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from map_expensify_nav.conditions import ExpenseCondition, SkipRules
from map_expensify_nav.document_rules import DocumentRule, DocumentRules
from map_expensify_nav.findings import NOTE_CODES, PROBLEM_CODES, SKIP_CODES, Note, Problem
from map_expensify_nav.lookup_rules import Lookup, SourceName, TaxCodeRule, TaxRules
from map_expensify_nav.money_rules import CurrencyRules, RoundingRule
from map_expensify_nav.rules import (
    Rules,
    json_schema_text,
)
from map_expensify_nav.rules_file import load_rules_file, parse_rules
from map_expensify_nav.sources import SOURCES, TABLES
from map_expensify_nav.templates import HEADER_FIELDS, LINE_FIELDS

PROJECT = Path(__file__).parents[2]
RULES = PROJECT / "transforms" / "rules"
README = (PROJECT / "transforms" / "README.md").read_text(encoding="utf-8")
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in sorted((PROJECT / "transforms" / "map_expensify_nav").glob("*.py"))
)


def rows(heading: str) -> list[str]:
    """The first cells of the table under a heading, as far as they are code."""
    section = README.split(f"{heading}\n", 1)[1].split("\n#", 1)[0]
    return [
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]


@pytest.mark.parametrize(
    ("heading", "codes"),
    [
        ("### Problems: why a report is held", PROBLEM_CODES),
        ("### Notes: what was decided without asking", NOTE_CODES),
        ("### Skips: what a rule leaves out", SKIP_CODES),
    ],
)
def test_every_code_is_in_the_readme(heading: str, codes: dict[str, str]) -> None:
    assert rows(heading) == sorted(codes)


def test_a_code_nobody_documented_cannot_be_used() -> None:
    with pytest.raises(ValueError, match="surprise"):
        Problem("surprise", "Something else.")
    with pytest.raises(ValueError, match="surprise"):
        Note("surprise", "Something else.")


def test_every_documented_code_is_used() -> None:
    """Either written out where it is found, or made of what was looked for and how that ended."""
    things = ("account", "vendor", "balancing_account", "dimension", "company", "tax_code")
    made = {f"{thing}_{end}" for thing in things for end in ("missing", "unmapped", "ambiguous")}
    without_findings = SOURCE.replace(
        (PROJECT / "transforms/map_expensify_nav/findings.py").read_text(encoding="utf-8"), ""
    )
    for code in [*PROBLEM_CODES, *NOTE_CODES, *SKIP_CODES]:
        assert code in made or f'"{code}"' in without_findings, code
    # A line has one account and one tax code: these cannot be ambiguous.
    assert made - set(PROBLEM_CODES) == {"account_ambiguous", "tax_code_ambiguous"}


def test_every_code_has_a_golden_case() -> None:
    golden = PROJECT / "tests" / "map_expensify_nav" / "golden"
    shown = "".join(path.read_text(encoding="utf-8") for path in golden.glob("*/expected.json"))
    for code in [*PROBLEM_CODES, *NOTE_CODES, *SKIP_CODES]:
        assert f'"code": "{code}"' in shown, code


def test_every_source_is_known_everywhere() -> None:
    assert set(get_args(SourceName)) == set(SOURCES) == set(rows("### How a code is found"))
    assert all(name in Lookup.model_fields for name in TABLES)


def test_every_key_is_in_the_readme() -> None:
    def keys(model: type[BaseModel]) -> set[str]:
        return {field.alias or name for name, field in model.model_fields.items()}

    documented = {key.rsplit(".", 1)[-1] for key in rows("### Every key")}
    parts = {"dates", "descriptions", "amounts", "currency"}
    expected = (keys(Rules) - parts - {"documents", "dimensions", "rounding", "skip", "tax"}) | {
        "CODE"
    }
    expected |= (
        keys(CurrencyRules)
        | keys(RoundingRule)
        | keys(SkipRules)
        | keys(TaxRules)
        | keys(TaxCodeRule) - set(TABLES)
    )
    expected |= keys(DocumentRules) | keys(DocumentRule) | {"by_policy", "applies_to", "required"}
    expected |= keys(Lookup) - set(TABLES)
    for part in parts:
        kind = Rules.model_fields[part].annotation
        assert kind
        expected |= keys(kind)
    assert documented == expected


def test_every_condition_is_in_the_readme() -> None:
    section = README.split("### What is not posted\n", 1)[1].split("\n#", 1)[0]
    for field, info in ExpenseCondition.model_fields.items():
        name = info.alias or field
        assert f"`{name}`" in section or f"{name}:" in section, name


def test_every_field_of_a_template_is_in_the_readme() -> None:
    sample = (RULES / "expensify-to-nav.yml").read_text(encoding="utf-8")
    for name in {*LINE_FIELDS, *HEADER_FIELDS}:
        assert re.search(rf"\b{name}\b", README.split("descriptions.line", 1)[1]), name
        assert f"{{{name}}}" in sample, name


def test_the_published_schema_is_the_programs() -> None:
    """When it is not: python -m map_expensify_nav --write-rules-schema transforms/rules/rules.schema.json."""
    assert (RULES / "rules.schema.json").read_text(encoding="utf-8") == json_schema_text()


@pytest.mark.parametrize("name", ["expensify-to-nav.yml", "claims.yml"])
def test_the_shipped_rules_load_and_fit_the_schema(name: str) -> None:
    assert load_rules_file(RULES / name).rules.version == "1"
    schema = json.loads((RULES / "rules.schema.json").read_text(encoding="utf-8"))
    data = yaml.safe_load((RULES / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(data)


def test_the_schema_refuses_what_the_program_refuses() -> None:
    schema = json.loads(json_schema_text())
    data = yaml.safe_load((RULES / "claims.yml").read_text(encoding="utf-8"))
    for change in (
        {"acounts": {}},
        {"version": 2},
        {"local_currency": "Euro"},
        {"accounts": {"from": "by_x"}},
    ):
        assert not jsonschema.Draft202012Validator(schema).is_valid({**data, **change})


def test_the_readme_s_remedy_for_an_unmapped_category_works(
    documents_of: Any, report_in_europe: dict[str, Any]
) -> None:
    rules = (RULES / "expensify-to-nav.yml").read_text(encoding="utf-8")
    (held,) = documents_of(report_in_europe, rules)
    assert [problem["code"] for problem in held.record["problems"]] == ["account_unmapped"]
    assert "Team Événements" in README
    line = "    Conferences & Training: 8620\n"
    assert line in rules
    assert line in README
    (mended,) = documents_of(
        report_in_europe, rules.replace(line, f"{line}    Team Événements: 8460\n")
    )
    assert mended.record["problems"] == []
    assert mended.record["lines"][0]["account_number"] == "8460"


@pytest.fixture
def report_in_europe() -> dict[str, Any]:
    expense = {
        "transaction_id": "1",
        "effective_amount": 4200,
        "effective_currency": "EUR",
        "effective_date": "2026-03-01",
        "effective_merchant": "Stadthalle",
        "category": "Team Événements",
        "reimbursable": True,
        "tags": [{"level": 1, "name": "R&D", "gl_code": "RD"}],
    }
    return {
        "report_id": "R00abc",
        "report_number": "5550001",
        "status": "Approved",
        "policy_name": "Northwind Europe",
        "currency": "EUR",
        "total": 4200,
        "approved_at": "2026-03-05T10:00:00Z",
        "employee_custom_field_1": "E1009",
        "employee_custom_field_2": "EU",
        "expenses": [expense],
    }


@pytest.mark.parametrize(
    ("policy", "paid", "expected"),
    [
        ("Northwind Europe EUR", True, ("purchase_invoices", "E1009", None)),
        (
            "Northwind Europe EUR",
            False,
            ("journal_entries", {"type": "G/L Account", "number": "2910"}, None),
        ),
        ("Northwind America USD", True, ("purchase_invoices", "E1009", "USD")),
        ("Northwind America USD", False, ("purchase_invoices", "CARD-USD", "USD")),
        ("Northwind Britain GBP", False, ("purchase_invoices", "CARD-GBP", "GBP")),
    ],
)
def test_the_sandbox_s_rules_choose_documents_as_its_books_expect(
    policy: str,
    paid: bool,
    expected: tuple[str, object, str | None],
    documents_of: Any,
    report_in_europe: dict[str, Any],
) -> None:
    name, _, currency = policy.rpartition(" ")
    expense = {
        **report_in_europe["expenses"][0],
        "category": "Hotel",
        "category_gl_code": "8440",
        "effective_currency": currency,
        "reimbursable": paid,
    }
    report = {**report_in_europe, "policy_name": name, "currency": currency, "expenses": [expense]}
    rules = (RULES / "expensify-to-nav.yml").read_text(encoding="utf-8")
    (document,) = documents_of({**report, "custom_fields": {"Cost_Centre": "CC10"}}, rules)
    record = document.record
    party = record.get("vendor_number", record.get("balancing_account"))
    assert record["problems"] == []
    assert (document.stream, party, record["currency_code"]) == expected
    assert record["dimensions"] == [
        {"code": "COSTCENTRE", "value": "CC10"},
        {"code": "AREA", "value": "EU"},
        {"code": "BUSINESSGROUP", "value": "HOME"},
    ]
    assert record["lines"][0]["dimensions"] == [{"code": "DEPARTMENT", "value": "RD"}]


def test_the_claims_rules_make_one_invoice(
    documents_of: Any, report_in_europe: dict[str, Any]
) -> None:
    rules = (RULES / "claims.yml").read_text(encoding="utf-8")
    expense = {
        **report_in_europe["expenses"][0],
        "effective_currency": "AUD",
        "category_gl_code": "8003",
        "comment": "Melbourne to Sydney",
    }
    (document,) = documents_of(
        {**report_in_europe, "currency": "AUD", "expenses": [expense]}, rules
    )
    record = document.record
    assert record["problems"] == []
    assert (record["company"], record["currency_code"]) == ("Claims Ledger", None)
    assert (record["vendor_number"], record["lines"][0]["account_number"]) == ("E1009", "8003")
    assert record["lines"][0]["description"] == "Stadthalle – Melbourne to Sydney"


STUB = yaml.safe_load(
    """
version: 1
local_currency: EUR
documents: {combined: {document: purchase_invoice, vendor: {fixed: V1}}}
accounts: {from: category_gl_code}
"""
)


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
def test_every_example_of_the_readme_loads(example: str) -> None:
    """An example shows a part of a file; with the rest around it, it has to load and fit the published schema."""
    data = yaml.safe_load(example)
    rest = {"accounts": {"from": "category_gl_code"}}
    if "vendor" in data:
        data = {"documents": {"combined": {"document": "purchase_invoice", **data}}}
    if {"out_of_pocket", "company_card"} & set(data.get("documents", {})):
        rest["documents"] = {}
        missing = {"out_of_pocket", "company_card"} - set(data["documents"])
        data["documents"] |= {name: {"document": "skip", "reason": "-"} for name in missing}
    whole = json.loads(json.dumps({**STUB, **rest, **data}, default=str))
    assert parse_rules(json.dumps(whole, ensure_ascii=False), "example.yml")
    jsonschema.Draft202012Validator(json.loads(json_schema_text())).validate(whole)


def test_parsing_is_repeatable() -> None:
    text = (RULES / "expensify-to-nav.yml").read_text(encoding="utf-8")
    assert parse_rules(text, "a.yml").rules == parse_rules(text, "b.yml").rules
