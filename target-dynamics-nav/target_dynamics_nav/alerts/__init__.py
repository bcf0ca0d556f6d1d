"""Tells people when a run leaves something for them to do: one message per run, by webhook or e-mail, off by default.

- `settings.py`: the settings and what they mean.
- `news.py`: what a run has to tell, and whether it has anything to tell. Pure.
- `words.py`: the same as JSON, as one text, and as an e-mail. No I/O.
- `gathering.py`: what the run's summary and the audit ledger say.
- `webhook.py`, `mail.py`: one attempt each.
- `alarm.py`: gathers, decides, sends; never fails a run, and holds it up by a few seconds at most.

A message has counts, codes, report ids, document keys and amounts; names of reports, submitters and reasons in words
only when `alert_include` says so. Addresses and passwords are never logged.
"""

from __future__ import annotations

from target_dynamics_nav.alerts.alarm import Alarm

__all__ = ["Alarm"]
