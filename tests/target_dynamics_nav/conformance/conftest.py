"""Every test of this folder runs over every dialect, unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .dialects import DIALECTS, Books, Dialect, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=DIALECTS, ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    chosen: Dialect = request.param
    return chosen


@pytest.fixture
def books(dialect: Dialect, tmp_path: Path) -> Iterator[Books]:
    with opened(dialect, tmp_path) as running:
        yield running
