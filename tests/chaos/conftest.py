from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import crashes
from .stage import MEMORY, Stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("pipeline")


@pytest.fixture(scope="package")
def stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, Stage(Path(folder)).open() as made:
        yield made


@pytest.fixture(scope="package")
def reference(stage: Stage) -> crashes.Reference:
    return crashes.reference(stage)
