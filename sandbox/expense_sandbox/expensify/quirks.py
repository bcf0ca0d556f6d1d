"""What nobody outside Expensify knows for sure, as switches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Quirks:
    """How this Integration Server behaves where real ones differ or nothing is documented.

    The defaults are the likeliest behaviour. A client is sound when it copes with every value.

    Attributes:
        report_times: Reports' times on the wire: `2026-01-12 09:30:00` or only `2026-01-12`.
        status_spelling: How `report.status` reads: `classic` (Open, Processing, Approved,
            Reimbursed, Closed), `archived` (the same with Archived for Closed) or `display`
            (Draft, Outstanding, Approved, Paid, Done).
        report_ids: `reportID` in base 62 (`R00…`), or in base 10 as before November 2022.
        booleans_as_strings: `"true"` and `"false"` instead of booleans.
        numbers_as_strings: Amounts and rates as strings of digits.
        html_escaped_text: Names, merchants, comments, categories and tags with HTML entities.
        php_style_empties: `""` for absent `units` and `[]` for an empty `receiptObject`.
        omit_empty_fields: Leave out fields that would be `""`, instead of sending `""`.
        approval_date: After a second approval `approved` is the latest date, or the first.
        template_errors: `ignore` prints nothing for what fails and goes on; `strict` answers a
            500 envelope.
        grouped_numbers: Print numbers without `?c` as `1,234,567`.
        reports_per_rendering: Render so many reports at a time and join the texts, `addHeader`
            true only for the first; None renders all at once.
        rate_limit_answer: How 429 is told: HTTP 429 with the JSON envelope, HTTP 200 with it, or
            HTTP 429 without a body.
        unknown_policy: `get policy` leaves out ids it can't see, or answers a 404 envelope.
    """

    report_times: Literal["long", "short"] = "long"
    status_spelling: Literal["classic", "archived", "display"] = "classic"
    report_ids: Literal["base_62", "base_10"] = "base_62"
    booleans_as_strings: bool = False
    numbers_as_strings: bool = False
    html_escaped_text: bool = False
    php_style_empties: bool = False
    omit_empty_fields: bool = False
    approval_date: Literal["latest", "first"] = "latest"
    template_errors: Literal["ignore", "strict"] = "ignore"
    grouped_numbers: bool = False
    reports_per_rendering: int | None = None
    rate_limit_answer: Literal["http_429_json", "http_200_json", "http_429_empty"] = "http_429_json"
    unknown_policy: Literal["omit", "not_found"] = "omit"
