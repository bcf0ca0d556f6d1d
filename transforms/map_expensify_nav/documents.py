"""Report + rules → NAV documents. Pure: no I/O, no Singer.

Nothing is guessed and nothing is dropped: what cannot be decided becomes a problem of the document, which is emitted
all the same; what was decided says by which rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from map_expensify_nav import header, schemas
from map_expensify_nav.checks import report_problems
from map_expensify_nav.conditions import report_left_out
from map_expensify_nav.dates import day_of_entries, day_of_report, document_date
from map_expensify_nav.findings import Findings, Note, Problem, merge_problems
from map_expensify_nav.header import Making
from map_expensify_nav.lines import (
    amount_text,
    dimensions,
    header_description,
    lines,
    rounding_lines,
)
from map_expensify_nav.money import decimal_text, decimals_of
from map_expensify_nav.parts import (
    PART_NAMES,
    document_key,
    fund_source_notes,
    split,
    with_rounding,
)
from map_expensify_nav.tax import journal_notes, prices_include_tax
from map_expensify_nav.valuation import valuation

if TYPE_CHECKING:
    from datetime import date

    from map_expensify_nav.conditions import LeftOut
    from map_expensify_nav.parts import Part
    from map_expensify_nav.report import Expense, Report
    from map_expensify_nav.rules_file import RulesFile


@dataclass(frozen=True)
class MappedDocument:
    """A document, the stream it belongs on, and the rules it was made by.

    Attributes:
        record: As in `schemas.document_schema`; not to be changed, as lines that are alike may share parts.
    """

    stream: str
    record: dict[str, Any]
    rules_file: RulesFile


def documents_of(
    report: Report,
    rules_file: RulesFile,
    run_date: date | None = None,
    unclaimed: Problem | None = None,
) -> list[MappedDocument]:
    """Turn one report into its documents.

    Args:
        report: The report.
        rules_file: The rules.
        run_date: The day of the run, where the books are kept; only needed by rules that ask for it.
        unclaimed: Why the report does not belong to this rules file alone; nothing is decided by it then, but the
            documents have the keys it would give them.

    Returns:
        At least one document; always the same for the same report, rules and day.
    """
    rules = rules_file.rules
    day = day_of_report(report, rules.dates)
    if unclaimed is not None:
        parts = split(report, rules_file, day, leave_out=False)
        problems, left_out = [unclaimed], None
    else:
        left_out = report_left_out(report, rules_file, day)
        parts, rounding = with_rounding(split(report, rules_file, day), report, rules_file, day)
        problems = report_problems(report, rules_file, rounding) if left_out is None else []
    documents = []
    for part in parts:
        making = _making(report, part, rules_file, Findings(problems=list(problems)), run_date)
        if rules_file.claims_some and unclaimed is None:
            making.findings.decided_by["rules_file"] = (
                f"{rules_file.name}: {rules_file.place(('reports',))}"
            )
        documents.append(_document(making, left_out, unclaimed=unclaimed is not None))
    return documents


def _making(
    report: Report, part: Part, rules_file: RulesFile, findings: Findings, run_date: date | None
) -> Making:
    """What one document is made from."""
    dates = rules_file.rules.dates
    spent = tuple(expense for expense in part.expenses if expense.amount != 0)
    day = day_of_entries(report, spent, dates)
    making = Making(
        report=report,
        part=part,
        posted=spent,
        money=valuation(report, part, rules_file, None, day),
        rules_file=rules_file,
        findings=findings,
        run_date=run_date,
        day=day,
    )
    if rules_file.rules.currency.of_documents == "report":
        return making
    if rules_file.rules.currency.of_documents == "company":
        company = header.company(replace(making, findings=Findings()))
        own, _ = header.own_currency(rules_file, company, day)
        making = replace(making, money=valuation(report, part, rules_file, own, day))
    amounts = making.money.amounts
    posted = tuple(expense for expense in part.expenses if amounts[expense.position] != 0)
    return replace(making, posted=posted, day=day_of_entries(report, posted, dates))


def _document(
    making: Making, left_out: LeftOut | None, *, unclaimed: bool = False
) -> MappedDocument:
    """Make one document; `left_out` when a rule leaves out the whole report, `unclaimed` when nothing is decided."""
    report, part, findings = making.report, making.part, making.findings
    kind = part.rule.document if part.rule and not unclaimed else None
    total = making.money.total
    sign = -1 if kind == "purchase_invoice" and total is not None and total < 0 else 1
    key, key_note = document_key(report, part)
    if key_note is not None:
        findings.notes.append(key_note)
    if part.single is not None and part.single.transaction_id is None:
        findings.problems.append(
            Problem(
                "expense_id_missing",
                f"Expense {part.single.source_id} has no transaction id to make a document key from.",
                "document_key",
                None,
                "Check the tap's version: it has to give transaction_id.",
            )
        )
    findings.notes += fund_source_notes(part, making.rules_file)
    content: dict[str, Any] = {
        "document_key": key,
        "company": None,
        ("balancing_account" if kind == "journal_entry" else "vendor_number"): None,
        "posting_date": None,
        "document_date": None,
        "due_date": None,
        "currency_code": making.money.currency,
        "prices_include_tax": prices_include_tax(making),
        "total": amount_text(making, total, sign),
        "description": header_description(making),
        "dimensions": [],
        "lines": [],
    }
    findings.notes += _left_out_notes(making)
    skip = None if unclaimed else _skip(making, left_out)
    if unclaimed:
        pass  # no rule is asked
    elif skip is None:
        _fill(making, content, sign)
    else:
        # Where it would have gone is told if it is known, and is no problem if it is not.
        quiet = replace(making, findings=Findings())
        content["company"] = header.company(quiet)
        content["currency_code"] = header.currency_code(quiet, content["company"])
    problems = merge_problems(findings.problems)
    record = {
        **content,
        "skip": None if problems else skip,
        "notes": [note.as_dict() for note in findings.notes],
        "problems": [problem.as_dict() for problem in problems],
        "source": _source(making),
        "decided_by": findings.decided_by,
    }
    return MappedDocument(_stream(kind, sign), record, making.rules_file)


def _stream(kind: str | None, sign: int) -> str:
    if kind == "journal_entry":
        return schemas.JOURNAL_ENTRIES
    return schemas.PURCHASE_CREDIT_MEMOS if sign < 0 else schemas.PURCHASE_INVOICES


def _skip(making: Making, left_out: LeftOut | None) -> dict[str, str] | None:
    """Why this part is not posted, if a rule or its emptiness says so."""
    part = making.part
    if left_out is not None:
        making.findings.decided_by["skip"] = left_out.place
        return {"code": "skipped_by_rule", "reason": left_out.reason}
    if not part.expenses and part.left_out:
        rules = {rule.place: rule.reason for _, rule in part.left_out}
        making.findings.decided_by["skip"] = ", ".join(rules)
        return {"code": "skipped_by_rule", "reason": " ".join(dict.fromkeys(rules.values()))}
    if not part.expenses:
        return {"code": "no_expenses", "reason": "The report has no expenses."}
    if part.rule is not None and part.rule.document == "skip":
        making.findings.decided_by["skip"] = making.rules_file.place((*part.path, "document"))
        return {"code": "skipped_by_rule", "reason": part.rule.reason or ""}
    if not making.posted:
        return {"code": "zero_total", "reason": "All expenses are zero."}
    return None


def _fill(making: Making, content: dict[str, Any], sign: int) -> None:
    """Decide everything that a document which is to be posted needs."""
    notes, amounts = making.findings.notes, making.rules_file.rules.amounts
    if sign < 0 and amounts.negative_total == "hold":
        making.findings.problems.append(
            Problem(
                "negative_total_held",
                "The total is negative, and the rules make no credit memo of it.",
                "total",
                f"-{content['total']}",
                f"Post it by hand, or change {making.rules_file.place(('amounts', 'negative_total'))} in "
                f"{making.rules_file.name} to credit_memo.",
            )
        )
    elif sign < 0:
        notes.append(
            Note("negative_total", "The total is negative: a credit memo, all signs turned.")
        )
    content["company"] = header.company(making)
    content["currency_code"] = header.currency_code(making, content["company"])
    making.findings.problems += making.money.problems
    notes += making.money.notes
    content.update(header.party(making))
    for name in ("posting_date", "document_date"):
        content[name] = document_date(making, name)
    notes += journal_notes(making)
    content["dimensions"] = dimensions(making, None, "dimensions")
    for expense in making.part.expenses:
        if making.money.amounts[expense.position] == 0:
            _zero(making, expense)
    content["lines"] = lines(making, sign)
    if making.part.rounding is not None:
        content["lines"] += rounding_lines(making, sign)


def _left_out_notes(making: Making) -> list[Note]:
    """The expenses that rules leave out, each with its amount, so that the total can be explained."""
    notes = []
    report = making.report
    decimals = decimals_of(report.currency, making.rules_file.rules.amounts.minor_units)
    for expense, rule in making.part.left_out:
        amount = report.amount_of(expense)
        said = (
            "an amount that is not known"
            if amount is None
            else f"{decimal_text(amount, decimals)} {report.currency}"
        )
        notes.append(
            Note(
                "expense_left_out",
                f"Expense {expense.source_id} of {said} is left out by {rule.place}: {rule.reason}",
                "total",
                expense.source_id,
            )
        )
    return notes


def _zero(making: Making, expense: Expense) -> None:
    """An expense of zero: a note, or a problem if the rules say so."""
    zero = "is zero" if not expense.amount else f"comes to nothing in {making.money.currency}"
    if making.rules_file.rules.amounts.zero_lines == "leave_out":
        message = f"Expense {expense.source_id} {zero} and has no line."
        note = Note("zero_line_dropped", message, "lines", expense.source_id)
        making.findings.notes.append(note)
        return
    making.findings.problems.append(
        Problem(
            "zero_line_held",
            f"Expense {expense.source_id} {zero}.",
            "lines",
            expense.source_id,
            "Correct or remove it in Expensify, or set amounts.zero_lines to leave_out in "
            f"{making.rules_file.name}.",
        )
    )


def _source(making: Making) -> dict[str, str | None]:
    report, single = making.report, making.part.single
    return {
        "system": "expensify",
        "id": report.report_id,
        "number": report.report_number,
        "name": report.report_name,
        "url": None,
        "approved_at": report.approved_at,
        "policy_id": report.policy_id,
        "policy_name": report.policy_name,
        "submitter": report.submitter_email or report.submitter_full_name,
        "part": PART_NAMES[making.part.fund_source],
        **({"expense_id": single.transaction_id} if single else {}),
    }
