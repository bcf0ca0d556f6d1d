"""Entity types of documents, journals and ledgers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import records
from expense_sandbox.nav.edm import EntityType, Kind, Navigation
from expense_sandbox.nav.fields import (
    ID,
    MODIFIED,
    code,
    constant,
    day,
    enum,
    flag,
    guid,
    loose,
    number,
    text,
    whole,
)
from expense_sandbox.nav.model_attachments import ATTACHMENTS, FILES
from expense_sandbox.nav.model_master import CURRENCY_CODE, CURRENCY_ID, terms_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import Property, Read

DIMENSION_SET = Navigation("dimensionSetLines", "dimensionSetLines")
DISCOUNT_BEFORE_TAX = constant("discountAppliedBeforeTax", Kind.BOOLEAN, value=True)


def _vendor_id(attribute: str) -> Read:
    def read(company: Company, row: records.Document) -> str:
        vendor = company.vendors.first("number", getattr(row, attribute))
        return vendor.id if vendor is not None else ""

    return read


def _account_id(attribute: str) -> Read:
    def read(company: Company, row: Any) -> str:  # noqa: ANN401 - lines, journals, entries
        account = company.accounts.first("number", getattr(row, attribute))
        return account.id if account is not None else ""

    return read


def _shortcut(position: int) -> Read:
    def read(company: Company, row: records.Document) -> str:
        codes = company.setup.shortcut_dimensions
        return row.dimensions.get(codes[position], "") if position < len(codes) else ""

    return read


def _address(prefix: str, *, write: bool) -> Iterator[Property]:
    parts = (
        ("AddressLine1", 100, Kind.TEXT),
        ("AddressLine2", 50, Kind.TEXT),
        ("City", 30, Kind.TEXT),
        ("Country", 10, Kind.CODE),
        ("State", 30, Kind.TEXT),
        ("PostCode", 20, Kind.CODE),
    )
    for suffix, length, kind in parts:
        name = f"{prefix}{suffix}"
        yield loose(name, length, kind=kind) if write else constant(name, kind, "")


_SHORTCUTS = (
    code("shortcutDimension1Code", 20, write=True, read=_shortcut(0)),
    code("shortcutDimension2Code", 20, write=True, read=_shortcut(1)),
)
_VENDOR = (
    guid("vendorId", write=True, read=_vendor_id("vendor_number")),
    code("vendorNumber", 20, write=True),
    text("vendorName", 100),
)
_PAY_TO = (
    guid("payToVendorId", write=True, read=_vendor_id("pay_to_vendor_number")),
    code("payToVendorNumber", 20, write=True),
)
_TOTALS = (
    number("discountAmount", write=True),
    DISCOUNT_BEFORE_TAX,
    number("totalAmountExcludingTax", attribute="total_excluding_tax"),
    number("totalTaxAmount", attribute="total_tax"),
    number("totalAmountIncludingTax", attribute="total_including_tax"),
)

PURCHASE_INVOICE = EntityType(
    "purchaseInvoice",
    "purchaseInvoices",
    (
        ID,
        code("number", 20),
        day("postingDate", write=True),
        day("invoiceDate", write=True, attribute="document_date"),
        day("dueDate", write=True),
        code("vendorInvoiceNumber", 35, write=True, attribute="external_number"),
        *_VENDOR,
        text("payToName", 100),
        constant("payToContact", Kind.TEXT, ""),
        *_PAY_TO,
        loose("shipToName", 100),
        loose("shipToContact", 100),
        *_address("shipTo", write=True),
        *_address("buyFrom", write=True),
        *_address("payTo", write=False),
        *_SHORTCUTS,
        CURRENCY_ID,
        CURRENCY_CODE,
        constant("orderId", Kind.GUID, ""),
        constant("orderNumber", Kind.CODE, ""),
        code("purchaser", 20, write=True),
        flag("pricesIncludeTax", write=True),
        *_TOTALS,
        enum("status", ("", "Draft", "In Review", "Open", "Paid", "Canceled", "Corrective")),
        MODIFIED,
    ),
    (DIMENSION_SET, Navigation("purchaseInvoiceLines", "purchaseInvoiceLines"), *FILES),
)

PURCHASE_CREDIT_MEMO = EntityType(
    "purchaseCreditMemo",
    "purchaseCreditMemos",
    (
        ID,
        code("number", 20),
        day("creditMemoDate", write=True, attribute="document_date"),
        day("postingDate", write=True),
        day("dueDate", write=True),
        *_VENDOR,
        code("vendorCreditMemoNumber", 35, write=True, attribute="external_number"),
        *_PAY_TO,
        text("payToName", 100),
        *_address("buyFrom", write=True),
        *_address("payTo", write=False),
        *_SHORTCUTS,
        CURRENCY_ID,
        CURRENCY_CODE,
        guid("paymentTermsId", write=True, read=terms_id),
        constant("shipmentMethodId", Kind.GUID, ""),
        code("purchaser", 20, write=True),
        flag("pricesIncludeTax", write=True),
        *_TOTALS,
        enum("status", ("Draft", "In Review", "Open", "Canceled", "Corrective", "Paid")),
        MODIFIED,
        constant("invoiceId", Kind.GUID, ""),
        code("invoiceNumber", 20, attribute="applies_to_number"),
        constant("vendorReturnReasonId", Kind.GUID, ""),
    ),
    (DIMENSION_SET, Navigation("purchaseCreditMemoLines", "purchaseCreditMemoLines"), *FILES),
)

_LINE_TYPES = (
    "Comment",
    "Account",
    "Item",
    "Resource",
    "Fixed Asset",
    "Charge",
    "Allocation Account",
)


def _line_type(name: str, *, invoice: bool) -> EntityType:
    properties: tuple[Property | None, ...] = (
        ID,
        guid("documentId", write=True),
        whole("sequence", write=True),
        guid("itemId", write=True, read=lambda _company, _row: ""),
        guid("accountId", write=True, read=_account_id("account_number")),
        enum("lineType", _LINE_TYPES, write=True),
        code("lineObjectNumber", 20, write=True, attribute="account_number"),
        text("description", 100, write=True),
        text("description2", 50, write=True) if invoice else None,
        guid("unitOfMeasureId", write=True, read=lambda _company, _row: ""),
        code("unitOfMeasureCode", 10, write=True, read=lambda _company, _row: ""),
        number("unitCost", write=True),
        number("quantity", write=True),
        number("discountAmount", write=True),
        number("discountPercent", write=True),
        DISCOUNT_BEFORE_TAX,
        number("amountExcludingTax"),
        code("taxCode", 20, write=True),
        number("taxPercent"),
        number("totalTaxAmount", attribute="tax_amount"),
        number("amountIncludingTax"),
        constant("invoiceDiscountAllocation", Kind.DECIMAL, 0),
        number("netAmount", attribute="amount_excluding_tax"),
        number("netTaxAmount", attribute="tax_amount"),
        number("netAmountIncludingTax", attribute="amount_including_tax"),
        day("expectedReceiptDate", write=True) if invoice else None,
        constant("itemVariantId", Kind.GUID, ""),
        constant("locationId", Kind.GUID, ""),
    )
    return EntityType(
        name,
        f"{name}s",
        tuple(item for item in properties if item is not None),
        (DIMENSION_SET,),
    )


PURCHASE_INVOICE_LINE = _line_type("purchaseInvoiceLine", invoice=True)
PURCHASE_CREDIT_MEMO_LINE = _line_type("purchaseCreditMemoLine", invoice=False)

_PARENT_TYPES = (
    "",
    "Journal Line",
    "Purchase Invoice",
    "Purchase Invoice Line",
    "Purchase Credit Memo",
    "Purchase Credit Memo Line",
    "General Ledger Entry",
)

DIMENSION_SET_LINE = EntityType(
    "dimensionSetLine",
    "dimensionSetLines",
    (
        guid("id", write=True),
        code("code", 20, write=True),
        constant("consolidationCode", Kind.CODE, ""),
        guid("parentId"),
        enum("parentType", _PARENT_TYPES),
        text("displayName", 30),
        guid("valueId", write=True),
        code("valueCode", 20, write=True),
        constant("valueConsolidationCode", Kind.CODE, ""),
        text("valueDisplayName", 50),
    ),
)

JOURNAL = EntityType(
    "journal",
    "journals",
    (
        ID,
        code("code", 10, write=True),
        text("displayName", 100, write=True),
        code("templateDisplayName", 10, write=True, attribute="template"),
        MODIFIED,
        guid("balancingAccountId", write=True, read=_account_id("balancing_account_number")),
        code("balancingAccountNumber", 20),
    ),
    (Navigation("journalLines", "journalLines"),),
)

_ACCOUNT_TYPES = (
    records.GL_ACCOUNT,
    "Customer",
    "Vendor",
    "Bank Account",
    "Fixed Asset",
    "IC Partner",
    "Employee",
    "Allocation Account",
)


def _journal_code(company: Company, row: records.JournalLine) -> str:
    journal = company.journals.get(row.journal_id)
    return journal.code if journal is not None else ""


JOURNAL_LINE = EntityType(
    "journalLine",
    "journalLines",
    (
        ID,
        guid("journalId", write=True),
        code("journalDisplayName", 10, write=True, read=_journal_code),
        whole("lineNumber", write=True),
        enum("accountType", _ACCOUNT_TYPES, write=True),
        guid("accountId", write=True, read=_account_id("account_number")),
        code("accountNumber", 20, write=True),
        day("postingDate", write=True),
        code("documentNumber", 20, write=True),
        code("externalDocumentNumber", 35, write=True),
        number("amount", write=True),
        text("description", 100, write=True),
        text("comment", 250, write=True),
        code("taxCode", 20, write=True),
        enum("balanceAccountType", _ACCOUNT_TYPES, write=True),
        guid("balancingAccountId", write=True, read=_account_id("balancing_account_number")),
        code("balancingAccountNumber", 20, write=True),
        MODIFIED,
    ),
    (ATTACHMENTS, DIMENSION_SET),
)

_ENTRY_TYPES = (
    "",
    "Payment",
    "Invoice",
    "Credit Memo",
    "Finance Charge Memo",
    "Reminder",
    "Refund",
)
_DEBIT = number("debitAmount", read=lambda _company, row: max(row.amount, 0))
_CREDIT = number("creditAmount", read=lambda _company, row: max(-row.amount, 0))
_ENTRY_TYPE = enum(
    "documentType", _ENTRY_TYPES, read=lambda _company, row: row.document_type.strip()
)

LEDGER_ENTRY = EntityType(
    "generalLedgerEntry",
    "generalLedgerEntries",
    (
        ID,
        whole("entryNumber"),
        day("postingDate"),
        code("documentNumber", 20),
        _ENTRY_TYPE,
        guid("accountId", read=_account_id("account_number")),
        code("accountNumber", 20),
        text("description", 100),
        _DEBIT,
        _CREDIT,
        constant("additionalCurrencyDebitAmount", Kind.DECIMAL, 0),
        constant("additionalCurrencyCreditAmount", Kind.DECIMAL, 0),
        MODIFIED,
    ),
    (ATTACHMENTS, DIMENSION_SET),
)

REPORTS_DIMENSION_VALUE = EntityType(
    "dimensionValue",
    "dimensionValues",
    (
        ID,
        code("dimensionCode", 20),
        code("dimensionValueCode", 20, attribute="code"),
        text("dimensionValueName", 50, attribute="name"),
        whole("dimensionValueId", attribute="value_number"),
        text("dimensionValueType", attribute="value_type"),
        flag("blocked"),
        constant("indentation", Kind.INTEGER, 0),
        constant("consolidationCode", Kind.CODE, ""),
        constant("globalDimensionNumber", Kind.INTEGER, 0),
        MODIFIED,
    ),
)

REPORTS_VENDOR_ENTRY = EntityType(
    "vendorLedgerEntry",
    "vendorLedgerEntries",
    (
        ID,
        whole("entryNumber"),
        _ENTRY_TYPE,
        text("description", 100),
        day("postingDate"),
        code("documentNumber", 20),
        code("externalDocumentNumber", 35),
        constant("balancingAccountNumber", Kind.CODE, ""),
        constant("balancingAccountType", Kind.OPTION, records.GL_ACCOUNT),
        code("vendorNumber", 20),
        flag("open"),
        number("amount"),
        _DEBIT,
        _CREDIT,
        number("amountLocalCurrency", attribute="local_amount"),
        constant("dimensionSetID", Kind.INTEGER, 0),
        code("currencyCode", 10),
        MODIFIED,
    ),
)

REPORTS_LEDGER_ENTRY = EntityType(
    "generalLedgerEntry",
    "generalLedgerEntries",
    (
        ID,
        whole("entryNumber"),
        day("postingDate"),
        code("documentNumber", 20),
        _ENTRY_TYPE,
        code("accountNumber", 20),
        text("description", 100),
        code("externalDocumentNumber", 35),
        number("amount"),
        _DEBIT,
        _CREDIT,
        constant("reveresd", Kind.BOOLEAN, value=False),  # misspelt by NAV
        MODIFIED,
    ),
)
