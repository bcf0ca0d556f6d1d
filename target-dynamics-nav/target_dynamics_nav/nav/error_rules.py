"""NAV's refusals of one document, by text: what each means and what to do about it. A table, nothing else.

The texts are those of the worldwide (W1) version in English, which `Accept-Language: en-US` asks for. A text that no
rule knows (a country version, an extension) becomes `nav_refused` with NAV's own words, which is right, only less
helpful.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import field as dataclass_field

RUN_AGAIN = "the next run tries the document again."


@dataclass(frozen=True)
class RefusalRule:
    """One kind of refusal.

    Attributes:
        code: Our stable code.
        pattern: Searched in NAV's text; named groups fill `message` and `value`.
        message: A plain sentence; `{name}` stands for the group of that name.
        hint: What to do next.
        field: The document's field the refusal is about, or None.
        value: Name of the group with the offending value, or None.
    """

    code: str
    pattern: re.Pattern[str]
    message: str
    hint: str
    field: str | None = None
    value: str | None = None


@dataclass(frozen=True)
class _Family:
    """Rules that share field and hint, to keep the table short."""

    field: str | None
    hint: str
    rules: list[RefusalRule] = dataclass_field(default_factory=list)

    def add(self, code: str, pattern: str, message: str, value: str | None = None) -> _Family:
        compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
        self.rules.append(RefusalRule(code, compiled, message, self.hint, self.field, value))
        return self


_ACCOUNTS = (
    _Family(
        "lines.account_number",
        f"Change the account in NAV, or choose another one for this line; {RUN_AGAIN}",
    )
    .add(
        "account_blocked",
        r"Blocked must be equal to 'No'\s+in G/L Account: No\.=(?P<account>[^.]+)\.",
        "G/L account {account} is blocked in NAV.",
        "account",
    )
    .add(
        "account_not_direct_posting",
        r"Direct Posting must be equal to 'Yes'\s+in G/L Account: No\.=(?P<account>[^.]+)\.",
        "G/L account {account} does not allow direct posting.",
        "account",
    )
    .add(
        "account_not_posting_type",
        r"Account Type must be equal to 'Posting'\s+in G/L Account: No\.=(?P<account>[^.]+)\.",
        "G/L account {account} is a heading or total, nothing can be posted on it.",
        "account",
    )
    .add(
        "account_missing",
        r"Account does not exist\.|\"accountNumber\" does not match to an Account"
        r"|account values do not match to a specific Account",
        "NAV has no G/L account of that number.",
    )
    .add(
        "account_missing",
        r"contains a value \((?P<account>[^)]*)\) that cannot be found in the related table "
        r"\((?:G/L|Bank) Account\)",
        "NAV has no account {account}.",
        "account",
    )
)

_VENDORS = (
    _Family("vendor_number", f"Correct the vendor in NAV, or choose another one; {RUN_AGAIN}")
    .add(
        "vendor_missing",
        r"The (?:buy-from |pay-to )?vendor cannot be found",
        "NAV has no such vendor.",
    )
    .add(
        "vendor_missing",
        r"contains a value \((?P<vendor>[^)]*)\) that cannot be found in the related table "
        r"\(Vendor\)",
        "NAV has no vendor {vendor}.",
        "vendor",
    )
    .add(
        "vendor_blocked",
        r"Vendor (?P<vendor>\S+) is blocked (?:with type|for privacy)",
        "Vendor {vendor} is blocked in NAV.",
        "vendor",
    )
)

_CURRENCIES = (
    _Family("currency_code", f"Add the currency or its exchange rate in NAV; {RUN_AGAIN}")
    .add(
        "currency_unknown",
        r"\"currency(?:Code|Id)\" does not match to a Currency"
        r"|currency values do not match to a specific Currency",
        "NAV does not know the currency.",
    )
    .add(
        "exchange_rate_missing",
        r"no Currency Exchange Rate within the filter",
        "NAV has no exchange rate for the currency on or before the posting date.",
    )
)

_DIMENSIONS = (
    _Family(
        "dimensions",
        f"Correct the dimension or its value in NAV, or send another value; {RUN_AGAIN}",
    )
    .add(
        "dimension_value_blocked",
        r"Dimension Value (?P<dimension>\S+) - (?P<value>.+?) is blocked",
        "Value {value} of dimension {dimension} is blocked in NAV.",
        "value",
    )
    .add(
        "dimension_value_type",
        r"Dimension Value Type for Dimension Value (?P<dimension>\S+) - (?P<value>.+?) must not be",
        "Value {value} of dimension {dimension} is a heading or total, nothing can be posted on it.",
        "value",
    )
    .add(
        "dimension_value_unknown",
        r"Dimension Value (?P<dimension>\S+) - (?P<value>.+?) is missing",
        "NAV no longer has value {value} of dimension {dimension}.",
        "value",
    )
    .add(
        "dimension_value_unknown",
        r"\"value(?:Id|Code)\" does not match to a Dimension Value"
        r"|do not refer to the same Dimension Value",
        "NAV does not have a dimension value of the document.",
    )
    .add(
        "dimension_value_unknown",
        r"(?P<value>\S+) is not an available .{1,80}? for that dimension",
        "NAV has no value {value} for a dimension of the document.",
        "value",
    )
    .add(
        "dimension_unknown",
        r"\"(?:id|code)\" does not match to a Dimension\b"
        r"|dimension field values do not match to a specific Dimension",
        "NAV does not have a dimension of the document.",
    )
    .add(
        "dimension_mandatory",
        r"Select a Dimension Value Code for the Dimension Code (?P<dimension>\S+) for "
        r"(?P<record>.+?)\.",
        "{record} needs a value for dimension {dimension}.",
        "dimension",
    )
    .add(
        "dimension_mandatory",
        r"The (?P<dimension>\S+) dimension is the default dimension, and it must have a value",
        "Dimension {dimension} is mandatory in NAV and has no value.",
        "dimension",
    )
    .add(
        "dimension_must_be_blank",
        r"Dimension Value Code must be blank for Dimension Code (?P<dimension>\S+) for "
        r"(?P<record>.+?)\.",
        "{record} allows no value for dimension {dimension}.",
        "dimension",
    )
    .add(
        "dimension_same_code",
        r"Dimension Value Code must be (?P<value>\S+) for Dimension Code (?P<dimension>\S+) for "
        r"(?P<record>.+?)\.",
        "{record} takes only value {value} for dimension {dimension}.",
        "dimension",
    )
    .add(
        "dimension_same_code",
        r"Dimension Code (?P<dimension>\S+) with Dimension Value Code (?P<value>\S+) is required "
        r"for (?P<record>.+?)\.",
        "{record} needs value {value} for dimension {dimension}.",
        "dimension",
    )
    .add(
        "dimension_value_not_allowed",
        r"Dimension value (?P<dimension>[^,]+), (?P<value>.+?) is not allowed for (?P<record>.+?)\.",
        "Value {value} of dimension {dimension} is not allowed for {record}.",
        "value",
    )
    .add(
        "dimension_blocked",
        r"\bDimension (?P<dimension>\S+) is blocked",
        "Dimension {dimension} is blocked in NAV.",
        "dimension",
    )
    .add(
        "dimension_combination_blocked",
        r"can't be used concurrently",
        "NAV does not allow these dimensions, or these values of them, together.",
    )
    .add(
        "dimension_combination_blocked",
        r"combination of dimensions used in .+? is blocked",
        "NAV blocks a dimension, or a combination of dimensions, of the document.",
    )
)

_DATES = (
    _Family(
        "posting_date",
        f"Open the period in NAV (posting dates allowed), or let the posting date move; {RUN_AGAIN}",
    )
    .add(
        "posting_date_outside_window",
        r"Posting Date is not within your range of allowed posting dates",
        "NAV does not allow postings on the document's posting date.",
    )
    .add(
        "vat_date_outside_window",
        r"VAT Date is not within the range of allowed VAT dates",
        "NAV does not allow VAT postings on the document's date.",
    )
)

_NUMBERS = (
    _Family(
        "document_key",
        "Look in NAV for the document of this number; one and the same report must not be booked "
        "twice.",
    )
    .add(
        "duplicate_document",
        r"(?:Invoice|Credit Memo) (?P<number>\S+) already exists for this vendor",
        "NAV already has a posted document {number} of this vendor.",
        "number",
    )
    .add(
        "already_posted",
        r"can be applied to a draft (?:invoice|credit memo) only"
        r"|has been posted and can no longer be modified",
        "The document is posted already.",
    )
)

_NUMBER_SERIES = (
    _Family(None, f"Correct the number series in NAV; {RUN_AGAIN}")
    .add(
        "document_number_used",
        r"(?:Invoice|Credit Memo) (?P<number>\S+) already exists\.",
        "NAV's number series gave number {number}, which is used already.",
        "number",
    )
    .add(
        "number_series",
        r"in No\. Series Line|may not enter numbers manually"
        r"|Document No\. must be equal to '(?P<wanted>[^']*)'",
        "NAV's number series has no number for the document.",
    )
)

_CONTENT = (
    _Family("lines", f"Correct the document where it comes from; {RUN_AGAIN}")
    .add(
        "nothing_to_post",
        r"There is nothing to post|add at least one line item",
        "The document has nothing to post.",
    )
    .add(
        "negative_total",
        r"Amount must be negative in Gen\. Journal Line",
        "The invoice's total is negative; it has to be a credit memo.",
    )
    .add(
        "journal_out_of_balance",
        r"out of balance by (?P<amount>[\d.,\u00a0 -]*\d)",
        "The journal is out of balance by {amount}.",
        "amount",
    )
    .add(
        "text_too_long",
        r"length of the string is (?P<length>\d+), but it must be less than or equal to "
        r"(?P<limit>\d+)",
        "A text of {length} characters is longer than the {limit} that NAV keeps.",
        "length",
    )
    .add(
        "nav_total_differs",
        r"Doc\. Amount Incl\. VAT",
        "NAV's document total differs from the sum of the lines.",
    )
    .add("amount_not_rounded", r"needs to be rounded", "An amount has too many decimals.")
)

_SETUP = (
    _Family(None, f"Complete the setup in NAV; {RUN_AGAIN}")
    .add(
        "posting_setup_missing",
        r"Posting Group must have a value|Posting Setup does not exist"
        r"|Setup is blocked in .+? Posting Setup|must either be of type Purchase or Sale",
        "NAV's posting groups or posting setup do not fit the document.",
    )
    .add(
        "approval_needed",
        r"must be approved and released before",
        "NAV wants the document approved before it is posted.",
    )
    .add(
        "document_released",
        r"Status must be equal to 'Open'",
        "The draft was released in NAV and can no longer be changed.",
    )
    .add(
        "extension_dialog",
        r"issue a client callback",
        "An extension in NAV asks a question that nobody can answer here.",
    )
)

REFUSAL_RULES: tuple[RefusalRule, ...] = tuple(
    rule
    for family in (
        _ACCOUNTS,
        _VENDORS,
        _CURRENCIES,
        _DIMENSIONS,
        _DATES,
        _NUMBERS,
        _NUMBER_SERIES,
        _CONTENT,
        _SETUP,
    )
    for rule in family.rules
)
"""In order: the first that matches counts, so details come before the sentences that wrap them."""
