"""The pipeline from the outside, in the order in which a user meets it: `meltano run` against the sandbox."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from .expectations import actual_sums, expected_sums, exported
from .project import books_of, postings_of

if TYPE_CHECKING:
    from expense_sandbox.testing import Sandbox

    from .project import Project


def test_the_story_of_the_readme(sandbox: Sandbox, project: Project) -> None:
    planted = sandbox.world.planted
    held_reports = {
        planted["unmapped_category"][0]: ["account_unmapped"],
        planted["blocked_account"][0]: ["account_blocked"],
        planted["inactive_dimension_value"][0]: ["dimension_value_blocked"],
    }

    # First run: all that can be posted is posted, three reports are held and explained.
    first = project.run()
    assert first.exit_code == 0, first.output
    assert first.held() == held_reports
    counts = first.counts()
    assert (counts["held"], counts["skipped"]) == (3, 1)
    assert set(counts) == {"posted", "held", "skipped"}
    found = books_of(sandbox)
    assert found["drafts"] == []
    assert found["journals"] == []
    assert sum(Decimal(entry["amount"]) for entry in found["gl_entries"]) == 0
    assert actual_sums(found["gl_entries"]) == expected_sums(sandbox.world.reports, held_reports)
    assert set(postings_of(books_of(sandbox)).values()) == {1}
    assert len(postings_of(found)) == counts["posted"]

    # Second run: nothing is posted, nothing is written.
    second = project.run()
    assert second.exit_code == 0
    assert second.held() == held_reports
    assert "posted" not in second.counts()
    assert books_of(sandbox)["write_count"] == found["write_count"]

    # With the audit ledger and Meltano's state lost: not one new document or entry.
    project.forget()
    third = project.run()
    assert third.exit_code == 0
    assert third.held() == held_reports
    assert "posted" not in third.counts()
    assert third.counts()["already_posted"] == counts["posted"]
    assert books_of(sandbox)["write_count"] == found["write_count"]
    last_approval = max(report["approved"] for report in exported(sandbox.world.reports))
    last_approval = f"{last_approval.replace(' ', 'T')}Z"
    assert (project.bookmark() or "") < last_approval

    # Clear what is held, as the README tells: map the category, unblock the account, activate the value.
    rules = project.rules.read_text(encoding="utf-8")
    mapped = rules.replace(
        "    Conferences & Training: 8620\n",
        "    Conferences & Training: 8620\n    Team Événements: 8460\n",
    )
    assert mapped != rules
    project.rules.write_text(mapped, encoding="utf-8")
    for command in (("unblock-account", "8320"), ("activate-value", "PROJECT", "P-090")):
        done = project.call("sandbox", *command, "--nav-url", sandbox.nav.url)
        assert done.exit_code == 0, done.output
    fourth = project.run()
    assert fourth.exit_code == 0, fourth.output
    assert fourth.counts()["posted"] == 3
    assert "held" not in fourth.counts()
    assert actual_sums(books_of(sandbox)["gl_entries"]) == expected_sums(sandbox.world.reports)
    assert project.bookmark() == last_approval
    assert set(postings_of(books_of(sandbox)).values()) == {1}
    assert set(project.standings().values()) <= {"posted", "already_posted", "skipped"}
