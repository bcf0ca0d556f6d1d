"""From Expensify's company cards to our records. Pure: no input or output.

Card data is the one place where Expensify writes spend as a negative amount. It is turned round here, so that spend
is positive in every stream.
"""

from __future__ import annotations

from tap_expensify.errors import ProtocolError
from tap_expensify.records import FieldReader, Record, Wire
from tap_expensify.values import boolean, day, integer, text, timestamp


def domain_card_record(domain: str, wire: Wire) -> Record:
    """Turns one item of a domain's list of cards into a record of stream `domain_cards`.

    Raises:
        ProtocolError: The id is missing, or a value cannot be read.
    """
    card_id = text(wire.get("cardID"))
    if card_id is None:
        raise ProtocolError(f"A card of domain {domain} has no id.", code="card_without_id")
    read = FieldReader(wire, f"card {card_id}")
    return {
        "domain": domain,
        "card_id": card_id,
        "card_name": read("cardName", text),
        "card_number": read("cardNumber", text),
        "bank": read("bank", text),
        "email": read("email", text),
        "external_employee_id": read("externalEmployeeID", text),
        "reimbursable": read("reimbursable", boolean),
        "created_at": read("created", timestamp),
        "last_import_at": read("lastImport", timestamp),
        "last_import_result": read("lastImportResult", text),
        "scrape_min_date": read("scrapeMinDate", day),
    }


def card_transaction_record(domain: str, wire: Wire) -> Record:
    """Turns one line of the card export (see cards.ftl) into a record of stream `card_transactions`.

    Raises:
        ProtocolError: The id is missing, or a value cannot be read.
    """
    transaction_id = text(wire.get("ID"))
    if transaction_id is None:
        raise ProtocolError("A card transaction has no id.", code="expense_without_id")
    read = FieldReader(wire, f"card transaction {transaction_id}")
    report_number = read("reportID", text)
    modified_amount = read("modifiedAmount", _turned)
    return {
        "transaction_id": transaction_id,
        "domain": domain,
        "card_id": read("cardID", text) or read("_card_ID", text),
        "card_name": read("_card_name", text),
        "card_owner_email": read("_card_owner", text),
        "bank": read("bank", text) or read("_card_bank", text),
        "masked_card_number": read("maskedPAN", text),
        "posted": read("posted", day),
        "created": read("created", day),
        "modified_created": read("modifiedCreated", day),
        "amount": read("amount", _turned),
        # Without an edit this is 0 here, and "" in exports of reports.
        "modified_amount": modified_amount or None,
        "converted_amount": read("convertedAmount", _turned),
        "currency": read("currency", text),
        "currency_conversion_rate": read("currencyConversionRate", text),
        "original_amount": read("originalAmount", _turned),
        "original_currency": read("originalCurrency", text),
        "original_currency_amount": read("originalCurrencyAmount", _turned),
        "merchant": read("merchant", text),
        "modified_merchant": read("modifiedMerchant", text),
        "original_merchant": read("originalMerchant", text),
        "category": read("category", text),
        "tag": read("tag", text),
        "comment": read("comment", text),
        "billable": read("billable", boolean),
        "reimbursable": read("reimbursable", boolean),
        "tax_amount": read("taxAmount", _turned),
        "tax_rate": read("taxRate", text),
        "external_id": read("externalID", text),
        "reported": _reported(report_number),
        "report_id": read("base62ReportID", text)
        if _reported(report_number) == "reported"
        else None,
        "report_number": report_number if _reported(report_number) == "reported" else None,
        "report_name": read("_report_name", text),
        "report_status": read("_report_status", text),
        "policy_id": read("_report_policyID", text),
    }


def _turned(value: object) -> int | None:
    amount = integer(value)
    return None if amount is None else -amount


def _reported(report_number: str | None) -> str:
    """Where an expense is: Expensify says it by the sign of the report's number."""
    if report_number is None or report_number == "0":
        return "unreported"
    return "deleted" if report_number.startswith("-") else "reported"
