"""One rules file, or several of which each is for some reports, and which of them a report belongs to.

A report belongs to exactly one file. One that several files claim, or none, is no report that anybody decided about:
its documents come with a problem that says so, and nothing else is decided.
"""

from __future__ import annotations

import glob
import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from map_expensify_nav.dates import day_of_report, day_of_run
from map_expensify_nav.documents import documents_of
from map_expensify_nav.errors import RulesFileError, RulesFileProblem
from map_expensify_nav.findings import Problem
from map_expensify_nav.report import read_report
from map_expensify_nav.rules_file import key_path, load_rules_file
from map_expensify_nav.sources import table_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from map_expensify_nav.documents import MappedDocument
    from map_expensify_nav.report import Report
    from map_expensify_nav.rules_file import RulesFile

_ENDINGS = (".yml", ".yaml")


@dataclass(frozen=True, eq=False)
class RuleSet:
    """The rules of one pipeline.

    Attributes:
        files: At least one rules file; their order says nothing.
    """

    files: tuple[RulesFile, ...]

    def file_of(self, report: Report) -> tuple[RulesFile, Problem | None]:
        """The file a report belongs to; with a problem, only the file by which its documents get their keys."""
        if len(self.files) == 1 and not self.files[0].claims_some:
            return self.files[0], None
        claiming = [file for file in self.files if _claims(file, report)]
        if len(claiming) == 1:
            return claiming[0], None
        policy = report.policy_name or report.policy_id
        of_policy = f"of policy '{policy}'" if policy else "without a policy"
        if claiming:
            places = " and ".join(f"{file.name}: {file.place(('reports',))}" for file in claiming)
            return claiming[0], Problem(
                "rules_file_ambiguous",
                f"More than one rules file is for this report {of_policy}.",
                "decided_by.rules_file",
                policy,
                f"Change reports: in one of them, so that only one is for it ({places}).",
            )
        names = ", ".join(file.name for file in self.files)
        return self.files[0], Problem(
            "rules_file_missing",
            f"No rules file is for this report {of_policy}.",
            "decided_by.rules_file",
            policy,
            f"Add the policy under reports.policy in one of the rules files ({names}), or add a file for it.",
        )

    def documents(
        self, record: Mapping[str, Any], moment: date | None = None
    ) -> list[MappedDocument]:
        """Turn one report into its documents.

        Args:
            record: A record of the stream `reports`.
            moment: The day of the run, or the moment (with a time zone) from which each file takes the day where its
                books are kept; only needed by rules that ask for it.

        Returns:
            At least one document; always the same for the same record, rules and day.

        Raises:
            InputError: If the record is no report at all.
        """
        report = read_report(record)
        file, problem = self.file_of(report)
        return documents_of(report, file, day_of_run(moment, file.rules.dates), problem)


def load_rules(setting: object) -> RuleSet:
    """Read the rules that a setting names.

    Args:
        setting: A path, a folder (all its *.yml and *.yaml), a pattern like rules/*.yml, or a list of these (also as
            JSON text, for the environment).

    Returns:
        The rules.

    Raises:
        RulesFileError: If any of them cannot be read or used, with everything that is wrong with all of them.
    """
    files: list[RulesFile] = []
    problems: list[RulesFileProblem] = []
    for path in dict.fromkeys(_paths(setting)):
        file = _load(path, problems)
        if file is not None:
            files.append(file)
    problems += _misfits(files) if not problems else []
    if problems:
        raise RulesFileError(problems)
    return RuleSet(tuple(files))


def _load(path: Path, problems: list[RulesFileProblem]) -> RulesFile | None:
    """A rules file, or None and what is wrong with it among the problems."""
    try:
        return load_rules_file(path)
    except RulesFileError as error:
        problems += error.problems
        return None


def _paths(setting: object) -> Iterator[Path]:
    """The files that a setting names, each pattern's and folder's in the order of their names."""
    if isinstance(setting, str) and setting.lstrip().startswith("["):
        setting = _listed(setting)
    if isinstance(setting, (list, tuple)):
        if not setting:
            raise RulesFileError(
                [RulesFileProblem("rules_file", None, "", "is empty.", "Name a rules file.")]
            )
        for each in setting:
            yield from _paths(each)
        return
    name = str(setting)
    path = Path(name)
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix in _ENDINGS)
    elif not path.exists() and glob.has_magic(name):
        found = sorted(Path(file) for file in glob.glob(name, recursive=True))  # noqa: PTH207 (absolute patterns)
    else:
        found = [path]
    if not found:
        raise RulesFileError(
            [
                RulesFileProblem(
                    name, None, "", "holds no rules file.", "Check the setting rules_file."
                )
            ]
        )
    yield from found


def _listed(text: str) -> object:
    """A list written as JSON."""
    try:
        return json.loads(text)
    except ValueError:
        problem = RulesFileProblem(
            text, None, "", "is no list.", 'Write it as JSON: ["one.yml", "two.yml"].'
        )
        raise RulesFileError([problem]) from None


def _claims(file: RulesFile, report: Report) -> bool:
    conditions = file.rules.reports
    return conditions is None or conditions.holds(report, day_of_report(report, file.rules.dates))


def _misfits(files: Sequence[RulesFile]) -> Iterator[RulesFileProblem]:
    """Files that cannot stand beside each other."""
    if len(files) > 1:
        for file in files:
            if not file.claims_some:
                yield RulesFileProblem(
                    file.name,
                    1,
                    "reports",
                    "is missing: where several rules files are used, each says which reports it is for.",
                    "Add reports: with policy: below it.",
                )
    for one, other in combinations(files, 2):
        first, second = one.rules.reports, other.rules.reports
        if first is None or second is None or not first.shares_a_day_with(second):
            continue
        # With further conditions, each of two files may be for some of a policy's reports.
        if {*first.model_fields_set, *second.model_fields_set} - {"policy", "from_day", "until"}:
            continue
        claimed = {table_key(name) for name in first.policy or ()}
        for index, name in enumerate(second.policy or ()):
            if table_key(name) in claimed:
                path = ("reports", "policy", index)
                yield RulesFileProblem(
                    other.name,
                    other.marks.line(path),
                    key_path(path),
                    f"'{name}' is also claimed by {one.name}, {one.place(('reports', 'policy'))}.",
                    "Let one file alone be for it, or end one with until before the other's from.",
                )
