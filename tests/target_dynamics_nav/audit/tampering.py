"""What may have happened in NAV behind the pipeline's back, done to the stand-in's tables: its API would refuse it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from expense_sandbox.nav import records
from expense_sandbox.nav.books import Books
from expense_sandbox.nav.company import Company, new_id


class Tampering:
    """Changes posted documents, with the entries they made."""

    def __init__(self, books: Books, company: str) -> None:
        self._books = books
        self._company = self._named(company)

    def delete(self, key: str) -> None:
        """The posting is gone, with all its entries."""
        with self._books.transaction():
            for table, row in self._rows(key):
                table.delete(row.id)

    def double(self, key: str, number: str, external_number: str) -> None:
        """Somebody posted the same once more, under another number."""
        with self._books.transaction():
            ids: dict[str, str] = {}
            for table, row in self._rows(key):
                changes: dict[str, Any] = {"id": new_id()}
                ids[row.id] = changes["id"]
                if isinstance(row, records.Document):
                    changes |= {"number": number, "external_number": external_number}
                elif isinstance(row, records.DocumentLine):
                    changes |= {"document_id": ids[row.document_id]}
                else:
                    changes |= {
                        "document_number": number,
                        "external_document_number": external_number,
                        "entry_number": row.entry_number + 100_000,
                    }
                table.put(replace(row, **changes))

    def change_document(self, key: str, **changes: Any) -> None:
        """Another header: vendor, currency, posting date; its entries follow where they have the field."""
        with self._books.transaction():
            for table, row in self._rows(key):
                fitting = {name: value for name, value in changes.items() if hasattr(row, name)}
                if fitting:
                    table.put(replace(row, **fitting))

    def change_amount(self, key: str, by: Decimal) -> None:
        """The first line costs more, and so does everything made of it."""

        def change(row: Any) -> dict[str, Any]:
            if isinstance(row, records.DocumentLine):
                return {
                    "unit_cost": row.unit_cost + by,
                    "amount_excluding_tax": row.amount_excluding_tax + by,
                    "amount_including_tax": row.amount_including_tax + by,
                }
            return {"amount": row.amount + by, "source_amount": row.source_amount + by}

        self._change_first_line(key, change)
        with self._books.transaction():
            for table, row in self._rows(key):
                if isinstance(row, records.Document):
                    table.put(
                        replace(
                            row,
                            total_excluding_tax=row.total_excluding_tax + by,
                            total_including_tax=row.total_including_tax + by,
                        )
                    )

    def change_line(self, key: str, **changes: Any) -> None:
        """Another account or other dimensions on the first line, and on its entry."""
        self._change_first_line(key, lambda row: changes)

    def change_entry(self, key: str, **changes: Any) -> None:
        """Only the first line's entry in the general ledger is another."""
        with self._books.transaction():
            table, row = next(
                pair for pair in self._rows(key) if isinstance(pair[1], records.LedgerEntry)
            )
            table.put(replace(row, **changes))

    def move(self, key: str, company: str) -> None:
        """It is in another company."""
        other = self._named(company)
        with self._books.transaction():
            for table, row in self._rows(key):
                table.delete(row.id)
                other.tables[table.name].put(row)

    def post_on(self, key: str, day: date) -> None:
        """It has another posting date."""
        self.change_document(key, posting_date=day)

    def _change_first_line(self, key: str, change: Callable[[Any], dict[str, Any]]) -> None:
        with self._books.transaction():
            rows = self._rows(key)
            for kind in (records.DocumentLine, records.LedgerEntry):
                found = [pair for pair in rows if isinstance(pair[1], kind)]
                if found:
                    table, row = found[0]
                    table.put(replace(row, **change(row)))

    def _rows(self, key: str) -> list[tuple[Any, Any]]:
        """(table, row) of everything the posting is made of: header, lines, entries, in this order."""
        company, found = self._company, []
        numbers = {(key, "")}
        for document in company.documents:
            if document.external_number == key:
                numbers.add((document.number, document.kind))
                found.append((company.documents, document))
                found += [(company.document_lines, line) for line in company.lines_of(document.id)]
        for table in (company.ledger_entries, company.vendor_entries):
            found += [
                (table, entry)
                for entry in table
                if (entry.document_number, entry.document_type.strip()) in numbers
            ]
        assert found, key
        return found

    def _named(self, name: str) -> Company:
        company = self._books.company(name)
        assert company is not None
        return company
