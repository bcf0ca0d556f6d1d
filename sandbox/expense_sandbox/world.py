"""The world a sandbox shows: Expensify's policies and reports, and the NAV companies they post to."""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expense_sandbox.seeds import CompanySeed

BASE_62 = string.digits + string.ascii_uppercase + string.ascii_lowercase

REPORT_STATES: Mapping[str, str] = MappingProxyType(
    {
        "Open": "OPEN",
        "Processing": "SUBMITTED",
        "Approved": "APPROVED",
        "Reimbursed": "REIMBURSED",
        "Closed": "ARCHIVED",
    }
)
"""A report's `status` in the world, and the `reportState` by which the exporter selects it."""


@dataclass(frozen=True)
class Policy:
    """An Expensify policy ("workspace"), in the shapes the `get` jobs answer with.

    Attributes:
        policy_id: 16 hexadecimal digits.
        name: The policy's name.
        currency: The currency all its reports are in.
        listing: The policy's item in the answer to `policyList`.
        categories: Items `{name, enabled, glCode?, …}`.
        tags: Flat items `{name, enabled, glCode}`, or levels `{name, tags: [items]}`.
        report_fields: Items `{name, type, values}`.
        tax: `{name, default, rates}` or, when no tax is set up, `{}`.
        employees: Items `{email, role, submitsTo, …}`.
    """

    policy_id: str
    name: str
    currency: str
    listing: Mapping[str, Any]
    categories: tuple[Mapping[str, Any], ...] = ()
    tags: tuple[Mapping[str, Any], ...] = ()
    report_fields: tuple[Mapping[str, Any], ...] = ()
    tax: Mapping[str, Any] = field(default_factory=dict)
    employees: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class World:
    """Everything a sandbox starts with.

    Attributes:
        policies: Expensify's policies.
        reports: Reports as the exporter's template model shows them (JSON-able; amounts are
            integer hundredths of their currency, ids strings, report times
            `YYYY-MM-DD HH:MM:SS` in UTC, `""` where nothing is set). `status` is one of
            `REPORT_STATES`.
        nav_companies: NAV companies that the reports can be posted to.
        planted: Report ids of the special cases, by the name of the case.
    """

    policies: tuple[Policy, ...]
    reports: tuple[Mapping[str, Any], ...]
    nav_companies: tuple[CompanySeed, ...]
    planted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def report(self, report_id: str) -> Mapping[str, Any]:
        """The report of that id.

        Raises:
            KeyError: When there is none.
        """
        for report in self.reports:
            if report["reportID"] == report_id:
                return report
        raise KeyError(report_id)


def base_62(number: int, digits: int) -> str:
    """`number` in base 62, padded with zeros to `digits`."""
    text = ""
    while number or len(text) < digits:
        number, remainder = divmod(number, 62)
        text = BASE_62[remainder] + text
    return text


def report_number(report_id: str) -> str:
    """The base-10 form of a report id: `R00000065tuN` is report 90064571.

    Args:
        report_id: `R` and base-62 digits, or a base-10 id, which is returned as it is.
    """
    if report_id.isdigit():
        return report_id
    number = 0
    for character in report_id.removeprefix("R"):
        number = number * 62 + BASE_62.index(character)
    return str(number)


def effective_amount(expense: Mapping[str, Any]) -> int:
    """What an expense adds to its report, in hundredths of the report's currency."""
    for name in ("convertedAmount", "modifiedAmount"):
        if expense[name] != "":
            return int(expense[name])
    return int(expense["amount"])


def policy_listing(
    policy_id: str, name: str, currency: str, owner: str, *, role: str = "admin"
) -> dict[str, Any]:
    """A policy's item in `policyList`, with the oddities live answers have.

    `tax` is JSON inside a string, one boolean is the string "1", and 10000000000 means "no limit".
    """
    return {
        "shouldShowAutoApprovalOptions": False,
        "role": role,
        "chatReportIDAdmins": int(policy_id[-4:], 16) + 7064216372030000,
        "areCompanyCardsEnabled": True,
        "type": "corporate",
        "areRulesEnabled": False,
        "approvalMode": "ADVANCED",
        "maxExpenseAmountNoReceipt": 10000000000,
        "areCategoriesEnabled": True,
        "areReportFieldsEnabled": True,
        "maxExpenseAmount": 10000000000,
        "id": policy_id,
        "outputCurrency": currency,
        "owner": owner,
        "avatarURL": "",
        "created": "2023-11-06 08:15:30",
        "eReceipts": True,
        "autoReimbursement": "",
        "tax": '{"trackingEnabled":false}',
        "maxExpenseAge": 10000000000,
        "isPolicyExpenseChatEnabled": "1",
        "ownerAccountID": 18558431,
        "name": name,
        "areTagsEnabled": True,
        "invoice": {"markUp": 0},
        "chatReportIDAnnounce": 0,
    }
