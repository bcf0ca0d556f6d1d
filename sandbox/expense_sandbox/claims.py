"""Loads expense claims from a file: one report per claimant and month, and books to match."""

from __future__ import annotations

import calendar
import csv
import gzip
import hashlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import IO, TYPE_CHECKING, Any, Final, cast

from expense_sandbox.seeds import AccountSeed, CompanySeed, VendorSeed
from expense_sandbox.spending import expense_fields
from expense_sandbox.world import Policy, World, base_62, policy_listing, report_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

POLICY_ID: Final = "C1A1000000002019"
POLICY_NAME: Final = "Claims"
COMPANY_NAME: Final = "Claims Ledger"
FIRST_ACCOUNT: Final = 8001
_MOST_CATEGORIES: Final = 1_999
_LARGEST: Final = 10**15
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIELDS: Final = "claimant, date, category, subcategory, details, amount (or cents), currency"


class ClaimsFileError(Exception):
    """A claims file that can't be loaded; the message names the file and, where known, the line."""


@dataclass(frozen=True)
class Claim:
    """One line of a claims file.

    Attributes:
        line_number: Where it stands in the file, from 1.
        claimant: Who claims.
        day: Date of the expense, if known.
        category: First part of the category.
        subcategory: Second part, or "".
        details: Free text.
        cents: Hundredths of the currency; negative for a recovery.
        currency: ISO code.
    """

    line_number: int
    claimant: str
    day: date | None
    category: str
    subcategory: str
    details: str
    cents: int
    currency: str

    @property
    def category_name(self) -> str:
        """The Expensify category: `category: subcategory`."""
        return f"{self.category}: {self.subcategory}" if self.subcategory else self.category


def load_claims(path: Path) -> World:
    """Make a world of a file of expense claims.

    Args:
        path: `.jsonl` or `.csv`, also with `.gz` behind it. Fields: claimant, date (YYYY-MM-DD or
            empty), category, subcategory, details, amount (decimal) or cents (integer), currency.

    Raises:
        ClaimsFileError: When the file can't be read, a line is malformed, the file has no claims,
            or claims in more than one currency.
    """
    claims = list(read_claims(path))
    if not claims:
        raise ClaimsFileError(f"{path}: the file has no claims.")
    currency = claims[0].currency
    for claim in claims:
        if claim.currency != currency:
            raise ClaimsFileError(
                f"{path}, line {claim.line_number}: currency {claim.currency} where the first "
                f"claim is in {currency}; use one file for each currency."
            )
    return _Ledger(path, claims, currency).world()


def read_claims(path: Path) -> Iterator[Claim]:
    """The claims of a file, one after the other.

    Raises:
        ClaimsFileError: As `load_claims`.
    """
    name = path.name.removesuffix(".gz")
    if not name.endswith((".jsonl", ".csv")):
        raise ClaimsFileError(f"{path}: use a .jsonl or .csv file, plain or with .gz behind it.")
    try:
        with _open_text(path) as stream:
            rows = _csv_rows(stream) if name.endswith(".csv") else _json_rows(path, stream)
            for line_number, row in rows:
                yield _claim(path, line_number, row)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ClaimsFileError(f"{path}: {error}") from error


def _open_text(path: Path) -> IO[str]:
    if path.name.endswith(".gz"):
        return cast("IO[str]", gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open("rt", encoding="utf-8-sig", newline="")


def _csv_rows(stream: IO[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(stream)
    for row in reader:
        yield reader.line_num, row


def _json_rows(path: Path, stream: IO[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for line_number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=Decimal)
        except ValueError as error:
            raise ClaimsFileError(f"{path}, line {line_number}: not JSON ({error}).") from error
        if not isinstance(row, dict):
            raise ClaimsFileError(f"{path}, line {line_number}: not a JSON object.")
        yield line_number, row


def _claim(path: Path, line_number: int, row: dict[str, Any]) -> Claim:
    def text(name: str, *, required: bool = True) -> str:
        value = row.get(name)
        value = "" if value is None else str(value).strip()
        if required and not value:
            raise ClaimsFileError(
                f"{path}, line {line_number}: {name} is missing. A claim has {_FIELDS}."
            )
        return value

    return Claim(
        line_number=line_number,
        claimant=text("claimant"),
        day=_day(path, line_number, text("date", required=False)),
        category=text("category"),
        subcategory=text("subcategory", required=False),
        details=text("details", required=False),
        cents=_cents(path, line_number, row),
        currency=text("currency").upper(),
    )


def _day(path: Path, line_number: int, text: str) -> date | None:
    if not text:
        return None
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass  # a day no month has
    raise ClaimsFileError(f"{path}, line {line_number}: date {text!r} is not YYYY-MM-DD.")


def _cents(path: Path, line_number: int, row: dict[str, Any]) -> int:
    place = f"{path}, line {line_number}"
    values = {name: row[name] for name in ("amount", "cents") if row.get(name) not in (None, "")}
    if len(values) != 1:
        raise ClaimsFileError(f"{place}: give either amount or cents.")
    ((name, value),) = values.items()
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise ClaimsFileError(f"{place}: {name} {value!r} is not a number.") from error
    if isinstance(value, bool) or not number.is_finite():
        raise ClaimsFileError(f"{place}: {name} {value!r} is not a number.")
    if abs(number) > _LARGEST:
        raise ClaimsFileError(f"{place}: {name} {value!r} is too large.")
    cents = number * 100 if name == "amount" else number
    if cents != cents.to_integral_value():
        rule = "has more than two decimals" if name == "amount" else "is not a whole number"
        raise ClaimsFileError(f"{place}: {name} {value!r} {rule}.")
    return int(cents)


class _Ledger:
    """Sorts claims into reports, and numbers the accounts and vendors they need."""

    def __init__(self, path: Path, claims: list[Claim], currency: str) -> None:
        self._currency = currency
        self._months: dict[tuple[str, str], list[Claim]] = defaultdict(list)
        self._latest_month = max(
            (claim.day for claim in claims if claim.day is not None), default=date(2000, 1, 1)
        )
        pairs = sorted({(claim.category, claim.subcategory) for claim in claims})
        if len(pairs) > _MOST_CATEGORIES:
            raise ClaimsFileError(f"{path}: {len(pairs)} categories, at most {_MOST_CATEGORIES}.")
        self._accounts = {pair: str(FIRST_ACCOUNT + number) for number, pair in enumerate(pairs)}
        claimants = sorted({claim.claimant for claim in claims})
        self._vendors = {
            claimant: f"C{number:04d}" for number, claimant in enumerate(claimants, start=1)
        }
        for claim in claims:
            day = self._day(claim)
            self._months[claim.claimant, f"{day:%Y-%m}"].append(claim)
        self._names = {(claim.category, claim.subcategory): claim.category_name for claim in claims}

    def world(self) -> World:
        used: set[str] = set()
        reports = [
            self._report(_report_id(claimant, month, used), claimant, month, claims)
            for (claimant, month), claims in sorted(self._months.items())
        ]
        reports.sort(key=lambda report: str(report["reportID"]))
        return World((self._policy(),), tuple(reports), (self._company(),))

    def _day(self, claim: Claim) -> date:
        return claim.day if claim.day is not None else _last_day(self._latest_month)

    def _report(
        self, report_id: str, claimant: str, month: str, claims: Iterable[Claim]
    ) -> dict[str, Any]:
        first = date.fromisoformat(f"{month}-01")
        last = _last_day(first)
        approved = datetime(last.year, last.month, last.day, 9) + timedelta(days=5)  # noqa: DTZ001
        expenses = [self._expense(report_id, claim) for claim in claims]
        name = {"firstName": "", "lastName": claimant, "fullName": claimant}
        return {
            "reportID": report_id,
            "oldReportID": report_number(report_id),
            "reportName": f"Claims {month}, {claimant}",
            "status": "Approved",
            "policyID": POLICY_ID,
            "policyName": POLICY_NAME,
            "currency": self._currency,
            "total": sum(expense["amount"] for expense in expenses),
            "created": f"{first} 08:00:00",
            "submitted": f"{last} 17:00:00",
            "approved": f"{approved:%Y-%m-%d %H:%M:%S}",
            "reimbursed": "",
            "accountEmail": self._email(claimant),
            "accountID": self._vendors[claimant][1:],
            "submitter": name,
            "employeeCustomField1": self._vendors[claimant],
            "employeeCustomField2": "",
            "managerEmail": "approver@claims.example",
            "managerUserID": "",
            "managerPayrollID": "",
            "manager": {"firstName": "", "lastName": "Approver", "fullName": "Approver"},
            "entryID": "",
            "isACHReimbursed": False,
            "customField": {},
            "approvers": [],
            "actionList": [],
            "transactionList": expenses,
        }

    def _expense(self, report_id: str, claim: Claim) -> dict[str, Any]:
        day = self._day(claim)
        return expense_fields(
            transaction_id=str(10**15 + claim.line_number),
            day=day,
            currency=claim.currency,
            amount=claim.cents,
            merchant=claim.subcategory or claim.category,
            category=claim.category_name,
            comment=claim.details,
            inserted=datetime(day.year, day.month, day.day, 12),  # noqa: DTZ001 - UTC
        ) | {
            "reportID": report_id,
            "categoryGlCode": self._accounts[claim.category, claim.subcategory],
        }

    def _email(self, claimant: str) -> str:
        return f"{self._vendors[claimant].lower()}@claims.example"

    def _policy(self) -> Policy:
        return Policy(
            policy_id=POLICY_ID,
            name=POLICY_NAME,
            currency=self._currency,
            listing=policy_listing(
                POLICY_ID, POLICY_NAME, self._currency, "approver@claims.example"
            ),
            categories=tuple(
                {"name": self._names[pair], "enabled": True, "glCode": account}
                for pair, account in self._accounts.items()
            ),
            employees=tuple(
                {
                    "email": self._email(claimant),
                    "role": "user",
                    "submitsTo": "approver@claims.example",
                    "customField1": vendor,
                }
                for claimant, vendor in self._vendors.items()
            ),
        )

    def _company(self) -> CompanySeed:
        return CompanySeed(
            name=COMPANY_NAME,
            local_currency_code=self._currency,
            accounts=(
                AccountSeed("5410", "Vendors", "Liabilities", direct_posting=False),
                AccountSeed("5630", "Purchase VAT", "Liabilities", direct_posting=False),
                *(
                    AccountSeed(account, self._names[pair][:100])
                    for pair, account in self._accounts.items()
                ),
            ),
            vendors=tuple(
                VendorSeed(vendor, claimant[:100], self._email(claimant))
                for claimant, vendor in self._vendors.items()
            ),
        )


def _last_day(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _report_id(claimant: str, month: str, used: set[str]) -> str:
    """An id that depends on nothing but claimant and month, unique also in upper case."""
    attempt = 0
    while True:
        digest = hashlib.sha256(json.dumps([claimant, month, attempt]).encode()).digest()
        report_id = "R00" + base_62(int.from_bytes(digest, "big") % 62**9, 9)
        if report_id.upper() not in used:
            used.add(report_id.upper())
            return report_id
        attempt += 1
