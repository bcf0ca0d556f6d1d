"""A report of the world as the template model shows it, with the quirks asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.expensify.quirks import Quirks

_SPELLINGS: Final = {
    "classic": {},
    "archived": {"Closed": "Archived"},
    "display": {
        "Open": "Draft",
        "Processing": "Outstanding",
        "Reimbursed": "Paid",
        "Closed": "Done",
    },
}
_REPORT_TIMES: Final = ("created", "submitted", "approved", "reimbursed")
_ESCAPED: Final = (
    "reportName",
    "merchant",
    "modifiedMerchant",
    "comment",
    "category",
    "tag",
    "ntag1",
    "ntag2",
    "ntag3",
)
_NUMBERS: Final = (
    "total",
    "amount",
    "modifiedAmount",
    "convertedAmount",
    "taxAmount",
    "modifiedTaxAmount",
    "currencyConversionRate",
    "mcc",
)
# The entities that Expensify's own samples know how to undo, "&" first.
_ENTITIES: Final = (
    ("&", "&amp;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    ('"', "&quot;"),
    ("'", "&apos;"),
)


def with_approval_date(report: Mapping[str, Any], quirks: Quirks) -> Mapping[str, Any]:
    """The report with `approved` as this service tells it; filters go by that date as well."""
    if quirks.approval_date == "latest" or not report["approved"] or not report["approvers"]:
        return report
    return {**report, "approved": min(entry["date"] for entry in report["approvers"])}


def template_model(report: Mapping[str, Any], quirks: Quirks) -> dict[str, Any]:
    """A report as templates see it.

    Args:
        report: A report of the world, already through `with_approval_date`.
        quirks: How it is to look.
    """
    model = dict(report)
    spelling: Mapping[str, str] = _SPELLINGS[quirks.status_spelling]
    model["status"] = spelling.get(model["status"], model["status"])
    if quirks.report_times == "short":
        model |= {name: model[name][:10] for name in _REPORT_TIMES}
    if quirks.report_ids == "base_10":
        model["reportID"] = model["oldReportID"]
    model = _dress(model, quirks)
    model["transactionList"] = [
        _expense(expense, model["reportID"], quirks) for expense in report["transactionList"]
    ]
    return model


def _expense(expense: Mapping[str, Any], report_id: str, quirks: Quirks) -> dict[str, Any]:
    model = {**expense, "reportID": report_id}
    if quirks.php_style_empties:
        model["units"] = model.get("units") or ""
        model["receiptObject"] = model.get("receiptObject") or []
    return _dress(model, quirks)


def _dress(model: dict[str, Any], quirks: Quirks) -> dict[str, Any]:
    if quirks.html_escaped_text:
        model |= {name: _escape(model[name]) for name in _ESCAPED if name in model}
    if quirks.booleans_as_strings:
        model |= {
            name: str(value).lower() for name, value in model.items() if isinstance(value, bool)
        }
    if quirks.numbers_as_strings:
        model |= {name: str(model[name]) for name in _NUMBERS if name in model}
    if quirks.omit_empty_fields:
        model = {name: value for name, value in model.items() if value != ""}
    return model


def _escape(text: str) -> str:
    for character, entity in _ENTITIES:
        text = text.replace(character, entity)
    return text
