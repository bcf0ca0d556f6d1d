"""Posting in the background: General Ledger Setup's "Post with Job Queue"."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from expense_sandbox.nav import journal_posting
from expense_sandbox.nav.errors import NavError, dialog

if TYPE_CHECKING:
    from expense_sandbox.nav import records
    from expense_sandbox.nav.books import Books
    from expense_sandbox.nav.company import Company


def post_journal(books: Books, company: Company, journal: records.Journal) -> None:
    """The action `post` of a journal: at once, or only scheduled where the company says so.

    Raises:
        NavError: As NAV refuses the posting; when it is only scheduled, just for a journal without
            lines. Whatever else is wrong shows in the journal staying as it is.
    """
    setup = company.posting_setup
    if not setup.journals_in_background:
        journal_posting.post(books, company, journal)
        return
    if not company.journal_lines_of(journal.id):
        raise dialog("There is nothing to post.")
    due = books.clock() + timedelta(seconds=setup.background_seconds)
    books.jobs.append((due, company.id, journal.id))


def run_due_jobs(books: Books, *, everything: bool = False) -> int:
    """Post what was scheduled and is due; all of it with `everything`.

    Returns:
        How many jobs ran, well or badly.
    """
    now = books.clock()
    due = [job for job in books.jobs if everything or job[0] <= now]
    for job in due:
        books.jobs.remove(job)
        company = books.companies[job[1]]
        journal = company.journals.get(job[2])
        if journal is None:
            continue
        try:
            with books.transaction():
                journal_posting.post(books, company, journal)
        except NavError as error:
            books.failed_jobs.append(f"{journal.code}: {error.message}")
    return len(due)
