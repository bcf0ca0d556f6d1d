"""A Business Central client we did not write works against the sandbox.

`ms-dynamics-business-central-sdk` (Fyle's) is installed into an environment of its own. Its two
hard-coded host names, the class attributes `Dynamics.TOKEN_URL` and `Dynamics.BASE_URL`, are set
to the sandbox's; nothing else of it is touched.
"""

from __future__ import annotations

import json
import subprocess
import textwrap
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.nav.auth import NavCredentials
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from expense_sandbox.seeds import (
    AccountSeed,
    CompanySeed,
    DimensionSeed,
    DimensionValueSeed,
    VendorSeed,
)

from .project import third_party_python

COMPANY = CompanySeed(
    name="CRONUS Europe",
    local_currency_code="EUR",
    accounts=(
        AccountSeed("8430", "Airfare"),
        AccountSeed("8320", "Legacy Telephony", blocked=True),
        AccountSeed("5410", "Vendors", category="Liabilities", direct_posting=False),
    ),
    vendors=(VendorSeed("E1001", "Ann Ek"),),
    dimensions=(
        DimensionSeed("DEPARTMENT", "Department", (DimensionValueSeed("ADM", "Administration"),)),
    ),
)
CREDENTIALS = NavCredentials("tenant-1", "client-1", "secret-1", "API", "access-key-1", "refresh-1")
SCRIPT = textwrap.dedent(
    """
    import json, sys
    from dynamics.core.client import Dynamics
    from dynamics.exceptions.dynamics_exceptions import WrongParamsError

    url = sys.argv[1]
    Dynamics.TOKEN_URL = url + "/organizations/oauth2/v2.0/token"
    Dynamics.BASE_URL = url + "/v2.0/{environment}/api/v2.0"

    def connect(company_id=None):
        return Dynamics("client-1", "secret-1", "refresh-1", "Production", company_id)

    company_id = connect().companies.get_all()[0]["id"]
    nav = connect(company_id)
    vendor = nav.vendors.get_all(**{"$filter": "displayName eq 'Ann Ek'"})[0]
    accounts = nav.accounts.get_all(
        **{"$filter": "accountType eq 'Posting' and directPosting eq true"}
    )
    invoice = nav.purchase_invoices.post(
        {"vendorNumber": vendor["number"], "invoiceDate": "2026-01-31", "postingDate": "2026-01-31"}
    )
    lines = [
        {
            "lineType": "Account",
            "lineObjectNumber": "8430",
            "description": "Flight",
            "description2": "E/2026/01",
            "unitCost": cost,
            "quantity": 1,
        }
        for cost in (101.5, 20.07)
    ]
    answer = nav.purchase_invoice_line_items.bulk_post(invoice["id"], lines, company_id)
    line_ids = [item["body"]["id"] for item in answer["responses"]]
    dimension = nav.dimensions.get_all_dimensions()[0]
    value = nav.dimensions.get_all_dimension_values(dimension["id"])[0]
    nav.purchase_invoice_line_items.post_purchase_invoice_dimensions(
        line_ids[0],
        {
            "id": dimension["id"],
            "code": dimension["code"],
            "valueId": value["id"],
            "valueCode": value["code"],
        },
    )
    # Its batch URL grows "?company=" with every call: a second one needs a new connection.
    doomed = connect(company_id)
    other = doomed.purchase_invoices.post({"vendorNumber": "E1001"})
    try:
        blocked = [lines[0], {**lines[0], "lineObjectNumber": "8320"}]
        doomed.purchase_invoice_line_items.bulk_post(other["id"], blocked, company_id)
        refused = None
    except WrongParamsError as error:
        refused = error.response
    print(
        json.dumps(
            {
                "accounts": [account["number"] for account in accounts],
                "vendors": nav.vendors.count(),
                "invoice": invoice["id"],
                "lines": nav.purchase_invoice_line_items.get_all(invoice["id"]),
                "invoices": [row["id"] for row in nav.purchase_invoices.get_all()],
                "refused": refused,
            }
        )
    )
    """
)


@pytest.fixture
def their_python() -> Path:
    """Python of a virtual environment that holds the client and nothing of this project."""
    return third_party_python("business-central")


def test_a_purchase_invoice_made_by_somebody_elses_client(
    their_python: Path, tmp_path: Path
) -> None:
    server, books = build_nav_server(
        [COMPANY],
        credentials=CREDENTIALS,
        faults=None,
        quirks=NavQuirks(today=date(2026, 2, 1)),
    )
    server.start()
    script = tmp_path / "client.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [their_python, script, server.url],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    server.stop()
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout, parse_float=Decimal)
    assert result["accounts"] == ["8320", "8430"]
    assert result["vendors"] == 1
    assert result["invoices"] == [result["invoice"]]
    assert [(row["lineObjectNumber"], row["amountIncludingTax"]) for row in result["lines"]] == [
        ("8430", Decimal("101.5")),
        ("8430", Decimal("20.07")),
    ]
    assert "Blocked must be equal to 'No'" in str(result["refused"])
    (company,) = books.companies.values()
    (draft,) = company.documents
    assert (draft.id, draft.total_including_tax) == (result["invoice"], Decimal("121.57"))
    assert [line.dimensions for line in company.lines_of(draft.id)] == [{"DEPARTMENT": "ADM"}, {}]
