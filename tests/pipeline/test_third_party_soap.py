"""SOAP clients somebody else wrote work against the sandbox, each in an environment of its own.

`zeep` is given nothing but the address of a service: it reads the WSDL and does the rest. `nav` (PyPI) was
written for Dynamics NAV; it logs in by NTLM, knows ReadMultiple and CreateMultiple of pages and the
procedures of codeunits, and no more: single creates, updates, keys and deletes are beyond it. Without a
filter it sends one whose field is the text `<AnyObject(…)>`, today's zeep's idea of nothing: only a server
that passes over fields it doesn't know lets that through. Neither client is changed in any way.
"""

from __future__ import annotations

import json
import subprocess
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from expense_sandbox.http import SandboxServer
from expense_sandbox.nav.auth import NavCredentials
from expense_sandbox.nav.books import Books
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.server import build_nav_server
from expense_sandbox.nav.soap.quirks import SoapQuirks
from expense_sandbox.seeds import (
    AccountSeed,
    CompanySeed,
    DimensionSeed,
    DimensionValueSeed,
    VendorSeed,
)

from .project import third_party_python

COMPANY = CompanySeed(
    name="CRONUS & Co.",
    local_currency_code="EUR",
    accounts=(
        AccountSeed("2910", "Card clearing", category="Liabilities"),
        AccountSeed("8430", "Airfare"),
        AccountSeed("8320", "Legacy Telephony", blocked=True),
        AccountSeed("5410", "Vendors", category="Liabilities", direct_posting=False),
    ),
    vendors=(VendorSeed("E1001", "Ann Ek"), VendorSeed("E1002", "Bo & Li")),
    dimensions=(
        DimensionSeed("DEPARTMENT", "Department", (DimensionValueSeed("ADM", "Administration"),)),
        DimensionSeed("AREA", "Area", (DimensionValueSeed("EU", "Europe"),)),
    ),
    shortcut_dimensions=("DEPARTMENT", "PROJECT", "AREA"),
)
CREDENTIALS = NavCredentials("tenant-1", "client-1", "secret-1", "API", "access-key-1")

ZEEP = textwrap.dedent(
    """
    import json, sys
    from datetime import date
    from decimal import Decimal
    import requests, zeep

    session = requests.Session()
    session.auth = ("API", "access-key-1")

    def service(path):
        url = sys.argv[1] + "/NAV/WS/CRONUS%20%26%20Co./" + path
        return zeep.Client(url + "?wsdl", transport=zeep.Transport(session=session)).service

    def listed(name, **filters):
        wanted = [{"Field": field, "Criteria": text} for field, text in filters.items()]
        return service("Page/" + name).ReadMultiple(filter=wanted, setSize=0)

    system = zeep.Client(
        sys.argv[1] + "/NAV/WS/SystemService", transport=zeep.Transport(session=session)
    )
    vendor = listed("Vendor_List", Name="'Bo & Li'")[0]
    invoices = service("Page/Purchase_Invoice")
    line = {
        "Type": "G_L_Account",
        "No": "8430",
        "Quantity": 1,
        "Direct_Unit_Cost": Decimal("25.51"),
        "Shortcut_Dimension_1_Code": "ADM",
        "ShortcutDimCode_x005B_3_x005D_": "EU",
    }
    created = invoices.Create(
        {
            "Buy_from_Vendor_No": vendor.No,
            "Posting_Date": date(2026, 1, 31),
            "Vendor_Invoice_No": "Z-1",
            "PurchLines": {"Purch_Invoice_Line": [line, dict(line, Direct_Unit_Cost="1.2")]},
        }
    )
    # Read, change, write back: everything that was read is sent along.
    created.PurchLines.Purch_Invoice_Line[1].Direct_Unit_Cost = Decimal("4.49")
    changed = invoices.Update(created)
    try:
        invoices.Update(created)
        stale = None
    except zeep.exceptions.Fault as fault:
        stale = fault.message
    other = invoices.Create({"Buy_from_Vendor_No": "E1001"})
    try:
        invoices.Update({"Key": other.Key, "PurchLines": {"Purch_Invoice_Line": [
            dict(line, No="8320")
        ]}})
        refused = None
    except zeep.exceptions.Fault as fault:
        refused = [fault.code, fault.message]
    number = service("Codeunit/ExpensePosting").PostPurchaseInvoice(docNo=changed.No)
    posted = service("Page/Posted_Purchase_Invoice").Read(No=number)
    print(
        json.dumps(
            {
                "companies": system.service.Companies(),
                "costs": [str(x.Direct_Unit_Cost) for x in changed.PurchLines.Purch_Invoice_Line],
                "stale": stale,
                "refused": refused,
                "deleted": invoices.Delete(Key=other.Key),
                "left": invoices.ReadMultiple(filter=[{"Field": "No", "Criteria": ""}], setSize=0),
                "posted": [posted.Vendor_Invoice_No, str(posted.Posting_Date)],
                "entries": [
                    [entry.G_L_Account_No, str(entry.Amount)]
                    for entry in listed("General_Ledger_Entries", Document_No=number)
                ],
            }
        )
    )
    """
)
NAV = textwrap.dedent(
    """
    import json, sys
    from nav import NAV

    nav = NAV(sys.argv[1] + "/NAV/WS/CRONUS%20%26%20Co.", "NORTHWIND\\\\API", "access-key-1")
    vendors = nav.read_multiple("Vendor_List", filters={"No": ""})
    try:
        without_filter = len(nav.read_multiple("Vendor_List"))
    except Exception as error:
        without_filter = str(error)
    accounts = nav.read_multiple(
        "GL_Account_Card", filters={"Account_Type": "Posting", "Blocked": "No", "No": "8*"}
    )
    line = {"Type": "G_L_Account", "No": "8430", "Quantity": 1, "Direct_Unit_Cost": "12.34"}
    created = nav.create_multiple(
        "Purchase_Invoice",
        entries=[
            {
                "Buy_from_Vendor_No": vendor["No"],
                "Posting_Date": "2026-01-31",
                "Vendor_Invoice_No": "N-" + vendor["No"],
                "PurchLines": {"Purch_Invoice_Line": [line]},
            }
            for vendor in vendors
        ],
    )
    posted = [
        nav.codeunit("ExpensePosting", "PostPurchaseInvoice", {"docNo": invoice["No"]})
        for invoice in created
    ]
    nav.codeunit(
        "ExpensePosting",
        "CreateGenJnlBatch",
        {"templateName": "GENERAL", "batchName": "NAV", "description": "by nav"},
    )
    journal = nav.create_multiple(
        "General_Journal",
        entries=[
            {"Document_No": "J-1", "Account_No": "8430", "Amount": "5.01"},
            {"Document_No": "J-1", "Account_No": "2910", "Amount": "-5.01"},
        ],
        additional_data={"CurrentJnlBatchName": "NAV"},
    )
    first = nav.read_multiple(
        "Vendor_Ledger_Entries", num_results=1, filters={"Open": "Yes"}
    )
    print(
        json.dumps(
            {
                "vendors": [vendor["Name"] for vendor in vendors],
                "without_filter": without_filter,
                "accounts": [account["No"] for account in accounts],
                "posted": posted,
                "journal": [[row["Account_No"], str(row["Amount"])] for row in journal],
                "first": [[row["External_Document_No"], str(row["Amount"])] for row in first],
            }
        )
    )
    """
)


@contextmanager
def running_nav(soap: SoapQuirks = SoapQuirks()) -> Iterator[tuple[SandboxServer, Books]]:  # noqa: B008
    server, books = build_nav_server(
        [COMPANY],
        credentials=CREDENTIALS,
        faults=None,
        quirks=NavQuirks(today=date(2026, 2, 1), soap=soap),
    )
    server.start()
    try:
        yield server, books
    finally:
        server.stop()


def told_by(python: Path, script: str, url: str, folder: Path) -> dict[str, Any]:
    """What the script printed, as JSON."""
    done = subprocess.run(
        [python, "-c", script, url],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_zeep_alone_reads_creates_changes_posts_and_deletes(tmp_path: Path) -> None:
    with running_nav() as (server, books):
        told = told_by(third_party_python("zeep"), ZEEP, server.url, tmp_path)
    assert told["companies"] == ["CRONUS & Co."]
    assert told["costs"] == ["25.51", "4.49"]
    assert told["stale"].startswith('Other user has modified "Purchase Header"')
    code, message = told["refused"]
    assert code == "a:Microsoft.Dynamics.Nav.Types.Exceptions.NavTestFieldException"
    assert message.startswith("Blocked must be equal to 'No'  in G/L Account: No.=8320.")
    assert told["deleted"] is True
    assert not told["left"]
    assert told["posted"] == ["Z-1", "2026-01-31"]
    assert told["entries"] == [["8430", "25.51"], ["8430", "4.49"], ["5410", "-30"]]
    (company,) = books.companies.values()
    assert [entry.dimensions for entry in company.ledger_entries][:2] == [
        {"DEPARTMENT": "ADM", "AREA": "EU"}
    ] * 2


@pytest.mark.parametrize("unknown_filter_field", ["fault", "ignored"])
def test_pypi_s_nav_reads_creates_and_posts_by_ntlm(
    tmp_path: Path, unknown_filter_field: Any
) -> None:
    with running_nav(SoapQuirks(unknown_filter_field=unknown_filter_field)) as (server, _books):
        told = told_by(third_party_python("nav"), NAV, server.url, tmp_path)
        statuses = {logged.status for logged in server.requests_log}
    assert told["vendors"] == ["Ann Ek", "Bo & Li"]
    assert told["accounts"] == ["8430"]
    if unknown_filter_field == "ignored":
        assert told["without_filter"] == 2
    else:
        assert "is not a field of the service Vendor_List" in told["without_filter"]
    assert len(set(told["posted"])) == 2
    assert told["journal"] == [["8430", "5.01"], ["2910", "-5.01"]]
    assert told["first"] == [["N-E1001", "-12.34"]]
    assert 401 in statuses, "it was let in without a handshake"
