"""Dimensions of a draft: what is sent with the insert, and what is put right afterwards.

NAV gives a draft dimensions of its own accord: a vendor's defaults go to the header, the header's to every line, an
account's defaults to the line. Sending a dimension that has arrived that way is refused, and takes the whole insert
with it. So the insert sends only what cannot have arrived, and `corrections` finds what is still missing or different.
Dimensions that NAV added and the document does not mention are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_dynamics_nav.nav.odata import Json, code, text
from target_dynamics_nav.nav.parts import Write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALREADY_THERE = "The dimension set line already exists"
"""Begin of NAV's refusal of a dimension that has arrived by default."""


@dataclass
class InheritedDefaults:
    """What is known to arrive by itself in one company.

    Attributes:
        vendors: Default dimensions by vendor number, from master data.
        accounts: (account type, number) → codes of dimensions its lines came with; learnt, as NAV does not tell.
        gross_vendors: Vendors whose prices include tax unless told otherwise; learnt.
    """

    vendors: dict[str, Mapping[str, str]] = field(default_factory=dict)
    accounts: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    gross_vendors: set[str] = field(default_factory=set)


def set_lines(dimensions: Mapping[str, str]) -> list[Json]:
    """`dimensionSetLines` to create."""
    return [
        {"code": dimension, "valueCode": value} for dimension, value in sorted(dimensions.items())
    ]


def dimensions_of(row: Json) -> dict[str, str]:
    """{dimension code: value code} of an expanded header, line or ledger entry."""
    return {
        code(entry.get("code")): code(entry.get("valueCode"))
        for entry in row.get("dimensionSetLines") or []
    }


def line_dimensions(header: Mapping[str, str], line: Mapping[str, str]) -> dict[str, str]:
    """What a line has to end up with: the header's dimensions, unless the line says otherwise."""
    return {**header, **line}


def for_header(wanted: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """The header's dimensions to send along: those that no vendor default brings."""
    return {dimension: value for dimension, value in wanted.items() if dimension not in inherited}


def for_line(
    wanted: Mapping[str, str],
    from_header: Mapping[str, str],
    from_account: set[str],
) -> dict[str, str]:
    """A line's dimensions to send along: those that neither header nor account brings."""
    return {
        dimension: value
        for dimension, value in wanted.items()
        if dimension not in from_header and dimension not in from_account
    }


def corrections(url: str, row: Json, wanted: Mapping[str, str]) -> list[Write]:
    """The writes that give a header or line the dimensions it should have.

    Args:
        url: Address of the header or line, relative to the base.
        row: It, as read with `dimensionSetLines` expanded.
        wanted: {dimension code: value code}; others that are there stay.
    """
    there = {code(entry.get("code")): entry for entry in row.get("dimensionSetLines") or []}
    writes = []
    for dimension, value in sorted(wanted.items()):
        entry = there.get(dimension)
        if entry is None:
            body: Json = {"code": dimension, "valueCode": value}
            writes.append(Write("POST", f"{url}/dimensionSetLines", body))
        elif code(entry.get("valueCode")) != value:
            # any version: the draft is ours and was made a moment ago; it is verified before it is posted
            address = f"{url}/dimensionSetLines({text(entry.get('id'))})"
            writes.append(Write("PATCH", address, {"valueCode": value}, etag="*"))
    return writes


def learn_account_defaults(
    inherited: InheritedDefaults,
    lines: Sequence[tuple[tuple[str, str], Json]],
    sent: Sequence[Mapping[str, str]],
    header: Mapping[str, str],
) -> None:
    """Remember which dimensions came with an account, so that the next document does not send them.

    Args:
        inherited: What is known so far; added to.
        lines: ((account type, number), line as inserted with dimensions expanded), in order.
        sent: Dimensions sent with each of the lines.
        header: Dimensions of the header they were inserted under.
    """
    for (account, row), sent_with_it in zip(lines, sent, strict=False):
        for dimension, value in dimensions_of(row).items():
            if dimension not in sent_with_it and header.get(dimension) != value:
                inherited.accounts.setdefault(account, set()).add(dimension)
