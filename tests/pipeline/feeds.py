"""What the real tap and mapper send for the generated reports, and small excerpts of it."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from .project import REPOSITORY, TOOLS, clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from expense_sandbox.testing import Sandbox

Message = dict[str, Any]


def documents_of(sandbox: Sandbox) -> list[Message]:
    """The mapper's output for everything the tap reads, `reports` only."""
    environment = clean_environment(
        **sandbox.settings(),
        TAP_EXPENSIFY_START_DATE="2026-01-01",
        MAP_EXPENSIFY_NAV_RULES_FILE=str(
            REPOSITORY / "transforms" / "rules" / "expensify-to-nav.yml"
        ),
    )
    tap = subprocess.run(
        [TOOLS / "tap-expensify", "--config", "ENV"],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    mapper = subprocess.run(
        [TOOLS / "map-expensify-nav", "--config", "ENV"],
        env=environment,
        input=tap.stdout,
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    return [json.loads(line) for line in mapper.stdout.splitlines()]


def excerpt(
    messages: Iterable[Message], wanted: dict[str, int], *, only: Callable[[Message], bool]
) -> list[Message]:
    """The first so many documents of each stream, with their SCHEMA and a STATE after each.

    Args:
        messages: A whole feed.
        wanted: Documents by stream.
        only: Which records count.
    """
    left = dict(wanted)
    result: list[Message] = []
    documents = 0
    for message in messages:
        stream = message.get("stream")
        if message["type"] == "SCHEMA" and stream in wanted:
            result.append(message)
        elif message["type"] == "RECORD" and left.get(str(stream), 0) and only(message["record"]):
            left[str(stream)] -= 1
            documents += 1
            result += [message, {"type": "STATE", "value": {"documents": documents}}]
    assert not any(left.values()), left
    return result


def write_feed(path: Path, messages: Iterable[Message]) -> Path:
    """A feed as a `.singer` file."""
    path.write_text("".join(f"{json.dumps(message)}\n" for message in messages), encoding="utf-8")
    return path


def target_environment(sandbox: Sandbox, ledger: Path) -> dict[str, str]:
    """Settings of the target, for its own executable."""
    return clean_environment(
        **sandbox.settings(),
        TARGET_DYNAMICS_NAV_COMPANY="CRONUS Europe",
        TARGET_DYNAMICS_NAV_LEDGER_URL=f"sqlite:///{ledger}",
        TARGET_DYNAMICS_NAV_IGNORE_STREAMS='["expenses", "policies"]',
    )
