"""Expensify's approved reports against the ledger against NAV's own entries.

```
sides.py       what the ledger recorded, as documents that can be compared (pure)
agreement.py   one document against what NAV posted for it (pure)
findings.py    what can be wrong, with what to do about it; totals (pure)
books.py       one company's books, indexed; what looks like the same money (pure)
account.py     keeps account of what is found (pure)
matching.py    which belongs to which, what is missing, doubled or somewhere else (pure; NAV is asked by a function)
sources.py     reads the three sides
```
"""

from __future__ import annotations
