"""JSON schemas of the streams of policies and company cards, with descriptions."""

from __future__ import annotations

from singer_sdk import typing as th

from tap_expensify.schemas import CENTS, day, moment, text, truth, whole

_POLICY_ID = text("policy_id", "Id of the policy (workspace)", required=True)

POLICIES = th.PropertiesList(
    text("policy_id", "Expensify's id of the policy (workspace)", required=True),
    text("policy_name", "Name of the policy"),
    text("type", "Kind of policy, e.g. team or corporate"),
    text("role", "Role of the credentials' account: user, auditor or admin"),
    text("output_currency", "ISO code of the currency of its reports"),
    text("owner_email", "E-mail address of the owner"),
    moment("created_at", "When the policy was created"),
).to_dict()

POLICY_CATEGORIES = th.PropertiesList(
    _POLICY_ID,
    text("name", "Name of the category", required=True),
    truth("enabled", "Whether it can be chosen"),
    text("gl_code", "GL code"),
    text("payroll_code", "Payroll code"),
    truth("comments_required", "Whether an expense needs a description"),
    text("comment_hint", "Hint shown for the description"),
    whole("max_expense_amount", "Highest amount allowed, in hundredths; null for no limit"),
).to_dict()

POLICY_TAGS = th.PropertiesList(
    _POLICY_ID,
    whole("level", "Level of the tag, from 1; 1 where the policy has no levels", required=True),
    text("name", r"Name as Expensify writes it, \: for a colon in it", required=True),
    th.Property(
        "path",
        th.ArrayType(th.StringType),
        description="The name in plain text; several items for a tag of the form Parent:Child",
    ),
    text("level_name", "Name of the level; null where the policy has no levels"),
    truth("enabled", "Whether it can be chosen"),
    text("gl_code", "GL code"),
).to_dict()

POLICY_REPORT_FIELDS = th.PropertiesList(
    _POLICY_ID,
    text("name", "Name of the report field", required=True),
    text("custom_field", "Its name in custom_fields of stream reports"),
    text("type", "formula, text, dropdown or date"),
    th.Property("values", th.ArrayType(th.StringType), description="The values of a dropdown"),
).to_dict()

POLICY_TAX_RATES = th.PropertiesList(
    _POLICY_ID,
    text("rate_id", "Id of the tax rate in the policy", required=True),
    text("name", "Name of the tax rate"),
    text("rate", "Rate in percent; decimal number as text"),
    text("tax_name", "Name of the policy's tax"),
    truth("is_default", "Whether it is the policy's default rate"),
).to_dict()

POLICY_EMPLOYEES = th.PropertiesList(
    _POLICY_ID,
    text("email", "E-mail address of the employee", required=True),
    text("role", "user, auditor or admin"),
    text("employee_id", "Employee id in the policy"),
    text("submits_to", "E-mail address of the first approver"),
    text("forwards_to", "E-mail address of the next approver"),
    whole("approval_limit", "Up to here they approve alone, in hundredths; null for no limit"),
    text("over_limit_forwards_to", "E-mail address of the approver above the limit"),
    text("custom_field_1", "First custom field of the employee"),
    text("custom_field_2", "Second custom field of the employee"),
).to_dict()

DOMAIN_CARDS = th.PropertiesList(
    text("domain", "The domain the card belongs to", required=True),
    text("card_id", "Expensify's id of the card", required=True),
    text("card_name", "Name of the card, often its holder's"),
    text("card_number", "Number of the card, masked by Expensify"),
    text("bank", "Bank or feed"),
    text("email", "E-mail address of the holder"),
    text("external_employee_id", "The holder's employee id in another system"),
    truth("reimbursable", "Whether its expenses are reimbursable"),
    moment("created_at", "When the card was added"),
    moment("last_import_at", "When its transactions were imported last"),
    text("last_import_result", "Code of that import; 200 is good"),
    day("scrape_min_date", "Transactions from this day on are imported"),
).to_dict()

CARD_TRANSACTIONS = th.PropertiesList(
    text("transaction_id", "Expensify's id of the expense", required=True),
    text("domain", "The domain the card belongs to", required=True),
    text("card_id", "Expensify's id of the card"),
    text("card_name", "Name of the card"),
    text("card_owner_email", "E-mail address of the holder"),
    text("bank", "Bank or feed"),
    text("masked_card_number", "Number of the card, masked by Expensify"),
    day("posted", "Day on which the bank posted it"),
    day("created", "Date of the expense"),
    day("modified_created", "Date of the expense as edited later"),
    whole("amount", f"Amount, {CENTS}; Expensify's own sign here is the opposite"),
    whole("modified_amount", f"Amount as edited later, {CENTS}; null if never edited"),
    whole("converted_amount", "Amount in hundredths of the report's currency, spend positive"),
    text("currency", "ISO code of the expense's currency"),
    text("currency_conversion_rate", "Rate Expensify converted with; decimal number as text"),
    whole("original_amount", f"Amount as imported, {CENTS}"),
    text("original_currency", "ISO code of the currency of the purchase"),
    whole("original_currency_amount", "Amount in hundredths of that currency, spend positive"),
    text("merchant", "Merchant"),
    text("modified_merchant", "Merchant as edited later"),
    text("original_merchant", "Merchant as imported"),
    text("category", "Category"),
    text("tag", r"Tag as Expensify writes it: levels joined by a colon, \: for a colon in a name"),
    text("comment", "Description the employee wrote"),
    truth("billable", "To be billed to a customer"),
    truth("reimbursable", "Whether it is to be reimbursed"),
    whole("tax_amount", f"Tax within the amount, {CENTS}"),
    text("tax_rate", "Rate of the tax, as text"),
    text("external_id", "Id of the transaction at the bank or feed"),
    text("reported", "reported, unreported or deleted"),
    text("report_id", "Id of the report it is on, if any"),
    text("report_number", "The same id as a decimal number"),
    text("report_name", "Title of that report"),
    text("report_status", "Status of that report in Expensify's own words"),
    text("policy_id", "Id of that report's policy (workspace)"),
).to_dict()
