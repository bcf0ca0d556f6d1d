"""The HTML report: the audit trail of a period as one file that needs no network, no server and no JavaScript.

```
stories.py     each document's story as plain data, names hidden unless asked for; asks `ledger`
figures.py     totals, causes with their fix and age, postings by day, spend (pure)
chart.py       where the bars of the chart stand (pure)
page.py        the page: template, styles and script in one file, nothing else allowed by its own policy
templates/     report.html.jinja, story.html.jinja, report.css, report.js
```

Texts come from whoever submits a report. Every one is escaped by the template, cleaned of control characters, and
kept out of scripts: what the script knows stands in a JSON element, and the page's Content-Security-Policy runs only
the script whose hash it names.
"""

from __future__ import annotations
