"""The `reports` record as types, tolerant of what is missing. Pure: no I/O.

Only what a document is made from is read. Whatever a record does not have is None; whether that matters is decided
where a document needs it, so that a person reads of it only then. Attendees are never read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from map_expensify_nav.errors import InputError
from map_expensify_nav.sources import field_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_TEXTS = (
    "transaction_id",
    "effective_currency",
    "effective_date",
    "effective_merchant",
    "category",
    "category_gl_code",
    "tag",
    "comment",
    "category_payroll_code",
    "tax_name",
    "tax_rate_name",
    "tax_rate",
    "tax_code",
    "currency",
)
"""The texts of an expense, in the order in which `_read_expense` takes them."""
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|\+00:00)?")


class Tag(NamedTuple):
    """One level of an expense's tag; the levels are counted from 1."""

    level: int
    name: str | None
    gl_code: str | None


@dataclass(slots=True)  # not frozen, which would cost as much again for every line
class Expense:
    """One expense line.

    Attributes:
        position: Its place in the report, from 1.
        amount: `effective_amount` in minor units, spend positive; None when it is no whole number.
        currency: Currency of `amount`.
        tags: The levels of its tag.
        tax_name: Name of the tax, else of its rate.
        tax_amount: Tax within the amount, in minor units of `original_currency`.
        original_amount: What was paid, in minor units of `original_currency`; None when it is no whole number.
        original_currency: The currency it was paid in.
        reimbursable: True out of pocket, False company card, None not said.
    """

    position: int
    transaction_id: str | None
    amount: int | None
    currency: str | None
    date: date | None
    merchant: str | None
    category: str | None
    category_gl_code: str | None
    tags: tuple[Tag, ...]
    tag: str | None
    comment: str | None
    category_payroll_code: str | None
    tax_name: str | None
    tax_rate: str | None
    tax_code: str | None
    tax_amount: int | None
    original_amount: int | None
    original_currency: str | None
    reimbursable: bool | None

    @property
    def source_id(self) -> str:
        """What identifies the expense for people: Expensify's transaction id, else its place in the report."""
        return self.transaction_id or f"#{self.position}"

    def tag_on(self, level: int) -> Tag | None:
        """Its tag on one level."""
        found = None
        for tag in self.tags:
            if tag.level == level:
                found = tag
        return found


@dataclass(frozen=True)
class Report:
    """One report.

    Attributes:
        total: In minor units of `currency`, spend positive; None when it is no whole number.
        custom_fields: Report fields by name, every character of it that is no letter or digit being "_".
        expenses: In the order of the record.
    """

    report_id: str
    report_number: str | None
    report_name: str | None
    status: str | None
    policy_id: str | None
    policy_name: str | None
    currency: str | None
    total: int | None
    submitted_at: str | None
    approved_at: str | None
    submitter_email: str | None
    submitter_full_name: str | None
    account_id: str | None
    employee_custom_field_1: str | None
    employee_custom_field_2: str | None
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    expenses: tuple[Expense, ...] = ()

    def amount_of(self, expense: Expense) -> int | None:
        """An expense's amount in minor units of the report's currency; None when that is not known."""
        if expense.amount and self.currency is not None and expense.currency != self.currency:
            return None
        return expense.amount


def read_report(record: object) -> Report:
    """Read a record of the stream `reports`.

    Args:
        record: The record as the tap emits it.

    Returns:
        The report.

    Raises:
        InputError: If it is no report at all: no `report_id`, or `expenses` that are no list of objects.
    """
    if not isinstance(record, dict) or not _text(record, "report_id"):
        raise InputError(
            "A record of the stream 'reports' is no report: it has no report_id. Check that the mapper follows "
            "tap-expensify (or a tap with the same `reports` stream)."
        )
    report_id = str(record["report_id"])
    expenses = record.get("expenses") or []
    if not isinstance(expenses, list) or not all(isinstance(item, dict) for item in expenses):
        raise InputError(
            f"Report {report_id} cannot be read: its 'expenses' are not a list of objects. Check the tap's version."
        )
    fields = record.get("custom_fields")
    fields = fields if isinstance(fields, dict) else {}
    return Report(
        report_id=report_id,
        report_number=_text(record, "report_number"),
        report_name=_text(record, "report_name"),
        status=_text(record, "status"),
        policy_id=_text(record, "policy_id"),
        policy_name=_text(record, "policy_name"),
        currency=_currency(record, "currency"),
        total=_whole(record, "total"),
        submitted_at=_text(record, "submitted_at"),
        approved_at=_text(record, "approved_at"),
        submitter_email=_text(record, "submitter_email"),
        submitter_full_name=_text(record, "submitter_full_name"),
        account_id=_text(record, "account_id"),
        employee_custom_field_1=_text(record, "employee_custom_field_1"),
        employee_custom_field_2=_text(record, "employee_custom_field_2"),
        custom_fields={
            field_name(str(name)): text for name in fields if (text := _text(fields, name))
        },
        expenses=tuple(_read_expense(item, index) for index, item in enumerate(expenses, start=1)),
    )


@lru_cache(maxsize=4096)
def parse_date(text: str | None) -> date | None:
    """A date like 2026-01-31; None for anything else."""
    match = _DATE.fullmatch(text) if text else None
    if not match:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def day_of(timestamp: str | None, zone: tzinfo) -> date | None:
    """The day on which something happened, in a time zone.

    Args:
        timestamp: A moment in UTC like 2026-01-31T23:30:00Z, or a date, which is returned as it is.
        zone: Where the books are kept.

    Returns:
        The day, or None when the text is no moment.
    """
    match = _TIMESTAMP.fullmatch(timestamp) if timestamp else None
    if not match:
        return parse_date(timestamp)
    day = parse_date(match[1])
    if day is None:
        return None
    try:
        moment = datetime(
            day.year,
            day.month,
            day.day,
            int(match[2]),
            int(match[3]),
            int(match[4]),
            tzinfo=timezone.utc,
        )
        return moment.astimezone(zone).date()
    except (ValueError, OverflowError):
        return None


def _read_expense(item: Mapping[str, Any], position: int) -> Expense:
    read = item.get
    # As `_text` does it, without a call for each of so many.
    (
        transaction_id,
        effective_currency,
        effective_date,
        merchant,
        category,
        category_gl_code,
        tag,
        comment,
        category_payroll_code,
        tax_name,
        tax_rate_name,
        tax_rate,
        tax_code,
        currency,
    ) = [
        value
        if value is None
        else (value.strip() or None)
        if type(value) is str
        else _other_text(value)
        for value in map(read, _TEXTS)
    ]
    amount = read("effective_amount")
    reimbursable = read("reimbursable")
    modified_tax = _whole(item, "modified_tax_amount")
    modified = _whole(item, "modified_amount")
    effective_currency = _upper(effective_currency)
    return Expense(
        position,
        transaction_id,
        amount if type(amount) is int else _whole(item, "effective_amount"),
        effective_currency,
        parse_date(effective_date),
        merchant,
        category,
        category_gl_code,
        _read_tags(read("tags")),
        tag,
        comment,
        category_payroll_code,
        tax_name or tax_rate_name,
        tax_rate,
        tax_code,
        _whole(item, "tax_amount") if modified_tax is None else modified_tax,
        _whole(item, "amount") if modified is None else modified,
        _upper(currency) or effective_currency,
        reimbursable if reimbursable is True or reimbursable is False else None,
    )


def _read_tags(tags: object) -> tuple[Tag, ...]:
    if not tags or not isinstance(tags, list):
        return ()
    found = []
    for tag in tags:
        if not isinstance(tag, dict):
            continue
        level, name, gl_code = tag.get("level"), tag.get("name"), tag.get("gl_code")
        if type(level) is int:
            name = (name.strip() or None) if type(name) is str else _other_text(name)
            gl_code = (gl_code.strip() or None) if type(gl_code) is str else _other_text(gl_code)
            found.append(Tag(level, name, gl_code))
    return tuple(found)


def _text(container: Mapping[str, Any], name: str) -> str | None:
    """A text without outer blanks; None for a missing or blank one. Numbers (ids) are taken as written."""
    value = container.get(name)
    if value is None:
        return None
    return (value.strip() or None) if type(value) is str else _other_text(value)


def _other_text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    return str(value).strip() or None


def _whole(container: Mapping[str, Any], name: str) -> int | None:
    """A whole number; None for anything else, also for a truth value and for 12.5."""
    value = container.get(name)
    if type(value) is int or value is None:
        return value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _currency(container: Mapping[str, Any], name: str) -> str | None:
    return _upper(_text(container, name))


@lru_cache(maxsize=256)
def _upper(text: str | None) -> str | None:
    return text.upper() if text else None
