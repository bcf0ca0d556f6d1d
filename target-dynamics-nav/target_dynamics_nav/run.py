"""One run: the companies it writes to, the documents it settles, the STATE it lets go, and how it ends."""

from __future__ import annotations

import logging
import os
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_dynamics_nav.catalogue import DOCS_URL
from target_dynamics_nav.context import PostingContext, PostingRules
from target_dynamics_nav.document import Document, Problem
from target_dynamics_nav.errors import (
    ConfigurationError,
    OutageError,
    RetryLaterError,
    StopRunError,
    TerminatedError,
)
from target_dynamics_nav.ledger import Books, Ledger
from target_dynamics_nav.nav.one_by_one import stepped
from target_dynamics_nav.outcome import Outcome, as_problem
from target_dynamics_nav.posting import Poster
from target_dynamics_nav.settlement import StateGate, Status
from target_dynamics_nav.summary import RunSummary
from target_dynamics_nav.window import Conversation, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_dynamics_nav.nav.port import NavClient, SteppedNavClient

logger = logging.getLogger("target-dynamics-nav")

FINISHED = "finished"

DOCUMENTS_IN_A_WINDOW = 400
"""Two lanes of two full batches; more would save little and show people less often how far the run is."""
LINES_IN_A_WINDOW = 6000
"""Bounds memory when documents are long."""
SECONDS_TO_WAIT_FOR_MORE = 10.0
"""When upstream is slow, documents are not kept waiting longer."""


@dataclass(frozen=True)
class RunSettings:
    """What a run needs to know beyond the connection to NAV.

    Attributes:
        company: The company of documents that name none.
        nav: What identifies this NAV in the ledger: its address.
        rules: How far to go with a document.
        window: How many documents are taken through the protocol together.
        docs_url: Where the error catalogue is.
    """

    company: str
    nav: str
    rules: PostingRules = field(default_factory=PostingRules)
    window: int = DOCUMENTS_IN_A_WINDOW
    docs_url: str = DOCS_URL


@dataclass(frozen=True)
class _Arrived:
    """A document that waits for its window, and its number at the gate."""

    document: Document
    number: int


class Run:
    """Settles documents, a window of them at a time, and keeps account of them."""

    def __init__(
        self,
        nav: NavClient | SteppedNavClient,
        ledger: Ledger,
        settings: RunSettings,
        *,
        asked_to_stop: Callable[[], StopRunError | None] = lambda: None,
    ) -> None:
        """Begin a run in the ledger.

        Args:
            nav: Documents go there; one by one where it has no batches.
            ledger: Where account is kept.
            settings: How.
            asked_to_stop: Tells whether somebody wants the run to end, see `Window`.
        """
        self._nav = stepped(nav)
        self._ledger = ledger
        self._settings = settings
        self._window_size = settings.window if self._nav.capabilities.batches else 1
        self._window = Window(self._nav, flush=ledger.flush, asked_to_stop=asked_to_stop)
        self._waiting: dict[tuple[str, str], _Arrived] = {}
        self._lines_waiting = 0
        self._waiting_since = 0.0
        self._posters: dict[str, Poster] = {}
        self._unknown_companies: dict[str, ConfigurationError] = {}
        self.gate = StateGate()
        self.summary = RunSummary()
        # Meltano hands its run id down only when the caller set it; one of its runs may start this target twice.
        meltano_run = os.environ.get("MELTANO_RUN_ID", "")[:50]
        own = uuid.uuid4().hex
        self.run_id = f"{meltano_run}-{own[:8]}" if meltano_run else own
        ledger.start_run(self.run_id, settings.rules.mode.value)

    def connect(self) -> None:
        """Reach NAV and read the company's master data before any document is looked at.

        Raises:
            StopRunError: If NAV cannot be reached, refuses the credentials or has no such company.
        """
        self._poster(self._settings.company)

    def take(self, document: Document) -> None:
        """Take a document in; when enough are waiting, all of them are settled.

        Raises:
            StopRunError: If the run cannot go on; what is not settled then counts as failed and holds back the STATE.
        """
        identity = (document.company or self._settings.company, document.key)
        if identity in self._waiting:
            self.settle()  # the same document again: what becomes of the first decides about the second
        if not self._waiting:
            self._waiting_since = time.monotonic()
        self._waiting[identity] = _Arrived(document, self.gate.document_arrived())
        self._lines_waiting += len(document.lines)
        if (
            len(self._waiting) >= self._window_size
            or self._lines_waiting >= LINES_IN_A_WINDOW
            or time.monotonic() - self._waiting_since >= SECONDS_TO_WAIT_FOR_MORE
        ):
            self.settle()

    def settle(self) -> None:
        """Take the documents that are waiting as far as they go today.

        Raises:
            StopRunError: If the run cannot go on.
        """
        arrived = list(self._waiting.values())
        self._waiting.clear()
        self._lines_waiting = 0
        ended: dict[int, Outcome] = {}
        conversations: dict[int, Conversation[Outcome]] = {}
        keys: dict[Books, list[str]] = {}
        stop: StopRunError | None = None
        for one in arrived:
            try:
                poster = self._poster_of(one.document)
            except StopRunError as error:
                stop = error
                break
            if poster is None:
                ended[one.number] = self._hold_without_company(one.document)
            else:
                keys.setdefault(poster.context.books, []).append(one.document.key)
                conversations[one.number] = Conversation(
                    poster.context.company.id, poster.settle(one.document)
                )
        try:
            for books, some in keys.items():
                self._ledger.standings(books, some)  # one query; each document's is then at hand
            if stop is None:
                stop = self._window.lead(conversations.values())
        except StopRunError as error:  # the ledger failed
            stop = error
        for number, conversation in conversations.items():
            if conversation.result is not None:
                ended[number] = conversation.result
        self._account_for(arrived, ended, stop)
        if stop is not None:
            raise stop

    def _account_for(
        self,
        arrived: Sequence[_Arrived],
        ended: Mapping[int, Outcome],
        stop: StopRunError | None,
    ) -> None:
        """Note what became of each document, in the order they came."""
        for one in arrived:
            outcome = ended.get(one.number)
            if outcome is None:
                if stop is None:
                    raise RuntimeError(f"{one.document.key} was taken in and has come to no end")
                problem = as_problem(stop)
                outcome = Outcome(Status.FAILED, [problem])
                self._record_stopped(one.document, problem)
            self._note(one.document, outcome)
            if outcome.status.settled:
                self.gate.settle(one.number)
            else:
                self.gate.hold(one.number)
            self._log(one.document, outcome)

    def _record_stopped(self, document: Document, problem: Problem) -> None:
        poster = self._posters.get(document.company or self._settings.company)
        if poster is None:
            return
        try:
            poster.record_stopped(document, problem)
        except OutageError:  # the ledger itself; the error that stops the run says so
            logger.debug("%s could not be recorded as stopped", document.key)

    def end(self, outcome: str) -> None:
        """Write the summary and close the run in the ledger.

        Args:
            outcome: "finished", or the code of what stopped the run.
        """
        left = list(self._waiting.values())
        self._waiting.clear()
        self._account_for(left, {}, TerminatedError("The run ended before this document's turn."))
        if self.summary.documents or outcome == FINISHED:
            self.summary.log(self._settings.docs_url)
        self._ledger.end_run(outcome, self.summary.counts)

    def releasable_state(self) -> dict[str, Any] | None:
        """The latest STATE that may go on and has not yet, or None; what it stands for is durable in the ledger."""
        state = self.gate.release()
        if state is not None:
            self._ledger.flush()
        return state

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

    def _poster_of(self, document: Document) -> Poster | None:
        """The poster of the document's company, or None when NAV has no such company.

        Raises:
            StopRunError: NAV does not tell.
        """
        name = document.company or self._settings.company
        try:
            return self._poster(name)
        except ConfigurationError as error:
            if error.code != "company_unknown":
                raise
            self._unknown_companies[name] = error
            return None

    def _hold_without_company(self, document: Document) -> Outcome:
        """A document for a company that NAV does not have is that document's problem, not the run's."""
        name = document.company or self._settings.company
        outcome = Outcome(
            Status.HELD,
            [
                Problem(
                    code="company_unknown",
                    field="company",
                    value=name,
                    message=self._unknown_companies[name].message,
                    hint="Correct the company in the mapping rules, or create it in NAV.",
                )
            ],
        )
        self._ledger.record_standing(
            Books.unplaced(self._settings.nav, name), document, outcome.status, outcome.reasons
        )
        return outcome

    def _note(self, document: Document, outcome: Outcome) -> None:
        name = document.company or self._settings.company
        poster = self._posters.get(name)
        if poster is None:
            self.summary.add(name, document, outcome)
        else:
            context = poster.context
            self.summary.add(context.company.id, document, outcome, context.own_currency)

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
            PostingContext(
                nav=self._nav,
                ledger=self._ledger,
                books=books,
                company=company,
                master_data=master_data,
                rules=self._settings.rules,
            )
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
