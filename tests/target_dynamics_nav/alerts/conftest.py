"""The target's command line with somebody who gets its alerts."""

from __future__ import annotations

import json
import logging
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from target_dynamics_nav.target import TargetDynamicsNav
from tests.target_dynamics_nav.desk import Desk, desk
from tests.target_dynamics_nav.nav_stand_in import CREDENTIALS, NAME
from tests.target_dynamics_nav.test_target import DATA, Ended

from . import stand_ins

Call = Callable[..., Ended]


@pytest.fixture
def it(tmp_path: Path) -> Iterator[Desk]:
    with desk(tmp_path) as made:
        yield made


@pytest.fixture
def hook() -> Iterator[stand_ins.Webhook]:
    with stand_ins.webhook() as made:
        yield made


@pytest.fixture
def call(
    it: Desk,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Call]:
    """`call(feed, setting=value)`: a feed of the folder `data`, or the path of one."""
    for name in list(os.environ):
        if name.startswith("TARGET_DYNAMICS_NAV_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(feed: str | Path, **settings: Any) -> Ended:
        config = tmp_path / "config.json"
        given = {
            "base_url": f"{it.server.url}/api/v2.0",
            "company": NAME,
            "auth_method": "basic",
            "username": CREDENTIALS.username,
            "password": CREDENTIALS.password,
            "ledger_url": f"sqlite:///{it.ledger}",
            "retry_seconds": 1,
            **settings,
        }
        config.write_text(json.dumps(given))
        caplog.clear()
        path = feed if isinstance(feed, Path) else DATA / f"{feed}.singer"
        with caplog.at_level(logging.DEBUG):
            done = CliRunner().invoke(
                TargetDynamicsNav.get_singer_command(),
                ["--config", str(config), "--input", str(path)],
            )
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        # The mail server is in this process too; what it logs is not ours.
        ours = [entry for entry in caplog.records if entry.name != "mail.log"]
        return Ended(done.exit_code, lines, done.output, ours)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
