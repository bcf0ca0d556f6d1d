"""The services of one company: which page or codeunit serves which purpose, under which name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_dynamics_nav.errors import ConfigurationError
from target_dynamics_nav.nav.odata_v4_settings import DEFAULT_POSTING_SERVICE
from target_dynamics_nav.nav.soap_faults import lacks
from target_dynamics_nav.nav.soap_pages import SoapCodeunit, SoapPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_dynamics_nav.nav.port import Company
    from target_dynamics_nav.nav.soap_http import SoapHttp, SoapService

INVOICE_KEY = "Vendor_Invoice_No"
CREDIT_MEMO_KEY = "Vendor_Cr_Memo_No"
POSTS_DOCUMENTS = ("PostPurchaseInvoice", "PostPurchaseCreditMemo")
POSTS_JOURNALS = ("PostGenJnlBatch", "CreateGenJnlBatch", "DeleteGenJnlBatch")
SETS_DIMENSIONS = "SetDimension"
SHOWS_DIMENSIONS = ("GetDraftDimensions", "GetPostedDimensions")
SHOWS_LEDGER_DIMENSIONS = "GetLedgerDimensions"
_DRAFT = ("Key", "No", "Buy_from_Vendor_No", "Posting_Date", "Document_Date", "Currency_Code")
_POSTED = ("No", "Buy_from_Vendor_No", "Posting_Date", "Currency_Code")
_CREATE = ("Read", "ReadMultiple", "Create", "Update", "Delete")


@dataclass(frozen=True)
class PageSpec:
    """What is needed of the page for one purpose.

    Attributes:
        page: NAV's page, as a person finds it.
        names: Its usual service names, best first.
        fields: Fields that it has to have.
        operations: What it has to allow.
        without: What a run does without when it is not published; "" when a run needs it.
    """

    page: str
    names: tuple[str, ...]
    fields: tuple[str, ...]
    operations: tuple[str, ...] = ("ReadMultiple",)
    without: str = ""


PAGES: dict[str, PageSpec] = {
    "general_ledger_setup": PageSpec(
        "page 118 General Ledger Setup",
        ("General_Ledger_Setup", "GL_Setup"),
        ("LCY_Code", "Allow_Posting_From", "Allow_Posting_To"),
    ),
    "accounts": PageSpec(
        "page 17 G/L Account Card",
        ("G_L_Account_Card", "GL_Account_Card", "GLAccountCard", "Chart_of_Accounts"),
        ("No", "Name", "Account_Type"),
    ),
    "vendors": PageSpec(
        "page 27 Vendor List", ("Vendor_List", "Vendor_Card", "Vendor"), ("No", "Name", "Blocked")
    ),
    "dimensions": PageSpec("page 536 Dimensions", ("Dimensions",), ("Code",)),
    "dimension_values": PageSpec(
        "page 560 Dimension Value List",
        ("Dimension_Value_List", "Dimension_Values"),
        ("Dimension_Code", "Code", "Name"),
    ),
    "purchase_invoices": PageSpec(
        "page 51 Purchase Invoice",
        ("Purchase_Invoice", "PurchaseInvoice"),
        (*_DRAFT, INVOICE_KEY),
        _CREATE,
    ),
    "posted_purchase_invoices": PageSpec(
        "page 138 Posted Purchase Invoice",
        ("Posted_Purchase_Invoice", "PostedPurchaseInvoice"),
        (*_POSTED, INVOICE_KEY),
        ("Read", "ReadMultiple"),
    ),
    "posted_purchase_invoice_totals": PageSpec(
        "page 146 Posted Purchase Invoices",
        ("Posted_Purchase_Invoices", "PostedPurchaseInvoices"),
        ("No", "Amount_Including_VAT"),
    ),
    "purchase_credit_memos": PageSpec(
        "page 52 Purchase Credit Memo",
        ("Purchase_Credit_Memo", "PurchaseCreditMemo"),
        (*_DRAFT, CREDIT_MEMO_KEY),
        _CREATE,
        without="credit memos",
    ),
    "posted_purchase_credit_memos": PageSpec(
        "page 140 Posted Purchase Credit Memo",
        ("Posted_Purchase_Credit_Memo", "PostedPurchaseCreditMemo"),
        (*_POSTED, CREDIT_MEMO_KEY),
        ("Read", "ReadMultiple"),
        without="credit memos",
    ),
    "posted_purchase_credit_memo_totals": PageSpec(
        "page 147 Posted Purchase Credit Memos",
        ("Posted_Purchase_Credit_Memos", "PostedPurchaseCreditMemos"),
        ("No", "Amount_Including_VAT"),
        without="credit memos",
    ),
    "currencies": PageSpec(
        "page 5 Currencies",
        ("Currencies",),
        ("Code",),
        without="knowing in advance whether there is a currency",
    ),
    "exchange_rates": PageSpec(
        "page 483 Currency Exchange Rates",
        ("Currency_Exchange_Rates",),
        ("Currency_Code", "Starting_Date"),
        without="knowing in advance whether there is an exchange rate",
    ),
    "bank_accounts": PageSpec(
        "page 371 Bank Account List",
        ("Bank_Account_List",),
        ("No",),
        without="knowing in advance whether a bank account exists",
    ),
    "general_journal": PageSpec(
        "page 39 General Journal",
        ("General_Journal",),
        ("Key", "Posting_Date", "Document_No", "Account_Type", "Account_No", "Amount"),
        ("ReadMultiple", "CreateMultiple"),
        without="journals",
    ),
    "general_journal_batches": PageSpec(
        "page 251 General Journal Batches",
        ("General_Journal_Batches",),
        ("Name",),
        without="journals",
    ),
    "general_ledger_entries": PageSpec(
        "page 20 General Ledger Entries",
        ("General_Ledger_Entries",),
        ("Entry_No", "Posting_Date", "Document_Type", "Document_No", "G_L_Account_No", "Amount"),
        without="journals",
    ),
}
CREDIT_MEMO_PAGES = tuple(name for name, spec in PAGES.items() if spec.without == "credit memos")
JOURNAL_PAGES = tuple(name for name, spec in PAGES.items() if spec.without == "journals")


class CompanyServices:
    """Services of one company, looked up when they are first needed."""

    def __init__(
        self,
        http: SoapHttp,
        company: Company,
        named: Mapping[str, str],
        posting_service: str = DEFAULT_POSTING_SERVICE,
    ) -> None:
        """Look nothing up yet.

        Args:
            http: Calls the server.
            company: Whose services they are.
            named: The setting `services`, {purpose: service name}.
            posting_service: Service name of the codeunit that posts.
        """
        self._http = http
        self._company = company
        self._named = named
        self._posting_service = posting_service
        self._pages: dict[str, SoapPage | None] = {}
        self._codeunit: list[SoapCodeunit | None] = []

    def page(self, purpose: str) -> SoapPage:
        """The page for a purpose.

        Raises:
            ConfigurationError: It is not published, or something else is under its name.
        """
        found = self.optional(purpose)
        if found is None:
            spec = PAGES[purpose]
            name = self._named.get(purpose, spec.names[0])
            raise ConfigurationError(
                f"NAV's {spec.page} is not published as a web service"
                + (f" under the name {name}." if purpose in self._named else "."),
                code="service_not_published",
                hint=f"On NAV's page Web Services, publish {spec.page} as {name}, or set services.{purpose} to the "
                "name it is published under.",
                field="services",
                value=purpose,
            )
        return found

    def optional(self, purpose: str) -> SoapPage | None:
        """The page for a purpose, None where it is not published.

        Raises:
            ConfigurationError: Something else is published under its name.
        """
        if purpose not in self._pages:
            spec = PAGES[purpose]
            service = self._first(
                "Page", (self._named[purpose],) if purpose in self._named else spec.names
            )
            page = None if service is None else SoapPage(self._http, service, spec.fields)
            if page is not None:
                page.need_to(*spec.operations)
            self._pages[purpose] = page
        return self._pages[purpose]

    def codeunit(self) -> SoapCodeunit | None:
        """The codeunit that posts, None where it is not published."""
        if not self._codeunit:
            service = self._published("Codeunit", self._posting_service)
            self._codeunit.append(None if service is None else SoapCodeunit(self._http, service))
        return self._codeunit[0]

    def posting(self, *functions: str) -> SoapCodeunit:
        """The codeunit with these functions.

        Raises:
            ConfigurationError: It is not published, or lacks one of them.
        """
        codeunit = self.codeunit()
        if codeunit is None:
            raise ConfigurationError(
                f"NAV has no web service {self._posting_service}.",
                code="posting_not_published",
                hint="Import the codeunit Expense Posting that comes with this program, and publish it as "
                f"{self._posting_service}.",
                field="posting_service",
                value=self._posting_service,
            )
        missing = [function for function in functions if not codeunit.has(function)]
        if missing:
            raise lacks(f"Codeunit/{self._posting_service}", missing, "function")
        return codeunit

    def has(self, *functions: str) -> bool:
        """Whether the codeunit is published and has these functions."""
        codeunit = self.codeunit()
        return codeunit is not None and codeunit.has(*functions)

    def takes_credit_memos(self) -> bool:
        """Whether credit memos can be written, and found again when they are posted."""
        return all(self.optional(purpose) is not None for purpose in CREDIT_MEMO_PAGES)

    def takes_journals(self) -> bool:
        """Whether journals can be written, each in a batch of its own, and found again."""
        return self.has(*POSTS_JOURNALS) and all(
            self.optional(purpose) is not None for purpose in JOURNAL_PAGES
        )

    def _first(self, kind: str, names: tuple[str, ...]) -> SoapService | None:
        """The first of these services that is published."""
        return next(filter(None, (self._published(kind, name) for name in names)), None)

    def _published(self, kind: str, name: str) -> SoapService | None:
        try:
            return self._http.service(self._company.name, kind, name)
        except ConfigurationError as error:
            if error.code != "service_not_published":
                raise
            return None
