from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from target_dynamics_nav.comparison import (
    content_differences,
    differences,
    inherited_dimensions,
    unmatched_lines,
)
from target_dynamics_nav.document import Document
from target_dynamics_nav.nav.port import DocumentKind, FoundDocument, FoundLine
from target_dynamics_nav.records import read_document

from .test_records import invoice_record

INVOICE = DocumentKind.PURCHASE_INVOICE
JOURNAL = DocumentKind.JOURNAL_ENTRY


def document(kind: DocumentKind = INVOICE, **changes: Any) -> Document:
    made = read_document(kind, invoice_record(**changes))
    assert made.problems == []
    return made


def found_line(account: str, amount: str, **dimensions: str) -> FoundLine:
    return FoundLine(1, "G/L Account", account, "any text", Decimal(amount), dimensions)


HOTEL = found_line("8440", "20", DEPARTMENT="SALES")
FLIGHT = found_line("8430", "10.0", DEPARTMENT="SALES", PROJECT="P-100")


def found(*lines: FoundLine, **changes: Any) -> FoundDocument:
    made = FoundDocument(
        kind=INVOICE,
        id="i",
        number="1",
        key="E123-R",
        posted=False,
        status="Draft",
        etag="e",
        vendor_number="E1001",
        posting_date=date(2026, 3, 31),
        currency_code=None,
        total=Decimal("30.0"),
        dimensions={"DEPARTMENT": "SALES"},
        lines=list(lines) or [HOTEL, FLIGHT],
    )
    return replace(made, **changes)


def fields(wanted: Document, actual: FoundDocument, *, with_dates: bool = True) -> list[str]:
    return [
        difference.field
        for difference in differences(
            wanted, actual, local_currency_code="EUR", with_dates=with_dates
        )
    ]


def test_the_same_document_has_no_differences() -> None:
    assert fields(document(), found()) == []
    assert fields(document(currency_code="eur"), found()) == []
    assert fields(document(currency_code="usd"), found(currency_code="USD")) == []


def test_the_order_of_lines_does_not_matter() -> None:
    assert fields(document(), found(FLIGHT, HOTEL)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": DocumentKind.PURCHASE_CREDIT_MEMO}, "kind of document"),
        ({"vendor_number": "E1002"}, "vendor"),
        ({"vendor_number": None}, "vendor"),
        ({"currency_code": "USD"}, "currency"),
        ({"total": Decimal("30.01")}, "total"),
        ({"posting_date": date(2026, 4, 1)}, "posting date"),
        ({"lines": None}, "lines"),
        ({"lines": [HOTEL]}, "number of lines"),
        ({"dimensions": {}}, "dimension DEPARTMENT of the document"),
        ({"dimensions": {"DEPARTMENT": "ADM"}}, "dimension DEPARTMENT of the document"),
    ],
)
def test_each_difference_has_its_field(changes: dict[str, Any], field: str) -> None:
    assert field in fields(document(), found(**changes))


@pytest.mark.parametrize(
    "line",
    [
        replace(HOTEL, account_number="8450"),
        replace(HOTEL, account_type="Item"),
        replace(HOTEL, amount=Decimal("20.01")),
        replace(HOTEL, amount=Decimal(-20)),
        replace(HOTEL, dimensions={}),
        replace(HOTEL, dimensions={"DEPARTMENT": "ADM"}),
    ],
)
def test_each_way_a_line_differs_is_told_with_both_sides(line: FoundLine) -> None:
    (difference,) = differences(
        document(), found(line, FLIGHT), local_currency_code="EUR", with_dates=True
    )
    assert difference.field == "line"
    assert "20.00 on account 8440 (DEPARTMENT SALES) in the report" in str(difference)


def test_the_posting_date_of_posted_documents_does_not_count() -> None:
    assert fields(document(), found(posting_date=date(2026, 4, 1)), with_dates=False) == []


def test_inherited_dimensions_are_no_difference_but_a_note() -> None:
    actual = found(replace(HOTEL, dimensions={"DEPARTMENT": "SALES", "AREA": "EU"}), FLIGHT)
    assert fields(document(), actual) == []
    assert [(note.field, note.value) for note in inherited_dimensions(document(), actual)] == [
        ("AREA", "EU")
    ]


def test_an_inherited_dimension_takes_no_line_from_the_one_that_asked_for_it() -> None:
    """Three lines of one account and amount; one asks for a project, NAV gave another one a project of its own."""
    plain = {"account_number": "8430", "amount": "10.00", "dimensions": []}
    asked = {**plain, "dimensions": [{"code": "PROJECT", "value": "P-1"}]}
    lines = [
        found_line("8430", "10", DEPARTMENT="SALES"),
        found_line("8430", "10", DEPARTMENT="SALES", PROJECT="P-1"),
        found_line("8430", "10", DEPARTMENT="SALES", PROJECT="P-1"),
    ]
    for order in permutations(lines):
        assert fields(document(lines=[plain, asked, plain]), found(*order)) == []


def test_lines_that_ask_for_most_choose_first() -> None:
    """NAV's two lines have as many dimensions; only one of them has the project that one line asked for."""
    plain = {"account_number": "8430", "amount": "15.00", "dimensions": []}
    asked = {**plain, "dimensions": [{"code": "PROJECT", "value": "P-1"}]}
    lines = [
        found_line("8430", "15", DEPARTMENT="SALES", PROJECT="P-1"),
        found_line("8430", "15", DEPARTMENT="SALES", AREA="EU"),
    ]
    for order in permutations(lines):
        assert fields(document(lines=[plain, asked]), found(*order)) == []


def test_lines_without_a_counterpart_on_either_side() -> None:
    other = found_line("8450", "20", DEPARTMENT="SALES")
    missing, surplus = unmatched_lines(document(), found(other, FLIGHT))
    assert [line.description for line in missing] == ["Hotel"]
    assert surplus == [other]
    assert unmatched_lines(document(), found()) == ([], [])
    missing, surplus = unmatched_lines(document(), found(lines=None))
    assert (len(missing), surplus) == (2, [])


def told(wanted: Document, actual: FoundDocument) -> list[str]:
    return [
        str(one) for one in differences(wanted, actual, local_currency_code="eur", with_dates=True)
    ]


def test_both_sides_of_a_difference_as_people_read_them() -> None:
    bare = replace(HOTEL, dimensions={})
    assert told(document(), found(bare, FLIGHT)) == [
        (
            "line: 20.00 on account 8440 (DEPARTMENT SALES) in the report, "
            "20.00 on account 8440 (no dimensions) in NAV"
        )
    ]
    assert told(document(), found(HOTEL)) == [
        "number of lines: 2 in the report, 1 in NAV",
        (
            "line: 10.00 on account 8430 (DEPARTMENT SALES, PROJECT P-100) in the report, "
            "no such line in NAV"
        ),
    ]
    assert told(document(), found(HOTEL, FLIGHT, FLIGHT)) == [
        "number of lines: 2 in the report, 3 in NAV",
        (
            "line: no such line in the report, "
            "10.00 on account 8430 (DEPARTMENT SALES, PROJECT P-100) in NAV"
        ),
    ]
    assert told(document(), found(total=Decimal("30.001"), vendor_number="")) == [
        "vendor: E1001 in the report, nothing in NAV",
        "total: 30.00 in the report, 30.001 in NAV",
    ]
    assert told(document(currency_code="usd"), found(vendor_number="e1001")) == [
        "currency: USD in the report, EUR in NAV"
    ]


def test_the_notes_of_what_nav_made_of_a_document() -> None:
    actual = found(
        replace(HOTEL, line_number=3, description="Ho", dimensions={**HOTEL.dimensions, "A": "1"}),
        replace(FLIGHT, description="Flight"),
        readable_header_dimensions=frozenset({"PROJECT"}),
    )
    notes = inherited_dimensions(document(), actual)
    assert [(note.code, note.field, note.value) for note in notes] == [
        ("dimension_on_lines_only", "DEPARTMENT", "SALES"),
        ("text_cut", "lines[2].description", "Ho"),
        ("dimension_inherited", "A", "1"),
    ]
    assert notes[0].message.startswith("DEPARTMENT = SALES is on the lines;")
    assert notes[1].message == "NAV keeps 2 of 5 characters of a description."
    assert "A = 1" in notes[2].message
    readable = replace(actual, readable_header_dimensions=frozenset({"DEPARTMENT"}))
    assert [note.code for note in inherited_dimensions(document(), readable)] == [
        "text_cut",
        "dimension_inherited",
    ]


def test_another_text_is_no_cut_text() -> None:
    actual = found(replace(HOTEL, description="Inn"), replace(FLIGHT, description="Flight to Oslo"))
    assert inherited_dimensions(document(), actual) == []


def test_one_line_is_not_counted_for_two() -> None:
    twice = {"account_number": "8430", "amount": "15.00", "dimensions": []}
    actual = found(
        found_line("8430", "15", DEPARTMENT="SALES"), found_line("8440", "15", DEPARTMENT="SALES")
    )
    assert fields(document(lines=[twice, twice]), actual) == ["line"]


class TestJournals:
    PLAIN = document(
        JOURNAL, vendor_number=None, balancing_account={"type": "G/L Account", "number": "2910"}
    )
    FOUND = found(kind=JOURNAL, vendor_number=None, balancing_account=("G/L Account", "2910"))

    def test_the_same(self) -> None:
        assert fields(self.PLAIN, self.FOUND) == []

    @pytest.mark.parametrize("account", [("G/L Account", "2920"), ("Vendor", "2910"), None])
    def test_another_balancing_account(self, account: tuple[str, str] | None) -> None:
        assert fields(self.PLAIN, replace(self.FOUND, balancing_account=account)) == [
            "balancing account"
        ]

    def test_a_posted_vendor_shows_as_the_account_behind_it(self) -> None:
        wanted = replace(self.PLAIN, balancing_account=("Vendor", "E1001"))
        posted = replace(self.FOUND, posted=True, balancing_account=("G/L Account", "5410"))
        assert fields(wanted, posted) == []
        assert fields(wanted, replace(posted, posted=False)) == ["balancing account"]

    def test_accounts_are_told_by_type_and_number(self) -> None:
        assert told(self.PLAIN, replace(self.FOUND, balancing_account=("Vendor", "2910"))) == [
            "balancing account: G/L Account 2910 in the report, Vendor 2910 in NAV"
        ]
        none = replace(self.PLAIN, balancing_account=None)
        assert told(none, self.FOUND) == [
            "balancing account: nothing in the report, G/L Account 2910 in NAV"
        ]

    def test_a_journal_of_zero_has_nothing_to_balance(self) -> None:
        lines: list[dict[str, Any]] = [
            {"account_number": "8430", "amount": amount, "dimensions": []}
            for amount in ("5.00", "-5.00")
        ]
        wanted = document(
            JOURNAL,
            vendor_number=None,
            total="0.00",
            lines=lines,
            balancing_account={"type": "G/L Account", "number": "2910"},
        )
        actual = replace(
            self.FOUND,
            total=Decimal(0),
            balancing_account=None,
            dimensions={},
            lines=[found_line("8430", amount, DEPARTMENT="SALES") for amount in ("5", "-5")],
        )
        assert fields(wanted, actual) == []


def sentences(**changes: Any) -> dict[str, str]:
    return dict(content_differences(document().content, document(**changes).content))


class TestContent:
    def test_equal_content(self) -> None:
        assert sentences(description="other", posting_date="2026-04-30") == {}

    def test_single_values(self) -> None:
        assert sentences(vendor_number="E1002", prices_include_tax=True) == {
            "vendor_number": "vendor number: posted E1001, now E1002.",
            "prices_include_tax": "prices include tax: posted no, now yes.",
        }
        assert sentences(currency_code="USD") == {
            "currency_code": "currency code: posted nothing, now USD."
        }

    def test_lines_and_total(self) -> None:
        line = {"account_number": "8440", "amount": "20.50", "dimensions": []}
        assert sentences(total="20.50", lines=[line]) == {
            "total": "total: posted 30.00, now 20.50.",
            "lines": "lines no longer in the report: "
            "10.00 on account 8430 (DEPARTMENT SALES, PROJECT P-100), "
            "20.00 on account 8440 (DEPARTMENT SALES); "
            "new lines: 20.50 on account 8440 (DEPARTMENT SALES).",
        }

    def test_lines_with_a_tax_code_and_without_dimensions(self) -> None:
        line = {"account_number": "8440", "amount": "30.00", "dimensions": []}
        taxed = {**line, "tax_code": "VAT20"}
        plain, with_tax = (document(dimensions=[], lines=[one]).content for one in (line, taxed))
        assert content_differences(plain, with_tax) == [
            (
                "lines",
                (
                    "lines no longer in the report: 30.00 on account 8440; "
                    "new lines: 30.00 on account 8440 (tax code VAT20)."
                ),
            )
        ]

    def test_accounts_in_words(self) -> None:
        posted, current = (
            document(
                JOURNAL, vendor_number=None, balancing_account={"type": kind, "number": number}
            ).content
            for kind, number in (("G/L Account", "2910"), ("Vendor", "E1001"))
        )
        assert content_differences(posted, current) == [
            ("balancing_account", "balancing account: posted G/L Account 2910, now Vendor E1001.")
        ]

    def test_five_lines_are_told_and_more_are_hinted_at(self) -> None:
        lines = [
            {"account_number": "8440", "amount": f"{number}.00", "dimensions": []}
            for number in range(1, 9)
        ]
        five, six = (
            sentences(total="36.00", lines=lines[:count])["lines"].partition("new lines: ")[2]
            for count in (5, 6)
        )
        assert (five.count("on account"), five.endswith("(DEPARTMENT SALES).")) == (5, True)
        assert (six.count("on account"), six.endswith("(DEPARTMENT SALES), ….")) == (5, True)
        gone = content_differences(document().content, {"lines": []})
        assert gone[0][1].endswith("new lines: none.")

    def test_many_lines_are_cut(self) -> None:
        lines = [
            {"account_number": "8440", "amount": f"{number}.00", "dimensions": []}
            for number in range(1, 9)
        ]
        assert sentences(total="36.00", lines=lines)["lines"].endswith("….")

    def test_the_kind_in_words(self) -> None:
        memo = document(DocumentKind.PURCHASE_CREDIT_MEMO)
        assert content_differences(document().content, memo.content) == [
            ("kind", "kind: posted purchase invoice, now purchase credit memo.")
        ]
