"""Which of a server's published pages serve which purpose, and what they have to have. Pure.

A service is found by the name in the setting `services`, or by the page's usual name in any spelling
(`Purchase_Invoice`, `PurchaseInvoice`); nothing is taken that does not have the fields that are needed of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.odata_v4_metadata import Metadata, Page

KEY_FIELD_INVOICE = "Vendor_Invoice_No"
KEY_FIELD_CREDIT_MEMO = "Vendor_Cr_Memo_No"
LINE_FIELDS = (
    "Document_Type", "Document_No", "Line_No", "Type", "No", "Description", "Quantity",
    "Direct_Unit_Cost", "Line_Amount", "Total_Amount_Incl_VAT",
)  # fmt: skip
POSTED_LINE_FIELDS = ("Document_No", "Line_No", "Type", "No", "Line_Amount")
_HEADER_FIELDS = ("Document_Type", "No", "Buy_from_Vendor_No", "Posting_Date", "Document_Date")
_JOURNAL_FIELDS = (
    "Journal_Template_Name", "Journal_Batch_Name", "Line_No", "Posting_Date", "Document_No",
    "Account_Type", "Account_No", "Amount", "Bal_Account_No",
)  # fmt: skip
_POSTED_FIELDS = ("No", "Buy_from_Vendor_No", "Posting_Date", "Currency_Code")


@dataclass(frozen=True)
class ServiceSpec:
    """What is needed of the page for one purpose.

    Attributes:
        purpose: Name in the setting `services`.
        pages: NAV pages that will do, best first, as a person publishes them.
        names: Their usual service names.
        fields: Fields that it has to have.
        line_fields: Fields that its lines have to have; empty for pages without lines.
        better_with: Fields that let more be checked before anything is written.
        without: What a run does without when the service is not published; "" when a run needs it.
    """

    purpose: str
    pages: str
    names: tuple[str, ...]
    fields: tuple[str, ...]
    line_fields: tuple[str, ...] = ()
    better_with: tuple[str, ...] = ()
    without: str = ""


SPECS: tuple[ServiceSpec, ...] = (
    ServiceSpec(
        "general_ledger_setup",
        "page 118 General Ledger Setup",
        ("General_Ledger_Setup", "GL_Setup", "G_L_Setup"),
        ("LCY_Code", "Allow_Posting_From", "Allow_Posting_To", "Global_Dimension_1_Code"),
    ),
    ServiceSpec(
        "accounts",
        "page 17 G/L Account Card (page 16 Chart of Accounts does not tell which are blocked)",
        ("G_L_Account_Card", "GL_Accounts", "Chart_of_Accounts", "G_L_Account_List"),
        ("No", "Name", "Account_Type"),
        better_with=("Blocked", "Direct_Posting"),
    ),
    ServiceSpec(
        "vendors",
        "page 27 Vendor List",
        ("Vendor_List", "Vendors", "Vendor_Card", "Vendor"),
        ("No", "Name", "Blocked"),
    ),
    ServiceSpec("dimensions", "page 536 Dimensions", ("Dimensions",), ("Code",)),
    ServiceSpec(
        "dimension_values",
        "page 560 Dimension Value List",
        ("Dimension_Value_List", "Dimension_Values"),
        ("Dimension_Code", "Code", "Name"),
        better_with=("Blocked", "Dimension_Value_Type"),
    ),
    ServiceSpec(
        "purchase_invoices",
        "page 51 Purchase Invoice",
        ("Purchase_Invoice",),
        (*_HEADER_FIELDS, KEY_FIELD_INVOICE),
        LINE_FIELDS,
    ),
    ServiceSpec(
        "posted_purchase_invoices",
        "page 138 Posted Purchase Invoice",
        ("Posted_Purchase_Invoice",),
        (*_POSTED_FIELDS, KEY_FIELD_INVOICE),
        POSTED_LINE_FIELDS,
    ),
    ServiceSpec(
        "posted_purchase_invoice_totals",
        "page 146 Posted Purchase Invoices",
        ("Posted_Purchase_Invoices",),
        ("No", "Amount_Including_VAT"),
    ),
    ServiceSpec(
        "purchase_credit_memos",
        "page 52 Purchase Credit Memo",
        ("Purchase_Credit_Memo",),
        (*_HEADER_FIELDS, KEY_FIELD_CREDIT_MEMO),
        LINE_FIELDS,
        without="credit memos",
    ),
    ServiceSpec(
        "posted_purchase_credit_memos",
        "page 140 Posted Purchase Credit Memo",
        ("Posted_Purchase_Credit_Memo",),
        (*_POSTED_FIELDS, KEY_FIELD_CREDIT_MEMO),
        POSTED_LINE_FIELDS,
        without="credit memos",
    ),
    ServiceSpec(
        "posted_purchase_credit_memo_totals",
        "page 147 Posted Purchase Credit Memos",
        ("Posted_Purchase_Credit_Memos",),
        ("No", "Amount_Including_VAT"),
        without="credit memos",
    ),
    ServiceSpec(
        "general_journal",
        "page 39 General Journal",
        ("General_Journal",),
        (
            "Journal_Template_Name",
            "Journal_Batch_Name",
            "Line_No",
            "Posting_Date",
            "Document_No",
            "Account_Type",
            "Account_No",
            "Amount",
            "Bal_Account_No",
        ),
        without="journals",
    ),
    ServiceSpec(
        "general_journal_batches",
        "page 251 General Journal Batches",
        ("General_Journal_Batches",),
        ("Journal_Template_Name", "Name"),
        without="journals",
    ),
    ServiceSpec(
        "general_ledger_entries",
        "page 20 General Ledger Entries",
        ("General_Ledger_Entries", "G_L_Entries"),
        ("Entry_No", "Posting_Date", "Document_Type", "Document_No", "G_L_Account_No", "Amount"),
        without="journals",
    ),
    ServiceSpec(
        "user_setup",
        "page 119 User Setup",
        ("User_Setup",),
        ("User_ID", "Allow_Posting_From", "Allow_Posting_To"),
        without="knowing the user's own posting dates in advance (NAV refuses what lies outside)",
    ),
    ServiceSpec(
        "currencies",
        "page 5 Currencies",
        ("Currencies",),
        ("Code",),
        without="checking currencies in advance (NAV refuses unknown ones)",
    ),
    ServiceSpec(
        "exchange_rates",
        "page 483 Currency Exchange Rates",
        ("Currency_Exchange_Rates",),
        ("Currency_Code", "Starting_Date"),
        without="checking exchange rates in advance (NAV refuses where one is missing)",
    ),
    ServiceSpec(
        "bank_accounts",
        "page 371 Bank Account List",
        ("Bank_Account_List",),
        ("No",),
        without="checking bank accounts in advance (NAV refuses unknown ones)",
    ),
)
SPEC_BY_PURPOSE = {spec.purpose: spec for spec in SPECS}


@dataclass(frozen=True)
class Shortage:
    """Why a purpose is not served: nothing published, or fields that are not there."""

    spec: ServiceSpec
    service: str | None
    fields: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What is missing, one plain sentence."""
        purpose = self.spec.purpose.replace("_", " ")
        if self.service is None:
            return f"No page for {purpose} is published."
        if not self.fields:
            return f"The published page {self.service} has no lines that could be read."
        return f"The published page {self.service} lacks {', '.join(self.fields)}."

    @property
    def hint(self) -> str:
        """What to publish."""
        return (
            f"On NAV's page Web Services, publish {self.spec.pages} as {self.spec.names[0]}, or set services."
            f"{self.spec.purpose} to the name it is published under."
        )


@dataclass(frozen=True)
class Services:
    """The pages of one server by purpose."""

    pages: Mapping[str, Page]
    lines: Mapping[str, Page]
    shortages: tuple[Shortage, ...]

    def has(self, *purposes: str) -> bool:
        """Whether all of these are served."""
        return all(purpose in self.pages for purpose in purposes)

    @property
    def journals(self) -> bool:
        """Whether journals can be written, and read after they are posted."""
        return self.has("general_journal", "general_journal_batches", "general_ledger_entries")

    @property
    def credit_memos(self) -> bool:
        """Whether credit memos can be written, and read after they are posted."""
        return self.has(
            "purchase_credit_memos",
            "posted_purchase_credit_memos",
            "posted_purchase_credit_memo_totals",
        )

    def require(self) -> None:
        """Raise ConfigurationError when something is missing that every run needs."""
        missing = [shortage for shortage in self.shortages if not shortage.spec.without]
        if missing:
            raise ConfigurationError(
                " ".join(shortage.message for shortage in missing),
                code="service_not_published",
                hint=" ".join(shortage.hint for shortage in missing),
                field="services",
                value=", ".join(shortage.spec.purpose for shortage in missing),
            )


def resolve_services(metadata: Metadata, named: Mapping[str, str]) -> Services:
    """Find the pages for every purpose.

    Args:
        metadata: What the server publishes.
        named: The setting `services`: {purpose: service name}.

    Raises:
        ConfigurationError: The setting names a purpose that does not exist.
    """
    unknown = sorted(set(named) - set(SPEC_BY_PURPOSE))
    if unknown:
        raise ConfigurationError(
            f"services has no purpose {unknown[0]!r}; there are: {', '.join(SPEC_BY_PURPOSE)}.",
            code="setting_wrong",
            hint="Correct the setting services.",
            field="services",
            value=unknown[0],
        )
    pages: dict[str, Page] = {}
    lines: dict[str, Page] = {}
    shortages: list[Shortage] = []
    for spec in SPECS:
        page = _find(metadata, (named[spec.purpose],) if spec.purpose in named else spec.names)
        if page is None:
            shortages.append(Shortage(spec, None))
            continue
        missing = tuple(name for name in spec.fields if not page.has(name))
        part = metadata.lines_of(page) if spec.line_fields else None
        if part is not None:
            missing += tuple(name for name in spec.line_fields if not part.has(name))
        if missing or (spec.line_fields and part is None):
            shortages.append(Shortage(spec, page.entity_set, missing))
            continue
        pages[spec.purpose] = page
        if part is not None:
            lines[spec.purpose] = part
    return Services(pages, lines, tuple(shortages))


def _find(metadata: Metadata, names: tuple[str, ...]) -> Page | None:
    by_spelling: dict[str, Page] = {}
    for name, page in metadata.pages.items():
        by_spelling.setdefault(_plain(name), page)
    for name in names:
        found = metadata.pages.get(name) or by_spelling.get(_plain(name))
        if found is not None:
            return found
    return None


def _plain(name: str) -> str:
    """A service name without what people spell differently."""
    return re.sub(r"[^0-9a-z]", "", name.lower())
