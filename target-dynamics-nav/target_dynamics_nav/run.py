"""One run: the companies it writes to, the documents it settles, the STATE it lets go, and how it ends."""

from __future__ import annotations

import logging
import os
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.errors import (
    ConfigurationError,
    OutageError,
    RetryLaterError,
    StopRunError,
)
from target_dynamics_nav.ledger import Books, Ledger
from target_dynamics_nav.outcome import Outcome, as_problem
from target_dynamics_nav.posting import Mode, Poster
from target_dynamics_nav.settlement import StateGate, Status
from target_dynamics_nav.summary import RunSummary

if TYPE_CHECKING:
    from target_dynamics_nav.nav.port import NavClient

logger = logging.getLogger("target-dynamics-nav")

FINISHED = "finished"


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
        # Meltano hands its run id down only when the caller set it; one of its runs may start this target twice.
        meltano_run = os.environ.get("MELTANO_RUN_ID", "")[:50]
        own = uuid.uuid4().hex
        ledger.start_run(f"{meltano_run}-{own[:8]}" if meltano_run else own, settings.mode.value)

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
        self._note(document, outcome)
        if outcome.status.settled:
            self.gate.settle(number)
        self._log(document, outcome)

    def end(self, outcome: str) -> None:
        """Write the summary and close the run in the ledger.

        Args:
            outcome: "finished", or the code of what stopped the run.
        """
        if self.summary.outcomes or outcome == FINISHED:
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
        try:
            poster = self._poster(name)
        except ConfigurationError as error:
            if error.code != "company_unknown":
                self._note_stopped(document, error)
                raise
            self._unknown_companies[name] = error
            outcome = _unknown_company(name, error)
            self._ledger.record_standing(
                Books.unplaced(self._settings.nav, name), document, outcome.status, outcome.reasons
            )
            return outcome
        except StopRunError as error:
            self._note_stopped(document, error)
            raise
        try:
            return poster.settle(document)
        except StopRunError as error:
            poster.record_stopped(document, self._note_stopped(document, error))
            raise

    def _note_stopped(self, document: Document, error: StopRunError) -> Problem:
        problem = as_problem(error)
        self._note(document, Outcome(Status.FAILED, [problem]))
        return problem

    def _note(self, document: Document, outcome: Outcome) -> None:
        name = document.company or self._settings.company
        poster = self._posters.get(name)
        if poster is None:
            self.summary.add(name, document, outcome)
        else:
            self.summary.add(poster.company.id, document, outcome, poster.own_currency)

    def _poster(self, name: str) -> Poster:
        """The poster of a company, which reads the company's master data when it is first needed.

        Raises:
            StopRunError: If there is no such company, or NAV does not tell what is in it.
        """
        if name in self._unknown_companies:
            raise self._unknown_companies[name]
        if name not in self._posters:
            try:
                self._posters[name] = self._new_poster(name)
            except RetryLaterError as error:
                raise OutageError(
                    f"NAV does not tell what the company {name} holds: {error.message}",
                    hint="Run again later; nothing was written.",
                    nav_message=error.nav_message,
                ) from error
        return self._posters[name]

    def _new_poster(self, name: str) -> Poster:
        company = self._nav.resolve_company(name)
        books = Books(self._settings.nav, company.id, company.name)
        self._ledger.claim(books)
        master_data = self._nav.read_master_data(company)
        logger.info(
            "Company %s: %d accounts, %d vendors, %d dimension values read.",
            company.name,
            len(master_data.accounts),
            len(master_data.vendors),
            len(master_data.dimension_values),
        )
        return Poster(
            self._nav,
            self._ledger,
            books=books,
            company=company,
            master_data=master_data,
            mode=self._settings.mode,
        )

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
