"""The books of a period over API v2.0: posted purchase documents with their lines, and entries of the general ledger.

Lists are read month by month, whole or not at all, and never from a replica. A journal entry is no document of its own
there: the entries that share a document number without a type are one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, cast

from target_dynamics_nav.errors import ProtocolError
from target_dynamics_nav.nav import api_v2_journals as journals
from target_dynamics_nav.nav import api_v2_master_data as master_data
from target_dynamics_nav.nav.api_v2_dimensions import dimensions_of
from target_dynamics_nav.nav.api_v2_documents import PURCHASE_KINDS, found_document
from target_dynamics_nav.nav.entries import LedgerEntry, PeriodBooks
from target_dynamics_nav.nav.odata import Json, caption, code, day, decimal, query, text
from target_dynamics_nav.nav.one_by_one import stepped
from target_dynamics_nav.nav.port import Company
from target_dynamics_nav.window import complete

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from target_dynamics_nav.nav.http import NavHttp
    from target_dynamics_nav.nav.port import FoundDocument, NavClient, SteppedNavClient

_ENTRY_FIELDS = (
    "id,entryNumber,postingDate,documentNumber,documentType,accountNumber,description,"
    "debitAmount,creditAmount"
)


class ApiV2EntriesReader:
    """`EntriesReader` for the dialect `api_v2`."""

    def __init__(self, http: NavHttp, client: NavClient | SteppedNavClient) -> None:
        """Take over both; `close` closes them."""
        self._http = http
        self._client = stepped(client)

    def close(self) -> None:
        """Release connections."""
        self._http.close()
        self._client.close()

    def companies(self) -> list[Company]:
        """Every company that the credentials may see."""
        rows = self._http.get_all(f"companies{query(select='id,name')}") or []
        return [Company(text(row.get("id")), text(row.get("name"))) for row in rows]

    def entries(self, company: Company, first: date, last: date) -> PeriodBooks:
        """What is posted with a posting date in the period, both days included.

        Raises:
            OutageError: NAV does not answer, or not whole.
            ProtocolError: A row lacks something.
        """
        local = master_data.local_currency_code(self._http, company)
        documents = [
            found_document(names, row, local)
            for names in PURCHASE_KINDS.values()
            for row in self._rows(company, names.entity_set, first, last, expand=names.expand)
        ]
        entries = self._rows(
            company,
            "generalLedgerEntries",
            first,
            last,
            select=_ENTRY_FIELDS,
            expand="dimensionSetLines",
        )
        return PeriodBooks(
            company=company,
            local_currency_code=local,
            documents=[
                *(document for document in documents if document.posted),
                *_journals(entries),
            ],
            entries=[_entry(row) for row in entries],
        )

    def find_posted(self, company: Company, key: str) -> list[FoundDocument]:
        """Posted documents that carry a key, whatever their date."""
        found = complete(self._client, self._client.find(company, key))
        return [document for document in found if document.posted]

    def _rows(
        self, company: Company, entity_set: str, first: date, last: date, **options: str
    ) -> list[Json]:
        path = f"{master_data.company_path(company)}/{entity_set}"
        rows: list[Json] = []
        for start, end in _months(first, last):
            period = f"postingDate ge {start.isoformat()} and postingDate le {end.isoformat()}"
            address = f"{path}{query(filter=period, **options)}"
            rows += self._http.get_all(address, fresh=True) or []
        return rows


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The period in pieces of a month at most, so that no answer is too large."""
    start = first
    while start <= last:
        next_month = (start.replace(day=1) + timedelta(days=31)).replace(day=1)
        yield start, min(last, next_month - timedelta(days=1))
        start = next_month


def _journals(rows: Sequence[Json]) -> Iterator[FoundDocument]:
    by_number: dict[str, list[Json]] = {}
    for row in rows:
        if not caption(row.get("documentType")):
            by_number.setdefault(code(row.get("documentNumber")), []).append(row)
    for number, some in by_number.items():
        yield cast("FoundDocument", journals.found_entries(some, number, None))


def _entry(row: Json) -> LedgerEntry:
    try:
        return LedgerEntry(
            entry_number=int(row["entryNumber"]),
            posting_date=day(row.get("postingDate")),
            document_type=caption(row.get("documentType")),
            document_number=code(row.get("documentNumber")),
            account_number=code(row.get("accountNumber")),
            amount=decimal(row["debitAmount"]) - decimal(row["creditAmount"]),
            dimensions=dimensions_of(row),
        )
    except (KeyError, ValueError) as error:
        raise ProtocolError(
            f"NAV's ledger entry {row.get('entryNumber')} lacks or garbles a field: {error}.",
            code="answer_garbled",
        ) from error
