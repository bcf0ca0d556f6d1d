"""Feeds written for a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from target_dynamics_nav.contract import document_schema
from target_dynamics_nav.nav.port import DocumentKind
from tests.target_dynamics_nav.desk import line, record

UNKNOWN_ACCOUNT = "8999"


def feed(tmp_path: Path, *records: dict[str, Any]) -> Path:
    """A file with these documents, and a STATE at the end."""
    messages: list[dict[str, Any]] = [
        {
            "type": "SCHEMA",
            "stream": stream,
            "schema": document_schema(DocumentKind(stream)),
            "key_properties": ["document_key"],
        }
        for stream in dict.fromkeys(each["kind"] for each in records)
    ]
    for each in records:
        fields = {name: value for name, value in each.items() if name != "kind"}
        messages.append({"type": "RECORD", "stream": each["kind"], "record": fields})
    messages.append({"type": "STATE", "value": {"bookmarks": {}}})
    path = tmp_path / f"feed-{len(list(tmp_path.glob('feed-*')))}.singer"
    path.write_text("".join(f"{json.dumps(message)}\n" for message in messages))
    return path


def document(key: str = "E100-R", **changes: Any) -> dict[str, Any]:
    """An invoice over 100.00 that can be posted."""
    return record(
        document_key=key,
        lines=[line(amount="100.00")],
        source={
            "system": "expensify",
            "id": f"R00{key}",
            "name": "Anna's trip <!channel>",
            "submitter": "anna@northwind.example",
        },
        **changes,
    )


def held(key: str = "E200-R", amount: str = "50.25", **changes: Any) -> dict[str, Any]:
    """One that is held: NAV does not have the account."""
    return {
        **document(key),
        "total": amount,
        "lines": [line(account=UNKNOWN_ACCOUNT, amount=amount)],
        **changes,
    }
