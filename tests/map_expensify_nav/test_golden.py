"""One folder per behaviour: a rules file (or a folder of them), the messages that come in, the messages that go out.

After a change that is meant: `UPDATE_GOLDEN=1 .venv/bin/pytest tests/map_expensify_nav/test_golden.py`, then read the
difference that git shows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from map_expensify_nav.schemas import STREAMS, document_schema

CASES = sorted(path for path in (Path(__file__).parent / "golden").iterdir() if path.is_dir())
RunMapper = Callable[[Path, Path], list[str]]


def rules_of(case: Path) -> Path:
    """The rules of a case: a file, or a folder of several."""
    folder = case / "rules"
    return folder if folder.is_dir() else case / "rules.yml"


def readable(line: str) -> Any:
    """A line as it is kept in `expected.json`: our documents in full, our schemas by name, all else as it is."""
    message = json.loads(line)
    if message.get("stream") not in STREAMS:
        return line
    if message["type"] == "SCHEMA":
        return {"type": "SCHEMA", "stream": message["stream"]}
    return {"stream": message["stream"], **message["record"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_report_becomes_the_documents_expected(
    case: Path, run_mapper: RunMapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(case)
    lines = run_mapper(rules_of(case).relative_to(case), Path("input.singer"))
    got = [readable(line) for line in lines]
    expected = case / "expected.json"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(json.dumps(got, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert got == json.loads(expected.read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_document_fits_the_schema_it_is_sent_with(case: Path, run_mapper: RunMapper) -> None:
    schemas = {}
    documents = 0
    for line in run_mapper(rules_of(case), case / "input.singer"):
        message = json.loads(line)
        if message.get("stream") not in STREAMS:
            continue
        if message["type"] == "SCHEMA":
            schemas[message["stream"]] = message["schema"]
            assert message["key_properties"] == ["document_key"]
            continue
        schema = schemas[message["stream"]]
        jsonschema.Draft202012Validator(schema).validate(message["record"])
        # Every field of a document is one the schema describes: a target may refuse or drop others.
        assert set(message["record"]) == set(schema["properties"])
        for line_of_document in message["record"]["lines"]:
            assert set(line_of_document) == set(
                schema["properties"]["lines"]["items"]["properties"]
            )
        documents += 1
    assert documents, "a case without a document shows nothing"


def test_every_field_of_a_schema_is_described() -> None:
    def undescribed(schema: dict[str, Any], place: str) -> list[str]:
        found = [] if "description" in schema or not place else [place]
        for name, child in schema.get("properties", {}).items():
            found += undescribed(child, f"{place}.{name}")
        for name, child in schema.get("items", {}).get("properties", {}).items():
            found += undescribed(child, f"{place}[].{name}")
        return found

    for stream in STREAMS:
        assert undescribed(document_schema(stream), "") == []
