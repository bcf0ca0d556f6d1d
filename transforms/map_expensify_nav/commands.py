"""The command `expense-rules`: checks a rules file, and shows what it makes of reports, before anything is posted.

    expense-rules check   RULES --reports FILE [--nav] [--company NAME]
    expense-rules suggest --reports FILE [--company NAME]
    expense-rules preview RULES --reports FILE [--only REPORT …]

Reports come as the tap writes them (`tap-expensify … > FILE`, or `-` for standard input), so that neither the tap nor
the target has to be installed here.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from map_expensify_nav.coverage import check, reports_that_post
from map_expensify_nav.documents import map_report
from map_expensify_nav.errors import InputError, MapperError, NavReadError
from map_expensify_nav.nav_reader import NavReader, settings_from_environment
from map_expensify_nav.preview import preview
from map_expensify_nav.report import read_report
from map_expensify_nav.rules import zone_of
from map_expensify_nav.rules_file import load_rules_file, parse_rules
from map_expensify_nav.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from map_expensify_nav.documents import MappedDocument
    from map_expensify_nav.nav_reader import Books
    from map_expensify_nav.rules_file import RulesFile

FOUND_SOMETHING = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: What was typed after the command's name; that of this process when None.

    Returns:
        Exit code: 0; 1 when `check` found problems; 65, 69 or 78 when the input, NAV or the rules cannot be used.
    """
    options = _parser().parse_args(arguments)
    try:
        if options.command == "suggest":
            return _suggest(options)
        rules_file = load_rules_file(options.rules)
        documents = _documents(options.reports, rules_file)
        if options.command == "preview":
            return _preview(documents, options.only)
        return _check(list(documents), rules_file, options)
    except MapperError as error:
        for message in error.messages:
            print(message, file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="expense-rules", description="Check a rules file, or see what it makes of reports."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser(
        "check", help="what the rules do not cover, and what NAV does not have"
    )
    showing = commands.add_parser(
        "preview", help="the documents of reports, as a person reads them"
    )
    for command in (checking, showing):
        command.add_argument("rules", help="the rules file")
    suggesting = commands.add_parser(
        "suggest", help="a starter rules file, from the reports and NAV"
    )
    for command in (checking, showing, suggesting):
        command.add_argument(
            "--reports",
            required=True,
            help="what the tap wrote (Singer messages); - for standard input",
        )
    checking.add_argument(
        "--nav",
        action="store_true",
        help="also read NAV, by the target's settings in the environment (TARGET_DYNAMICS_NAV_…)",
    )
    checking.add_argument("--company", help="the NAV company where the rules name none")
    suggesting.add_argument("--company", help="the NAV company; the target's setting unless given")
    showing.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="REPORT",
        help="ids or numbers of the reports to show",
    )
    return parser


def _documents(name: str, rules_file: RulesFile) -> Iterator[MappedDocument]:
    today = datetime.now(zone_of(rules_file.rules.dates.time_zone)).date()
    for record in _records(name):
        yield from map_report(record, rules_file, today)


def _records(name: str) -> Iterator[dict[str, Any]]:
    """The reports of a file, as the tap wrote them."""
    if name == "-":
        yield from _read(sys.stdin)
        return
    try:
        with Path(name).open(encoding="utf-8") as lines:
            yield from _read(lines)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}.") from None


def _read(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            message = json.loads(line, parse_float=Decimal)
        except ValueError:
            raise InputError(
                "The file with the reports holds a line that is not JSON. It has to be what the tap writes."
            ) from None
        kind = (message.get("type"), message.get("stream")) if isinstance(message, dict) else None
        if kind == ("RECORD", "reports"):
            yield message.get("record") or {}


def _suggest(options: argparse.Namespace) -> int:
    """Write a rules file to standard output, and how far it goes to standard error."""
    settings = settings_from_environment()
    company = options.company or settings.get("company")
    if not company:
        raise NavReadError("Which NAV company? Name it with --company.")
    records = list(_records(options.reports))
    reader = NavReader(settings)
    try:
        books = reader.books(company)
    finally:
        reader.close()
    text = suggest([read_report(record) for record in records], books)
    rules_file = parse_rules(text, "the suggested rules")
    documents = (document for record in records for document in map_report(record, rules_file))
    able, every = reports_that_post(documents, {company: books}, company)
    guesses = text.count("# GUESS")
    said = (
        f"{able} of {every} reports have all that posting needs, with {guesses} guesses to confirm."
    )
    print(f"# {said}\n{text}", end="")
    print(said, file=sys.stderr)
    return 0


def _preview(documents: Iterable[MappedDocument], wanted: Sequence[str]) -> int:
    shown = 0
    for document in documents:
        source = document.record["source"]
        if not wanted or source["id"] in wanted or source["number"] in wanted:
            print(preview(document))
            shown += 1
    if not shown:
        raise InputError("The file holds none of these reports.")
    return 0


def _check(
    documents: list[MappedDocument], rules_file: RulesFile, options: argparse.Namespace
) -> int:
    books: dict[str, Books] = {}
    company: str | None = options.company
    if options.nav:
        settings = settings_from_environment()
        company = company or settings.get("company")
        reader = NavReader(settings)
        try:
            named = {document.record["company"] for document in documents} - {None}
            for name in sorted(named | ({company} if company else set())):
                books[name] = reader.books(name)
        finally:
            reader.close()
    findings = check(documents, rules_file, books, company)
    for finding in findings:
        print(finding)
    problems = sum(finding.level == "problem" for finding in findings)
    reports = len({document.record["source"]["id"] for document in documents})
    print(f"{reports} reports, {len(documents)} documents: {problems} problems.")
    return FOUND_SOMETHING if problems else 0


if __name__ == "__main__":
    sys.exit(main())
