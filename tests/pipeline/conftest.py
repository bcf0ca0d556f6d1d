from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from expense_sandbox.testing import Sandbox, running_sandbox

from .project import Project


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("pipeline")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Project:
    return Project(tmp_path / "project", sandbox)


@pytest.fixture
def memory() -> Iterator[Path]:
    """A place in memory of the test's own, for what the vault keeps there."""
    place = Path(tempfile.mkdtemp(prefix="pipeline-tests-", dir="/dev/shm"))
    yield place
    shutil.rmtree(place)
