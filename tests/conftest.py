from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first, so that no worker is left with one when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("pipeline") is None)
