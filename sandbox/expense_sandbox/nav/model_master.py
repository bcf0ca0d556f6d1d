"""Entity types of master data, with lengths and enums as NAV's tables have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.edm import EntityType, Kind, Navigation, Property
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

if TYPE_CHECKING:
    from decimal import Decimal

    from expense_sandbox.nav import records
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.edm import Read

LOCAL = ""


def _modified(name: str) -> Property:
    return Property(name, Kind.DATETIME, attribute="modified_at")


def _currency_id(company: Company, row: Any) -> str:  # noqa: ANN401 - any row with a currency
    currency = company.currencies.first("code", row.currency_code)
    return currency.id if currency is not None else ""


def shown_currency(company: Company, row: Any) -> str:  # noqa: ANN401 - any row with a currency
    """A row's currency code as the API shows it: the company's own has its code, not blank."""
    return row.currency_code or company.setup.local_currency_code


def terms_id(company: Company, row: Any) -> str:  # noqa: ANN401 - vendors and documents
    """The id of a row's payment terms."""
    terms = company.payment_terms.first("code", row.payment_terms_code)
    return terms.id if terms is not None else ""


def _balance(company: Company, row: records.Vendor) -> Decimal:
    return -company.vendor_entries.total("vendor_number", row.number)


def _net_change(company: Company, row: records.Account) -> Decimal:
    return company.ledger_entries.total("account_number", row.number)


def _shortcut(position: int) -> Read:
    def read(_company: Company, row: records.LedgerSetup) -> str:
        codes = row.shortcut_dimensions
        return codes[position] if position < len(codes) else ""

    return read


CURRENCY_ID = guid("currencyId", write=True, read=_currency_id)
CURRENCY_CODE = code("currencyCode", 10, write=True, read=shown_currency)

COMPANY = EntityType(
    "company",
    "companies",
    (
        ID,
        constant("systemVersion", Kind.TEXT, "29.0.12345.0"),
        whole("timestamp"),
        text("name", 30),
        text("displayName", 250),
        constant("businessProfileId", Kind.TEXT, ""),
        _modified("systemCreatedAt"),
        constant("systemCreatedBy", Kind.GUID, ""),
        _modified("systemModifiedAt"),
        constant("systemModifiedBy", Kind.GUID, ""),
    ),
    has_etag=False,
)

LEDGER_SETUP = EntityType(
    "generalLedgerSetup",
    "generalLedgerSetup",
    (
        ID,
        day("allowPostingFrom"),
        day("allowPostingTo"),
        constant("additionalReportingCurrency", Kind.CODE, ""),
        code("localCurrencyCode", 10),
        constant("localCurrencySymbol", Kind.TEXT, ""),
        MODIFIED,
        constant("allowQueryFromConsolidation", Kind.BOOLEAN, value=False),
        *(
            code(f"shortcutDimension{position + 1}Code", 20, read=_shortcut(position))
            for position in range(8)
        ),
    ),
)

ACCOUNT = EntityType(
    "account",
    "accounts",
    (
        ID,
        code("number", 20),
        text("displayName", 100, attribute="name"),
        enum(
            "category",
            ("", "Assets", "Liabilities", "Equity", "Income", "Cost of Goods Sold", "Expense"),
        ),
        constant("subCategory", Kind.TEXT, ""),
        flag("blocked"),
        enum("accountType", ("Posting", "Heading", "Total", "Begin-Total", "End-Total")),
        flag("directPosting"),
        number("netChange", read=_net_change),
        constant("consolidationTranslationMethod", Kind.OPTION, "Average Rate (Manual)"),
        constant("consolidationDebitAccount", Kind.CODE, ""),
        constant("consolidationCreditAccount", Kind.CODE, ""),
        constant("excludeFromConsolidation", Kind.BOOLEAN, value=False),
        MODIFIED,
    ),
)

_ADDRESS = (
    loose("addressLine1", 100),
    loose("addressLine2", 50),
    loose("city", 30),
    loose("state", 30),
    loose("country", 10, kind=Kind.CODE),
    loose("postalCode", 20, kind=Kind.CODE),
    loose("phoneNumber", 30),
)

VENDOR = EntityType(
    "vendor",
    "vendors",
    (
        ID,
        code("number", 20, write=True),
        text("displayName", 100, write=True, attribute="name"),
        *_ADDRESS,
        text("email", 80, write=True),
        loose("website", 255),
        loose("taxRegistrationNumber", 20),
        CURRENCY_ID,
        CURRENCY_CODE,
        loose("irs1099Code", 10, kind=Kind.CODE),
        guid("paymentTermsId", write=True, read=terms_id),
        constant("paymentMethodId", Kind.GUID, ""),
        flag("taxLiable", write=True),
        enum("blocked", ("", "Payment", "All"), write=True),
        number("balance", read=_balance),
        MODIFIED,
    ),
    (Navigation("defaultDimensions", "defaultDimensions"),),
)

EMPLOYEE = EntityType(
    "employee",
    "employees",
    (
        ID,
        code("number", 20, write=True),
        text("displayName"),
        text("givenName", 30, write=True),
        loose("middleName", 30),
        text("surname", 30, write=True),
        loose("jobTitle", 30),
        *_ADDRESS,
        loose("mobilePhone", 30),
        text("email", 80, write=True),
        loose("personalEmail", 80),
        constant("employmentDate", Kind.DATE, None),
        constant("terminationDate", Kind.DATE, None),
        enum("status", ("Active", "Inactive", "Terminated"), write=True),
        constant("birthDate", Kind.DATE, None),
        loose("statisticsGroupCode", 10, kind=Kind.CODE),
        loose("bankBranchNumber", 20),
        loose("bankAccountNumber", 30),
        loose("iban", 50, kind=Kind.CODE),
        MODIFIED,
    ),
    (Navigation("defaultDimensions", "defaultDimensions"),),
)

DIMENSION = EntityType(
    "dimension",
    "dimensions",
    (
        ID,
        code("code", 20),
        text("displayName", 30, attribute="name"),
        constant("consolidationCode", Kind.CODE, ""),
        MODIFIED,
    ),
    (Navigation("dimensionValues", "dimensionValues"),),
)


def _dimension_id(company: Company, row: Any) -> str:  # noqa: ANN401 - values and defaults
    dimension = company.dimensions.first("code", row.dimension_code)
    return dimension.id if dimension is not None else ""


DIMENSION_VALUE = EntityType(
    "dimensionValue",
    "dimensionValues",
    (
        ID,
        code("code", 20),
        guid("dimensionId", read=_dimension_id),
        text("displayName", 50, attribute="name"),
        constant("consolidationCode", Kind.CODE, ""),
        MODIFIED,
    ),
)


def _parent_id(company: Company, row: records.DefaultDimension) -> str:
    table = company.vendors if row.parent_type == "Vendor" else company.employees
    parent = table.first("number", row.parent_number)
    return parent.id if parent is not None else ""


def _value_id(company: Company, row: records.DefaultDimension) -> str:
    value = company.dimension_values.first("code", (row.dimension_code, row.value_code))
    return value.id if value is not None else ""


DEFAULT_DIMENSION = EntityType(
    "defaultDimension",
    "defaultDimensions",
    (
        ID,
        enum("parentType", ("", "Customer", "Item", "Vendor", "Employee"), write=True),
        guid("parentId", write=True, read=_parent_id),
        guid("dimensionId", write=True, read=_dimension_id),
        code("dimensionCode", 20),
        guid("dimensionValueId", write=True, read=_value_id),
        code("dimensionValueCode", 20, attribute="value_code"),
        enum(
            "postingValidation",
            ("", "Code Mandatory", "Same Code", "No Code"),
            write=True,
            attribute="posting_rule",
        ),
        MODIFIED,
    ),
)

CURRENCY = EntityType(
    "currency",
    "currencies",
    (
        ID,
        code("code", 10),
        text("displayName", 30, attribute="name"),
        constant("symbol", Kind.TEXT, ""),
        constant("amountDecimalPlaces", Kind.TEXT, "2:2"),
        number("amountRoundingPrecision", attribute="rounding_precision"),
        MODIFIED,
    ),
)

EXCHANGE_RATE = EntityType(
    "currencyExchangeRate",
    "currencyExchangeRates",
    (
        ID,
        code("currencyCode", 10),
        day("startingDate"),
        number("exchangeRateAmount", attribute="amount"),
        constant("relationalCurrencyCode", Kind.CODE, LOCAL),
        number("relationalExchangeRateAmount", attribute="relational_amount"),
        MODIFIED,
    ),
)

PAYMENT_TERMS = EntityType(
    "paymentTerm",
    "paymentTerms",
    (
        ID,
        code("code", 10),
        text("displayName", 100, attribute="name"),
        text("dueDateCalculation", read=lambda _company, row: f"{row.days}D"),
        constant("discountDateCalculation", Kind.TEXT, ""),
        constant("discountPercent", Kind.DECIMAL, 0),
        constant("calculateDiscountOnCreditMemos", Kind.BOOLEAN, value=False),
        MODIFIED,
    ),
)

ACCOUNTING_PERIOD = EntityType(
    "accountingPeriod",
    "accountingPeriods",
    (
        ID,
        day("startingDate"),
        text("name", 10),
        flag("newFiscalYear"),
        constant("closed", Kind.BOOLEAN, value=False),
        constant("dateLocked", Kind.BOOLEAN, value=False),
        MODIFIED,
    ),
)
