"""The books of all companies: opened from seeds or a file, written in transactions."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import uuid
from collections import deque
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav import documents, opening
from expense_sandbox.nav.codec import record_from_json, record_to_json
from expense_sandbox.nav.company import Company
from expense_sandbox.nav.quirks import NavQuirks
from expense_sandbox.nav.services import PublishedServices
from expense_sandbox.nav.store import Change, ChangeLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from expense_sandbox.seeds import CompanySeed

COMPANY_NAMESPACE = uuid.UUID("6f0f7c5e-6a3c-4bb1-9c8e-0f7a35b7c1d2")


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Books:
    """Every company's tables behind one lock.

    Args:
        companies: What fresh books start with.
        quirks: How this NAV behaves where real ones differ.
        clock: The present, UTC.
    """

    def __init__(
        self,
        companies: Sequence[CompanySeed] = (),
        *,
        quirks: NavQuirks = NavQuirks(),  # noqa: B008 - frozen
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.quirks = quirks
        self.clock = clock
        self.services = PublishedServices()
        """The Web Services table, the same in every company."""
        self.lock = threading.RLock()
        self.jobs: list[tuple[datetime, str, str]] = []
        """Journals to post in the background: when due, company and journal."""
        self.failed_jobs: list[str] = []
        """What the job queue could not post, and why."""
        self.write_count = 0
        """Successful writes through the API so far."""
        self.companies: dict[str, Company] = {}
        self._replica: dict[str, Company] = {}
        self._behind: deque[Change] = deque()
        follows = quirks.replica_delay_seconds > 0
        self._log = ChangeLog(clock, self._behind.extend if follows else None)
        self._depth = 0
        for seed in companies:
            company = self._add_company(str(uuid.uuid5(COMPANY_NAMESPACE, seed.name)))
            opening.fill(company, seed)
        self._log.commit()
        self._catch_up(everything=True)

    def set_quirks(self, quirks: NavQuirks) -> None:
        """Let this NAV behave differently from now on."""
        self.quirks = quirks
        for company in (*self.companies.values(), *self._replica.values()):
            company.quirks = quirks

    def today(self) -> date:
        """NAV's work date."""
        return self.quirks.today or self.clock().date()

    def company(self, name_or_id: str) -> Company | None:
        """The company of this id or name; both without regard to case."""
        wanted = name_or_id.lower()
        return self.companies.get(wanted) or next(
            (company for company in self.companies.values() if company.name.lower() == wanted),
            None,
        )

    def _add_company(self, company_id: str) -> Company:
        company = Company(company_id, self._log, self.quirks, self.today)
        self.companies[company_id] = company
        # The replica's own log is nobody's: its tables are only ever loaded.
        self._replica[company_id] = Company(
            company_id, ChangeLog(self.clock), self.quirks, self.today
        )
        return company

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes within, or none; nested ones are savepoints of the outermost."""
        with self.lock:
            mark = self._log.mark()
            self._depth += 1
            try:
                yield
                for company in self.companies.values():
                    documents.settle(company)
            except BaseException:
                for company in self.companies.values():
                    company.touched.clear()
                self._log.roll_back(mark)
                raise
            finally:
                self._depth -= 1
            if self._depth == 0:
                self._log.commit()

    def commit(self) -> None:
        """Make the writes so far permanent even within a transaction, as NAV's own code does."""
        with self.lock:
            self._log.commit()

    def count_write(self) -> None:
        """Count one successful write through the API; a roll-back takes it back."""
        self.write_count += 1
        self._log.note(None, self._uncount_write)

    def _uncount_write(self) -> None:
        self.write_count -= 1

    def replica(self, company: Company) -> Company:
        """The company as a replica shows it: as old as the quirks say."""
        if self.quirks.replica_delay_seconds <= 0:
            return company
        with self.lock:
            self._catch_up()
            return self._replica[company.id]

    def _catch_up(self, *, everything: bool = False) -> None:
        due = self.clock() - timedelta(seconds=self.quirks.replica_delay_seconds)
        while self._behind and (everything or self._behind[0].at <= due):
            change = self._behind.popleft()
            self._replica[change.company_id].tables[change.table].load(change.id, change.record)

    def to_json(self) -> dict[str, Any]:
        """The books as one JSON object, exact to the last digit."""
        with self.lock:
            return {
                "format": 1,
                "write_count": self.write_count,
                "version": self._log.version,
                "companies": [
                    {
                        "id": company.id,
                        "numbers": [[*key, number] for key, number in company.numbers.items()],
                        "tables": {
                            name: [record_to_json(row) for row in table]
                            for name, table in company.tables.items()
                        },
                    }
                    for company in self.companies.values()
                ],
            }

    def save(self, path: Path) -> None:
        """Write the books to a file, whole or not at all."""
        text = json.dumps(self.to_json(), ensure_ascii=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        quirks: NavQuirks = NavQuirks(),  # noqa: B008 - frozen
        clock: Callable[[], datetime] = _now,
    ) -> Books:
        """The books saved in a file.

        Raises:
            OSError: When it cannot be read.
            ValueError: When it does not hold books.
        """
        document = json.loads(path.read_text(encoding="utf-8"))
        books = cls(quirks=quirks, clock=clock)
        try:
            books._read(document)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} does not hold the sandbox's books.") from error
        return books

    def restore(self, document: dict[str, Any]) -> None:
        """Go back to what `to_json` gave earlier."""
        with self.lock:
            self.companies.clear()
            self._replica.clear()
            self._behind.clear()
            self.jobs.clear()
            self.failed_jobs.clear()
            self._read(document)

    def _read(self, document: dict[str, Any]) -> None:
        self.write_count = document["write_count"]
        self._log.version = document["version"]
        for saved in document["companies"]:
            company = self._add_company(saved["id"])
            company.numbers.update({(kind, series): n for kind, series, n in saved["numbers"]})
            for name, table in company.tables.items():
                for row in saved["tables"].get(name, ()):
                    record = record_from_json(table.record_type, row)
                    table.load(record.id, record)
                    self._replica[company.id].tables[name].load(record.id, record)
