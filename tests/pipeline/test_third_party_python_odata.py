"""An OData V4 client somebody else wrote reads and creates documents on the sandbox's page services.

`python-odata` 0.8.1 (PyPI) runs unmodified in a virtual environment of its own and makes its classes
from `$metadata`. It logs in by NTLM, in the way its documentation shows for Dynamics. What it does not know
about NAV has to be done for it, as on a real server: it sends properties in the order of their names, while a
line's type has to come before what depends on it, so a line takes three steps; and it knows no etags, so that
changes carry `If-Match: *`. Unbound actions are called at the root, for the server's default company.
"""

from __future__ import annotations

import json
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from expense_sandbox.nav.odata_v4.quirks import ODataV4Quirks
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.testing import running_sandbox

from .project import third_party_python

PROGRAM = r"""
import json
import sys

import requests
from odata import ODataService
from odata.exceptions import ODataError
from odata.flags import ODataServerFlags
from requests_ntlm import HttpNtlmAuth

order = json.load(sys.stdin)
flags = ODataServerFlags(skip_null_properties=True)


def connect(url):
    session = requests.Session()
    session.auth = HttpNtlmAuth(order["user"], order["password"])
    return ODataService(
        url, session=session, reflect_entities=True, quiet_progress=True, server_flags=flags
    )


nav = connect(order["root"] + "/Company('CRONUS%20Europe')/")
Vendor, Account = nav.entities["Vendor_List"], nav.entities["GL_Account_Card"]
Invoice, Line = nav.entities["Purchase_Invoice"], nav.entities["Purchase_InvoicePurchLines"]
any_version = {"If-Match": "*"}
changes = nav.create_context(
    session=nav.default_context.connection.session, extra_headers=any_version
)

vendor = nav.query(Vendor).filter(Vendor.Name == "Ingrid Larsen").first()
accounts = [
    account.No
    for account in nav.query(Account)
    .filter(Account.Account_Type == "Posting")
    .filter(Account.Blocked == False)
    .filter(Account.Direct_Posting == True)
]

invoice = Invoice()
invoice.Buy_from_Vendor_No = vendor.No
invoice.Vendor_Invoice_No = "their-1"
nav.save(invoice)


def add(account, cost, department):
    line = Line()
    line.Document_Type, line.Document_No, line.Type = "Invoice", invoice.No, "G/L Account"
    nav.save(line)
    line.No = account
    changes.save(line)
    line.Quantity, line.Direct_Unit_Cost, line.Shortcut_Dimension_1_Code = 1, cost, department
    changes.save(line)
    return line


lines = [add("8430", 101.5, "SALES"), add("8440", 20.07, "ADM")]
try:
    add("8320", 1, "ADM")
    refused = None
except ODataError as error:
    refused = [error.code, error.message]
changes.delete(lines.pop())

root = connect(order["root"])
posted = root.actions["ExpensePosting_PostPurchaseInvoice"](docNo=invoice.No)
Entry = nav.entities["General_Ledger_Entries"]
entries = nav.query(Entry).filter(Entry.External_Document_No == "THEIR-1").all()
json.dump(
    {
        "vendors": len(nav.query(Vendor).all()),
        "accounts": accounts,
        "invoice": invoice.No,
        "refused": refused,
        "posted": posted,
        "entries": [[e.G_L_Account_No, str(e.Amount), e.Global_Dimension_1_Code] for e in entries],
    },
    sys.stdout,
)
"""


@pytest.fixture
def stranger() -> Path:
    """Python of a virtual environment that holds the client and nothing of this project."""
    return third_party_python("python-odata")


def test_it_reads_masters_and_creates_and_posts_an_invoice(stranger: Path, tmp_path: Path) -> None:
    quirks = NavQuirks(
        today=date(2026, 2, 1), odata_v4=ODataV4Quirks(default_company="CRONUS Europe", page_size=7)
    )
    with running_sandbox(nav_quirks=quirks) as sandbox:
        requests.post(
            f"{sandbox.nav.url}/_sandbox/authentication",
            json={"credential_type": "Windows"},
            timeout=10,
        ).raise_for_status()
        nav = sandbox.credentials.nav
        order = {
            "root": f"{sandbox.nav.url}/NAV/ODataV4",
            "user": f"{nav.domain}\\{nav.username}",
            "password": nav.password,
        }
        program = tmp_path / "program.py"
        program.write_text(PROGRAM)
        done = subprocess.run(
            [stranger, program],
            input=json.dumps(order),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        company = sandbox.books.company("CRONUS Europe")
    assert done.returncode == 0, done.stderr[-4000:]
    result: dict[str, Any] = json.loads(done.stdout)
    assert company is not None
    assert result["vendors"] == len(company.vendors)
    assert {"8430", "8440"} <= set(result["accounts"])
    assert not {"8320", "8000", "5410"} & set(result["accounts"])
    code, message = result["refused"]
    assert code == "Application_FieldValidationException"
    assert "Blocked must be equal to 'No'" in message
    (document,) = company.documents
    assert (document.external_number, document.draft_number) == ("THEIR-1", result["invoice"])
    assert document.total_including_tax == Decimal("101.5")
    assert [(account, Decimal(amount), code) for account, amount, code in result["entries"]] == [
        ("8430", Decimal("101.5"), "SALES"),
        ("5410", Decimal("-101.5"), ""),
    ]
