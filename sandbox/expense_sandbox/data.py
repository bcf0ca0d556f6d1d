"""The generated world: three policies, half a year of expense reports, and books to post them to.

Everything follows from the seed alone: no clock, no hash order, the same on every machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from expense_sandbox.catalogue import (
    BLOCKED_CATEGORY,
    COST_CENTRES,
    DEPARTMENTS,
    INACTIVE_PROJECT,
    POLICIES,
    PROJECTS,
    UNMAPPED_CATEGORY,
    Tag,
    policies,
)
from expense_sandbox.companies import nav_companies
from expense_sandbox.people import BRITAIN, BY_EMAIL, DIRECTOR, PEOPLE, Person
from expense_sandbox.report import ReportTimes, make_report, timestamp
from expense_sandbox.spending import AWKWARD_COMMENTS, AWKWARD_MERCHANTS, Spender
from expense_sandbox.world import World, base_62, effective_amount

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SEED: Final = 20260105

FIRST_DAY: Final = datetime(2026, 1, 5)  # noqa: DTZ001 - report times are UTC without saying so
LAST_APPROVAL: Final = datetime(2026, 6, 30, 17, 30)  # noqa: DTZ001

REPORTS_PER_PERSON: Final = 8
CASE_PAIR: Final = ("R00bCluvcO4T", "R00BCluvcO4T")
"""Two report ids that become one when a NAV code field upper-cases them."""


def build_world(seed: int = DEFAULT_SEED) -> World:
    """Generate the world.

    Args:
        seed: Another seed gives other reports about the same people, policies and books.
    """
    return _Generator(random.Random(seed)).world()


@dataclass
class _Generator:
    """Makes reports one after the other; the order of the calls decides every random choice."""

    randomness: random.Random
    reports: list[dict[str, Any]] = field(default_factory=list)
    planted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _spenders: dict[str, Spender] = field(default_factory=dict)
    _used_ids: set[str] = field(default_factory=lambda: {name.upper() for name in CASE_PAIR})

    def __post_init__(self) -> None:
        for number, (policy_id, (_name, currency, _owner)) in enumerate(POLICIES.items()):
            first = number * 1_000_000
            self._spenders[policy_id] = Spender(self.randomness, policy_id, currency, first)

    def world(self) -> World:
        for person in PEOPLE:
            for _ in range(REPORTS_PER_PERSON):
                self._add_ordinary(person)
        self._plant_awkward_text()
        self._plant_refunds()
        self._plant_approval_ties()
        self._plant_second_approval()
        self._plant_negative_totals()
        self._plant_empty_report()
        self._plant_case_pair()
        self._plant_what_cannot_post()
        self._add_unfinished()
        for report in self.reports:
            report["total"] = sum(effective_amount(line) for line in report["transactionList"])
        return World(
            policies=policies(),
            reports=tuple(sorted(self.reports, key=_wire_order)),
            nav_companies=nav_companies(),
            planted=self.planted,
        )

    def _add_ordinary(self, person: Person) -> None:
        times = self._times()
        department = self._department(person)
        spender = self._spenders[person.policy_id]
        expenses = [
            spender.one(self._day_before(times.submitted), self._tag(person, department))
            for _ in range(self.randomness.randint(3, 12))
        ]
        report = self._add(person, times, expenses)
        if self.randomness.randint(1, 100) <= 55:  # noqa: PLR2004
            self._reimburse(report, times)

    def _add(
        self,
        person: Person,
        times: ReportTimes,
        expenses: list[dict[str, Any]],
        *,
        report_id: str | None = None,
        name: str | None = None,
        status: str = "Approved",
    ) -> dict[str, Any]:
        large = sum(abs(effective_amount(expense)) for expense in expenses) > 200_000  # noqa: PLR2004
        manager = BY_EMAIL[person.manager_email]
        approvers = (
            [manager, DIRECTOR] if large and DIRECTOR not in (manager, person) else [manager]
        )
        policy_name, currency, _owner = POLICIES[person.policy_id]
        report = make_report(
            report_id=report_id or self._new_id(),
            name=name if name is not None else self._name(person, times),
            status=status,
            person=person,
            approvers=approvers,
            policy_name=policy_name,
            currency=currency,
            times=times,
            expenses=expenses,
            cost_centre=self.randomness.choice(("", "", "", *COST_CENTRES)),
        )
        self.reports.append(report)
        return report

    def _reimburse(self, report: dict[str, Any], times: ReportTimes) -> None:
        paid = times.approved + timedelta(days=self.randomness.randint(1, 4), hours=2)
        report["status"] = "Reimbursed"
        report["reimbursed"] = timestamp(paid)
        report["isACHReimbursed"] = report["currency"] == "USD"
        report["entryID"] = str(self.randomness.randint(10_000_000, 99_999_999))

    def _plant_awkward_text(self) -> None:
        chosen = self._some_lines(len(AWKWARD_COMMENTS) + len(AWKWARD_MERCHANTS) + 1)
        for comment in AWKWARD_COMMENTS:
            chosen.pop()[1]["comment"] = comment
        for merchant in AWKWARD_MERCHANTS:
            chosen.pop()[1]["merchant"] = merchant
        # A text that is awkward twice: original and edited differ, and both need escaping.
        line = chosen.pop()[1]
        line["merchant"], line["modifiedMerchant"] = 'Caf\u00e9 "Z\u00fcri"', "Café „Züri“ & Söhne"
        for name in (
            'Q1 "Kick-off" & <review>',
            "Trip to Zürich – 東京 🚄",
            "",
            "Semi;colon,comma",
        ):
            self.randomness.choice(self.reports)["reportName"] = name

    def _plant_refunds(self) -> None:
        refunded = self._some_lines(40)
        for report, line in refunded:
            report["transactionList"].append(
                self._spender_of(report).refund(line) | {"reportID": report["reportID"]}
            )
        self.planted["refund"] = tuple(sorted({report["reportID"] for report, _ in refunded}))

    def _some_lines(self, count: int) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Unedited lines in the report's own currency, each with its report, none twice."""
        lines = [
            (report, line)
            for report in self.reports
            for line in report["transactionList"]
            if line["currency"] == report["currency"]
            and line["modifiedAmount"] == ""
            and line["type"] == "expense"
        ]
        return self.randomness.sample(lines, count)

    def _spender_of(self, report: dict[str, Any]) -> Spender:
        return self._spenders[report["policyID"]]

    def _plant_approval_ties(self) -> None:
        # Reports approved in one go carry the very same time.
        first, *others = self.randomness.sample(self.reports, 4)
        for other in others:
            for name in ("created", "submitted", "approved", "reimbursed", "status"):
                other[name] = first[name]
            other["isACHReimbursed"], other["entryID"] = first["isACHReimbursed"], first["entryID"]
            other["approvers"] = other["approvers"][:1]
            other["approvers"][0]["date"] = first["approved"]
            for line in other["transactionList"]:
                line["created"] = min(line["created"], first["submitted"][:10])
                line["inserted"] = f"{line['created']} 18:04:27"
                line["modifiedCreated"] = line["created"] if line["modifiedCreated"] else ""
        self.planted["same_approval_time"] = tuple(
            report["reportID"] for report in (first, *others)
        )

    def _plant_second_approval(self) -> None:
        # Approved, unapproved and approved again: `approved` tells the last time.
        report = next(
            report
            for report in self.reports
            if report["reportID"] not in self.planted["same_approval_time"]
        )
        submitted = datetime.fromisoformat(report["submitted"])
        again = report["approvers"][0] | {"date": timestamp(submitted + timedelta(minutes=10))}
        report["approvers"].insert(0, again)
        self.planted["approved_twice"] = (report["reportID"],)

    def _plant_negative_totals(self) -> None:
        ids = []
        for email, on_card in (
            ("zoe.mueller@northwind.example", False),
            ("marcus.oneil@northwind.example", False),
            ("siobhan.byrne@northwind.example", True),
            ("giulia.dangelo@northwind.example", True),
        ):
            person, times = BY_EMAIL[email], self._times()
            spender, tag = self._spenders[person.policy_id], self._tag(BY_EMAIL[email], None)
            day = self._day_before(times.submitted)
            expenses = [
                spender.make(
                    day, tag, "Airfare", -41_870, "KLM", comment="Cancelled", on_card=on_card
                ),
                spender.make(day, tag, "Meals", 2_315, "Brasserie Lipp", on_card=on_card),
            ]
            ids.append(self._add(person, times, expenses, name="Cancelled trip")["reportID"])
        self.planted["negative_total"] = tuple(ids)

    def _plant_empty_report(self) -> None:
        report = self._add(
            BY_EMAIL["bjorn.akesson@northwind.example"], self._times(), [], name="Nothing to claim"
        )
        self.planted["zero_total"] = (report["reportID"],)

    def _plant_case_pair(self) -> None:
        person = BY_EMAIL["katarzyna.zak@northwind.example"]
        for report_id in CASE_PAIR:
            times = self._times()
            lines = [
                self._spenders[person.policy_id].one(
                    self._day_before(times.submitted), self._tag(person, None), on_card=False
                )
                for _ in range(4)
            ]
            self._add(person, times, lines, report_id=report_id, name="Customer days")
        self.planted["case_pair"] = CASE_PAIR

    def _plant_what_cannot_post(self) -> None:
        project = Tag(DEPARTMENTS[2], INACTIVE_PROJECT)
        for case, email, category, tag in (
            ("unmapped_category", "jose.nunez@northwind.example", UNMAPPED_CATEGORY, None),
            ("blocked_account", "owain.llewellyn@northwind.example", BLOCKED_CATEGORY, None),
            ("inactive_dimension_value", "priya.raman@northwind.example", "Meals", project),
        ):
            person, times = BY_EMAIL[email], self._times()
            spender, department = self._spenders[person.policy_id], self._department(person)
            lines = [
                spender.one(
                    self._day_before(times.submitted), self._tag(person, department), on_card=False
                )
                for _ in range(3)
            ]
            lines[1] = spender.make(
                self._day_before(times.submitted),
                tag or self._tag(person, department),
                category,
                self.randomness.randint(2_000, 9_000),
                "Stadthalle",
                comment="See the minutes",
            )
            self.planted[case] = (self._add(person, times, lines)["reportID"],)

    def _add_unfinished(self) -> None:
        """Reports that are not approved, or closed without ever being reimbursed."""
        for status, count in (("Open", 14), ("Processing", 11), ("Closed", 9)):
            for number in range(count):
                person, times = self.randomness.choice(PEOPLE), self._times()
                lines = [
                    self._spenders[person.policy_id].one(
                        self._day_before(times.submitted), self._tag(person, None)
                    )
                    for _ in range(self.randomness.randint(1, 6))
                ]
                report = self._add(person, times, lines, status=status)
                # Under "submit and close" nobody approves, so only some closed reports were.
                if status != "Closed" or number % 3:
                    report["approved"], report["approvers"] = "", []
                if status == "Open":
                    report["submitted"] = ""

    def _times(self) -> ReportTimes:
        """When a report was created, submitted and approved; office hours, to the second."""
        randomness = self.randomness
        approved = FIRST_DAY + timedelta(
            days=randomness.randint(2, 176),
            hours=randomness.randint(7, 16),
            minutes=randomness.randint(0, 59),
            seconds=randomness.randint(0, 59),
        )
        approved = min(approved, LAST_APPROVAL)
        submitted = approved - timedelta(minutes=randomness.randint(30, 6_000))
        created = submitted - timedelta(days=randomness.randint(0, 30), minutes=17)
        return ReportTimes(created, submitted, approved)

    def _day_before(self, moment: datetime) -> date:
        return (moment - timedelta(days=self.randomness.randint(1, 34))).date()

    def _department(self, person: Person) -> tuple[str, str]:
        # People mostly spend for their own department, and now and then for another.
        if self.randomness.randint(1, 10) == 1:
            return self.randomness.choice(DEPARTMENTS)
        return DEPARTMENTS[person.number % len(DEPARTMENTS)]

    def _tag(self, person: Person, department: tuple[str, str] | None) -> Tag:
        department = department or self._department(person)
        if person.policy_id == BRITAIN or self.randomness.randint(1, 100) <= 15:  # noqa: PLR2004
            return Tag(department)
        return Tag(department, self.randomness.choice(PROJECTS))

    def _name(self, person: Person, times: ReportTimes) -> str:
        reason = self.randomness.choice(
            ("Travel", "Client visits", "Monthly expenses", "Conference", "Site inspection")
        )
        return f"{reason} {times.submitted:%B %Y}, {person.full_name}"

    def _new_id(self) -> str:
        while True:
            report_id = "R00" + base_62(self.randomness.randint(62**8, 62**9 - 1), 9)
            if report_id.upper() not in self._used_ids:
                self._used_ids.add(report_id.upper())
                return report_id


def _wire_order(report: Mapping[str, Any]) -> str:
    # The service promises no order: by id, so that nobody comes to rely on order of approval.
    return str(report["reportID"])
