"""Pages of master data and setup: 5, 16, 17, 26, 27, 118, 119, 460, 536, 537, 540 and 560."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import records
from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.pages.model import Control, Page

if TYPE_CHECKING:
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.pages.model import Look, Read, Rows

ACCOUNT_TYPES = ("Posting", "Heading", "Total", "Begin-Total", "End-Total")
BLOCKED_VENDOR = ("", "Payment", "All")
POSTING_RULES = ("", "Code Mandatory", "Same Code", "No Code")
TABLE_IDS = {records.GL_ACCOUNT: 15, "Vendor": 23, "Employee": 5200}
LAST_SHORTCUT = 8


def _always(value: Any) -> Read:  # noqa: ANN401 - any value
    return lambda _company, _row: value


def _sorted(table: str, *keys: str) -> Rows:
    def rows(company: Company) -> list[Any]:
        return sorted(
            getattr(company, table), key=lambda row: tuple(getattr(row, key) for key in keys)
        )

    return rows


def _by(table: str, index: str) -> Look:
    def look(company: Company, value: Any) -> list[Any]:  # noqa: ANN401 - any filter value
        return list(getattr(company, table).find(index, value))

    return look


_NUMBER = Control("No.", Kind.CODE, 20, attribute="number")
_ACCOUNT_CONTROLS = (
    _NUMBER,
    Control("Name", Kind.TEXT, 50),
    Control(
        "Income/Balance",
        Kind.OPTION,
        0,
        ("Income Statement", "Balance Sheet"),
        read=lambda _company, row: (
            "Balance Sheet"
            if row.category in {"Assets", "Liabilities", "Equity"}
            else "Income Statement"
        ),
    ),
    Control("Account Type", Kind.OPTION, 0, ACCOUNT_TYPES),
    Control("Direct Posting", Kind.BOOLEAN),
    Control("Blocked", Kind.BOOLEAN),
    Control("VAT Prod. Posting Group", Kind.CODE, 10, attribute="tax_code"),
)
_ACCOUNTS = _sorted("accounts", "number")
_ACCOUNT_LOOK_UPS = {"No.": _by("accounts", "number")}

_VENDOR_CONTROLS = (
    _NUMBER,
    Control("Name", Kind.TEXT, 50),
    Control("Responsibility Center", Kind.CODE, 10, read=_always("")),
    Control("Phone No.", Kind.TEXT, 30, read=_always("")),
    Control("Contact", Kind.TEXT, 50, read=_always("")),
    Control("E-Mail", Kind.TEXT, 80, attribute="email"),
    Control("Blocked", Kind.OPTION, 0, BLOCKED_VENDOR),
    Control("Privacy Blocked", Kind.BOOLEAN, read=_always(value=False)),
    Control("Vendor Posting Group", Kind.CODE, 10, read=_always("DOMESTIC")),
    Control("Gen. Bus. Posting Group", Kind.CODE, 10, read=_always("DOMESTIC")),
    Control("Payment Terms Code", Kind.CODE, 10),
    Control("Currency Code", Kind.CODE, 10),
    Control("Prices Including VAT", Kind.BOOLEAN, attribute="prices_include_tax"),
)
_VENDORS = _sorted("vendors", "number")
_VENDOR_LOOK_UPS = {"No.": _by("vendors", "number")}


def _shortcut_code(position: int) -> Read:
    def read(_company: Company, setup: records.LedgerSetup) -> str:
        codes = setup.shortcut_dimensions
        return codes[position - 1] if position <= len(codes) else ""

    return read


_SETUP_CONTROLS = (
    Control("Primary Key", Kind.CODE, 10, read=_always(""), on_page=False),
    Control("Allow Posting From", Kind.DATE),
    Control("Allow Posting To", Kind.DATE),
    Control("LCY Code", Kind.CODE, 10, attribute="local_currency_code"),
    *(
        Control(f"Global Dimension {position} Code", Kind.CODE, 20, read=_shortcut_code(position))
        for position in (1, 2)
    ),
    *(
        Control(f"Shortcut Dimension {position} Code", Kind.CODE, 20, read=_shortcut_code(position))
        for position in range(1, LAST_SHORTCUT + 1)
    ),
)

_DIMENSION_VALUES = _sorted("dimension_values", "dimension_code", "code")
_DIMENSION_VALUE_CONTROLS = (
    Control("Dimension Code", Kind.CODE, 20),
    Control("Code", Kind.CODE, 20),
    Control("Name", Kind.TEXT, 50),
    Control(
        "Dimension Value Type",
        Kind.OPTION,
        0,
        ("Standard", *ACCOUNT_TYPES[1:]),
        attribute="value_type",
    ),
    Control("Blocked", Kind.BOOLEAN),
)
_DIMENSION_VALUE_LOOK_UPS = {"Dimension Code": _by("dimension_values", "dimension")}


def _dimension_values(object_id: int, name: str) -> Page:
    return Page(
        object_id,
        name,
        "Dimension Value",
        _DIMENSION_VALUE_CONTROLS,
        ("Dimension Code", "Code"),
        _DIMENSION_VALUES,
        look_ups=_DIMENSION_VALUE_LOOK_UPS,
    )


def _accounts(object_id: int, name: str, *, blocked_only_if: str = "") -> Page:
    controls = (
        replace(control, only_if=blocked_only_if) if control.name == "Blocked" else control
        for control in _ACCOUNT_CONTROLS
    )
    return Page(
        object_id,
        name,
        "G/L Account",
        tuple(controls),
        ("No.",),
        _ACCOUNTS,
        look_ups=_ACCOUNT_LOOK_UPS,
    )


def _vendors(object_id: int, name: str) -> Page:
    return Page(
        object_id,
        name,
        "Vendor",
        _VENDOR_CONTROLS,
        ("No.",),
        _VENDORS,
        look_ups=_VENDOR_LOOK_UPS,
    )


PAGES = (
    Page(
        5,
        "Currencies",
        "Currency",
        (
            Control("Code", Kind.CODE, 10),
            Control("Description", Kind.TEXT, 30, attribute="name"),
            Control("Amount Rounding Precision", Kind.DECIMAL, attribute="rounding_precision"),
        ),
        ("Code",),
        _sorted("currencies", "code"),
        look_ups={"Code": _by("currencies", "code")},
    ),
    _accounts(16, "Chart of Accounts", blocked_only_if="chart_of_accounts_shows_blocked"),
    _accounts(17, "G/L Account Card"),
    _vendors(26, "Vendor Card"),
    _vendors(27, "Vendor List"),
    Page(
        118,
        "General Ledger Setup",
        "General Ledger Setup",
        _SETUP_CONTROLS,
        ("Primary Key",),
        lambda company: [company.setup],
    ),
    Page(
        119,
        "User Setup",
        "User Setup",
        (
            Control("User ID", Kind.CODE, 50, read=_always("")),
            Control("Allow Posting From", Kind.DATE, read=_always(None)),
            Control("Allow Posting To", Kind.DATE, read=_always(None)),
        ),
        ("User ID",),
        lambda _company: [],
    ),
    Page(
        460,
        "Purchases & Payables Setup",
        "Purchases & Payables Setup",
        (
            Control("Primary Key", Kind.CODE, 10, read=_always(""), on_page=False),
            Control(
                "Ext. Doc. No. Mandatory",
                Kind.BOOLEAN,
                read=lambda company, _row: company.quirks.require_vendor_document_number,
            ),
            Control("Invoice Nos.", Kind.CODE, 20, read=_always("P-INV")),
            Control("Posted Invoice Nos.", Kind.CODE, 20, read=_always("P-INV+")),
            Control("Credit Memo Nos.", Kind.CODE, 20, read=_always("P-CR")),
            Control("Posted Credit Memo Nos.", Kind.CODE, 20, read=_always("P-CR+")),
        ),
        ("Primary Key",),
        lambda company: [company.setup],
    ),
    Page(
        536,
        "Dimensions",
        "Dimension",
        (
            Control("Code", Kind.CODE, 20),
            Control("Name", Kind.TEXT, 30),
            Control("Code Caption", Kind.TEXT, 80, read=lambda _company, row: f"{row.name} Code"),
            Control(
                "Filter Caption", Kind.TEXT, 80, read=lambda _company, row: f"{row.name} Filter"
            ),
            Control("Description", Kind.TEXT, 50, read=_always("")),
            Control("Blocked", Kind.BOOLEAN),
            Control("Consolidation Code", Kind.CODE, 20, read=_always("")),
        ),
        ("Code",),
        _sorted("dimensions", "code"),
        look_ups={"Code": _by("dimensions", "code")},
    ),
    _dimension_values(537, "Dimension Values"),
    _dimension_values(560, "Dimension Value List"),
    Page(
        540,
        "Default Dimensions",
        "Default Dimension",
        (
            Control(
                "Table ID",
                Kind.INTEGER,
                read=lambda _company, row: TABLE_IDS.get(row.parent_type, 0),
            ),
            Control("No.", Kind.CODE, 20, attribute="parent_number"),
            Control("Dimension Code", Kind.CODE, 20),
            Control("Dimension Value Code", Kind.CODE, 20, attribute="value_code"),
            Control("Value Posting", Kind.OPTION, 0, POSTING_RULES, attribute="posting_rule"),
        ),
        ("Table ID", "No.", "Dimension Code"),
        lambda company: sorted(
            company.default_dimensions,
            key=lambda row: (
                TABLE_IDS.get(row.parent_type, 0),
                row.parent_number,
                row.dimension_code,
            ),
        ),
    ),
)
