"""Dimensions written through the controls of a page: by position, and completed by NAV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.edm import Kind
from expense_sandbox.nav.errors import dialog, not_in_table
from expense_sandbox.nav.pages.model import SHORTCUT, Control

if TYPE_CHECKING:
    from expense_sandbox.nav import records
    from expense_sandbox.nav.company import Company
    from expense_sandbox.nav.pages.model import Read

GLOBAL_POSITIONS = (1, 2)
"""Dimensions with columns of their own; the others exist only in the dimension set."""
LAST_POSITION = 8
UNDEFINED = "This Shortcut Dimension is not defined in the General Ledger Setup."


def _shown(position: int) -> Read:
    def read(company: Company, row: Any) -> str:  # noqa: ANN401 - any row with dimensions
        codes = company.setup.shortcut_dimensions
        return row.dimensions.get(codes[position - 1], "") if position <= len(codes) else ""

    return read


def controls(*, through: int, editable: bool = True) -> tuple[Control, ...]:
    """Controls for the positions from 1 through another, as pages name them."""
    return tuple(
        Control(
            f"Shortcut Dimension {position} Code"
            if position in GLOBAL_POSITIONS
            else f"ShortcutDimCode[{position}]",
            Kind.CODE,
            20,
            editable=editable,
            read=_shown(position),
        )
        for position in range(1, through + 1)
    )


def position_of(control: Control) -> int | None:
    """Which shortcut dimension a control writes, or None for other controls."""
    shortcut = SHORTCUT.fullmatch(control.name)
    if shortcut is not None:
        return int(shortcut[1])
    words = control.name.split()
    if words[:2] == ["Shortcut", "Dimension"]:
        return int(words[2])
    return None


def written(
    company: Company, dimensions: records.Dimensions, position: int, value: str, table: str
) -> dict[str, str]:
    """The set after the dimension at a position was given a value; "" takes it out.

    Raises:
        NavError: When the position means nothing here, or no value is anything like it.
    """
    codes = company.setup.shortcut_dimensions
    if position > len(codes):
        if value:
            raise dialog(UNDEFINED)
        return dict(dimensions)
    code = codes[position - 1]
    rest = {name: kept for name, kept in dimensions.items() if name != code}
    if not value:
        return rest
    return {**rest, code: _available(company, code, position, value, table)}


def _available(company: Company, code: str, position: int, value: str, table: str) -> str:
    known = company.dimension_values.first("code", (code, value))
    if position in GLOBAL_POSITIONS and company.quirks.pages.global_dimension_check == "relation":
        if known is None or known.blocked:
            field = f"Shortcut Dimension {position} Code"
            raise not_in_table(field, table, value, "Dimension Value")
        return value
    if known is not None:
        return value
    if company.quirks.pages.complete_dimension_values:
        starting = sorted(
            candidate.code
            for candidate in company.dimension_values.find("dimension", code)
            if candidate.code.startswith(value)
        )
        if starting:
            return starting[0]
    raise dialog(f"{value} is not an available Code for that dimension.")
