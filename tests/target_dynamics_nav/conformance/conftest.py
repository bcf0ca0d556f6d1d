"""Every test of this folder runs over every dialect, unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .dialects import DIALECTS, Books, Dialect, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`api_v2` keeps the promises in tests of its own, so here it is for `make test-thorough`."""
    for item in items:
        if "conformance" in item.path.parts and "api_v2" in item.name:
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    chosen: Dialect = request.param
    return chosen


@pytest.fixture
def books(dialect: Dialect, tmp_path: Path) -> Iterator[Books]:
    with opened(dialect, tmp_path) as running:
        yield running
