"""What people can choose in Expensify and the rules do not cover, before anybody chooses it. Pure.

Each category, tag and employee of the live lists is put through the very lookups that would decide about it, in a
report of its policy with nothing else in it. Lookups that also go by something else (a merchant, a report field) may
come to a code all the same, so what is found here is information and no problem.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from map_expensify_nav.conditions import expenses_left_out, report_left_out
from map_expensify_nav.dates import day_of_report
from map_expensify_nav.decisions import Decider, Outcome, problem_of
from map_expensify_nav.parts import split
from map_expensify_nav.report import read_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from map_expensify_nav.decisions import Decision
    from map_expensify_nav.feed import Feed, Record
    from map_expensify_nav.lookup_rules import Lookup
    from map_expensify_nav.parts import Part
    from map_expensify_nav.report import Report
    from map_expensify_nav.rule_set import RuleSet
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path

_CATEGORY = {"by_category", "category_gl_code", "category_payroll_code", "category_name"}
_TAG = {"by_tag", "tag_gl_code", "tag_name"}
_PERSON = {
    "by_submitter",
    "by_employee_custom_field_1",
    "by_employee_custom_field_2",
    "employee_custom_field_1",
    "employee_custom_field_2",
}
_NOT_IN_THE_LISTS = {"by_account_id", "account_id"}


class Goal(NamedTuple):
    """What a lookup leads to in NAV.

    Attributes:
        thing: First part of a problem's code.
        words: What it is, for people.
        kind: Which of the books' lists it is in.
        dimension: Its code, where it is a dimension value.
    """

    thing: str
    words: str
    kind: str
    dimension: str = ""


_ACCOUNT = Goal("account", "G/L account", "accounts")
_VENDOR = Goal("vendor", "vendor", "vendors")


def _value_of(code: str) -> Goal:
    return Goal("dimension", f"value of dimension {code.upper()}", "values", code.upper())


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen, and what the rules make of it.

    Attributes:
        policy: Name of its policy.
        company: The NAV company of that policy, where the rules name one.
        named: Kind, number and dimension of what it leads to in NAV; None where it leads nowhere.
        message: Why it leads nowhere, and what to do.
        person: E-mail address, where it is an employee.
    """

    policy: str
    company: str | None
    named: tuple[str, str, str] | None = None
    message: str | None = None
    person: str | None = None


def choices(rules: RuleSet, feed: Feed, day: date) -> Iterator[Choice]:
    """What the rules make of everything that can be chosen on a day."""
    for policy in feed.policies:
        lists = feed.of_policies([str(policy.get("policy_id"))])
        yield from _of_policy(rules, policy, lists, day)


def companies(rules: RuleSet, feed: Feed, day: date) -> set[str | None]:
    """The NAV companies that the rules name for the policies of the lists."""
    found: set[str | None] = set()
    for policy in feed.policies:
        report = _report(policy, day)
        file, problem = rules.file_of(report)
        if problem is None:
            found.add(_company(file, report))
    return found


def _of_policy(rules: RuleSet, policy: Record, lists: Feed, day: date) -> Iterator[Choice]:
    report = _report(policy, day)
    file, problem = rules.file_of(report)
    name = report.policy_name or report.policy_id or ""
    if problem is not None:
        only_by_policy = all(
            each.rules.reports is None
            or each.rules.reports.model_fields_set <= {"policy", "from_day", "until"}
            for each in rules.files
        )
        if only_by_policy:
            yield Choice(name, None, message=f"{problem.message} {problem.hint}")
        return
    company = _company(file, report)
    for category in filter(_enabled, lists.categories):
        decisions = _of_category(file, policy, category, day)
        yield from (_choice(name, company, decision, _ACCOUNT) for decision in decisions)
    for tag in filter(_enabled, lists.tags):
        for code, decision in _of_tag(file, policy, tag, day):
            yield _choice(name, company, decision, _value_of(code))
    for employee in lists.employees:
        email = str(employee.get("email"))
        for goal, decision in _of_employee(file, policy, employee, day):
            yield replace(_choice(name, company, decision, goal), person=email)


def _enabled(item: Record) -> bool:
    return item.get("enabled") is not False


def _of_category(
    file: RulesFile, policy: Record, category: Record, day: date
) -> Iterator[Decision]:
    expense = {
        "category": category.get("name"),
        "category_gl_code": category.get("gl_code"),
        "category_payroll_code": category.get("payroll_code"),
    }
    chosen = _report(policy, day, expense)
    for part in _parts(file, chosen):
        lookup: Lookup = file.rules.accounts
        path: Path = ("accounts",)
        if part.rule is not None and part.rule.accounts is not None:
            lookup, path = part.rule.accounts, (*part.path, "accounts")
        if _CATEGORY & set(lookup.sources or ()):
            yield _decided(file, lookup, path, chosen)


def _of_tag(
    file: RulesFile, policy: Record, tag: Record, day: date
) -> Iterator[tuple[str, Decision]]:
    chosen = _report(policy, day, {"tags": _levels(tag)})
    if not list(_parts(file, chosen)):
        return
    levels = {level["level"] for level in _levels(tag)}
    for code, rule in file.rules.dimensions.items():
        if _TAG & set(rule.sources or ()) and (rule.tag_level or 1) in levels:
            yield code, _decided(file, rule, ("dimensions", code), chosen)


def _of_employee(
    file: RulesFile, policy: Record, employee: Record, day: date
) -> Iterator[tuple[Goal, Decision]]:
    person = {
        "submitter_email": employee.get("email"),
        "employee_custom_field_1": employee.get("custom_field_1"),
        "employee_custom_field_2": employee.get("custom_field_2"),
    }
    chosen = _report({**policy, **person}, day, {})
    for part in _parts(file, chosen):
        vendor = part.rule.vendor if part.rule is not None else None
        if vendor is not None and _by_person(vendor):
            yield _VENDOR, _decided(file, vendor, (*part.path, "vendor"), chosen)
    for code, rule in file.rules.dimensions.items():
        if _by_person(rule):
            decision = _decided(file, rule, ("dimensions", code), chosen)
            if decision.outcome is not Outcome.MISSING or rule.required:
                yield _value_of(code), decision


def _by_person(lookup: Lookup) -> bool:
    sources = set(lookup.sources or ())
    return bool(_PERSON & sources) and not _NOT_IN_THE_LISTS & sources


def _report(policy: Record, day: date, *expenses: Record) -> Report:
    """A report of a policy, approved on a day, with expenses of one unit each for either fund source."""
    moment = f"{day}T12:00:00Z"
    basis = {"effective_amount": 100, "effective_date": str(day)}
    basis["effective_currency"] = policy.get("output_currency")
    return read_report(
        {
            "report_id": "-",
            "status": "Approved",
            "currency": policy.get("output_currency"),
            "approved_at": moment,
            "submitted_at": moment,
            **policy,
            "expenses": [
                {**basis, **expense, "reimbursable": paid}
                for expense in expenses
                for paid in (True, False)
            ],
        }
    )


def _parts(file: RulesFile, report: Report) -> Iterator[Part]:
    """The parts of a made-up report that would be posted."""
    day = day_of_report(report, file.rules.dates)
    if report_left_out(report, file, day) or expenses_left_out(report, file, day):
        return
    for part in split(report, file, day):
        if part.rule is not None and part.rule.document != "skip":
            yield part


def _levels(tag: Record) -> list[Record]:
    """A tag of the lists as an expense would carry it."""
    names = tag.get("path") or [tag.get("name")]
    first = tag.get("level") or 1
    return [
        {"level": first + index, "name": name, "gl_code": tag.get("gl_code")}
        for index, name in enumerate(names)
    ]


def _decided(file: RulesFile, lookup: Lookup, path: Path, report: Report) -> Decision:
    expense = report.expenses[0] if report.expenses else None
    day = day_of_report(report, file.rules.dates)
    return Decider(file, day).decide(lookup, path, report, expense)


def _company(file: RulesFile, report: Report) -> str | None:
    lookup = file.rules.company
    return _decided(file, lookup, ("company",), report).code if lookup is not None else None


def _choice(policy: str, company: str | None, decision: Decision, goal: Goal) -> Choice:
    if decision.code is not None:
        return Choice(policy, company, named=(goal.kind, decision.code.upper(), goal.dimension))
    problem = problem_of(decision, goal.thing, goal.words, "")
    return Choice(policy, company, message=f"{problem.message} {problem.hint or ''}".strip())


def known_names(feed: Feed, table: str) -> Iterable[str] | None:
    """The names that a table of a rules file may list; None where the lists do not tell."""
    if not feed.policies:
        return None
    if table == "by_category":
        return [str(item.get("name")) for item in feed.categories]
    if table == "by_tag":
        return [str(level["name"]) for item in feed.tags for level in _levels(item)]
    if table == "by_submitter":
        return [str(item.get("email")) for item in feed.employees]
    if table == "by_policy":
        return [
            str(item.get(key)) for item in feed.policies for key in ("policy_name", "policy_id")
        ]
    return None
