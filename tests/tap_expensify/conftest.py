"""Servers on loopback for the tap's tests: the Expensify sandbox, and one that says what a test tells it to."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import os
from collections import deque
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import settings

from expense_sandbox.credentials import ExpensifyCredentials
from expense_sandbox.data import build_world
from expense_sandbox.expensify.server import ExpensifyServer
from expense_sandbox.http import Request, Response, SandboxServer, text_response
from tap_expensify.client import ExpensifyClient
from tap_expensify.pacing import Pacer
from tap_expensify.settings import Credentials
from tap_expensify.tap import TapExpensify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expense_sandbox.expensify.quirks import Quirks
    from expense_sandbox.faults import FaultPlan
    from expense_sandbox.world import World

# The same examples each time, however slow the machine is at the moment.
settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")

USER_ID = "aa_tester_northwind_example"
USER_SECRET = "0123456789abcdef0123456789abcdef01234567"


class PatientTap(TapExpensify):
    """The tap, but waiting takes no time; what it would have waited is kept."""

    def __init__(self, **options: Any) -> None:
        self.waits: list[float] = []
        super().__init__(**options)

    @property
    def client(self) -> ExpensifyClient:
        if not hasattr(self, "_patient_client"):
            self._patient_client = ExpensifyClient(
                self.settings.base_url,
                self.settings.credentials,
                timeout=self.settings.request_timeout,
                pacer=Pacer(()),
                sleep=self.waits.append,
            )
        return self._patient_client


class Messages(list[dict[str, Any]]):
    """What a tap wrote, parsed."""

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [m["record"] for m in self if m["type"] == "RECORD" and m["stream"] == stream]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [m["value"] for m in self if m["type"] == "STATE"]

    def bookmarks(self, stream: str) -> list[str]:
        """The bookmark of a stream in each STATE that has one."""
        found = [state["bookmarks"].get(stream, {}) for state in self.states]
        return [b["replication_key_value"] for b in found if "replication_key_value" in b]


class ScriptedServer:
    """Answers one request after the other as told; keeps the forms it was sent."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.requests: list[Request] = []
        self._answers: deque[Response | Callable[[dict[str, str]], Response]] = deque()
        self._server = SandboxServer(self._handle, name="scripted")
        self._server.start()

    @property
    def url(self) -> str:
        return f"{self._server.url}/Integration-Server/ExpensifyIntegrations"

    @property
    def faults(self) -> FaultPlan:
        return self._server.faults

    @property
    def jobs(self) -> list[dict[str, Any]]:
        return [json.loads(form["requestJobDescription"]) for form in self.forms]

    def answer(self, *answers: Response | str | dict[str, Any]) -> None:
        """Adds answers; text and objects come as HTTP 200."""
        for given in answers:
            if isinstance(given, Response):
                self._answers.append(given)
            else:
                text = given if isinstance(given, str) else json.dumps(given)
                self._answers.append(text_response(text))

    def stop(self) -> None:
        self._server.stop()

    def _handle(self, request: Request) -> Response:
        self.requests.append(request)
        self.forms.append(dict(parse_qsl(request.body.decode(), keep_blank_values=True)))
        if not self._answers:
            return text_response("the test expected no further request", 418)
        answer = self._answers.popleft()
        return answer if isinstance(answer, Response) else answer(self.forms[-1])


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def waits() -> list[float]:
    """What the client of fixture `client` would have waited, in seconds."""
    return []


@pytest.fixture
def client(scripted: ScriptedServer, waits: list[float]) -> Iterator[ExpensifyClient]:
    with ExpensifyClient(
        scripted.url,
        Credentials(USER_ID, USER_SECRET),
        timeout=5,
        pacer=Pacer(()),
        sleep=waits.append,
    ) as made:
        yield made


@pytest.fixture(scope="session")
def full_world() -> World:
    """All of the sandbox's generated data."""
    return build_world()


@pytest.fixture(scope="session")
def world(full_world: World) -> World:
    """A part of it that renders fast: every eighth report in order of approval, and the last dozen."""
    reports = sorted(full_world.reports, key=lambda r: (r["approved"], r["reportID"]))
    return dataclasses.replace(full_world, reports=(*reports[:-12:8], *reports[-12:]))


@pytest.fixture
def start_expensify(world: World) -> Iterator[Callable[..., ExpensifyServer]]:
    """Starts an Expensify sandbox; its rate limits are off unless asked for."""
    running: list[ExpensifyServer] = []

    def start(
        quirks: Quirks | None = None,
        *,
        rate_limits: bool = False,
        data: World = world,
        **options: Any,
    ) -> ExpensifyServer:
        server = ExpensifyServer(
            data,
            credentials=ExpensifyCredentials(USER_ID, USER_SECRET),
            quirks=quirks,
            rate_limits=rate_limits,
            **options,
        )
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def expensify(start_expensify: Callable[..., ExpensifyServer]) -> ExpensifyServer:
    return start_expensify()


@pytest.fixture
def config(expensify: ExpensifyServer) -> dict[str, Any]:
    return config_for(expensify)


def config_for(server: ExpensifyServer | ScriptedServer, **settings: Any) -> dict[str, Any]:
    url = server.endpoint_url if isinstance(server, ExpensifyServer) else server.url
    return {
        "partner_user_id": USER_ID,
        "partner_user_secret": USER_SECRET,
        "base_url": url,
        "start_date": "2026-01-01",
        "lookback_days": 7,
        **settings,
    }


@pytest.fixture
def make_config() -> Callable[..., dict[str, Any]]:
    return config_for


@pytest.fixture
def run() -> Callable[..., Messages]:
    """Runs the tap in this process and returns what it wrote; `output` keeps it when the tap fails."""

    def run_tap(
        config: dict[str, Any],
        *,
        state: dict[str, Any] | None = None,
        streams: tuple[str, ...] = ("reports",),
        output: Messages | None = None,
    ) -> Messages:
        written = output if output is not None else Messages()
        text = io.StringIO()
        tap = PatientTap(config=config, state=state)
        for name, stream in tap.streams.items():
            stream.selected = name in streams
        try:
            with redirect_stdout(text):
                tap.sync_all()
        finally:
            written.extend(json.loads(line) for line in text.getvalue().splitlines())
        return written

    return run_tap


@pytest.fixture
def new_messages() -> Callable[[], Messages]:
    return Messages


@pytest.fixture
def new_tap() -> Callable[..., PatientTap]:
    return PatientTap


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """No setting leaks in from the environment; every log line is seen."""
    for name in list(os.environ):
        if name.startswith("TAP_EXPENSIFY_"):
            monkeypatch.delenv(name)
    caplog.set_level(logging.DEBUG, logger="tap-expensify")


@pytest.fixture
def secrets() -> tuple[str, str]:
    return (USER_ID, USER_SECRET)
