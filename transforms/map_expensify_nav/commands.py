"""The command `expense-rules`: checks rules, and shows what they make of reports, before anything is posted.

    expense-rules check   [RULES …] [--reports FILE] [--nav] [--company NAME] [--people]
    expense-rules suggest [--reports FILE] [--company NAME] [--policy NAME …]
    expense-rules preview [RULES …] [--reports FILE] [--only REPORT …]

Reports, and the lists people choose from, come as the tap writes them: from a file, or from the tap itself, which then
reads Expensify by its own settings in the environment. As a plug-in of Meltano the command has settings of its own,
which stand for those of the tap, the mapper and the target where these are not set.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

from map_expensify_nav.coverage import LEVELS, Against, check, reports_that_post
from map_expensify_nav.dates import day_of_run
from map_expensify_nav.errors import InputError, MapperError, NavReadError
from map_expensify_nav.feed import read_feed
from map_expensify_nav.nav_reader import NavReader, settings_from_environment
from map_expensify_nav.preview import preview
from map_expensify_nav.report import parse_date, read_report
from map_expensify_nav.rule_set import RuleSet, load_rules
from map_expensify_nav.rules_file import parse_rules
from map_expensify_nav.selectable import companies
from map_expensify_nav.suggest import suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from map_expensify_nav.coverage import Finding
    from map_expensify_nav.nav_reader import Books

FOUND_SOMETHING = 1
_OWN_SETTINGS = "EXPENSE_RULES_"
_STAND_FOR = {
    "EXPENSIFY_": "TAP_EXPENSIFY_",
    "NAV_": "TARGET_DYNAMICS_NAV_",
    "": "MAP_EXPENSIFY_NAV_",
}
"""How a setting of this command begins → how the variable begins that it stands for."""
_RULES = "MAP_EXPENSIFY_NAV_RULES_FILE"
_RUN_DATE = "MAP_EXPENSIFY_NAV_RUN_DATE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: What was typed after the command's name; that of this process when None.

    Returns:
        Exit code: 0; 1 when `check` found problems; 65, 69 or 78 when the input, NAV or Expensify, or the rules cannot
        be used.
    """
    options = _parser().parse_args(arguments)
    _take_own_settings()
    try:
        if options.command == "suggest":
            return _suggest(options)
        rules = load_rules(options.rules or os.environ.get(_RULES) or [])
        if options.command == "preview":
            return _preview(rules, options)
        return _check(rules, options)
    except MapperError as error:
        for message in error.messages:
            print(message, file=sys.stderr)
        return error.exit_code


def _take_own_settings() -> None:
    """Settings that Meltano gives to this command, as the variables that tap, mapper and target read."""
    for name, value in list(os.environ.items()):
        if not name.startswith(_OWN_SETTINGS) or not value:
            continue
        setting = name.removeprefix(_OWN_SETTINGS)
        begins = next(word for word in _STAND_FOR if setting.startswith(word))
        os.environ.setdefault(_STAND_FOR[begins] + setting.removeprefix(begins), value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="expense-rules", description="Check rules, or see what they make of reports."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser(
        "check", help="what the rules do not cover, and what NAV does not have"
    )
    showing = commands.add_parser(
        "preview", help="the documents of reports, as a person reads them"
    )
    for command in (checking, showing):
        command.add_argument(
            "rules",
            nargs="*",
            help=f"rules files, folders or patterns; the mapper's setting ({_RULES}) unless given",
        )
    suggesting = commands.add_parser("suggest", help="a starter rules file, from Expensify and NAV")
    for command in (checking, showing, suggesting):
        command.add_argument(
            "--reports",
            metavar="FILE",
            help="what the tap wrote (Singer messages), - for standard input; unless given, the tap reads Expensify "
            "now, by its settings in the environment (TAP_EXPENSIFY_…)",
        )
    checking.add_argument(
        "--nav",
        action="store_true",
        help="also read NAV, by the target's settings in the environment (TARGET_DYNAMICS_NAV_…)",
    )
    checking.add_argument("--company", help="the NAV company where the rules name none")
    checking.add_argument(
        "--people", action="store_true", help="name the employees that the rules do not cover"
    )
    suggesting.add_argument("--company", help="the NAV company; the target's setting unless given")
    suggesting.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="NAME",
        help="only for this policy (name or id): the file then says so, to stand beside others; may be repeated",
    )
    showing.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="REPORT",
        help="ids or numbers of the reports to show",
    )
    return parser


def _moment() -> date:
    """The day of the run, as the mapper would take it: its setting, or now."""
    written = os.environ.get(_RUN_DATE)
    if not written:
        return datetime.now(timezone.utc)
    day = parse_date(written[:10])
    if day is None:
        raise InputError(f"{_RUN_DATE} is no date like 2026-01-31.")
    return day


def _suggest(options: argparse.Namespace) -> int:
    """Write a rules file to standard output, and how far it goes to standard error."""
    settings = settings_from_environment()
    company = options.company or settings.get("company")
    if not company:
        raise NavReadError("Which NAV company? Name it with --company.")
    feed = read_feed(options.reports)
    if options.policy:
        feed = feed.of_policies(options.policy)
    reader = NavReader(settings)
    try:
        books = reader.books(company)
    finally:
        reader.close()
    reports = [read_report(record) for record in feed.reports]
    text = suggest(reports, books, feed.categories, options.policy)
    rules = RuleSet((parse_rules(text, "the suggested rules"),))
    moment = _moment()
    documents = (
        document for record in feed.reports for document in rules.documents(record, moment)
    )
    able, every = reports_that_post(documents, {company: books}, company)
    guesses = text.count("# GUESS")
    said = (
        f"{able} of {every} reports have all that posting needs, with {guesses} guesses to confirm."
    )
    print(f"# {said}\n{text}", end="")
    print(said, file=sys.stderr)
    return 0


def _preview(rules: RuleSet, options: argparse.Namespace) -> int:
    feed = read_feed(options.reports, options.only)
    moment = _moment()
    shown = 0
    for record in feed.reports:
        for document in rules.documents(record, moment):
            source = document.record["source"]
            if not options.only or {source["id"], source["number"]} & {*options.only}:
                print(preview(document))
                shown += 1
    if not shown:
        raise InputError("There is none of these reports.")
    return 0


def _check(rules: RuleSet, options: argparse.Namespace) -> int:
    feed = read_feed(options.reports)
    moment = _moment()
    documents = [
        document for record in feed.reports for document in rules.documents(record, moment)
    ]
    settings = settings_from_environment()
    company: str | None = options.company or settings.get("company")
    day = day_of_run(moment, rules.files[0].rules.dates) or date.min
    named = {document.record["company"] for document in documents}
    named |= companies(rules, feed, day) | {company}
    books = _books(settings, named - {None}) if options.nav else {}
    against = Against(books, company, feed, day, people=options.people)
    findings = check(documents, rules, against)
    _print(findings)
    counts = Counter(finding.level for finding in findings)
    reports = len({document.record["source"]["id"] for document in documents})
    print(f"{reports} reports, {len(documents)} documents: {counts['problem']} problems.")
    return FOUND_SOMETHING if counts["problem"] else 0


def _books(settings: dict[str, str], names: Iterable[str | None]) -> dict[str, Books]:
    reader = NavReader(settings)
    try:
        return {name: reader.books(name) for name in sorted(filter(None, names))}
    finally:
        reader.close()


def _print(findings: Iterable[Finding]) -> None:
    """Problems first; what is only information stands apart, under headings."""
    level = "problem"
    for finding in findings:
        if finding.level != level:
            level = finding.level
            print(f"\nFor information: {LEVELS[level]}")
        print(finding)
    if level != "problem":
        print()


if __name__ == "__main__":
    sys.exit(main())
