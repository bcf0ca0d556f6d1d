"""Look-ups go by index, however much is in the books; sums are kept, and taken back with the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from expense_sandbox.nav.filters import Filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Nav


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the rows a filter was asked about."""
    seen: list[str] = []
    answer = Filter.__call__

    def counting(self: Filter, company: Any, record: Any) -> bool:
        seen.append(record.id)
        return answer(self, company, record)

    monkeypatch.setattr(Filter, "__call__", counting)
    return seen


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("vendorInvoiceNumber eq 'K-7'", 1),
        ("vendorInvoiceNumber eq 'k-7' and vendorNumber eq 'E1001'", 1),
        (" or ".join(f"vendorInvoiceNumber eq 'K-{number}'" for number in range(20)), 20),
        ("number eq '1080003'", 1),
        ("status eq 'Draft'", 1),
        ("vendorNumber eq 'E1005'", 1),
    ],
)
def test_only_what_the_filter_names_is_looked_at(
    nav: Nav, looked_at: list[str], query: str, rows: int
) -> None:
    for number in range(30):
        nav.act(f"purchaseInvoices({nav.invoice(f'K-{number}')['id']})")
    nav.invoice("K-30", vendor="E1005")
    looked_at.clear()
    assert len(nav.rows(f"purchaseInvoices?$filter={query}")) == rows
    assert len(looked_at) == rows


def test_sums_are_taken_back_with_what_they_sum(start_nav: Callable[..., Nav]) -> None:
    nav = start_nav()
    (company,) = [row for row in nav.books.companies.values() if row.id == nav.company_id]
    nav.act(f"purchaseInvoices({nav.invoice()['id']})")
    assert company.ledger_entries.total("account_number", "8430") == Decimal(100)

    def change_of_mind() -> None:
        with nav.books.transaction():
            for entry in company.ledger_entries:
                company.ledger_entries.put(entry)
                company.ledger_entries.delete(entry.id)
            assert company.ledger_entries.total("account_number", "8430") == 0
            raise InterruptedError

    with pytest.raises(InterruptedError):
        change_of_mind()
    assert company.ledger_entries.total("account_number", "8430") == Decimal(100)
    vendor = nav.rows("vendors?$filter=number eq 'E1001'")[0]
    assert vendor["balance"] == 100
    account = nav.rows("accounts?$filter=number eq '8430'")[0]
    assert account["netChange"] == 100


def test_etags_stay_while_nothing_changes(nav: Nav) -> None:
    draft = nav.invoice(dimensionSetLines=[{"code": "PROJECT", "valueCode": "P-100"}])
    path = f"purchaseInvoices({draft['id']})?$expand=dimensionSetLines,purchaseInvoiceLines"
    before = nav.get(path)
    nav.invoice("K-2")
    assert nav.get(path) == before
