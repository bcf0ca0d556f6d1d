"""The audit ledger: every run, every document's standing, every attempt with its outcome. SQL through SQLAlchemy.

It serves people and speed: what it says was posted is not looked up again, and a person can see why a document is
held. Whether something may be posted never depends on it: with the ledger lost, NAV itself is asked.

The tables (`tables.py` has every column):

- `runs`: one row a run: who, where, when, mode, how it ended, counts by status.
- `documents`: one row a document key in its books: status, reasons, what the feed told of its source (report, policy,
  submitter, approval, part), dates and total, what NAV has of it, since when it waits, how often it was tried, who
  waived it and why. `status` is the one truth for people: it is "waived" while a waiver holds. A total is there
  as exact text and as two integers that SQL can add up: total_whole + total_fraction / 100,000.
- `contents`: each version of a document that was read or posted: `content` is the financial substance (what
  `digest` is made of), `document` its lines in order with texts and sources, `decided_by` the rule for each field.
  `documents.version` and `documents.posted_version` say which one was read last and which one is posted.
- `nav_documents`: each document in NAV that was made for a key: drafts, postings, credit memos that took a posting
  back, and postings anew; `documents.part_number` says which part is the current one.
- `posted_sources`: which expense is posted with which document.
- `events`: append-only; see `chain.py`. What happened, who did it, when, in which run, to which document; `data`
  has the facts, `details` the texts (both JSON). Their union, `queries.Event.told`, is what was recorded.
- `chain_head`, `claims`, `ledger_schema_version`: the end of the chain, who holds which company, the schema.

To write: `Ledger`. To read: `queries.py`, with a `Ledger`. Migrations are in `migrations/`; `schema.py` runs them
whenever a ledger is opened.
"""

from __future__ import annotations

from target_dynamics_nav.ledger.chain import Alteration
from target_dynamics_nav.ledger.ledger import Ledger
from target_dynamics_nav.ledger.rows import source_ids
from target_dynamics_nav.ledger.standing import WAITING, Books, NavDocument, Role, Standing

__all__ = [
    "WAITING",
    "Alteration",
    "Books",
    "Ledger",
    "NavDocument",
    "Role",
    "Standing",
    "source_ids",
]
