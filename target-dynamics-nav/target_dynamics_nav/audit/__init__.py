"""The audit console: what accountants ask of the ledger at month-end, and what they decide there.

```
command_line.py     nav-audit: its commands, loaded when they are called; errors as one sentence and an exit code
options.py          options that several commands share; which documents, which period
access.py           opens a ledger that exists, finds the document a person names
screen.py           prints: aligned text, or a table on a terminal, or JSON
words.py            statuses and events as sentences, what to do next (pure)
views.py            rows of the ledger as people may see them: names hidden unless asked for (pure)
commands/           one module for each command or pair of commands: asks `ledger` queries, makes plain data, prints it
expensify.py        asks Expensify about a report the ledger has never seen
feeds.py            documents as a mapper wrote them, from a file or standard input
reconciliation/     Expensify against the ledger against NAV (pure but for `sources.py`)
exports/            CSV, XLSX and JSON files
```

Every command makes plain data first (what `--json` prints) and words of it afterwards, so that the data serves other
readers too.
"""

from __future__ import annotations
