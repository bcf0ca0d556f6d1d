"""JSON schemas of the streams, with descriptions: the contract with every target."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

CENTS = "in hundredths of its currency, as Expensify gives it, positive for spend"
UTC = "UTC (Expensify names no time zone)"


# Short names, as a schema is a table to read.


def text(name: str, description: str, *, required: bool = False) -> th.Property[str]:
    """A column of text."""
    return th.Property(name, th.StringType, required=required, description=description)


def moment(name: str, description: str, *, required: bool = False) -> th.Property[str]:
    """A date-time column, UTC."""
    return th.Property(
        name, th.DateTimeType, required=required, description=f"{description}, {UTC}"
    )


def day(name: str, description: str) -> th.Property[str]:
    """A date column."""
    return th.Property(name, th.DateType, description=description)


def whole(name: str, description: str, *, required: bool = False) -> th.Property[int]:
    """A column of whole numbers."""
    return th.Property(name, th.IntegerType, required=required, description=description)


def truth(name: str, description: str) -> th.Property[bool]:
    """A true-or-false column."""
    return th.Property(name, th.BooleanType, description=description)


_TAG = th.ObjectType(
    whole("level", "Level of the tag, from 1"),
    text("name", "Name of the tag on this level"),
    text("gl_code", "GL code of the tag in the policy"),
)

_UNITS = th.ObjectType(
    text("count", "How many units, e.g. kilometres or hours; decimal number as text"),
    text("rate", "Rate a unit; decimal number as text"),
    text("unit", "Unit, e.g. km or mi"),
)

_EXPENSE = (
    text("transaction_id", "Expensify's id of the expense", required=True),
    text("report_id", "Id of the report the expense is on", required=True),
    text("type", "Kind of expense: expense, distance or time"),
    whole("amount", f"Amount as first recorded, {CENTS}"),
    whole("modified_amount", f"Amount as edited later, {CENTS}; null if never edited"),
    whole("converted_amount", "Amount in hundredths of the report's currency; null if none"),
    text("currency", "ISO code of the expense's currency"),
    text("currency_conversion_rate", "Rate Expensify converted with; decimal number as text"),
    whole(
        "effective_amount",
        "The amount that counts: converted_amount, else modified_amount, else amount",
        required=True,
    ),
    text("effective_currency", "Currency of effective_amount"),
    day("effective_date", "The date that counts: modified_created, else created"),
    text("effective_merchant", "The merchant that counts: modified_merchant, else merchant"),
    day("created", "Date of the expense as first recorded"),
    day("modified_created", "Date of the expense as edited later"),
    moment("inserted_at", "When the expense was added to Expensify"),
    text("merchant", "Merchant as first recorded"),
    text("modified_merchant", "Merchant as edited later"),
    text("category", "Category"),
    text("category_gl_code", "GL code of the category in the policy"),
    text("category_payroll_code", "Payroll code of the category in the policy"),
    text("tag", r"Tag as Expensify writes it: levels joined by a colon, \: for a colon in a name"),
    text("tag_gl_code", "GL code of the tag, as Expensify gives it for the whole tag"),
    th.Property("tags", th.ArrayType(_TAG), description="The levels of the tag that have a name"),
    text("comment", "Description the employee wrote"),
    text("bank", "Bank the expense was imported from"),
    truth("billable", "To be billed to a customer"),
    truth("reimbursable", "True: paid out of pocket; false: paid by the company, e.g. its card"),
    truth("has_tax", "Whether tax is tracked"),
    whole("tax_amount", f"Tax within the amount, {CENTS}"),
    whole("modified_tax_amount", f"Tax as edited later, {CENTS}"),
    text("tax_name", "Name of the tax"),
    text("tax_rate", "Rate of the tax, as text"),
    text("tax_rate_name", "Name of the tax rate"),
    text("tax_code", "Code of the tax rate"),
    text("mcc", "Merchant category code of the card transaction"),
    th.Property("units", _UNITS, description="Distance or time behind the amount, if any"),
    text("receipt_id", "Id of the receipt"),
    text("receipt_filename", "File name of the receipt"),
)

_APPROVER = th.ObjectType(
    text("email", "E-mail address of the approver"),
    text("full_name", "Name of the approver"),
    text("employee_user_id", "Employee user id, as the policy defines it"),
    text("employee_payroll_id", "Employee payroll id, as the policy defines it"),
    moment("approved_at", "When this approver approved"),
)

_REPORT = (
    text("report_id", "Expensify's id of the report; upper and lower case differ", required=True),
    text("report_number", "The same id as a decimal number; unique whatever the case"),
    text("report_name", "Title of the report"),
    text("status", "Status in Expensify's own words"),
    text("policy_id", "Id of the policy (workspace)"),
    text("policy_name", "Name of the policy (workspace)"),
    text("currency", "ISO code of the report's currency"),
    whole("total", f"Total of the report, {CENTS}", required=True),
    moment("created_at", "When the report was created"),
    moment("submitted_at", "When the report was submitted last"),
    moment("approved_at", "When the report was approved", required=True),
    moment("reimbursed_at", "When the report was reimbursed"),
    text("submitter_email", "E-mail address of the employee"),
    text("submitter_full_name", "Name of the employee"),
    text("account_id", "Expensify's id of the employee's account"),
    text("employee_custom_field_1", "First custom field of the employee in the policy"),
    text("employee_custom_field_2", "Second custom field of the employee in the policy"),
    text("manager_email", "E-mail address of the last approver"),
    text("manager_full_name", "Name of the last approver"),
    text("entry_id", "Id of the latest reimbursement"),
    truth("is_ach_reimbursed", "Whether Expensify reimbursed by bank transfer"),
    th.Property(
        "custom_fields",
        th.ObjectType(additional_properties=th.StringType),
        description="Report fields that are filled in, by name; other than letters and digits "
        "Expensify writes _ in the names",
    ),
    th.Property("approvers", th.ArrayType(_APPROVER), description="Who approved, in order"),
)

_ATTENDEES = th.Property(
    "attendees",
    th.ArrayType(
        th.ObjectType(
            text("email", "E-mail address of the attendee"),
            text("full_name", "Name of the attendee"),
        )
    ),
    description="Who attended, other people included; only with include_attendees",
)
_RECEIPT_URL = text(
    "receipt_url",
    "Address of the receipt's image, for people logged in; only with include_receipt_urls",
)


def expense_columns(*, attendees: bool, receipt_urls: bool) -> tuple[th.Property[Any], ...]:
    """The columns of an expense.

    Args:
        attendees: Whether attendees were asked for.
        receipt_urls: Whether addresses of receipts were asked for.
    """
    asked_for = ((_ATTENDEES, attendees), (_RECEIPT_URL, receipt_urls))
    return (*_EXPENSE, *(column for column, wanted in asked_for if wanted))


def expense_names(*, attendees: bool, receipt_urls: bool) -> list[str]:
    """The names of those columns."""
    columns = expense_columns(attendees=attendees, receipt_urls=receipt_urls)
    return [column.name for column in columns]


def reports(*, attendees: bool = False, receipt_urls: bool = False) -> dict[str, Any]:
    """The schema of stream `reports`."""
    columns = expense_columns(attendees=attendees, receipt_urls=receipt_urls)
    return th.PropertiesList(
        *_REPORT,
        th.Property(
            "expenses",
            th.ArrayType(th.ObjectType(*columns)),
            description="All expenses of the report",
        ),
    ).to_dict()


def expenses(*, attendees: bool = False, receipt_urls: bool = False) -> dict[str, Any]:
    """The schema of stream `expenses`."""
    return th.PropertiesList(
        *expense_columns(attendees=attendees, receipt_urls=receipt_urls),
        text("report_status", "Status of the report in Expensify's own words"),
        moment("approved_at", "When the report was approved", required=True),
        text("policy_id", "Id of the report's policy (workspace)"),
    ).to_dict()


def report_actions(*, comments: bool = False) -> dict[str, Any]:
    """The schema of stream `report_actions`."""
    columns = [
        text("report_id", "Id of the report", required=True),
        whole("position", "Place in the report's history, from 1", required=True),
        text("action", "What was done, in Expensify's own words"),
        text("account_email", "E-mail address of who did it"),
        moment("acted_at", "When it was done"),
        moment("approved_at", "When the report was approved", required=True),
    ]
    if comments:
        columns.append(text("comment", "What they wrote; only with include_action_comments"))
    return th.PropertiesList(*columns).to_dict()


REPORTS = reports()
EXPENSES = expenses()

REPORT_APPROVERS = th.PropertiesList(
    text("report_id", "Id of the report", required=True),
    whole("position", "Place among the report's approvers, from 1", required=True),
    text("email", "E-mail address of the approver"),
    text("full_name", "Name of the approver"),
    text("employee_user_id", "Employee user id, as the policy defines it"),
    text("employee_payroll_id", "Employee payroll id, as the policy defines it"),
    moment("approver_approved_at", "When this approver approved"),
    moment("approved_at", "When the report was approved", required=True),
).to_dict()
