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
from map_expensify_nav.dates import day_of_entries, document_date
from map_expensify_nav.findings import Findings, Note, Problem, merge_problems
from map_expensify_nav.header import Making
from map_expensify_nav.lines import amount_text, description, dimensions, line, rounding_line
from map_expensify_nav.parts import (
    PART_NAMES,
    document_key,
    fund_source_notes,
    line_amount,
    split,
    with_rounding,
)
from map_expensify_nav.report import read_report
from map_expensify_nav.tax import journal_notes, prices_include_tax

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from map_expensify_nav.conditions import LeftOut
    from map_expensify_nav.report import Expense
    from map_expensify_nav.rules_file import RulesFile


@dataclass(frozen=True)
class MappedDocument:
    """A document and the stream it belongs on; `record` is as in `schemas.document_schema`."""

    stream: str
    record: dict[str, Any]


def map_report(
    record: Mapping[str, Any], rules_file: RulesFile, run_date: date | None = None
) -> list[MappedDocument]:
    """Turn one report into its documents.

    Args:
        record: A record of the stream `reports`.
        rules_file: The rules.
        run_date: The day of the run, where the books are kept; only needed by rules that ask for it.

    Returns:
        At least one document; always the same for the same record, rules and day.

    Raises:
        InputError: If the record is no report at all.
    """
    report = read_report(record)
    left_out = report_left_out(report, rules_file)
    parts, rounding = with_rounding(split(report, rules_file), report, rules_file)
    problems = report_problems(report, rules_file, rounding) if left_out is None else []
    documents = []
    for part in parts:
        posted = tuple(expense for expense in part.expenses if expense.amount != 0)
        making = Making(
            report=report,
            part=part,
            posted=posted,
            rules_file=rules_file,
            findings=Findings(problems=list(problems)),
            run_date=run_date,
            day=day_of_entries(report, posted, rules_file.rules.dates),
        )
        documents.append(_document(making, left_out))
    return documents


def _document(making: Making, left_out: LeftOut | None) -> MappedDocument:
    """Make one document; `left_out` when a rule leaves out the whole report."""
    report, part, findings = making.report, making.part, making.findings
    kind = part.rule.document if part.rule else None
    amounts = [line_amount(report, expense) for expense in part.expenses]
    known = [amount for amount in amounts if amount is not None]
    total = sum(known) + part.rounding if len(known) == len(amounts) else None
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
        "currency_code": report.currency,
        "prices_include_tax": prices_include_tax(making),
        "total": amount_text(making, total, sign),
        "description": description(making, "header", making.texts, "description"),
        "dimensions": [],
        "lines": [],
    }
    findings.notes += _left_out_notes(making)
    skip = _skip(making, left_out)
    if skip is None:
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
    return MappedDocument(_stream(kind, sign), record)


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
    content.update(header.party(making))
    for name in ("posting_date", "document_date"):
        content[name] = document_date(making, name)
    notes += journal_notes(making)
    content["dimensions"] = dimensions(making, None, "dimensions")
    for expense in making.part.expenses:
        if expense.amount == 0:
            _zero(making, expense)
    content["lines"] = [
        line(making, expense, index, sign) for index, expense in enumerate(making.posted)
    ]
    if making.part.rounding:
        content["lines"].append(rounding_line(making, sign))


def _left_out_notes(making: Making) -> list[Note]:
    """The expenses that rules leave out, each with its amount, so that the total can be explained."""
    notes = []
    for expense, rule in making.part.left_out:
        amount = amount_text(making, line_amount(making.report, expense), 1)
        said = f"{amount} {making.report.currency}" if amount else "an amount that is not known"
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
    if making.rules_file.rules.amounts.zero_lines == "leave_out":
        message = f"Expense {expense.source_id} is zero and has no line."
        note = Note("zero_line_dropped", message, "lines", expense.source_id)
        making.findings.notes.append(note)
        return
    making.findings.problems.append(
        Problem(
            "zero_line_held",
            f"Expense {expense.source_id} is zero.",
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
