"""From Expensify's export to our records. Pure: no input or output.

One line of the export (see export.ftl) becomes one report with its expenses nested. Ids are strings, amounts whole
hundredths of their currency, positive for spend, exactly as Expensify gives them; `""` becomes null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tap_expensify.errors import ProtocolError
from tap_expensify.values import (
    UnreadableValueError,
    boolean,
    day,
    integer,
    report_number,
    split_tag,
    text,
    timestamp,
)

Wire = Mapping[str, Any]
Record = dict[str, Any]
T = TypeVar("T")

ACTIONS = "_actions"
"""Where a report of the spool keeps the records of `report_actions`; never part of a record that leaves."""


def report_record(wire: Wire) -> Record:
    """Turns one report of the export into a record of stream `reports`.

    Args:
        wire: One parsed line of the export.

    Raises:
        ProtocolError: An id or the total is missing, or a value cannot be read.
    """
    report_id = text(wire.get("reportID"))
    if report_id is None:
        raise ProtocolError("A report in Expensify's export has no id.", code="report_without_id")
    read = FieldReader(wire, f"report {report_id}")
    total = read("total", integer)
    if total is None:
        raise ProtocolError(
            f"Expensify gave no total for report {report_id}.",
            code="report_without_total",
            field="total",
        )
    currency = read("currency", text)
    record = {
        "report_id": report_id,
        "report_number": report_number(report_id, read("oldReportID", text)),
        "report_name": read("reportName", text),
        "status": read("status", text),
        "policy_id": read("policyID", text),
        "policy_name": read("policyName", text),
        "currency": currency,
        "total": total,
        "created_at": read("created", timestamp),
        "submitted_at": read("submitted", timestamp),
        "approved_at": read("approved", timestamp),
        "reimbursed_at": read("reimbursed", timestamp),
        "submitter_email": read("accountEmail", text),
        "submitter_full_name": full_name(wire.get("submitter")),
        "account_id": read("accountID", text),
        "employee_custom_field_1": read("employeeCustomField1", text),
        "employee_custom_field_2": read("employeeCustomField2", text),
        "manager_email": read("managerEmail", text),
        "manager_full_name": full_name(wire.get("manager")),
        "entry_id": read("entryID", text),
        "is_ach_reimbursed": read("isACHReimbursed", boolean),
        "custom_fields": _custom_fields(wire.get("customField")),
        "approvers": [
            _approver(approver, report_id) for approver in objects(wire.get("approvers"))
        ],
        "expenses": [
            _expense(expense, report_id, currency)
            for expense in objects(wire.get("transactionList"))
        ],
    }
    if "actionList" in wire:
        record[ACTIONS] = [_action(action, report_id) for action in objects(wire["actionList"])]
    return record


def expense_records(report: Record) -> list[Record]:
    """The records of stream `expenses` that a record of stream `reports` holds."""
    shared = {
        "report_status": report["status"],
        "approved_at": report["approved_at"],
        "policy_id": report["policy_id"],
    }
    return [{**expense, **shared} for expense in report["expenses"]]


def approver_records(report: Record) -> list[Record]:
    """The records of stream `report_approvers` that a record of stream `reports` holds."""
    return [
        {
            "report_id": report["report_id"],
            "position": position,
            "email": approver["email"],
            "full_name": approver["full_name"],
            "employee_user_id": approver["employee_user_id"],
            "employee_payroll_id": approver["employee_payroll_id"],
            "approver_approved_at": approver["approved_at"],
            "approved_at": report["approved_at"],
        }
        for position, approver in enumerate(report["approvers"], start=1)
    ]


def action_records(report: Record) -> list[Record]:
    """The records of stream `report_actions` that a report of the export holds."""
    return [
        {
            "report_id": report["report_id"],
            "position": position,
            **action,
            "approved_at": report["approved_at"],
        }
        for position, action in enumerate(report.get(ACTIONS, ()), start=1)
    ]


class FieldReader:
    """Reads fields of one object and says which one could not be read."""

    def __init__(self, wire: Wire, owner: str) -> None:
        self._wire = wire
        self._owner = owner

    def __call__(self, name: str, reader: Callable[[object], T]) -> T:
        """The value of a field.

        Raises:
            ProtocolError: It cannot be read.
        """
        try:
            return reader(self._wire.get(name))
        except UnreadableValueError as error:
            raise ProtocolError(
                f"The field {name} of {self._owner} cannot be read: {error}.",
                code="unreadable_value",
                field=name,
            ) from error


def _expense(wire: Wire, report_id: str, report_currency: str | None) -> Record:
    transaction_id = text(wire.get("transactionID"))
    if transaction_id is None:
        raise ProtocolError(
            f"An expense of report {report_id} has no id.", code="expense_without_id"
        )
    read = FieldReader(wire, f"expense {transaction_id} of report {report_id}")
    amount = read("amount", integer)
    modified_amount = read("modifiedAmount", integer)
    converted_amount = read("convertedAmount", integer)
    currency = read("currency", text)
    created = read("created", day)
    modified_created = read("modifiedCreated", day)
    merchant = read("merchant", text)
    modified_merchant = read("modifiedMerchant", text)
    tag = read("tag", text)
    tag_gl_code = read("tagGlCode", text)
    # Expensify's own rule: an amount in the report's currency first, then the edited one. The first is in the
    # currency of the report, the other two in that of the expense. An expense without any amount adds nothing to
    # the total of its report either.
    stated = [value for value in (converted_amount, modified_amount, amount) if value is not None]
    record = {
        "transaction_id": transaction_id,
        "report_id": report_id,
        "type": read("type", text),
        "amount": amount,
        "modified_amount": modified_amount,
        "converted_amount": converted_amount,
        "currency": currency,
        "currency_conversion_rate": read("currencyConversionRate", text),
        "effective_amount": stated[0] if stated else 0,
        "effective_currency": currency if converted_amount is None else report_currency,
        "effective_date": modified_created or created,
        "effective_merchant": modified_merchant or merchant,
        "created": created,
        "modified_created": modified_created,
        "inserted_at": read("inserted", timestamp),
        "merchant": merchant,
        "modified_merchant": modified_merchant,
        "category": read("category", text),
        "category_gl_code": read("categoryGlCode", text),
        "category_payroll_code": read("categoryPayrollCode", text),
        "tag": tag,
        "tag_gl_code": tag_gl_code,
        "tags": _tags(tag, tag_gl_code, wire.get("ntags")),
        "comment": read("comment", text),
        "bank": read("bank", text),
        "billable": read("billable", boolean),
        "reimbursable": read("reimbursable", boolean),
        "has_tax": read("hasTax", boolean),
        "tax_amount": read("taxAmount", integer),
        "modified_tax_amount": read("modifiedTaxAmount", integer),
        "tax_name": read("taxName", text),
        "tax_rate": read("taxRate", text),
        "tax_rate_name": read("taxRateName", text),
        "tax_code": read("taxCode", text),
        "mcc": read("mcc", text),
        "units": _units(wire.get("units")),
        "receipt_id": read("receiptID", text),
        "receipt_filename": read("receiptFilename", text),
    }
    # Only there when a setting asks for them.
    if "attendees" in wire:
        record["attendees"] = [
            {"email": text(person.get("email")), "full_name": full_name(person)}
            for person in objects(wire["attendees"])
        ]
    if "receiptObject" in wire:
        receipt = wire["receiptObject"]
        record["receipt_url"] = text(receipt.get("url")) if isinstance(receipt, Mapping) else None
    return record


def _action(wire: Wire, report_id: str) -> Record:
    read = FieldReader(wire, f"an action of report {report_id}")
    record = {
        "action": read("action", text),
        "account_email": read("accountEmail", text),
        "acted_at": read("created", timestamp),
    }
    if "details" in wire:
        details = wire["details"]
        record["comment"] = text(details.get("message")) if isinstance(details, Mapping) else None
    return record


def _approver(wire: Wire, report_id: str) -> Record:
    read = FieldReader(wire, f"an approver of report {report_id}")
    return {
        "email": read("email", text),
        "full_name": full_name(wire),
        "employee_user_id": read("employeeUserID", text),
        "employee_payroll_id": read("employeePayrollID", text),
        "approved_at": read("date", timestamp),
    }


def _tags(tag: str | None, tag_gl_code: str | None, wire_levels: object) -> list[Record]:
    """One item for each level that has a name; the level numbers stay those of Expensify, from 1."""
    if tag is None:
        return []
    gl_codes = {
        integer(item.get("level")): text(item.get("glCode")) for item in objects(wire_levels)
    }
    names = split_tag(tag)
    if len(names) == 1 and gl_codes.get(1) is None:
        # Policies with one level give its code in the plain field.
        gl_codes[1] = tag_gl_code
    return [
        {"level": level, "name": name, "gl_code": gl_codes.get(level)}
        for level, name in enumerate(names, start=1)
        if name.strip()
    ]


def _units(wire: object) -> Record | None:
    if not isinstance(wire, Mapping):
        return None
    units = {name: text(wire.get(name)) for name in ("count", "rate", "unit")}
    return units if any(units.values()) else None


def _custom_fields(wire: object) -> dict[str, str]:
    if not isinstance(wire, Mapping):
        return {}
    return {name: found for name, value in wire.items() if (found := text(value)) is not None}


def full_name(wire: object) -> str | None:
    """The name of a person as Expensify writes it, in one piece or in two."""
    if not isinstance(wire, Mapping):
        return None
    parts = (text(wire.get("firstName")), text(wire.get("lastName")))
    return (
        text(wire.get("fullName"))
        or " ".join(part for part in parts if part)
        or text(wire.get("displayName"))
    )


def objects(wire: object) -> list[Wire]:
    """The objects of a list; anything else Expensify writes for an empty list is empty."""
    if not isinstance(wire, list):
        return []
    return [item for item in wire if isinstance(item, Mapping)]
