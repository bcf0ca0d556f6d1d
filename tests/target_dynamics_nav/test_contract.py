"""What the mapper emits fits what the target takes; and whatever comes, reading a document never fails halfway."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from map_expensify_nav.schemas import KEY_PROPERTIES as MAPPER_KEYS
from map_expensify_nav.schemas import STREAMS
from map_expensify_nav.schemas import document_schema as mapper_schema
from target_dynamics_nav.contract import KEY_PROPERTIES, document_schema
from target_dynamics_nav.nav.port import DocumentKind
from target_dynamics_nav.records import read_document

from .desk import record
from .nav_stand_in import KINDS


def misfits(emitted: dict[str, Any], taken: dict[str, Any], path: str = "") -> list[str]:
    """Where a schema lets something through that the other does not, as far as types, names and limits tell."""
    found = []
    types = (
        set(emitted.get("type", ()))
        if isinstance(emitted.get("type"), list)
        else {emitted.get("type")}
    )
    allowed = set(taken["type"]) if isinstance(taken["type"], list) else {taken["type"]}
    if not types <= allowed:
        found.append(f"{path}: {types} is not within {allowed}")
    limit = taken.get("maxLength")
    if limit is not None and emitted.get("maxLength", limit + 1) > limit:
        found.append(f"{path}: longer than {limit}")
    if "enum" in taken and not set(emitted.get("enum", ["anything"])) <= set(taken["enum"]):
        found.append(f"{path}: not one of {taken['enum']}")
    if taken.get("format") != emitted.get("format"):
        found.append(f"{path}: format")
    known = taken.get("properties")
    if known is not None and path != ".source":
        found += [f"{path}.{name}: unknown" for name in set(emitted["properties"]) - set(known)]
        for name in set(emitted["properties"]) & set(known):
            found += misfits(emitted["properties"][name], known[name], f"{path}.{name}")
    if "items" in taken:
        found += misfits(emitted["items"], taken["items"], f"{path}[]")
    return found


@KINDS
def test_what_the_mapper_announces_is_what_the_target_takes(kind: DocumentKind) -> None:
    assert misfits(mapper_schema(kind.value), document_schema(kind)) == []
    told_to_the_target_only = {"attachments"}  # Expensify's receipts need a login to be fetched
    assert set(mapper_schema(kind.value)["properties"]) == (
        set(document_schema(kind)["properties"]) - told_to_the_target_only
    )


def test_streams_and_keys_are_the_same() -> None:
    assert set(STREAMS) == {kind.value for kind in DocumentKind}
    assert list(KEY_PROPERTIES) == list(MAPPER_KEYS)


@KINDS
def test_a_good_record_fits_the_published_schema(kind: DocumentKind) -> None:
    good = record(kind)
    del good["kind"]
    schema = document_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(good, schema)
    assert read_document(kind, good).problems == []


def test_the_readme_names_every_field() -> None:
    readme = Path(__file__).parents[2] / "target-dynamics-nav" / "README.md"
    text = readme.read_text(encoding="utf-8")
    for kind in DocumentKind:
        for name in document_schema(kind)["properties"]:
            assert f"`{name}`" in text


UNFIT: dict[str, Any] = {
    "company": 1,
    "vendor_number": ["x"],
    "posting_date": 20260131,
    "document_date": "31.01.2026",
    "due_date": {},
    "currency_code": 978,
    "prices_include_tax": "true",
    "total": "1e3",
    "description": {},
    "dimensions": {"AREA": "EU"},
    "lines": "none",
    "skip": "yes",
    "notes": [1],
    "problems": ["bad"],
    "source": "expensify",
    "decided_by": ["a"],
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_field_of_a_wrong_type_holds_the_document(name: str) -> None:
    bad = {**record(), name: UNFIT[name]}
    problems = read_document(DocumentKind.PURCHASE_INVOICE, bad).problems
    assert name in {problem.field for problem in problems}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(
    kind=st.sampled_from(list(DocumentKind)),
    changes=st.dictionaries(st.sampled_from(sorted(UNFIT)), ANYTHING, max_size=4),
    line_changes=st.dictionaries(
        st.sampled_from(["account_type", "account_number", "amount", "tax_code", "dimensions", "description"]),
        ANYTHING,
        max_size=3,
    ),
)  # fmt: skip
def test_whatever_comes_is_read(
    kind: DocumentKind, changes: dict[str, Any], line_changes: dict[str, Any]
) -> None:
    made = {**record(kind), **changes}
    if isinstance(made["lines"], list) and made["lines"] and isinstance(made["lines"][0], dict):
        made["lines"][0] |= line_changes
    document = read_document(kind, made)
    assert len(document.digest) == 64
    assert document.source_name
    json.dumps(document.content)
