"""What docs/on-premises.md says is published, is."""

from __future__ import annotations

import re
from pathlib import Path

from expense_sandbox.nav.odata_v4 import custom_pages, entities
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.services import STANDARD_SERVICES

TEXT = (Path(__file__).parents[2] / "sandbox/docs/on-premises.md").read_text()


def _services() -> dict[str, str]:
    """Service names of the table to the numbers beside them."""
    table = TEXT.partition("| Service | Page |")[2].partition("\n\n")[0]
    rows = [line.split("|") for line in table.splitlines()[2:]]
    return {name: row[2] for row in rows for name in re.findall(r"`(\w+)`", row[1])}


def test_every_published_service_is_described() -> None:
    described = _services()
    for service in STANDARD_SERVICES:
        assert str(service.object_id) in described[service.name]
    sets = entities.publish(STANDARD_SERVICES, custom_pages.PAGES, NavQuirks())
    assert set(sets) == set(described) - {"ExpensePosting"}


def test_what_the_table_says_can_be_written() -> None:
    sets = entities.publish(STANDARD_SERVICES, custom_pages.PAGES, NavQuirks())
    writable = {name for name, published in sets.items() if published.page.writes is not None}
    assert writable == {
        "General_Journal",
        "General_Journal_Batches",
        "Purchase_Credit_Memo",
        "Purchase_Credit_MemoPurchLines",
        "Purchase_Invoice",
        "Purchase_InvoicePurchLines",
    }
