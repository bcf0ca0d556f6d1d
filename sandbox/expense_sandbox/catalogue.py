"""Categories, tags and report fields of the generated world's policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from expense_sandbox.people import AMERICA, BRITAIN, EUROPE, policy_employees
from expense_sandbox.world import Policy, policy_listing

CATEGORY_ACCOUNTS: Final = {
    "Airfare": "8430",
    "Hotel": "8440",
    "Meals": "8450",
    "Entertainment": "8460",
    "Taxi and Rideshare": "8470",
    "Rail": "8480",
    "Mileage": "8490",
    "Office Supplies": "8210",
    "Software": "8220",
    "Telephone": "8230",
    "Postage": "8240",
    "Books": "8610",
    "Legacy Telephony": "8320",
    "Conferences & Training": "",
    "Team Événements": "",
}
"""Categories and their GL codes; two have none."""

BLOCKED_CATEGORY: Final = "Legacy Telephony"
UNMAPPED_CATEGORY: Final = "Team Événements"
CATEGORY_OF_THE_RULES: Final = "Conferences & Training"

DEPARTMENTS: Final = (
    ("Administration", "ADM"),
    ("Production", "PROD"),
    ("Sales", "SALES"),
    ("R&D", "RD"),
)
"""Department tags: name and GL code, which is the value of the NAV dimension DEPARTMENT."""

PROJECTS: Final = (
    ("Website Relaunch", "P-100"),
    ("Zürich: Phase 2", "P-101"),
    ("Ærø Ferry", "P-102"),
    ("Client: Café Olé: Rollout", "P-103"),
    ("Data Warehouse", "P-104"),
    ("São Paulo Office", "P-105"),
    ("Plan B / Contingency", "P-106"),
    ('"Moonshot"', "P-107"),
    ("東京 Launch", "P-108"),
    ("Audit 2026", "P-109"),
)
INACTIVE_PROJECT: Final = ("Apollo", "P-090")
"""A project Expensify still offers and NAV has blocked."""

COST_CENTRES: Final = ("CC10", "CC20", "CC30", "CC40")

POLICIES: Final = {
    EUROPE: ("Northwind Europe", "EUR", "amelie.dupont@northwind.example"),
    AMERICA: ("Northwind America", "USD", "grace.hopkins@northwind.example"),
    BRITAIN: ("Northwind Britain", "GBP", "alistair.finch@northwind.example"),
}
"""Name, currency and owner of each policy, by id."""


@dataclass(frozen=True)
class Tag:
    """The tag of an expense: a department and, where the policy has two levels, a project."""

    department: tuple[str, str]
    project: tuple[str, str] | None = None

    def fields(self) -> dict[str, str]:
        """The expense's tag fields; levels are joined by ":", a colon in a name is escaped."""
        levels = [self.department] if self.project is None else [self.department, self.project]
        fields = {
            "tag": ":".join(escape_tag(name) for name, _code in levels),
            "tagGlCode": ":".join(code for _name, code in levels),
        }
        for number, (name, code) in enumerate(levels, start=1):
            fields[f"ntag{number}"] = name
            fields[f"ntag{number}GlCode"] = code
        return fields


def escape_tag(name: str) -> str:
    r"""A tag's name as Expensify stores it: ":" becomes "\:"."""
    return name.replace(":", "\\:")


def policies() -> tuple[Policy, ...]:
    """The three policies of the generated world."""
    return tuple(
        Policy(
            policy_id=policy_id,
            name=name,
            currency=currency,
            listing=policy_listing(policy_id, name, currency, owner),
            categories=_categories(),
            tags=_tags(policy_id),
            report_fields=(
                {"name": "title", "type": "formula", "values": []},
                {"name": "Cost Centre", "type": "dropdown", "values": list(COST_CENTRES)},
                {"name": "Purpose of Travel", "type": "text", "values": []},
            ),
            tax=_tax(policy_id),
            employees=policy_employees(policy_id),
        )
        for policy_id, (name, currency, owner) in POLICIES.items()
    )


def _categories() -> tuple[dict[str, Any], ...]:
    items = []
    for name, account in CATEGORY_ACCOUNTS.items():
        item: dict[str, Any] = {"name": name, "enabled": True, "areCommentsRequired": False}
        if account:
            item["glCode"] = account
        if name == "Airfare":
            item |= {"commentHint": "From, to, reason", "maxExpenseAmount": 500000}
        items.append(item)
    items.append({"name": "Fax (until 2024)", "enabled": False, "glCode": "8230"})
    return tuple(items)


def _tags(policy_id: str) -> tuple[dict[str, Any], ...]:
    departments = [_tag_item(name, code) for name, code in DEPARTMENTS]
    if policy_id == BRITAIN:
        return tuple(departments)
    projects = [_tag_item(name, code) for name, code in (*PROJECTS, INACTIVE_PROJECT)]
    return ({"name": "Department", "tags": departments}, {"name": "Project", "tags": projects})


def _tag_item(name: str, code: str) -> dict[str, Any]:
    return {"name": escape_tag(name), "enabled": True, "glCode": code}


def _tax(policy_id: str) -> dict[str, Any]:
    # Only one policy has tax set up, and nobody uses it: both shapes of the section are shown.
    if policy_id != BRITAIN:
        return {}
    return {
        "name": "VAT",
        "default": "id_TAX_EXEMPT",
        "rates": [
            {"rateID": "id_TAX_EXEMPT", "name": "Exempt", "rate": 0},
            {"rateID": "id_TAX_OPTION_16", "name": "Standard rated", "rate": 20},
        ],
    }
