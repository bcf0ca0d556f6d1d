"""The real target with a death wish: it kills its own process with SIGKILL at the N-th point of a kind.

Run as a program with the number of an inherited socket, it imports the target once and then forks a process for every
request that comes by that socket, so that a run does not pay for the imports again. Each of these processes is the
real command line, with its own environment, standard streams and signals. Nothing in the target knows of this: the
points are told by events of SQLAlchemy, and by wrapping what sends HTTP requests and what writes STATE.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
import sqlalchemy as sa
from singer_sdk import Target
from sqlalchemy.engine.default import DefaultDialect

from target_dynamics_nav import target
from target_dynamics_nav.ledger.database import WRITES
from target_dynamics_nav.target import TargetDynamicsNav

if TYPE_CHECKING:
    from collections.abc import Callable

BEFORE_REQUEST = "before a request"
AFTER_ANSWER = "after an answer"
BEFORE_STATEMENT = "before a statement"
BEFORE_COMMIT = "before a commit"
AFTER_COMMIT = "after a commit"
BEFORE_STATE = "before a STATE"
AFTER_STATE = "after a STATE"
KINDS = (
    BEFORE_REQUEST,
    AFTER_ANSWER,
    BEFORE_STATEMENT,
    BEFORE_COMMIT,
    AFTER_COMMIT,
    BEFORE_STATE,
    AFTER_STATE,
)
_NO_WRITES = ("SELECT", "PRAGMA", "BEGIN")


class Reaper:
    """Counts the points that are passed, and ends the process at one of them."""

    def __init__(self, kind: str | None, number: int) -> None:
        self._kind = kind
        self._number = number
        self.passed: dict[str, int] = dict.fromkeys(KINDS, 0)

    def __call__(self, kind: str) -> None:
        self.passed[kind] += 1
        if kind == self._kind and self.passed[kind] == self._number:
            os.kill(os.getpid(), signal.SIGKILL)

    def attend(self) -> None:
        """Be at every point from now on."""

        def before_statement(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if not statement.lstrip().upper().startswith(_NO_WRITES):
                self(BEFORE_STATEMENT)

        def before_commit(connection: sa.Connection) -> None:
            writes = connection.get_execution_options().get(WRITES, True)
            connection.info["writes"] = writes
            if writes:
                self(BEFORE_COMMIT)

        def after_commit(dialect: DefaultDialect, connection: Any) -> None:
            commit(dialect, connection)
            if connection.info.get("writes", True):
                self(AFTER_COMMIT)

        sa.event.listen(sa.Engine, "before_cursor_execute", before_statement)
        sa.event.listen(sa.Engine, "commit", before_commit)
        commit: Callable[[DefaultDialect, Any], None] = DefaultDialect.do_commit
        DefaultDialect.do_commit = after_commit  # type: ignore[method-assign]
        self._around(requests.Session, "send", BEFORE_REQUEST, AFTER_ANSWER)
        self._around(Target, "_write_state_message", BEFORE_STATE, AFTER_STATE)

    def _around(self, owner: type, name: str, before: str, after: str) -> None:
        wrapped: Callable[..., Any] = getattr(owner, name)

        def wrapper(*arguments: Any, **options: Any) -> Any:
            self(before)
            result = wrapped(*arguments, **options)
            self(after)
            return result

        setattr(owner, name, wrapper)


def _no_time(self: TargetDynamicsNav, seconds: float) -> None:
    """Wait for nothing."""


def live(order: dict[str, Any]) -> int:
    """One run of the target in this process; returns its exit code."""
    for number, (name, flags) in enumerate(
        [
            ("stdin", os.O_RDONLY),
            ("stdout", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            ("stderr", os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        ]
    ):
        opened = os.open(order[name], flags, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    reaper = Reaper(order["kill"], order["number"])
    reaper.attend()
    target.SECONDS_BETWEEN_STATES = (
        0.0  # else the machine's speed would decide how many points there are
    )
    if not order["waits"]:
        TargetDynamicsNav._wait = _no_time  # type: ignore[method-assign]
    sys.argv = ["target-dynamics-nav", "--config", "ENV"]
    code: object = 0
    try:
        TargetDynamicsNav.cli()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does at the end of a program
        import traceback

        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    Path(order["passed"]).write_text(json.dumps(reaper.passed), encoding="utf-8")
    return code if isinstance(code, int) else int(code is not None)


def serve(orders: socket.socket) -> None:
    """Fork a process for each order, a JSON object a line; answer with its pid, and with how it ended."""
    with orders.makefile("r") as lines:
        for line in lines:
            order = json.loads(line)
            pid = os.fork()
            if pid == 0:
                orders.close()
                os._exit(live(order))
            orders.sendall(f"{pid}\n".encode())
            _, status = os.waitpid(pid, 0)
            orders.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
