"""Every mistake in a rules file is told with its line, its key, and what to write instead; all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from map_expensify_nav.errors import RulesFileError
from map_expensify_nav.rules_file import closest, key_path, load_rules_file, parse_rules

GOOD = """\
version: 1
local_currency: EUR
documents:
  out_of_pocket:
    document: purchase_invoice
    vendor: {from: employee_custom_field_1}
  company_card: {document: skip, reason: Posted by hand.}
accounts:
  from: [by_category, category_gl_code]
  by_category:
    Hotel: 8440
"""


def told(text: str) -> list[str]:
    """The errors of a rules file."""
    with pytest.raises(RulesFileError) as caught:
        parse_rules(text, "rules.yml")
    return list(caught.value.messages)


def test_a_good_file_has_no_errors() -> None:
    rules = parse_rules(GOOD, "rules.yml").rules
    assert rules.accounts.by_category == {"Hotel": "8440"}
    assert rules.dates.posting_date == "approved"


@pytest.mark.parametrize(
    ("good", "bad", "error"),
    [
        (
            "by_category:\n",
            "by_categry:\n",
            "rules.yml:10 accounts.by_categry: is not a key here. Did you mean by_category?",
        ),
        (
            "vendor: {from:",
            "vendor: {form:",
            "rules.yml:6 documents.out_of_pocket.vendor.form: is not a key here. Did you mean from?",
        ),
        (
            "accounts:",
            "acounts:",
            "rules.yml:8 acounts: is not a key here. Did you mean accounts?",
        ),
        (
            "[by_category, category_gl_code]",
            "[by_category, categorie_gl_code]",
            "rules.yml:9 accounts.from[1]: cannot be 'categorie_gl_code'. Did you mean category_gl_code?",
        ),
        (
            "[by_category, category_gl_code]",
            "category_gl_code",
            "rules.yml:10 accounts.by_category: is not used. Add by_category to from, or remove the table.",
        ),
        (
            "[by_category, category_gl_code]",
            "[by_category, by_tag]",
            "rules.yml:9 accounts.from: names by_tag, but there is no table by_tag.",
        ),
        (
            "from: [by_category, category_gl_code]",
            "default: 8999",
            "rules.yml:8 accounts: does not say where the code comes from. Add from: [by_category].",
        ),
        (
            "from: [by_category, category_gl_code]",
            "from: [by_category, by_category]",
            "rules.yml:9 accounts.from: names a source twice.",
        ),
        (
            "from: [by_category, category_gl_code]",
            "from: by_category\n  fixed: 8440",
            "rules.yml:10 accounts.fixed: stands beside from or default; keep one or the other.",
        ),
        (
            "from: [by_category, category_gl_code]",
            "from: [by_category, report_field]",
            "rules.yml:9 accounts.from: reads a report field without saying which. Add report_field: NAME.",
        ),
        (
            "from: [by_category, category_gl_code]",
            "from: by_category\n  tag_level: 2",
            "rules.yml:10 accounts.tag_level: is not used. Add by_tag, tag_gl_code or tag_name to from.",
        ),
        (
            "from: [by_category, category_gl_code]",
            "from: [by_category, tag_gl_code]\n  tag_level: second",
            "rules.yml:10 accounts.tag_level: must be a whole number, not 'second'.",
        ),
        (
            "Hotel: 8440",
            "Hotel: 8440\n    Hotel: 8441",
            "rules.yml:12 accounts.by_category.Hotel: is given twice (first in line 11).",
        ),
        (
            "Hotel: 8440",
            'H\u00f4tel: 8440\n    "Ho\u0302tel": 8441',
            "rules.yml:12 accounts.by_category[\"Ho\u0302tel\"]: means the same as 'H\u00f4tel' above.",
        ),
        (
            "Hotel: 8440",
            "Hotel:",
            "rules.yml:11 accounts.by_category.Hotel: has no value. Write one, or remove the key.",
        ),
        (
            "Hotel: 8440",
            "Hotel: [8440]",
            "rules.yml:11 accounts.by_category.Hotel[0]: must hold keys with values, indented below it.",
        ),
        (
            "Hotel: 8440",
            "Hotel: {code: 8440}",
            "rules.yml:11 accounts.by_category.Hotel: must be a single value.",
        ),
        (
            "Hotel: 8440",
            "Hotel: [{code: 8440, form: 2027-01-01}]",
            "rules.yml:11 accounts.by_category.Hotel[0].form: is not a key here. Did you mean from?",
        ),
        (
            "Hotel: 8440",
            "Hotel:\n      - {code: 8440, until: 2026-12-31}\n      - {code: 8445, from: 2026-12-31}",
            (
                "rules.yml:13 accounts.by_category.Hotel[1]: holds on days on which 8440 above holds too. "
                "Let the earlier one end with until, the day before the later one's from."
            ),
        ),
        (
            "Hotel: 8440",
            "Hotel: [{code: 8440, from: 2026-12-31, until: 2026-12-30}]",
            "rules.yml:11 accounts.by_category.Hotel[0].until: lies before from, 2026-12-31.",
        ),
        (
            "Hotel: 8440",
            "Hotel: [{code: 8440, from: 31.12.2026}]",
            "rules.yml:11 accounts.by_category.Hotel[0].from: is not a date like 2026-01-31.",
        ),
        (
            "Hotel: 8440",
            "Hotel: Hotels and other lodging",
            "rules.yml:11 accounts.by_category.Hotel: 'Hotels and other lodging' is longer than NAV's 20 characters.",
        ),
        (
            "local_currency: EUR",
            "local_currency: Euro",
            "rules.yml:2 local_currency: must be a currency code of three letters such as EUR, not 'Euro'.",
        ),
        (
            "local_currency: EUR\n",
            "",
            "rules.yml:1 local_currency: is missing. Add local_currency.",
        ),
        ("version: 1", "version: 2", "rules.yml:1 version: cannot be '2'. Possible here: 1."),
        (
            "document: purchase_invoice",
            "document: invoice",
            "rules.yml:5 documents.out_of_pocket.document: cannot be 'invoice'. Did you mean purchase_invoice?",
        ),
        (
            "document: purchase_invoice",
            "document: journal_entry",
            (
                "rules.yml:5 documents.out_of_pocket.document: is journal_entry, which needs balancing_account. "
                "Add balancing_account."
            ),
        ),
        (
            "document: purchase_invoice",
            "document: journal_entry\n    balancing_account: {fixed: 2910}",
            "rules.yml:6 documents.out_of_pocket.balancing_account.type: is missing. Add type.",
        ),
        (
            "  company_card: {document: skip, reason: Posted by hand.}\n",
            "",
            "rules.yml:3 documents: needs out_of_pocket and company_card, or combined. document: skip leaves one out.",
        ),
        (
            "  company_card: {document: skip, reason: Posted by hand.}\n",
            "  company_card: {document: skip}\n",
            "rules.yml:7 documents.company_card.document: is skip, which needs reason. Add reason.",
        ),
        (
            "  company_card: {document: skip, reason: Posted by hand.}\n",
            "  combined: {document: skip, reason: Posted by hand.}\n",
            "rules.yml:4 documents.out_of_pocket: stands beside combined; keep one or the other.",
        ),
    ],
)
def test_one_mistake_is_told_with_its_line(good: str, bad: str, error: str) -> None:
    assert good in GOOD
    assert error in told(GOOD.replace(good, bad))


@pytest.mark.parametrize(
    ("more", "error"),
    [
        (
            "dates: {posting_date: yesterday}\n",
            (
                "rules.yml:12 dates.posting_date: is neither approved, submitted, last_expense, run_date nor a date "
                "like 2026-01-31."
            ),
        ),
        (
            "skip: {reports: [{reason: Nothing.}]}\n",
            (
                "rules.yml:12 skip.reports[0]: has no condition. "
                "Add one of from, until, policy, report_name, submitter, currency, report_field."
            ),
        ),
        (
            "skip: {expenses: [{categry: Personal}]}\n",
            "rules.yml:12 skip.expenses[0].categry: is not a key here. Did you mean category?",
        ),
        (
            "skip: {expenses: [{category: Personal}]}\n",
            "rules.yml:12 skip.expenses[0].reason: is missing. Add reason.",
        ),
        (
            "rounding: {up_to: none, account: 7140}\n",
            "rules.yml:12 rounding.up_to: is not an amount above zero like 0.05.",
        ),
        (
            "rounding: {up_to: 0.01, account: Rounding differences account}\n",
            (
                "rules.yml:12 rounding.account: 'Rounding differences account' is longer than NAV's 20 "
                "characters."
            ),
        ),
        (
            "dates: {when_closed: next_open_period}\n",
            "rules.yml:12 dates.when_closed: is not used. Add closed_until, or remove it.",
        ),
        (
            "dates: {closed_until: 9999-12-31}\n",
            "rules.yml:12 dates.closed_until: is the last day there is.",
        ),
        (
            "dates: {posting_date: 2026-02-30}\n",
            (
                "rules.yml:12 dates.posting_date: is neither approved, submitted, last_expense, run_date nor a date "
                "like 2026-01-31."
            ),
        ),
        (
            "dates: {time_zone: Mars/Olympus}\n",
            "rules.yml:12 dates.time_zone: is no time zone this machine knows, such as UTC or Europe/Paris.",
        ),
        (
            'descriptions: {line: "{mercant}"}\n',
            "rules.yml:12 descriptions.line: uses the unknown field {mercant}. Did you mean merchant?",
        ),
        (
            'descriptions: {header: "{merchant}"}\n',
            (
                "rules.yml:12 descriptions.header: uses the unknown field {merchant}. Possible here: report_name, "
                "report_number, report_id, policy, submitter, submitter_email, employee_custom_field_1, "
                "employee_custom_field_2."
            ),
        ),
        (
            'descriptions: {line: "{merchant!r:>9}"}\n',
            "rules.yml:12 descriptions.line: has a field with a format; only the name may stand in braces.",
        ),
        (
            'descriptions: {line: "{merchant"}\n',
            "rules.yml:12 descriptions.line: has a brace that does not close; write {{ for a brace itself.",
        ),
        (
            "dimensions:\n  AREA: {fixed: EU, applies_to: lnes}\n",
            "rules.yml:13 dimensions.AREA.applies_to: cannot be 'lnes'. Did you mean lines?",
        ),
        (
            "dimensions:\n  AREA: {fixed: EU, required: perhaps}\n",
            "rules.yml:13 dimensions.AREA.required: must be true or false, not 'perhaps'.",
        ),
        (
            "dimensions:\n  AREA: {fixed: EU}\n  Area: {fixed: US}\n",
            "rules.yml:14 dimensions.Area: is the same dimension as 'AREA' above.",
        ),
        (
            "dimensions:\n  AREA_OF_THE_WHOLE_GROUP: {fixed: EU}\n",
            "rules.yml:13 dimensions.AREA_OF_THE_WHOLE_GROUP: is longer than NAV's 20 characters.",
        ),
        (
            "dimensions:\n  - AREA\n",
            "rules.yml:12 dimensions: must hold keys with values, indented below it.",
        ),
        (
            "company: {fixed: CRONUS Europe}\nlocal_currency_by_company: {CRONUS Urope: GBP}\n",
            'rules.yml:13 local_currency_by_company["CRONUS Urope"]: is none of the companies under company.',
        ),
        (
            "company: {fixed: A company whose name NAV cannot hold}\n",
            "rules.yml:12 company.fixed: 'A company whose name NAV cannot hold' is longer than NAV's 30 characters.",
        ),
        (
            "base: &base {fixed: EU}\ndimensions: {AREA: {<<: *base}}\n",
            "rules.yml:13 dimensions.AREA: uses '<<'; write the keys out, or use *alias for the whole value.",
        ),
        (
            "dimensions: &all\n  AREA: *all\n",
            "rules.yml:12 dimensions.AREA: contains itself through an alias (*name).",
        ),
        ("company:\n", "rules.yml:12 company: has no value. Write one, or remove the key."),
        ("? [a, b]\n: c\n", "rules.yml:12: has a key that is not a plain text."),
    ],
)
def test_a_mistake_in_an_optional_part_is_told_with_its_line(more: str, error: str) -> None:
    assert error in told(GOOD + more)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = (
        GOOD.replace("EUR", "E")
        .replace("8440", "8" * 21)
        .replace("document: purchase", "document: purchas")
    )
    errors = told(text + "dates: {posting_date: never}\nextra: 1\n")
    assert [error.split(" ")[0] for error in errors] == [
        f"rules.yml:{line}" for line in (2, 5, 11, 12, 13)
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            "a: b: c\n",
            (
                "rules.yml:1: is not valid YAML here: mapping values are not allowed here. "
                "A text that contains a colon and a blank needs quotes."
            ),
        ),
        (
            "a:\n\tb: 1\n",
            (
                "rules.yml:2: is not valid YAML here: found character '\\t' that cannot start any token. "
                "Indent with blanks, not tabs; a text that begins with a sign needs quotes."
            ),
        ),
        ("a: 1\n---\nb: 2\n", "rules.yml:2: is not valid YAML here: but found another document."),
        ("a: 1\nb: \x00\n", "rules.yml:2: contains a character that YAML does not allow."),
        ("# only a comment\n", "rules.yml: is empty."),
        ("just a text\n", "rules.yml:1: must hold keys with values, indented below it."),
    ],
)
def test_a_file_that_is_no_mapping_is_told(text: str, error: str) -> None:
    assert told(text) == [error]


def test_codes_stay_as_they_are_written() -> None:
    """YAML 1.1 would make 64, False and a date of these, and 8440.0 of the last."""
    text = GOOD.replace("Hotel: 8440", "0100: 0100\n    NO: NO\n    2026-01-31: 8440.0")
    assert parse_rules(text, "rules.yml").rules.accounts.by_category == {
        "0100": "0100",
        "NO": "NO",
        "2026-01-31": "8440.0",
    }


def test_a_file_is_named_as_a_person_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules").mkdir()
    file = tmp_path / "rules" / "mine.yml"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    monkeypatch.chdir(tmp_path)
    assert load_rules_file(file).name == "rules/mine.yml"
    assert load_rules_file("rules/mine.yml").name == "rules/mine.yml"
    monkeypatch.chdir(tmp_path / "rules")
    assert load_rules_file(file).name == "mine.yml"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (
            None,
            "rules.yml: cannot be read: no such file or directory. Check the setting rules_file.",
        ),
        (b"\xff\xfe", "rules.yml: is not text in UTF-8. Save it as UTF-8."),
    ],
)
def test_a_file_that_cannot_be_read_is_told(
    content: bytes | None, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path("rules.yml").write_bytes(content)
    with pytest.raises(RulesFileError) as caught:
        load_rules_file("rules.yml")
    assert str(caught.value) == error


def test_places_and_suggestions() -> None:
    assert key_path(("documents", "by_policy", "Northwind Europe", "from", 1)) == (
        'documents.by_policy["Northwind Europe"].from[1]'
    )
    assert closest("BY_CATEGROY", ["by_tag", "by_category"]) == "by_category"
    assert closest("xyz", ["by_tag", "by_category"]) is None
