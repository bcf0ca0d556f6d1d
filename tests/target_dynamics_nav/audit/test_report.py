"""The HTML report: its figures are the ledger's, and nothing in it but text comes from reports."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from target_dynamics_nav.audit.command_line import main
from target_dynamics_nav.audit.commands.report import report_of
from target_dynamics_nav.audit.report import figures
from target_dynamics_nav.audit.report.chart import HEIGHT, LEFT, RIGHT, WIDTH, chart, step_for
from target_dynamics_nav.audit.report.page import page
from target_dynamics_nav.audit.report.stories import by_run, rules, stories, taken_back
from target_dynamics_nav.ledger import queries
from target_dynamics_nav.ledger.queries import Filter
from tests.target_dynamics_nav.ledgers import Place

from .report_ledgers import HOSTILE, PERSON, fill_month

MAY = Filter(since="2026-05-01", until="2026-05-31")
POSTED = 40


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(f"sqlite:///{tmp_path_factory.mktemp('month') / 'ledger.sqlite3'}")
    fill_month(place, POSTED)
    return place


def told(place: Place, wanted: Filter = MAY, *, with_names: bool = False) -> list[dict[str, Any]]:
    ledger = place.open()
    try:
        found = stories(ledger, wanted, with_names=with_names)
    finally:
        ledger.close()
    figures.name_currencies(found)
    return found


def html(place: Place, wanted: Filter = MAY, *, with_names: bool = False) -> str:
    ledger = place.open()
    try:
        return page(report_of(ledger, wanted, with_names=with_names))
    finally:
        ledger.close()


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and texts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        last = self.tags[-1][0] if self.tags else ""
        (self.scripts if last in {"script", "style"} and not self.ended else self.texts).append(
            data
        )

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self.tags.append((f"/{tag}", {}))

    @property
    def ended(self) -> bool:
        return self.tags[-1][0].startswith("/")


# Figures


def test_the_totals_are_those_of_the_ledger(month: Place) -> None:
    found = {
        (total.company, total.status, total.currency): (total.documents, total.amount)
        for total in figures.totals(told(month))
    }
    ledger = month.open()
    of_ledger = queries.totals(ledger, MAY)
    ledger.close()
    assert found == {
        (total.company, total.status, total.currency_code or f"own currency of {total.company}"): (
            total.documents,
            total.amount,
        )
        for total in of_ledger
    }
    assert sum(documents for documents, _ in found.values()) == POSTED + 13 + len(HOSTILE)


def test_what_waits_is_grouped_by_cause_with_fix_and_age(month: Place) -> None:
    found = {cause.code: cause for cause in figures.causes(told(month), date(2026, 5, 28))}
    blocked = found["account_blocked"]
    # One waits since 20 April, one since 20 May, one since the test; the waived one waits no more.
    assert (len(blocked.stories), blocked.ages, blocked.since) == (3, [1, 1, 1], "2026-04-20")
    assert blocked.fixes == {"Unblock the account in NAV, or map the category to another one.": 3}
    assert len(found["account_unmapped"].stories) == 2
    assert found["nav_no_answer"].status == "failed"
    assert found["content_changed"].status == "changed"


@pytest.mark.parametrize(
    ("today", "age"),
    [("2026-05-01", 0), ("2026-05-08", 0), ("2026-05-09", 1), ("2026-05-31", 1), ("2026-06-01", 2)],
)
def test_ages_end_where_they_say(today: str, age: int) -> None:
    assert figures.age_of("2026-05-01T23:59:00Z", date.fromisoformat(today)) == age


def test_spend_is_what_stands_in_nav_to_the_cent(month: Place) -> None:
    everything = told(month)
    by_account: dict[str, Decimal] = {}
    for row in figures.spend_by_account(everything):
        figures.add(by_account, row.currency, row.amount)
    for rows in figures.spend_by_dimension(everything).values():
        by_value: dict[str, Decimal] = {}
        for row in rows:
            figures.add(by_value, row.currency, row.amount)
        assert by_value == by_account
    in_nav: dict[str, Decimal] = {}
    for story in everything:
        # The test's documents carry no tax, so that their lines are their totals; a changed one stays as posted.
        if story["status"] in {"posted", "changed"} and story["nav_number"] != "PI001012":
            figures.add(in_nav, story["currency"], story["amount"])
    assert by_account == in_nav


def test_spend_by_dimension_says_what_has_none(month: Place) -> None:
    projects = figures.spend_by_dimension(told(month))["PROJECT"]
    assert {row.name for row in projects} > {figures.NOT_SET}
    assert projects[-1].name == figures.NOT_SET


def test_postings_are_counted_by_day_without_gaps(month: Place) -> None:
    days = figures.postings(told(month))
    assert [day.name for day in days] == [f"2026-05-{number:02}" for number in range(1, 32)]
    made = month.query("SELECT count(*) FROM nav_documents WHERE role <> 'draft'")[0][0]
    assert sum(day.documents for day in days) == made
    total = sum((sum(day.amounts.values(), Decimal(0)) for day in days), Decimal(0))
    spent = sum((row.amount for row in figures.spend_by_account(told(month))), Decimal(0))
    assert total == spent


def test_a_long_time_is_shown_by_months() -> None:
    def story(at: str) -> dict[str, Any]:
        made = {"role": "posted", "kind": "purchase_invoices", "total": "1.00", "at": at}
        return {"currency": "EUR", "nav_documents": [made]}

    days = figures.postings([story("2026-01-31T00:00:00Z"), story("2026-04-03T00:00:00Z")])
    assert [(day.name, day.documents) for day in days] == [
        ("2026-01", 1),
        ("2026-02", 0),
        ("2026-03", 0),
        ("2026-04", 1),
    ]


def test_bars_stand_inside_the_chart_and_in_proportion() -> None:
    days = [figures.Day(f"2026-05-{number + 1:02}", number * 7) for number in range(31)]
    drawn = chart(days)
    scale = drawn.lines[-1].documents
    assert scale >= 210
    for bar in drawn.bars:
        assert bar.x >= LEFT
        assert bar.x + bar.width <= WIDTH - RIGHT
        assert bar.y + bar.height == drawn.bottom < HEIGHT
    heights = [bar.height for bar in drawn.bars]
    assert heights == sorted(heights)
    assert heights[0] == 0 < heights[1]


@pytest.mark.parametrize(
    ("most", "step"), [(0, 1), (4, 1), (5, 2), (20, 5), (21, 10), (3000, 1000), (4001, 2000)]
)
def test_the_scale_is_round(most: int, step: int) -> None:
    assert step_for(most) == step


# Stories


def test_what_waits_comes_first(month: Place) -> None:
    statuses = [story["status"] for story in told(month)]
    waiting = [status in {"held", "failed", "changed"} for status in statuses]
    assert waiting == sorted(waiting, reverse=True)
    assert statuses[-1] == "posted"


def test_a_story_tells_what_happened_to_its_own_document(month: Place) -> None:
    found = {story["document_key"]: story for story in told(month)}
    (run,) = found["E10000000-R"]["runs"]
    assert run["steps"] == [
        "NAV was asked and has nothing of it.",
        "Draft PI000000 was created in NAV.",
        *run["steps"][2:-1],
        "Posted in NAV as PI000000.",
    ]
    decided = found["E10001010-R"]["runs"][-1]
    assert (decided["steps"], decided["who"]) == (
        ["Waived: Paid by hand: Grace knows."],
        "Ada Accountant",
    )
    (read, posted) = (found["E10001006-R"][name] for name in ("read", "posted"))
    assert posted is not None
    assert posted["digest"] == read["digest"]
    assert found["E10000000-R"]["posted"] is None
    assert found["E10001012-R"]["in_nav"] is None


def test_a_posting_that_was_taken_back_is_not_in_nav() -> None:
    posted, back, anew = ({"role": role} for role in ("posted", "credit", "reposted"))
    assert not taken_back([])
    assert not taken_back([posted])
    assert taken_back([posted, back])
    assert not taken_back([posted, back, anew])


def test_runs_that_went_alike_are_told_once() -> None:
    def event(run: str, at: str, kind: str, what: str) -> dict[str, Any]:
        return {
            "run_id": run, "at": at, "kind": kind, "what": what, "who": "me", "nav_message": None
        }  # fmt: skip

    found = by_run(
        [
            event("1", "a", "failed", "Failed."),
            event("2", "b", "failed", "Failed."),
            event("3", "c", "draft_intended", "About to."),
            event("3", "d", "draft_created", "Created."),
            event("3", "e", "post_intended", "About to post."),
            event("4", "f", "waived", "Waived."),
        ]
    )
    assert [(run["at"], run["until"], run["times"], run["steps"], run["who"]) for run in found] == [
        ("a", "b", 2, ["Failed."], None),
        ("c", "e", 1, ["Created.", "About to post."], None),
        ("f", "f", 1, ["Waived."], "me"),
    ]


def test_rules_that_decided_lines_stand_together() -> None:
    lines = [
        {"line": 1, "decided_by": {"account_number": "accounts (line 9): category 'Rail'"}},
        {"line": 2, "decided_by": {"account_number": "accounts (line 9): category 'Hotel'"}},
        {"line": 3, "decided_by": {"account_number": "accounts (line 9): category 'Rail'"}},
    ]
    version = {"decided_by": {"dimensions.AREA": "dimensions.AREA: fixed"}, "lines": lines}
    assert rules(version) == [
        ("dimension AREA", "fixed"),
        (
            "account number",
            "accounts (line 9); lines 1, 3: category 'Rail'; line 2: category 'Hotel'",
        ),
    ]


# The page


def test_the_page_needs_nothing_from_anywhere(month: Place) -> None:
    found = Page(html(month, with_names=True))
    for tag, attributes in found.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "video", "audio"}
        assert attributes.keys().isdisjoint({"src", "srcset", "style", "action", "xlink:href"})
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    style = next(text for text in found.scripts if "color-scheme" in text)
    assert "url(" not in style
    assert "@import" not in style


def test_only_the_scripts_and_styles_of_the_package_may_run(month: Place) -> None:
    text = html(month, with_names=True)
    policy = next(
        attributes["content"]
        for tag, attributes in Page(text).tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    rules_of = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules_of["default-src"] == "'none'"
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules_of[directive] == f"'sha256-{digest}'"


def test_hostile_texts_stay_texts(month: Place) -> None:
    harmless = Page(
        html(month, Filter(since="2026-05-01", until="2026-05-31", policy="Northwind Europe"))
    )
    found = Page(html(month, with_names=True))
    assert {tag for tag, _ in found.tags} <= {tag for tag, _ in harmless.tags} | {"bdi"}
    assert sum(tag == "script" for tag, _ in found.tags) == 2
    texts = "\n".join(found.texts)
    for text in HOSTILE:
        assert re.sub(r"[\u202a-\u202e\u2066-\u2069]+", " ", text).strip() in texts
    assert not re.search(r"[\u202a-\u202e\u2066-\u2069]", html(month, with_names=True))


def test_pasted_tables_hold_no_formulas(month: Place) -> None:
    cells = re.findall(r"<td[^>]*>([^<]*)", html(month, with_names=True))
    assert any("HYPERLINK" in cell for cell in cells)
    for cell in cells:
        assert not re.match(r"[=+@|%]|-(?![\d.,]+\s*$)", cell.strip())


def test_the_data_of_the_script_cannot_end_its_element(month: Place) -> None:
    (inside,) = re.findall(
        r'<script type="application/json" id="index">(.*?)</script>', html(month), re.DOTALL
    )
    assert "<" not in inside
    index = json.loads(inside)
    assert HOSTILE[0] in index["facets"]["policy"]
    assert len(index["documents"]) == len(told(month))


def test_people_are_named_only_when_asked(month: Place) -> None:
    without, named = html(month), html(month, with_names=True)
    assert PERSON not in without
    assert "Trip 1000 of" not in without
    assert "day 1" not in without
    assert PERSON in named
    assert "Trip 1000 of Grace Hopper" in named
    assert "Hotel, day 1" in named


def test_a_month_of_nothing_is_a_page_that_says_so(month: Place) -> None:
    text = html(month, Filter(since="2020-01-01", until="2020-01-31", undated=False))
    assert "There are no documents in this period." in text
    assert "Nothing waits" in text
    assert "Nothing of this period was posted." in text


def test_purged_documents_keep_their_amounts(tmp_path: Path) -> None:
    place = Place(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    fill_month(place, 3)
    before = figures.spend_by_account(told(place))
    ledger = place.open()
    assert ledger.purge_person(PERSON, "Ada Accountant") > 0
    ledger.close()
    text = html(place, with_names=True)
    assert PERSON not in text
    assert "Texts and rules were purged" in text
    assert figures.spend_by_account(told(place)) == before


# The command


def run(place: Place, *arguments: str) -> Any:
    return CliRunner().invoke(main, ["report", "--ledger", place.url, *arguments])


def test_the_command_writes_one_file(month: Place, tmp_path: Path) -> None:
    file = tmp_path / "may.html"
    done = run(month, "--month", "2026-05", "--company", "CRONUS Services", "--output", str(file))
    assert (done.exit_code, done.output) == (0, f"4 documents written to {file}.\n")
    text = file.read_text(encoding="utf-8")
    assert text.lstrip().startswith("<!doctype html>")
    assert "CRONUS Services, posting dates 2026-05-01 to 2026-05-31" in text
    assert "own currency of" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["may.html"]


def test_a_folder_that_is_not_there_is_a_sentence(month: Place, tmp_path: Path) -> None:
    done = run(month, "--output", str(tmp_path / "none" / "may.html"))
    assert done.exit_code == 78
    assert "cannot be written" in done.output
    assert "file_unwritable" in done.output


def test_an_output_has_to_be_named(month: Place) -> None:
    done = run(month, "--month", "2026-05")
    assert done.exit_code == 2
    assert "--output" in done.output
