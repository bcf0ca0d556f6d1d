"""Singer inline mapper: Expensify reports become Dynamics NAV documents, by the rules of one YAML file.

```
mapper.py         Singer face: messages in, messages out
rules.py          the rules file as types; lookups.py and templates.py evaluate parts of it
rules_file.py     reads it: YAML with line numbers, every error with its place and a suggestion
report.py         the `reports` record as types, tolerant of what is missing
documents.py      report + rules → documents with problems, notes and reasons (pure)
schemas.py        JSON Schemas of the three streams of documents
errors.py         what ends a run
```
"""

from __future__ import annotations
