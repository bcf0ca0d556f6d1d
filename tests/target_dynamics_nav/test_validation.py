from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from target_dynamics_nav.nav.port import (
    Account,
    Company,
    DimensionValue,
    DocumentKind,
    MasterData,
    Vendor,
)
from target_dynamics_nav.records import read_document
from target_dynamics_nav.validation import validate

from .test_records import invoice_record

MASTER_DATA = MasterData(
    company=Company("id", "CRONUS"),
    local_currency_code="EUR",
    posting_from=date(2026, 1, 1),
    posting_to=date(2026, 12, 31),
    accounts={
        "8430": Account("8430", "Airfare", "Posting", blocked=False, direct_posting=True),
        "8440": Account("8440", "Hotel", "Posting", blocked=False, direct_posting=True),
        "8000": Account("8000", "Costs", "Heading", blocked=False, direct_posting=True),
        "8320": Account("8320", "Telephony", "Posting", blocked=True, direct_posting=True),
        "5410": Account("5410", "Payables", "Posting", blocked=False, direct_posting=False),
    },
    vendors={
        "E1001": Vendor("E1001", "Ann", "", ""),
        "E1002": Vendor("E1002", "Bob", "Payment", ""),
        "E1003": Vendor("E1003", "Cid", "All", ""),
    },
    bank_accounts=frozenset({"GIRO"}),
    dimensions=frozenset({"DEPARTMENT", "PROJECT"}),
    dimension_values={
        ("DEPARTMENT", "SALES"): DimensionValue(
            "DEPARTMENT", "SALES", "Sales", blocked=False, value_type="Standard"
        ),
        ("DEPARTMENT", "ALL"): DimensionValue(
            "DEPARTMENT", "ALL", "All", blocked=False, value_type="Total"
        ),
        ("PROJECT", "P-100"): DimensionValue("PROJECT", "P-100", "One"),
        ("PROJECT", "P-090"): DimensionValue("PROJECT", "P-090", "Apollo", blocked=True),
    },
    exchange_rates={"USD": [date(2026, 2, 1)], "GBP": [date(2026, 6, 1)]},
)


def codes(kind: DocumentKind = DocumentKind.PURCHASE_INVOICE, **changes: Any) -> list[str]:
    return [
        problem.code
        for problem in validate(read_document(kind, invoice_record(**changes)), MASTER_DATA)
    ]


def line(**changes: Any) -> dict[str, Any]:
    return {
        "account_type": "G/L Account",
        "account_number": "8440",
        "description": "x",
        "amount": "30.00",
        "tax_code": None,
        "dimensions": [],
        "source_id": "t",
        **changes,
    }


def test_a_good_document_has_no_problems() -> None:
    assert codes() == []
    assert codes(vendor_number="E1002") == [], "Blocked = Payment refuses payments only"
    assert codes(currency_code="USD") == []
    assert codes(currency_code="EUR") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"posting_date": "2025-12-31"}, ["posting_date_outside_window"]),
        ({"posting_date": "2027-01-01"}, ["posting_date_outside_window"]),
        ({"vendor_number": "X"}, ["vendor_missing"]),
        ({"vendor_number": "E1003"}, ["vendor_blocked"]),
        ({"currency_code": "CHF"}, ["currency_unknown"]),
        ({"currency_code": "GBP"}, ["exchange_rate_missing"]),
        ({"total": "30.01"}, ["total_mismatch"]),
        ({"total": "-30.00", "lines": [line(amount="-30.00")]}, ["negative_total"]),
        ({"lines": [line(account_number="9999")]}, ["account_missing"]),
        ({"lines": [line(account_number="8000")]}, ["account_not_posting_type"]),
        ({"lines": [line(account_number="8320")]}, ["account_blocked"]),
        ({"lines": [line(account_number="5410")]}, ["account_not_direct_posting"]),
        ({"lines": [line(account_type="Item")]}, ["account_type_unsupported"]),
        ({"lines": [line(description="x" * 101)]}, ["text_too_long"]),
        ({"lines": [line(description="ü" * 100)]}, []),
        ({"lines": [line(), line(amount="0.00")]}, ["zero_line"]),
        ({"dimensions": [{"code": "REGION", "value": "X"}]}, ["dimension_unknown"]),
        ({"dimensions": [{"code": "PROJECT", "value": "P-1"}]}, ["dimension_value_unknown"]),
        ({"dimensions": [{"code": "PROJECT", "value": "P-090"}]}, ["dimension_value_blocked"]),
        ({"dimensions": [{"code": "DEPARTMENT", "value": "ALL"}]}, ["dimension_value_type"]),
    ],
)
def test_each_problem_has_its_code(changes: dict[str, Any], expected: list[str]) -> None:
    assert codes(**changes) == expected


def test_all_problems_are_collected_and_said_once() -> None:
    found = codes(
        vendor_number="X",
        total="90.00",
        lines=[
            line(account_number="8320"),
            line(account_number="8320"),
            line(account_number="9999"),
        ],
    )
    assert found == ["vendor_missing", "account_blocked", "account_missing"]


class TestJournals:
    JOURNAL = DocumentKind.JOURNAL_ENTRY

    @pytest.mark.parametrize(
        ("balancing_account", "expected"),
        [
            ({"type": "G/L Account", "number": "8440"}, []),
            ({"type": "G/L Account", "number": "8320"}, ["account_blocked"]),
            ({"type": "Vendor", "number": "E1001"}, []),
            ({"type": "Vendor", "number": "E1003"}, ["vendor_blocked"]),
            ({"type": "Bank Account", "number": "GIRO"}, []),
            ({"type": "Bank Account", "number": "NOPE"}, ["bank_account_missing"]),
            ({"type": "Customer", "number": "C1"}, ["account_type_unsupported"]),
        ],
    )
    def test_the_balancing_account(
        self, balancing_account: dict[str, str], expected: list[str]
    ) -> None:
        assert (
            codes(self.JOURNAL, vendor_number=None, balancing_account=balancing_account) == expected
        )

    def test_own_currency_only(self) -> None:
        balancing_account = {"type": "Vendor", "number": "E1001"}
        assert codes(
            self.JOURNAL,
            vendor_number=None,
            balancing_account=balancing_account,
            currency_code="USD",
        ) == ["journal_currency"]


def test_what_the_server_does_not_tell_is_not_a_problem() -> None:
    silent = replace(MASTER_DATA, bank_accounts=None, posting_from=None, posting_to=None)
    document = read_document(
        DocumentKind.JOURNAL_ENTRY,
        invoice_record(
            vendor_number=None,
            balancing_account={"type": "Bank Account", "number": "ANY"},
            posting_date="1999-01-01",
        ),
    )
    assert validate(document, silent) == []
