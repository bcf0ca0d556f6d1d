"""The people of the generated world and the policies they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

EUROPE: Final = "A1B2C3D4E5F60701"
AMERICA: Final = "A1B2C3D4E5F60702"
BRITAIN: Final = "A1B2C3D4E5F60703"

AREAS: Final = {EUROPE: "EU", AMERICA: "US", BRITAIN: "UK"}
"""Values of the NAV dimension AREA, by policy."""


@dataclass(frozen=True)
class Person:
    """An employee of Northwind.

    Attributes:
        first_name: Given name.
        last_name: Family name.
        email: The Expensify account.
        policy_id: The policy the person reports expenses under.
        number: Running number, from 1: vendor E1001 and Expensify account 5000101 are number 1.
        has_vendor_field: Whether Expensify knows the person's vendor (employeeCustomField1).
        manager_email: Who approves the person's reports.
    """

    first_name: str
    last_name: str
    email: str
    policy_id: str
    number: int
    has_vendor_field: bool
    manager_email: str

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def vendor_number(self) -> str:
        """The NAV vendor that stands for the person."""
        return f"E{1000 + self.number}"

    @property
    def account_id(self) -> str:
        """The person's Expensify account number."""
        return str(5000100 + self.number)

    @property
    def area(self) -> str:
        """The person's value of the NAV dimension AREA (employeeCustomField2)."""
        return AREAS[self.policy_id]


_DIRECTOR: Final = "ingrid.larsen@northwind.example"
_MANAGERS: Final = {
    EUROPE: "amelie.dupont@northwind.example",
    AMERICA: "grace.hopkins@northwind.example",
    BRITAIN: "alistair.finch@northwind.example",
}
_WITHOUT_VENDOR_FIELD: Final = frozenset(
    {"lena.novak@northwind.example", "tom.ellis@northwind.example"}
)

# (first name, last name, local part of the e-mail address), by policy, in order of number.
_NAMES: Final = {
    EUROPE: (
        ("Ingrid", "Larsen", "ingrid.larsen"),
        ("Amélie", "Dupont", "amelie.dupont"),
        ("Zoë", "Müller", "zoe.mueller"),
        ("Łukasz", "Wójcik", "lukasz.wojcik"),
        ("Søren", "Ødegaard", "soren.odegaard"),
        ("Giulia", "D'Angelo", "giulia.dangelo"),
        ("Björn", "Åkesson", "bjorn.akesson"),
        ("Lena", "Novák", "lena.novak"),
        ("José María", "Núñez", "jose.nunez"),
        ("Katarzyna", "Żak", "katarzyna.zak"),
        ("Νίκος", "Παππάς", "nikos.pappas"),
        ("Fatma", "Yıldız", "fatma.yildiz"),
    ),
    AMERICA: (
        ("Grace", "Hopkins", "grace.hopkins"),
        ("Marcus", "O'Neil", "marcus.oneil"),
        ("Priya", "Raman", "priya.raman"),
        ("Diego", "Hernández", "diego.hernandez"),
        ("Wei", "Zhang", "wei.zhang"),
        ("Hannah", "Schmidt-Jones", "hannah.schmidtjones"),
        ("Terrell", "Brooks", "terrell.brooks"),
        ("Aiko", "Tanaka", "aiko.tanaka"),
        ("Sam", "Lee", "sam.lee"),
    ),
    BRITAIN: (
        ("Alistair", "Finch", "alistair.finch"),
        ("Tom", "Ellis", "tom.ellis"),
        ("Siobhán", "Byrne", "siobhan.byrne"),
        ("Owain", "Llewellyn", "owain.llewellyn"),
        ("Chidi", "Okafor", "chidi.okafor"),
        ("Morag", "MacLeod", "morag.macleod"),
        ("Yasmin", "Rahman", "yasmin.rahman"),
    ),
}


def _people() -> tuple[Person, ...]:
    people: list[Person] = []
    for policy_id, names in _NAMES.items():
        for first_name, last_name, local_part in names:
            email = f"{local_part}@northwind.example"
            manager = _MANAGERS[policy_id]
            people.append(
                Person(
                    first_name=first_name,
                    last_name=last_name,
                    email=email,
                    policy_id=policy_id,
                    number=len(people) + 1,
                    has_vendor_field=email not in _WITHOUT_VENDOR_FIELD,
                    manager_email=_DIRECTOR if manager == email else manager,
                )
            )
    return tuple(people)


PEOPLE: Final = _people()
"""Everybody, in order of number. The director approves her own reports through Amélie Dupont."""

BY_EMAIL: Final = {person.email: person for person in PEOPLE}

DIRECTOR: Final = BY_EMAIL[_DIRECTOR]


def policy_employees(policy_id: str) -> tuple[dict[str, Any], ...]:
    """The items of a policy's `employees` section; keys without a value are absent, as live."""
    items = []
    for person in PEOPLE:
        if person.policy_id != policy_id:
            continue
        item: dict[str, Any] = {
            "email": person.email,
            "role": "admin" if person.email in _MANAGERS.values() else "user",
            "submitsTo": person.manager_email,
            "employeeID": f"NW-{person.number:03d}",
            "customField2": person.area,
            "forwardsTo": "",
        }
        if person.has_vendor_field:
            item["customField1"] = person.vendor_number
        items.append(item)
    return tuple(items)
