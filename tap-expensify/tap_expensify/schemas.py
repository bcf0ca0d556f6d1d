"""JSON schemas of the streams, with descriptions: the contract with every target."""

from __future__ import annotations

from singer_sdk import typing as th

_CENTS = "in hundredths of its currency, as Expensify gives it, positive for spend"
_UTC = "UTC (Expensify names no time zone)"


def _text(name: str, description: str, *, required: bool = False) -> th.Property[str]:
    return th.Property(name, th.StringType, required=required, description=description)


def _moment(name: str, description: str, *, required: bool = False) -> th.Property[str]:
    return th.Property(
        name, th.DateTimeType, required=required, description=f"{description}, {_UTC}"
    )


def _day(name: str, description: str) -> th.Property[str]:
    return th.Property(name, th.DateType, description=description)


def _whole(name: str, description: str, *, required: bool = False) -> th.Property[int]:
    return th.Property(name, th.IntegerType, required=required, description=description)


def _truth(name: str, description: str) -> th.Property[bool]:
    return th.Property(name, th.BooleanType, description=description)


_TAG = th.ObjectType(
    _whole("level", "Level of the tag, from 1"),
    _text("name", "Name of the tag on this level"),
    _text("gl_code", "GL code of the tag in the policy"),
)

_UNITS = th.ObjectType(
    _text("count", "How many units, e.g. kilometres or hours; decimal number as text"),
    _text("rate", "Rate a unit; decimal number as text"),
    _text("unit", "Unit, e.g. km or mi"),
)

_EXPENSE = (
    _text("transaction_id", "Expensify's id of the expense", required=True),
    _text("report_id", "Id of the report the expense is on", required=True),
    _text("type", "Kind of expense: expense, distance or time"),
    _whole("amount", f"Amount as first recorded, {_CENTS}"),
    _whole("modified_amount", f"Amount as edited later, {_CENTS}; null if never edited"),
    _whole("converted_amount", "Amount in hundredths of the report's currency; null if none"),
    _text("currency", "ISO code of the expense's currency"),
    _text("currency_conversion_rate", "Rate Expensify converted with; decimal number as text"),
    _whole(
        "effective_amount",
        "The amount that counts: converted_amount, else modified_amount, else amount",
        required=True,
    ),
    _text("effective_currency", "Currency of effective_amount"),
    _day("effective_date", "The date that counts: modified_created, else created"),
    _text("effective_merchant", "The merchant that counts: modified_merchant, else merchant"),
    _day("created", "Date of the expense as first recorded"),
    _day("modified_created", "Date of the expense as edited later"),
    _moment("inserted_at", "When the expense was added to Expensify"),
    _text("merchant", "Merchant as first recorded"),
    _text("modified_merchant", "Merchant as edited later"),
    _text("category", "Category"),
    _text("category_gl_code", "GL code of the category in the policy"),
    _text("category_payroll_code", "Payroll code of the category in the policy"),
    _text("tag", r"Tag as Expensify writes it: levels joined by a colon, \: for a colon in a name"),
    _text("tag_gl_code", "GL code of the tag, as Expensify gives it for the whole tag"),
    th.Property("tags", th.ArrayType(_TAG), description="The levels of the tag that have a name"),
    _text("comment", "Description the employee wrote"),
    _text("bank", "Bank the expense was imported from"),
    _truth("billable", "To be billed to a customer"),
    _truth("reimbursable", "True: paid out of pocket; false: paid by the company, e.g. its card"),
    _truth("has_tax", "Whether tax is tracked"),
    _whole("tax_amount", f"Tax within the amount, {_CENTS}"),
    _whole("modified_tax_amount", f"Tax as edited later, {_CENTS}"),
    _text("tax_name", "Name of the tax"),
    _text("tax_rate", "Rate of the tax, as text"),
    _text("tax_rate_name", "Name of the tax rate"),
    _text("tax_code", "Code of the tax rate"),
    _text("mcc", "Merchant category code of the card transaction"),
    th.Property("units", _UNITS, description="Distance or time behind the amount, if any"),
    _text("receipt_id", "Id of the receipt"),
    _text("receipt_filename", "File name of the receipt"),
)

_APPROVER = th.ObjectType(
    _text("email", "E-mail address of the approver"),
    _text("full_name", "Name of the approver"),
    _text("employee_user_id", "Employee user id, as the policy defines it"),
    _text("employee_payroll_id", "Employee payroll id, as the policy defines it"),
    _moment("approved_at", "When this approver approved"),
)

REPORTS = th.PropertiesList(
    _text("report_id", "Expensify's id of the report; upper and lower case differ", required=True),
    _text("report_number", "The same id as a decimal number; unique whatever the case"),
    _text("report_name", "Title of the report"),
    _text("status", "Status in Expensify's own words"),
    _text("policy_id", "Id of the policy (workspace)"),
    _text("policy_name", "Name of the policy (workspace)"),
    _text("currency", "ISO code of the report's currency"),
    _whole("total", f"Total of the report, {_CENTS}", required=True),
    _moment("created_at", "When the report was created"),
    _moment("submitted_at", "When the report was submitted last"),
    _moment("approved_at", "When the report was approved", required=True),
    _moment("reimbursed_at", "When the report was reimbursed"),
    _text("submitter_email", "E-mail address of the employee"),
    _text("submitter_full_name", "Name of the employee"),
    _text("account_id", "Expensify's id of the employee's account"),
    _text("employee_custom_field_1", "First custom field of the employee in the policy"),
    _text("employee_custom_field_2", "Second custom field of the employee in the policy"),
    _text("manager_email", "E-mail address of the last approver"),
    _text("manager_full_name", "Name of the last approver"),
    _text("entry_id", "Id of the latest reimbursement"),
    _truth("is_ach_reimbursed", "Whether Expensify reimbursed by bank transfer"),
    th.Property(
        "custom_fields",
        th.ObjectType(additional_properties=th.StringType),
        description="Report fields that are filled in, by name; other than letters and digits "
        "Expensify writes _ in the names",
    ),
    th.Property("approvers", th.ArrayType(_APPROVER), description="Who approved, in order"),
    th.Property(
        "expenses", th.ArrayType(th.ObjectType(*_EXPENSE)), description="All expenses of the report"
    ),
).to_dict()

EXPENSES = th.PropertiesList(
    *_EXPENSE,
    _text("report_status", "Status of the report in Expensify's own words"),
    _moment("approved_at", "When the report was approved", required=True),
    _text("policy_id", "Id of the report's policy (workspace)"),
).to_dict()

POLICIES = th.PropertiesList(
    _text("policy_id", "Expensify's id of the policy (workspace)", required=True),
    _text("policy_name", "Name of the policy"),
    _text("type", "Kind of policy, e.g. team or corporate"),
    _text("role", "Role of the credentials' account: user, auditor or admin"),
    _text("output_currency", "ISO code of the currency of its reports"),
    _text("owner_email", "E-mail address of the owner"),
    _moment("created_at", "When the policy was created"),
).to_dict()
