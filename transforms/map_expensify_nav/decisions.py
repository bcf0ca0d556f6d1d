"""Decides one code by one lookup, and says why, or what is in the way. Pure: no I/O.

A lookup asks its sources in the order written. The first that gives a code wins. When none does, there are two cases,
and they are kept apart: the report says nothing (the expense has no tag), or it says something nobody mapped (the tag
has no value in NAV). The second is always a problem; a default, if the rules have one, covers both and is noted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from map_expensify_nav.findings import Note, Problem
from map_expensify_nav.rule_model import LONGEST_CODE
from map_expensify_nav.rules_file import closest, key_path
from map_expensify_nav.sources import SOURCES, Facts, Source
from map_expensify_nav.tables import code_on
from map_expensify_nav.templates import cut, length

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from map_expensify_nav.findings import Findings
    from map_expensify_nav.lookup_rules import Lookup
    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules_file import RulesFile
    from map_expensify_nav.yaml_marks import Path


_MOST_KEPT = 10_000
"""How many decisions of one lookup are kept before it starts anew, so that memory stays bounded."""


class Outcome(Enum):
    """How a lookup ended."""

    FOUND = "found"
    DEFAULT = "default"
    MISSING = "missing"  # the report says nothing
    UNMAPPED = "unmapped"  # the report says something that has no code
    AMBIGUOUS = "ambiguous"  # the expenses of one document disagree


@dataclass(frozen=True)  # one may stand for many lines
class Decision:
    """The end of one lookup.

    Attributes:
        code: The code, in upper case unless it is a company; None when there is none.
        why: Key path, line and what was looked up.
        subject: What the report says, for people: "category 'Hotel'".
        value: The same without words, or None when it identifies a person.
        hint: Which rule to add; None when a code was found.
    """

    outcome: Outcome
    code: str | None = None
    why: str | None = None
    subject: str | None = None
    value: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Decider:
    """Evaluates lookups of one rules file.

    Attributes:
        day: The day that decides which of several codes of an entry holds; None when it is not known.
    """

    rules_file: RulesFile
    day: date | None = None

    def _day(self, expense: Expense | None) -> date | None:
        if expense is not None and self.rules_file.rules.dates.entries_by == "expense_date":
            return expense.date
        return self.day

    def decide(
        self, lookup: Lookup, path: Path, report: Report, expense: Expense | None
    ) -> Decision:
        """Decide one code.

        Args:
            lookup: The part of the rules that says how.
            path: Where in the file it stands.
            report: The report.
            expense: The expense, or None for a decision about the report alone.

        Returns:
            How it ended; `why` when there is a code, `hint` when there is none.
        """
        day = self._day(expense)
        facts = Facts(report, expense, lookup.tag_level or 1, lookup.report_field_name)
        # The same few categories and tags come with line after line.
        reads = lookup.reads
        said = reads[0](facts) if len(reads) == 1 else tuple([read(facts) for read in reads])
        asked = (day, said)
        decision = lookup.decided.get(asked)
        if decision is None:
            if len(lookup.decided) >= _MOST_KEPT:
                lookup.decided.clear()
            decision = lookup.decided[asked] = self._decide(lookup, path, facts, day)
        return decision

    def _decide(self, lookup: Lookup, path: Path, facts: Facts, day: date | None) -> Decision:
        """Decide one code by what `lookup.reads` reads of the facts, and by nothing else of them."""
        if lookup.fixed is not None:
            code, inner = code_on(lookup.fixed, day)
            place = self._place((*path, "fixed"), inner)
            if code is not None:
                return Decision(Outcome.FOUND, code, f"{place}: always")
            hint = f"Give {place} in {self.rules_file.name} a code for {_said_day(day)}."
            return Decision(Outcome.MISSING, hint=hint)
        subject: str | None = None
        value: str | None = None
        for index, name in enumerate(lookup.sources or ()):
            source = SOURCES[name]
            said = source.subject(facts)
            if said is None and (source.code is None or source.code(facts) is None):
                continue
            words = _words(source, said)
            if subject is None:
                subject, value = words, None if source.personal else said
            code, place = self._ask(lookup, path, index, facts, day)
            if code is not None:
                return Decision(Outcome.FOUND, code, f"{place}: {words}", words, value)
        default, inner = code_on(lookup.default, day) if lookup.default else (None, ())
        if default is not None:
            place = self._place((*path, "default"), inner)
            reason = f"nothing for {subject}" if subject else "the report says nothing"
            return Decision(Outcome.DEFAULT, default, f"{place}: {reason}", subject, value)
        return Decision(
            Outcome.UNMAPPED if subject else Outcome.MISSING,
            subject=subject,
            value=value,
            hint=self._hint(lookup, path, facts, day),
        )

    def decide_for_all(
        self, lookup: Lookup, path: Path, report: Report, expenses: Sequence[Expense]
    ) -> Decision:
        """Decide one code for a whole document: all its expenses must lead to the same.

        Args:
            lookup: The part of the rules that says how.
            path: Where in the file it stands.
            report: The report.
            expenses: The expenses of the document.

        Returns:
            As `decide`; `Outcome.AMBIGUOUS` when the expenses disagree.
        """
        if not lookup.per_expense or not expenses:
            return self.decide(lookup, path, report, None)
        decisions = [self.decide(lookup, path, report, expense) for expense in expenses]
        for decision in decisions:
            if decision.outcome is Outcome.UNMAPPED:
                return decision
        codes = {decision.code for decision in decisions}
        if len(codes) == 1:
            # If one of them needed the default, that is what has to be noted.
            defaults = [decision for decision in decisions if decision.outcome is Outcome.DEFAULT]
            return (defaults or decisions)[0]
        said = sorted(code or "nothing" for code in codes)
        return Decision(
            Outcome.AMBIGUOUS,
            subject=" and ".join((", ".join(said[:-1]), said[-1])),
            value=", ".join(said),
            hint=f"Change {key_path(path)} in {self.rules_file.name} so that all expenses of a report give the same, "
            "or split the report in Expensify.",
        )

    def _ask(
        self, lookup: Lookup, path: Path, index: int, facts: Facts, day: date | None
    ) -> tuple[str | None, str]:
        """The code one source gives, and the place in the rules file that gave it."""
        name = (lookup.sources or [])[index]
        source = SOURCES[name]
        if source.code is not None:
            place = self.rules_file.place(path, (*path, "from", index), f": {name}")
            return source.code(facts), place
        table = lookup.entries[name]
        for text in (source.subject(facts), source.also(facts) if source.also else None):
            found = table.find(text) if text else None
            if found is None:
                continue
            key, entry = found
            code, inner = code_on(entry, day)
            if code is not None:
                shown = (*path, name, key) if "*" in key else (*path, name)
                return code, self.rules_file.place(shown, (*path, name, key, *inner))
        return None, ""

    def _place(self, path: Path, inner: Path) -> str:
        """A key path, with the line of what stands `inner` in it."""
        return self.rules_file.place(path, (*path, *inner))

    def _hint(self, lookup: Lookup, path: Path, facts: Facts, day: date | None) -> str:
        """What to do so that the lookup finds a code the next time."""
        file = self.rules_file.name
        ways = []
        for name in lookup.sources or ():
            source = SOURCES[name]
            said = source.subject(facts)
            if said is None:
                ways.append(source.if_silent)
            elif source.code is None and (found := lookup.entries[name].find(said)):
                place = self._place((*path, name), (found[0],))
                ways.append(f"give {place} in {file} a code for {_said_day(day)}")
            elif source.code is None:
                near = None if source.personal else _near(said, lookup.table(name))
                ways.append(
                    f"add {source.words if source.personal else 'it'} under {key_path((*path, name))} in {file}"
                    + (f" (there is '{near}', spelt differently)" if near else "")
                )
            elif source.if_codeless:
                ways.append(source.if_codeless)
        text = ", or ".join(dict.fromkeys(ways))
        return f"{text[0].upper()}{text[1:]}."


def _words(source: Source, said: str | None) -> str:
    """How a person would call what a source read."""
    return source.words if source.personal or said is None else f"{source.words} '{said}'"


def _said_day(day: date | None) -> str:
    return day.isoformat() if day else "the day, which is not known"


def _near(said: str, table: Mapping[str, object]) -> str | None:
    """A key of the table that differs only in upper and lower case."""
    near = closest(said, table)
    return near if near and near.casefold() == said.casefold() else None


def accept(
    decision: Decision, findings: Findings, thing: str, words: str, place: str
) -> str | None:
    """The code of a decision, having recorded why it is that, or what is in the way.

    Args:
        decision: How a lookup ended.
        findings: Where to record it.
        thing: First part of a problem's code: account, vendor, balancing_account, dimension or company.
        words: What it is, for people.
        place: The document's field.

    Returns:
        The code in upper case, as NAV keeps codes; a company as it is; None when there is none.
    """
    code = decision.code
    if code is None:
        findings.problems.append(problem_of(decision, thing, words, place))
        return None
    if thing != "company":
        code = code.upper()
        # No character is longer than two, so that most codes need not be counted.
        if 2 * len(code) > LONGEST_CODE and length(code) > LONGEST_CODE:
            findings.problems.append(
                Problem(
                    "code_too_long",
                    f"The {words} '{cut(code, 40)}' is longer than NAV's {LONGEST_CODE} characters.",
                    place,
                    cut(code, 40),
                    f"It comes from {decision.why}: correct it there.",
                )
            )
            return None
    if decision.outcome is Outcome.DEFAULT:
        findings.notes.append(
            Note("default_used", f"The {words} is the default: {decision.why}.", place, code)
        )
    findings.decided_by[place] = decision.why or ""
    return code


def problem_of(decision: Decision, thing: str, words: str, place: str) -> Problem:
    """The problem of a lookup that found no code."""
    if decision.outcome is Outcome.AMBIGUOUS:
        message = f"The expenses lead to more than one {words}: {decision.subject}."
    elif decision.subject:
        message = f"{decision.subject[0].upper()}{decision.subject[1:]} has no {words}."
    else:
        message = f"Nothing says which {words} to use."
    return Problem(
        f"{thing}_{decision.outcome.value}", message, place, decision.value, decision.hint
    )
