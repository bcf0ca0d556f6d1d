"""Dimension sets: what is inherited, what may be set, what posting checks."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from expense_sandbox.nav.errors import dialog
from expense_sandbox.nav.store import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from expense_sandbox.nav import records
    from expense_sandbox.nav.company import Company

ALREADY_THERE = (
    "The dimension set line already exists. Check existing dimension set lines and the default "
    "dimension set lines on the parent."
)
POSTABLE_TYPES = ("Standard", "Begin-Total")


@dataclass(frozen=True, kw_only=True, slots=True)
class DimensionSetLine(Record):
    """One dimension of a row's set; `id` is the dimension's."""

    code: str
    display_name: str
    parent_id: str
    parent_type: str
    value_id: str
    value_code: str
    value_display_name: str


def lines_of(
    company: Company, parent: Record, parent_type: str, dimensions: records.Dimensions
) -> Iterator[DimensionSetLine]:
    """The dimension set of a row as lines, ordered by code."""
    for code, value_code in sorted(dimensions.items()):
        dimension = company.dimensions.first("code", code)
        value = company.dimension_values.first("code", (code, value_code))
        if dimension is None:
            continue
        yield DimensionSetLine(
            id=dimension.id,
            # Changes when this line does, not whenever its parent does.
            version=zlib.crc32(f"{parent.id} {code} {value_code}".encode()),
            modified_at=parent.modified_at,
            code=code,
            display_name=dimension.name,
            parent_id=parent.id,
            parent_type=parent_type,
            value_id=value.id if value is not None else "",
            value_code=value_code,
            value_display_name=value.name if value is not None else "",
        )


@lru_cache(maxsize=4096)
def _set_of(items: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return dict(items)


def shared(dimensions: Mapping[str, str]) -> dict[str, str]:
    """The one copy of a set that all rows with it hold, like NAV's dimension set entries."""
    return _set_of(tuple(sorted(dimensions.items())))


def inherited(
    company: Company, base: records.Dimensions, sources: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """A set with the defaults of `(parent type, number)` sources laid over it."""
    result = dict(base)
    for parent_type, number in sources:
        for default in company.rules_of(parent_type, number):
            if default.value_code:
                result[default.dimension_code] = default.value_code
    return shared(result)


def with_value(
    company: Company, dimensions: records.Dimensions, fields: Mapping[str, Any]
) -> dict[str, str]:
    """The set with one more dimension.

    Args:
        company: Whose dimensions.
        dimensions: The set so far.
        fields: `id`, `code`, `value_id`, `value_code`, as far as given.

    Raises:
        NavError: As NAV refuses the line. Blocked values pass: posting refuses them.
    """
    code = _dimension_code(company, fields)
    if code in dimensions:
        raise dialog(ALREADY_THERE)
    if not fields.get("value_id") and not fields.get("value_code"):
        raise dialog('The "valueId" or "valueCode" field must be filled in.')
    return {**dimensions, code: _value_code(company, code, fields)}


def with_other_value(
    company: Company, dimensions: records.Dimensions, code: str, fields: Mapping[str, Any]
) -> dict[str, str]:
    """The set with another value for a dimension it has.

    Raises:
        NavError: As NAV refuses the change.
    """
    dimension = company.dimensions.first("code", code)
    given_id, given_code = fields.get("id", ""), fields.get("code", code)
    if (given_id and (dimension is None or given_id != dimension.id)) or given_code != code:
        raise dialog('The "id" and "code" fields cannot be modified.')
    if not fields.get("value_id") and not fields.get("value_code"):
        return dict(dimensions)
    return {**dimensions, code: _value_code(company, code, fields)}


def _dimension_code(company: Company, fields: Mapping[str, Any]) -> str:
    given_id, given_code = fields.get("id", ""), fields.get("code", "")
    if not given_id and not given_code:
        raise dialog('The "id" or "code" field must be filled in.')
    by_id = company.dimensions.get(given_id) if given_id else None
    if given_id and by_id is None:
        raise dialog('The "id" does not match to a Dimension.')
    if given_code and company.dimensions.first("code", given_code) is None:
        raise dialog('The "code" does not match to a Dimension.')
    if by_id is not None and given_code and by_id.code != given_code:
        raise dialog("The dimension field values do not match to a specific Dimension.")
    return by_id.code if by_id is not None else str(given_code)


def _value_code(company: Company, code: str, fields: Mapping[str, Any]) -> str:
    given_id, given_code = fields.get("value_id", ""), fields.get("value_code", "")
    disagree = (
        'The values of the "dimensionCode" field and the "dimensionId" field do not refer to '
        "the same Dimension Value."
    )
    by_id = company.dimension_values.get(given_id) if given_id else None
    if given_id and by_id is None:
        raise dialog('The "valueId" does not match to a Dimension Value.')
    if by_id is not None and (
        by_id.dimension_code != code or (given_code and by_id.code != given_code)
    ):
        raise dialog(disagree)
    if by_id is not None:
        return by_id.code
    if company.dimension_values.first("code", (code, given_code)) is None:
        raise dialog('The "valueCode" does not match to a Dimension Value.')
    return str(given_code)


def shortcuts(
    company: Company, dimensions: records.Dimensions, fields: Mapping[str, Any]
) -> dict[str, str]:
    """The set after the two global dimensions were set by their codes; "" removes one."""
    result = dict(dimensions)
    for number, code in enumerate(company.setup.shortcut_dimensions[:2], start=1):
        value_code = fields.get(f"shortcut_dimension{number}_code")
        if value_code is None:
            continue
        if value_code == "":
            result.pop(code, None)
        else:
            result[code] = _value_code(company, code, {"value_code": value_code})
    return shared(result)


def problem_of_values(company: Company, dimensions: records.Dimensions) -> str | None:
    """Why posting refuses this set by itself, or None."""
    return _problem_of_each(company, dimensions) or _problem_of_combinations(company, dimensions)


def _problem_of_each(company: Company, dimensions: records.Dimensions) -> str | None:
    for code, value_code in sorted(dimensions.items()):
        dimension = company.dimensions.first("code", code)
        value = company.dimension_values.first("code", (code, value_code))
        if dimension is not None and dimension.blocked:
            return f"Dimension {code} is blocked."
        if value is None:
            return f"Dimension Value {code} - {value_code} is missing."
        if value.blocked:
            return f"Dimension Value {code} - {value_code} is blocked."
        if value.value_type not in POSTABLE_TYPES:
            return (
                f"Dimension Value Type for Dimension Value {code} - {value_code} must not be "
                f"{value.value_type}."
            )
    return None


def _problem_of_combinations(company: Company, dimensions: records.Dimensions) -> str | None:
    """Which blocked combination of dimensions or values the set has, or None."""
    for row in company.dimension_combinations:
        first, second = row.first_dimension, row.second_dimension
        if first not in dimensions or second not in dimensions:
            continue
        if not row.first_value:
            return f"Dimensions {first} and {second} can't be used concurrently."
        values = (dimensions[first], dimensions[second])
        if values == (row.first_value, row.second_value):
            return (
                f"Dimension combinations {first} - {values[0]} and {second} - {values[1]} can't "
                "be used concurrently."
            )
    return None


def problem_of_rules(
    company: Company, dimensions: records.Dimensions, parent_type: str, number: str
) -> str | None:
    """Which posting rule of a vendor's or account's default dimensions is broken, or None."""
    for default in company.rules_of(parent_type, number):
        current = dimensions.get(default.dimension_code, "")
        problem = _broken_rule(default, current, f"{parent_type} {number}") or _not_allowed(
            default, current, f"{parent_type}, {number}"
        )
        if problem is not None:
            return problem
    return None


def _not_allowed(default: records.DefaultDimension, current: str, owner: str) -> str | None:
    if not current or not default.allowed_values or current in default.allowed_values:
        return None
    return f"Dimension value {default.dimension_code}, {current} is not allowed for {owner}."


def _broken_rule(default: records.DefaultDimension, current: str, owner: str) -> str | None:
    code, wanted = default.dimension_code, default.value_code
    if default.posting_rule == "Code Mandatory" and not current:
        if not default.parent_number:
            return (
                f"The {code} dimension is the default dimension, and it must have a value. You can "
                "set the value on the Default Dimensions page."
            )
        return f"Select a Dimension Value Code for the Dimension Code {code} for {owner}."
    if default.posting_rule == "No Code" and current:
        return (
            f"The Dimension Value Code must be blank for Dimension Code {code} for {owner}. "
            f"Currently it's {current}."
        )
    if default.posting_rule == "Same Code" and current != wanted:
        if not current:
            return (
                f"The Dimension Code {code} with Dimension Value Code {wanted} is required "
                f"for {owner}."
            )
        return (
            f"The Dimension Value Code must be {wanted} for Dimension Code {code} for {owner}. "
            f"Currently it's {current}."
        )
    return None
