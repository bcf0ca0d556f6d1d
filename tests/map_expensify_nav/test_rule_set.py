"""Several rules files: which of them a report belongs to, and what is wrong before any report comes."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from map_expensify_nav.commands import main
from map_expensify_nav.errors import RulesFileError
from map_expensify_nav.rule_set import load_rules

TEXT = """version: 1
reports: {reports}
local_currency: EUR
documents:
  combined: {{document: purchase_invoice, vendor: {{from: employee_custom_field_1}}}}
accounts: {{from: [by_category, category_gl_code], by_category: {{{table}}}}}
dates: {{posting_date: run_date, time_zone: {zone}}}
"""
REPORT = {
    "report_id": "R1",
    "report_number": "1",
    "status": "Approved",
    "policy_id": "P1",
    "currency": "EUR",
    "approved_at": "2026-02-03T10:00:00Z",
    "employee_custom_field_1": "E1001",
    "total": 100,
    "expenses": [
        {
            "transaction_id": "1",
            "effective_amount": 100,
            "effective_currency": "EUR",
            "effective_date": "2026-02-01",
            "category": "Hotel",
            "category_gl_code": "8440",
            "reimbursable": True,
        }
    ],
}


def write(folder: Path, zone: str = "UTC", table: str = "Old: 8998", **reports: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, said in reports.items():
        text = TEXT.format(reports=said, zone=zone, table=table)
        if not said:
            text = text.replace("reports: \n", "")
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder


def told(setting: object) -> list[str]:
    with pytest.raises(RulesFileError) as caught:
        load_rules(setting)
    return list(caught.value.messages)


def test_a_folder_a_pattern_and_lists_name_the_same_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", one="{policy: A}", two="{policy: B}")
    (folder / "notes.txt").write_text("no rules", encoding="utf-8")
    paths = [str(folder / "one.yml"), str(folder / "two.yml")]
    for setting in (folder, str(folder / "*.yml"), paths, json.dumps(paths), [*paths, str(folder)]):
        assert [Path(file.name).name for file in load_rules(setting).files] == [
            "one.yml",
            "two.yml",
        ]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("{folder}/none", "none: cannot be read: no such file or directory. Check the setting"),
        ("{folder}/none*.yml", "none*.yml: holds no rules file. Check the setting rules_file."),
        ('["a.yml"', 'is no list. Write it as JSON: ["one.yml", "two.yml"].'),
        ("[]", "rules_file: is empty. Name a rules file."),
    ],
)
def test_a_setting_that_names_nothing_is_told(tmp_path: Path, setting: str, message: str) -> None:
    (only,) = told(setting.replace("{folder}", str(tmp_path)))
    assert message in only


def test_each_of_several_files_says_what_it_is_for(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", one="{policy: A}", two="")
    (only,) = told(folder)
    assert re.search(r"two\.yml:1 reports: is missing: where several rules files are used", only)


def test_a_policy_that_two_files_name_is_told_with_its_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", one="{policy: [A, B]}", two="{policy: [C, B]}")
    (only,) = told(folder)
    assert re.search(r"two\.yml:2 reports\.policy\[1\]: 'B' is also claimed by .*one\.yml", only)


def test_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", one="{policy: A}", two="{polcy: B}")
    one = folder / "one.yml"
    one.write_text(one.read_text(encoding="utf-8").replace("accounts", "acounts"), encoding="utf-8")
    messages = told(folder)
    assert [Path(message.split(":")[0]).name for message in messages] == ["one.yml"] * 2 + [
        "two.yml"
    ]
    assert "two.yml:2 reports.polcy: is not a key here. Did you mean policy?" in messages[2]


def test_one_policy_may_have_files_one_after_the_other(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "rules",
        one="{policy: A, until: 2026-06-30}",
        two="{policy: A, from: 2026-07-01}",
    )
    assert len(load_rules(folder).files) == 2
    assert (
        "also claimed"
        in told(
            write(folder, two="{policy: A, from: 2026-06-30}"),
        )[0]
    )


def test_each_file_has_the_day_where_its_books_are_kept(tmp_path: Path) -> None:
    folder = write(tmp_path / "rules", one="{policy: P1}", zone="Asia/Tokyo")
    write(folder, two="{policy: P2}", zone="America/New_York")
    rules = load_rules(folder)
    moment = datetime(2026, 2, 3, 23, 30, tzinfo=timezone.utc)
    days = [
        rules.documents({**REPORT, "policy_id": policy}, moment)[0].record["posting_date"]
        for policy in ("P1", "P2")
    ]
    assert days == ["2026-02-04", "2026-02-03"]


def test_check_and_preview_work_with_several_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "rules", one="{policy: P1}", two="{policy: P2}")
    feed = tmp_path / "reports.singer"
    records = [REPORT, {**REPORT, "report_id": "R2", "report_number": "2", "policy_id": "P3"}]
    feed.write_text(
        "\n".join(
            json.dumps({"type": "RECORD", "stream": "reports", "record": record})
            for record in records
        ),
        encoding="utf-8",
    )
    assert main(["check", "rules", "--reports", str(feed)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        (
            "problem: No rules file is for this report of policy 'P3'. Add the policy under reports.policy in one of "
            "the rules files (rules/one.yml, rules/two.yml), or add a file for it. (1 report)"
        ),
        "",
        "For information: entries that no report needed",
        "unused: rules/two.yml accounts.by_category.Old (line 6)",
        "",
        "2 reports, 2 documents: 1 problems.",
    ]
    assert (
        main(["preview", "rules/one.yml", "rules/two.yml", "--reports", str(feed), "--only", "1"])
        == 0
    )
    assert "rules_file: rules/one.yml: reports (line 2)" in capsys.readouterr().out
