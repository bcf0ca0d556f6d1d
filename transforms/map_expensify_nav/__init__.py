"""Singer inline mapper: Expensify reports become Dynamics NAV documents, by the rules of one YAML file.

```
mapper.py         Singer face: messages in, messages out
commands.py       expense-rules: check, suggest, preview

rules.py          the rules file as types, with document_rules.py (which documents), money_rules.py (amounts,
                  currencies), lookup_rules.py (where a code comes from), tables.py (names, patterns), conditions.py
                  (what is skipped), templates.py (texts); rule_model.py is what they share, such as days
rules_file.py     reads it: YAML with line numbers (yaml_marks.py), every error with its place and a suggestion
rule_set.py       one rules file or several, and which of them a report belongs to

report.py         the `reports` record as types, tolerant of what is missing
sources.py        what a rule may ask of a report
documents.py      report + rules → documents with problems, notes and reasons; of it: parts.py (which expenses make a
                  document, its key), checks.py (what holds a report), header.py, dates.py, lines.py, tax.py,
                  valuation.py (what expenses count in the document's currency), money.py
decisions.py      one lookup decided, with its reason
findings.py       problems and notes, by code
schemas.py        JSON Schemas of the three streams of documents

feed.py           what the tap writes: reports, and the lists people choose from
coverage.py       do the rules cover the reports, and NAV the rules? selectable.py: and what can be chosen?
suggest.py        a starter rules file
preview.py        a document as a person reads it
nav_reader.py     NAV's master data over HTTP, for reading only
errors.py         what ends a run
```
"""

from __future__ import annotations
