"""docs/faults.md names every fault and every set-up there is, and nothing else."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from expense_sandbox.nav import faults
from expense_sandbox.nav.setup_control import CHANGES

PAGE = Path(__file__).parents[3] / "sandbox" / "docs" / "faults.md"


def first_cells(heading: str) -> set[str]:
    table = PAGE.read_text(encoding="utf-8").partition(heading)[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_fault_is_on_the_page() -> None:
    known = {
        name
        for name, member in inspect.getmembers(faults, inspect.isfunction)
        if member.__module__ == faults.__name__ and not name.startswith("_")
    }
    shown = first_cells("| `expense_sandbox.nav.faults` | What happens |\n")
    assert shown | {"random_schedule"} == known


def test_every_set_up_is_on_the_page() -> None:
    shown = {path.partition("/")[0] for path in first_cells("| Path | Members |\n")}
    assert shown == {*CHANGES, "run-jobs"}
