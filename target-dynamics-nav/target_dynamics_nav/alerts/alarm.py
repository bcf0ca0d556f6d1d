"""Decides at the end of a run whether somebody is to be told, and tells them: once, and never at the run's expense."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from typing import TYPE_CHECKING

from target_dynamics_nav.alerts import gathering, mail, webhook, words
from target_dynamics_nav.alerts.failure import NotSentError
from target_dynamics_nav.alerts.news import News, occasions
from target_dynamics_nav.audit import access
from target_dynamics_nav.errors import TargetError
from target_dynamics_nav.summary import RunSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_dynamics_nav.alerts.settings import AlertSettings

logger = logging.getLogger("target-dynamics-nav")

PATIENCE_SECONDS = 15.0
"""So long a run waits for its alerts at most, names that do not resolve and servers that do not answer included."""

_LEDGER_FAILED = frozenset(
    {"ledger_unavailable", "ledger_unusable", "ledger_too_new", "ledger_missing"}
)
"""Outcomes after which the ledger is not asked again."""


class Alarm:
    """Tells about one run."""

    def __init__(
        self,
        settings: AlertSettings,
        *,
        company: str,
        ledger_url: str,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Nothing happens before `tell`.

        Args:
            settings: Whom to tell of what.
            company: The company of the settings, as people call it.
            ledger_url: Where the audit ledger is.
            patience_seconds: How long to wait for the sending.
        """
        self._settings = settings
        self._company = company
        self._ledger_url = ledger_url
        self._patience = patience_seconds
        self._told = False

    def tell(
        self, outcome: str, summary: RunSummary | None = None, run_id: str | None = None
    ) -> None:
        """Send what there is to tell; called again, it does nothing.

        Args:
            outcome: "finished", or the code of what stopped the run.
            summary: What became of its documents; None when it never began.
            run_id: The run's id in the ledger.
        """
        if self._told or not self._settings.wanted:
            return
        self._told = True
        news = self._news(outcome, summary or RunSummary(), run_id)
        if news.occasions:
            self._send(news)

    def _news(self, outcome: str, summary: RunSummary, run_id: str | None) -> News:
        found = gathering.waiting_in_run(summary)
        waiting, asked = list(found.values()), False
        if outcome not in _LEDGER_FAILED:
            with contextlib.suppress(TargetError), access.opened(self._ledger_url) as ledger:
                waiting = gathering.with_ledger(found, ledger, self._settings.aged_days)
                asked = True  # otherwise the message says that it is not known
        news = News(
            run_id=run_id,
            outcome=outcome,
            company=self._company,
            counts=summary.counts,
            totals=summary.totals,
            waiting=waiting,
            aged_days=self._settings.aged_days,
            ledger_asked=asked,
        )
        return news.worth(occasions(news, self._settings))

    def _send(self, news: News) -> None:
        settings = self._settings
        ways: list[tuple[str, Callable[[], None]]] = []
        if settings.webhook is not None:
            hook, message = settings.webhook, words.as_json(news, settings)
            ways.append(("webhook", lambda: webhook.post(hook, message)))
        if settings.mail is not None:
            box, letter = settings.mail, words.as_mail(news, settings, settings.mail)
            ways.append(("mail server", lambda: mail.send(box, letter)))
        for (name, _), failure in zip(ways, _all_at_once(ways, self._patience), strict=True):
            if failure is None:
                logger.info(
                    "The alert was handed to the %s (%s).",
                    name,
                    ", ".join(news.occasions),
                    extra={"event_type": "alert.sent", "way": name},
                )
            else:
                logger.warning(
                    "The alert was not handed to the %s: %s. The run is not affected, and the alert is not repeated.",
                    name,
                    failure,
                    extra={"event_type": "alert.failed", "way": name, "reason": "alert_failed"},
                )


def _all_at_once(
    ways: Sequence[tuple[str, Callable[[], None]]], patience_seconds: float
) -> list[str | None]:
    """Use each way in a thread of its own; gives why it failed, or None.

    A time limit for the connection does not bound everything (looking up a name, a server that sends a byte now and
    then), so nobody waits for a thread longer than this.
    """
    failures: dict[int, str | None] = {}

    def use(index: int, act: Callable[[], None]) -> None:
        try:
            act()
            failures[index] = None
        except NotSentError as error:
            failures[index] = str(error)

    threads = [
        threading.Thread(target=use, args=(index, act), daemon=True, name=f"alert by {name}")
        for index, (name, act) in enumerate(ways)
    ]
    until = time.monotonic() + patience_seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    return [failures.get(index, "it did not answer in time") for index in range(len(ways))]
