"""What is decided once for a whole document: company, currency, vendor or balancing account. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from map_expensify_nav.decisions import Decider, accept
from map_expensify_nav.findings import Findings, Problem
from map_expensify_nav.rules_file import key_path
from map_expensify_nav.tables import code_on
from map_expensify_nav.templates import header_values

if TYPE_CHECKING:
    from datetime import date

    from map_expensify_nav.parts import Part
    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.valuation import Valuation
    from map_expensify_nav.yaml_marks import Path


@dataclass(frozen=True)
class Making:
    """A document being made: what it is made from, and what was found so far.

    Attributes:
        part: The expenses of the document, and their rule.
        posted: Those of them that get a line.
        money: What they count in the document's currency.
        run_date: The day of the run, where the books are kept.
        day: The day that decides which entries of the rules hold; None when it is not known.
    """

    report: Report
    part: Part
    posted: tuple[Expense, ...]
    money: Valuation
    rules_file: RulesFile
    findings: Findings
    run_date: date | None
    day: date | None = None

    @cached_property
    def decider(self) -> Decider:
        """Evaluates lookups of the rules file."""
        return Decider(self.rules_file, self.day)

    @property
    def is_journal(self) -> bool:
        """Whether it becomes a journal entry."""
        return self.part.rule is not None and self.part.rule.document == "journal_entry"

    @cached_property
    def texts(self) -> dict[str, str | None]:
        """The fields of a header template."""
        return header_values(self.report)


def company(making: Making) -> str | None:
    """The NAV company, or None: the target's own setting decides, or nothing does (then there is a problem)."""
    lookup = making.rules_file.rules.company
    if lookup is None:
        making.findings.decided_by["company"] = "no rule: the target's own setting"
        return None
    decision = making.decider.decide_for_all(lookup, ("company",), making.report, making.posted)
    return accept(decision, making.findings, "company", "NAV company", "company")


def own_currency(
    rules_file: RulesFile, nav_company: str | None, day: date | None
) -> tuple[str | None, Path]:
    """The currency a company keeps its books in, and the place in the rules file that says so; None on some days."""
    rules = rules_file.rules
    by_company = rules.local_currency_by_company or {}
    if nav_company in by_company:
        code, inner = code_on(by_company[nav_company], day)
        if code is not None:
            return code, ("local_currency_by_company", nav_company, *inner)
    code, inner = code_on(rules.local_currency, day)
    return code, ("local_currency", *inner)


def currency_code(making: Making, nav_company: str | None) -> str | None:
    """The document's currency, or None when it is the company's own."""
    own, path = own_currency(making.rules_file, nav_company, making.day)
    place = making.rules_file.place(path)
    if own is None:
        making.findings.problems.append(_own_currency_missing(making))
        return None
    currency = making.money.currency
    if currency is None:
        return None  # already a problem of the whole report
    if currency == own:
        said = f"{place}: {own} is the company's own currency"
        if making.report.currency != own:
            chosen = making.rules_file.place(("currency", "of_documents"))
            said = f"{chosen}: {making.rules_file.rules.currency.of_documents}; {said}"
        making.findings.decided_by["currency_code"] = said
        return None
    what = "The report is" if currency == making.report.currency else "The expenses are"
    making.findings.decided_by["currency_code"] = (
        f"{place}: {what[0].lower()}{what[1:]} in another currency than {own}"
    )
    if making.is_journal:
        rule = key_path((*making.part.path, "document"))
        making.findings.problems.append(
            Problem(
                "journal_currency",
                f"{what} in {currency}, and a journal entry can only be in the company's own currency {own}.",
                "currency_code",
                currency,
                f"Change {rule} in {making.rules_file.name} to purchase_invoice for this policy.",
            )
        )
    return currency


def _own_currency_missing(making: Making) -> Problem:
    said = making.day.isoformat() if making.day else "a day that is not known"
    return Problem(
        "local_currency_missing",
        f"The rules do not say which currency the company keeps its books in on {said}.",
        "currency_code",
        None,
        f"Give {making.rules_file.place(('local_currency',))} in {making.rules_file.name} a code for that day.",
    )


def party(making: Making) -> dict[str, Any]:
    """The vendor, or the balancing account of a journal entry, as the fields of the document they fill."""
    rule, path = making.part.rule, making.part.path
    if rule is None:
        making.findings.problems.append(_undecided(making))
        return {}
    making.findings.decided_by["document"] = making.rules_file.place((*path, "document"))
    report, posted = making.report, making.posted
    if rule.vendor is not None:
        decision = making.decider.decide_for_all(rule.vendor, (*path, "vendor"), report, posted)
        number = accept(decision, making.findings, "vendor", "vendor", "vendor_number")
        return {"vendor_number": number}
    if rule.balancing_account is not None:
        decision = making.decider.decide_for_all(
            rule.balancing_account, (*path, "balancing_account"), report, posted
        )
        number = accept(
            decision,
            making.findings,
            "balancing_account",
            "balancing account",
            "balancing_account",
        )
        account = {"type": rule.balancing_account.type, "number": number} if number else None
        return {"balancing_account": account}
    return {}


def _undecided(making: Making) -> Problem:
    path, file = making.part.path, making.rules_file.name
    policy = making.report.policy_name or making.report.policy_id
    if isinstance(getattr(making.rules_file.rules.documents, making.part.fund_source), list):
        said = making.day.isoformat() if making.day else "a day that is not known"
        return Problem(
            "document_undecided",
            f"No rule under {key_path(path)} holds on {said}.",
            None,
            policy,
            f"Add one for that day in {file}, or let one of them end later.",
        )
    message = (
        f"No rule says which document policy '{policy}' gets."
        if policy
        else "The report has no policy, and no rule says which document it gets."
    )
    return Problem(
        "document_undecided",
        message,
        None,
        policy,
        f"Add the policy under {key_path((*path, 'by_policy'))}, or document: under {key_path(path)}, in {file}.",
    )
