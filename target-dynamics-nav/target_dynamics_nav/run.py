"""One run: the companies it writes to, the documents it settles, the STATE it lets go, and how it ends."""

from __future__ import annotations

import logging
import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.errors import ConfigurationError, StopRunError
from target_dynamics_nav.ledger import Books, Ledger
from target_dynamics_nav.posting import Mode, Outcome, Poster
from target_dynamics_nav.settlement import StateGate, Status
from target_dynamics_nav.summary import RunSummary

if TYPE_CHECKING:
    from target_dynamics_nav.nav.port import NavClient

logger = logging.getLogger("target-dynamics-nav")


@dataclass(frozen=True)
class RunSettings:
    """What a run needs to know beyond the connection to NAV.

    Attributes:
        company: The company of documents that name none.
        nav: What identifies this NAV in the ledger: its address.
    """

    company: str
    mode: Mode
    nav: str


class Run:
    """Settles documents one after the other and keeps account of them."""

    def __init__(self, nav: NavClient, ledger: Ledger, settings: RunSettings) -> None:
        self._nav = nav
        self._ledger = ledger
        self._settings = settings
        self._posters: dict[str, Poster] = {}
        self._unknown_companies: dict[str, ConfigurationError] = {}
        self.gate = StateGate()
        self.summary = RunSummary()
        # Meltano hands its run id down only when the caller set it; otherwise the run gets one of its own.
        ledger.start_run(
            f"{os.environ.get('MELTANO_RUN_ID') or ''}{uuid.uuid4()}"[-64:], settings.mode.value
        )

    def connect(self) -> None:
        """Reach NAV and read the company's master data before any document is looked at.

        Raises:
            StopRunError: If NAV cannot be reached, refuses the credentials or has no such company.
        """
        self._poster(self._settings.company)

    def settle(self, document: Document) -> None:
        """Take a document as far as it goes today.

        Raises:
            StopRunError: If the run cannot go on; the document then counts as failed and holds back the STATE.
        """
        number = self.gate.document_arrived()
        outcome = self._outcome(document)
        self.summary.add(document, outcome, self._own_currency(document))
        if outcome.status.settled:
            self.gate.settle(number)
        self._log(document, outcome)

    def end(self, outcome: str) -> None:
        """Write the summary and close the run in the ledger."""
        self.summary.log()
        self._ledger.end_run(outcome, self.summary.counts)

    def close(self) -> None:
        """Release connections."""
        self._nav.close()
        self._ledger.close()

    @property
    def waits_for_a_person(self) -> bool:
        """Whether any document ended held or changed."""
        return any(
            outcome.status in {Status.HELD, Status.CHANGED}
            for _, outcome in self.summary.needs_somebody()
        )

    def _outcome(self, document: Document) -> Outcome:
        name = document.company or self._settings.company
        if name in self._unknown_companies:
            return _unknown_company(name, self._unknown_companies[name])
        try:
            poster = self._poster(name)
        except ConfigurationError as error:
            if error.code != "company_unknown":
                raise
            self._unknown_companies[name] = error
            return _unknown_company(name, error)
        try:
            return poster.settle(document)
        except StopRunError as error:
            problem = Problem(code=error.code, message=error.message, hint=error.hint)
            self.summary.add(document, Outcome(Status.FAILED, [problem]), poster.own_currency)
            poster.record_stopped(document, problem)
            raise

    def _own_currency(self, document: Document) -> str:
        poster = self._posters.get(document.company or self._settings.company)
        return poster.own_currency if poster else ""

    def _poster(self, name: str) -> Poster:
        if name not in self._posters:
            company = self._nav.resolve_company(name)
            master_data = self._nav.read_master_data(company)
            logger.info(
                "Company %s: %d accounts, %d vendors, %d dimension values read.",
                company.name,
                len(master_data.accounts),
                len(master_data.vendors),
                len(master_data.dimension_values),
            )
            self._posters[name] = Poster(
                self._nav,
                self._ledger,
                books=Books(self._settings.nav, company.id, company.name),
                company=company,
                master_data=master_data,
                mode=self._settings.mode,
            )
        return self._posters[name]

    @staticmethod
    def _log(document: Document, outcome: Outcome) -> None:
        logger.log(
            logging.INFO if outcome.status is not Status.ALREADY_POSTED else logging.DEBUG,
            "%s %s (%s)%s",
            outcome.status.value,
            document.source_name,
            document.key,
            f" as {outcome.nav_number}" if outcome.nav_number else "",
            extra=_log_fields(document, outcome),
        )


def _log_fields(document: Document, outcome: Outcome) -> dict[str, Any]:
    return {
        "event_type": f"document.{outcome.status.value}",
        "report": document.source_name,
        "document_key": document.key,
        "reason": outcome.reasons[0].code if outcome.reasons else None,
        "nav_number": outcome.nav_number,
    }


def _unknown_company(name: str, error: ConfigurationError) -> Outcome:
    """A document for a company that NAV does not have is that document's problem, not the run's."""
    return Outcome(
        Status.HELD,
        [
            Problem(
                code="company_unknown",
                field="company",
                value=name,
                message=error.message,
                hint="Correct the company in the mapping rules, or create it in NAV.",
            )
        ],
    )
