"""One run at a time on one SQLite ledger, whatever happens to the processes.

The lock is SQLite's own, on an empty file beside the ledger: every platform has it, and the operating system releases
it when the process ends, also by SIGKILL. So there is never a stale lock to clear.
"""

from __future__ import annotations

import sqlite3

from target_dynamics_nav.errors import OutageError


class RunLock:
    """Held from its making until `release` or the end of the process."""

    def __init__(self, ledger_file: str) -> None:
        """Take the lock, without waiting.

        Raises:
            OutageError: Another run holds it, or the folder cannot be written to.
        """
        try:
            self._connection = sqlite3.connect(
                f"{ledger_file}.lock", timeout=0, isolation_level=None
            )
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if "locked" not in str(error):
                raise OutageError(
                    "The lock file beside the audit ledger cannot be made.",
                    code="ledger_unavailable",
                    hint="Check that the folder of ledger_url can be written to, then run again.",
                    field="ledger_url",
                ) from error
            raise OutageError(
                "Another run is using the audit ledger; two runs at the same moment could disturb each other.",
                code="run_in_progress",
                hint="Wait until the other run has ended, then run again.",
                field="ledger_url",
            ) from error

    def release(self) -> None:
        """Let the next run begin."""
        self._connection.close()
