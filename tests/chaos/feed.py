"""The documents of the chaos: every kind, with every way through the protocol, and what has to become of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.contract import KEY_PROPERTIES, document_schema
from target_dynamics_nav.nav.port import DocumentKind
from tests.target_dynamics_nav.desk import CREDIT_MEMO, INVOICE, JOURNAL, dimensions, line, record

if TYPE_CHECKING:
    from collections.abc import Sequence

Message = dict[str, Any]

POSTED = frozenset({"posted", "already_posted"})
HELD = frozenset({"held"})
SKIPPED = frozenset({"skipped"})


@dataclass(frozen=True)
class Case:
    """One document, and the statuses it may have in the end."""

    record: dict[str, Any]
    ends: frozenset[str]

    @property
    def key(self) -> str:
        key: str = self.record["document_key"]
        return key


def case(
    key: str, kind: DocumentKind = INVOICE, ends: frozenset[str] = POSTED, **changes: Any
) -> Case:
    """A report of two expenses, its sources named after its key."""
    lines = [
        {**each, "source_id": f"{key}{number}"}
        for number, each in enumerate(
            changes.pop("lines", [line(dimensions=dimensions(PROJECT="P-1")), line(amount="-0.10")])
        )
    ]
    source = {"system": "expensify", "id": f"R{key}"}
    return Case(record(kind, document_key=key, lines=lines, source=source, **changes), ends)


def other(key: str, kind: DocumentKind) -> Case:
    """The same report with another amount and another project."""
    lines = [line(amount="80.00", dimensions=dimensions(PROJECT="P-2"))]
    return case(key, kind, total="80.00", lines=lines)


HOTEL = [line("8440", "100.00", dimensions=dimensions(PROJECT="P-1"))]
"""On an account with a default dimension that the document does not have."""

BEFORE = (
    case("CHANGED-I"),
    case("CHANGED-C", CREDIT_MEMO),
    case("CHANGED-J", JOURNAL),
    case("SETTLED-I"),
)
"""What an earlier run posted."""

CASES = (
    case("INVOICE-1"),
    case("INVOICE-2", vendor_number="E1002"),
    case("INVOICE-3", dimensions=[], lines=HOTEL),
    case("INVOICE-4", vendor_number="E1004"),
    case("INVOICE-5", vendor_number="CARD-USD", currency_code="USD"),
    case("MEMO-1", CREDIT_MEMO),
    case("MEMO-2", CREDIT_MEMO, vendor_number="E1002", dimensions=dimensions(AREA="US")),
    case("JOURNAL-1", JOURNAL),
    case("JOURNAL-2", JOURNAL, dimensions=[], lines=HOTEL),
    case("SKIPPED-1", ends=SKIPPED, skip={"code": "not_this_policy", "reason": "Not ours."}),
    other("CHANGED-I", INVOICE),
    other("CHANGED-C", CREDIT_MEMO),
    other("CHANGED-J", JOURNAL),
    case("SETTLED-I"),
    case("INVOICE-1"),  # once more in the same feed
    case(
        "HELD-1",
        ends=HELD,
        problems=[{"code": "category_unmapped", "message": "No account for it.", "field": "lines"}],
    ),
    case("REFUSED-1", ends=HELD, dimensions=[], lines=[line("8450", "100.00")]),
    case("REFUSED-2", JOURNAL, ends=HELD, dimensions=[], lines=[line("8450", "100.00")]),
    case("INVOICE-6"),
)
"""What the run reads that is disturbed. STATE may pass everything before the first that is held."""

RELEASED = next(number for number, case in enumerate(CASES) if case.ends == HELD)
"""How many documents the last STATE stands for that a run may let go."""

POSTINGS = {
    **{case.key: 1 for case in (*BEFORE, *CASES) if case.ends == POSTED},
    **{f"CHANGED-{letter}-{part}1": 1 for letter in "ICJ" for part in "XN"},
}
"""How often each key has to be in NAV's general ledger."""


def messages(cases: Sequence[Case]) -> list[Message]:
    """A feed: schemas, then the documents in their order with a STATE after each, which counts them."""
    feed: list[Message] = [
        {
            "type": "SCHEMA",
            "stream": kind.value,
            "schema": document_schema(kind),
            "key_properties": list(KEY_PROPERTIES),
        }
        for kind in (INVOICE, CREDIT_MEMO, JOURNAL)
    ]
    for number, case in enumerate(cases, start=1):
        body = dict(case.record)
        stream = body.pop("kind")
        feed.append({"type": "RECORD", "stream": stream, "record": body})
        feed.append({"type": "STATE", "value": {"documents": number}})
    return feed
