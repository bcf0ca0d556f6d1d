"""How far a document goes, and how the target logs in: a few days of reports through `meltano run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .project import books_of, postings_of

if TYPE_CHECKING:
    from expense_sandbox.testing import Sandbox

    from .project import Project

A_FEW_DAYS = {"TAP_EXPENSIFY_START_DATE": "2026-03-10", "TAP_EXPENSIFY_END_DATE": "2026-03-14"}


def test_preview_then_drafts_then_posted_with_basic_auth(
    sandbox: Sandbox, project: Project
) -> None:
    preview = project.run(**A_FEW_DAYS, TARGET_DYNAMICS_NAV_MODE="preview")
    assert preview.exit_code == 0, preview.output
    documents = preview.counts()["previewed"]
    assert documents > 5
    assert books_of(sandbox)["write_count"] == 0

    # A preview leaves the bookmark where it was, and so, when it is told to, does a run that leaves drafts.
    drafts = project.meltano(
        "run",
        "--no-state-update",
        "expensify-to-nav",
        **A_FEW_DAYS,
        TARGET_DYNAMICS_NAV_MODE="draft",
    )
    assert drafts.exit_code == 0, drafts.output
    assert drafts.counts() == {"draft": documents}
    held = books_of(sandbox)
    assert len(held["drafts"]) + len(held["journals"]) == documents
    assert held["gl_entries"] == []

    posted = project.run(**A_FEW_DAYS, TARGET_DYNAMICS_NAV_AUTH_METHOD="basic")
    assert posted.exit_code == 0, posted.output
    assert posted.counts() == {"posted": documents}
    final = books_of(sandbox)
    assert (final["drafts"], final["journals"]) == ([], [])
    assert set(postings_of(final).values()) == {1}
    assert len(postings_of(final)) == documents
    assert not any(request.operation == "token" for request in sandbox.nav.requests_log[-20:]), (
        "Basic needs no token"
    )
