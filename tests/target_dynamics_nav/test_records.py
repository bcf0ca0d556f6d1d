from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_dynamics_nav.errors import ContractError
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document

INVOICE = DocumentKind.PURCHASE_INVOICE


def invoice_record(**changes: Any) -> dict[str, Any]:
    return {
        "document_key": "E123-R",
        "company": None,
        "vendor_number": "e1001",
        "posting_date": "2026-03-31",
        "document_date": "2026-03-30",
        "currency_code": None,
        "prices_include_tax": False,
        "total": "30.00",
        "description": "March",
        "dimensions": [{"code": "Department", "value": "sales"}],
        "lines": [
            {
                "line_number": 1,
                "account_type": "G/L Account",
                "account_number": "8440",
                "description": "Hotel",
                "amount": "20.00",
                "tax_code": None,
                "dimensions": [],
                "source_id": "t1",
            },
            {
                "line_number": 2,
                "account_type": "G/L Account",
                "account_number": "8430",
                "description": "Flight",
                "amount": "10.00",
                "tax_code": None,
                "dimensions": [{"code": "PROJECT", "value": "P-100"}],
                "source_id": "t2",
            },
        ],
        "skip": None,
        "notes": [],
        "problems": [],
        "source": {"system": "expensify", "id": "R00aBc"},
        "decided_by": {},
        **changes,
    }


def test_a_whole_record_becomes_a_document_without_problems() -> None:
    document = read_document(INVOICE, invoice_record())
    assert document.problems == []
    assert document.posting_date == date(2026, 3, 31)
    assert document.total == Decimal("30.00")
    assert document.dimensions == {"DEPARTMENT": "SALES"}
    assert [line.amount for line in document.lines] == [Decimal("20.00"), Decimal("10.00")]


def test_exact_json_numbers_are_taken_and_floats_are_not() -> None:
    assert read_document(INVOICE, invoice_record(total=Decimal("30.0"))).problems == []
    document = read_document(INVOICE, invoice_record(total=30.0))
    assert [(problem.code, problem.field) for problem in document.problems] == [
        ("field_unfit", "total"),
        ("field_missing", "total"),
    ]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (INVOICE, None),
        (INVOICE, ""),
        (INVOICE, "e123"),
        (INVOICE, "E_1"),
        (INVOICE, "E" * 36),
        (DocumentKind.JOURNAL_ENTRY, "E" * 21),
    ],
)
def test_a_record_without_a_usable_key_is_refused(kind: DocumentKind, key: str | None) -> None:
    with pytest.raises(ContractError) as caught:
        read_document(kind, invoice_record(document_key=key))
    assert caught.value.code == "document_key_unusable"


def test_all_misfits_are_collected() -> None:
    record = invoice_record(posting_date="31.03.2026", vendor_number=None, total="1,00")
    record["lines"][0]["account_number"] = None
    record["lines"][1]["amount"] = "ten"
    record["lines"][1]["dimensions"] = [{"code": "A", "value": "1"}, {"code": "a", "value": "2"}]
    problems = read_document(INVOICE, record).problems
    assert {(problem.code, problem.field) for problem in problems} >= {
        ("field_unfit", "posting_date"),
        ("field_missing", "vendor_number"),
        ("field_unfit", "total"),
        ("field_missing", "lines[0].account_number"),
        ("field_unfit", "lines[1].amount"),
        ("dimension_twice", "lines[1].dimensions"),
    }


def test_problems_from_upstream_stand_alone() -> None:
    document = read_document(
        INVOICE,
        invoice_record(
            vendor_number=None,
            problems=[{"code": "vendor_unmapped", "message": "Nobody knows the vendor."}],
        ),
    )
    assert [problem.code for problem in document.problems] == ["vendor_unmapped"]


def test_a_skipped_document_needs_nothing_else() -> None:
    document = read_document(
        INVOICE,
        {
            "document_key": "E1-R",
            "source": {"id": "R1"},
            "skip": {"code": "no_expenses", "reason": "The report has no expenses."},
        },
    )
    assert document.problems == []
    assert document.posted_as_nothing


class TestDigest:
    def test_dates_texts_order_and_spelling_do_not_matter(self) -> None:
        record = invoice_record(
            posting_date="2026-04-30", description="other", vendor_number="E1001"
        )
        record["lines"].reverse()
        record["lines"][0]["description"] = "Another text"
        record["total"] = "30"
        again = read_document(INVOICE, record)
        assert again.digest == read_document(INVOICE, invoice_record()).digest

    @pytest.mark.parametrize(
        "change",
        [
            {"vendor_number": "E1002"},
            {"currency_code": "USD"},
            {"total": "30.01"},
            {"prices_include_tax": True},
            {"dimensions": [{"code": "DEPARTMENT", "value": "ADM"}]},
        ],
    )
    def test_what_makes_another_posting_matters(self, change: dict[str, Any]) -> None:
        original = read_document(INVOICE, invoice_record())
        assert read_document(INVOICE, invoice_record(**change)).digest != original.digest

    def test_the_kind_matters(self) -> None:
        memo = read_document(DocumentKind.PURCHASE_CREDIT_MEMO, invoice_record())
        assert memo.digest != read_document(INVOICE, invoice_record()).digest

    @given(st.decimals(min_value=-(10**9), max_value=10**9, places=2), st.integers(0, 3))
    def test_trailing_zeros_never_matter(self, amount: Decimal, zeros: int) -> None:
        plain, padded = f"{amount:f}", f"{amount:f}{'0' * zeros}"
        first = read_document(INVOICE, invoice_record(total=plain))
        assert first.digest == read_document(INVOICE, invoice_record(total=padded)).digest
