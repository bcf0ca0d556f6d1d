from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from map_expensify_nav.documents import MappedDocument
from map_expensify_nav.mapper import MapExpensifyNav
from map_expensify_nav.rule_set import RuleSet
from map_expensify_nav.rules_file import parse_rules

RunMapper = Callable[[Path, Path], list[str]]


@pytest.fixture(autouse=True)
def _signals_as_before() -> Iterator[None]:
    """The SDK sets handlers of its own; they must not outlive a test."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def run_mapper(capsys: pytest.CaptureFixture[str]) -> RunMapper:
    """Feed a file of messages to the mapper in this process; returns the lines it writes."""

    def run(rules: Path, messages: Path) -> list[str]:
        settings = rules.with_name("settings.json")
        more = json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else {}
        mapper = MapExpensifyNav(config={"rules_file": str(rules), **more})
        capsys.readouterr()
        with messages.open(encoding="utf-8") as lines:
            mapper.listen(lines)
        return capsys.readouterr().out.splitlines()

    return run


@pytest.fixture
def documents_of() -> Callable[[dict[str, Any], str], list[MappedDocument]]:
    """Map one report by the text of a rules file."""

    def run(report: dict[str, Any], rules: str) -> list[MappedDocument]:
        return RuleSet((parse_rules(rules, "rules.yml"),)).documents(json.loads(json.dumps(report)))

    return run
