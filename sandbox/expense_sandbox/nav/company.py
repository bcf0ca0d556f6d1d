"""One company's tables, and how its rows are found."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import records
from expense_sandbox.nav.errors import NavError
from expense_sandbox.nav.store import ChangeLog, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from expense_sandbox.nav.quirks import NavQuirks

FIRST_NUMBERS = {
    (records.INVOICE, "draft"): 1070001,
    (records.INVOICE, "posted"): 1080001,
    (records.CREDIT_MEMO, "draft"): 1040001,
    (records.CREDIT_MEMO, "posted"): 1090001,
    ("G/L Register", "posted"): 1,
}
"""Where the number series of documents start."""
NO_POSTING_SETUP = records.PostingSetup(id="")


class Company:
    """The tables of one company.

    Args:
        company_id: GUID.
        log: Where writes are noted.
        quirks: How this NAV behaves where real ones differ.
        today: NAV's work date.
    """

    def __init__(
        self, company_id: str, log: ChangeLog, quirks: NavQuirks, today: Callable[[], date]
    ) -> None:
        self.id = company_id
        self.quirks = quirks
        self.today = today
        self.touched: dict[str, None] = {}
        """Ids of documents whose totals are due; see `documents.settle`."""
        self.numbers = dict(FIRST_NUMBERS)
        """Next number of each series. Not undone by a roll-back: gaps are NAV's."""

        def table(
            name: str,
            record_type: Any,  # noqa: ANN401 - any row's class
            sums: dict[str, Callable[[Any], Any]] | None = None,
            **indexes: Callable[[Any], Any],
        ) -> Any:  # noqa: ANN401 - a table of those
            return Table(name, record_type, company_id, log, indexes, sums=sums)

        def by_code(row: Any) -> str:  # noqa: ANN401
            return str(row.code)

        def by_number(row: Any) -> str:  # noqa: ANN401
            return str(row.number)

        self.rows: Table[records.CompanyRow] = table("rows", records.CompanyRow)
        self.setups: Table[records.LedgerSetup] = table("setups", records.LedgerSetup)
        self.accounts: Table[records.Account] = table("accounts", records.Account, number=by_number)
        self.bank_accounts: Table[records.BankAccount] = table(
            "bank_accounts", records.BankAccount, number=by_number
        )
        self.vendors: Table[records.Vendor] = table("vendors", records.Vendor, number=by_number)
        self.employees: Table[records.Employee] = table(
            "employees", records.Employee, number=by_number
        )
        self.default_dimensions: Table[records.DefaultDimension] = table(
            "default_dimensions",
            records.DefaultDimension,
            parent=lambda row: (row.parent_type, row.parent_number),
        )
        self.dimensions: Table[records.Dimension] = table(
            "dimensions", records.Dimension, code=by_code
        )
        self.dimension_values: Table[records.DimensionValue] = table(
            "dimension_values",
            records.DimensionValue,
            code=lambda row: (row.dimension_code, row.code),
            dimension=lambda row: row.dimension_code,
        )
        self.currencies: Table[records.Currency] = table(
            "currencies", records.Currency, code=by_code
        )
        self.exchange_rates: Table[records.ExchangeRate] = table(
            "exchange_rates", records.ExchangeRate, currency=lambda row: row.currency_code
        )
        self.payment_terms: Table[records.PaymentTerms] = table(
            "payment_terms", records.PaymentTerms, code=by_code
        )
        self.accounting_periods: Table[records.AccountingPeriod] = table(
            "accounting_periods", records.AccountingPeriod
        )
        self.documents: Table[records.Document] = table(
            "documents",
            records.Document,
            kind=lambda row: row.kind,
            external_number=lambda row: (row.kind, row.external_number),
            vendor_number=lambda row: (row.kind, row.vendor_number),
            number=lambda row: (row.kind, row.number),
            status=lambda row: (row.kind, row.status),
        )
        self.document_lines: Table[records.DocumentLine] = table(
            "document_lines", records.DocumentLine, document=lambda row: row.document_id
        )
        self.journals: Table[records.Journal] = table(
            "journals",
            records.Journal,
            code=by_code,
            key=lambda row: (row.template, row.code),
        )
        self.journal_lines: Table[records.JournalLine] = table(
            "journal_lines", records.JournalLine, journal=lambda row: row.journal_id
        )
        self.posting_setups: Table[records.PostingSetup] = table(
            "posting_setups", records.PostingSetup
        )
        self.dimension_combinations: Table[records.DimensionCombination] = table(
            "dimension_combinations", records.DimensionCombination
        )
        self.attachments: Table[records.Attachment] = table(
            "attachments",
            records.Attachment,
            kind=lambda row: row.kind,
            parent=lambda row: (row.kind, row.parent_id),
        )
        self.ledger_entries: Table[records.LedgerEntry] = table(
            "ledger_entries",
            records.LedgerEntry,
            sums={"account_number": lambda row: (row.account_number, row.amount)},
            document_number=lambda row: row.document_number,
            external_document_number=lambda row: row.external_document_number,
            account_number=lambda row: row.account_number,
        )
        self.vendor_entries: Table[records.VendorEntry] = table(
            "vendor_entries",
            records.VendorEntry,
            sums={"vendor_number": lambda row: (row.vendor_number, row.local_amount)},
            external=lambda row: (
                row.document_type,
                row.external_document_number,
                row.vendor_number,
            ),
            vendor_number=lambda row: row.vendor_number,
            document_number=lambda row: row.document_number,
            external_document_number=lambda row: row.external_document_number,
        )

    @property
    def tables(self) -> dict[str, Table[Any]]:
        """All tables by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Table)}

    @property
    def name(self) -> str:
        """The company's name."""
        return next(iter(self.rows)).name

    @property
    def setup(self) -> records.LedgerSetup:
        """General Ledger Setup."""
        return next(iter(self.setups))

    @property
    def posting_setup(self) -> records.PostingSetup:
        """What only posting tells."""
        return next(iter(self.posting_setups), NO_POSTING_SETUP)

    def next_number(self, kind: str, series: str) -> str:
        """Take the next number of a document series (`draft` or `posted`)."""
        number = self.numbers.get((kind, series), 1)
        self.numbers[kind, series] = number + 1
        return str(number)

    def master_id(self, table: str, key: str) -> str:
        """A GUID for master data that is the same on every start."""
        return str(uuid.uuid5(uuid.UUID(self.id), f"{table}/{key}"))

    def defaults_of(self, parent_type: str, number: str) -> list[records.DefaultDimension]:
        """Default dimensions of a vendor, employee or G/L account."""
        return self.default_dimensions.find("parent", (parent_type, number))

    def rules_of(self, parent_type: str, number: str) -> list[records.DefaultDimension]:
        """Default dimensions of all of the type, then those of one vendor, employee or account."""
        return [*self.defaults_of(parent_type, ""), *self.defaults_of(parent_type, number)]

    def lines_of(self, document_id: str) -> list[records.DocumentLine]:
        """Lines of a document, in order."""
        lines = self.document_lines.find("document", document_id)
        return sorted(lines, key=lambda line: line.sequence)

    def journal_lines_of(self, journal_id: str) -> list[records.JournalLine]:
        """Lines of a journal, in order."""
        lines = self.journal_lines.find("journal", journal_id)
        return sorted(lines, key=lambda line: line.line_number)

    def exchange_rate(self, currency_code: str, on: date) -> tuple[Decimal, Decimal]:
        """Local amount and currency amount of the rate in force; (1, 1) for the local currency.

        Raises:
            NavError: When there is no rate on or before the date.
        """
        if not currency_code:
            return Decimal(1), Decimal(1)
        known = [
            rate
            for rate in self.exchange_rates.find("currency", currency_code)
            if rate.starting_date <= on
        ]
        if not known:
            raise NavError(
                self.quirks.exchange_rate_code,
                "There is no Currency Exchange Rate within the filter.\r\n\r\nFilters: "
                f"Currency Code: {currency_code}, Starting Date: ..{on:%m/%d/%y}",
            )
        rate = max(known, key=lambda rate: rate.starting_date)
        return rate.relational_amount, rate.amount

    def precision_of(self, currency_code: str) -> Decimal:
        """The smallest amount of a currency; hundredths for the company's own."""
        currency = self.currencies.first("code", currency_code) if currency_code else None
        return currency.rounding_precision if currency is not None else Decimal("0.01")

    def posting_is_allowed(self, on: date) -> bool:
        """Whether the date is within the posting window: the user's own, or else the company's."""
        user = self.posting_setup
        if user.user_allow_posting_from is not None or user.user_allow_posting_to is not None:
            start, end = user.user_allow_posting_from, user.user_allow_posting_to
        else:
            start, end = self.setup.allow_posting_from, self.setup.allow_posting_to
        return (start is None or start <= on) and (end is None or on <= end)


def new_id() -> str:
    """A GUID for a new row."""
    return str(uuid.uuid4())


def next_sequence(taken: Iterable[int]) -> int:
    """The line number NAV gives a line that brings none."""
    return max(taken, default=0) + 10000
